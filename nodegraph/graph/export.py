"""Export of the typed graph: a networkx graph with plain attributes, GraphML and node-link JSON."""

from __future__ import annotations

import json
import math
from io import BytesIO
from typing import Any

import networkx as nx

from .model import Graph, GraphNode


def plain_graph(graph: Graph) -> nx.MultiDiGraph:
    """Return a copy whose attributes are all strings, numbers and booleans, as file formats require.

    Nodes have ``type``, ``lanes``, ``latency`` and ``delay`` in samples, ``problem``, and each knob and setting under
    its name: a number, or text for several lanes. Edges have the attributes of :class:`~.model.Graph` but ``wire``.
    """
    plain = nx.MultiDiGraph(title=graph.document.title, rate=graph.rate, latency=graph.latency)
    for node in graph.typed_nodes:
        plain.add_node(node.id, **_node_attributes(node))
    for source, target, key, data in graph.edges(keys=True, data=True):
        plain.add_edge(source, target, key, **{name: value for name, value in data.items() if name != "wire"})
    return plain


def as_graphml(graph: Graph) -> str:
    """Return the graph as GraphML, for Gephi, yEd, Cytoscape and networkx."""
    out = BytesIO()
    nx.write_graphml(plain_graph(graph), out)
    return out.getvalue().decode().rstrip()


def as_json(graph: Graph) -> str:
    """Return the graph as node-link JSON, for D3 and ``networkx.node_link_graph``."""
    return json.dumps(nx.node_link_data(plain_graph(graph), edges="edges"), indent=2)


def _node_attributes(node: GraphNode) -> dict[str, Any]:
    attributes = {name: getattr(node, name) for name in ("type", "lanes", "latency", "path_latency", "problem")}
    knobs = {name: values[0] if len(values) == 1 else values for name, values in node.values.items()}
    return {name: _plain(value) for name, value in ({**node.settings, **knobs} | attributes).items()}


def _plain(value: Any) -> str | int | float | bool:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool) else str(value)
