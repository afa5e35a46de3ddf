"""File commands: new, open, save, revert and quit, and files dropped on the canvas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from filecmp import cmp
from pathlib import Path

from nodegraph.api import load as load_patch
from nodegraph.blocks.registry import node_types
from nodegraph.files.atomic import copy_file
from nodegraph.files.demos import is_demo
from nodegraph.files.sound_file import reason_of
from nodegraph.patch import AddNode, Patch, PatchError
from nodegraph.patch.names import unused_id

from ..canvas import camera as canvas
from ..command import COMMANDS, command, on
from ..desk import Desk
from ..events import CloseRequested, FilesDropped, PromptAnswered
from ..panel import QuestionPanel
from ..recent import add_recent_file
from ..windows import open_window
from .trust import report_untrusted

SOUNDS = {".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"}
PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npy", ".bmp"}
MODELS = {".safetensors"}
INSTRUMENTS = {".sfz", ".sf2"}


@on(PromptAnswered)
def on_prompt_answered(desk: Desk, event: PromptAnswered) -> None:
    """Pass the answer of a prompt to its callback; a cancelled prompt is dropped."""
    done = desk.pending_prompts.pop(event.key, None)
    if done is not None and event.text is not None:
        done(Path(event.text) if isinstance(event.text, Path) else event.text)


# -- open --------------------------------------------------------------------------------------------------


def confirm_discard(desk: Desk, purpose: str, on_done: Callable[[], object]) -> None:
    """Run ``on_done``; if the patch has unsaved changes, ask first whether to save them."""
    if desk.patch.saved or not (desk.patch.document.nodes or desk.patch.path):
        on_done()
        return
    name = desk.patch.path.name if desk.patch.path else "this patch"

    def save_first() -> None:
        save_to(desk, desk.patch.path, on_done)

    answers: dict[str, object] = {"Save": save_first, "Don't save": on_done, "Cancel": None}
    desk.open_panel(QuestionPanel(purpose, f"{name} has unsaved changes.", answers))


@command("New", "ctrl+n", menu="File", section=0)
def new(desk: Desk, payload: object) -> None:
    """Create an empty patch."""
    confirm_discard(desk, "New patch", lambda: show_patch(desk, Patch()))


@command("New window", "ctrl+shift+n", menu="File", section=0)
def new_window(desk: Desk, payload: object) -> None:
    """Open another editor window."""
    problem = open_window(payload if isinstance(payload, Path) else None)
    if problem:
        desk.notify(problem, alarm=True)


@command("Open…", "ctrl+o", menu="File", section=0)
def open_file(desk: Desk, payload: object) -> None:
    """Open a patch."""
    if isinstance(payload, Path):
        open_path(desk, payload)
    else:
        desk.ask_file("open", "Open patch", lambda path: open_path(desk, path), ".json")


def open_path(desk: Desk, path: Path, on_open: Callable[[], object] = lambda: None) -> None:
    """Open a patch file, after asking about unsaved changes; call ``on_open`` when it is open."""

    def load() -> None:
        try:
            patch = load_patch(path)
        except PatchError as error:
            desk.notify(str(error), alarm=True)
            return
        show_patch(desk, patch)
        add_recent_file(desk, path)
        on_open()

    confirm_discard(desk, f"Open {path.name}", load)


def show_patch(desk: Desk, patch: Patch) -> None:
    """Replace the open patch by another one and play it."""
    for key in [key for key, panel in desk.panels.items() if panel.is_per_patch]:
        desk.close_panel(key)
    desk.close_palette()
    desk.open_patch(patch)
    report_untrusted(desk)


# -- save --------------------------------------------------------------------------------------------------


@command("Save", "ctrl+s", menu="File", section=1)
def save(desk: Desk, payload: object) -> None:
    """Save the patch to its file; a demo or lesson to a copy."""
    path = desk.patch.path
    save_to(desk, None if path is not None and is_demo(path) else path)


@command("Save as…", "ctrl+shift+s", menu="File", section=1)
def save_as(desk: Desk, payload: object) -> None:
    """Save the patch to a new file and continue with it."""
    save_to(desk, None)


def save_to(desk: Desk, path: Path | None, on_done: Callable[[], object] | None = None) -> None:
    """Save to ``path``, or ask for a file if None; call ``on_done`` after a successful save."""
    if path is None:
        name = desk.patch.path.name if desk.patch.path else f"{desk.patch.document.title or 'untitled'}.json"

        def chosen(path: Path) -> None:
            path = path if path.suffix else path.with_suffix(".json")
            if path.exists() and path != desk.patch.path:
                answers: dict[str, object] = {"Replace": lambda: save_to(desk, path, on_done), "Cancel": None}
                desk.open_panel(QuestionPanel("Save", f"{path.name} already exists.", answers))
            else:
                save_to(desk, path, on_done)

        desk.ask_file("save", "Save patch as", chosen, ".json", save=True, name=name)
        return
    if desk.patch.document.is_newer_format:
        answers = {
            "Save anyway": lambda: _write(desk, path, on_done, downgrade=True),
            "Cancel": None,
        }
        text = f"{path.name} was saved by a newer version of nodegraph. Data unknown to this version may be lost."
        desk.open_panel(QuestionPanel("Save", text, answers))
        return
    _write(desk, path, on_done)


def _copy_files(desk: Desk, old: Path, new: Path) -> int:
    """Copy the files that the playing patch uses to its new folder, unless they are there; return how many."""
    engine = desk.sound.engine
    if engine is None or not new.is_dir() or old.resolve() == new.resolve():
        return 0
    names = [name for name in engine.files_in(old.resolve()) if not (new / name).exists()]
    for name in names:
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        copy_file(old / name, new / name)
    return len(names)


def _write(desk: Desk, path: Path, on_done: Callable[[], object] | None, downgrade: bool = False) -> None:
    old = desk.patch.path
    try:
        copied = _copy_files(desk, old.parent, path.parent) if old is not None else 0
    except OSError as error:
        desk.notify(f"Not saved: {reason_of(error, path.parent)}.", alarm=True)
        return
    if not desk.run_edit(lambda: desk.patch.save(path, downgrade)):
        return
    add_recent_file(desk, path)
    files = "a file" if copied == 1 else f"{copied} files"
    desk.notify(f"Saved {path.name}, and copied {files} that it uses." if copied else f"Saved {path.name}.")
    if old != path:
        desk.update_graph()  # file references are relative to the patch's folder
    if on_done is not None:
        on_done()


@command(
    "Revert to saved",
    menu="File",
    section=1,
    possible=lambda d: d.patch.path is not None and not d.patch.saved,
)
def revert(desk: Desk, payload: object) -> None:
    """Discard all changes and reload the file."""
    path = desk.patch.path
    if path is not None:

        def reload() -> None:
            desk.patch.mark_saved()
            open_path(desk, path)

        answers = {"Revert": reload, "Cancel": None}
        desk.open_panel(
            QuestionPanel("Revert", f"All changes since the last save of {path.name} will be lost.", answers)
        )


@command("Quit", "ctrl+q", menu="File", section=9)
def quit(desk: Desk, payload: object) -> None:
    """Close the editor, after asking about unsaved changes."""
    confirm_discard(desk, "Quit", lambda: _quit_now(desk))


def _quit_now(desk: Desk) -> None:
    desk.running = False
    desk.view.quit()


@on(CloseRequested)
def close_requested(desk: Desk, event: CloseRequested) -> None:
    """Quit on the window's close button, unless a question is already open."""
    if "question" not in desk.panels:
        quit(desk, None)


