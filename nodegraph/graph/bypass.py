"""Bypassed and muted nodes: their wires are led around them before the document is flattened.

The parameter ``bypass`` of any node is "bypass" or "mute". A bypassed node passes its first audio input on; one that
has none, or at which nothing arrives, is silent, as a muted node is. The node itself still runs. Inputs whose sources
change are crossfaded, so that switching makes no click.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nodegraph.node import In, Spec
from nodegraph.patch import Document, NodeRecord, Wire

BYPASS = "bypass"
BYPASSED, MUTED = STATES = ("bypass", "mute")
SILENT = ".mute"  # ending of the ids of nodes that are added for silence


def bypass_of(record: NodeRecord, spec: Spec) -> str:
    """Return "bypass", "mute" or "" for a node; a block that declares a parameter of this name has neither."""
    state = record.params.get(BYPASS)
    return state if isinstance(state, str) and state in STATES and BYPASS not in spec.parameters else ""


def routed(document: Document, spec_of: Callable[[NodeRecord], Spec]) -> Document:
    """Return a document whose wires lead around bypassed and muted nodes.

    Silence comes from added nodes ``ID.mute``, which no document can contain, as ids have no dot.
    """
    specs = {id: spec_of(record) for id, record in document.nodes.items() if BYPASS in record.params}
    states = {id: state for id, spec in specs.items() if (state := bypass_of(document.nodes[id], spec))}
    if not states:
        return document
    arriving: dict[tuple[str, str], list[Wire]] = {}
    for wire in document.wires:
        arriving.setdefault((wire.target, wire.target_port), []).append(wire)
    silent: set[str] = set()
    known: dict[tuple[str, str], dict[tuple[str, str], bool]] = {}

    def sources(id: str, port: str) -> dict[tuple[str, str], bool]:
        """Return the outputs that sound in place of an output, each with whether all ways to it have feedback."""
        if (id, port) in known:
            return known[id, port]
        found: dict[tuple[str, str], bool] = {}
        passed: set[tuple[str, str, bool]] = set()
        steps = [(id, port, False)]
        while steps:
            step = node, output, feedback = steps.pop()
            through = _input_for(specs[node], output) if states.get(node) == BYPASSED else ""
            if node not in states:
                found[node, output] = found.get((node, output), True) and feedback
            elif (node, output) in known:
                for end, behind in known[node, output].items():
                    found[end] = found.get(end, True) and (feedback or behind)
            elif through:
                before = arriving.get((node, through), ()) if step not in passed else ()
                passed.add(step)
                steps += [(one.source, one.source_port, feedback or one.feedback) for one in reversed(before)]
            elif _is_signal(specs[node], output):
                silent.add(node)
                found[node + SILENT, "out"] = feedback
        if not found and _is_signal(specs[id], port):  # nothing arrives
            silent.add(id)
            found[id + SILENT, "out"] = False
        known[id, port] = found
        return found

    wires: dict[tuple[str, str, str, str], Wire] = {}
    for wire in document.wires:
        if wire.source not in states:
            wires.setdefault((wire.source, wire.source_port, wire.target, wire.target_port), wire)
            continue
        for (source, port), feedback in sources(wire.source, wire.source_port).items():
            found = Wire(source, port, wire.target, wire.target_port, feedback or wire.feedback)
            wires.setdefault((source, port, wire.target, wire.target_port), found)
    nodes = {id: _plain(record) if id in states else record for id, record in document.nodes.items()}
    nodes |= {id + SILENT: NodeRecord("constant", params={"value": 0.0}) for id in sorted(silent)}
    return replace(document, nodes=nodes, wires=tuple(wires.values()))


def _plain(record: NodeRecord) -> NodeRecord:
    return replace(record, params={name: value for name, value in record.params.items() if name != BYPASS})


def owner_of(id: str) -> str:
    """Return the node of the document to which a node belongs: itself, unless it was added for silence."""
    return id.removesuffix(SILENT)


def _input_for(spec: Spec, port: str) -> str:
    """Return the input that a bypassed node passes to an output: of the same kind, and of the same name if possible."""
    output = spec.output_ports.get(port)
    kind = output.kind if output is not None else ""
    inputs = [name for name, one in spec.input_ports.items() if one.kind == kind and _is_audio(one)]
    if port in inputs:
        return port
    return inputs[0] if inputs else ""


def _is_signal(spec: Spec, port: str) -> bool:
    output = spec.output_ports.get(port)
    return output is not None and output.kind == "signal"


def _is_audio(port: object) -> bool:
    """Return whether an input takes audio: it is no knob, with a unit, a default or positive values only."""
    return not isinstance(port, In) or (not port.unit and port.default == 0.0 and port.min < 0.0)
