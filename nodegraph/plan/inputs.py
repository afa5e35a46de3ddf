"""Inputs of a row: an existing buffer, a knob, or a mix of several sources."""

from __future__ import annotations

import numpy as np

from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel
from nodegraph.node import In
from nodegraph.patch import Wire

from . import layout as at
from .buffers import FLOAT, Buffer, Ref, Row
from .builder import PlanBuilder
from .crossfade import crossfaded, needs_crossfade, remember_sources, signal_sources
from .keys import KNOB, PortKey, SignalDelayKey
from .memory import view, write_doubles
from .result import KnobRegion
from .rows import COMPENSATE, COPY_LANES, FRESH, MIX, CompensateArguments, MixEntry, mix_words
from .sources import KnobStride, Slot, Source, merge_runs, source_of

Part = tuple[int, int, list[Source]]  # first lane, lanes, sources to sum


def input_of(builder: PlanBuilder, nodes: list[GraphNode], port: In, lanes: int, kernel: Kernel) -> Source:
    """Return the source that one input of a row reads: an existing buffer, that of a knob, or a mix."""
    if port.bank:
        return bank_of(builder, nodes[0], port)
    width = lanes if kernel.is_tick else nodes[0].input_lanes[port.name]
    keys = [PortKey(node.id, port.name) for node in nodes]
    if builder.wired_ports.isdisjoint(keys) or all(is_plain_knob(builder, key, port) for key in keys):
        return knob(builder, nodes, keys, port, width)
    parts: list[Part] = []
    lane = 0
    for node, key in zip(nodes, keys, strict=True):
        own = node.lanes if kernel.is_tick else width
        parts.append((lane, own, sources_of(builder, node, key, port, own)))
        lane += own
    direct = side_by_side(builder, parts, width, gaps=kernel.is_tick)
    if direct is not None:
        return direct
    return mixed(builder, parts, width)


def bank_of(builder: PlanBuilder, node: GraphNode, port: In) -> Source:
    """Return the source that a bank reads: its knobs or a signal; one lane sets all members, several the first ones."""
    key, members = PortKey(node.id, port.name), node.bank_sizes[port.name]
    if is_plain_knob(builder, key, port):
        return knob(builder, [node], [key], port, members)
    wires = builder.wires_into(key)
    delays = [builder.compensation_delay(wire) for wire in wires]
    if wires:
        arriving = [wire_source(builder, wire, delay) for wire, delay in zip(wires, delays, strict=True)]
        widest = max(source.lanes for source in arriving)
        given = members if widest == 1 else min(widest, members)
        parts: list[Part] = [(0, given, arriving)]
        if given < members:
            parts.append((given, members - given, [constant(builder, port.default)]))
        whole = mixed(builder, parts, members)
    else:
        whole = knob(builder, [node], [key], port, members)
    sources = signal_sources(builder, wires, delays)
    remember_sources(builder, key, [whole], sources)
    return crossfaded(builder, key, whole, members) if needs_crossfade(builder, key, port, sources) else whole


def constant(builder: PlanBuilder, value: float) -> Source:
    """Return a source with a constant value."""
    buffer = Buffer(1, dedicated=True, address=builder.memory.reserve(FLOAT))
    view(buffer.address, 1, np.float32)[:] = value
    return Source(lambda: buffer.address, 0, 1, buffer)


def is_plain_knob(builder: PlanBuilder, key: PortKey, port: In) -> bool:
    """Return whether a port has no wire and no running crossfade from an earlier one."""
    return not builder.wires_into(key) and not needs_crossfade(builder, key, port, KNOB)


def sources_of(
    builder: PlanBuilder, node: GraphNode, key: PortKey, port: In, lanes: int, arrival: int | None = None
) -> list[Source]:
    """Return the sources of one port of one node: its wires, its knob, or a crossfade to either.

    ``arrival`` as for :meth:`PlanBuilder.compensation_delay`.
    """
    wires = builder.wires_into(key)
    delays = [builder.compensation_delay(wire, arrival) for wire in wires]
    if wires:
        values = [wire_source(builder, wire, delay) for wire, delay in zip(wires, delays, strict=True)]
    else:
        values = [knob(builder, [node], [key], port, lanes)]
    sources = signal_sources(builder, wires, delays)
    remember_sources(builder, key, values, sources)
    if needs_crossfade(builder, key, port, sources):
        whole = values[0]
        if len(values) > 1 or whole.lanes not in (1, lanes):
            whole = mixed(builder, [(0, lanes, values)], lanes)
        values = [crossfaded(builder, key, whole, lanes)]
    return values


