"""Small pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_ROLE = re.compile(r":\w+:`~?([^`]*)`")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table, with bars in cells escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )


def plain(text: str) -> str:
    """Return text of a docstring outside of code, with what Markdown would read as markup escaped."""
    return re.sub(r"([\\*_<>\[\]$#~])", r"\\\1", text)


def from_docstring(doc: str) -> str:
    """Return a docstring as Markdown: its code spans, roles and indented lines."""
    return "\n\n".join(_paragraph(part) for part in re.split(r"\n\s*\n", doc.strip("\n")))


def _paragraph(text: str) -> str:
    lines = text.split("\n")
    if all(line.startswith("    ") for line in lines):
        return "```text\n" + "\n".join(line[4:] for line in lines) + "\n```"
    text = _ROLE.sub(lambda role: f"``{role[1].rpartition('.')[2]}``", text).replace("::\n", ":\n")
    parts = re.split(r"(``[^`]+``)", text)
    return "".join(f"`{part[2:-2]}`" if part.startswith("``") else plain(part) for part in parts)


def html(*parts: str) -> str:
    """Return an HTML block: its lines must not be empty."""
    return "<div>\n" + "\n".join(part for part in parts if part.strip()) + "\n</div>"
