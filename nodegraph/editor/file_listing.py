"""Contents of a file dialog: folders and matching files, as plain data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MAX_COUNT = 2000  # listed entries of a folder


@dataclass(frozen=True)
class Entry:
    """A folder or a file."""

    path: Path
    folder: bool
    size: int = 0
    changed: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.path.name}/" if self.folder else self.path.name

    @property
    def details(self) -> tuple[str, str]:
        """Size and date as strings."""
        when = datetime.fromtimestamp(self.changed).strftime("%Y-%m-%d %H:%M") if self.changed else ""
        return ("" if self.folder else format_size(self.size)), when


def format_size(size: int) -> str:
    """Return a number of bytes with a suitable unit."""
    if size < 1000:
        return f"{size} B"
    amount, units = size / 1000, ["kB", "MB", "GB"]
    while amount >= 1000 and len(units) > 1:
        amount /= 1000
        del units[0]
    return f"{amount:.0f} {units[0]}" if amount >= 10 else f"{amount:.1f} {units[0]}"


def entries(folder: Path, ending: str = "", substring: str = "", hidden: bool = False) -> tuple[list[Entry], str]:
    """Return the folders, then the files of a folder, and the problem or "".

    Files need one of the endings (separated by spaces, "" for all) and a name that contains ``substring``.
    """
    endings = tuple(ending.lower().split())
    found: list[Entry] = []
    try:
        with os.scandir(folder) as listing:
            for item in listing:
                if (item.name.startswith(".") and not hidden) or substring.lower() not in item.name.lower():
                    continue
                try:
                    is_folder, stat = item.is_dir(), item.stat()
                except OSError:
                    continue
                if is_folder or not endings or item.name.lower().endswith(endings):
                    found.append(Entry(Path(item.path), is_folder, stat.st_size, stat.st_mtime))
    except OSError as error:
        return [], f"{folder}: not readable: {error.strerror or error}. Choose another folder."
    found.sort(key=lambda entry: (not entry.folder, entry.path.name.lower()))
    return found[:MAX_COUNT], ""


def places() -> list[tuple[str, Path]]:
    """Return the shortcut folders: home and its usual folders, the working folder, the drives on Windows."""
    home = Path.home()
    candidates = [("Home", home), ("Working folder", Path.cwd())]
    candidates += [(name, home / name) for name in ("Documents", "Music", "Desktop", "Downloads")]
    if os.name == "nt":
        candidates += [(f"{letter}:", Path(f"{letter}:/")) for letter in "CDEFGH"]
    else:
        candidates.append(("/", Path("/")))
    return [(name, path) for name, path in candidates if path.is_dir()]


def with_ending(path: Path, ending: str) -> Path:
    """Append the first of the endings to a path that has none of them."""
    endings = ending.split()
    if not endings or path.name.lower().endswith(tuple(e.lower() for e in endings)):
        return path
    return path.with_name(path.name + endings[0])
