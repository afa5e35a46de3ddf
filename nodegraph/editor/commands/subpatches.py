"""Subpatches: a selection made into one block, opened, dissolved, saved; a saved patch used as a block."""

from __future__ import annotations

from pathlib import Path

from nodegraph.patch import AddNode, Dissolve, Encapsulate, Patch, PatchError, resolve_file, standalone
from nodegraph.patch.names import unused_id

from ..canvas import camera as canvas
from ..command import command, on
from ..desk import AREA, Desk
from ..events import PathPicked
from ..view import Point
from .files import open_path

BOUNDARY_TYPES = ("audio_in", "audio_out", "inlet", "outlet")


@command("Make a subpatch", "ctrl+g", menu="Arrange", section=0, possible=lambda desk: bool(desk.selection.nodes))
def group(desk: Desk, payload: object) -> None:
    """Make one block of the selected ones, with a port for each wire that crosses."""
    document, chosen = desk.document, desk.selection
    ids = tuple(id for id in document.nodes if id in chosen.nodes and document.nodes[id].type not in BOUNDARY_TYPES)
    if not ids:
        desk.notify("Select blocks that are not the ends of the patch: audio_in and audio_out stay outside.")
        return
    id = unused_id("subpatch", document.nodes)
    notes = tuple(key for key in chosen.notes if not key.startswith(AREA))
    areas = tuple(key.removeprefix(AREA) for key in chosen.notes if key.startswith(AREA))
    if desk.do(Encapsulate(ids, id, notes, areas)):
        desk.select([id])


def _subpatch_of(desk: Desk, payload: object) -> str | None:
    chosen = [payload] if isinstance(payload, str) else list(desk.selection.nodes)
    found = [id for id in chosen if id in desk.document.nodes and desk.document.nodes[id].type == "subpatch"]
    return found[0] if len(found) == 1 else None


def _is_subpatch(desk: Desk) -> bool:
    return _subpatch_of(desk, None) is not None


@command("Open subpatch", "ctrl+enter", menu="Arrange", section=0, possible=_is_subpatch)
def open_subpatch(desk: Desk, payload: object) -> None:
    """Show what is in the selected subpatch."""
    id = _subpatch_of(desk, payload)
    if id is None:
        return
    record = desk.document.nodes[id]
    if record.patch is None:
        reference = str(record.params.get("file", ""))
        if not reference:
            desk.notify(f"{id} holds no patch yet. Choose its file.", alarm=True)
            return
        try:
            open_path(desk, resolve_file(desk.patch.path, reference, desk.allow_outside))
        except PatchError as error:
            desk.notify(f"{id}: {error}", alarm=True)
        return
    go_to(desk, (*desk.subpatch_path, id))


@command(
    "Back to the outer patch",
    "ctrl+shift+enter",
    "alt+backspace",
    menu="Arrange",
    section=0,
    possible=lambda d: bool(d.subpatch_path),
)
def leave_subpatch(desk: Desk, payload: object) -> None:
    """Show the patch that holds this subpatch."""
    if desk.subpatch_path:
        inner = desk.subpatch_path[-1]
        go_to(desk, desk.subpatch_path[:-1])
        desk.select([inner])


@on(PathPicked)
def path_picked(desk: Desk, event: PathPicked) -> None:
    """A name of the breadcrumb leads to what it names."""
    go_to(desk, desk.subpatch_path[: event.index])


def go_to(desk: Desk, level: tuple[str, ...]) -> None:
    """Show the document at a level."""
    if level == desk.subpatch_path:
        return
    desk.cameras[desk.subpatch_path] = desk.camera
    desk.subpatch_path = level
    desk.select()
    desk.visuals = {}
    desk.close_palette()
    desk.view.show_hover(None)
    canvas.fit_camera(desk)


@command("Dissolve subpatch", "ctrl+shift+g", menu="Arrange", section=0, possible=_is_subpatch)
def dissolve(desk: Desk, payload: object) -> None:
    """Put what is in a subpatch in its place."""
    id = _subpatch_of(desk, payload)
    if id is not None:
        before = set(desk.document.nodes)
        if desk.do(Dissolve(id)):
            desk.select(set(desk.document.nodes) - before)


@command("Save subpatch as…", possible=_is_subpatch)
def save_subpatch(desk: Desk, payload: object) -> None:
    """Save what is in a subpatch as a patch of its own."""
    id = _subpatch_of(desk, payload)
    nested = desk.document.nodes[id].patch if id is not None else None
    if nested is None:
        return

    def save(path: Path) -> None:
        desk.run_edit(lambda: Patch(standalone(nested)).save(path.with_suffix(".json")))

    desk.ask_file("save subpatch", f"Save {id} as", save, ".json", save=True, name=f"{id}.json")


@command("A saved patch as a block…", menu="Insert", section=0)
def add_file(desk: Desk, payload: object) -> None:
    """Use a patch that lies beside this one as a block."""
    at = desk.pointer

    def add(path: Path) -> None:
        folder = desk.patch.path.parent.resolve() if desk.patch.path else None
        if folder is None or not path.resolve().is_relative_to(folder):
            desk.notify(
                "Save this patch in the folder of that one first: a patch refers to files beside it only.", True
            )
            return
        reference = path.resolve().relative_to(folder).as_posix()
        action = file_block(desk, reference, canvas.free_place(desk, at))
        if desk.do(action):
            desk.select([action.id])

    desk.ask_file("add file", "Use a patch as a block", add, ".json")


def file_block(desk: Desk, reference: str, at: Point) -> AddNode:
    """A subpatch block that plays the patch in a file beside this one."""
    id = unused_id(Path(reference).stem.replace(".", "_"), desk.document.nodes)
    return AddNode(id, "subpatch", 1, {"file": reference}, at)
