"""The typed graph as a networkx multigraph: each node has a :class:`GraphNode`, each edge a wire and its type."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import networkx as nx

from nodegraph.frame_types import FrameType
from nodegraph.node import OVERSAMPLING, Node, Spec
from nodegraph.patch import Document, Wire
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import quote, suggest

from .flat import FlatPatch
from .rules import title_of

Block = type[Node]


class GraphError(Exception):
    """The patch cannot be compiled.

    ``problems`` has one sentence for each fault, a :class:`~nodegraph.patch.errors.Problem` if its node is known.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass
class GraphNode:
    """A node of the flat graph with its inferred properties.

    ``values``         knob values by input: one number per lane, or per member of a bank
    ``settings``       choices and options, including defaults
    ``input_lanes``, ``output_lanes``, ``lanes``  lanes of the ports, and of the state
    ``latency``        samples by which the node delays its inputs
    ``path_latency``   samples from the inputs of the patch to the outputs of this node
    ``problem``        the reason why the node is a silent placeholder, or ""
    ``input_frames``, ``output_frames``  frame types of its inputs and outputs
    ``missing_input``  a required frame input without a wire, or ""
    ``bank_sizes``     number of members of each bank
    ``voices``         number of voices, each of which has a lane
    ``spec_override``  the spec of this node if it differs from that of its block
    ``path``           path of its node in the document, ``()`` for a probe
    ``channels``       device channels of an output node, as (first, number); None: all
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
    channels: tuple[int, int] | None = None

    def knob_values(self, port: str, values: list[float]) -> list[float]:
        """Return the values of a knob for the plan; missing members of a bank have the default."""
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
    def oversampling(self) -> int:
        """The samples that the block computes for each sample of its ports."""
        return int(self.settings.get(OVERSAMPLING, 1))

    @property
    def address(self) -> str:
        """The address of its node in the document: ``voice/osc`` for each of its voices."""
        return "/".join(self.path) if self.path else self.id

    @property
    def title(self) -> str:
        """The name of the node in messages: ``sine 'osc1'``."""
        return title_of(self.type, self.id)


class Graph(nx.MultiDiGraph):  # type: ignore[misc]
    """The typed graph of a patch: a networkx multigraph of the flat graph, frozen after it is built.

    ``graph.nodes[id]["node"]`` is a :class:`GraphNode`, in short ``graph.node(id)``; a node in a subpatch has an id
    such as ``voice/osc``. An edge is a wire between two existing nodes. Its key is its index in document order, in
    which the signals at an input are summed. Its attributes are:

    ``wire``          the :class:`~nodegraph.patch.Wire`
    ``source_port``, ``target_port``, ``feedback``  those of the wire
    ``kind``          "signal", "events", or the kind of its frames
    ``lanes``         number of parallel signals
    ``latency``       samples from the inputs of the patch to the source of the wire
    ``compensation``  samples by which the plan delays the wire to align parallel paths
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
        """The flat graph, with the relation of its nodes and ports to the document."""
        flat: FlatPatch = self.graph["flat"]
        return flat

    @property
    def folder(self) -> Path | None:
        """The folder of the patch file."""
        return self.flat.file.parent if self.flat.file else None

    @property
    def loops(self) -> list[list[str]]:
        """Feedback components, each in topological order of its unmarked wires."""
        loops: list[list[str]] = self.graph["loops"]
        return loops

    def _repr_html_(self) -> str:
        from .display import graph_html

        return graph_html(self)

    # The attribute dictionaries are read directly: the views of networkx are several times slower, and the plan
    # compiler reads nodes and wires thousands of times per edit.

    def node(self, id: str) -> GraphNode:
        """Return the typed node with an id. Raises KeyError, with the nearest id."""
        try:
            node: GraphNode = self._node[id]["node"]
        except KeyError:
            raise KeyError(f"unknown node {quote(id)}.{suggest(str(id), self._node)}") from None
        return node

    def find(self, id: str) -> GraphNode | None:
        """Return the typed node with an id, or None."""
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
    def wires_by_port(self) -> dict[tuple[str, str], list[Wire]]:
        """The wires into each port that has any, by (node, port), in document order."""
        found: dict[tuple[str, str], list[Wire]] = defaultdict(list)
        for wire in self.wires:
            found[wire.target, wire.target_port].append(wire)
        return dict(found)

    def wires_into(self, node: str) -> list[Wire]:
        """Return the wires into a node, in document order."""
        return self._wires_by_target.get(node, [])

    def into(self, node: str, port: str) -> list[Wire]:
        """Return the wires into a port, in document order."""
        return self.wires_by_port.get((node, port), [])

    def output_of(self, node: str, port: str) -> tuple[str, str] | None:
        """Return the (node, port) of the graph that carries an output of the document, or None if several do."""
        return self.flat.output_of(node, port)

    def knobs_of(self, node: str, port: str) -> list[tuple[str, str]]:
        """Return the knobs of the graph set by a document parameter; empty if the input is wired."""
        return self.flat.knobs_of(node, port)

    @property
    def placeholders(self) -> dict[str, str]:
        """The placeholder nodes, with their problems."""
        return {node.id: node.problem for node in self.typed_nodes if node.problem}

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems of a graph that was typed in spite of them, see :func:`~.build.graph_of`."""
        problems: tuple[str, ...] = self.graph.get("problems", ())
        return problems

    @property
    def broken_wires(self) -> dict[int, str]:
        """The problems of wires of the flat graph that were left out, by index."""
        broken: dict[int, str] = self.graph.get("broken_wires", {})
        return broken

    @property
    def latency(self) -> int:
        """The largest path latency of a node, in samples."""
        return max((node.path_latency for node in self.typed_nodes), default=0)

    # The dictionaries are also written directly while the graph is built: add_node and add_edge of networkx take a
    # tenth of the time of typing.

    def add_typed_node(self, node: GraphNode) -> None:
        """Add a typed node."""
        self._node[node.id] = {"node": node}
        self._succ[node.id], self._pred[node.id] = {}, {}

    def add_wire(self, wire: Wire, index: int) -> None:
        """Add a wire between two typed nodes; ``index`` is its index in document order."""
        edges = self._succ[wire.source].get(wire.target)
        if edges is None:
            edges = self._succ[wire.source][wire.target] = self._pred[wire.target][wire.source] = {}
        edges[index] = {
            "wire": wire,
            "source_port": wire.source_port,
            "target_port": wire.target_port,
            "feedback": wire.feedback,
        }
