"""Further editor windows: each is a separate process, so a crash ends only one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def open_window(path: Path | None = None) -> str:
    """Start another editor; return the problem, or ""."""
    command = [sys.executable, "-m", "nodegraph", "edit", *([str(path)] if path else [])]
    try:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        return f"The new window could not be opened: {error.strerror}."
    return ""
