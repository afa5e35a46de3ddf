"""Nested documents as plain data, as in files, actions and the clipboard."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from .document import Document
from .encode import compact, encode_nested
from .errors import PatchError
from .parse import parse_nested


def document_of(data: Any, name: str) -> Document:
    """Build the nested document from plain data; ``name`` is its name in error messages."""
    return parse_nested(compact(data), name)


def data_of(document: Document) -> dict[str, Any]:
    """Return ``document`` as plain data: sections by name, the inverse of :func:`document_of`."""
    data: dict[str, Any] = json.loads(encode_nested(replace(document, source=None)))
    return data


def standalone(document: Document) -> Document:
    """Return a nested document as the document of a separate file, without its source text."""
    nodes = {
        id: record if record.patch is None else replace(record, patch=standalone(record.patch))
        for id, record in document.nodes.items()
    }
    return replace(document, nodes=nodes, source=None)


__all__ = ["PatchError", "data_of", "document_of", "standalone"]
