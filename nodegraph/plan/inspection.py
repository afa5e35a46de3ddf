"""Plans that are compiled to be looked at: without files, engine or sound."""

from __future__ import annotations

from typing import Any

from nodegraph.graph import Graph
from nodegraph.graph.outputs import output_channels

from .compile import compile_plan
from .result import Io, Plan


class _StubHelper:
    """A placeholder for helpers that open files, in a plan that is not run."""

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}


def inspected_plan(graph: Graph) -> Plan:
    """Compile the plan of a typed graph for inspection. It opens no files and must not be run."""
    return compile_plan(
        graph,
        Io((0, 2), (0, output_channels(graph))),
        open_helper=lambda node, declared: _StubHelper(),
        compensate=graph.document.settings.latency_compensation,
    )
