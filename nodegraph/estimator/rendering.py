"""Rendering of many settings of a patch: as lanes or copies in one plan where the patch allows it, else in turn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from nodegraph.engine.offline import Offline
from nodegraph.engine.rewind import RewindableEngine, can_rewind
from nodegraph.graph import Graph, GraphError, GraphNode, build_graph
from nodegraph.graph.knobs import knob_changes
from nodegraph.graph.outputs import LANE_MIX, output_channels
from nodegraph.graph.side_effects import without_side_effects
from nodegraph.patch import Change, Document, SetParam, SetParams, ValueChange, locate
from nodegraph.patch.actions import parse_port_ref, within
from nodegraph.patch.change import VALUES

from .copies import copies_of, copy_id
from .parameters import Parameter, ParameterError

LANES = (8, 16, 32, 64, 128)  # lanes of a plan; with more, its buffers do not fit the cache of a core
FAST_LANES = 64  # twice as many are hardly faster for each setting
COPIES = (1, 4, 16)  # copies of a graph in a plan


class BatchRenderer:
    """Renders settings of a patch's parameters to sounds, hundreds at once.

    A setting is one value for each of ``parameters``. Its sound is the mean of the output channels of the patch,
    ``seconds`` long at ``rate`` Hz, from silence. Inputs of the patch are silent, and recorders write nothing. Every
    setting is rendered with the seed of the document, so that two of them differ by their values only. All results
    equal those of single renders, sample by sample. ``threads`` batches are rendered at the same time.
    """

    def __init__(
        self,
        document: Document,
        parameters: Sequence[Parameter],
        seconds: float = 1.0,
        rate: float = 16384.0,
        path: Path | None = None,
        threads: int = 1,
    ) -> None:
        self.document, self.parameters, self.path = document, tuple(parameters), path
        self.rate, self.samples = float(rate), round(seconds * rate)
        self._graph = graph = self._typed(document)
        self._knobs = [_knobs_of(graph, parameter) for parameter in self.parameters]
        self._rewinds = can_rewind(graph) and all(knobs is not None for knobs in self._knobs)
        self._channels = output_channels(graph)
        self.as_lanes = self._rewinds and self._can_use_lanes(graph)
        self._engines: list[dict[int, RewindableEngine]] = [{} for _ in range(max(threads, 1))]
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    def render(self, values: np.ndarray) -> np.ndarray:
        """Return the sounds, float32 (N, samples), of settings (N, P) in the units of the ports.

        Raises ParameterError for a value outside the range of its parameter.
        """
        values = self._checked(values)
        sounds = np.empty((len(values), self.samples), np.float32)
        width = self._width(len(values))
        starts = range(0, len(values), width)

        def work(thread: int) -> None:
            for start in starts[thread :: len(self._engines)]:
                self._render_into(sounds[start : start + width], values[start : start + width], width, thread)

        list(self._pool.map(work, range(len(self._engines)))) if self._pool else work(0)
        return sounds

    @property
    def batch(self) -> int:
        """The smallest number of settings that is rendered at nearly the highest speed."""
        if not self._rewinds:
            return len(self._engines)
        return len(self._engines) * (FAST_LANES if self.as_lanes else COPIES[-1])

    def close(self) -> None:
        """Release the engines."""
        if self._pool is not None:
            self._pool.shutdown()
        for engines in self._engines:
            for engine in engines.values():
                engine.close()
            engines.clear()

    def __enter__(self) -> BatchRenderer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _checked(self, values: np.ndarray) -> np.ndarray:
        values = np.atleast_2d(np.asarray(values, np.float64))
        if values.shape[1:] != (len(self.parameters),):
            raise ParameterError(f"a setting must have {len(self.parameters)} values, got {values.shape[-1]}.")
        for parameter, column in zip(self.parameters, values.T, strict=True):
            outside = ~((column >= parameter.low) & (column <= parameter.high))
            if outside.any():
                rule = f"must lie in {parameter.low:g}–{parameter.high:g}"
                raise ParameterError(f"control '{parameter.name}': {rule}, got {column[outside][0]:.12g}.")
        return values

    def _width(self, count: int) -> int:
        """Return the number of settings that one plan renders at once, for ``count`` settings."""
        if not self._rewinds:
            return 1
        share = -(-count // len(self._engines))
        widths = LANES if self.as_lanes else COPIES
        return next((width for width in widths if width >= share), widths[-1])

    def _can_use_lanes(self, graph: Graph) -> bool:
        if any(parameter.lane is not None for parameter in self.parameters):
            return False
        try:
            laned = self._graph_of(7)  # any number: only whether each port has it matters
        except GraphError:
            return False
        return lanes_are_independent(graph, laned, [id for knobs in self._knobs for id, _ in knobs or ()], 7)

    def _graph_of(self, lanes: int) -> Graph:
        """Return the typed graph with ``lanes`` values of each parameter."""
        document = self.document
        for parameter in self.parameters:
            name, port = parse_port_ref(parameter.target)
            path, node = locate(document, name)
            document = within(path, SetParam(node, port, [parameter.low] * lanes)).apply(document)
        return with_separate_lanes(self._typed(document), self._graph)

    def _typed(self, document: Document) -> Graph:
        return without_side_effects(build_graph(document, self.rate, self.path))

    def _engine(self, width: int, thread: int) -> RewindableEngine:
        engines = self._engines[thread]
        if width not in engines:
            if self.as_lanes:
                engines[width] = RewindableEngine(self._graph_of(width), channels=width, same_seed=True)
            else:
                copies = copies_of(self._graph, width, self._channels)
                seeds = {copy_id(node.id, k): node.id for node in self._graph.typed_nodes for k in range(width)}
                engines[width] = RewindableEngine(copies, channels=width * self._channels, seed_ids=seeds)
        return engines[width]

    def _render_into(self, out: np.ndarray, values: np.ndarray, width: int, thread: int) -> None:
        """Render at most ``width`` settings with the engine of a thread."""
        if not self._rewinds:
            out[0] = self._render_anew(values[0])
            return
        engine = self._engine(width, thread)
        engine.rewind()
        settings = np.concatenate([values, np.repeat(values[-1:], width - len(values), axis=0)])
        for parameter, column, knobs in zip(self.parameters, settings.T, self._knobs, strict=True):
            for node, port in knobs or ():
                if self.as_lanes:
                    engine.set_initial(node, port, column)
                    continue
                for k, value in enumerate(column):
                    engine.set_initial(copy_id(node, k), port, [value], parameter.lane)
        channels = engine.run_channels(self.samples)
        sounds = channels if self.as_lanes else channels.reshape(width, self._channels, -1).mean(axis=1)
        out[:] = sounds[: len(values)]

    def _render_anew(self, setting: np.ndarray) -> np.ndarray:
        """Render one setting in an engine of its own: for patches with state outside the plan."""
        engine = Offline(self._typed(with_setting(self._graph, self.parameters, setting)))
        try:
            mean: np.ndarray = engine.run_samples(self.samples).mean(axis=1)
            return mean
        finally:
            engine.close()


def with_separate_lanes(laned: Graph, graph: Graph) -> Graph:
    """Return a copy of ``laned`` in which no node links or mixes its lanes that has one lane in ``graph``."""
    separate: Graph = laned.copy()
    for node in laned.typed_nodes:
        one = graph.find(node.id)
        if one is None or node.cls is None or _widest(one) > 1:
            continue
        apart = {node.cls.linked_by: "separate"} if node.cls.linked_by else {}
        if node.cls.device == "output":
            apart = {LANE_MIX: "lanes"}
        separate.nodes[node.id]["node"] = replace(node, settings=node.settings | apart)
    nx.freeze(separate)
    return separate


def lanes_are_independent(graph: Graph, laned: Graph, varied: Sequence[str], lanes: int) -> bool:
    """Return whether ``laned`` computes ``lanes`` settings of ``graph`` side by side, one in each lane.

    ``varied`` are the nodes whose inputs have several values in ``laned``. All nodes that depend on them must have one
    lane in ``graph``, ``lanes`` lanes in ``laned``, and nothing that lanes share. Several lanes may not reach the
    output in any other way.
    """
    affected = set(varied)
    for id in varied:
        affected |= nx.descendants(graph, id)
    for node in graph.typed_nodes:
        if node.cls is None or node.problem:
            continue
        if node.id not in affected:
            if node.cls.device == "output" and max(node.input_lanes.values(), default=1) > 1:
                return False
            continue
        spec = node.spec
        shared = [spec.memories, spec.helpers, spec.banks, spec.event_inputs, spec.event_outputs]
        if any(shared) or node.cls.lanes is not None or _widest(node) > 1:
            return False
        if node.id in laned and _widest(laned.node(node.id)) != lanes:
            return False
    return set(laned) == set(graph)


def _widest(node: GraphNode) -> int:
    return max([node.lanes, *node.input_lanes.values(), *node.output_lanes.values()])


def setting_action(graph: Graph, parameters: Sequence[Parameter], setting: Sequence[float] | np.ndarray) -> SetParams:
    """Return the action that sets each parameter in the document of a typed graph, in the units of the ports."""
    document = with_setting(graph, parameters, setting)
    return SetParams({parameter.target: _value_in(document, parameter) for parameter in parameters})


def with_setting(graph: Graph, parameters: Sequence[Parameter], setting: Sequence[float] | np.ndarray) -> Document:
    """Return the document of a typed graph with a value for each parameter, in the units of the ports."""
    document = graph.document
    for parameter, value in zip(parameters, setting, strict=True):
        document = _with_value(graph, document, parameter, float(value))
    return document


def current_setting(graph: Graph, parameters: Sequence[Parameter]) -> np.ndarray | None:
    """Return the values (P,) of parameters in the document of a typed graph; None if one has none, or several."""
    values = []
    for parameter in parameters:
        known = graph.knobs_of(*parse_port_ref(parameter.target))
        lanes = list(graph.node(known[0][0]).values.get(known[0][1], ())) if known else []
        if parameter.lane is not None:
            lanes = lanes[parameter.lane : parameter.lane + 1]
        if len(set(lanes)) != 1:
            return None
        values.append(lanes[0])
    return np.array(values, np.float64)


def _with_value(graph: Graph, document: Document, parameter: Parameter, value: float) -> Document:
    name, port = parse_port_ref(parameter.target)
    path, node = locate(document, name)
    old = _value_in(document, parameter)
    new: Any = value
    if parameter.lane is not None:
        new = _values_of(graph, name, port, old)
        new[parameter.lane : parameter.lane + 1] = [value] if parameter.lane < len(new) else []
    elif isinstance(old, list):
        new = [value] * len(old)
    return within(path, SetParam(node, port, new)).apply(document)


def _value_in(document: Document, parameter: Parameter) -> Any:
    """Return the value of a parameter's input in a document, for all its lanes; None for the default."""
    name, port = parse_port_ref(parameter.target)
    path, node = locate(document, name)
    return document.nested(path).nodes[node].params.get(port)


