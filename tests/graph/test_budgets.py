"""Budgets: a small file that would take all memory or an hour is refused in one line, which says how to allow it."""

from __future__ import annotations

import pytest

from nodegraph.api import Patch
from nodegraph.engine.offline import Offline
from nodegraph.graph import GraphError, build_graph, lanes
from nodegraph.graph.budgets import FORMULAS, MEMORY, NODES
from nodegraph.graph.memory import node_bytes
from nodegraph.patch import Document, NodeRecord, PatchError, Wire
from tests.rendering import patch_of


def problem_of(document: Document) -> str:
    with pytest.raises(GraphError) as caught:
        build_graph(document)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    return problem


def nested(voices: int, depth: int) -> Document:
    """Return subpatches in subpatches, each with voices, around a block that cannot share its lanes."""
    patch = Patch()
    patch.add("pan", "p")
    patch.add("outlet", "o")
    inner = patch.document
    for _ in range(depth):
        inner = Document(
            {"s": NodeRecord("subpatch", params={"voices": voices}, patch=inner), "o": NodeRecord("outlet")}
        )
    return inner


@pytest.mark.parametrize("budget", [NODES, FORMULAS, MEMORY])
def test_budget_is_set_by_its_variable_and_must_be_a_number(budget, monkeypatch):
    monkeypatch.setenv(budget.variable, "7.5")
    assert budget.limit() == 7.5
    monkeypatch.setenv(budget.variable, "much")
    with pytest.raises(PatchError, match=f"{budget.variable} must be a number of {budget.unit}, got 'much'"):
        build_graph(patch_of(osc="sine").document)


def test_nodes_in_voices_of_voices_are_counted(monkeypatch):
    monkeypatch.setenv(NODES.variable, "100")
    build_graph(nested(4, 2))
    assert problem_of(nested(8, 2)) == (
        "the patch has more than 100 nodes, including those in subpatches and voices. Use fewer voices or nodes, or "
        "set NODEGRAPH_MAX_NODES to more."
    )


def test_patch_may_have_a_limited_number_of_different_formulas(monkeypatch):
    monkeypatch.setenv(FORMULAS.variable, "2")

    def formulas(*texts):
        return patch_of(**{f"f{k}": ("expression", {"text": text}) for k, text in enumerate(texts)}).document

    build_graph(formulas("a", "a + b", "a", "a + b"))
    problem = problem_of(formulas("a", "a + b", "a", "b - 1"))
    assert problem.startswith(
        "the patch has 3 different formulas, the first beyond the 2 allowed ones in expression 'f3'"
    )
    assert problem.endswith("set NODEGRAPH_MAX_FORMULAS to more.")


@pytest.mark.parametrize("count", [1, 1000])
def test_memory_of_frames_and_lanes_is_counted_before_it_is_reserved(count, monkeypatch):
    patch = patch_of(
        "osc.out stft.audio", osc=("sine", {"frequency": [100.0] * count}), stft=("stft", {"size": 65536}),
    )  # fmt: skip
    monkeypatch.setenv(MEMORY.variable, "100")
    needed = sum(node_bytes(node, 44100.0) for node in build_graph(patch.document).typed_nodes)
    assert needed > count * 2 * 4 * 32769  # the spectrum alone
    monkeypatch.setenv(MEMORY.variable, str(0.99e-9 * needed))
    assert "most of it for stft 'stft'" in problem_of(patch.document)


def test_estimated_memory_is_above_the_reserved_one():
    patch = patch_of(
        "osc.out gain.audio", "gain.out low.audio", "low.out out.audio",
        osc=("sine", {"frequency": [100.0] * 1000}), gain="vca", low="ladder", out="audio_out",
    )  # fmt: skip
    graph = build_graph(patch.document)
    engine = Offline(graph)
    assert engine.plan is not None
    reserved = sum(len(block) for block in engine.plan.memory.content())
    engine.close()
    assert 1_000_000 < reserved < sum(node_bytes(node, 44100.0) for node in graph.typed_nodes)


def test_lanes_against_the_order_of_feedback_wires_need_few_visits(monkeypatch):
    """Each pass over the nodes infers one more node of the chain."""
    count, visits = 500, []
    nodes = {"out": NodeRecord("audio_out"), **{f"n{k}": NodeRecord("vca") for k in range(count)}}
    nodes["osc"] = NodeRecord("sine", params={"frequency": [100.0, 200.0, 300.0]})
    wires = [Wire(f"n{k}", "out", f"n{k - 1}", "audio", feedback=True) for k in range(1, count)]
    document = Document(
        nodes, (*wires, Wire("osc", "out", f"n{count - 1}", "audio"), Wire("n0", "out", "out", "audio"))
    )
    infer = lanes._infer_node
    monkeypatch.setattr(lanes, "_infer_node", lambda *given: visits.append(1) or infer(*given))
    graph = build_graph(document)
    assert {graph.node(f"n{k}").lanes for k in range(count)} == {3}
    assert len(visits) < 4 * count


def test_problem_of_all_voices_is_reported_once():
    voice = Document({"p": NodeRecord("biquad", params={"cutoff": [100.0, 200.0], "gain": [1.0, 2.0, 3.0]})})
    assert "unequal width" in problem_of(Document({"s": NodeRecord("subpatch", params={"voices": 100}, patch=voice)}))


def test_names_of_many_unknown_blocks_are_compared_for_the_first_ones_only():
    document = Document({f"n{k}": NodeRecord(f"sime{k}") for k in range(300)})
    found = list(build_graph(document).placeholders.values())
    assert len(found) == 300
    assert [text.endswith("Did you mean 'sine'?") for text in found] == [k < 100 for k in range(300)]
