"""Which wires may be drawn, what they replace, and what a block inserted or exchanged keeps of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from nodegraph.graph import refusal
from nodegraph.node import FrameIn, Node, Spec
from nodegraph.patch import Action, AddNode, Connect, Disconnect, Document, Move, NodeRecord, Wire
from nodegraph.patch import Replace as ReplaceNode
from nodegraph.patch.names import free_id

from .typed import input_ports, kind_of, output_ports, spec_of
from .view import Pin, Point


@dataclass(frozen=True)
class Drawn:
    """What comes of drawing a wire: its actions, or why not. ``words`` say it at the pointer."""

    actions: tuple[Action, ...] = ()
    words: str = ""
    feedback: bool = False

    @property
    def refused(self) -> bool:
        return not self.actions


def ends_of(one: Pin, other: Pin) -> tuple[Pin, Pin] | None:
    """The output and the input of two pins, or None if both are the same side."""
    if one.output == other.output:
        return None
    return (one, other) if one.output else (other, one)


def draw_wire(
    document: Document, one: Pin, other: Pin, level: tuple[str, ...] = (), whole: Document | None = None
) -> Drawn:
    """What a wire between two pins of ``document`` would do; ``whole`` is the patch that has it at ``level``.

    A wire that closes a loop becomes a feedback wire; at an input that takes one wire the new one takes its place.
    """
    both = ends_of(one, other)
    if both is None:
        side = "outputs" if one.output else "inputs"
        return Drawn(words=f"Both are {side}: a wire runs from an output to an input.")
    source, target = both
    if any(wire.start == source.end and wire.end == target.end for wire in document.wires):
        return Drawn(words="This wire is already there.")
    before: tuple[Action, ...] = ()
    base = document
    if source.node not in document.nodes or target.node not in document.nodes:
        return Drawn(words="That block is gone.")
    port = spec_of(document.nodes[target.node]).frame_inputs.get(target.port)
    old = [wire for wire in document.wires if wire.end == target.end] if isinstance(port, FrameIn) else []
    if old:
        before = tuple(Disconnect(wire.start, wire.end) for wire in old)
        base = replace(document, wires=tuple(wire for wire in document.wires if wire not in old))
    feedback = closes_loop(base, source.node, target.node)
    wire = Wire(source.node, source.port, target.node, target.port, feedback)
    reason = refusal(base, wire) if not level else refusal(_put_back(whole, level, base), wire, level)
    if reason is not None:
        return Drawn(words=reason)
    words = "Feedback: closes a loop and carries the sample before." if feedback else ""
    words = words or ("Takes the place of the wire that is there." if old else "")
    return Drawn((*before, Connect(source.end, target.end, feedback)), words, feedback)


def _put_back(whole: Document | None, level: tuple[str, ...], inner: Document) -> Document:
    """The whole patch with another document at a level."""
    assert whole is not None
    if not level:
        return inner
    record = whole.nodes[level[0]]
    changed = replace(record, patch=_put_back(record.patch, level[1:], inner))
    return replace(whole, nodes={**whole.nodes, level[0]: changed})


def closes_loop(document: Document, source: str, target: str) -> bool:
    """Would an ordinary wire from ``source`` to ``target`` close a loop of ordinary wires?"""
    if source == target:
        return True
    onward: dict[str, set[str]] = {}
    for wire in document.wires:
        if not wire.feedback:
            onward.setdefault(wire.source, set()).add(wire.target)
    seen, waiting = {target}, [target]
    while waiting:
        for after in onward.get(waiting.pop(), ()):
            if after == source:
                return True
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return False


def fitting_pins(document: Document, start: Pin) -> frozenset[Pin]:
    """The pins on the other side that carry the same as ``start``."""
    record = document.nodes.get(start.node)
    if record is None:
        return frozenset()
    own = spec_of(record)
    port = (output_ports if start.output else input_ports)(own).get(start.port)
    if port is None:
        return frozenset()
    kind, found = kind_of(port), set()
    for id, other in document.nodes.items():
        ports = (input_ports if start.output else output_ports)(spec_of(other))
        found |= {Pin(id, name, not start.output) for name, p in ports.items() if kind_of(p) == kind}
    return frozenset(found)


def port_for(spec: Spec, kind: str, output: bool) -> str | None:
    """The port that a wire of a kind goes to by itself: the first of that kind."""
    ports = (output_ports if output else input_ports)(spec)
    return next((name for name, port in ports.items() if kind_of(port) == kind), None)


def fitting_blocks(kind: str, from_output: bool, types: Iterable[type[Node]]) -> list[tuple[type[Node], str]]:
    """Blocks with a port for a wire of that kind, and which port it is."""
    found = [(cls, port_for(cls.spec, kind, not from_output)) for cls in types if not cls.hidden]
    return [(cls, port) for cls, port in found if port is not None]


def inserting_blocks(kind: str, types: Iterable[type[Node]]) -> list[tuple[type[Node], str, str]]:
    """Blocks that can stand in a wire of that kind, with their input and output."""
    found = []
    for cls in types:
        way_in, way_out = port_for(cls.spec, kind, False), port_for(cls.spec, kind, True)
        if way_in and way_out and not cls.hidden:
            found.append((cls, way_in, way_out))
    return found


def insert_on_wire(document: Document, wire: Wire, id: str, way_in: str, way_out: str) -> tuple[Action, ...]:
    """A node takes the wire in at one port and gives it on at another."""
    return (
        Disconnect(wire.start, wire.end),
        Connect(wire.start, f"{id}.{way_in}"),
        Connect(f"{id}.{way_out}", wire.end, wire.feedback),
    )


def add_block(document: Document, type: str, at: Point, params: dict[str, object] | None = None) -> AddNode:
    """A new node of a type at a place, under the first free id."""
    from nodegraph.registry import node_types

    cls = node_types().get(type)
    place = (float(at[0]), float(at[1]))
    return AddNode(free_id(type, document.nodes), type, cls.version if cls else 1, dict(params or {}), place)


def exchange(document: Document, id: str, type: str) -> tuple[Action, ...]:
    """Another block in the place of ``id``, with the values and the wires that fit.

    Ports that are called otherwise are matched in their order, kind by kind.
    """
    from nodegraph.registry import node_types

    cls = node_types()[type]
    record = document.nodes[id]
    old, new = spec_of(record), cls.spec
    actions: list[Action] = []
    inputs, outputs = _matched(document, id, record, old, new)
    kept_in = tuple(name for name, to in inputs.items() if name == to)
    kept_out = tuple(name for name, to in outputs.items() if name == to)
    params = {name: value for name, value in record.params.items() if _accepts(new, name, value)}
    actions.append(ReplaceNode(id, type, cls.version, params, kept_in, kept_out))
    have = {(w.start, w.end) for w in document.wires}
    for wire in document.wires:
        start, end = wire.start, wire.end
        if wire.source == id:
            start = f"{id}.{outputs.get(wire.source_port, '')}"
        if wire.target == id:
            end = f"{id}.{inputs.get(wire.target_port, '')}"
        if (start, end) == (wire.start, wire.end) or start.endswith(".") or end.endswith(".") or (start, end) in have:
            continue
        have.add((start, end))
        actions.append(Connect(start, end, wire.feedback))
    return tuple(actions)


def _matched(
    document: Document, id: str, record: NodeRecord, old: Spec, new: Spec
) -> tuple[dict[str, str], dict[str, str]]:
    """For each wired port of the old block the port of the new one that takes its wires."""
    result = []
    for output, before, after in (
        (False, input_ports(old), input_ports(new)),
        (True, output_ports(old), output_ports(new)),
    ):
        used = [w.source_port for w in document.wires if w.source == id] if output else [
            w.target_port for w in document.wires if w.target == id
        ]  # fmt: skip
        match: dict[str, str] = {}
        for name in dict.fromkeys(used):
            kind = kind_of(before[name]) if name in before else "signal"
            if name in after and kind_of(after[name]) == kind:
                match[name] = name
        for name in dict.fromkeys(used):
            if name in match:
                continue
            kind = kind_of(before[name]) if name in before else "signal"
            free = [n for n, port in after.items() if kind_of(port) == kind and n not in match.values()]
            if free:
                match[name] = free[0]
        result.append(match)
    return result[0], result[1]


def _accepts(spec: Spec, name: str, value: object) -> bool:
    """May a block with this spec keep a parameter as it is?"""
    port = spec.inputs.get(name)
    if port is not None:
        values = value if isinstance(value, list) else [value]
        return all(isinstance(v, int | float) and port.min <= v <= port.max for v in values)
    if name in spec.choices:
        return value in spec.choices[name].values
    option = spec.options.get(name)
    if option is None or not isinstance(value, type(option.default)):
        return False
    low, high = option.min, option.max
    return not isinstance(value, int | float) or ((low is None or value >= low) and (high is None or value <= high))


def moved(id: str, at: Point) -> Move:
    """A node goes somewhere."""
    return Move(id, float(at[0]), float(at[1]))
