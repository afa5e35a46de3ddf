"""Event wires in a plan: the lists that nodes write, and the kernels between those and the lists that nodes read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nodegraph.events import (
    ALL_NOTES_OFF,
    BYTES,
    CONTROL,
    FIELDS,
    LOST,
    MAX_WAITING,
    PEDAL,
    READY,
    begin_list,
    count,
    end_list,
    event,
    send,
)
from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel, NativeFunction
from nodegraph.native.words import as_f64, as_i64
from nodegraph.patch import Wire
from nodegraph.quantum import QUANTUM

from .buffers import Operand, Row
from .keys import DelayedEventsKey, EventDelayKey, EventListKey, EventSource, PortKey, Sources
from .rows import positions

if TYPE_CHECKING:
    from .builder import PlanBuilder

CHANNELS = 16


class MergeEventsArguments(NamedTuple):
    """Arguments of ``merge_events``, followed by the address of each list."""

    out: Operand
    once: Operand  # address of a list that is merged once and then emptied, 0 for none
    lists: Operand


MERGE = positions(MergeEventsArguments)
MERGE_WORDS = len(MERGE)


def merge_events(arguments: int, start: int, samples: int) -> None:
    """Merge lists in order of time; at one sample, in the order of the wires."""
    w = as_i64(arguments)
    out = as_f64(w[MERGE.out])
    begin_list(w[MERGE.out])
    if w[MERGE.once] != 0:
        append(out, as_f64(w[MERGE.once]))
        as_f64(w[MERGE.once])[READY] = 0.0
    for k in range(w[MERGE.lists]):
        append(out, as_f64(w[MERGE_WORDS + k]))
    end_list(w[MERGE.out])


def append(out, source) -> None:  # type: ignore[no-untyped-def]
    """Send all events of a list."""
    for k in range(count(source)):
        offset, status, data1, data2, value = event(source, k)
        send(out, offset, status, data1, data2, value)


class DelayEventsArguments(NamedTuple):
    """Arguments of ``delay_events``."""

    source: Operand
    out: Operand
    delay: Operand  # samples
    ring: Operand  # ``MAX_WAITING`` events
    progress: Operand  # address of an :class:`EventDelayProgress`


class EventDelayProgress(NamedTuple):
    """Counters of ``delay_events``: events read from the ring and written to it, samples."""

    taken: int
    put: int
    now: int


DELAY, PROGRESS = positions(DelayEventsArguments), positions(EventDelayProgress)


def delay_events(arguments: int, start: int, samples: int) -> None:
    """Delay events, to align them with parallel paths of longer latency."""
    w = as_i64(arguments)
    source, out = as_f64(w[DELAY.source]), as_f64(w[DELAY.out])
    ring, progress = as_f64(w[DELAY.ring]), as_i64(w[DELAY.progress])
    for k in range(count(source)):
        if progress[PROGRESS.put] - progress[PROGRESS.taken] == MAX_WAITING:
            out[LOST] += 1.0
            continue
        offset, status, data1, data2, value = event(source, k)
        at = FIELDS * (progress[PROGRESS.put] & (MAX_WAITING - 1))
        ring[at] = float(progress[PROGRESS.now] + w[DELAY.delay] + offset)
        ring[at + 1], ring[at + 2], ring[at + 3], ring[at + 4] = float(status), float(data1), float(data2), value
        progress[PROGRESS.put] += 1
    begin_list(w[DELAY.out])
    while progress[PROGRESS.taken] < progress[PROGRESS.put]:
        at = FIELDS * (progress[PROGRESS.taken] & (MAX_WAITING - 1))
        offset = int(ring[at]) - progress[PROGRESS.now]
        if offset >= QUANTUM:
            break
        send(out, max(offset, 0), int(ring[at + 1]), int(ring[at + 2]), int(ring[at + 3]), ring[at + 4])
        progress[PROGRESS.taken] += 1
    end_list(w[DELAY.out])
    progress[PROGRESS.now] += QUANTUM


MERGE_EVENTS = NativeFunction(merge_events)
DELAY_EVENTS = NativeFunction(delay_events)


def place_events(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Fill in the event words of a node's argument block, and place the rows that must run before it."""
    for name in node.spec.event_inputs:
        row.words[kernel.parameter_words[name].word] = _list_into(builder, node, name)
    for name in node.spec.event_outputs:
        address = _new_list(builder, node.id, EventListKey(node.id, node.type, name))
        builder.event_refs[(node.id, name)] = row.words[kernel.parameter_words[name].word] = address
    if node.cls is not None and node.cls.device == "events":
        row.words[kernel.parameter_words["arrivals"].word] = builder.io.arrivals
        ports = kernel.parameter_words["ports"].word
        row.words[ports : ports + 2] = [builder.io.ports_like(str(node.settings.get("port", ""))), 1]


