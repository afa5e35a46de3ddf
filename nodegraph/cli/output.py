"""Output of the commands: text or JSON on stdout, notes on stderr."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any


def print_line(text: str = "") -> None:
    """Print a line of the result to stdout."""
    print(text)


def print_note(text: str) -> None:
    """Print a line to stderr."""
    print(text, file=sys.stderr, flush=True)


def print_warning(text: str) -> None:
    """Print a warning to stderr."""
    print_note(f"warning: {text}")


def print_json(data: Any) -> None:
    """Print the result as one JSON value."""
    print(json.dumps(_finite(data), indent=2, default=str))


def printable(text: str) -> str:
    """Escape control characters: text from a patch must not control the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def columns(rows: Iterable[Sequence[object]], indent: str = "") -> None:
    """Print rows in aligned columns. On a terminal, lines are truncated to its width."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(max(map(len, cells)))]
    terminal_width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for row in cells:
        line = indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
        print_line(line if terminal_width is None or len(line) <= terminal_width else line[: terminal_width - 1] + "…")


def print_recipes(recipes: Iterable[Any], detail: Callable[[Any], str], json: bool) -> None:
    """Print recipes: name, ``detail(recipe)`` and description, or all their entries as JSON."""
    recipes = list(recipes)
    if json:
        print_json([recipe.plain() for recipe in recipes])
    else:
        columns((recipe.name, detail(recipe), recipe.description) for recipe in recipes)


def format_decibels(peak: float) -> str:
    """Format a peak as dB of full scale."""
    return f"{round(20 * math.log10(peak), 1) + 0.0:.1f} dBFS" if peak > 0 else "silent"


def format_duration(seconds: float) -> str:
    """Format seconds: ``3.2 s``, ``4 min 05 s``."""
    if seconds < 100:
        return f"{seconds:.4g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def format_bytes(bytes: float) -> str:
    """Format a number of bytes: ``3.2 kB``, ``370 MB``."""
    power = min(int(math.log10(max(bytes, 1.0)) // 3), 4)
    return f"{bytes / 1000**power:.3g} {('bytes', 'kB', 'MB', 'GB', 'TB')[power]}"


def plural(count: int, word: str) -> str:
    """Format a count with its noun: ``1 node``, ``2 nodes``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def shortened(words: Iterable[str], max_length: int = 12) -> str:
    """Join the first ``max_length`` words of a list."""
    words = list(words)
    return ", ".join(words if len(words) <= max_length else [*words[:max_length], "…"])


def _finite(data: Any) -> Any:
    """Replace NaN and infinity, which JSON does not support, by None."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_finite(value) for value in data]
    return data
