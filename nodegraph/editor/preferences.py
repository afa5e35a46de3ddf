"""User preferences, stored in a small file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nodegraph.files.atomic import write_atomic
from nodegraph.files.depths import AUTO, DEPTHS
from nodegraph.patch.values import is_number

FILE = "editor.json"
RANGES = {"scale": (0.5, 4.0), "rate": (1000.0, 768_000.0), "blocksize": (16, 8192), "keep_minutes": (0, 1440)}


@dataclass(frozen=True)
class Preferences:
    """Look and sound of the editor. ``device``: None is the default device, "none" no device.

    ``keep_minutes`` is the length of the retrospective recording (0: off), ``depth`` that of sound files that are
    written. ``drawings``: blocks show what they do.
    """

    theme: str = "dark"
    scale: float = 1.0
    minimap: bool = True
    drawings: bool = True
    scroll_pans: bool = False
    autosave: bool = True
    device: str | None = None
    rate: float | None = None
    blocksize: int = 256
    keep_minutes: int = 10
    depth: str = AUTO
    folder: str = ""

    @classmethod
    def load(cls, home: Path) -> Preferences:
        """Read the preferences in ``home``; missing or invalid entries get their defaults."""
        try:
            data = json.loads((home / FILE).read_text())
        except (OSError, ValueError, RecursionError):
            return cls()
        if not isinstance(data, dict):
            return cls()
        defaults = {field.name: field.default for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in defaults and _fits(name, value, defaults)})

    def save(self, home: Path) -> None:
        """Write the preferences to ``home``; errors of the file system are ignored."""
        try:
            home.mkdir(parents=True, exist_ok=True)
            write_atomic(home / FILE, json.dumps(asdict(self), indent=2).encode())
        except OSError:
            pass


def _fits(name: str, value: Any, defaults: dict[str, Any]) -> bool:
    """Return whether a stored value has the type of its default, and lies in its range."""
    if name in RANGES:
        low, high = RANGES[name]
        is_whole = isinstance(defaults[name], int)
        fits = is_number(value) and low <= value <= high and (isinstance(value, int) or not is_whole)
        return fits or (value is None and defaults[name] is None)
    if name == "depth":
        return value in DEPTHS
    return isinstance(value, str | None if name == "device" else type(defaults[name]))