def _list_into(builder: PlanBuilder, node: GraphNode, port: str) -> int:
    """Return the list that an event input reads: that of its wire, a merged list, or one that stays empty.

    If a source of the previous plan was removed, its notes are ended once.
    """
    key = PortKey(node.id, port)
    wires = builder.wires_into(key)
    lists = [_delayed_list(builder, wire) for wire in wires]
    sources = Sources(tuple([_event_source(builder, wire) for wire in wires]))
    builder.plan.state.event_sources[key] = sources
    previous = builder.previous.event_sources.get(key, sources) if builder.previous else sources
    has_removed_source = not set(previous.entries) <= set(sources.entries)
    if len(lists) == 1 and not has_removed_source:
        return lists[0]
    if not lists and not has_removed_source:
        return builder.memory.reserve(8 * FIELDS)
    out = _new_list(builder, node.id, EventListKey(node.id, node.type, port, merged=True))
    words = MergeEventsArguments(out, _note_ends(builder) if has_removed_source else 0, len(lists))
    builder.out.append(Row(MERGE_EVENTS, [*words, *lists], [], []))
    return out


def _event_source(builder: PlanBuilder, wire: Wire) -> EventSource:
    node = builder.node(wire.source)
    receives = node.cls is not None and node.cls.device == "events"
    settings = repr(sorted(node.settings.items())) if receives else ""
    return EventSource(wire.source, wire.source_port, node.type, settings)


def _note_ends(builder: PlanBuilder) -> int:
    """Return a list that ends all notes and releases all pedals of a removed source."""
    address = builder.memory.reserve(BYTES)
    events = as_f64(address)
    for channel in range(CHANNELS):
        send(events, 0, CONTROL | channel, PEDAL, 0, 0.0)
        send(events, 0, CONTROL | channel, ALL_NOTES_OFF, 0, 0.0)
    end_list(address)
    return address


def _delayed_list(builder: PlanBuilder, wire: Wire) -> int:
    """Return the list of a wire's source, with compensation delay if needed."""
    source = builder.event_refs[(wire.source, wire.source_port)]
    delay = builder.compensation_delay(wire)
    if delay == 0:
        return source
    key = EventDelayKey(wire, delay)
    out, ring = (
        _new_list(builder, wire.target, DelayedEventsKey(wire, delay)),
        builder.line(key, 2 * FIELDS * MAX_WAITING),
    )
    progress = builder.memory.words([*EventDelayProgress(0, 0, 0)])
    builder.migrate(key, progress, 8 * len(PROGRESS))
    words = DelayEventsArguments(source=source, out=out, delay=delay, ring=ring.ctypes.data, progress=progress)
    builder.out.append(Row(DELAY_EVENTS, list(words), [], []))
    return out


def _new_list(builder: PlanBuilder, node: str, key: EventListKey | DelayedEventsKey) -> int:
    """Return a new event list of a node; events pending in that of the previous plan migrate."""
    address = builder.memory.reserve(BYTES)
    builder.migrate(key, address, BYTES)
    builder.plan.event_lists.setdefault(node, []).append(address)
    return address
