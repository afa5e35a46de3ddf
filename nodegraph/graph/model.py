"""The typed graph as a networkx multigraph: nodes carry a :class:`GraphNode`, edges a wire with what it carries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import networkx as nx

from nodegraph.frame_types import FrameType
from nodegraph.node import Node, Spec
from nodegraph.patch import Document, Wire
from nodegraph.patch.document import Path as Place

from .flat import FlatPatch
from .rules import title_of

Block = type[Node]


class GraphError(Exception):
    """A patch that cannot be compiled. ``problems`` holds one sentence for each fault: a
    :class:`~nodegraph.patch.errors.Problem` where it is known which node the sentence is about."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class GraphNode:
    """A node of the flat net with everything that was inferred about it.

    ``values``        knobs by input: one number per lane, or per member of a bank
    ``settings``      choices and options, defaults included
    ``input_lanes``, ``output_lanes``, ``lanes``  widths of the ports, and of the state
    ``latency``       samples by which the node delays its own inputs
    ``path_latency``         samples from the inputs of the patch to the outputs of this node
    ``problem``       why the node is a silent placeholder, "" if it is not
    ``input_frames``, ``output_frames``  what its frame inputs and outputs carry
    ``missing_input`` the frame input that the node needs and that nothing is wired to, "" if there is none
    ``bank_sizes``         the number of members of each bank
    ``voices``        the number of voices for which the node has a lane each
    ``spec_override``      the declarations of this node where they differ from those of its block
    ``path``          the path of the node of the document that it belongs to, ``()`` if there is none (a probe)
    """

    id: str
    type: str
    cls: Block | None
    settings: dict[str, Any] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    input_lanes: dict[str, int] = field(default_factory=dict)
    output_lanes: dict[str, int] = field(default_factory=dict)
    lanes: int = 1
    latency: int = 0
    path_latency: int = 0
    problem: str = ""
    input_frames: dict[str, FrameType] = field(default_factory=dict)
    output_frames: dict[str, FrameType] = field(default_factory=dict)
    missing_input: str = ""
    bank_sizes: dict[str, int] = field(default_factory=dict)
    voices: int = 1
    spec_override: Spec | None = None
    path: Place = ()

    def knob_values(self, port: str, values: list[float]) -> list[float]:
        """The values of a knob as the plan uses them: missing members of a bank get the default."""
        if port not in self.bank_sizes:
            return values
        members = self.bank_sizes[port]
        if len(values) == 1:
            return values * members
        return [*values, *[float(self.spec.inputs[port].default)] * members][:members]

    @property
    def spec(self) -> Spec:
        return self.spec_override or (self.cls.spec if self.cls else Spec())

    @property
    def address(self) -> str:
        """The node of the document that it belongs to, as people write it: ``voice/osc`` for each of its voices."""
        return "/".join(self.path) if self.path else self.id

    @property
    def title(self) -> str:
        """The name of the node in messages: ``sine 'osc1'``."""
        return title_of(self.type, self.id)


class Graph(nx.MultiDiGraph):  # type: ignore[misc]
    """The typed graph of a patch: a networkx multigraph of the flat net, frozen once it is built.

    ``graph.nodes[id]["node"]`` is a :class:`GraphNode`, for short ``graph.node(id)``; a node in a subpatch has an id
    such as ``voice/osc``. An edge is a wire between two nodes that exist. Its key is its place in the order of the
    document, in which signals at one input are added up; its attributes are:

    ``wire``          the :class:`~nodegraph.patch.Wire`, ``source_port``, ``target_port``, ``feedback`` as it has them
    ``kind``          "signal", "events", or the kind of its frames
    ``lanes``         parallel signals
    ``latency``       samples from the inputs of the patch to the source of the wire
    ``compensation``  samples by which the plan delays the wire, so that parallel paths meet in time
    """

    @property
    def document(self) -> Document:
        document: Document = self.graph["document"]
        return document

    @property
    def rate(self) -> float:
        """Sample rate in Hz."""
        return float(self.graph["rate"])

    @property
    def flat(self) -> FlatPatch:
        """The flat net: where nodes and ports of the document are found in the graph."""
        flat: FlatPatch = self.graph["flat"]
        return flat

    @property
    def folder(self) -> Path | None:
        """The folder of the patch file."""
        return self.flat.file.parent if self.flat.file else None

    @property
    def loops(self) -> list[list[str]]:
        """Feedback components, each in an order in which its unmarked wires run forward."""
        loops: list[list[str]] = self.graph["loops"]
        return loops

    # The attribute dictionaries are read directly: the views of networkx take several times as long, and the plan
    # compiler asks thousands of times per edit.

    def node(self, id: str) -> GraphNode:
        """The typed node with an id. Raises KeyError."""
        node: GraphNode = self._node[id]["node"]
        return node

    def find(self, id: str) -> GraphNode | None:
        """The typed node with an id; None if there is none."""
        data = self._node.get(id)
        return data["node"] if data else None

    @property
    def typed_nodes(self) -> list[GraphNode]:
        """All typed nodes, in document order."""
        return [data["node"] for data in self._node.values()]

    @cached_property
    def edge_data(self) -> list[dict[str, Any]]:
        """The attributes of all edges, in document order."""
        keyed = [item for targets in self._adj.values() for edges in targets.values() for item in edges.items()]
        return [data for _, data in sorted(keyed, key=itemgetter(0))]

    @cached_property
    def wires(self) -> list[Wire]:
        """All wires, in document order."""
        return [data["wire"] for data in self.edge_data]

    @cached_property
    def _wires_by_target(self) -> dict[str, list[Wire]]:
        found: dict[str, list[Wire]] = defaultdict(list)
        for wire in self.wires:
            found[wire.target].append(wire)
        return found

    @cached_property
    def _wires_by_port(self) -> dict[tuple[str, str], list[Wire]]:
        found: dict[tuple[str, str], list[Wire]] = defaultdict(list)
        for wire in self.wires:
            found[wire.target, wire.target_port].append(wire)
        return found

    def wires_into(self, node: str) -> list[Wire]:
        """Wires that arrive at a node, in document order."""
        return self._wires_by_target.get(node, [])

    def into(self, node: str, port: str) -> list[Wire]:
        """Wires that arrive at a port, in document order."""
        return self._wires_by_port.get((node, port), [])

    def output_of(self, node: str, port: str) -> tuple[str, str] | None:
        """The (node, port) of the graph that carries an output of the document, or None if several do."""
        return self.flat.output_of(node, port)

    def knobs_of(self, node: str, port: str) -> list[tuple[str, str]]:
        """The knobs of the graph that a parameter of the document controls; empty if the input is wired."""
        return self.flat.knobs_of(node, port)

    @property
    def placeholders(self) -> dict[str, str]:
        """Silent nodes, with the reason."""
        return {node.id: node.problem for node in self.typed_nodes if node.problem}

    @property
    def latency(self) -> int:
        """Samples from the inputs to the latest node."""
        return max((node.path_latency for node in self.typed_nodes), default=0)

    def add_wire(self, wire: Wire, index: int) -> None:
        """Add a wire between two typed nodes; ``index`` is its place in the order of the document."""
        self.add_edge(
            wire.source,
            wire.target,
            index,
            wire=wire,
            source_port=wire.source_port,
            target_port=wire.target_port,
            feedback=wire.feedback,
        )
