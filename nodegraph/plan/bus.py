"""The way out: everything that is heard, summed into the channels of the device."""

from __future__ import annotations

from typing import Any

from nodegraph.graph import GraphNode

from .buffers import FLOAT, Buffer, Operand, Ref, Row
from .draft import Draft
from .glide import KNOB, fades, glide
from .inputs import Part, is_plain_knob, mixed, side_by_side, sources_of
from .result import BUS
from .rows import COPY_LANES, MIX
from .sources import source_of


def bus_identity(draft: Draft) -> Any:
    """What the device is fed by."""
    return tuple((node.id, *node.input_lanes.values()) for node in outlets(draft))


def outlets(draft: Draft) -> list[GraphNode]:
    """Nodes whose input goes to the device."""
    return [n for n in draft.graph.typed_nodes if n.cls and n.cls.device == "output" and not n.problem]


def place_bus(draft: Draft) -> None:
    """Everything that is heard, summed into the device's channels: mono to all, more lanes in turn."""
    address, channels = draft.io.output
    heard = outlets(draft)
    due = max((node.delay for node in heard), default=0)
    draft.plan.latency = due
    parts: list[Part] = []
    for node in heard:
        for port in node.spec.inputs.values():
            lanes = node.input_lanes[port.name]
            if not draft.graph.into(node.id, port.name) and is_plain_knob(draft, node, port):
                draft.plan.port_sources[(node.id, port.name)] = KNOB  # silence to glide from
                continue
            node.delay, delay = due, node.delay
            own = [(0, lanes, sources_of(draft, node, port, lanes))]
            node.delay = delay
            parts.append((0, lanes, [side_by_side(draft, own, lanes) or mixed(draft, own, lanes)]))
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
    draft.plan.port_sources[key] = bus_identity(draft)
    draft.late.append(lambda: draft.plan.port_last.update({key: [(bus.last, channels, False)]}))
    words: list[Operand] = [address, channels, 0, len(entries) // 6, 0, *entries]
    if not fades(draft, key, None, draft.plan.port_sources[key]):
        draft.out.append(Row(MIX, words, [bus], reads, lanes=channels))
        return
    dry = draft.new_buffer(channels)
    words[0] = Ref(dry, 0, channels).address
    draft.out.append(Row(MIX, words, [dry], reads, lanes=channels))
    source = glide(draft, key, source_of(Ref(dry, 0, channels)), channels)
    words = [address, channels, 0, 1, 0, source.data, source.stride, 1, 0, channels, 1]
    draft.out.append(Row(COPY_LANES, words, [bus], [source.buffer], lanes=channels))
    draft.late.append(lambda: draft.plan.port_last.update({key: [(bus.last, channels, False)]}))
