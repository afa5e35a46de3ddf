"""Crossfades from old wires to new ones, which avoid clicks after edits.

A port whose sources differ from those in the previous plan is crossfaded linearly from its last value to the new
signal. If plans are swapped faster, the next plan continues the crossfade.
"""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.node import In
from nodegraph.patch import Wire
from nodegraph.quantum import QUANTUM

from . import layout as at
from .buffers import FLOAT, Ref, Row
from .builder import PlanBuilder
from .keys import KNOB, PortKey, SignalSource, Sources, SourceSignature
from .result import Crossfade, LastValue
from .rows import CROSSFADE, CrossfadeArguments
from .sources import Source, source_of

SECONDS = 0.01


def crossfade_samples(builder: PlanBuilder) -> int:
    """Return the length of a crossfade in samples."""
    return max(1, round(SECONDS * builder.graph.rate))


def signal_sources(builder: PlanBuilder, wires: Sequence[Wire], delays: Sequence[int]) -> Sources:
    """Return a key for the wires into a signal input and their compensation delays (samples)."""
    if not wires:
        return KNOB
    pairs = zip(wires, delays, strict=True)
    return Sources(tuple([SignalSource(wire, source_signature(builder, wire.source), delay) for wire, delay in pairs]))


def source_signature(builder: PlanBuilder, id: str) -> SourceSignature:
    """Return the properties of a node that affect its output signal."""
    found = builder.signatures.get(id)
    if found is None:
        node = builder.node(id)
        settings, lanes = repr(sorted(node.settings.items())), repr((node.lanes, node.output_lanes))
        found = builder.signatures[id] = SourceSignature(node.type, settings, lanes, node.path_latency)
    return found


def needs_crossfade(builder: PlanBuilder, key: PortKey, port: In | None, sources: Sources) -> bool:
    """Return whether a port must crossfade to these sources: they changed, or an earlier crossfade may continue."""
    if builder.previous is None or (port is not None and not port.smooth):
        return False
    previous = builder.previous.sources.get(key)
    return previous is not None and (previous != sources or may_continue(builder, key))


def may_continue(builder: PlanBuilder, key: PortKey) -> bool:
    """Return whether a crossfade of the previous plan can still run at the swap, at least one quantum later.

    The result does not depend on the time of compilation. Otherwise the order of summation would depend on it, and a
    flight log could not be replayed exactly.
    """
    assert builder.previous is not None
    found = builder.previous.crossfades.get(key)
    if found is None:
        return False
    return builder.previous_since + QUANTUM < start_of(builder, found) + crossfade_samples(builder)


def start_of(builder: PlanBuilder, previous: Crossfade) -> int:
    """Return the sample at which a crossfade of the previous plan started."""
    return builder.previous_since if previous.since is None else previous.since


def remember_sources(builder: PlanBuilder, key: PortKey, values: Sequence[Source], sources: Sources) -> None:
    """Register the sources of a port, and the memory of the latest value of each."""
    builder.plan.state.sources[key] = sources

    def remember() -> None:
        if key in builder.plan.state.crossfades:
            return
        builder.plan.state.last_values[key] = [
            LastValue(source.knob.arrays[0], source.lanes, True)
            if source.knob
            else LastValue(source.last() if source.last else 0, source.lanes, False)
            for source in values
        ]

    builder.after_placement.append(remember)


def crossfaded(builder: PlanBuilder, key: PortKey, source: Source, lanes: int) -> Source:
    """Return a crossfade from the last value of a port to a source."""
    buffer = builder.new_buffer(lanes)
    whole = crossfade_samples(builder)
    last, offset = builder.memory.reserve(FLOAT * lanes), builder.memory.reserve(FLOAT * lanes)
    left = builder.memory.words([whole])
    words = CrossfadeArguments(
        data=source.data,
        stride=source.stride,
        step=1 if source.lanes > 1 else 0,
        out=Ref(buffer, 0, lanes).address,
        lanes=lanes,
        last=last,
        offset=offset,
        left=left,
        whole=whole,
    )
    row = Row(CROSSFADE, list(words), [buffer], [source.buffer], lanes=lanes)
    row.lines.append((offset, lanes, at.ALL_LANES))  # the offset is not finite if the first sample is not
    builder.out.append(row)
    state, previous = builder.plan.state, builder.previous
    assert previous is not None
    since: int | None = None
    if previous.sources.get(key) == state.sources.get(key):
        earlier = previous.crossfades[key]
        since = start_of(builder, earlier)
        builder.copies.append((left, earlier.left, 8, at.COPY_BYTES, 1))
        builder.copies.append((offset, earlier.offset, FLOAT * min(lanes, earlier.lanes), at.COPY_BYTES, 1))
    else:
        for address, width, double in previous.last_values_of(key):
            how = at.COPY_ADD_DOUBLES if double else at.COPY_ADD_FLOATS
            if width in (1, lanes):
                builder.copies.append((last, address, lanes, how, 1 if width > 1 else 0))
    state.crossfades[key] = Crossfade(left, offset, lanes, since)
    builder.after_placement.append(lambda: state.last_values.update({key: [LastValue(buffer.last, lanes, False)]}))
    return source_of(Ref(buffer, 0, lanes))
