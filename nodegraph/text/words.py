"""The difference of two patches in words: ``filter.cutoff 800 → 1200 Hz``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from nodegraph.graph.ports import spec_of
from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.errors import quote

SECTIONS = {
    "controls": "control",
    "snapshots": "snapshot",
    "presets": "preset",
    "notes": "comment",
    "areas": "area",
}
MAX_VALUE = 60  # characters


def difference_in_words(before: Document, after: Document, path: str = "") -> list[str]:
    """Return a line for each difference of two documents; places and colours are summed up in one.

    Values have the unit of their port, and "default" if they are not set. A node whose id changed is "renamed".
    """
    names = renamed_nodes(before, after)
    old = {names.get(id, id): record for id, record in before.nodes.items()}
    wires = [_renamed(wire, names) for wire in before.wires]
    lines = [f"{path}title {quote(before.title)} → {quote(after.title)}"] if before.title != after.title else []
    lines += [f"{path}seed {before.seed} → {after.seed}"] if before.seed != after.seed else []
    for field in fields(before.settings):
        one, other = getattr(before.settings, field.name), getattr(after.settings, field.name)
        if one != other and field.name != "extra":
            lines.append(f"{path}setting {field.name} {one} → {other}")
    lines += [f"{path}{id} renamed to {new}" for id, new in names.items()]
    lines += [f"{path}{record.type} {quote(id)} removed" for id, record in old.items() if id not in after.nodes]
    added = {id: record for id, record in after.nodes.items() if id not in old}
    lines += [f"{path}{record.type} {quote(id)} added{_params_of(record)}" for id, record in added.items()]
    for id, record in after.nodes.items():
        if id in old and old[id] != record:
            lines += _node_lines(old[id], record, f"{path}{id}")
    lines += _wire_lines(wires, after.wires, old, after.nodes, path)
    for section, noun in SECTIONS.items():
        lines += _record_lines(getattr(before, section), getattr(after, section), f"{path}{noun}")
    if moved := _moved(before, after, names):
        lines.append(f"{path}{moved} block{'' if moved == 1 else 's'} moved or recoloured")
    return lines


def renamed_nodes(before: Document, after: Document) -> dict[str, str]:
    """Return new ids by old ones, of nodes whose record and wires are unchanged except for the id."""
    gone = [id for id in before.nodes if id not in after.nodes]
    new = [id for id in after.nodes if id not in before.nodes]
    found: dict[str, str] = {}
    for id in gone:
        for other in new:
            if other in found.values() or before.nodes[id] != after.nodes[other]:
                continue
            if _ends(before, id, {**found, id: other}) == _ends(after, other, {}):
                found[id] = other
                break
    return found


def _ends(document: Document, id: str, names: Mapping[str, str]) -> set[tuple[str, ...]]:
    """Return the wires at a node by their ends, without the ids of other nodes that may be renamed too."""
    wires = [_renamed(wire, names) for wire in document.wires if id in (wire.source, wire.target)]
    own = names.get(id, id)
    return {(("out", wire.source_port) if wire.source == own else ("in", wire.target_port)) for wire in wires}


def _renamed(wire: Wire, names: Mapping[str, str]) -> Wire:
    source, target = names.get(wire.source, wire.source), names.get(wire.target, wire.target)
    return Wire(source, wire.source_port, target, wire.target_port, wire.feedback)


def _node_lines(before: NodeRecord, after: NodeRecord, name: str) -> Iterator[str]:
    if before.type != after.type:
        yield f"{name}: block {before.type} → {after.type}"
    parameters = spec_of(after).parameters
    for key in [*before.params, *(key for key in after.params if key not in before.params)]:
        one, other = before.params.get(key), after.params.get(key)
        if one == other:
            continue
        declared = parameters.get(key)
        unit = f" {declared.unit}" if isinstance(declared, In) and declared.unit else ""
        default = f"default {_value(declared.default)}" if declared is not None else "default"
        values = [default if value is None else _value(value) for value in (one, other)]
        yield f"{name}.{key} {values[0]} → {values[1]}{unit}"
    if before.patch is not None and after.patch is not None:
        yield from difference_in_words(before.patch, after.patch, f"{name}/")
    elif before.patch != after.patch:
        yield f"{name}: subpatch {'added' if before.patch is None else 'removed'}"


def _wire_lines(
    before: list[Wire],
    after: tuple[Wire, ...],
    old: Mapping[str, NodeRecord],
    new: Mapping[str, NodeRecord],
    path: str,
) -> Iterator[str]:
    """Yield wires that were added, removed or marked; those of a removed node go with it."""
    known = [{(wire.source_ref, wire.target_ref): wire for wire in wires} for wires in (before, after)]
    for ends, wire in known[0].items():
        if ends not in known[1] and wire.source in new and wire.target in new:
            yield f"{path}wire {wire} removed"
        elif ends in known[1] and known[1][ends].feedback != wire.feedback:
            yield f"{path}wire {wire} → {'feedback' if known[1][ends].feedback else 'direct'}"
    for ends, wire in known[1].items():
        if ends not in known[0]:
            yield f"{path}wire {wire} added"


def _record_lines(before: Mapping[Any, Any], after: Mapping[Any, Any], noun: str) -> Iterator[str]:
    for key in [*before, *(key for key in after if key not in before)]:
        name = "/".join(key) if isinstance(key, tuple) else key
        if key not in after:
            yield f"{noun} {quote(name)} removed"
        elif key not in before:
            yield f"{noun} {quote(name)} added"
        elif before[key] != after[key]:
            names = [field.name for field in fields(after[key]) if _changed(before[key], after[key], field.name)]
            yield f"{noun} {quote(name)} changed ({', '.join(names)})"


def _changed(before: Any, after: Any, name: str) -> bool:
    return bool(getattr(before, name) != getattr(after, name))


def _moved(before: Document, after: Document, names: Mapping[str, str]) -> int:
    """Return the number of nodes in both documents with another position or look."""
    pairs = [(id, names.get(id, id)) for id in before.nodes if names.get(id, id) in after.nodes]
    return sum(
        before.layout.get(old) != after.layout.get(new) or before.looks.get(old) != after.looks.get(new)
        for old, new in pairs
    )


def _params_of(record: NodeRecord) -> str:
    shown = ", ".join(f"{key} {_value(value)}" for key, value in record.params.items())
    return f" ({shown})" if shown else ""


def _value(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
