"""What the user prefers: kept from one session to the next in a small file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

FILE = "editor.json"


@dataclass(frozen=True)
class Preferences:
    """Look and sound of the editor. ``device`` None is the default one, "none" no device.

    ``keep_minutes`` of what is heard are always kept (0: none).
    """

    theme: str = "dark"
    scale: float = 1.0
    minimap: bool = True
    autosave: bool = True
    device: str | None = None
    rate: float | None = None
    blocksize: int = 256
    keep_minutes: int = 10
    folder: str = ""

    @classmethod
    def load(cls, home: Path) -> Preferences:
        """Those kept in ``home``; what cannot be read is as if it were not there."""
        try:
            data = json.loads((home / FILE).read_text())
        except (OSError, ValueError):
            return cls()
        if not isinstance(data, dict):
            return cls()
        kept: dict[str, Any] = {}
        for one in fields(cls):
            value, default = data.get(one.name), getattr(cls(), one.name)
            if one.name in ("device", "rate"):
                valid = value is None or isinstance(value, str if one.name == "device" else int | float)
            else:
                valid = isinstance(value, int | float if isinstance(default, float) else type(default))
            if valid and one.name in data:
                kept[one.name] = value
        return cls(**kept)

    def save(self, home: Path) -> None:
        """Keep them; a full disk is no reason to stop."""
        try:
            home.mkdir(parents=True, exist_ok=True)
            (home / FILE).write_text(json.dumps(asdict(self), indent=2))
        except OSError:
            pass
