"""The notebook display of a patch: a drawing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .svg import STYLE, Box, Line, boxes_svg

if TYPE_CHECKING:
    from nodegraph.patch import Document, Patch

MAX_NODES = 400  # larger patches are not drawn
MAX_SHOWN, MAX_TEXT = 20, 80  # values of a tooltip, and characters of each


def patch_html(patch: Patch | Document) -> str:
    """Return a drawing of a patch with its title, or only its size if it has more than ``MAX_NODES``."""
    document = patch.document if hasattr(patch, "document") else patch
    nodes, wires = len(document.nodes), len(document.wires)
    size = f"{nodes} node{'' if nodes == 1 else 's'}, {wires} wire{'' if wires == 1 else 's'}"
    title = f"<b>{escape(document.title)}</b> " if document.title else ""
    caption = f"<div style='{STYLE}'>{title}{size}</div>"
    return caption if not 0 < nodes <= MAX_NODES else f"<div>{caption}{graph_svg(document)}</div>"


def graph_svg(document: Document) -> str:
    """Return an SVG drawing of a document: a box per node with its wired ports; feedback wires are dashed."""
    boxes = [Box(id, record.type, _values(record.params)) for id, record in document.nodes.items()]
    lines = [
        Line(wire.source, wire.source_port, wire.target, wire.target_port, wire.feedback, tip=str(wire))
        for wire in document.wires
    ]
    return boxes_svg(boxes, lines, document.layout)


def _values(params: dict[str, object]) -> tuple[str, ...]:
    return tuple(f"{name} = {value}"[:MAX_TEXT] for name, value in list(params.items())[:MAX_SHOWN])
