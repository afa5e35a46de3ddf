"""Export of the typed graph."""

from __future__ import annotations

import json

import networkx as nx
import pytest

from nodegraph.graph import build_graph
from nodegraph.graph.export import as_graphml, as_json, plain_graph
from nodegraph.patch import read_patch
from tests.test_patches import FOLDER

READERS = {
    as_graphml: lambda text: nx.parse_graphml(text, force_multigraph=True, edge_key_type=int),
    as_json: lambda text: nx.node_link_graph(json.loads(text), edges="edges"),
}


@pytest.mark.parametrize("export", READERS)
@pytest.mark.parametrize("name", ["demo", "fm_subtractive", "vocoder"])
def test_exported_graph_can_be_read_by_networkx(export, name):
    path = FOLDER / f"{name}.json"
    graph = build_graph(read_patch(path), patch_path=path)
    plain, read = plain_graph(graph), READERS[export](export(graph))
    assert dict(read.nodes(data=True)) == dict(plain.nodes(data=True))
    assert {edge[:3]: edge[3] for edge in read.edges(keys=True, data=True)} == {
        edge[:3]: edge[3] for edge in plain.edges(keys=True, data=True)
    }
