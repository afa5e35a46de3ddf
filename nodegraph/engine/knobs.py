"""What an edit asks of the engine: only knobs to be turned, or a new plan; and which nodes got other names by it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nodegraph.graph import Graph
from nodegraph.graph.flat import Flat

GONE = "\0"  # behind the id of a node whose name another one has now


def only_knobs(before: Flat, after: Flat, graph: Graph) -> list[tuple[str, str, Any]] | None:
    """The knobs that differ, if nothing but knobs that can be turned by a message does; else None."""
    if before.problems or after.problems or not _same_frame(before, after):
        return None
    knobs = []
    for id, flat in after.nodes.items():
        old, record = before.nodes[id].record, flat.record
        if old is record:
            continue
        node = graph.node(id)
        if old.type != record.type or node.cls is None or node.problem or before.nodes[id].voices != flat.voices:
            return None
        for name in {*old.params, *record.params}:
            port = node.spec.inputs.get(name)
            was, now = old.params.get(name), record.params.get(name)
            if was == now:
                continue
            if port is None:
                return None
            was, now = port.default if was is None else was, port.default if now is None else now
            if isinstance(now, bool | str) or (isinstance(was, list) != isinstance(now, list) and not port.bank):
                return None
            if isinstance(was, list) and isinstance(now, list) and len(was) != len(now) and not port.bank:
                return None
            if not port.accepts(now):
                return None  # the graph says what is wrong with it
            knobs.append((id, name, now))
    return knobs


def _same_frame(before: Flat, after: Flat) -> bool:
    """Whether everything but parameters is as it was."""
    old, new = before.document, after.document
    if old.seed != new.seed or old.settings != new.settings or before.nodes.keys() != after.nodes.keys():
        return False
    if before.wires is not after.wires and before.wires != after.wires:
        return False
    return all(
        flat is (was := before.nodes[id]) or (flat.problem, flat.knob) == (was.problem, was.knob)
        for id, flat in after.nodes.items()
    )


def renamed_nodes(before: Flat, after: Flat) -> dict[str, str]:
    """New ids by old ones, of the nodes that got another: renamed, put into a subpatch or taken out of one.

    Records are immutable and edits share them, so the very record under another id is the same node.
    """
    left: dict[int, list[str]] = defaultdict(list)
    for old, flat in before.nodes.items():
        now = after.nodes.get(old)
        if now is None or now.record is not flat.record:
            left[id(flat.record)].append(old)
    names: dict[str, str] = {}
    for new, flat in after.nodes.items():
        was = before.nodes.get(new)
        if (was is None or was.record is not flat.record) and left.get(id(flat.record)):
            names[left[id(flat.record)].pop(0)] = new
    for new in [new for new in names.values() if new in before.nodes and new not in names]:
        names[new] = new + GONE
    return names
