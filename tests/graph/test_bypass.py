"""Bypassed nodes pass their audio on, muted ones are silent, both without a click."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.engine.offline import Offline
from nodegraph.graph import GraphError, build_graph
from nodegraph.graph.bypass import BYPASS
from nodegraph.patch import ClearParam, Document, Encapsulate, NodeRecord, SetParam, Wire
from tests.rendering import patch_of


def chain():
    return patch_of(
        "osc.out quiet.audio", "quiet.out out.audio",
        osc=("sine", {"frequency": 100.0}), quiet=("vca", {"gain": 0.25}), out="audio_out",
    )  # fmt: skip


def peak(patch, seconds=0.2):
    engine = Offline(patch.document, 44100.0)
    found = float(np.abs(engine.run(seconds)[2000:]).max())
    engine.close()
    return found


def test_bypassed_node_passes_its_audio_on():
    patch = chain()
    assert peak(patch) == pytest.approx(0.25, abs=1e-3)
    patch.do(SetParam("quiet", BYPASS, "bypass"))
    assert peak(patch) == pytest.approx(1.0, abs=1e-3)
    patch.do(ClearParam("quiet", BYPASS))
    assert peak(patch) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("node", ["osc", "quiet"])
def test_muted_node_is_silent(node):
    patch = chain()
    patch.do(SetParam(node, BYPASS, "mute"))
    assert peak(patch) == 0.0


def test_muted_factor_is_zero_and_not_its_default():
    patch = patch_of(
        "osc.out product.a", "level.out product.b", "product.out out.audio",
        osc="sine", level=("constant", {"value": 0.5}), product="multiply", out="audio_out",
    )  # fmt: skip
    patch.do(SetParam("level", BYPASS, "mute"))
    assert peak(patch) == 0.0


def test_bypassed_factor_at_which_nothing_arrives_is_zero_and_not_its_default():
    patch = patch_of(
        "osc.out product.a", "level.out product.b", "product.out out.audio",
        osc="sine", level="vca", product="multiply", out="audio_out",
    )  # fmt: skip
    patch.do(SetParam("level", BYPASS, "bypass"))
    assert peak(patch) == 0.0


def test_loop_of_bypassed_nodes_passes_on_what_enters_it():
    patch = patch_of(
        "one.out two.a", "two.out ~ one.audio", "osc.out two.a", "two.out out.audio", "one.out silent.audio",
        osc="sine", one="vca", two="add", out="audio_out", silent="vca",
    )  # fmt: skip
    for node in ("one", "two"):
        patch.do(SetParam(node, BYPASS, "bypass"))
    assert peak(patch) == pytest.approx(1.0, abs=1e-3)
    patch.disconnect("osc.out", "two.a")
    assert peak(patch) == 0.0


def test_many_bypassed_nodes_are_led_around_at_once():
    nodes = {"osc": NodeRecord("sine"), "out": NodeRecord("audio_out")}
    wires, before = [], ["osc"]
    for number in range(600):  # each pair reads both nodes of the pair before
        pair = [f"{side}{number}" for side in "ab"]
        nodes |= {id: NodeRecord("vca", params={BYPASS: "bypass"}) for id in pair}
        wires += [Wire(source, "out", id, "audio") for id in pair for source in before]
        before = pair
    wires += [Wire(source, "out", "out", "audio") for source in before]
    graph = build_graph(Document(nodes=nodes, wires=tuple(wires)))
    assert [wire.source for wire in graph.into("out", "audio")] == ["osc"]


def test_bypassed_source_without_an_audio_input_is_silent():
    patch = chain()
    patch.do(SetParam("osc", BYPASS, "bypass"))
    assert peak(patch) == 0.0


def test_bypassed_nodes_in_series_and_subpatches_pass_on():
    patch = patch_of(
        "osc.out one.audio", "one.out two.audio", "two.out out.audio",
        osc="sine", one=("vca", {"gain": 0.5}), two=("vca", {"gain": 0.5}), out="audio_out",
    )  # fmt: skip
    patch.do(Encapsulate(("two",), "group"))
    patch.do(SetParam("one", BYPASS, "bypass"))
    assert peak(patch) == pytest.approx(0.5, abs=1e-3)
    patch.do(SetParam("group", BYPASS, "bypass"))
    assert peak(patch) == pytest.approx(1.0, abs=1e-3)


def test_nodes_in_subpatches_and_voices_are_bypassed_and_muted():
    patch = chain()
    patch.do(Encapsulate(("quiet",), "group"))
    patch.set("group/quiet.bypass", "bypass")
    assert peak(patch) == pytest.approx(1.0, abs=1e-3)
    patch.set("group/quiet.bypass", "mute")
    assert peak(patch) == 0.0
    patch.set("group.voices", 3)
    assert peak(patch) == 0.0


def test_switching_makes_no_click():
    patch = chain()
    engine = Offline(patch.document, 44100.0)
    before = engine.run(0.1)
    for state in ("bypass", "mute"):
        patch.do(SetParam("quiet", BYPASS, state))
        engine.play(build_graph(patch.document, rate=44100.0))
        before = np.concatenate([before, engine.run(0.1)])
    engine.close()
    steepest = 2.0 * np.pi * 100.0 / 44100.0  # of the bypassed sine
    assert np.abs(np.diff(before[:, 0])).max() < steepest + 1.0 / 441 + 1e-3


def test_unknown_state_is_refused_with_the_known_ones():
    patch = chain()
    patch.do(SetParam("quiet", BYPASS, "off"))
    with pytest.raises(GraphError, match="bypass must be bypass or mute, got 'off'"):
        build_graph(patch.document)


def test_document_of_the_graph_is_the_one_that_was_typed():
    patch = chain()
    patch.do(SetParam("quiet", BYPASS, "mute"))
    graph = build_graph(patch.document)
    assert graph.document is patch.document
    assert {node.path for node in graph.typed_nodes} == {("osc",), ("quiet",), ("out",)}
