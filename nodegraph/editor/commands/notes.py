"""Comments, coloured areas, and the names of blocks and of the patch."""

from __future__ import annotations

from nodegraph.patch import Rename, SetArea, SetLook, SetNote, SetTitle
from nodegraph.patch.names import unused_id

from ..canvas import camera as canvas
from ..command import command
from ..desk import AREA, Desk
from ..view import MenuItem

COLOURS = {
    "grey": "#5a6b7d", "red": "#a8443f", "orange": "#b8742e", "yellow": "#a8963a", "green": "#4f8a4c",
    "teal": "#3f8a86", "blue": "#3f6ea8", "violet": "#7a55a8",
}  # fmt: skip
AREA_MARGIN = 24.0
AREA_TITLE = 28.0


@command("Comment", "c", menu="Insert", section=1)
def add_note(desk: Desk, payload: object) -> None:
    """Add a comment at the pointer."""
    at = payload if isinstance(payload, tuple) else desk.pointer

    def written(text: str) -> None:
        if text.strip():
            id = unused_id("note", desk.document.notes)
            if desk.do(SetNote(id, text.strip(), *at)):
                desk.select((), (), [id])

    desk.ask("new note", "Comment", "\n", written)


@command("Edit comment")
def edit_note(desk: Desk, payload: object) -> None:
    """Edit a comment, or the title of an area."""
    key = str(payload)
    if key.startswith(AREA):
        area = desk.document.areas.get(key.removeprefix(AREA))
        if area is not None:
            desk.ask(
                key, "Title", area.title,
                lambda text: desk.do(SetArea(area.id, text, *area.at, *area.size, area.colour)),
            )  # fmt: skip
        return
    note = desk.document.notes.get(key)
    if note is not None:
        desk.ask(key, "Comment", f"{note.text}\n", lambda text: desk.do(SetNote(key, text.strip(), *note.at)))


@command("Area around selection", "ctrl+shift+f", "f", menu="Insert", section=1)
def add_area(desk: Desk, payload: object) -> None:
    """Add a coloured area around the selected blocks; moving it moves its contents."""
    box = canvas.around(canvas.boxes(desk, sorted(desk.selection.nodes)).values())
    if box is None:
        x, y = desk.pointer
        box = (x, y, x + 300.0, y + 200.0)
    left, top, right, bottom = area_around(box)
    id = unused_id("area", desk.document.areas)
    colour = list(COLOURS.values())[len(desk.document.areas) % len(COLOURS)]
    if desk.do(SetArea(id, "", left, top, right - left, bottom - top, colour)):
        desk.select(desk.selection.nodes, (), [AREA + id])
        edit_note(desk, AREA + id)


def area_around(box: canvas.Box) -> canvas.Box:
    """Return a box enlarged by the margins and title of an area."""
    left, top, right, bottom = box
    return left - AREA_MARGIN, top - AREA_MARGIN - AREA_TITLE, right + AREA_MARGIN, bottom + AREA_MARGIN


@command("Colour")
def colour(desk: Desk, payload: object) -> None:
    """Set the colour of an area or block."""
    assert isinstance(payload, tuple)
    key, chosen = payload
    if key.startswith(AREA):
        area = desk.document.areas.get(key.removeprefix(AREA))
        if area is not None:
            desk.do(SetArea(area.id, area.title, *area.at, *area.size, chosen))
    elif key in desk.document.nodes:
        desk.do(SetLook(key, colour=chosen))


def colour_menu(key: str) -> MenuItem:
    """Return the colour menu of an area or block."""
    items = [MenuItem(name, "colour", (key, value)) for name, value in COLOURS.items()]
    return MenuItem("Colour", items=tuple(items))


@command("Rename…", "f2", menu="Edit", section=6, possible=lambda desk: len(desk.selection.nodes) == 1)
def rename(desk: Desk, payload: object) -> None:
    """Rename the selected block."""
    chosen = desk.selection.nodes
    id = payload if isinstance(payload, str) else next(iter(chosen)) if len(chosen) == 1 else None
    if id is None or id not in desk.document.nodes:
        return

    def named(text: str) -> None:
        if desk.do(Rename(id, text.strip())):
            desk.select([text.strip()])

    desk.ask(f"name of {id}", "Name", id, named)


@command("Patch title…", menu="Edit", section=7)
def retitle(desk: Desk, payload: object) -> None:
    """Set the title of the patch."""
    desk.ask("title", "Title", desk.patch.document.title, lambda text: desk.do_in((), SetTitle(text)))
