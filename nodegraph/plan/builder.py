"""A plan under construction, shared by the steps of the compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nodegraph.graph import Graph, GraphNode
from nodegraph.patch import Wire

from . import layout as at
from .buffers import CACHE_LINE, Buffer, FrameBuffer, Ref, Row, ScratchMemory
from .keys import SourceSignature
from .memory import ALIGNMENT
from .result import Io, MigratedState, Plan, Port, Region
from .sources import Slot


class PlanBuilder:
    """The rows and placed items so far. New rows are added to ``out``; the rows of a loop have a separate list.

    ``previous`` is the state of the previous plan, or None. With ``apart`` no buffer is reused. ``wired_ports``
    includes those that are or were wired, or crossfade: all others are plain knobs. ``after_placement`` holds steps
    that need the addresses of buffers and are run when all have one.
    """

    def __init__(
        self,
        graph: Graph,
        io: Io,
        previous: Plan | None,
        previous_since: int,
        handles: dict[Port, int],
        open_helper: Callable[[GraphNode, Any], Any] | None,
        compensate: bool,
        apart: bool,
    ) -> None:
        self.graph, self.io, self.apart = graph, io, apart
        self.previous: MigratedState | None = previous.state if previous else None
        self.previous_since = previous_since
        self.previous_scratch = previous.scratch if previous else None
        self.open_helper, self.compensate = open_helper, compensate
        self.plan = Plan(graph, handles)
        self._wires = graph.wires_by_port
        self.wired_ports = {*self._wires, *(self.previous.wired_ports if self.previous else ())}
        self.node: Callable[[str], GraphNode] = {node.id: node for node in graph.typed_nodes}.__getitem__
        self.memory = self.plan.memory
        self.refs: dict[Port, Ref] = {}
        self.slots: list[Slot] = []
        self.rows: list[Row] = []
        self.rows_address = 0
        self.out = self.rows
        self.copies: list[tuple[int, int, int, int, int]] = []
        self.after_placement: list[Callable[[], None]] = []
        self.feedback_outputs = {(w.source, w.source_port) for w in graph.wires if w.feedback}
        self.buffers: list[Buffer] = []
        self.scratch = ScratchMemory(apart=apart)
        self.clocks: dict[int, int] = {}
        self.signatures: dict[str, SourceSignature] = {}
        self.frame_refs: dict[Port, FrameBuffer] = {}
        self.event_refs: dict[Port, int] = {}

    def wires_into(self, key: Port) -> Sequence[Wire]:
        """Return the wires into a port, in document order."""
        return self._wires.get(key, ())

    def new_buffer(self, lanes: int, feedback: bool = False) -> Buffer:
        """Return a new buffer without an address."""
        buffer = Buffer(lanes, feedback)
        self.buffers.append(buffer)
        return buffer

    def place_scratch(self) -> None:
        """Place the scratch memory; that of the previous plan is reused if it is large enough."""
        found = self.previous_scratch
        if found is None or len(found) < self.scratch.floats + CACHE_LINE:
            found = np.empty(self.scratch.floats + CACHE_LINE, np.float32)
            found.fill(0.0)  # touch every page now, not in the audio thread
        self.plan.scratch = found
        self.scratch.address = -(-found.ctypes.data // ALIGNMENT) * ALIGNMENT

    def line(self, key: Any, length: int) -> np.ndarray:
        """Return the memory of a delay line: that of the previous plan if the length is the same, else zeros."""
        found = self.previous.lines.get(key) if self.previous else None
        if found is None or len(found) != length:
            found = np.empty(length, np.float32)
            found.fill(0.0)  # touch every page now, not in the audio thread
        self.plan.state.lines[key] = found
        return found

    def migrate(self, key: Any, address: int, size: int, fetch: bool = True) -> None:
        """Register the memory of a state, and copy it at the swap if the previous plan has the same key.

        If the sizes differ, the lanes that both plans have are copied.
        """
        self.plan.state.regions[key] = Region(address, size)
        found = self.previous.regions.get(key) if self.previous else None
        if found is None or not fetch:
            return
        start, count = found.address, min(size, found.size)
        if self.copies:
            to, source, run, how, _ = self.copies[-1]
            if to + run == address and source + run == start and how == at.COPY_BYTES:  # neighbours in both plans
                self.copies[-1] = (to, source, run + count, how, 1)
                return
        self.copies.append((address, start, count, at.COPY_BYTES, 1))

    def compensation_delay(self, wire: Wire, arrival: int | None = None) -> int:
        """Return the samples by which a wire must be delayed to align all wires into its target.

        ``arrival`` is the path latency at the target's inputs; None uses the one inferred by the graph.
        """
        if not self.compensate or wire.feedback:
            return 0
        if arrival is None:
            target = self.node(wire.target)
            arrival = target.path_latency - target.latency
        return max(arrival - self.node(wire.source).path_latency, 0)