# -- dropped files -----------------------------------------------------------------------------------------


@on(FilesDropped)
def on_files_dropped(desk: Desk, event: FilesDropped) -> None:
    """Pass dropped files to a panel that takes them; else open a patch, or add a player block for each other file."""
    desk.pointer = event.at
    if any(panel.drop(desk, event.paths) for panel in list(desk.panels.values())):
        return
    patches = [path for path in event.paths if path.suffix.lower() == ".json"]
    if patches:
        open_path(desk, patches[0])
        return
    take_files(desk, event.paths, lambda references: _add_players(desk, event, references))


def take_files(desk: Desk, paths: Sequence[Path], use: Callable[[list[str]], object]) -> None:
    """Call ``use`` with the text by which the patch refers to each file; copy those outside of its folder into it.

    A patch without a folder of its own is saved first, by the user. An instrument, whose samples are other files, is
    not copied.
    """
    outside = [path for path in paths if Path(desk.reference(path)).is_absolute() and _player_type(path)]
    copied = [path for path in outside if path.suffix.lower() not in INSTRUMENTS]
    home = desk.patch.path
    if copied and not desk.allow_outside and (home is None or is_demo(home)):
        desk.notify("Save the patch first: the files that it uses are copied into its folder.")
        save_to(desk, None, lambda: take_files(desk, paths, use))
        return
    references = []
    for path in paths:
        if path in copied and home is not None and not desk.allow_outside:
            try:
                path = _copied(path, home.parent)
            except OSError as error:
                desk.notify(f"{path.name} was not copied: {reason_of(error, home.parent)}.", alarm=True)
                return
            desk.notify(f"Copied {path.name} into the folder of the patch.")
        elif path in outside and not desk.allow_outside:
            desk.notify(f"{path.name} is outside the patch's folder and will not be loaded. Copy it there.", alarm=True)
        references.append(desk.reference(path))
    use(references)


def _copied(path: Path, folder: Path) -> Path:
    """Copy a file into a folder, unless the same one is there, and return its path there."""
    target, number = folder.absolute() / path.name, 1
    while target.exists() and not cmp(path, target, shallow=False):
        number += 1
        target = target.with_name(f"{path.stem}-{number}{path.suffix}")
    if not target.exists():
        copy_file(path, target)
    return target


def _add_players(desk: Desk, event: FilesDropped, references: list[str]) -> None:
    """Add a block that plays each file."""
    actions, ids = [], []
    document = desk.document
    for i, (path, reference) in enumerate(zip(event.paths, references)):
        type = _player_type(path)
        if type is None:
            kinds = "patch, sound, instrument, image or model"
            desk.notify(f"{path.name}: unsupported file type. Use a {kinds} file.", alarm=True)
            continue
        x, y = canvas.free_place(desk, (event.at[0], event.at[1] + 140.0 * i))
        action = AddNode(unused_id(type, document.nodes), type, node_types()[type].version, {"file": reference}, (x, y))
        document = action.apply(document)
        actions.append(action)
        ids.append(action.id)
    if actions and desk.do(*actions):
        desk.select(ids)
        if len(ids) == 1 and _player_type(event.paths[0]) == "file_player":
            COMMANDS["sound_file"].run(desk, ids[0])


def _player_type(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in SOUNDS:
        return "file_player"
    if suffix in INSTRUMENTS:
        return "sampler"
    if suffix in PICTURES:
        return "spectrogram_player"
    return "decoder" if suffix in MODELS else None
