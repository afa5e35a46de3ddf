"""Patches as files: new, open, recent, save; files dragged in; the end of the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nodegraph.api import load as load_patch
from nodegraph.blocks.registry import node_types
from nodegraph.patch import AddNode, Patch, PatchError
from nodegraph.patch.names import unused_id

from ..canvas import camera as canvas
from ..command import command, on
from ..desk import Desk
from ..events import CloseRequested, FilesDropped, PromptAnswered
from ..panel import QuestionPanel
from ..recent import add_recent_file
from ..windows import open_window

SOUNDS = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"}
PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npy", ".bmp"}
MODELS = {".safetensors"}


@on(PromptAnswered)
def on_prompt_answered(desk: Desk, event: PromptAnswered) -> None:
    """The answer to a question; given up, it is forgotten."""
    done = desk.pending_prompts.pop(event.key, None)
    if done is not None and event.text is not None:
        done(Path(event.text) if isinstance(event.text, Path) else event.text)


# -- opening -----------------------------------------------------------------------------------------------


def confirm_discard(desk: Desk, purpose: str, on_done: Callable[[], object]) -> None:
    """Do something that would lose edits, after asking if there are any."""
    if desk.patch.saved or not (desk.patch.document.nodes or desk.patch.path):
        on_done()
        return
    name = desk.patch.path.name if desk.patch.path else "this patch"

    def save_first() -> None:
        save_to(desk, desk.patch.path, on_done)

    answers: dict[str, object] = {"Save": save_first, "Don't save": on_done, "Cancel": None}
    desk.open_panel(QuestionPanel(purpose, f"{name} has changes that are not saved.", answers))


@command("New", "ctrl+n", menu="File", section=0)
def new(desk: Desk, payload: object) -> None:
    """Begin an empty patch."""
    confirm_discard(desk, "New patch", lambda: show_patch(desk, Patch()))


@command("New window", "ctrl+shift+n", menu="File", section=0)
def new_window(desk: Desk, payload: object) -> None:
    """Open another window; blocks are copied and pasted between them."""
    problem = open_window(payload if isinstance(payload, Path) else None)
    if problem:
        desk.notify(problem, alarm=True)


@command("Open…", "ctrl+o", menu="File", section=0)
def open_file(desk: Desk, payload: object) -> None:
    """Open a patch."""
    if isinstance(payload, Path):
        open_path(desk, payload)
    else:
        desk.ask_file("open", "Open a patch", lambda path: open_path(desk, path), ".json")


def open_path(desk: Desk, path: Path) -> None:
    """Open the patch in a file, if what is open may go."""

    def load() -> None:
        try:
            patch = load_patch(path)
        except PatchError as error:
            desk.notify(str(error), alarm=True)
            return
        show_patch(desk, patch)
        add_recent_file(desk, path)

    confirm_discard(desk, f"Open {path.name}", load)


def show_patch(desk: Desk, patch: Patch) -> None:
    """Show another patch and play it."""
    for key in [key for key, panel in desk.panels.items() if panel.of_patch]:
        desk.close_panel(key)
    for key in list(desk.probes):
        desk.view.hide_probe(key)
    desk.close_palette()
    desk.open_patch(patch)


# -- saving ------------------------------------------------------------------------------------------------


@command("Save", "ctrl+s", menu="File", section=1)
def save(desk: Desk, payload: object) -> None:
    """Save the patch to its file."""
    save_to(desk, desk.patch.path)


@command("Save as…", "ctrl+shift+s", menu="File", section=1)
def save_as(desk: Desk, payload: object) -> None:
    """Save the patch to another file, which is its own from then on."""
    save_to(desk, None)


def save_to(desk: Desk, path: Path | None, on_done: Callable[[], object] | None = None) -> None:
    """Save to a file, asking for one where there is none; ``on_done`` what comes after."""
    if path is None:
        name = desk.patch.path.name if desk.patch.path else f"{desk.patch.document.title or 'untitled'}.json"

        def chosen(path: Path) -> None:
            path = path if path.suffix else path.with_suffix(".json")
            if path.exists() and path != desk.patch.path:
                answers: dict[str, object] = {"Replace it": lambda: save_to(desk, path, on_done), "Cancel": None}
                desk.open_panel(QuestionPanel("Save", f"There is a file {path.name} already.", answers))
            else:
                save_to(desk, path, on_done)

        desk.ask_file("save", "Save the patch as", chosen, ".json", save=True, name=name)
        return
    if desk.patch.document.is_newer_format:
        answers = {
            "Save all the same": lambda: _written(desk, path, on_done, downgrade=True),
            "Cancel": None,
        }
        text = f"{path.name} was written by a newer nodegraph. Saved here, it may lose what this one does not know."
        desk.open_panel(QuestionPanel("Save", text, answers))
        return
    _written(desk, path, on_done)


def _written(desk: Desk, path: Path, on_done: Callable[[], object] | None, downgrade: bool = False) -> None:
    moved = desk.patch.path != path
    if not desk.run_edit(lambda: desk.patch.save(path, downgrade)):
        return
    add_recent_file(desk, path)
    desk.notify(f"Saved {path.name}.")
    if moved:
        desk.update_graph()  # files of the patch are found beside it
    if on_done is not None:
        on_done()


@command(
    "Go back to the saved patch",
    menu="File",
    section=1,
    possible=lambda d: d.patch.path is not None and not d.patch.saved,
)
def revert(desk: Desk, payload: object) -> None:
    """Open the file again as it is on disk."""
    path = desk.patch.path
    if path is not None:

        def reload() -> None:
            desk.patch.mark_saved()
            open_path(desk, path)

        answers = {"Go back": reload, "Cancel": None}
        desk.open_panel(QuestionPanel("Go back", f"All changes since {path.name} was saved are lost.", answers))


@command("Quit", "ctrl+q", menu="File", section=9)
def quit(desk: Desk, payload: object) -> None:
    """End the session; what is not saved is asked for."""
    confirm_discard(desk, "Quit", lambda: _quit_now(desk))


def _quit_now(desk: Desk) -> None:
    desk.running = False
    desk.view.quit()


@on(CloseRequested)
def close_requested(desk: Desk, event: CloseRequested) -> None:
    """The window's close button."""
    if "question" not in desk.panels:
        quit(desk, None)


# -- files dragged in --------------------------------------------------------------------------------------


@on(FilesDropped)
def on_files_dropped(desk: Desk, event: FilesDropped) -> None:
    """A patch is opened; a sound, a picture or a model becomes the block that plays it."""
    desk.pointer = event.at
    patches = [path for path in event.paths if path.suffix.lower() == ".json"]
    if patches:
        open_path(desk, patches[0])
        return
    actions, ids = [], []
    document = desk.document
    for i, path in enumerate(event.paths):
        type = _player(path)
        if type is None:
            desk.notify(
                f"{path.name}: nothing here plays such a file. Patches, sounds, pictures and models do.", alarm=True
            )
            continue
        x, y = canvas.free_place(desk, (event.at[0], event.at[1] + 140.0 * i))
        reference = desk.reference(path)
        if Path(reference).is_absolute():
            desk.notify(
                f"{path.name} lies outside the patch's folder: copy it there, or it will not be read.", alarm=True
            )
        action = AddNode(unused_id(type, document.nodes), type, node_types()[type].version, {"file": reference}, (x, y))
        document = action.apply(document)
        actions.append(action)
        ids.append(action.id)
    if actions and desk.do(*actions):
        desk.select(ids)


def _player(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in SOUNDS:
        return "file_player"
    if suffix in PICTURES:
        return "spectrogram_player"
    return "decoder" if suffix in MODELS else None
