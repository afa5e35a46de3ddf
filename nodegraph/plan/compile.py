"""From the typed graph to a plan: rows of kernels over shared buffers, ready to be walked.

A plan is data. Compiling one places kernels that exist already; nothing is turned into machine code
unless a kernel is used for the first time. A plan takes over from the one before it: states, knobs
and delay lines by node id, and where the wires into a port have changed it glides from the last value
heard to the new signal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodegraph.graph import Graph, GraphNode

from .bus import place_bus
from .draft import Draft
from .nodes import place_group
from .packing import groups_in_order
from .result import Io, Plan, Port
from .write import write_down


def compile_plan(
    graph: Graph,
    io: Io,
    previous: Plan | None = None,
    previous_since: int = 0,
    handles: dict[Port, int] | None = None,
    open_host: Callable[[GraphNode, Any], Any] | None = None,
    pack: bool = True,
    compensate: bool = True,
) -> Plan:
    """Lay out a graph as a plan. Raises KernelError where a block cannot become a kernel.

    ``previous_since`` is the sample at which ``previous`` was taken over. The plan is a function of the arguments
    alone: what ``previous`` has computed is fetched when the new plan is taken over, never read here.
    """
    draft = Draft(graph, io, previous, previous_since, {} if handles is None else handles, open_host, compensate)
    for group in groups_in_order(graph, pack):
        place_group(draft, group)
    place_bus(draft)
    write_down(draft)
    draft.late.clear()  # they refer to the draft: plans would stay until the garbage collector comes by
    return draft.plan