def wire_source(builder: PlanBuilder, wire: Wire, delay: int) -> Source:
    """Return the source of a wire: one sample late for a feedback wire, else after a compensation delay (samples)."""
    ref = builder.refs[(wire.source, wire.source_port)]
    if wire.feedback:
        ref = Ref(ref.buffer, ref.lane, ref.lanes, delayed=True)
        return source_of(ref)
    if delay:
        return compensated(builder, wire, source_of(ref), delay)
    return source_of(ref)


def knob(builder: PlanBuilder, nodes: list[GraphNode], keys: list[PortKey], port: In, lanes: int) -> Source:
    """Return the knobs of one input (``keys``), of one node or of several packed ones."""
    state = builder.plan.state
    buffer = Buffer(lanes, dedicated=True)
    slot = Slot([], [], buffer, port.smooth)
    lane = 0
    for node, key in zip(nodes, keys, strict=True):
        values = node.values[port.name]
        width = lanes if len(nodes) == 1 else node.lanes
        slot.ports.append((key, lane, width))
        slot.values += values if len(values) == width else [values[k % len(values)] for k in range(width)]
        if len(nodes) > 1 or key not in state.sources:
            state.sources[key] = KNOB
        lane += width
    slot.address = builder.memory.reserve(8 * at.SLOT_WORDS)
    step = 8 * lanes
    current = builder.memory.reserve(4 * step)  # the four arrays of a single knob share one cache line
    slot.arrays = (current, current + step, current + 2 * step, current + 3 * step)
    write_doubles(current, slot.values * 2)  # current values and targets
    migrate_knobs(builder, slot, nodes[0].type)
    builder.slots.append(slot)
    return Source(lambda: buffer.address, KnobStride(slot), lanes, buffer, knob=slot)


def migrate_knobs(builder: PlanBuilder, slot: Slot, type: str) -> None:
    """Migrate knob values from the previous plan; knobs adjacent in both plans are copied together.

    ``type`` is that of the nodes.
    """
    previous = builder.previous.knobs if builder.previous else {}
    knobs, start = builder.plan.state.knobs, slot.arrays[0]
    step = 8 * slot.buffer.lanes
    runs: list[tuple[int, int, int, int]] = []  # to, from, bytes, bytes to the next array there
    for key, lane, width in slot.ports:
        address = start + 8 * lane
        knobs[key] = KnobRegion(type, address, 8 * width, step)
        found = previous.get(key)
        if found is None or found.type != type:
            continue
        there, size = found.address, min(8 * width, found.size)
        if runs and runs[-1] == (address - (run := runs[-1][2]), there - run, run, found.step):
            runs[-1] = (*runs[-1][:2], run + size, found.step)
        else:
            runs.append((address, there, size, found.step))
    for to, there, size, apart in runs:
        for i in range(4):
            builder.copies.append((to + step * i, there + apart * i, size, at.COPY_BYTES, 1))


def side_by_side(builder: PlanBuilder, parts: list[Part], width: int, gaps: bool = False) -> Source | None:
    """Return a source that needs no copy if the parts are adjacent lanes of one buffer in order, else None.

    ``gaps`` allows more lanes in the buffer than are read; ticks of several lanes skip them.
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


def mixed(builder: PlanBuilder, parts: list[Part], width: int) -> Source:
    """Sum sources, or copy them to adjacent lanes, in a new buffer."""
    entries: list[MixEntry] = []
    reads: list[Buffer] = []
    longest = 1
    for lane, own, sources in parts:
        for source, run in merge_runs(sources, own):
            longest = max(longest, run)
            entries.append(MixEntry(source.data, source.stride, 1 if source.lanes > 1 else 0, lane, own, run))
            reads.append(source.buffer)
    simple = all(len(sources) == 1 for _, _, sources in parts)
    buffer = builder.new_buffer(width)
    out = Ref(buffer, 0, width)
    words = mix_words(out.address, width, entries, builder.memory.reserve(FLOAT * longest))
    builder.out.append(Row(COPY_LANES if simple else MIX, words, [buffer], reads, lanes=width))
    return source_of(out)


def compensated(builder: PlanBuilder, wire: Wire, source: Source, delay: int) -> Source:
    """Return a source delayed by the given number of samples."""
    buffer = builder.new_buffer(source.lanes)
    key = SignalDelayKey(wire, delay, source.lanes)
    known = builder.previous is None or key in builder.previous.lines
    line = builder.line(key, delay * source.lanes)
    position = builder.memory.words([0 if known else FRESH])
    builder.migrate(key, position, 8)
    out = Ref(buffer, 0, source.lanes)
    words = CompensateArguments(
        data=source.data,
        stride=source.stride,
        step=1,
        out=out.address,
        lanes=source.lanes,
        line=line.ctypes.data,
        length=delay,
        position=position,
    )
    row = Row(COMPENSATE, list(words), [buffer], [source.buffer], lanes=source.lanes)
    row.lines.append((line.ctypes.data, len(line), at.ALL_LANES))
    builder.out.append(row)
    return source_of(out)
