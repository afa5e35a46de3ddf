"""The typed graph of a patch: what each wire carries, and a sentence for everything that does not fit.

``build_graph`` turns a document into a networkx graph whose nodes have been looked up in the registry
and whose lanes and latencies have been inferred. It raises :class:`GraphError`, whose lines are for
the user. Blocks that cannot be had (unknown type, newer version, missing file) stay in the graph as
silent placeholders with a reason.
"""

from __future__ import annotations

import difflib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import networkx as nx

from .flat import Flat, FlatNode
from .flatten import flatten
from .frames import FrameType, infer_node, kinds_fit
from .interface import KNOB
from .node import In, Node, Spec
from .ordering import first_order, successors, topological_order
from .patch import Document, NodeRecord, Wire, resolve_file
from .patch.document import Path as Place
from .patch.errors import PatchError, Problem, listed
from .registry import node_types

MOST_LANES = 1024
MOST_MEMBERS = 65536  # of a bank
Block = type[Node]


class GraphError(Exception):
    """A patch that cannot be compiled. ``problems`` holds one sentence each: a :class:`~nodegraph.patch.errors.Problem`
    where it is known which node the sentence is about."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class GraphNode:
    """A node of the document with everything that was inferred about it.

    ``values`` are the knobs (one number a lane), ``settings`` the choices and options with their
    defaults filled in, ``lanes`` the width of its state, ``delay`` the latency in samples from the
    patch's inputs to this node's outputs, ``problem`` why it is a silent placeholder ("" if it is not).
    ``voices`` are those that it has a lane for each of, and ``own_spec`` what it declares where that is not just what
    its block does. ``frame_types`` say what its frame outputs carry, ``waiting`` names a frame input that it cannot
    do without, ``banks`` hold the members of each bank. ``path`` is that of the node of the document that it belongs
    to, ``()`` for one that is not in the document (a probe).
    """

    id: str
    type: str
    cls: Block | None
    settings: dict[str, Any] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    input_lanes: dict[str, int] = field(default_factory=dict)
    output_lanes: dict[str, int] = field(default_factory=dict)
    lanes: int = 1
    latency: int = 0
    delay: int = 0
    problem: str = ""
    frame_inputs: dict[str, FrameType] = field(default_factory=dict)
    frame_types: dict[str, FrameType] = field(default_factory=dict)
    waiting: str = ""
    banks: dict[str, int] = field(default_factory=dict)
    voices: int = 1
    own_spec: Spec | None = None
    path: Place = ()

    def knob_values(self, port: str, values: list[float]) -> list[float]:
        """The values of a knob as they are used: in a bank those that are missing are the default."""
        if port not in self.banks:
            return values
        members = self.banks[port]
        if len(values) == 1:
            return values * members
        return [*values, *[float(self.spec.inputs[port].default)] * members][:members]

    @property
    def spec(self) -> Spec:
        return self.own_spec or (self.cls.spec if self.cls else Spec())

    @property
    def address(self) -> str:
        """The node of the document that it belongs to, as people write it: ``voice/osc`` for each of its voices."""
        return "/".join(self.path) if self.path else self.id

    @property
    def title(self) -> str:
        """How sentences name it: ``sine 'osc1'``."""
        return f"{self.type} '{self.id}'"


@dataclass
class Graph:
    """The typed graph, flat: a node in a subpatch has an id such as ``voice/osc``.

    ``wires`` holds only those that carry something (both ends exist), ``flat`` says where the nodes and ports of the
    document are found.
    """

    document: Document
    rate: float
    nodes: dict[str, GraphNode]
    wires: list[Wire]
    loops: list[list[str]]
    folder: Path | None = None
    flat: Flat | None = None

    def output_of(self, node: str, port: str) -> tuple[str, str] | None:
        """Node and port where what leaves a node or a subpatch of the document can be read, if it is one place."""
        return self.flat.output_of(node, port) if self.flat else (node, port)

    def turned(self, node: str, port: str) -> list[tuple[str, str]]:
        """The knobs that a parameter of a node or a subpatch of the document is: none where a wire takes its place."""
        return self.flat.turned(node, port) if self.flat else [(node, port)]

    def into(self, node: str, port: str) -> list[Wire]:
        """Wires that arrive at a port, in document order."""
        return self._by_target.get((node, port), [])

    def __post_init__(self) -> None:
        self._by_target: dict[tuple[str, str], list[Wire]] = {}
        for wire in self.wires:
            self._by_target.setdefault((wire.target, wire.target_port), []).append(wire)

    @property
    def placeholders(self) -> dict[str, str]:
        """Silent nodes, with the reason."""
        return {node.id: node.problem for node in self.nodes.values() if node.problem}

    @property
    def latency(self) -> int:
        """Samples from the inputs to the latest node."""
        return max((node.delay for node in self.nodes.values()), default=0)


def build_graph(
    document: Document, rate: float = 44100.0, patch_path: Path | None = None, allow_outside: bool = False
) -> Graph:
    """Type a document, with all that is in its subpatches. Raises GraphError with all problems found."""
    return graph_of(flatten(document, patch_path, allow_outside), rate, allow_outside)


def graph_of(flat: Flat, rate: float = 44100.0, allow_outside: bool = False) -> Graph:
    """Type a document that is flat already. Raises GraphError with all problems found."""
    document, problems = flat.document, list(flat.problems)

    def told(*ids: str) -> list[str]:
        """Where problems of these nodes go: what is wrong with the first voice is not repeated for the others."""
        return [] if flat.repeats and flat.repeats.intersection(ids) else problems

    nodes = {id: _flat_node(id, node, allow_outside, told(id)) for id, node in flat.nodes.items()}
    for id, node in flat.resting.items():
        _flat_node(id, node, allow_outside, told(id))
    wires = [wire for wire in flat.wires if _wire_fits(wire, nodes, told(wire.source, wire.target))]
    forward = successors(nodes, ((wire.source, wire.target) for wire in wires if not wire.feedback))
    order = topological_order(forward)
    loops = _find_loops(nodes, wires, forward, order, problems)
    arriving: dict[str, list[Wire]] = defaultdict(list)
    for wire in wires:
        arriving[wire.target].append(wire)
    _infer_lanes(nodes, wires, order, arriving, problems)
    _check_voices(flat, nodes, problems)
    _infer_frames(nodes, order, arriving, rate, problems)
    if problems:
        raise GraphError(problems)
    _infer_banks(nodes)
    _infer_latency(nodes, order, arriving, rate, document.settings.latency_compensation)
    return Graph(document, rate, nodes, wires, loops, flat.file.parent if flat.file else None, flat)


def refusal(
    document: Document,
    wire: Wire,
    path: tuple[str, ...] = (),
    patch_path: Path | None = None,
    allow_outside: bool = False,
) -> str | None:
    """Why a wire may not be drawn in the nested document at ``path``, in one sentence, or None if it fits."""
    inner = document.inside(path)
    if wire in inner.wires:
        return f"{_name(wire)} is already there."
    edited = document.with_inside(path, replace(inner, wires=(*inner.wires, wire)))
    after = _problems(edited, patch_path, allow_outside)
    if not after:
        return None
    before = _problems(document, patch_path, allow_outside)
    return next((problem for problem in after if problem not in before), None)


def _problems(document: Document, patch_path: Path | None, allow_outside: bool) -> list[str]:
    try:
        build_graph(document, patch_path=patch_path, allow_outside=allow_outside)
    except GraphError as error:
        return error.problems
    return []


# -- nodes -------------------------------------------------------------------------------------------------


def _flat_node(id: str, flat: FlatNode, allow_outside: bool, problems: list[str]) -> GraphNode:
    if flat.problem:
        return GraphNode(id, flat.record.type, None, problem=flat.problem, path=flat.path)
    own = None
    if flat.knob is not None and (cls := node_types().get(flat.record.type)):
        own = replace(cls.spec, inputs={**cls.spec.inputs, KNOB: replace(flat.knob, name=KNOB)})
    said: list[str] = []
    node = _look_up(id, flat.record, flat.file, allow_outside, said, own)
    node.voices, node.path = flat.voices, flat.path
    if said:
        problems += [Problem(text, flat.path) for text in said]
    return node


def _look_up(
    id: str, record: NodeRecord, patch_path: Path | None, allow_outside: bool, problems: list[str], own: Spec | None
) -> GraphNode:
    cls = node_types().get(record.type)
    if cls is None:
        close = difflib.get_close_matches(record.type, node_types(), 1)
        hint = f" Did you mean '{close[0]}'?" if close else " Install the package that has it."
        return GraphNode(id, record.type, None, problem=f"there is no block '{record.type}'.{hint}")
    if record.version > cls.version:
        reason = f"saved by a newer version of block '{record.type}' ({record.version}, here {cls.version})"
        return GraphNode(id, record.type, None, problem=f"{reason}. Update nodegraph.")
    node = GraphNode(id, record.type, cls, own_spec=own)
    spec = node.spec
    for name, value in record.params.items():
        if name in spec.inputs:
            node.values[name] = _values(node, spec.inputs[name], value, problems)
        elif name in spec.choices:
            node.settings[name] = _choice(node, name, value, problems)
        elif name in spec.options:
            node.settings[name] = _option(node, name, value, problems)
        else:
            known = [*spec.inputs, *spec.choices, *spec.options]
            problems.append(f"{node.title} has no input or setting '{name}'.{_suggest(name, known)}")
    for name, port in spec.inputs.items():
        node.values.setdefault(name, [float(port.default)])
    for name, choice in spec.choices.items():
        node.settings.setdefault(name, choice.default)
    for name, option in spec.options.items():
        node.settings.setdefault(name, option.default)
        if option.kind == "file":
            _find_file(node, name, patch_path, allow_outside)
    if cls.check is not None and not node.problem:
        node.problem = cls.check(node.settings)
    if cls.formula is not None and not node.problem:
        try:
            cls.formula(node.settings)
        except ValueError as error:
            node.problem = str(error)
    return node


def _values(node: GraphNode, port: In, value: Any, problems: list[str]) -> list[float]:
    values = list(value) if isinstance(value, list | tuple) else [value]
    fine = all(isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v) for v in values)
    if isinstance(value, bool):
        values, fine = [float(value)], True
    if not fine or not values:
        problems.append(f"{node.title}: {port.name} must be a number or a list of numbers, got {_short(value)}.")
        return [port.default]
    most, of = (MOST_MEMBERS, "values") if port.bank else (MOST_LANES, "lanes")
    if len(values) > most:
        problems.append(f"{node.title}: {port.name} has {len(values)} {of}; at most {most} are possible.")
        return [port.default]
    for v in values:
        if not port.min <= v <= port.max:
            unit = f" {port.unit}" if port.unit else ""
            problems.append(
                f"{node.title}: {port.name} must lie in {port.min:g}–{port.max:g}{unit}, got {v:g}. "
                "Set it in the patch or wire a signal."
            )
            return [port.default]
    return [float(v) for v in values]


def _choice(node: GraphNode, name: str, value: Any, problems: list[str]) -> Any:
    choice = node.spec.choices[name]
    if value in choice.values:
        return value
    problems.append(f"{node.title}: {name} must be one of {', '.join(choice.values)}, got {_short(value)}.")
    return choice.default


def _option(node: GraphNode, name: str, value: Any, problems: list[str]) -> Any:
    option = node.spec.options[name]
    default: Any = option.default
    kind = type(default)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is tuple and isinstance(value, list | tuple):
        value = tuple(tuple(v) if isinstance(v, list) else v for v in value)
        member: Any = type(default[0]) if default else float
        if all(_is_number(v) if member in (int, float) else isinstance(v, member) for v in value):
            return value
        problem = f"must be a list of { {str: 'texts', tuple: 'lists'}.get(member, 'numbers') }, got {_short(value)}"
    elif not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        problem = f"must be {_KINDS_IN_WORDS[kind]}, got {_short(value)}"
    elif kind is float and not math.isfinite(value):
        problem = "must be finite"
    elif kind in (int, float) and not _within(value, option.min, option.max):
        unit = f" {option.unit}" if option.unit else ""
        problem = f"must lie in {option.min:g}–{option.max:g}{unit}, got {value:g}"
    else:
        return value
    problems.append(f"{node.title}: {name} {problem}.")
    return default


_KINDS_IN_WORDS: dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
    tuple: "a list",
}


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _find_file(node: GraphNode, name: str, patch_path: Path | None, allow_outside: bool) -> None:
    """Make a file setting an absolute path, or the node a placeholder."""
    reference = node.settings[name]
    if not reference:
        return
    try:
        path = resolve_file(patch_path, reference, allow_outside)
    except PatchError as error:
        node.problem = str(error)
        node.settings[name] = ""  # so that no function of the block opens what may not be opened
        return
    if not path.is_file():
        node.problem = f"file '{reference}' is missing. Put it beside the patch."
        node.settings[name] = ""
        return
    node.settings[name] = str(path)
    found = path.stat()
    node.settings[f"{name}_changed"] = (found.st_mtime_ns, found.st_size)  # a file written anew is read anew


# -- wires -------------------------------------------------------------------------------------------------

_OUTPUT_KINDS = {"outputs": "signal", "frame_outputs": "frames", "event_outputs": "events"}
_INPUT_KINDS = {"inputs": "signal", "frame_inputs": "frames", "event_inputs": "events"}


def _ports(spec: Spec, kinds: dict[str, str]) -> dict[str, str]:
    """Port names with what they carry: "signal", "spectrum frames" …, "events"."""
    ports = {}
    for group, kind in kinds.items():
        for name, port in getattr(spec, group).items():
            ports[name] = f"{port.kind} frames" if kind == "frames" else kind
    return ports


def _wire_fits(wire: Wire, nodes: dict[str, GraphNode], problems: list[str]) -> bool:
    source, target = nodes.get(wire.source), nodes.get(wire.target)
    for id, node in ((wire.source, source), (wire.target, target)):
        if node is None:
            problems.append(f"{_name(wire)}: there is no node '{id}'.")
    if source is None or target is None:
        return False
    if wire.source_port in source.spec.outputs and wire.target_port in target.spec.inputs:  # signals, as most are
        return not (source.problem or target.problem)
    outputs, inputs = _ports(source.spec, _OUTPUT_KINDS), _ports(target.spec, _INPUT_KINDS)
    fits = True
    if source.cls and wire.source_port not in outputs:
        has = f"It has {listed(outputs)}." if outputs else "It has none."
        problems.append(Problem(f"{source.title} has no output '{wire.source_port}'. {has}", source.path))
        fits = False
    if target.cls and wire.target_port not in inputs:
        settings = wire.target_port in target.spec.choices or wire.target_port in target.spec.options
        why = " It is a setting; wires go to inputs." if settings else ""
        has = f"It has {listed(inputs)}." if inputs else "It has none."
        problems.append(Problem(f"{target.title} has no input '{wire.target_port}'.{why} {has}", target.path))
        fits = False
    if not fits or source.cls is None or target.cls is None:
        return False
    gives, takes = outputs[wire.source_port], inputs[wire.target_port]
    if not kinds_fit(gives.removesuffix(" frames"), takes.removesuffix(" frames")):
        others = [name for name, kind in inputs.items() if kind == gives]
        fit = f" {gives.capitalize()} would fit {listed(others)}." if others else _between(gives, takes)
        text = (
            f"{source.title} gives {gives} at '{wire.source_port}', "
            f"but {target.title} takes {takes} at '{wire.target_port}'.{fit}"
        )
        problems.append(Problem(text, source.path))
        return False
    if wire.feedback and gives == "events":
        problems.append(f"{_name(wire)} carries events and cannot be a feedback wire. Take the mark away.")
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


def _find_loops(
    nodes: dict[str, GraphNode], wires: list[Wire], after: dict[str, list[str]], order: list[str], problems: list[str]
) -> list[list[str]]:
    """The feedback components, each in an order in which its unmarked wires run forward.

    ``after`` says where the unmarked wires of each node lead to, ``order`` holds the nodes that they do not loop.
    """
    if len(order) < len(nodes):
        problems += _unmarked_loops(after)
    if problems or not any(wire.feedback for wire in wires):
        return []
    whole = nx.DiGraph()
    whole.add_nodes_from(nodes)
    whole.add_edges_from((wire.source, wire.target) for wire in wires)
    position = {id: i for i, id in enumerate(first_order(after, str))}
    loops = []
    for component in nx.strongly_connected_components(whole):
        if len(component) == 1 and not whole.has_edge(*(2 * tuple(component))):
            continue
        for id in component:
            node = nodes[id]
            spec = node.spec
            if spec.hosts or spec.frame_inputs or spec.frame_outputs or spec.event_inputs or spec.event_outputs:
                text = (
                    f"{node.title} works on whole blocks and cannot stand in the loop "
                    f"{listed(sorted(component))}. Take it out of the loop."
                )
                problems.append(Problem(text, node.path))
        loops.append(sorted(component, key=position.__getitem__))
    return sorted(loops, key=lambda loop: position[loop[0]])


def _unmarked_loops(after: dict[str, list[str]]) -> Iterator[str]:
    """A sentence for each loop of wires of which none is marked."""
    forward = nx.DiGraph(after)
    for component in nx.strongly_connected_components(forward):
        if len(component) > 1 or forward.has_edge(*(2 * tuple(component))):
            cycle = [edge[0] for edge in nx.find_cycle(forward.subgraph(component))]
            loop = " → ".join([*cycle, cycle[0]])
            yield f"The wires {loop} form a loop. Mark the one that closes it as a feedback wire."


# -- inference ---------------------------------------------------------------------------------------------


def _infer_lanes(
    nodes: dict[str, GraphNode],
    wires: list[Wire],
    order: list[str],
    arriving: Mapping[str, list[Wire]],
    problems: list[str],
) -> None:
    """Widths of all ports, by repeated passes until nothing changes (loops need more than one)."""
    if problems:
        return
    loops = any(wire.feedback for wire in wires)
    for _ in range(len(nodes) + 2):
        found: list[str] = []
        changed = False
        for id in order:
            changed |= _node_lanes(nodes, id, arriving.get(id, []), found)
        if found or not changed or not loops:
            problems.extend(found)
            return
    problems.append("Lanes grow without end round a loop. Sum or split them inside the loop.")


def _node_lanes(nodes: dict[str, GraphNode], id: str, wires: list[Wire], problems: list[str]) -> bool:
    node = nodes[id]
    if node.cls is None:
        return False
    before, said = node.output_lanes, len(problems)
    spec = node.spec
    banks = [name for name, port in spec.inputs.items() if port.bank]
    alone = 1 if node.cls.lanes else node.voices  # where nothing is wired
    lanes = {name: max(len(node.values[name]), alone) for name in spec.inputs}
    lanes |= dict.fromkeys([*banks, *spec.frame_inputs], 1)
    arriving: dict[str, list[int]] = {}
    for wire in wires:
        if wire.target_port in lanes:
            found = nodes[wire.source].output_lanes.get(wire.source_port, 1)
            arriving.setdefault(wire.target_port, []).append(found)
    node.input_lanes = lanes | {name: max(widths) for name, widths in arriving.items()}
    for name in lanes:
        widths = arriving.get(name, [])
        if len(widths) > 1 and len({width for width in widths if width > 1}) > 1:
            mixed = listed([str(width) for width in widths])
            problems.append(
                f"{node.title}: the wires into '{name}' have {mixed} lanes; "
                "they must be equal or 1. Put sum_lanes or split before it."
            )
    sounding = {name: width for name, width in node.input_lanes.items() if name not in banks}
    widest = max(sounding.values(), default=1)
    if widest == 1 and node.cls.block is None:
        widest = node.voices
    if node.cls.lanes is not None:
        node.output_lanes = dict(node.cls.lanes(sounding, node.settings))
        node.lanes = max([widest, *node.output_lanes.values()])
    else:
        wide = {name: width for name, width in sounding.items() if width > 1}
        if len(set(wide.values())) > 1:
            ports = listed([f"{width} at '{name}'" for name, width in wide.items()])
            problems.append(
                f"{node.title} has inputs of unequal width: {ports}. Lanes must be equal or 1: "
                "put sum_lanes or split before it."
            )
        node.output_lanes = dict.fromkeys([*spec.outputs, *spec.frame_outputs], widest)
        node.lanes = widest
    if node.lanes > MOST_LANES:
        problems.append(f"{node.title} would have {node.lanes} lanes; at most {MOST_LANES} are possible.")
    if len(problems) > said:
        problems[said:] = [Problem(text, node.path) for text in problems[said:]]
    return before != node.output_lanes


def _check_voices(flat: Flat, nodes: dict[str, GraphNode], problems: list[str]) -> None:
    """What comes into several voices has one lane for all of them, or one for each."""
    found = []
    for arrival in flat.arrivals:
        source = flat.source(*arrival.source)
        if source is None or source[0] not in nodes:
            continue
        lanes = nodes[source[0]].output_lanes.get(source[1], 1)
        if lanes not in (1, arrival.voices):
            what = f"subpatch '{'/'.join(arrival.path)}'" if arrival.path else "The patch"
            text = (
                f"{what} has {arrival.voices} voices, but {lanes} lanes arrive at '{arrival.port}'. Give it "
                f"one lane, or {arrival.voices}: set its voices to {lanes}, or put sum_lanes or split before it."
            )
            found.append(Problem(text, arrival.path))
    problems[:0] = found


def _infer_frames(
    nodes: dict[str, GraphNode],
    order: list[str],
    arriving: Mapping[str, list[Wire]],
    rate: float,
    problems: list[str],
) -> None:
    """Sizes and clocks of frame wires, from the blocks that make frames onwards."""
    if problems:
        return
    for id in order:
        said = len(problems)
        infer_node(nodes[id], nodes, arriving.get(id, []), rate, problems)
        if len(problems) > said:
            problems[said:] = [Problem(text, nodes[id].path) for text in problems[said:]]


def _infer_banks(nodes: dict[str, GraphNode]) -> None:
    """Members of each bank, and a value for each of them."""
    for node in nodes.values():
        frames = node.frame_inputs | node.frame_types
        for name, port in node.spec.inputs.items():
            if port.bank:
                found = frames.get(port.bank)
                node.banks[name] = found.bins if found else max(int(node.settings.get(port.bank, 1)), 1)
                node.values[name] = node.knob_values(name, node.values[name])


def _infer_latency(
    nodes: dict[str, GraphNode], order: list[str], arriving: Mapping[str, list[Wire]], rate: float, compensate: bool
) -> None:
    for id in order:
        node = nodes[id]
        if node.cls is None or node.waiting:
            continue
        node.latency = int(node.cls.latency(node.settings, rate)) if node.cls.latency else 0
        arrival = max((nodes[wire.source].delay for wire in arriving.get(id, ()) if not wire.feedback), default=0)
        if compensate and node.frame_types and not node.frame_inputs:
            # Frames of one clock must be whole hops apart to meet again.
            arrival += -arrival % node.settings["hop"]
        node.delay = node.latency + arrival


# -- words -------------------------------------------------------------------------------------------------


def _name(wire: Wire) -> str:
    return f"The wire {wire.source}.{wire.source_port} → {wire.target}.{wire.target_port}"


def _suggest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" It has {listed(known)}." if known else ""


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 40 else text[:37] + "…"
