"""Event wires in a plan: the lists that nodes write, and what lies between them and those who read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodegraph.events import (
    ALL_NOTES_OFF,
    BYTES,
    CONTROL,
    FIELDS,
    LOST,
    PEDAL,
    READY,
    ROOM,
    close_list,
    count,
    event,
    open_list,
    send,
)
from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel, NativeFunction
from nodegraph.native.words import as_f64, as_i64
from nodegraph.patch import Wire
from nodegraph.quantum import QUANTUM

from .buffers import Operand, Row

if TYPE_CHECKING:
    from .draft import Draft

CHANNELS = 16
# What a held-back wire remembers: events taken out and put in so far, samples so far.
TAKEN, PUT, NOW = range(3)


def merge_events(arguments: int, start: int, samples: int) -> None:
    """Merge lists in order of time; at one sample, in the order of the wires.

    Words: out, a list that is heard once and emptied (0: none), lists, then the address of each.
    """
    w = as_i64(arguments)
    out = as_f64(w[0])
    open_list(w[0])
    if w[1] != 0:
        append(out, as_f64(w[1]))
        as_f64(w[1])[READY] = 0.0
    for k in range(w[2]):
        append(out, as_f64(w[3 + k]))
    close_list(w[0])


def append(out, source) -> None:  # type: ignore[no-untyped-def]
    """Send all events of a list."""
    for k in range(count(source)):
        offset, status, data1, data2, value = event(source, k)
        send(out, offset, status, data1, data2, value)


def delay_events(arguments: int, start: int, samples: int) -> None:
    """Hold events back, so that they meet the signals of paths that take longer.

    Words: source, out, delay in samples, ring of ``ROOM`` events, marks (taken, put, now).
    """
    w = as_i64(arguments)
    source, out, ring, marks = as_f64(w[0]), as_f64(w[1]), as_f64(w[3]), as_i64(w[4])
    for k in range(count(source)):
        if marks[PUT] - marks[TAKEN] == ROOM:
            out[LOST] += 1.0
            continue
        offset, status, data1, data2, value = event(source, k)
        at = FIELDS * (marks[PUT] & (ROOM - 1))
        ring[at] = float(marks[NOW] + w[2] + offset)
        ring[at + 1], ring[at + 2], ring[at + 3], ring[at + 4] = float(status), float(data1), float(data2), value
        marks[PUT] += 1
    open_list(w[1])
    while marks[TAKEN] < marks[PUT]:
        at = FIELDS * (marks[TAKEN] & (ROOM - 1))
        offset = int(ring[at]) - marks[NOW]
        if offset >= QUANTUM:
            break
        send(out, max(offset, 0), int(ring[at + 1]), int(ring[at + 2]), int(ring[at + 3]), ring[at + 4])
        marks[TAKEN] += 1
    close_list(w[1])
    marks[NOW] += QUANTUM


MERGE_EVENTS = NativeFunction(merge_events)
DELAY_EVENTS = NativeFunction(delay_events)


def place_events(draft: Draft, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Fill the event words of a node's argument block; rows that it needs before it are placed."""
    for name in node.spec.event_inputs:
        row.words[kernel.places[name].word] = _arriving(draft, node, name)
    for name in node.spec.event_outputs:
        address = _new_list(draft, node.id, (node.type, name))
        draft.event_refs[(node.id, name)] = row.words[kernel.places[name].word] = address
    if node.cls is not None and node.cls.device == "events":
        row.words[kernel.places["arrivals"].word] = draft.io.arrivals
        ports = kernel.places["ports"].word
        row.words[ports : ports + 2] = [draft.io.ports_like(str(node.settings.get("port", ""))), 1]


def _arriving(draft: Draft, node: GraphNode, port: str) -> int:
    """The list that an event input reads: that of its wire, several in one, or one that stays empty."""
    key = (node.id, port)
    wires = draft.graph.into(*key)
    sources = [_held_back(draft, wire) for wire in wires]
    draft.plan.event_sources[key] = now = {_speaker(draft, wire) for wire in wires}
    hung_up = draft.previous is not None and bool(draft.previous.event_sources.get(key, now) - now)
    if len(sources) == 1 and not hung_up:
        return sources[0]
    if not sources and not hung_up:
        return draft.memory.reserve(8 * FIELDS)
    out = _new_list(draft, node.id, (node.type, port, "merged"))
    words: list[Operand] = [out, _silencing_list(draft) if hung_up else 0, len(sources), *sources]
    draft.out.append(Row(MERGE_EVENTS, words, [], []))
    return out


def _speaker(draft: Draft, wire: Wire) -> tuple[str, str, str, str]:
    """Who is heard over a wire. One who listens to other channels or ports now is somebody else; all other blocks end
    themselves what they have begun, whatever becomes of their settings."""
    node = draft.graph.node(wire.source)
    listens = node.cls is not None and node.cls.device == "events"
    return wire.source, wire.source_port, node.type, repr(sorted(node.settings.items())) if listens else ""


def _silencing_list(draft: Draft) -> int:
    """Pedals up and all notes off: who played them is wired no more and could never end them."""
    address = draft.memory.reserve(BYTES)
    events = as_f64(address)
    for channel in range(CHANNELS):
        send(events, 0, CONTROL | channel, PEDAL, 0, 0.0)
        send(events, 0, CONTROL | channel, ALL_NOTES_OFF, 0, 0.0)
    close_list(address)
    return address


def _held_back(draft: Draft, wire: Wire) -> int:
    """The list at the start of a wire, delayed where it would be too early for the signals at its end."""
    source = draft.event_refs[(wire.source, wire.source_port)]
    early = draft.early(wire)
    if early == 0:
        return source
    out, ring = _new_list(draft, wire.target, (wire, early)), draft.line((wire, early), 2 * FIELDS * ROOM)
    marks = draft.memory.words([0, 0, 0])
    draft.take_over(("events", wire, early), marks, 24)
    draft.out.append(Row(DELAY_EVENTS, [source, out, early, ring.ctypes.data, marks], [], []))
    return out


def _new_list(draft: Draft, node: str, key: tuple[object, ...]) -> int:
    """An empty list of events that a node sends or is sent, or what waits in that of the plan before."""
    address = draft.memory.reserve(BYTES)
    draft.take_over(("events", node, *key), address, BYTES)
    draft.plan.event_lists.setdefault(node, []).append(address)
    return address
