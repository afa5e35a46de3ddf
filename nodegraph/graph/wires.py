"""Whether a wire fits: both ends exist, and the source gives what the target takes."""

from __future__ import annotations

from nodegraph.blocks.registry import node_types
from nodegraph.frame_types import kinds_fit
from nodegraph.node import Spec
from nodegraph.patch import Wire
from nodegraph.patch.errors import listed

from .model import Graph, GraphNode

_OUTPUT_KINDS = {"outputs": "signal", "frame_outputs": "frames", "event_outputs": "events"}
_INPUT_KINDS = {"inputs": "signal", "frame_inputs": "frames", "event_inputs": "events"}


def _ports(spec: Spec, kinds: dict[str, str]) -> dict[str, str]:
    """Port names with what they carry: "signal", "spectrum frames" …, "events"."""
    ports = {}
    for group, kind in kinds.items():
        for name, port in getattr(spec, group).items():
            ports[name] = f"{port.kind} frames" if kind == "frames" else kind
    return ports


def wire_fits(wire: Wire, graph: Graph, problems: list[str]) -> bool:
    """Whether a wire carries something; adds a sentence to ``problems`` where it does not fit."""
    source, target = graph.find(wire.source), graph.find(wire.target)
    for id, node in ((wire.source, source), (wire.target, target)):
        if node is None:
            problems.append(f"{name_of(wire)}: there is no node '{id}'.")
    if source is None or target is None:
        return False
    if wire.source_port in source.spec.outputs and wire.target_port in target.spec.inputs:  # signals, as most are
        return not (source.problem or target.problem)
    outputs, inputs = _ports(source.spec, _OUTPUT_KINDS), _ports(target.spec, _INPUT_KINDS)
    fits = True
    if source.cls and wire.source_port not in outputs:
        has = f"It has {listed(outputs)}." if outputs else "It has none."
        problems.append(f"{source.title} has no output '{wire.source_port}'. {has}")
        fits = False
    if target.cls and wire.target_port not in inputs:
        settings = wire.target_port in target.spec.choices or wire.target_port in target.spec.options
        why = " It is a setting; wires go to inputs." if settings else ""
        has = f"It has {listed(inputs)}." if inputs else "It has none."
        problems.append(f"{target.title} has no input '{wire.target_port}'.{why} {has}")
        fits = False
    if not fits or source.cls is None or target.cls is None:
        return False
    gives, takes = outputs[wire.source_port], inputs[wire.target_port]
    if not kinds_fit(gives.removesuffix(" frames"), takes.removesuffix(" frames")):
        others = [name for name, kind in inputs.items() if kind == gives]
        fit = f" {gives.capitalize()} would fit {listed(others)}." if others else _between(gives, takes)
        problems.append(
            f"{source.title} gives {gives} at '{wire.source_port}', "
            f"but {target.title} takes {takes} at '{wire.target_port}'.{fit}"
        )
        return False
    if wire.feedback and gives == "events":
        problems.append(f"{name_of(wire)} carries events and cannot be a feedback wire. Take the mark away.")
        return False
    return not (source.problem or target.problem)


def _between(gives: str, takes: str) -> str:
    """Blocks that would turn the one into the other."""
    fitting = [
        name
        for name, cls in node_types().items()
        if gives in _ports(cls.spec, _INPUT_KINDS).values() and takes in _ports(cls.spec, _OUTPUT_KINDS).values()
    ]
    return f" Put {listed(fitting[:4], 'or')} between them." if fitting else ""


def carried(source: GraphNode, port: str) -> str:
    """What leaves a node at an output: "signal", "events", or the kind of its frames."""
    if port in source.frame_types:
        return source.frame_types[port].kind
    if port in source.spec.frame_outputs:
        return source.spec.frame_outputs[port].kind
    return "events" if port in source.spec.event_outputs else "signal"


def name_of(wire: Wire) -> str:
    """The name of a wire in messages."""
    return f"The wire {wire.source}.{wire.source_port} → {wire.target}.{wire.target_port}"
