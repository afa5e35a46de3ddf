"""The device output: the sum of all output nodes."""

from __future__ import annotations

from functools import partial

from nodegraph.graph import GraphNode

from .buffers import FLOAT, Buffer, Ref, Row
from .builder import PlanBuilder
from .crossfade import crossfaded, needs_crossfade
from .inputs import is_plain_knob, mixed, side_by_side, sources_of
from .keys import KNOB, OutputSource, PortKey, Sources
from .result import DEVICE, LastValue
from .rows import COPY_LANES, MIX, MixEntry, mix_words
from .sources import Source, source_of


def device_nodes(builder: PlanBuilder) -> list[GraphNode]:
    """Return the nodes whose inputs go to the device."""
    return [n for n in builder.graph.typed_nodes if n.cls and n.cls.device == "output" and not n.problem]


def place_bus(builder: PlanBuilder) -> None:
    """Sum the output nodes into their channels of the device: one lane goes to all, lane ``k`` to ``k`` modulo n."""
    address, channels = builder.io.output
    outputs = device_nodes(builder)
    state = builder.plan.state
    builder.plan.latency = max((node.path_latency for node in outputs), default=0)
    sources: list[tuple[Source, int, tuple[int, int]]] = []
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
            sources.append((source, lanes, node.channels or (0, channels)))
    bus = Buffer(channels, dedicated=True, address=address)
    state.sources[DEVICE] = Sources(tuple(OutputSource(node.id, tuple(node.input_lanes.values())) for node in outputs))
    entries: list[MixEntry] = []
    for source, lanes, (first, width) in sources:
        if lanes == 1:
            entries.append(MixEntry(source.data, source.stride, 0, first, width, 1))
        elif lanes <= width:
            entries.append(MixEntry(source.data, source.stride, 1, first, lanes, 1))
        else:
            lane_data = [partial(_lane_address, source, lane) for lane in range(lanes)]
            entries += [MixEntry(data, source.stride, 0, first + k % width, 1, 1) for k, data in enumerate(lane_data)]
    reads = [source.buffer for source, *_ in sources]
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


def _lane_address(source: Source, lane: int) -> int:
    return source.data() + FLOAT * lane
