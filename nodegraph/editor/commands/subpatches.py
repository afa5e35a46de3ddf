"""Subpatch commands: make, open, close, dissolve and save; add a saved patch as a block."""

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


@command("Make subpatch", "ctrl+g", menu="Arrange", section=0, possible=lambda desk: bool(desk.selection.nodes))
def group(desk: Desk, payload: object) -> None:
    """Move the selected blocks into a subpatch, with a port for each crossing wire."""
    document, chosen = desk.document, desk.selection
    ids = tuple(id for id in document.nodes if id in chosen.nodes and document.nodes[id].type not in BOUNDARY_TYPES)
    if not ids:
        desk.notify(
            "Nothing to move into a subpatch: audio_in, audio_out, inlet and outlet stay outside. Select other blocks."
        )
        return
    id = unused_id("subpatch", document.nodes)
    notes = tuple(key for key in chosen.notes if not key.startswith(AREA))
    areas = tuple(key.removeprefix(AREA) for key in chosen.notes if key.startswith(AREA))
    if desk.do(Encapsulate(ids, id, notes, areas)):
        desk.select([id])


def subpatch_of(desk: Desk, payload: object) -> str | None:
    """Return the given subpatch, else the selected one, else None."""
    chosen = [payload] if isinstance(payload, str) else list(desk.selection.nodes)
    found = [id for id in chosen if id in desk.document.nodes and desk.document.nodes[id].type == "subpatch"]
    return found[0] if len(found) == 1 else None


def _is_subpatch(desk: Desk) -> bool:
    return subpatch_of(desk, None) is not None


@command("Open subpatch", "ctrl+enter", menu="Arrange", section=0, possible=_is_subpatch)
def open_subpatch(desk: Desk, payload: object) -> None:
    """Open the selected subpatch."""
    id = subpatch_of(desk, payload)
    if id is None:
        return
    record = desk.document.nodes[id]
    if record.patch is None:
        reference = str(record.params.get("file", ""))
        if not reference:
            desk.notify(f"{id}: no patch file set. Choose its file.", alarm=True)
            return
        try:
            open_path(desk, resolve_file(desk.patch.path, reference, desk.allow_outside))
        except PatchError as error:
            desk.notify(f"{id}: {error}", alarm=True)
        return
    go_to(desk, (*desk.subpatch_path, id))


@command(
    "Close subpatch",
    "ctrl+shift+enter",
    "alt+backspace",
    menu="Arrange",
    section=0,
    possible=lambda d: bool(d.subpatch_path),
)
def leave_subpatch(desk: Desk, payload: object) -> None:
    """Return to the enclosing patch."""
    if desk.subpatch_path:
        inner = desk.subpatch_path[-1]
        go_to(desk, desk.subpatch_path[:-1])
        desk.select([inner])


@on(PathPicked)
def path_picked(desk: Desk, event: PathPicked) -> None:
    """Go to the patch that was clicked in the breadcrumb."""
    go_to(desk, desk.subpatch_path[: event.index])


def go_to(desk: Desk, level: tuple[str, ...]) -> None:
    """Show the nested document at ``level``, a path of subpatch ids."""
    if level == desk.subpatch_path:
        return
    desk.cameras[desk.subpatch_path] = desk.camera
    desk.subpatch_path = level
    desk.select()
    desk.visuals = {}
    desk.close_palette()
    desk.view.show_hover(None)
    desk.camera_is_due = True


@command("Dissolve subpatch", "ctrl+shift+g", menu="Arrange", section=0, possible=_is_subpatch)
def dissolve(desk: Desk, payload: object) -> None:
    """Replace the subpatch by its contents."""
    id = subpatch_of(desk, payload)
    if id is not None:
        before = set(desk.document.nodes)
        if desk.do(Dissolve(id)):
            desk.select(set(desk.document.nodes) - before)


@command("Save subpatch as…", possible=_is_subpatch)
def save_subpatch(desk: Desk, payload: object) -> None:
    """Save the contents of the subpatch as a patch file."""
    id = subpatch_of(desk, payload)
    nested = desk.document.nodes[id].patch if id is not None else None
    if nested is None:
        return

    def save(path: Path) -> None:
        desk.run_edit(lambda: Patch(standalone(nested)).save(path.with_suffix(".json")))

    desk.ask_file("save subpatch", f"Save {id} as", save, ".json", save=True, name=f"{id}.json")


@command("Add patch file…", menu="Insert", section=0)
def add_file(desk: Desk, payload: object) -> None:
    """Add a patch file from the patch's folder as a block."""
    at = desk.pointer

    def add(path: Path) -> None:
        folder = desk.patch.path.parent.resolve() if desk.patch.path else None
        if folder is None or not path.resolve().is_relative_to(folder):
            desk.notify(
                f"{path.name} is outside the patch's folder. Save this patch in the folder of {path.name} first.", True
            )
            return
        reference = path.resolve().relative_to(folder).as_posix()
        action = file_block(desk, reference, canvas.free_place(desk, at))
        if desk.do(action):
            desk.select([action.id])

    desk.ask_file("add file", "Add patch file", add, ".json")


def file_block(desk: Desk, reference: str, at: Point) -> AddNode:
    """Return the action that adds a subpatch node for a patch file in the patch's folder."""
    id = unused_id(Path(reference).stem.replace(".", "_"), desk.document.nodes)
    return AddNode(id, "subpatch", 1, {"file": reference}, at)
