"""Patches as blocks: those in the folder of the open patch, and the demo patches."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.files.demos import DemoError, demo_files, demo_patch
from nodegraph.node import Option
from nodegraph.patch import AddNode, read_patch
from nodegraph.patch.names import unused_id
from nodegraph.patch.nested import data_of, standalone

from .commands.subpatches import file_block
from .desk import Desk
from .palettes import Candidate
from .view import Point
from .windows import open_window

SAVED, DEMO = "file:", "demo:"
MAX_SAVED = 200
AFTER_BLOCKS = -25.0  # demos come after blocks that the same word finds


def patch_candidates(desk: Desk) -> list[Candidate]:
    """Return the patches in the folder of the open patch, and the demo patches."""
    return [*_saved_patches(desk), *_demo_candidates()]


def patch_block(desk: Desk, key: str, at: Point) -> AddNode | None:
    """Return the action that adds the patch of a candidate; None if it opens in a new window.

    A patch in the folder is referred to by its name; a demo is copied into the open patch. Raises PatchError if it
    cannot be read.
    """
    if key.startswith(SAVED):
        return file_block(desk, key.removeprefix(SAVED), at)
    path = demo_patch(key.removeprefix(DEMO))
    if _uses_files(json.loads(path.read_text(encoding="utf-8"))):
        problem = open_window(path)
        if problem:
            desk.notify(problem, alarm=True)
        return None
    data = data_of(standalone(read_patch(path)))
    return AddNode(unused_id(path.stem, desk.document.nodes), "subpatch", 1, {}, at, patch=data)


def _saved_patches(desk: Desk) -> list[Candidate]:
    path = desk.patch.path
    if path is None:
        return []
    others = [other for other in sorted(path.parent.glob("*.json"))[:MAX_SAVED] if other.name != path.name]
    return [
        Candidate(f"{SAVED}{other.name}", other.stem, "saved patch", f"the patch {other.name} as a block")
        for other in others
    ]


@cache
def _demo_candidates() -> tuple[Candidate, ...]:
    try:
        paths = demo_files()
    except DemoError:
        return ()
    found = []
    for path in paths:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        title = str(data.get("title", ""))
        effect = "opens in a new window" if _uses_files(data) else "added as a block"
        doc = f"{title}. A demo patch, {effect}." if title else f"A demo patch, {effect}."
        found.append(Candidate(f"{DEMO}{path.stem}", f"{path.stem} (demo)", "demo patch", doc, title, (), AFTER_BLOCKS))
    return tuple(found)


def _uses_files(document: dict[str, Any]) -> bool:
    """Return whether a patch, as in its file, refers to other files, which a copy in another folder would miss."""
    for node in document.get("nodes", ()):
        cls = node_types().get(node.get("type", ""))
        settings = cls.spec.settings if cls else {}
        params = node.get("params", {})
        if any(isinstance(one, Option) and one.kind == "file" and params.get(name) for name, one in settings.items()):
            return True
        if node.get("type") == "subpatch" and params.get("file"):
            return True
        if isinstance(node.get("patch"), dict) and _uses_files(node["patch"]):
            return True
    return False
