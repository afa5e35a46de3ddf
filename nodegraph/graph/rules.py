"""Rules for a single node, parameter or wire, and the sentence for each violation.

The graph applies them to a whole patch, :mod:`.edit_checks` to a single edit. All functions return "" (or an empty
list) where nothing is wrong; the sentences are for the user.
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

from .ports import OpenIn, OpenOut


def title_of(type: str, id: str) -> str:
    """How sentences name a node: ``sine 'osc1'``."""
    return f"{type} '{id}'"


def block_problem(record: NodeRecord) -> str:
    """Why the block of a node is not available: its type is unknown, or the node was saved by a newer version."""
    cls = node_types().get(record.type)
    if cls is None:
        return _unknown_block(record.type, tuple(node_types()))
    if record.version > cls.version:
        versions = f"({record.version}, here {cls.version})"
        return f"saved by a newer version of block '{record.type}' {versions}. Update nodegraph."
    return ""


@lru_cache(maxsize=1024)
def _unknown_block(type: str, known: tuple[str, ...]) -> str:
    """Why a block is missing. Comparing names is slow, and an unknown block is looked up at every edit."""
    return f"there is no block {quote(type)}.{suggest(type, known) or ' Install the package that has it.'}"


def parameter_problem(title: str, spec: Spec, name: str, value: Any) -> str:
    """What is wrong with setting a parameter: there is none of that name, or it does not accept the value."""
    declared = spec.parameters.get(name)
    if declared is None:
        return unknown_parameter(title, spec, name)
    problem = declared.problem(value)
    return f"{title}: {problem}" if problem else ""


def unknown_parameter(title: str, spec: Spec, name: str) -> str:
    """The sentence for a parameter that does not exist."""
    port = spec.input_ports.get(name)
    if port is not None:
        return f"{title}: '{name}' takes {port.carries} from a wire and cannot be set. Connect it."
    return f"{title} has no input or setting {quote(name)}.{_nearest(name, spec.parameters)}"


@dataclass(frozen=True)
class WireEnd:
    """One end of a wire; ``spec`` is None for a placeholder, whose ports nobody knows. ``path`` is that of the node."""

    id: str
    type: str
    port: str
    spec: Spec | None
    path: Place = ()

    @property
    def title(self) -> str:
        return title_of(self.type, self.id)


def wire_problems(source: WireEnd, target: WireEnd, feedback: bool = False) -> list[str]:
    """What is wrong with a wire, as far as its two ports tell: unknown names, kinds that do not fit."""
    problems = port_problems(source, target)
    if problems or source.spec is None or target.spec is None:
        return problems
    gives, takes = source.spec.output_ports[source.port], target.spec.input_ports[target.port]
    if not ports_fit(gives, takes):
        fitting = _what_fits(gives, takes, target.spec)
        text = (
            f"{source.title} gives {gives.carries} at '{source.port}', but {target.title} takes {takes.carries} "
            f"at '{target.port}'.{fitting}"
        )
        return [Problem(text, source.path)]
    if feedback and gives.kind == "events":
        wire = f"{source.id}.{source.port} → {target.id}.{target.port}"
        return [f"The wire {wire} carries events and cannot be a feedback wire. Remove the mark."]
    return []


def port_problems(source: WireEnd, target: WireEnd) -> list[str]:
    """The ports of a wire that do not exist."""
    problems: list[str] = []
    if source.spec is not None and source.port not in source.spec.output_ports:
        text = unknown_output(source.title, source.port, source.spec.output_ports)
        problems.append(Problem(text, source.path))
    if target.spec is not None and target.port not in target.spec.input_ports:
        problems.append(Problem(unknown_input(target.title, target.port, target.spec), target.path))
    return problems


def ports_fit(one: Port, other: Port) -> bool:
    """Whether two ports carry the same, as far as that is known; on opposite sides a wire may connect them."""
    if isinstance(one, OpenIn | OpenOut) or isinstance(other, OpenIn | OpenOut):
        return True
    return kinds_fit(one.kind, other.kind)


def unknown_output(title: str, port: str, known: Mapping[str, OutputPort], otherwise: str = "It has none.") -> str:
    """The sentence for an output that does not exist."""
    return f"{title} has no output {quote(port)}.{_nearest(port, known) or f' {otherwise}'}"


def unknown_input(title: str, port: str, spec: Spec, otherwise: str = "It has none.") -> str:
    """The sentence for an input that does not exist, or is a setting."""
    why = " It is a setting; wires go to inputs." if port in spec.settings else ""
    return f"{title} has no input {quote(port)}.{why}{_nearest(port, spec.input_ports) or f' {otherwise}'}"


def _nearest(name: str, known: Iterable[str]) -> str:
    """The nearest name that does exist, or all of them; "" if there are none."""
    names = list(known)
    return suggest(name, names) or (f" It has {listed(names)}." if names else "")


def _what_fits(gives: OutputPort, takes: InputPort, spec: Spec) -> str:
    """Other inputs that would take what arrives, or blocks that convert the one kind into the other."""
    others = [name for name, port in spec.input_ports.items() if port.carries == gives.carries]
    if others:
        return f" {gives.carries.capitalize()} would fit {listed(others)}."
    between = [
        name
        for name, cls in node_types().items()
        if any(port.carries == gives.carries for port in cls.spec.input_ports.values())
        and any(port.carries == takes.carries for port in cls.spec.output_ports.values())
    ]
    return f" Put {listed(between[:4], 'or')} between them." if between else ""
