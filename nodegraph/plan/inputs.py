"""What the inputs of a row read: a buffer that is there already, a knob, or a mix of several."""

from __future__ import annotations

import numpy as np

from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel
from nodegraph.node import In
from nodegraph.patch import Wire

from . import layout as at
from .buffers import FLOAT, Buffer, Operand, Ref, Row
from .draft import Draft
from .glide import KNOB, fades, glide, identity, remember_sources
from .memory import view, write_doubles
from .rows import COMPENSATE, COPY_LANES, FRESH, MIX
from .sources import KnobStride, Slot, Source, merge_runs, source_of

Part = tuple[int, int, list[Source]]  # first lane, lanes, what is added up there


def input_of(draft: Draft, nodes: list[GraphNode], port: In, lanes: int, kernel: Kernel) -> Source:
    """What one input of a row reads: a buffer that is there already, a knob's, or a mix."""
    if port.bank:
        return bank_of(draft, nodes[0], port)
    width = lanes if kernel.is_tick else nodes[0].input_lanes[port.name]
    if all(is_plain_knob(draft, node, port) for node in nodes):
        return knob(draft, nodes, port, width)
    parts: list[Part] = []
    lane = 0
    for node in nodes:
        own = node.lanes if kernel.is_tick else width
        parts.append((lane, own, sources_of(draft, node, port, own)))
        lane += own
    direct = side_by_side(draft, parts, width, gaps=kernel.is_tick)
    if direct is not None:
        return direct
    return mixed(draft, parts, width)


def bank_of(draft: Draft, node: GraphNode, port: In) -> Source:
    """What a bank reads: its knobs, or what arrives, one lane for all members or one for each of the first."""
    key, members = (node.id, port.name), node.banks[port.name]
    if is_plain_knob(draft, node, port):
        return knob(draft, [node], port, members)
    wires = draft.graph.into(*key)
    if wires:
        sources = [wire_source(draft, wire) for wire in wires]
        widest = max(source.lanes for source in sources)
        given = members if widest == 1 else min(widest, members)
        parts: list[Part] = [(0, given, sources)]
        if given < members:
            parts.append((given, members - given, [constant(draft, port.default)]))
        whole = mixed(draft, parts, members)
    else:
        whole = knob(draft, [node], port, members)
    now = identity(draft, wires)
    remember_sources(draft, key, [whole], now)
    return glide(draft, key, whole, members) if fades(draft, key, port, now) else whole


def constant(draft: Draft, value: float) -> Source:
    """A number that stays."""
    buffer = Buffer(1, kept=True, address=draft.memory.reserve(FLOAT))
    view(buffer.address, 1, np.float32)[:] = value
    return Source(lambda: buffer.address, 0, 1, buffer)


def is_plain_knob(draft: Draft, node: GraphNode, port: In) -> bool:
    """Whether nothing is wired to a port, and no glide from a wire that was goes on."""
    return not draft.graph.into(node.id, port.name) and not fades(draft, (node.id, port.name), port, KNOB)


def sources_of(draft: Draft, node: GraphNode, port: In, lanes: int) -> list[Source]:
    """Everything that arrives at one port of one node: its wires, or its knob, or a glide to either."""
    key = (node.id, port.name)
    wires = draft.graph.into(*key)
    if wires:
        sources = [wire_source(draft, wire) for wire in wires]
    else:
        sources = [knob(draft, [node], port, lanes)]
    now = identity(draft, wires)
    remember_sources(draft, key, sources, now)
    if fades(draft, key, port, now):
        whole = sources[0]
        if len(sources) > 1 or whole.lanes not in (1, lanes):
            whole = mixed(draft, [(0, lanes, sources)], lanes)
        sources = [glide(draft, key, whole, lanes)]
    return sources


def wire_source(draft: Draft, wire: Wire) -> Source:
    """What comes along a wire: one sample late for feedback, delayed where it would be too early."""
    ref = draft.refs[(wire.source, wire.source_port)]
    if wire.feedback:
        ref = Ref(ref.buffer, ref.lane, ref.lanes, delayed=True)
        return source_of(ref)
    if early := draft.early(wire):
        return compensated(draft, wire, source_of(ref), early)
    return source_of(ref)


