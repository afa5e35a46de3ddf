"""From the typed graph to a plan: rows of kernels over shared buffers, ready to be walked.

A plan is data. Compiling one places kernels that exist already; nothing is turned into machine code
unless a kernel is used for the first time. A plan takes over from the one before it: states, knobs
and delay lines by node id, and where the wires into a port have changed it glides from the last value
heard to the new signal.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from ..graph import Graph, GraphNode
from ..kernel import QUANTUM, Kernel, kernel_of
from ..node import In
from ..patch import Wire
from . import layout as at
from .buffers import FLOAT, Buffer, Operand, Ref, Row, StateBlock, place
from .frame_rows import FrameBuffer, place_frame_parts
from .memory import ALIGNMENT, Memory, bits, view
from .packing import Group, groups_in_order
from .rows import COMPENSATE, COPY_LANES, DECLICK, FRESH, LOOP, MIX

SMOOTHING = 0.01  # s, how long a knob takes to its new value
FADE = 0.01  # s, how long a changed wire takes to its new signal

SPARE_HANDLES = 1024  # handles of ports that are gone, kept before they are given to others

Port = tuple[str, str]
BUS: Port = ("", "device")
_serials = itertools.count(1)


@dataclass
class Io:
    """The engine's own buffers: (address, channels) of what comes from and goes to the device.

    ``input_columns`` are the first channels that input nodes read, ``other_column`` that of all others.
    """

    input: tuple[int, int]
    output: tuple[int, int]
    input_columns: dict[str, int] = field(default_factory=dict)
    other_column: int = 0


@dataclass(eq=False)
class Slot:
    """The knobs of one input (of all nodes in a packed row): one smoothed value a lane."""

    ports: list[tuple[Port, int, int]]
    values: list[float]
    buffer: Buffer
    smooth: bool
    address: int = 0
    arrays: tuple[int, int, int, int] = (0, 0, 0, 0)
    strides: list[int] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class KnobStride:
    """The stride of an input that reads a knob: written by the engine, so the slot must know all such words."""

    slot: Slot

    def __call__(self) -> int:
        return self.slot.buffer.lanes


@dataclass(frozen=True)
class Source:
    """What an input reads: data and stride as operands, one or several lanes."""

    data: Callable[[], int]
    stride: Operand
    lanes: int
    buffer: Buffer
    lane: int = 0
    delayed: bool = False
    last: Callable[[], int] | None = None
    knob: Slot | None = None


@dataclass
class RowInfo:
    """A row as people see it: kernel, the nodes in it with (first lane, lanes), address, lanes, outputs."""

    kernel: str
    places: list[tuple[str, int, int]]
    address: int
    lanes: int
    outputs: int
    inner: list[RowInfo] = field(default_factory=list)

    @property
    def flat(self) -> list[RowInfo]:
        """The rows that really compute."""
        return [row for inner in self.inner for row in inner.flat] if self.inner else [self]

    def place_of(self, output: int, lane: int) -> tuple[str, int] | None:
        """The node behind an output (counted over the rows of a loop) and lane, and which lane of it that is.

        For what the plan itself adds up, it is the node that is fed.
        """
        for row in self.flat:
            if output < row.outputs and row.places:
                fits = (place for place in row.places if not self.lanes or place[1] <= lane < place[1] + place[2])
                id, first, _ = next(fits, row.places[0])
                return id, max(lane - first, 0)
            output -= min(row.outputs, output)
        return None

    def nodes_at(self, lane: int) -> list[str]:
        """The nodes that a fault in a lane keeps mute."""
        places = [place for row in self.flat for place in row.places]
        return [id for id, first, lanes in places if not self.lanes or first <= lane < first + lanes]


class Plan:
    """A compiled patch. ``address`` is what the engine walks; the rest is for people and the next plan."""

    def __init__(self, graph: Graph, handles: dict[Port, int]) -> None:
        self.graph = graph
        self.handles = handles
        self.serial = next(_serials)
        self.memory = Memory()
        self.address = 0
        self.rows: list[RowInfo] = []
        self.bytes_used = self.bytes_unshared = 0
        self.latency = 0
        self.lines: dict[Any, np.ndarray] = {}
        self.hosts: dict[Any, Any] = {}
        self.takeover: dict[Any, tuple[int, int]] = {}
        self.port_sources: dict[Port, Any] = {}
        self.port_last: dict[Port, list[tuple[int, int, bool]]] = {}
        self.fading: dict[Port, int] = {}
        self.output_last: dict[Port, tuple[int, int]] = {}
        self.python_kernels: list[Kernel] = []

    def value(self, node: str, port: str) -> np.ndarray:
        """Latest sample of an output, one float a lane."""
        address, lanes = self.output_last[(node, port)]
        return view(address, lanes, np.float32).copy()

    def faults(self) -> list[tuple[str, int]]:
        """Nodes that are mute because they gave NaN or Inf, with the lane."""
        return [found for info, lane, output in self._muted() if (found := info.place_of(output, lane))]

    def silenced(self) -> set[str]:
        """All nodes that a fault keeps mute: those of a feedback loop together."""
        return {id for info, lane, _ in self._muted() for id in info.nodes_at(lane)}

    def _muted(self) -> Iterator[tuple[RowInfo, int, int]]:
        """Rows with the lane that is mute (0 where they fail together) and the output that began."""
        for info in self.rows:
            row = view(info.address, at.ROW_WORDS, np.int64)
            if row[at.ROW_FLAGS] & at.FLAG_MUTED:
                details = view(int(row[at.ROW_DETAILS]), at.DETAIL_WORDS, np.int64)
                units = view(int(details[at.DETAIL_FAULTS]), max(info.lanes, 1), np.int64)
                yield from ((info, lane, int(output) - 1) for lane, output in enumerate(units) if output)


def compile_plan(
    graph: Graph,
    io: Io,
    previous: Plan | None = None,
    handles: dict[Port, int] | None = None,
    open_host: Callable[[GraphNode, Any], Any] | None = None,
    pack: bool = True,
    compensate: bool = True,
) -> Plan:
    """Lay out a graph as a plan. Raises KernelError where a block cannot become a kernel."""
    return Compiler(graph, io, previous, handles, open_host, pack, compensate).run()


class Compiler:
    """One compilation: places groups of nodes row by row, then writes everything down."""

    def __init__(
        self,
        graph: Graph,
        io: Io,
        previous: Plan | None,
        handles: dict[Port, int] | None,
        open_host: Callable[[GraphNode, Any], Any] | None,
        pack: bool,
        compensate: bool,
    ) -> None:
        self.graph, self.io, self.previous = graph, io, previous
        self.open_host = open_host
        self.pack, self.compensate = pack, compensate
        self.plan = Plan(graph, {} if handles is None else handles)
        self.memory = self.plan.memory
        self.refs: dict[Port, Ref] = {}
        self.slots: list[Slot] = []
        self.rows: list[Row] = []
        self.out = self.rows
        self.copies: list[tuple[int, int, int, int, int]] = []
        self.late: list[Callable[[], None]] = []
        self.fed_back = {(w.source, w.source_port) for w in graph.wires if w.feedback}
        self.buffers: list[Buffer] = []
        self.silenced = previous.silenced() if previous else set()
        self.clocks: dict[int, int] = {}
        self.frame_refs: dict[Port, FrameBuffer] = {}

    def run(self) -> Plan:
        for group in groups_in_order(self.graph, self.pack):
            self.place_group(group)
        self.place_bus()
        plan = self.plan
        plan.bytes_used, plan.bytes_unshared = place(self.rows, self.memory)
        for slot in self.slots:
            slot.buffer.address = self.memory.reserve(slot.buffer.size)
        self.place_last_samples()
        self.place_argument_blocks(self.rows)
        for step in self.late:
            step()
        self.write_plan()
        return plan

    # -- nodes ---------------------------------------------------------------------------------------------

    def place_group(self, group: Group) -> None:
        if len(group[0]) == 1 and not self.is_loop(group[0]):
            self.place_nodes([self.graph.nodes[unit[0]] for unit in group])
            return
        inner: list[Row] = []
        columns = [[self.graph.nodes[unit[j]] for unit in group] for j in range(len(group[0]))]
        outputs = {}
        for nodes in columns:  # what is read one sample late must exist before its writer is placed
            outputs[nodes[0].id] = self.make_outputs(nodes)
        outer, self.out = self.out, inner
        for nodes in columns:
            self.place_nodes(nodes, outputs[nodes[0].id])
        self.out = outer
        words: list[Operand] = [len(inner)]
        for row in inner:
            words += [lambda row=row: row.kernel.address, lambda row=row: row.words_address]  # type: ignore[misc]
        lanes = {part.lanes for part in inner}
        whole = Row(LOOP, words, [], [], inner=inner, lanes=lanes.pop() if len(lanes) == 1 else 0)
        self.out.append(whole)

    def is_loop(self, unit: tuple[str, ...]) -> bool:
        return any(set(unit) == set(loop) for loop in self.graph.loops)

    def make_outputs(self, nodes: list[GraphNode]) -> dict[str, Buffer]:
        buffers = {}
        for name in nodes[0].spec.outputs:
            lanes = sum(node.output_lanes[name] for node in nodes)
            fed_back = any((node.id, name) in self.fed_back for node in nodes)
            buffer = self.new_buffer(lanes, fed_back)
            buffers[name] = buffer
            lane = 0
            for node in nodes:
                width = node.output_lanes[name]
                ref = Ref(buffer, lane, width)
                self.refs[(node.id, name)] = ref
                self.late.append(lambda n=node, p=name, r=ref: self.record_output(n, p, r))  # type: ignore[misc]
                lane += width
        return buffers

    def new_buffer(self, lanes: int, feedback: bool = False) -> Buffer:
        buffer = Buffer(lanes, feedback)
        self.buffers.append(buffer)
        return buffer

    def record_output(self, node: GraphNode, port: str, ref: Ref) -> None:
        self.plan.output_last[(node.id, port)] = (ref.last(), ref.lanes)
        if ref.buffer.feedback:
            row = ref.buffer.address + FLOAT * (QUANTUM * ref.buffer.lanes + ref.lane)
            self.take_over(("feedback", node.id, node.type, port), row, FLOAT * ref.lanes)

    def place_nodes(self, nodes: list[GraphNode], outputs: dict[str, Buffer] | None = None) -> None:
        """One row for one node, or for like nodes side by side."""
        first = nodes[0]
        assert first.cls is not None
        if first.waiting:  # for frames that do not come: its outputs stay silent
            for buffer in self.make_outputs(nodes).values():
                silence: list[Operand] = [Ref(buffer, 0, buffer.lanes).address, buffer.lanes, 0, 0, 0]
                self.out.append(Row(MIX, silence, [buffer], [], lanes=buffer.lanes))
            return
        kernel = kernel_of(first.cls, first.settings)
        self.plan.python_kernels.append(kernel)
        lanes = sum(node.lanes for node in nodes)
        sources = {name: self.input_of(nodes, port, lanes, kernel) for name, port in first.spec.inputs.items()}
        outputs = self.make_outputs(nodes) if outputs is None else outputs
        words: list[Operand] = [0] * kernel.words
        words[0], words[1], words[2] = lanes, float(self.graph.rate), 1.0 / self.graph.rate
        for name, source in sources.items():
            word = kernel.places[name].word
            words[word] = source.data
            words[word + 1] = source.stride if kernel.is_tick else source.lanes
        for name, buffer in outputs.items():
            word = kernel.places[name].word
            words[word] = Ref(buffer, 0, buffer.lanes).address
            if not kernel.is_tick:
                words[word + 1] = buffer.lanes
        row = Row(
            kernel,
            words,
            list(outputs.values()),
            [source.buffer for source in sources.values()],
            lanes=lanes if kernel.is_tick else 0,
        )
        lane = 0
        for node in nodes:
            row.nodes.append((node.id, lane, node.lanes))
            lane += node.lanes
        self.place_states(kernel, nodes, row, lanes, {node.id for node in nodes if self.starts_anew(node)})
        self.place_lines(kernel, nodes, row)
        self.place_tables(kernel, first, row)
        self.place_hosts(kernel, first, row)
        for name in kernel.numbers:
            value = first.settings[name]
            row.words[kernel.places[name].word] = int(value) if kernel.places[name].integer else float(value)
        if first.cls.device == "input":
            word = kernel.places["device"].word
            row.words[word], row.words[word + 1] = self.io.input
            row.words[word + 2] = self.io.input_columns.get(first.id, self.io.other_column)
        if first.cls.frame is None:
            self.out.append(row)
        else:
            self.out += place_frame_parts(self, kernel, first, row)

    def starts_anew(self, node: GraphNode) -> bool:
        """Whether the states of a node may not be carried over: they could point beyond a line's new end."""
        assert node.cls is not None
        if self.previous is None:
            return False
        for name in node.spec.lines:
            length = self.line_length(node, name)
            for key in ((node.id, node.type, name, 0), (node.id, node.type, name, -node.lanes)):
                found = self.previous.lines.get(key)
                if found is not None and len(found) != (length if key[-1] == 0 else length * node.lanes):
                    return True
        return False

    def line_length(self, node: GraphNode, name: str) -> int:
        return max(1, int(node.spec.lines[name].length(node.settings, self.graph.rate)))

    def place_states(
        self, kernel: Kernel, nodes: list[GraphNode], row: Row, lanes: int, anew: set[str]
    ) -> None:
        names = list(nodes[0].spec.states)
        if not names:
            return
        initial = np.zeros((len(names), lanes), np.float64)
        for j, name in enumerate(names):
            state, lane = nodes[0].spec.states[name], 0
            for node in nodes:
                for k in range(node.lanes):
                    value: float = state.init
                    if state.seeded:
                        value = seed_of(self.graph.document.seed, node.id, name, k)
                    if kernel.places[name].integer:
                        initial[j : j + 1].view(np.int64)[0, lane] = int(value)
                    else:
                        initial[j, lane] = value
                    lane += 1
        size = 8 * len(names) * lanes
        block = StateBlock(self.memory.reserve(size), len(names), lanes, self.memory.reserve(size))
        for address in (block.data, block.initial):
            view(address, len(names) * lanes, np.float64)[:] = initial.ravel()
        row.states.append(block)
        for j, name in enumerate(names):
            row.words[kernel.places[name].word] = block.data + 8 * j * lanes
            if not kernel.is_tick:
                row.words[kernel.places[name].word + 1] = lanes
            for node, (_, lane, width) in zip(nodes, row.nodes, strict=True):
                address = block.data + 8 * (j * lanes + lane)
                self.take_over(("state", node.id, node.type, name), address, 8 * width, node.id not in anew)

    def place_lines(self, kernel: Kernel, nodes: list[GraphNode], row: Row) -> None:
        for name in nodes[0].spec.lines:
            word = kernel.places[name].word
            length = self.line_length(nodes[0], name)
            if kernel.is_tick:
                pointers = [
                    self.line((node.id, node.type, name, k), length).ctypes.data
                    for node in nodes
                    for k in range(node.lanes)
                ]
                row.words[word], row.words[word + 1] = self.memory.words(pointers), length
                row.lines += [(pointer, length, lane) for lane, pointer in enumerate(pointers)]
            else:
                node = nodes[0]
                whole = self.line((node.id, node.type, name, -node.lanes), length * node.lanes)
                row.words[word : word + 3] = [whole.ctypes.data, node.lanes, length]
                row.lines.append((whole.ctypes.data, len(whole), -1))

    def line(self, key: Any, length: int) -> np.ndarray:
        """The memory of a delay line: the same as in the plan before if its length is."""
        found = self.previous.lines.get(key) if self.previous else None
        if found is None or len(found) != length or key[0] in self.silenced:
            found = np.empty(length, np.float32)
            found.fill(0.0)  # touch every page now, not in the audio thread
        self.plan.lines[key] = found
        return found

    def place_tables(self, kernel: Kernel, node: GraphNode, row: Row) -> None:
        for name, table in node.spec.tables.items():
            word = kernel.places[name].word
            values = _table(table.make, tuple(node.settings.items()), self.graph.rate)
            self.plan.lines[("table", node.id, name)] = values
            row.words[word], row.words[word + 1] = values.ctypes.data, len(values)

    def place_hosts(self, kernel: Kernel, node: GraphNode, row: Row) -> None:
        for name, host in node.spec.hosts.items():
            key = (node.id, node.type, name, repr(sorted(node.settings.items())), node.lanes)
            helper = self.previous.hosts.get(key) if self.previous else None
            if helper is None:
                assert self.open_host is not None
                helper = self.open_host(node, host)
            self.plan.hosts[key] = helper
            for array_name, values in helper.arrays.items():
                if array_name in kernel.places:
                    word = kernel.places[array_name].word
                    row.words[word], row.words[word + 1] = values.ctypes.data, len(values)

    # -- inputs --------------------------------------------------------------------------------------------

    def input_of(self, nodes: list[GraphNode], port: In, lanes: int, kernel: Kernel) -> Source:
        """What one input of a row reads: a buffer that is there already, a knob's, or a mix."""
        width = lanes if kernel.is_tick else nodes[0].input_lanes[port.name]
        if all(self.is_plain_knob(node, port) for node in nodes):
            return self.knob(nodes, port, width)
        parts: list[tuple[int, int, list[Source]]] = []
        lane = 0
        for node in nodes:
            own = node.lanes if kernel.is_tick else width
            parts.append((lane, own, self.sources_of(node, port, own)))
            lane += own
        direct = self.side_by_side(parts, width, gaps=kernel.is_tick)
        if direct is not None:
            return direct
        return self.mixed(parts, width)

    def is_plain_knob(self, node: GraphNode, port: In) -> bool:
        return not self.graph.into(node.id, port.name) and not self.fades((node.id, port.name), port)

    def sources_of(self, node: GraphNode, port: In, lanes: int) -> list[Source]:
        """Everything that arrives at one port of one node: its wires, or its knob, or a glide to either."""
        key = (node.id, port.name)
        wires = self.graph.into(*key)
        if wires:
            sources = [self.wire_source(wire) for wire in wires]
        else:
            sources = [self.knob([node], port, lanes)]
        self.remember_sources(key, sources, self.identity(wires))
        if self.fades(key, port):
            sources = [self.glide(key, sources, lanes)]
        return sources

    def early(self, wire: Wire) -> int:
        """Samples by which a wire must be delayed to meet the latest at its end."""
        target = self.graph.nodes[wire.target]
        early = target.delay - target.latency - self.graph.nodes[wire.source].delay
        return max(early, 0) if self.compensate and not wire.feedback else 0

    def wire_source(self, wire: Wire) -> Source:
        ref = self.refs[(wire.source, wire.source_port)]
        if wire.feedback:
            ref = Ref(ref.buffer, ref.lane, ref.lanes, delayed=True)
            return self.source(ref)
        if early := self.early(wire):
            return self.compensated(wire, self.source(ref), early)
        return self.source(ref)

    def source(self, ref: Ref) -> Source:
        return Source(
            ref.address, ref.buffer.lanes, ref.lanes, ref.buffer, ref.lane, ref.delayed, ref.last
        )

    def knob(self, nodes: list[GraphNode], port: In, lanes: int) -> Source:
        buffer = Buffer(lanes, kept=True)
        slot = Slot([], [], buffer, port.smooth)
        lane = 0
        for node in nodes:
            values = node.values[port.name]
            width = lanes if len(nodes) == 1 else node.lanes
            slot.ports.append(((node.id, port.name), lane, width))
            slot.values += [values[k % len(values)] for k in range(width)]
            if len(nodes) > 1 or (node.id, port.name) not in self.plan.port_sources:
                self.plan.port_sources[(node.id, port.name)] = ("knob",)
            lane += width
        slot.address = self.memory.reserve(8 * at.SLOT_WORDS)
        slot.arrays = tuple(self.memory.reserve(8 * lanes) for _ in range(4))  # type: ignore[assignment]
        current, target = slot.arrays[:2]
        for address in (current, target):
            view(address, lanes, np.float64)[:] = slot.values
        for key, lane, width in slot.ports:
            node_type = self.graph.nodes[key[0]].type
            self.plan.port_last.setdefault(key, [(current + 8 * lane, width, True)])
            for i, address in enumerate(slot.arrays):
                self.take_over(("knob", key, node_type, i), address + 8 * lane, 8 * width)
        self.slots.append(slot)
        return Source(lambda: buffer.address, KnobStride(slot), lanes, buffer, knob=slot)

    def side_by_side(
        self, parts: list[tuple[int, int, list[Source]]], width: int, gaps: bool = False
    ) -> Source | None:
        """A source that can be read as it is: neighbouring lanes of one buffer in the right order.

        ``gaps`` allows more lanes in the buffer than are read (ticks of several lanes step over them)."""
        if any(len(sources) != 1 for _, _, sources in parts):
            return None
        first = parts[0][2][0]
        for lane, own, (source,) in parts:
            fits = source.buffer is first.buffer and source.lane == first.lane + lane and source.lanes == own
            if not fits or source.delayed != first.delayed or source.knob is not first.knob:
                return None
        if first.buffer.lanes == width or (gaps and width > 1):
            return Source(first.data, first.stride, width, first.buffer, first.lane, first.delayed)
        return None

    def mixed(self, parts: list[tuple[int, int, list[Source]]], width: int) -> Source:
        """Sum or gather sources into a buffer of their own."""
        entries: list[tuple[Source, int, int, int, int]] = []
        longest = 1
        for lane, own, sources in parts:
            for source, run in _runs(sources, own):
                longest = max(longest, run)
                entries.append((source, 1 if source.lanes > 1 else 0, lane, own, run))
        simple = all(len(sources) == 1 for _, _, sources in parts)
        buffer = self.new_buffer(width)
        words: list[Operand] = [Ref(buffer, 0, width).address, width, self.memory.reserve(FLOAT * longest)]
        words += [len(entries), 0]
        for source, step, lane, own, run in entries:
            words += [source.data, source.stride, step, lane, own, run]
        row = Row(COPY_LANES if simple else MIX, words, [buffer], [source.buffer for source, *_ in entries])
        row.lanes = width
        self.out.append(row)
        return self.source(Ref(buffer, 0, width))

    def compensated(self, wire: Wire, source: Source, samples: int) -> Source:
        buffer = self.new_buffer(source.lanes)
        key = ("compensate", wire, samples, source.lanes)
        known = self.previous is None or key in self.previous.lines
        line = self.line(key, samples * source.lanes)
        position = self.memory.words([0 if known else FRESH])
        self.take_over(key, position, 8)
        words: list[Operand] = [source.data, source.stride, 1, Ref(buffer, 0, source.lanes).address]
        words += [source.lanes, line.ctypes.data, samples, position]
        self.out.append(Row(COMPENSATE, words, [buffer], [source.buffer], lanes=source.lanes))
        return self.source(Ref(buffer, 0, source.lanes))

    # -- gliding from the old wires to the new -----------------------------------------------------------------

    def identity(self, wires: Iterable[Wire]) -> Any:
        """What a port is fed by; when this changes between plans the port glides."""
        found = []
        for wire in wires:
            source = self.graph.nodes[wire.source]
            settings, widths = repr(sorted(source.settings.items())), (source.lanes, source.output_lanes)
            found.append((wire, source.type, settings, repr(widths), source.delay, self.early(wire)))
        return tuple(found) or ("knob",)

    def fades(self, key: Port, port: In | None) -> bool:
        """Whether a port's wires differ from those in the plan before, or it is still gliding from then."""
        if self.previous is None or (port is not None and not port.smooth):
            return False
        before = self.previous.port_sources.get(key)
        if before is None:
            return False
        wires = self.graph.into(*key) if key != BUS else None
        now = self.identity(wires) if wires is not None else self.bus_identity()
        return before != now or self.still_gliding(key)

    def still_gliding(self, key: Port) -> bool:
        address = self.previous.fading.get(key) if self.previous else None
        return address is not None and view(address, 1, np.int64)[0] > 0

    def remember_sources(self, key: Port, sources: list[Source], identity: Any) -> None:
        self.plan.port_sources[key] = identity

        def remember() -> None:
            if key in self.plan.fading:
                return
            self.plan.port_last[key] = [
                (source.knob.arrays[0], source.lanes, True)
                if source.knob
                else (source.last() if source.last else 0, source.lanes, False)
                for source in sources
            ]

        self.late.append(remember)

    def glide(self, key: Port, sources: list[Source], lanes: int) -> Source:
        source = sources[0]
        if len(sources) > 1 or (source.lanes != lanes and source.lanes != 1):
            source = self.mixed([(0, lanes, sources)], lanes)
        buffer = self.new_buffer(lanes)
        whole = max(1, round(FADE * self.graph.rate))
        last, offset = self.memory.reserve(FLOAT * lanes), self.memory.reserve(FLOAT * lanes)
        left = self.memory.words([whole])
        words: list[Operand] = [source.data, source.stride, 1 if source.lanes > 1 else 0]
        words += [Ref(buffer, 0, lanes).address, lanes, last, offset, left, whole]
        self.out.append(Row(DECLICK, words, [buffer], [source.buffer], lanes=lanes))
        assert self.previous is not None
        if self.previous.port_sources.get(key) == self.plan.port_sources.get(key):
            for name, address, size in (("left", left, 8), ("offset", offset, FLOAT * lanes)):
                self.take_over(("glide", key, name), address, size)
        else:
            for address, width, double in self.previous.port_last.get(key, []):
                how = at.COPY_ADD_DOUBLES if double else at.COPY_ADD_FLOATS
                if width in (1, lanes):
                    self.copies.append((last, address, lanes, how, 1 if width > 1 else 0))
            self.plan.takeover[("glide", key, "left")] = (left, 8)
            self.plan.takeover[("glide", key, "offset")] = (offset, FLOAT * lanes)
        self.plan.fading[key] = left
        self.late.append(lambda: self.plan.port_last.update({key: [(buffer.last, lanes, False)]}))
        return self.source(Ref(buffer, 0, lanes))

    def take_over(self, key: Any, address: int, size: int, fetch: bool = True) -> None:
        """Remember where something lies; if the plan before has it too, fetch it when this plan starts.

        Where the width has changed, the lanes that both have go on."""
        self.plan.takeover[key] = (address, size)
        before = self.previous.takeover.get(key) if self.previous else None
        if before is not None and fetch:
            self.copies.append((address, before[0], min(size, before[1]), at.COPY_BYTES, 1))

    # -- the device ----------------------------------------------------------------------------------------

    def bus_identity(self) -> Any:
        return tuple((node.id, *node.input_lanes.values()) for node in self.outlets())

    def outlets(self) -> list[GraphNode]:
        """Nodes whose input goes to the device."""
        return [n for n in self.graph.nodes.values() if n.cls and n.cls.device == "output" and not n.problem]

    def place_bus(self) -> None:
        """Everything that is heard, summed into the device's channels: mono to all, more lanes in turn."""
        address, channels = self.io.output
        outlets = self.outlets()
        due = max((node.delay for node in outlets), default=0)
        self.plan.latency = due
        parts: list[tuple[int, int, list[Source]]] = []
        for node in outlets:
            for port in node.spec.inputs.values():
                lanes = node.input_lanes[port.name]
                if not self.graph.into(node.id, port.name) and self.is_plain_knob(node, port):
                    self.plan.port_sources[(node.id, port.name)] = ("knob",)  # silence to glide from
                    continue
                node.delay, delay = due, node.delay
                own = [(0, lanes, self.sources_of(node, port, lanes))]
                node.delay = delay
                parts.append((0, lanes, [self.side_by_side(own, lanes) or self.mixed(own, lanes)]))
        bus = Buffer(channels, kept=True, address=address)
        entries: list[Operand] = []
        reads = []
        for _, lanes, (source,) in parts:
            reads.append(source.buffer)
            if lanes == 1:
                entries += [source.data, source.stride, 0, 0, channels, 1]
            else:
                for lane in range(lanes):
                    data = source.data
                    entries += [lambda d=data, k=lane: d() + FLOAT * k, source.stride, 0, lane % channels, 1, 1]  # type: ignore[misc]
        key = BUS
        self.plan.port_sources[key] = self.bus_identity()
        self.late.append(lambda: self.plan.port_last.update({key: [(bus.last, channels, False)]}))
        words: list[Operand] = [address, channels, 0, len(entries) // 6, 0, *entries]
        if not self.fades(key, None):
            self.out.append(Row(MIX, words, [bus], reads, lanes=channels))
            return
        dry = self.new_buffer(channels)
        words[0] = Ref(dry, 0, channels).address
        self.out.append(Row(MIX, words, [dry], reads, lanes=channels))
        source = self.glide(key, [self.source(Ref(dry, 0, channels))], channels)
        words = [address, channels, 0, 1, 0, source.data, source.stride, 1, 0, channels, 1]
        self.out.append(Row(COPY_LANES, words, [bus], [source.buffer], lanes=channels))
        self.late.append(lambda: self.plan.port_last.update({key: [(bus.last, channels, False)]}))

    def place_last_samples(self) -> None:
        """Where each output's latest sample is kept: one lane in the row itself, so that it costs no memory access."""
        self.rows_address = self.memory.reserve(8 * at.ROW_WORDS * max(len(self.rows), 1))
        for index, row in enumerate(self.rows):
            outputs = [buffer for part in row.flat for buffer in part.outputs if isinstance(buffer, Buffer)]
            for k, buffer in enumerate(outputs):
                if k == 0 and buffer.lanes == 1:
                    buffer.last = self.rows_address + 8 * (at.ROW_WORDS * index + at.ROW_VALUE)
                else:
                    buffer.last = self.memory.reserve(FLOAT * buffer.lanes, alignment=8)

    def place_argument_blocks(self, rows: list[Row]) -> None:
        """All argument blocks side by side, each within a cache line where it fits: they are read every quantum."""
        for row in rows:
            self.place_argument_blocks(row.inner)
            size = 8 * max(len(row.words), 1)
            row.words_address = self.memory.reserve(size, alignment=ALIGNMENT if size <= ALIGNMENT else 8)

    # -- writing it down -------------------------------------------------------------------------------------

    def write_plan(self) -> None:
        memory, plan = self.memory, self.plan
        top = self.rows
        rows_address = self.rows_address
        row_of_node: dict[str, int] = {}
        for index, row in enumerate(top):
            address = rows_address + 8 * at.ROW_WORDS * index
            plan.rows.append(self.write_row(row, address))
            for part in row.flat:
                row_of_node.update((id, address) for id, _, _ in part.nodes)
        slots = [self.write_slot(slot, row_of_node.get(slot.ports[0][0][0], 0)) for slot in self.slots]
        carries: list[int] = []
        for buffer in self.buffers:
            if buffer.feedback:
                end = buffer.address + FLOAT * QUANTUM * buffer.lanes
                carries += [buffer.address, end, buffer.lanes]
        words = [0] * at.PLAN_WORDS
        words[at.PLAN_ROWS], words[at.PLAN_ROW_COUNT] = rows_address, len(top)
        words[at.PLAN_SLOTS], words[at.PLAN_SLOT_COUNT] = memory.words(slots), len(slots)
        table = self.handle_table()
        words[at.PLAN_HANDLES] = memory.words(table)
        words[at.PLAN_HANDLE_COUNT] = len(table) // at.HANDLE_WORDS
        words[at.PLAN_CARRIES], words[at.PLAN_CARRY_COUNT] = memory.words(carries), len(carries) // 3
        copies = [word for copy in self.copies for word in copy]
        words[at.PLAN_COPIES], words[at.PLAN_COPY_COUNT] = memory.words(copies), len(self.copies)
        words[at.PLAN_ACTIVE] = memory.words([0] * (len(slots) + 1))
        words[at.PLAN_SERIAL] = plan.serial
        plan.address = memory.words(words)

    def write_row(self, row: Row, address: int) -> RowInfo:
        memory = self.memory
        info = RowInfo(row.kernel.name, row.nodes, address, row.lanes, len(row.outputs))
        for inner in row.inner:
            info.inner.append(self.write_row(inner, memory.reserve(8 * at.ROW_WORDS)))
        values = [word() if callable(word) else word for word in row.words]
        view(row.words_address, len(values), np.int64)[:] = [
            bits(value) if isinstance(value, float) else value for value in values
        ]
        for k, word in enumerate(row.words):
            if isinstance(word, KnobStride):
                word.slot.strides.append(row.words_address + 8 * k)
        outputs = [
            word
            for part in row.flat
            for buffer in part.outputs
            if isinstance(buffer, Buffer)
            for word in (buffer.address + buffer.lead, buffer.lanes, buffer.last)
        ]
        states = [
            word for part in row.flat for s in part.states for word in (s.data, s.count, s.lanes, s.initial)
        ]
        details = [0] * at.DETAIL_WORDS
        details[at.DETAIL_OUTPUTS] = memory.words(outputs)
        details[at.DETAIL_OUTPUT_COUNT] = len(outputs) // at.OUTPUT_WORDS
        uniform = all(buffer.lanes == row.lanes for part in row.flat for buffer in part.outputs)
        details[at.DETAIL_UNITS] = row.lanes if uniform else 0
        details[at.DETAIL_FAULTS] = memory.words([0] * max(row.lanes, 1))
        details[at.DETAIL_STATES], details[at.DETAIL_STATE_COUNT] = memory.words(states), len(states) // at.STATE_WORDS
        lines = [word for part in row.flat for line in part.lines for word in line]
        details[at.DETAIL_LINES], details[at.DETAIL_LINE_COUNT] = memory.words(lines), len(lines) // at.LINE_WORDS
        details[at.DETAIL_NODES] = sum(len(part.nodes) for part in row.flat)
        words = view(address, at.ROW_WORDS, np.int64)
        words[at.ROW_KERNEL], words[at.ROW_ARGUMENTS] = row.kernel.address, row.words_address
        words[at.ROW_DATA : at.ROW_LAST + 1] = outputs[: at.OUTPUT_WORDS] or [0, 0, 0]
        words[at.ROW_FLAGS] = at.FLAG_MORE_OUTPUTS if len(outputs) > at.OUTPUT_WORDS else 0
        words[at.ROW_DETAILS] = memory.words(details)
        return info

    def write_slot(self, slot: Slot, row: int) -> int:
        words = view(slot.address, at.SLOT_WORDS, np.int64)
        words[at.SLOT_LANES], words[at.SLOT_DATA] = slot.buffer.lanes, slot.buffer.address
        words[at.SLOT_CURRENT : at.SLOT_REMAINING + 1] = slot.arrays
        words[at.SLOT_RAMP] = max(1, round(SMOOTHING * self.graph.rate)) if slot.smooth else 0
        words[at.SLOT_ROW] = row
        words[at.SLOT_STRIDES], words[at.SLOT_STRIDE_COUNT] = self.memory.words(slot.strides), len(slot.strides)
        return slot.address

    def handle_table(self) -> list[int]:
        handles = self.plan.handles
        living = {key for slot in self.slots for key, _, _ in slot.ports}
        fresh = [key for key in living if key not in handles]
        if len(handles) + len(fresh) > 2 * len(living) + SPARE_HANDLES:
            before = self.previous.port_last if self.previous else {}
            for key in [key for key in handles if key not in living and key not in before]:
                del handles[key]  # no message for it can be on its way any more
        taken = set(handles.values())
        free = (number for number in itertools.count() if number not in taken)
        handles.update(zip(fresh, free, strict=False))
        table = [0] * (at.HANDLE_WORDS * (max(handles.values(), default=-1) + 1))
        for slot in self.slots:
            for key, lane, width in slot.ports:
                start = at.HANDLE_WORDS * handles[key]
                table[start : start + at.HANDLE_WORDS] = [slot.address, lane, width]
        return table


def _runs(sources: list[Source], width: int) -> list[tuple[Source, int]]:
    """Merge sources that are neighbouring single lanes of one buffer, so that they can be added up at once."""
    if width > 1 or len(sources) < 2:
        return [(source, 1) for source in sources]
    runs: list[tuple[Source, int]] = []
    order = {source.buffer: i for i, source in reversed(list(enumerate(sources)))}
    for source in sorted(sources, key=lambda s: (order[s.buffer], s.delayed, s.lane)):
        before, run = runs[-1] if runs else (None, 0)
        follows = before is not None and before.buffer is source.buffer and before.delayed == source.delayed
        if before is not None and follows and source.lane == before.lane + run and source.lanes == 1:
            runs[-1] = (before, run + 1)
        else:
            runs.append((source, 1))
    return runs


@lru_cache(maxsize=256)
def _table(make: Callable[..., Any], settings: tuple[tuple[str, Any], ...], rate: float) -> np.ndarray:
    """A table, computed once for each of its settings."""
    return np.ascontiguousarray(make(dict(settings), rate), np.float32).ravel()


def seed_of(document_seed: int, node: str, state: str, lane: int) -> int:
    """A positive 31-bit seed that depends on the document, the node and the lane, and on nothing else."""
    return zlib.crc32(f"{document_seed}/{node}/{state}/{lane}".encode()) % 0x7FFFFFFE + 1
