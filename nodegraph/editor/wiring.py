"""Rules for wires in the editor: valid and replaced wires, and wires of inserted or replaced blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nodegraph.blocks.registry import node_types
from nodegraph.blocks.wiring_counts import usual, wire_counts
from nodegraph.graph import wire_problem
from nodegraph.graph.buses import bus_edges
from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.graph.rules import ports_fit
from nodegraph.node import FrameIn, Node, Port, Spec
from nodegraph.patch import Action, AddNode, Connect, Disconnect, Document, Wire
from nodegraph.patch import Replace as ReplaceNode
from nodegraph.patch.names import unused_id

from .view import Pin, Point


@dataclass(frozen=True)
class WiringContext:
    """The displayed document, at ``level`` in a patch, with the context for checking wires."""

    root: Document
    level: tuple[str, ...] = ()
    path: Path | None = None
    allow_outside: bool = False

    @property
    def document(self) -> Document:
        return self.root.nested(self.level)

    def with_actions(self, *actions: Action) -> WiringContext:
        """Return the context after applying actions to the displayed document."""
        document = self.document
        for action in actions:
            document = action.apply(document)
        return self.with_document(document)

    def with_document(self, document: Document) -> WiringContext:
        """Return the context with another displayed document."""
        return replace(self, root=self.root.with_nested(self.level, document))

    def spec(self, id: str) -> Spec:
        """Return the Spec of a node."""
        return spec_of(self.document.nodes[id], PatchLocation(self.path, self.allow_outside))

    def port(self, pin: Pin) -> Port | None:
        """Return the port of a pin, or None if it does not exist."""
        if pin.node not in self.document.nodes:
            return None
        return _ports(self.spec(pin.node), pin.output).get(pin.port)


@dataclass(frozen=True)
class WireProposal:
    """The effect of drawing a wire: its actions, empty if it is refused. ``words`` is the hint at the pointer."""

    actions: tuple[Action, ...] = ()
    words: str = ""
    feedback: bool = False

    @property
    def is_refused(self) -> bool:
        return not self.actions


def output_and_input(first: Pin, second: Pin) -> tuple[Pin, Pin] | None:
    """Return the output and the input of two pins, or None if both are outputs or both inputs."""
    if first.output == second.output:
        return None
    return (first, second) if first.output else (second, first)


def propose_wire(wiring: WiringContext, first: Pin, second: Pin) -> WireProposal:
    """Return the effect of a wire between two pins.

    A wire that closes a loop becomes a feedback wire; at an input for one wire it replaces the existing wire.
    """
    both = output_and_input(first, second)
    if both is None:
        side = "outputs" if first.output else "inputs"
        return WireProposal(words=f"Both are {side}. Connect an output to an input.")
    source, target = both
    document = wiring.document
    if any(wire.source_ref == source.end and wire.target_ref == target.end for wire in document.wires):
        return WireProposal(words="Already connected.")
    if source.node not in document.nodes or target.node not in document.nodes:
        return WireProposal(words="The block was deleted.")
    frames = isinstance(wiring.port(target), FrameIn)
    old = tuple(
        Disconnect(wire.source_ref, wire.target_ref)
        for wire in document.wires
        if frames and wire.target_ref == target.end
    )
    base = wiring.with_actions(*old) if old else wiring
    location = PatchLocation(wiring.path, wiring.allow_outside)
    feedback = closes_loop(base.document, source.node, target.node, bus_edges(base.document, location))
    wire = Wire(source.node, source.port, target.node, target.port, feedback)
    reason = wire_problem(base.root, wire, wiring.level, wiring.path, wiring.allow_outside)
    if reason is not None:
        return WireProposal(words=reason)
    words = "Feedback: closes a loop and carries the previous sample." if feedback else ""
    words = words or ("Replaces the existing wire." if old else "")
    return WireProposal((*old, Connect(source.end, target.end, feedback)), words, feedback)


def closes_loop(document: Document, source: str, target: str, buses: Iterable[tuple[str, str]] = ()) -> bool:
    """Return whether a wire from ``source`` to ``target`` would close a loop without a feedback wire.

    ``buses`` are the pairs of nodes that are connected without a wire.
    """
    if source == target:
        return True
    onward: dict[str, set[str]] = {}
    for sender, receiver in buses:
        onward.setdefault(sender, set()).add(receiver)
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


def fitting_pins(wiring: WiringContext, start: Pin) -> frozenset[Pin]:
    """Return the pins of matching type that can be connected to ``start``."""
    own = wiring.port(start)
    if own is None:
        return frozenset()
    found = set()
    for id in wiring.document.nodes:
        ports = _ports(wiring.spec(id), not start.output)
        found |= {Pin(id, name, not start.output) for name, port in ports.items() if ports_fit(own, port)}
    return frozenset(found)


def port_for(spec: Spec, other: Port, output: bool) -> str | None:
    """Return the default port for a wire from or to ``other``: the first of matching type."""
    return next((name for name, port in _ports(spec, output).items() if ports_fit(other, port)), None)


def _ports(spec: Spec, output: bool) -> Mapping[str, Port]:
    return spec.output_ports if output else spec.input_ports


@dataclass(frozen=True)
class Fit:
    """A block that fits a wire: its port for the wire, and how usual the pair is, from 0 to 1."""

    block: type[Node]
    port: str
    usual: float


def fitting_blocks(port: Port, from_output: bool, types: Iterable[type[Node]], of: str = "") -> list[Fit]:
    """Return the blocks that can be connected to a port of a block of type ``of``, the most usual first.

    Usual are pairs of ports that the included patches wire, then ports of the same unit, then the first port that fits.
    """
    found = []
    for cls in types:
        names = [name for name, other in _ports(cls.spec, not from_output).items() if ports_fit(port, other)]
        if names and not cls.hidden:
            weights = [_weight(port, of, cls, name, from_output) for name in names]
            best = max(weights)
            found.append(Fit(cls, names[weights.index(best)], best))
    return sorted(found, key=lambda fit: -fit.usual)


def _weight(port: Port, of: str, cls: type[Node], name: str, from_output: bool) -> float:
    """Return how usual a wire between a port of a block of type ``of`` and a port of ``cls`` is, from 0 to 1."""
    ends = (of, port.name), (cls.type, name)
    pair = usual(wire_counts()[ends if from_output else (ends[1], ends[0])])
    unit = getattr(port, "unit", "")
    same_unit = bool(unit) and unit == getattr(_ports(cls.spec, not from_output)[name], "unit", "")
    return 0.75 * pair + 0.25 * same_unit


def inserting_blocks(port: Port, types: Iterable[type[Node]]) -> list[tuple[type[Node], str, str]]:
    """Return the blocks that can be inserted into a wire from a port, with their input and output."""
    found = []
    for cls in types:
        way_in, way_out = port_for(cls.spec, port, False), port_for(cls.spec, port, True)
        if way_in and way_out and not cls.hidden:
            found.append((cls, way_in, way_out))
    return found


def insert_on_wire(document: Document, wire: Wire, id: str, way_in: str, way_out: str) -> tuple[Action, ...]:
    """Return the actions that insert a node into a wire, with its input ``way_in`` and output ``way_out``."""
    return (
        Disconnect(wire.source_ref, wire.target_ref),
        Connect(wire.source_ref, f"{id}.{way_in}"),
        Connect(f"{id}.{way_out}", wire.target_ref, wire.feedback),
    )


def add_block(document: Document, type: str, at: Point, params: Mapping[str, object] | None = None) -> AddNode:
    """Return the action that adds a node of a type at a position, with the first unused id."""
    cls = node_types().get(type)
    place = (float(at[0]), float(at[1]))
    return AddNode(unused_id(type, document.nodes), type, cls.version if cls else 1, dict(params or {}), place)


def replacement_actions(wiring: WiringContext, id: str, type: str) -> tuple[Action, ...]:
    """Return the actions that replace the block of ``id``, keeping matching values and wires.

    Ports with other names are matched in order, by type.
    """
    cls = node_types()[type]
    document, old, new = wiring.document, wiring.spec(id), cls.spec
    actions: list[Action] = []
    inputs = _matched([w.target_port for w in document.wires if w.target == id], old.input_ports, new.input_ports)
    outputs = _matched([w.source_port for w in document.wires if w.source == id], old.output_ports, new.output_ports)
    kept_in = tuple(name for name, to in inputs.items() if name == to)
    kept_out = tuple(name for name, to in outputs.items() if name == to)
    params = {name: value for name, value in document.nodes[id].params.items() if _accepts(new, name, value)}
    actions.append(ReplaceNode(id, type, cls.version, params, kept_in, kept_out))
    have = {(w.source_ref, w.target_ref) for w in document.wires}
    for wire in document.wires:
        start, end = wire.source_ref, wire.target_ref
        if wire.source == id:
            start = f"{id}.{outputs.get(wire.source_port, '')}"
        if wire.target == id:
            end = f"{id}.{inputs.get(wire.target_port, '')}"
        if (
            (start, end) == (wire.source_ref, wire.target_ref)
            or start.endswith(".")
            or end.endswith(".")
            or (start, end) in have
        ):
            continue
        have.add((start, end))
        actions.append(Connect(start, end, wire.feedback))
    return tuple(actions)


def _matched(used: list[str], before: Mapping[str, Port], after: Mapping[str, Port]) -> dict[str, str]:
    """Map each port in use to the port of the new block that receives its wires."""
    used = [name for name in dict.fromkeys(used) if name in before]
    match = {name: name for name in used if name in after and ports_fit(before[name], after[name])}
    for name in used:
        if name not in match:
            free = [n for n, port in after.items() if ports_fit(before[name], port) and n not in match.values()]
            match |= {name: free[0]} if free else {}
    return match


def _accepts(spec: Spec, name: str, value: object) -> bool:
    """Return whether a Spec accepts the value of a parameter."""
    return name in spec.parameters and spec.parameters[name].accepts(value)
