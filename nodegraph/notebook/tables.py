"""Tables for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .svg import STYLE

LEFT = "'text-align:left'"


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with a caption above it; all text is escaped."""
    top, body = _row("th", head), "".join(_row("td", row) for row in rows)
    caption = f"<div style='{STYLE}'>{escape(caption)}</div>"
    return f"<div>{caption}<table style='{STYLE};font-size:12px'><thead>{top}</thead>{body}</table></div>"


def _row(tag: str, cells: Sequence[object]) -> str:
    return f"<tr>{''.join(f'<{tag} style={LEFT}>{escape(str(cell))}</{tag}>' for cell in cells)}</tr>"
