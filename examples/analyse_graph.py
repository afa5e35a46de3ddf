"""Analyse a patch as the networkx graph that is compiled: paths, loops, latency, what each wire carries."""

import networkx as nx

import nodegraph
from nodegraph.graph import build_graph

patch = nodegraph.Patch()
for type, id in (("saw", "osc"), ("delay", "echo"), ("multiply", "again"), ("add", "sum"), ("audio_out", "out")):
    patch.add(type, id)
patch.connect("osc.out", "sum.a")
patch.connect("sum.out", "echo.audio")
patch.connect("echo.out", "again.a")
patch.connect("again.out", "sum.b", feedback=True)
patch.connect("sum.out", "out.audio")

graph = build_graph(patch.document)  # an nx.MultiDiGraph; GraphError has a sentence for each problem
print("path:", " → ".join(nx.shortest_path(graph, "osc", "out")))
print("loops:", [sorted(loop) for loop in nx.simple_cycles(graph)])
print("most connected:", max(graph.degree, key=lambda pair: pair[1])[0])
for source, target, wire in graph.edges(data=True):
    print(f"{source} → {target}: {wire['kind']}, lanes: {wire['lanes']}, feedback: {wire['feedback']}")
