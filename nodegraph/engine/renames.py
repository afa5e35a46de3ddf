"""Which nodes got other ids by an edit: renamed, put into a subpatch, or taken out of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from nodegraph.patch import NodeRecord

GONE = "\0"  # appended to the id of a node whose name another node has taken


def renamed_nodes(before: Mapping[str, NodeRecord], after: Mapping[str, NodeRecord]) -> dict[str, str]:
    """New ids by old ones. Records are immutable and edits share them: the same record under another id is the node."""
    left: dict[int, list[str]] = defaultdict(list)
    for old, record in before.items():
        if after.get(old) is not record:
            left[id(record)].append(old)
    names: dict[str, str] = {}
    for new, record in after.items():
        if before.get(new) is not record and left.get(id(record)):
            names[left[id(record)].pop(0)] = new
    for new in [new for new in names.values() if new in before and new not in names]:
        names[new] = new + GONE
    return names
