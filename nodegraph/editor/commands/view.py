"""View commands: zoom, pan, fit, minimap, search, theme, interface scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nodegraph.patch import Document, PatchError

from ..canvas import camera as canvas
from ..canvas.camera import LEVELS, ZOOM_STEP, middle, zoom_to
from ..command import command, on
from ..desk import AREA, Desk, has_note
from ..events import CameraMoved, Resized, Wheel
from ..palettes import Candidate, open_palette
from ..view import Point
from .subpatches import go_to

PAN = 120.0  # screen pixels per key press
SCROLL = 50.0  # screen pixels per step of the wheel
SCALES = (0.75, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0)


@on(Wheel)
def wheel(desk: Desk, event: Wheel) -> None:
    """Zoom at the pointer with a mouse wheel, pan with a touchpad; Ctrl zooms with both, Shift pans across."""
    if event.ctrl or not (event.smooth or event.shift or desk.preferences.scroll_pans):
        zoom_to(desk, desk.camera.zoom * ZOOM_STEP**event.steps, event.at)
    elif event.shift:
        _pan(desk, -SCROLL * (event.across or event.steps), 0.0)
    else:
        _pan(desk, -SCROLL * event.across, -SCROLL * event.steps)


@command("Scrolling pans", menu="View", section=9, checked=lambda desk: desk.preferences.scroll_pans)
def scrolling_pans(desk: Desk, payload: object) -> None:
    """Let the wheel pan, too, for touchpads that are not recognised; Ctrl+wheel zooms."""
    desk.set_preferences(scroll_pans=not desk.preferences.scroll_pans)


@on(CameraMoved)
def panned(desk: Desk, event: CameraMoved) -> None:
    """Move the camera after a drag of the canvas."""
    desk.camera = replace(desk.camera, x=event.x, y=event.y)


@on(Resized)
def resized(desk: Desk, event: Resized) -> None:
    """Store the new size of the canvas in px."""
    desk.canvas = (max(event.width, 1.0), max(event.height, 1.0))
    if desk.camera is desk.fitted:
        canvas.fit_camera(desk)


@command("Zoom in", "ctrl+=", "ctrl++", "=", "+", menu="View", section=0)
def zoom_in(desk: Desk, payload: object) -> None:
    """Zoom in at the centre of the canvas."""
    zoom_to(desk, next((z for z in LEVELS if z > desk.camera.zoom + 0.01), LEVELS[-1]), middle(desk))


@command("Zoom out", "ctrl+-", "-", menu="View", section=0)
def zoom_out(desk: Desk, payload: object) -> None:
    """Zoom out at the centre of the canvas."""
    zoom_to(desk, next((z for z in reversed(LEVELS) if z < desk.camera.zoom - 0.01), LEVELS[0]), middle(desk))


@command("Zoom 1:1", "ctrl+0", "0", menu="View", section=0)
def zoom_one(desk: Desk, payload: object) -> None:
    """Reset the zoom to 100 %."""
    zoom_to(desk, 1.0, middle(desk))


@command("Fit", "home", "ctrl+9", menu="View", section=0)
def fit(desk: Desk, payload: object) -> None:
    """Fit the selection, or the whole patch, in the window."""
    found = canvas.boxes(desk, desk.selection.nodes or None)
    notes = {} if desk.selection.nodes else canvas.note_boxes(desk)
    canvas.show_box(desk, canvas.around([*found.values(), *notes.values()]))


def _pan(desk: Desk, dx: float, dy: float) -> None:
    zoom = desk.camera.zoom
    desk.camera = replace(desk.camera, x=desk.camera.x + dx / zoom, y=desk.camera.y + dy / zoom)


@command("Pan left", "ctrl+left")
def pan_left(desk: Desk, payload: object) -> None:
    """Pan the canvas left."""
    _pan(desk, -PAN, 0.0)


@command("Pan right", "ctrl+right")
def pan_right(desk: Desk, payload: object) -> None:
    """Pan the canvas right."""
    _pan(desk, PAN, 0.0)


@command("Pan up", "ctrl+up", "pageup")
def pan_up(desk: Desk, payload: object) -> None:
    """Pan the canvas up."""
    _pan(desk, 0.0, -PAN)


@command("Pan down", "ctrl+down", "pagedown")
def pan_down(desk: Desk, payload: object) -> None:
    """Pan the canvas down."""
    _pan(desk, 0.0, PAN)


@command("Minimap", "m", menu="View", section=0, checked=lambda desk: desk.minimap)
def minimap(desk: Desk, payload: object) -> None:
    """Show or hide the minimap."""
    desk.minimap = not desk.minimap
    desk.view.set_minimap(desk.minimap)
    desk.set_preferences(minimap=desk.minimap)


@command("Drawings in blocks", menu="View", section=0, checked=lambda desk: desk.preferences.drawings)
def drawings(desk: Desk, payload: object) -> None:
    """Show or hide the curves, cycles, steps and tuners beside the outputs of blocks."""
    desk.set_preferences(drawings=not desk.preferences.drawings)
    desk.refresh_blocks()


@command("Find in patch…", "ctrl+f", "/", menu="Edit", section=3)
def find(desk: Desk, payload: object) -> None:
    """Find blocks, values, comments and areas by text, including subpatches."""
    found: dict[str, tuple[tuple[str, ...], str, str]] = {}
    candidates = []

    def collect(document: Document, level: tuple[str, ...]) -> None:
        prefix = "".join(f"{name}/" for name in level)
        for id, record in document.nodes.items():
            key = f"{prefix}{id}"
            found[key] = (level, "node", id)
            words = " ".join(f"{name} {value}" for name, value in record.params.items())
            look = document.looks.get(id)
            words = f"{look.title} {words}" if look else words
            candidates.append(Candidate(key, key, record.type, words[:100], f"{record.type} {words}"))
            nested = record.patch
            if nested is not None:
                collect(nested, (*level, id))
        for id, note in document.notes.items():
            found[f"{prefix}note.{id}"] = (level, "note", id)
            candidates.append(Candidate(f"{prefix}note.{id}", note.text[:60], "comment", note.text, note.text))
        for id, area in document.areas.items():
            found[f"{prefix}{AREA}{id}"] = (level, "note", AREA + id)
            candidates.append(Candidate(f"{prefix}{AREA}{id}", area.title[:60] or id, "area", area.title))

    collect(desk.patch.document, ())

    def reveal(key: str, position: Point | None) -> None:
        level, kind, id = found[key]
        try:
            document = desk.patch.document.nested(level)
        except PatchError:  # it was removed while the list was open
            document = Document()
        if not (id in document.nodes if kind == "node" else has_note(document, id)):
            desk.notify(f"{key} was removed.", alarm=True)
            return
        if level != desk.subpatch_path:
            go_to(desk, level)
        if kind == "node":
            desk.select([id])
            x, y = desk.document.layout.get(id, (0.0, 0.0))
        else:
            desk.select((), (), [id])
            notes = desk.document.notes
            x, y = desk.document.areas[id.removeprefix(AREA)].at if id.startswith(AREA) else notes[id].at
        canvas.show_point(desk, (x, y, x + 190.0, y + 160.0))

    open_palette(desk, "Find in patch", candidates, reveal, "No match in the patch.")


def _has_theme(name: str) -> Callable[[Desk], bool]:
    return lambda desk: desk.preferences.theme == name


def _toggle_theme(desk: Desk, name: str) -> None:
    desk.set_preferences(theme="dark" if desk.preferences.theme == name else name)
    desk.view.set_look(desk.preferences.theme, desk.preferences.scale)


@command("Light theme", menu="View", section=9, checked=_has_theme("light"))
def light_theme(desk: Desk, payload: object) -> None:
    """Switch between the light and the dark theme."""
    _toggle_theme(desk, "light")


@command("High contrast", menu="View", section=9, checked=_has_theme("contrast"))
def high_contrast(desk: Desk, payload: object) -> None:
    """Switch between the theme of high contrast and the dark theme."""
    _toggle_theme(desk, "contrast")


def _rescale(desk: Desk, step: int) -> None:
    near = min(range(len(SCALES)), key=lambda i: abs(SCALES[i] - desk.preferences.scale))
    desk.set_preferences(scale=SCALES[min(max(near + step, 0), len(SCALES) - 1)])
    desk.view.set_look(desk.preferences.theme, desk.preferences.scale)


@command("Larger interface", "ctrl+alt+=", "ctrl+alt++", menu="View", section=9)
def larger(desk: Desk, payload: object) -> None:
    """Enlarge menus, text and panels."""
    _rescale(desk, 1)


@command("Smaller interface", "ctrl+alt+-", menu="View", section=9)
def smaller(desk: Desk, payload: object) -> None:
    """Shrink menus, text and panels."""
    _rescale(desk, -1)
