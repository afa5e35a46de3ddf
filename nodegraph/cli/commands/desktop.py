"""``nodegraph desktop``: an entry in the menu of the desktop, with an icon and the type of patch files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from nodegraph.processes.python_child import python_command

from ..errors import CommandError
from ..options import Json
from ..output import print_json, print_line

FILES = Path(__file__).parents[1] / "desktop_files"
# where the files belong in the user's data folder, and the programs that then update its indices
PLACES = {
    "nodegraph.desktop": "applications",
    "nodegraph.svg": "icons/hicolor/scalable/apps",
    "nodegraph.xml": "mime/packages",
}
UPDATES = (("update-mime-database", "mime"), ("update-desktop-database", "applications"))


def desktop(
    remove: Annotated[bool, typer.Option("--remove", help="Remove what was installed.")] = False,
    json: Json = False,
) -> None:
    """Add nodegraph to the desktop's menu and to its file types.

    The entry, its icon and the type of patch files are written to the data folder of the user. Patches are then opened
    from the file manager; the name FILE.nodegraph.json makes nodegraph the first choice.
    """
    if not sys.platform.startswith("linux"):
        raise CommandError("desktop entries are for Linux. Start `nodegraph edit` from a terminal.")
    data = _data_folder()
    files = {name: data / place / name for name, place in PLACES.items()}
    try:
        if remove:
            for path in files.values():
                path.unlink(missing_ok=True)
        else:
            for name, path in files.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(_content(name), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename}: not writable ({error.strerror or error}). Change its owner.") from None
    for program, folder in UPDATES:
        if (data / folder).is_dir() and shutil.which(program):
            subprocess.run([program, data / folder], capture_output=True)
    if json:
        print_json({"removed": remove, "files": [str(path) for path in files.values()]})
    else:
        print_line(f"{'Removed' if remove else 'Installed'}: {', '.join(str(path) for path in files.values())}.")


def _content(name: str) -> str:
    text = (FILES / name).read_text(encoding="utf-8")
    return text.replace("{command}", _command()) if name.endswith(".desktop") else text


def _command() -> str:
    """Return the command that starts this installation, as in a desktop entry."""
    python = python_command("-m", "nodegraph")
    beside = Path(python[0]).with_name("nodegraph")
    script = Path(sys.argv[0]) if Path(sys.argv[0]).name == "nodegraph" else beside
    words = [str(script.absolute())] if script.is_file() else python
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """Quote a word by the rules of the Desktop Entry Specification."""
    for letter in ("\\", '"', "`", "$"):
        word = word.replace(letter, f"\\{letter}")
    return f'"{word}"'.replace("\\", "\\\\").replace("%", "%%")


def _data_folder() -> Path:
    given = os.environ.get("XDG_DATA_HOME", "")
    if given and Path(given).is_absolute():
        return Path(given)
    try:
        return Path.home() / ".local" / "share"
    except RuntimeError:
        raise CommandError("there is no home folder. Set XDG_DATA_HOME to a folder.") from None
