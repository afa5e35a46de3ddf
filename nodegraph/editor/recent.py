"""The list of recent files, stored between sessions."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nodegraph.files.atomic import write_atomic

from .desk import Desk, State

MAX_RECENT = 12
FILE = "recent.json"


@dataclass
class RecentFiles(State):
    """Existing files, most recent first."""

    files: tuple[Path, ...] = ()
    is_per_patch = False


def read_recent(desk: Desk) -> tuple[Path, ...]:
    """Read the list from disk, without deleted files."""
    try:
        names = json.loads((desk.home / FILE).read_text())
        found = [Path(name) for name in names if isinstance(name, str)]
    except (OSError, ValueError, TypeError):
        found = []
    files = tuple(path for path in found if path.is_file())[:MAX_RECENT]
    desk.state(RecentFiles).files = files
    return files


def add_recent_file(desk: Desk, path: Path) -> None:
    """Move a file that was opened or saved to the top of the list."""
    path = path.resolve()
    files = (path, *(other for other in read_recent(desk) if other != path))[:MAX_RECENT]
    desk.state(RecentFiles).files = files
    with suppress(OSError):
        desk.home.mkdir(parents=True, exist_ok=True)
        write_atomic(desk.home / FILE, json.dumps([str(file) for file in files]).encode())
    desk.set_preferences(folder=str(path.parent))
