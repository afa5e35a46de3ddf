"""A plan that is being laid out: what the steps of the compiler share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nodegraph.graph import Graph, GraphNode
from nodegraph.patch import Wire

from . import layout as at
from .buffers import Buffer, Ref, Row
from .result import Io, Plan, Port
from .sources import Slot

if TYPE_CHECKING:
    from .frame_rows import FrameBuffer


class Draft:
    """Rows in the making, with what has been placed so far. ``out`` takes new rows: a loop has its own.

    ``late`` holds steps that must wait until all buffers have their addresses.
    """

    def __init__(
        self,
        graph: Graph,
        io: Io,
        previous: Plan | None,
        previous_since: int,
        handles: dict[Port, int],
        open_host: Callable[[GraphNode, Any], Any] | None,
        compensate: bool,
    ) -> None:
        self.graph, self.io, self.previous, self.previous_since = graph, io, previous, previous_since
        self.open_host, self.compensate = open_host, compensate
        self.plan = Plan(graph, handles)
        self.memory = self.plan.memory
        self.refs: dict[Port, Ref] = {}
        self.slots: list[Slot] = []
        self.rows: list[Row] = []
        self.rows_address = 0
        self.out = self.rows
        self.copies: list[tuple[int, int, int, int, int]] = []
        self.late: list[Callable[[], None]] = []
        self.fed_back = {(w.source, w.source_port) for w in graph.wires if w.feedback}
        self.buffers: list[Buffer] = []
        self.clocks: dict[int, int] = {}
        self.natures: dict[str, tuple[Any, ...]] = {}  # of the nodes that wires come from
        self.frame_refs: dict[Port, FrameBuffer] = {}
        self.event_refs: dict[Port, int] = {}

    def new_buffer(self, lanes: int, feedback: bool = False) -> Buffer:
        """A buffer that has no address yet."""
        buffer = Buffer(lanes, feedback)
        self.buffers.append(buffer)
        return buffer

    def line(self, key: Any, length: int) -> np.ndarray:
        """The memory of a delay line: the same as in the plan before if its length is."""
        found = self.previous.lines.get(key) if self.previous else None
        if found is None or len(found) != length:
            found = np.empty(length, np.float32)
            found.fill(0.0)  # touch every page now, not in the audio thread
        self.plan.lines[key] = found
        return found

    def take_over(self, key: Any, address: int, size: int, fetch: bool = True) -> None:
        """Remember where something lies; if the plan before has it too, fetch it when this plan starts.

        Where the width has changed, the lanes that both have go on.
        """
        self.plan.takeover[key] = (address, size)
        before = self.previous.takeover.get(key) if self.previous else None
        if before is None or not fetch:
            return
        start, count = before[0], min(size, before[1])
        if self.copies:
            to, source, run, how, _ = self.copies[-1]
            if to + run == address and source + run == start and how == at.COPY_BYTES:  # neighbours there as here
                self.copies[-1] = (to, source, run + count, how, 1)
                return
        self.copies.append((address, start, count, at.COPY_BYTES, 1))

    def early(self, wire: Wire) -> int:
        """Samples by which a wire must be delayed to meet the latest at its end."""
        target = self.graph.node(wire.target)
        early = target.delay - target.latency - self.graph.node(wire.source).delay
        return max(early, 0) if self.compensate and not wire.feedback else 0
