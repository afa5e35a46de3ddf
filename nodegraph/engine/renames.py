"""Nodes whose ids an edit changed: by renaming, encapsulating or dissolving."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from nodegraph.patch import NodeRecord

REPLACED = "\0"  # appended to the old id of a node if another node has that id after the edit


def renamed_nodes(before: Mapping[str, NodeRecord], after: Mapping[str, NodeRecord]) -> dict[str, str]:
    """Return new ids by old ids.

    Records are immutable and shared by edits, so the same record under another id is the same node.
    """
    moved: dict[int, list[str]] = defaultdict(list)
    for old, record in before.items():
        if after.get(old) is not record:
            moved[id(record)].append(old)
    names: dict[str, str] = {}
    for new, record in after.items():
        if before.get(new) is not record and moved.get(id(record)):
            names[moved[id(record)].pop(0)] = new
    for new in [new for new in names.values() if new in before and new not in names]:
        names[new] = new + REPLACED
    return names
