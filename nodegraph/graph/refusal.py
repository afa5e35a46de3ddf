"""The check of a wire before it is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nodegraph.patch import Document, Wire

from .build import build_graph
from .model import GraphError
from .wires import name_of


def wire_problem(
    document: Document,
    wire: Wire,
    path: tuple[str, ...] = (),
    patch_path: Path | None = None,
    allow_outside: bool = False,
) -> str | None:
    """Return why a wire cannot be added to the nested document at ``path``, in one sentence, or None if it fits."""
    nested = document.nested(path)
    if wire in nested.wires:
        return f"{name_of(wire)} already exists."
    edited = document.with_nested(path, replace(nested, wires=(*nested.wires, wire)))
    after = _problems(edited, patch_path, allow_outside)
    if not after:
        return None
    before = _problems(document, patch_path, allow_outside)
    return next((problem for problem in after if problem not in before), None)


def _problems(document: Document, patch_path: Path | None, allow_outside: bool) -> list[str]:
    try:
        build_graph(document, patch_path=patch_path, allow_outside=allow_outside)
    except GraphError as error:
        return error.problems
    return []