def _values_of(graph: Graph, name: str, port: str, value: Any) -> list[float]:
    """Return one value for each lane or bank member of an input with a value of the document."""
    knobs = graph.knobs_of(name, port)
    if not knobs:
        return []
    node, knob = graph.node(knobs[0][0]), knobs[0][1]
    numbers = value if isinstance(value, list) else [] if value is None else [value]
    return list(node.knob_values(knob, [float(number) for number in numbers])) or list(node.values[knob])


def _knobs_of(graph: Graph, parameter: Parameter) -> list[tuple[str, str]] | None:
    """Return the knobs of the graph that a parameter sets, or None if its values change more than knobs.

    They are empty if the input is wired: the parameter is then inaudible.
    """
    name, port = parse_port_ref(parameter.target)
    path, node = locate(graph.document, name)
    found: dict[tuple[str, str], None] = {}
    for value in (parameter.low, parameter.high):
        after = _with_value(graph, graph.document, parameter, value)
        edited = ValueChange(path, node, port, after.nested(path).nodes[node].params[port])
        knobs = knob_changes(graph, Change(graph.document, after, VALUES, (edited,)))
        if knobs is None:
            return None
        found |= dict.fromkeys((knob.node, knob.port) for knob in knobs)
    return [knob for knob in found if not graph.into(*knob)]
