"""User preferences, stored in a small file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nodegraph.files.depths import AUTO, DEPTHS

FILE = "editor.json"


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
        except (OSError, ValueError):
            return cls()
        if not isinstance(data, dict):
            return cls()
        found: dict[str, Any] = {}
        for field in fields(cls):
            value, default = data.get(field.name), getattr(cls(), field.name)
            if field.name in ("device", "rate"):
                valid = value is None or isinstance(value, str if field.name == "device" else int | float)
            else:
                valid = isinstance(value, int | float if isinstance(default, float) else type(default))
            if field.name == "depth" and value not in DEPTHS:
                valid = False
            if valid and field.name in data:
                found[field.name] = value
        return cls(**found)

    def save(self, home: Path) -> None:
        """Write the preferences to ``home``; errors of the file system are ignored."""
        try:
            home.mkdir(parents=True, exist_ok=True)
            (home / FILE).write_text(json.dumps(asdict(self), indent=2))
        except OSError:
            pass
