"""Further editor windows: each is a separate process, so a crash ends only one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nodegraph.processes.python_child import python_command, python_environment


def open_window(path: Path | None = None) -> str:
    """Start another editor; return the problem, or ""."""
    command = python_command("-m", "nodegraph", "edit", *([str(path)] if path else []))
    null = subprocess.DEVNULL
    try:
        subprocess.Popen(command, stdin=null, stdout=null, env=python_environment(), start_new_session=True)
    except OSError as error:
        return f"The new window could not be opened: {error.strerror}."
    return ""
