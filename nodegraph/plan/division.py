"""Division of a plan into two parts that two cores compute, the second part later than the first.

A *unit* is a row, or a fused group of rows. The units are brought into one order, and a cut divides it: everything
that a unit reads is written by earlier units, so that no sample flows from the second part to the first. While one core
computes a quantum of the second part, the other one computes the next quanta of the first. *Crossing* buffers, written
before the cut and read after it, are passed on as copies.

All that units share besides buffers stays in one part: device inputs and events in the first one, which runs in step
with the engine's clock; frame clocks and Fourier transforms in either.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nodegraph.graph import Graph

from .buffers import Buffer, Row
from .event_rows import DELAY_EVENTS, MERGE_EVENTS
from .frame_rows import ADVANCE_CLOCK, DELAY_FRAMES

MAX_SHARE = 0.8  # of the time of one core that two cores may take: below, the second one pays
PASS_NS = 60.0  # to pass a quantum to the other core
PASS_NS_PER_BYTE = 0.03  # of crossing buffers, for each core


@dataclass(frozen=True)
class Cut:
    """A division of the order before position ``at``, with the expected ns of a quantum on one core and on two."""

    at: int
    one_core: float
    two_cores: float

    @property
    def pays(self) -> bool:
        """Whether two cores are faster by enough."""
        return self.two_cores <= MAX_SHARE * self.one_core


class Division:
    """The order of the units of a plan without shared memory, and where it may be cut.

    ``units`` are the numbers of the rows of each unit, in an order in which they can run. ``order`` are units,
    ``position`` is their place in it.
    """

    def __init__(self, graph: Graph, rows: Sequence[Row], units: Sequence[Sequence[int]]) -> None:
        self.units = units
        self._rows = rows
        self.writer: dict[Any, int] = {}  # unit that writes a buffer
        self._readers: dict[Any, set[int]] = {}
        for number, unit in enumerate(units):
            for part in self._parts(unit):
                self.writer.update(dict.fromkeys(part.outputs, number))
        for number, unit in enumerate(units):
            for part in self._parts(unit):
                for buffer in part.reads:
                    if buffer in self.writer:
                        self._readers.setdefault(buffer, set()).add(number)
        self._starts = sorted((buffer.address, k) for k, buffer in enumerate(self.writer))
        self._buffers = list(self.writer)
        first = self._with_sources({n for n, unit in enumerate(units) if self._any(unit, _is_in_step, graph)})
        self.order = [n for n in range(len(units)) if n in first] + [n for n in range(len(units)) if n not in first]
        self.position = {unit: at for at, unit in enumerate(self.order)}
        together = [self.position[n] for n, unit in enumerate(units) if self._any(unit, _shares_frames, graph)]
        self._together = (min(together), max(together)) if together else (0, 0)
        self._first = len(first)

    def _parts(self, unit: Sequence[int]) -> list[Row]:
        return [part for number in unit for part in self._rows[number].flat]

    def _any(self, unit: Sequence[int], holds: Any, graph: Graph) -> bool:
        return any(holds(graph, part) for part in self._parts(unit))

    def _with_sources(self, units: set[int]) -> set[int]:
        """Return units, and all units on which they depend."""
        found, open_units = set(units), list(units)
        while open_units:
            for part in self._parts(self.units[open_units.pop()]):
                before = {self.writer[buffer] for buffer in part.reads if buffer in self.writer} - found
                found |= before
                open_units += before
        return found

    def allows(self, at: int) -> bool:
        """Return whether the order may be cut before position ``at``, with something on both sides."""
        low, high = self._together
        return max(self._first, 1) <= at < len(self.order) and not low < at <= high

    def crossing(self, at: int) -> list[Buffer]:
        """Return the buffers that are written before a cut and read after it."""
        return [
            buffer
            for buffer, readers in self._readers.items()
            if self.position[self.writer[buffer]] < at and any(self.position[unit] >= at for unit in readers)
        ]

    def best_cut(self, times: Sequence[float]) -> Cut | None:
        """Return the cut that makes the slower part fastest; None if there is none. ``times`` are ns by position."""
        whole = sum(times)
        bytes_passed = [0] * (len(self.order) + 1)  # changes from one cut to the next
        for buffer, readers in self._readers.items():
            bytes_passed[self.position[self.writer[buffer]] + 1] += buffer.size
            bytes_passed[max(self.position[unit] for unit in readers) + 1] -= buffer.size
        best: Cut | None = None
        before, passed = 0.0, 0
        for at in range(1, len(self.order)):
            before += times[at - 1]
            passed += bytes_passed[at]
            slower = max(before, whole - before) + PASS_NS + PASS_NS_PER_BYTE * passed
            if self.allows(at) and (best is None or slower < best.two_cores):
                best = Cut(at, whole, slower)
        return best

    def buffer_at(self, address: int) -> Buffer | None:
        """Return the buffer that has a sample at an address."""
        k = bisect_right(self._starts, (address, len(self._starts))) - 1
        if k < 0:
            return None
        found: Buffer = self._buffers[self._starts[k][1]]
        return found if address < found.address + found.size else None


def _is_in_step(graph: Graph, row: Row) -> bool:
    """Return whether a row reads the device, or reads or writes events."""
    if row.kernel in (MERGE_EVENTS, DELAY_EVENTS):
        return True
    return any(
        bool(node.spec.event_inputs or node.spec.event_outputs or (node.cls and node.cls.device))
        for node in (graph.node(id) for id, _, _ in row.nodes)
    )


def _shares_frames(graph: Graph, row: Row) -> bool:
    """Return whether a row uses a frame clock or the memory of a Fourier transform."""
    if row.kernel in (ADVANCE_CLOCK, DELAY_FRAMES):
        return True
    return any(
        bool((node.cls and node.cls.frame) or node.spec.transforms)
        for node in (graph.node(id) for id, _, _ in row.nodes)
    )
