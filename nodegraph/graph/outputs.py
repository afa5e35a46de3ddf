"""What audio_out does with several lanes: those of voices are summed, others go to one channel each."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Graph, GraphNode

LANE_MIX = "mix"
"""The setting of an output node: "auto" until :func:`infer_mixes`, then "sum", "stereo" or "lanes"."""


def output_nodes(graph: Graph) -> list[GraphNode]:
    """Return the nodes whose inputs go to the device or the rendered file."""
    return [node for node in graph.typed_nodes if node.cls and node.cls.device == "output" and not node.problem]


def infer_mixes(graph: Graph, order: Iterable[str]) -> None:
    """Replace the setting "auto" of output nodes by "sum" if their lanes are voices, else by "lanes"."""
    outputs = [node for node in output_nodes(graph) if node.settings[LANE_MIX] == "auto"]
    if not outputs:
        return
    voices = _nodes_of_voices(graph, order)
    for node in outputs:
        node.settings[LANE_MIX] = "sum" if node.id in voices else "lanes"


def output_width(node: GraphNode) -> int:
    """Return the number of channels that an output node fills."""
    lanes = max(node.input_lanes.values(), default=1)
    return {"sum": 1, "stereo": min(lanes, 2)}.get(node.settings[LANE_MIX], lanes)


def describe_output(node: GraphNode) -> str:
    """Return a sentence about the lanes of an output node, or "" if it has only one."""
    lanes = max(node.input_lanes.values(), default=1)
    goes = {
        "sum": "are summed, to all channels",
        "stereo": "are spread from left to right",
        "lanes": "go to one channel each",
    }[node.settings[LANE_MIX]]
    return f"{node.title}: {lanes} lanes {goes}. Set 'mix' to change it." if lanes > 1 else ""


def _nodes_of_voices(graph: Graph, order: Iterable[str]) -> set[str]:
    """Return the nodes that allocate voices, and those behind them that compute voice by voice."""
    found: set[str] = set()
    for id in order:
        node = graph.node(id)
        if node.cls is None:
            continue
        wide = [wire.source for wire in graph.wires_into(id) if not wire.feedback and _lanes(graph, wire.source) > 1]
        own = node.cls.lanes is not None  # such a block makes new lanes from those at its inputs
        if node.cls.allocates_voices or (not own and any(source in found for source in wide)):
            found.add(id)
    return found


def _lanes(graph: Graph, id: str) -> int:
    return max(graph.node(id).output_lanes.values(), default=1)
