"""Nested documents as plain data, as they stand in a file and travel in actions and through the clipboard."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .document import Document
from .encode import compact, encode_nested
from .errors import PatchError
from .parse import parse_nested


def document_of(data: Any, name: str) -> Document:
    """The nested document that ``data`` describes. ``name`` is what error messages call it."""
    return parse_nested(compact(data), name)


def data_of(document: Document) -> dict[str, Any]:
    """``document`` as plain data: sections by name, as :func:`document_of` reads them."""
    data: dict[str, Any] = json.loads(encode_nested(replace(document, source=None)))
    return data


def standalone(document: Document) -> Document:
    """A nested document as one that has a file of its own, written as it would be by itself."""
    nodes = {
        id: record if record.patch is None else replace(record, patch=standalone(record.patch))
        for id, record in document.nodes.items()
    }
    return replace(document, nodes=nodes, source=None)


__all__ = ["PatchError", "data_of", "document_of", "standalone"]
