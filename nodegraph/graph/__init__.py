"""The typed graph of a patch: a networkx multigraph of its nodes and wires, with what each of them carries."""

from .build import build_graph, graph_of
from .model import Graph, GraphError, GraphNode
from .refusal import wire_problem

__all__ = ["Graph", "GraphError", "GraphNode", "build_graph", "graph_of", "wire_problem"]
