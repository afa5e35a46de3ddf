"""Gliding from the old wires to the new: no step where a patch was edited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nodegraph.node import In
from nodegraph.patch import Wire
from nodegraph.quantum import QUANTUM

from . import layout as at
from .buffers import FLOAT, Operand, Ref, Row
from .draft import Draft
from .result import Crossfade, Port
from .rows import DECLICK
from .sources import Source, source_of

FADE = 0.01  # s, how long a changed wire takes to its new signal
KNOB = ("knob",)  # what feeds an input without wires


def identity(draft: Draft, wires: Iterable[Wire]) -> Any:
    """What a port is fed by; when this changes between plans the port glides."""
    return tuple((wire, *nature(draft, wire.source), draft.early(wire)) for wire in wires) or KNOB


def nature(draft: Draft, id: str) -> tuple[Any, ...]:
    """What a node is, as far as those who hear it are concerned."""
    found = draft.natures.get(id)
    if found is None:
        node = draft.graph.node(id)
        found = node.type, repr(sorted(node.settings.items())), repr((node.lanes, node.output_lanes)), node.delay
        draft.natures[id] = found
    return found


def fades(draft: Draft, key: Port, port: In | None, now: Any) -> bool:
    """Whether what feeds a port differs from those in the plan before, or it is still gliding from then."""
    if draft.previous is None or (port is not None and not port.smooth):
        return False
    before = draft.previous.port_sources.get(key)
    return before is not None and (before != now or still_gliding(draft, key))


def still_gliding(draft: Draft, key: Port) -> bool:
    """Whether a crossfade of the plan before may go on at the earliest sample at which this plan can be taken over.

    How far it has come when this plan is compiled would depend on the moment, and with it the order of sums.
    """
    found = draft.previous.crossfades.get(key) if draft.previous else None
    if found is None:
        return False
    since = draft.previous_since if found.since is None else found.since
    return draft.previous_since + QUANTUM - since < samples_of_fade(draft)


def samples_of_fade(draft: Draft) -> int:
    return max(1, round(FADE * draft.graph.rate))


def remember_sources(draft: Draft, key: Port, sources: list[Source], identity: Any) -> None:
    draft.plan.port_sources[key] = identity

    def remember() -> None:
        if key in draft.plan.crossfades:
            return
        draft.plan.port_last[key] = [
            (source.knob.arrays[0], source.lanes, True)
            if source.knob
            else (source.last() if source.last else 0, source.lanes, False)
            for source in sources
        ]

    draft.late.append(remember)


def glide(draft: Draft, key: Port, source: Source, lanes: int) -> Source:
    """The source, but from the last value heard at this port to its own in ``FADE`` seconds."""
    buffer = draft.new_buffer(lanes)
    whole = samples_of_fade(draft)
    last, offset = draft.memory.reserve(FLOAT * lanes), draft.memory.reserve(FLOAT * lanes)
    left = draft.memory.words([whole])
    words: list[Operand] = [source.data, source.stride, 1 if source.lanes > 1 else 0]
    words += [Ref(buffer, 0, lanes).address, lanes, last, offset, left, whole]
    draft.out.append(Row(DECLICK, words, [buffer], [source.buffer], lanes=lanes))
    assert draft.previous is not None
    since: int | None = None
    if draft.previous.port_sources.get(key) == draft.plan.port_sources.get(key):
        before = draft.previous.crossfades[key]
        since = draft.previous_since if before.since is None else before.since
        draft.copies.append((left, before.left, 8, at.COPY_BYTES, 1))
        draft.copies.append((offset, before.offset, FLOAT * min(lanes, before.lanes), at.COPY_BYTES, 1))
    else:
        for address, width, double in draft.previous.port_last.get(key, []):
            how = at.COPY_ADD_DOUBLES if double else at.COPY_ADD_FLOATS
            if width in (1, lanes):
                draft.copies.append((last, address, lanes, how, 1 if width > 1 else 0))
    draft.plan.crossfades[key] = Crossfade(left, offset, lanes, since)
    draft.late.append(lambda: draft.plan.port_last.update({key: [(buffer.last, lanes, False)]}))
    return source_of(Ref(buffer, 0, lanes))
