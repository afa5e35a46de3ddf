"""The patches that come with nodegraph, by name, and which blocks they use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from nodegraph.files.demos import demo_files, demo_folder
from nodegraph.patch import Document, Patch

Users = Mapping[str, list[str]]  # names of the patches that use a block, the smallest first


def patches() -> dict[str, Path]:
    """Return the patches of the gallery by name; those in folders as ``folder-name``."""
    folder = demo_folder()
    return {"-".join(path.relative_to(folder).with_suffix("").parts): path for path in demo_files()}


@cache
def documents() -> dict[str, Document]:
    """Return the documents of the patches by name, the smallest first."""
    found = {name: Patch.load(path).document for name, path in patches().items()}
    return dict(sorted(found.items(), key=lambda item: len(item[1].nodes)))


def title_of(name: str) -> str:
    return documents()[name].title or name


def block_types(document: Document) -> set[str]:
    """Return the types of all blocks, those in subpatches as well."""
    nested = [block_types(node.patch) for node in document.nodes.values() if node.patch]
    return {node.type for node in document.nodes.values()}.union(*nested)


def users_of_blocks() -> Users:
    """Return the patches that use each block."""
    found: dict[str, list[str]] = {}
    for name, document in documents().items():
        for type in block_types(document):
            found.setdefault(type, []).append(name)
    return found


def smallest_with(type: str) -> tuple[str, str] | None:
    """Return the smallest patch with a block of a type at its top level, and its node; None if there is none."""
    for name, document in documents().items():
        for id, node in document.nodes.items():
            if node.type == type:
                return name, id
    return None