def knob(draft: Draft, nodes: list[GraphNode], port: In, lanes: int) -> Source:
    """The knobs of one input, of one node or of several side by side."""
    buffer = Buffer(lanes, kept=True)
    slot = Slot([], [], buffer, port.smooth)
    lane = 0
    for node in nodes:
        values = node.values[port.name]
        width = lanes if len(nodes) == 1 else node.lanes
        slot.ports.append(((node.id, port.name), lane, width))
        slot.values += values if len(values) == width else [values[k % len(values)] for k in range(width)]
        if len(nodes) > 1 or (node.id, port.name) not in draft.plan.port_sources:
            draft.plan.port_sources[(node.id, port.name)] = KNOB
        lane += width
    slot.address = draft.memory.reserve(8 * at.SLOT_WORDS)
    values_address = draft.memory.reserve(4 * 8 * lanes)  # the four of a single knob within one cache line
    slot.arrays = tuple(values_address + 8 * lanes * i for i in range(4))  # type: ignore[assignment]
    current, target = slot.arrays[:2]
    for address in (current, target):
        write_doubles(address, slot.values)
    for key, lane, width in slot.ports:
        draft.plan.port_last.setdefault(key, [(current + 8 * lane, width, True)])
    take_over_knobs(draft, slot)
    draft.slots.append(slot)
    return Source(lambda: buffer.address, KnobStride(slot), lanes, buffer, knob=slot)


def take_over_knobs(draft: Draft, slot: Slot) -> None:
    """Go on where the knobs stood; those that were neighbours in the plan before as well are fetched at once."""
    before = draft.previous.knobs if draft.previous else {}
    step = 8 * slot.buffer.lanes
    runs: list[tuple[int, int, int, int]] = []  # to, from, bytes, step to the next array there
    for key, lane, width in slot.ports:
        name = key, draft.graph.node(key[0]).type
        address = slot.arrays[0] + 8 * lane
        draft.plan.knobs[name] = (address, 8 * width, step)
        found = before.get(name)
        if found is None:
            continue
        there, size = found[0], min(8 * width, found[1])
        if runs and runs[-1] == (address - (run := runs[-1][2]), there - run, run, found[2]):
            runs[-1] = (*runs[-1][:2], run + size, found[2])
        else:
            runs.append((address, there, size, found[2]))
    for to, start, size, apart in runs:
        draft.copies += [(to + step * i, start + apart * i, size, at.COPY_BYTES, 1) for i in range(4)]


def side_by_side(draft: Draft, parts: list[Part], width: int, gaps: bool = False) -> Source | None:
    """A source that can be read as it is: neighbouring lanes of one buffer in the right order.

    ``gaps`` allows more lanes in the buffer than are read (ticks of several lanes step over them).
    """
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


def mixed(draft: Draft, parts: list[Part], width: int) -> Source:
    """Sum or gather sources into a buffer of their own."""
    entries: list[tuple[Source, int, int, int, int]] = []
    longest = 1
    for lane, own, sources in parts:
        for source, run in merge_runs(sources, own):
            longest = max(longest, run)
            entries.append((source, 1 if source.lanes > 1 else 0, lane, own, run))
    simple = all(len(sources) == 1 for _, _, sources in parts)
    buffer = draft.new_buffer(width)
    words: list[Operand] = [Ref(buffer, 0, width).address, width, draft.memory.reserve(FLOAT * longest)]
    words += [len(entries), 0]
    for source, step, lane, own, run in entries:
        words += [source.data, source.stride, step, lane, own, run]
    row = Row(COPY_LANES if simple else MIX, words, [buffer], [source.buffer for source, *_ in entries])
    row.lanes = width
    draft.out.append(row)
    return source_of(Ref(buffer, 0, width))


def compensated(draft: Draft, wire: Wire, source: Source, samples: int) -> Source:
    """A source held back by so many samples."""
    buffer = draft.new_buffer(source.lanes)
    key = ("compensate", wire, samples, source.lanes)
    known = draft.previous is None or key in draft.previous.lines
    line = draft.line(key, samples * source.lanes)
    position = draft.memory.words([0 if known else FRESH])
    draft.take_over(key, position, 8)
    words: list[Operand] = [source.data, source.stride, 1, Ref(buffer, 0, source.lanes).address]
    words += [source.lanes, line.ctypes.data, samples, position]
    draft.out.append(Row(COMPENSATE, words, [buffer], [source.buffer], lanes=source.lanes))
    return source_of(Ref(buffer, 0, source.lanes))
