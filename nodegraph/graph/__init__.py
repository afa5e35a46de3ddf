"""The typed graph of a patch: its flat net, and what each wire carries."""

from .build import Graph, GraphError, GraphNode, build_graph, graph_of, refusal

__all__ = ["Graph", "GraphError", "GraphNode", "build_graph", "graph_of", "refusal"]
