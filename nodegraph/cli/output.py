"""What the commands print: text for people on stdout, notes on stderr, JSON for machines."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import Any


def print_line(text: str = "") -> None:
    """A line of the result."""
    print(text)


def print_note(text: str) -> None:
    """A line beside the result."""
    print(text, file=sys.stderr, flush=True)


def print_warning(text: str) -> None:
    """A line on what is not as it should be, yet does not stop us."""
    print_note(f"warning: {text}")


def print_json(data: Any) -> None:
    """The result for machines: one JSON value."""
    print(json.dumps(_finite(data), indent=2, default=str))


def printable(text: str) -> str:
    """``text`` without what would command a terminal: patches come from anywhere."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def columns(rows: Iterable[Sequence[object]], indent: str = "") -> None:
    """Print rows in aligned columns. On a terminal the last column is cut at its edge."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(max(map(len, cells)))]
    edge = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for row in cells:
        line = indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        print_line(line if edge is None or len(line) <= edge else line[: edge - 1] + "…")


def format_decibels(peak: float) -> str:
    """A peak as dB of full scale."""
    return f"{round(20 * math.log10(peak), 1) + 0.0:.1f} dBFS" if peak > 0 else "silent"


def format_duration(seconds: float) -> str:
    """Seconds as people say them: ``3.2 s``, ``4 min 05 s``."""
    if seconds < 100:
        return f"{seconds:.4g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def format_bytes(bytes: float) -> str:
    """Bytes as people say them."""
    power = min(int(math.log10(max(bytes, 1.0)) // 3), 4)
    return f"{bytes / 1000**power:.3g} {('bytes', 'kB', 'MB', 'GB', 'TB')[power]}"


def plural(count: int, word: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def shortened(words: Iterable[str], max_length: int = 12) -> str:
    """The first words of a list that may be long."""
    words = list(words)
    return ", ".join(words if len(words) <= max_length else [*words[:max_length], "…"])


def _finite(data: Any) -> Any:
    """JSON knows no NaN and no infinity: both become null."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data
