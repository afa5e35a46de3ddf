"""The files of a reproduction: Markdown, and a picture beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nodegraph.installation import install_command

from .output import print_note


def write_report(output: Path | None, text: str, picture: Callable[[], bytes] | None = None) -> None:
    """Write Markdown, and a PNG of the same name if there is a picture and Pillow. Nothing without ``output``."""
    if output is None:
        return
    from nodegraph.files.atomic import write_atomic

    write_atomic(output, text.encode())
    if picture is None:
        return
    try:
        write_atomic(output.with_suffix(".png"), picture())
    except ImportError:
        print_note(f"Pillow not found: no picture. Install it: {install_command('pillow')}")
