"""What stands beside the nodes follows them: controls and snapshots name parameters by the path of their node.

Records are immutable and an edit shares what it leaves alone, so a node that goes elsewhere (renamed, put into a
subpatch, taken out of one) is found again by its very record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..document import Document, locate, nodes_of
from ..errors import PatchError


def update_references(previous: Document, after: Document) -> Document:
    """``after`` with the controls and snapshots of ``previous`` leading to the same nodes; those that are gone go."""
    if not (after.controls or after.snapshots):
        return after
    paths = {id(record): path for path, record in nodes_of(after)}
    existing_ids: dict[str, str] = {}

    def moved(node: str) -> str:
        if node not in existing_ids:
            existing_ids[node] = _new_path(node, previous, after, paths)
        return existing_ids[node]

    controls = {}
    for key, control in after.controls.items():
        node, _, port = control.target.partition(".")
        if place := moved(node):
            controls[key] = control if place == node else replace(control, target=f"{place}.{port}")
    snapshots = {}
    for key, snapshot in after.snapshots.items():
        values: dict[str, Any] = {}
        for end, value in snapshot.values.items():
            node, _, port = end.partition(".")
            if place := moved(node):
                values[f"{place}.{port}"] = value
        same = list(values) == list(snapshot.values)
        snapshots[key] = snapshot if same else replace(snapshot, values=values)
    changes: dict[str, Any] = {}
    for name, old, new in (("controls", after.controls, controls), ("snapshots", after.snapshots, snapshots)):
        if list(old) != list(new) or any(old[key] is not new[key] for key in new):
            changes[name] = new
    return replace(after, **changes) if changes else after


def same_ids(previous: Document, after: Document) -> bool:
    """Have both the same nodes, in nested documents too?"""
    if previous.nodes.keys() != after.nodes.keys():
        return False
    for id, old in previous.nodes.items():
        new = after.nodes[id]
        if old is new or old.patch is new.patch:
            continue
        if old.patch is None or new.patch is None or not same_ids(old.patch, new.patch):
            return False
    return True


def _new_path(node: str, previous: Document, after: Document, paths: dict[int, str]) -> str:
    """Where a node has gone; "" if nowhere."""
    try:
        path, name = locate(previous, node)
    except PatchError:
        return ""
    found = paths.get(id(previous.nested(path).nodes[name]))
    if found is not None:
        return found
    try:
        locate(after, node)
    except PatchError:
        return ""
    return node
