"""More windows: each is a process of its own, so that none can end another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def open_window(path: Path | None = None) -> str:
    """Open another editor beside this one; returns why that cannot be, "" if it can."""
    command = [sys.executable, "-m", "nodegraph", "edit", *([str(path)] if path else [])]
    try:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        return f"No other window could be opened ({error.strerror})."
    return ""
