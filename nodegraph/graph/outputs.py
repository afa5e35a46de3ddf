"""What audio_out does with several lanes: those of voices are summed, others go to one channel each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx as nx

from .model import Graph, GraphNode

LANE_MIX = "mix"
"""The setting of an output node: "auto" until :func:`infer_mixes`, then "sum", "stereo" or "lanes"."""


def output_nodes(graph: Graph) -> list[GraphNode]:
    """Return the nodes whose inputs go to the device or the rendered file."""
    return [node for node in graph.typed_nodes if node.cls and node.cls.device == "output" and not node.problem]


def audible_nodes(graph: Graph) -> set[str]:
    """Return the nodes that the sound depends on: the output nodes and all before them."""
    outputs = [node.id for node in output_nodes(graph)]
    return set(outputs).union(*(nx.ancestors(graph, id) for id in outputs))


def output_channels(graph: Graph) -> int:
    """Return the channels of the widest output node, or 1 if there is none."""
    return max((output_width(node) for node in output_nodes(graph)), default=1)


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
    lanes = _widest(node.input_lanes)
    return {"sum": 1, "stereo": min(lanes, 2)}.get(node.settings[LANE_MIX], lanes)


def describe_output(node: GraphNode) -> str:
    """Return a sentence about the lanes of an output node, or "" if it has only one."""
    lanes = _widest(node.input_lanes)
    goes = {
        "sum": "are summed, to all channels",
        "stereo": "are spread from left to right",
        "lanes": "go to one channel each",
    }[node.settings[LANE_MIX]]
    return f"{node.title}: {lanes} lanes {goes}. Set 'mix' to change it." if lanes > 1 else ""


def _nodes_of_voices(graph: Graph, order: Iterable[str]) -> set[str]:
    """Return the nodes that allocate voices, and those behind them that compute voice by voice."""
    found = {node.id for node in graph.typed_nodes if node.cls and node.cls.allocates_voices}
    if not found:
        return found
    for id in order:
        node = graph.node(id)
        if node.cls is None or node.cls.lanes is not None:  # a block that makes lanes of its own
            continue
        voices = [wire.source for wire in graph.wires_into(id) if wire.source in found and not wire.feedback]
        if any(_widest(graph.node(source).output_lanes) > 1 for source in voices):
            found.add(id)
    return found


def _widest(lanes: Mapping[str, int]) -> int:
    return max(lanes.values(), default=1)
