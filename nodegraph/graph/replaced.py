"""What is left out of the graph of a faulty patch: nodes that become placeholders, and wires."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import networkx as nx

from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import Problem

from .budgets import OverBudget
from .model import Graph, GraphNode
from .wires import name_of


@dataclass
class Replaced:
    """The problems of faulty nodes, by path in the document, and of faulty wires, by index in the flat graph."""

    nodes: dict[Place, str] = field(default_factory=dict)
    wires: dict[int, str] = field(default_factory=dict)
    loops: set[str] = field(default_factory=set)

    def silence(self, node: GraphNode) -> None:
        """Make a faulty node a placeholder: silent, with the ports, settings and lanes of a new node."""
        problem = self.nodes.get(node.path)
        if problem is None or node.problem:
            return
        node.problem = problem.removeprefix(f"{node.title}: ")
        node.values = {name: [value] for name, value in node.spec.default_values.items()}
        node.settings = dict(node.spec.default_settings)

    def add(self, graph: Graph, problems: Iterable[str]) -> bool:
        """Note what has problems; return whether all of it can be left out."""
        known = {*self.wires.values(), *self.loops}
        paths = {node.path for node in graph.typed_nodes}
        for problem in problems:
            if problem in known:
                continue
            if isinstance(problem, OverBudget) or not isinstance(problem, Problem) or not problem.path:
                return False
            self.nodes.setdefault(problem.path, problem)
            if problem.path not in paths:
                self._break_wires_into(graph, problem)
        return True

    def break_loops(self, graph: Graph, problems: Iterable[str]) -> None:
        """Note the unmarked wires of loops, with these problems, that lead to an earlier node of the document."""
        self.loops.update(problems)
        place = {node.id: i for i, node in enumerate(graph.typed_nodes)}
        forward = nx.DiGraph((wire.source, wire.target) for wire in graph.wires if not wire.feedback)
        component = {id: i for i, ids in enumerate(nx.strongly_connected_components(forward)) for id in ids}
        for source, target, index, data in graph.edges(keys=True, data=True):
            is_inside = not data["feedback"] and component[source] == component[target]
            if is_inside and place[target] <= place[source]:
                self.wires[index] = f"{name_of(data['wire'])} closes a loop. Mark it as a feedback wire."

    def _break_wires_into(self, graph: Graph, problem: Problem) -> None:
        """Note the wires into a subpatch with a problem."""
        size = len(problem.path)
        for source, target, index in graph.edges(keys=True):
            if graph.node(target).path[:size] == problem.path != graph.node(source).path[:size]:
                self.wires[index] = problem
