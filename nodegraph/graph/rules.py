"""Rules for a single node, parameter or wire, with a sentence for each violation.

The graph applies them to a patch, :mod:`.edit_checks` to an edit. All functions return "" or an empty list if there
is no violation. The sentences are for the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.frame_types import kinds_fit
from nodegraph.node import InputPort, OutputPort, Port, Spec
from nodegraph.patch import NodeRecord
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import Problem, listed, quote, suggest

from .bypass import BYPASS, STATES
from .ports import OpenIn, OpenOut


def title_of(type: str, id: str) -> str:
    """Return the name of a node in messages: ``sine 'osc1'``."""
    return f"{type} '{id}'"


def block_problem(record: NodeRecord, suggests: bool = True) -> str:
    """Return why the block of a node is unavailable: an unknown type, or a node of a newer version.

    ``suggests``: whether an unknown type is compared with the known ones.
    """
    cls = node_types().get(record.type)
    if (cls is None or cls.hidden) and not suggests:
        return f"unknown block {quote(record.type)}. Install the package that has it."
    if cls is None or cls.hidden:
        return _unknown_block(record.type, tuple(name for name, cls in node_types().items() if not cls.hidden))
    if record.version > cls.version:
        versions = f"({record.version}, here {cls.version})"
        return f"saved by a newer version of block '{record.type}' {versions}. Update nodegraph."
    return ""


@lru_cache(maxsize=1024)
def _unknown_block(type: str, known: tuple[str, ...]) -> str:
    """Return the sentence for an unknown block. Cached: comparing names is slow, and each edit looks up all blocks."""
    return f"unknown block {quote(type)}.{suggest(type, known) or ' Install the package that has it.'}"


def parameter_problem(title: str, spec: Spec, name: str, value: Any) -> str:
    """Return why a parameter cannot be set: an unknown name, or a value that it does not accept."""
    declared = spec.parameters.get(name)
    if declared is None and name == BYPASS:
        return "" if value in STATES else f"{title}: {BYPASS} must be {' or '.join(STATES)}, got {quote(str(value))}."
    if declared is None:
        return unknown_parameter(title, spec, name)
    problem = declared.problem(value)
    return f"{title}: {problem}" if problem else ""


def unknown_parameter(title: str, spec: Spec, name: str) -> str:
    """Return the sentence for an unknown parameter."""
    port = spec.input_ports.get(name)
    if port is not None:
        return f"{title}: '{name}' takes {port.carries} from a wire and cannot be set. Connect it."
    return f"{title}: unknown input or setting {quote(name)}.{_nearest(name, spec.parameters)}"


@dataclass(frozen=True)
class WireEnd:
    """One end of a wire; ``spec`` is None for a placeholder, whose ports are unknown. ``path`` is that of the node."""

    id: str
    type: str
    port: str
    spec: Spec | None
    path: Place = ()

    @property
    def title(self) -> str:
        return title_of(self.type, self.id)


def wire_problems(source: WireEnd, target: WireEnd, feedback: bool = False) -> list[str]:
    """Return the problems of a wire that its two ports show: unknown names and kinds that do not fit."""
    problems = port_problems(source, target)
    if problems or source.spec is None or target.spec is None:
        return problems
    output, input = source.spec.output_ports[source.port], target.spec.input_ports[target.port]
    if not ports_fit(output, input):
        text = (
            f"{source.title} gives {output.carries} at '{source.port}', but {target.title} takes {input.carries} "
            f"at '{target.port}'.{_suggest_ports(output, input, target.spec)}"
        )
        return [Problem(text, source.path)]
    if feedback and output.kind == "events":
        wire = f"{source.id}.{source.port} → {target.id}.{target.port}"
        return [f"The wire {wire} carries events and cannot be a feedback wire. Remove the mark."]
    return []


def port_problems(source: WireEnd, target: WireEnd) -> list[str]:
    """Return a sentence for each unknown port of a wire."""
    problems: list[str] = []
    if source.spec is not None and source.port not in source.spec.output_ports:
        text = unknown_output(source.title, source.port, source.spec.output_ports)
        problems.append(Problem(text, source.path))
    if target.spec is not None and target.port not in target.spec.input_ports:
        problems.append(Problem(unknown_input(target.title, target.port, target.spec), target.path))
    return problems


def ports_fit(one: Port, other: Port) -> bool:
    """Return whether two ports carry the same; ports of an unconnected inlet or outlet fit all others."""
    if isinstance(one, OpenIn | OpenOut) or isinstance(other, OpenIn | OpenOut):
        return True
    return kinds_fit(one.kind, other.kind)


def unknown_output(title: str, port: str, known: Mapping[str, OutputPort], otherwise: str = "It has none.") -> str:
    """Return the sentence for an unknown output."""
    return f"{title}: unknown output {quote(port)}.{_nearest(port, known) or f' {otherwise}'}"


def unknown_input(title: str, port: str, spec: Spec, otherwise: str = "It has none.") -> str:
    """Return the sentence for an input that is unknown or a setting."""
    why = " It is a setting; wires go to inputs." if port in spec.settings else ""
    return f"{title}: unknown input {quote(port)}.{why}{_nearest(port, spec.input_ports) or f' {otherwise}'}"


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return a suggestion of the nearest known name, or a list of all; "" if there are none."""
    names = list(known)
    return suggest(name, names) or (f" It has {listed(names)}." if names else "")


def _suggest_ports(output: OutputPort, input: InputPort, spec: Spec) -> str:
    """Return a suggestion of other inputs that fit an output, or of blocks that convert between the two kinds."""
    others = [name for name, port in spec.input_ports.items() if port.carries == output.carries]
    if others:
        return f" {output.carries.capitalize()} would fit {listed(others)}."
    converters = [
        name
        for name, cls in node_types().items()
        if any(port.carries == output.carries for port in cls.spec.input_ports.values())
        and any(port.carries == input.carries for port in cls.spec.output_ports.values())
    ]
    return f" Put {listed(converters[:4], 'or')} between them." if converters else ""
