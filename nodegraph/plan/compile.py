"""From the typed graph to a plan: rows of kernels over shared buffers.

A plan is data. Compiling one lays out kernels that exist already; machine code is generated only for a kernel that is
used for the first time. A plan continues where the previous one stops: states, knobs and delay lines migrate by node
id, and a port whose wires changed crossfades from its last value to the new signal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodegraph.graph import Graph, GraphNode

from .builder import PlanBuilder
from .bus import place_bus
from .emit import emit
from .nodes import place_group
from .packing import groups_in_order
from .result import Io, Plan, Port


def compile_plan(
    graph: Graph,
    io: Io,
    previous: Plan | None = None,
    previous_since: int = 0,
    handles: dict[Port, int] | None = None,
    open_helper: Callable[[GraphNode, Any], Any] | None = None,
    pack: bool = True,
    compensate: bool = True,
    apart: bool = False,
) -> Plan:
    """Lay out a graph as a plan. Raises KernelError if a block cannot be compiled to a kernel.

    ``previous_since`` is the swap sample of ``previous``. The plan depends on the arguments only: the values computed
    by ``previous`` are copied at the swap and not read here. The graph is not changed. ``apart`` is for plans that two
    cores compute: no buffer reuses the memory of another one.
    """
    builder = PlanBuilder(
        graph, io, previous, previous_since, {} if handles is None else handles, open_helper, compensate, apart
    )
    for group in groups_in_order(graph, pack):
        place_group(builder, group)
    place_bus(builder)
    emit(builder)
    builder.after_placement.clear()  # these refer to the builder: the plan would live until a garbage collection
    return builder.plan
