"""Update of controls and snapshots, which refer to parameters by the path of their node, after nodes have moved.

Records are immutable and an edit shares unedited ones, so a node that was renamed, encapsulated or dissolved is found
by the identity of its record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..document import Document, locate, nodes_of
from ..errors import PatchError


def update_references(previous: Document, after: Document) -> Document:
    """Return ``after`` with controls and snapshots that refer to the same nodes as in ``previous``.

    References to removed nodes are removed.
    """
    if not (after.controls or after.snapshots):
        return after
    paths = {id(record): path for path, record in nodes_of(after)}
    new_paths: dict[str, str] = {}

    def new_path(node: str) -> str:
        if node not in new_paths:
            new_paths[node] = _new_path(node, previous, after, paths)
        return new_paths[node]

    controls = {}
    for key, control in after.controls.items():
        node, _, port = control.target.partition(".")
        if path := new_path(node):
            controls[key] = control if path == node else replace(control, target=f"{path}.{port}")
    snapshots = {}
    for key, snapshot in after.snapshots.items():
        values: dict[str, Any] = {}
        for port_ref, value in snapshot.values.items():
            node, _, port = port_ref.partition(".")
            if path := new_path(node):
                values[f"{path}.{port}"] = value
        same = list(values) == list(snapshot.values)
        snapshots[key] = snapshot if same else replace(snapshot, values=values)
    changes: dict[str, Any] = {}
    for name, old, new in (("controls", after.controls, controls), ("snapshots", after.snapshots, snapshots)):
        if list(old) != list(new) or any(old[key] is not new[key] for key in new):
            changes[name] = new
    return replace(after, **changes) if changes else after


def same_ids(previous: Document, after: Document) -> bool:
    """Return whether both documents have the same node ids, nested documents included."""
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
    """Return the path of a node of ``previous`` in ``after``, or "" if it was removed."""
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
