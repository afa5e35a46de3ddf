"""The device output: the sum of all output nodes."""

from __future__ import annotations

from functools import partial

import numpy as np

from nodegraph.graph import GraphNode
from nodegraph.graph.outputs import LANE_MIX, output_nodes

from .buffers import FLOAT, Buffer, Ref, Row
from .builder import PlanBuilder
from .crossfade import crossfaded, needs_crossfade
from .inputs import is_plain_knob, mixed, side_by_side, sources_of
from .keys import KNOB, OutputSource, PortKey, Sources
from .memory import write_doubles
from .result import DEVICE, LastValue
from .rows import COPY_LANES, MIX, SPREAD, MixEntry, SpreadArguments, mix_words
from .sources import Source, source_of


def place_bus(builder: PlanBuilder) -> None:
    """Sum the output nodes into their channels of the device: one lane goes to all.

    Several lanes are summed, spread over the first two channels, or lane ``k`` goes to channel ``k`` modulo n.
    """
    address, channels = builder.io.output
    outputs = output_nodes(builder.graph)
    state = builder.plan.state
    builder.plan.latency = max((node.path_latency for node in outputs), default=0)
    entries: list[MixEntry] = []
    reads: list[Buffer] = []
    for node in outputs:
        for port in node.spec.inputs.values():
            lanes = node.input_lanes[port.name]
            key = PortKey(node.id, port.name)
            if is_plain_knob(builder, key, port):
                state.sources[key] = KNOB  # silence, from which a crossfade can start
                continue
            arrival = builder.plan.latency - node.latency  # aligns all output nodes
            own = [(0, lanes, sources_of(builder, node, key, port, lanes, arrival))]
            source = side_by_side(builder, own, lanes) or mixed(builder, own, lanes)
            first, width = node.channels or (0, channels)
            mix = node.settings[LANE_MIX]
            if mix == "stereo" and min(lanes, width) > 1:
                source, lanes, mix = _spread(builder, source, lanes), 2, "lanes"
            entries += _entries(source, lanes, mix != "lanes", first, width)
            reads.append(source.buffer)
    bus = Buffer(channels, dedicated=True, address=address)
    state.sources[DEVICE] = Sources(tuple([_signature(node) for node in outputs]))
    if not needs_crossfade(builder, DEVICE, None, state.sources[DEVICE]):
        builder.out.append(Row(MIX, mix_words(address, channels, entries), [bus], reads, lanes=channels))
    else:
        sum_of_all = builder.new_buffer(channels)
        target = Ref(sum_of_all, 0, channels)
        builder.out.append(Row(MIX, mix_words(target.address, channels, entries), [sum_of_all], reads, lanes=channels))
        source = crossfaded(builder, DEVICE, source_of(target), channels)
        entry = MixEntry(source.data, source.stride, 1, 0, channels, 1)
        words = mix_words(address, channels, [entry])
        builder.out.append(Row(COPY_LANES, words, [bus], [source.buffer], lanes=channels))
    builder.after_placement.append(lambda: state.last_values.update({DEVICE: [LastValue(bus.last, channels, False)]}))


def _signature(node: GraphNode) -> OutputSource:
    return OutputSource(node.id, tuple(node.input_lanes.values()), str(node.settings[LANE_MIX]))


def _entries(source: Source, lanes: int, is_sum: bool, first: int, width: int) -> list[MixEntry]:
    """Return how the lanes of an output node are added to ``width`` channels of the device from channel ``first``."""
    if lanes == 1:
        return [MixEntry(source.data, source.stride, 0, first, width, 1)]
    if lanes <= width and not is_sum:
        return [MixEntry(source.data, source.stride, 1, first, lanes, 1)]
    places = [(first, width) if is_sum else (first + lane % width, 1) for lane in range(lanes)]
    return [
        MixEntry(partial(_lane_address, source, lane), source.stride, 0, *place, 1) for lane, place in enumerate(places)
    ]


def _spread(builder: PlanBuilder, source: Source, lanes: int) -> Source:
    """Return two lanes: those of a source, panned evenly from left to right with equal power."""
    positions = 0.25 * np.arange(lanes) / (lanes - 1)  # turns
    gains = np.stack([np.cos(2.0 * np.pi * positions), np.sin(2.0 * np.pi * positions)], axis=1)
    address = builder.memory.reserve(gains.nbytes)
    write_doubles(address, gains.ravel().tolist())
    target = builder.new_buffer(2)
    words = [*SpreadArguments(source.data, source.stride, lanes, address, Ref(target, 0, 2).address)]
    builder.out.append(Row(SPREAD, words, [target], [source.buffer], lanes=2))
    return source_of(Ref(target, 0, 2))


def _lane_address(source: Source, lane: int) -> int:
    return source.data() + FLOAT * lane
