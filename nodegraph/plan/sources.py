"""Sources of a row's inputs: lanes of a buffer, or a knob."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from .buffers import Buffer, Operand, Ref
from .keys import PortKey


@dataclass(eq=False)
class Slot:
    """The knobs of one input, of all nodes in a packed row: one smoothed value for each lane.

    ``ports`` are (port, first lane, lanes), ``arrays`` the addresses of current values, targets, steps and samples
    left, ``strides`` those of the words that the engine writes.
    """

    ports: list[tuple[PortKey, int, int]]
    values: list[float]
    buffer: Buffer
    smooth: bool
    address: int = 0
    arrays: tuple[int, int, int, int] = (0, 0, 0, 0)
    strides: list[int] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class KnobStride:
    """The stride operand of an input that reads a knob. The engine writes it, so the slot lists all of them."""

    slot: Slot

    def __call__(self) -> int:
        return self.slot.buffer.lanes


class Source(NamedTuple):
    """The source of an input: data and stride as operands, lanes of a buffer from ``lane``.

    ``delayed`` reads the previous sample. ``last`` returns the address of the latest sample, ``knob`` is a knob's slot.
    """

    data: Callable[[], int]
    stride: Operand
    lanes: int
    buffer: Buffer
    lane: int = 0
    delayed: bool = False
    last: Callable[[], int] | None = None
    knob: Slot | None = None


def source_of(ref: Ref) -> Source:
    """Return the lanes of a buffer reference as a source."""
    return Source(ref.address, ref.buffer.lanes, ref.lanes, ref.buffer, ref.lane, ref.delayed, ref.last)


def merge_runs(sources: list[Source], width: int) -> list[tuple[Source, int]]:
    """Return sources with their lane counts; adjacent single lanes of one buffer are merged."""
    if width > 1 or len(sources) < 2:
        return [(source, 1) for source in sources]
    runs: list[tuple[Source, int]] = []
    order = {source.buffer: i for i, source in reversed(list(enumerate(sources)))}
    for source in sorted(sources, key=lambda s: (order[s.buffer], s.delayed, s.lane)):
        previous, run = runs[-1] if runs else (None, 0)
        follows = previous is not None and previous.buffer is source.buffer and previous.delayed == source.delayed
        if previous is not None and follows and source.lane == previous.lane + run and source.lanes == 1:
            runs[-1] = (previous, run + 1)
        else:
            runs.append((source, 1))
    return runs
