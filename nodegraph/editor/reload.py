"""Reloading user blocks when their file is saved."""

from __future__ import annotations

import traceback
from pathlib import Path

from nodegraph.blocks.registry import load_failures, load_file, node_types, user_folder

from .desk import Desk

PERIOD = 0.5  # seconds between two scans


class BlockReloader:
    """Checks the files of user blocks for changes, twice per second."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_folder()
        self._stamps: dict[Path, tuple[int, int]] = self._files()
        self._time = 0.0

    def tick(self, desk: Desk, now: float) -> None:
        """Load the files that changed since the last scan."""
        if now - self._time < PERIOD:
            return
        self._time = now
        files = self._files()
        for path, stamp in files.items():
            if self._stamps.get(path) != stamp:
                self._load(desk, path)
        self._stamps = files

    def _files(self) -> dict[Path, tuple[int, int]]:
        found = {}
        try:
            for path in self.folder.glob("*.py"):
                stat = path.stat()
                found[path] = (stat.st_mtime_ns, stat.st_size)
        except OSError:
            pass
        return found

    def _load(self, desk: Desk, path: Path) -> None:
        known = set(node_types())
        try:
            types = load_file(path)
        except Exception as error:  # a faulty user file must not end the editor
            line = next(
                (f.lineno for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename == str(path)), 0
            )
            line = getattr(error, "lineno", None) or line
            load_failures()[str(path)] = f"{type(error).__name__}: {error}"
            desk.notify(f"{path.name}, line {line}: {type(error).__name__}: {error}", alarm=True)
            return
        load_failures().pop(str(path), None)
        new = [type for type in types if type not in known]
        message = f"{', '.join(types)} {'loaded' if new else 'reloaded'}." if types else f"{path.name}: no block found."
        desk.notify(message)
        if desk.types.intersection(types):
            desk.refresh_blocks()
        else:
            desk.update_graph()
