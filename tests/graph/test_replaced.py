"""A faulty patch: all problems at once, and a graph in which everything else plays."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.api import render
from nodegraph.engine.offline import Offline
from nodegraph.graph import GraphError, build_graph
from nodegraph.patch import Document, NodeRecord, Wire
from tests.rendering import patch_of

CLEAN = patch_of("osc.out out.audio", osc="sine", out="audio_out")


def node(type, **params):
    return NodeRecord(type, params=params)


def wire(source, target, feedback=False):
    return Wire(*source.split("."), *target.split("."), feedback)


# faults beside the clean patch: nodes, wires, and words of each problem
FAULTS = {
    "missing output": ({"a": node("sine")}, [wire("a.uot", "out.audio")], [["unknown output 'uot'", "'out'"]]),
    "missing input": ({"a": node("vca")}, [wire("osc.out", "a.adio")], [["unknown input 'adio'", "'audio'"]]),
    "wrong value": ({"a": node("sine", frequency="loud")}, [wire("a.out", "out.audio")], [["frequency", "loud"]]),
    "unknown setting": ({"a": node("sine", frequncy=3.0)}, [wire("a.out", "out.audio")], [["'frequncy'"]]),
    "wrong kind": ({"a": node("stft")}, [wire("a.spectrum", "out.audio")], [["spectrum", "signal"]]),
    "loop": (
        {"a": node("vca"), "b": node("vca")},
        [wire("osc.out", "a.audio"), wire("a.out", "b.audio"), wire("b.out", "a.gain")],
        [["form a loop", "Mark"]],
    ),
    "unequal lanes": (
        {"a": node("vca", audio=[0.1, 0.2], gain=[0.1, 0.2, 0.3])},
        [wire("a.out", "out.audio")],
        [["vca 'a'", "unequal width"]],
    ),
    "unequal frames": (
        {"a": node("stft", size=1024), "b": node("stft", size=2048), "c": node("add_spectra")},
        [wire("a.spectrum", "c.a"), wire("b.spectrum", "c.b")],
        [["add_spectra 'c'", "frames must be equal"]],
    ),
    "subpatch voices": (
        {"a": NodeRecord("subpatch", params={"voices": 0}, patch=Document({"o": node("outlet")}))},
        [wire("a.o", "out.audio")],
        [["subpatch 'a'", "voices"], ["unknown node"]],
    ),
    "lanes into voices": (
        {
            "many": node("sine", frequency=[100.0, 200.0, 300.0]),
            "a": NodeRecord(
                "subpatch",
                params={"voices": 2},
                patch=Document(
                    {"i": node("inlet"), "v": node("vca"), "o": node("outlet")},
                    (wire("i.out", "v.audio"), wire("v.out", "o.audio")),
                ),
            ),
        },
        [wire("many.out", "a.i")],
        [["subpatch 'a'", "3 lanes"], ["unequal width", "3 at 'audio' and 2 at 'gain'"]],
    ),
}


def with_faults(*names):
    document = CLEAN.document
    nodes, wires, expected = dict(document.nodes), list(document.wires), []
    for name in names:
        more, between, words = FAULTS[name]
        ids = {id: f"{name.replace(' ', '_')}_{id}" for id in more}
        nodes |= {ids[id]: record for id, record in more.items()}
        for one in between:
            source, target = ids.get(one.source, one.source), ids.get(one.target, one.target)
            wires.append(Wire(source, one.source_port, target, one.target_port, one.feedback))
        expected += [[word.replace(" 'a'", f" '{ids['a']}'").replace(" 'c'", f" '{ids.get('c')}'") for word in line]
                     for line in words]  # fmt: skip
    return Document(nodes, tuple(wires)), expected


def assert_reported(problems, expected):
    assert len(problems) == len(expected), problems
    for words in expected:
        assert any(all(word in problem for word in words) for problem in problems), (words, problems)


@pytest.mark.parametrize("name", FAULTS)
def test_everything_but_the_fault_plays_and_the_document_is_unchanged(name):
    document, expected = with_faults(name)
    with pytest.raises(GraphError) as caught:
        build_graph(document)
    assert_reported(caught.value.problems, expected)
    graph = build_graph(document, tolerant=True)
    assert list(graph.problems) == caught.value.problems
    assert graph.document is document
    assert graph.placeholders or graph.broken_wires
    engine = Offline(graph)
    found = engine.run_samples(441)
    engine.close()
    np.testing.assert_array_equal(found[:, 0], render(CLEAN, 0.01)[:, 0])


def test_no_fault_hides_another():
    document, expected = with_faults(*FAULTS)
    with pytest.raises(GraphError) as caught:
        build_graph(document)
    assert_reported(caught.value.problems, expected)
    assert len(set(caught.value.problems)) == len(caught.value.problems)


def test_placeholder_has_the_ports_and_lanes_of_a_new_block():
    document, _ = with_faults("unequal lanes")
    graph = build_graph(document, tolerant=True)
    silent = graph.node("unequal_lanes_a")
    assert "unequal width" in silent.problem
    assert silent.lanes == 1 and set(silent.output_lanes) == {"out"} and silent.values["audio"] == [0.0]


def test_patch_without_problems_is_typed_once_and_has_none():
    graph = build_graph(CLEAN.document, tolerant=True)
    assert graph.problems == () and graph.broken_wires == {}


def test_patch_beyond_a_budget_is_refused_in_spite_of_placeholders(monkeypatch):
    monkeypatch.setenv("NODEGRAPH_MAX_NODES", "1")
    with pytest.raises(GraphError, match="more than 1 nodes"):
        build_graph(CLEAN.document, tolerant=True)
    monkeypatch.setenv("NODEGRAPH_MAX_NODES", "100")
    monkeypatch.setenv("NODEGRAPH_MEMORY", "1e-6")
    with pytest.raises(GraphError, match="of memory"):
        build_graph(CLEAN.document, tolerant=True)
