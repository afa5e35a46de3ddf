"""Analyse a patch with networkx: the typed graph is a `networkx.MultiDiGraph`."""

import sys
from pathlib import Path

import networkx as nx

import nodegraph

ROOT = Path(__file__).resolve().parents[1]
path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "patches" / "autoencoder_effect.json"
graph = nodegraph.load(path).graph()
print(f"{path.name}: {len(graph)} nodes, {graph.number_of_edges()} wires, latency {graph.latency} samples")

forward = nx.DiGraph((a, b) for a, b, feedback in graph.edges(data="feedback") if not feedback)
for source, target in forward.edges:  # the weight of an edge is the latency that its target adds
    forward.edges[source, target]["weight"] = graph.node(target).latency
print("path with the most latency:", " → ".join(nx.dag_longest_path(forward)))

outputs = [node.id for node in graph.typed_nodes if node.type == "audio_out"]
audible = set(outputs).union(*(nx.ancestors(graph, id) for id in outputs))
print("nodes that no audio_out depends on:", *(sorted(set(graph) - audible) or ["none"]))

loops = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
loops += [[id] for id in nx.nodes_with_selfloops(graph)]
print("feedback loops:", *(" ↔ ".join(loop) for loop in loops or [["none"]]))
