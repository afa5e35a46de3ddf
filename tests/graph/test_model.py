"""The typed graph is a networkx multigraph."""

from __future__ import annotations

import networkx as nx
import pytest

from nodegraph.api import Patch
from nodegraph.graph import build_graph
from nodegraph.graph.probes import probe_id, with_probes


def echo() -> Patch:
    """Return the graph of a three-lane sine through a feedback echo, with a parallel spectrum."""
    patch = Patch()
    patch.add("sine", "osc", frequency=[220.0, 330.0, 440.0])
    patch.add("add", "mix")
    patch.add("delay", "echo")
    patch.add("stft", "stft", size=512, hop=128)
    patch.add("inverse_stft", "inverse")
    patch.add("add", "both")
    patch.add("audio_out", "out")
    patch.connect("osc.out", "mix.a")
    patch.connect("mix.out", "echo.audio")
    patch.connect("echo.out", "mix.b", feedback=True)
    patch.connect("mix.out", "stft.audio")
    patch.connect("stft.spectrum", "inverse.spectrum")
    patch.connect("inverse.out", "both.a")
    patch.connect("echo.out", "both.b")
    patch.connect("both.out", "out.audio")
    return patch


def test_networkx_algorithms_accept_the_graph():
    graph = build_graph(echo().document)
    assert isinstance(graph, nx.MultiDiGraph)
    assert nx.ancestors(graph, "out") == {"osc", "mix", "echo", "stft", "inverse", "both"}
    assert [sorted(c) for c in nx.strongly_connected_components(graph) if len(c) > 1] == [["echo", "mix"]]
    assert graph.loops == [["mix", "echo"]]


def test_nodes_have_the_typed_node_and_edges_the_wire():
    graph = build_graph(echo().document)
    assert graph.nodes["osc"]["node"] is graph.node("osc") is graph.find("osc")
    assert graph.find("missing") is None
    edges = {(s, t): data for s, t, data in graph.edges(data=True)}
    assert edges["osc", "mix"]["lanes"] == 3
    assert edges["stft", "inverse"]["kind"] == "spectrum"
    assert edges["echo", "mix"]["feedback"] and not edges["osc", "mix"]["feedback"]
    late = graph.node("inverse").path_latency
    assert late > 0 and edges["inverse", "both"]["latency"] == late
    assert edges["inverse", "both"]["compensation"] == 0 and edges["echo", "both"]["compensation"] == late


def test_edge_keys_follow_the_wire_order_of_the_document():
    document = echo().document
    graph = build_graph(document)
    assert (
        [wire for _, wire in sorted((key, wire) for *_, key, wire in graph.edges(keys=True, data="wire"))]
        == [*document.wires]
        == graph.wires
    )


def test_graph_is_frozen():
    graph = build_graph(echo().document)
    with pytest.raises(nx.NetworkXError):
        graph.remove_node("osc")


def test_probes_are_added_to_a_copy():
    graph = build_graph(echo().document)
    probed = with_probes(graph, ["stft.spectrum", "missing.out"])
    assert probe_id("stft.spectrum") not in graph and probe_id("stft.spectrum") in probed
    assert probed.into(probe_id("stft.spectrum"), "values")[0].source == "stft"
    assert len(probed) == len(graph) + 1
