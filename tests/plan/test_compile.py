"""Compiling reads the typed graph and the previous plan, and changes neither."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from nodegraph.graph import build_graph
from nodegraph.patch import AddNode, Group, SetParams
from nodegraph.plan import compile_plan
from tests.engine.storm import random_edits, sounding_patch
from tests.rendering import engine_of, patch_of


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


def contents(graph):
    """Return all data of a typed graph."""
    return copy.deepcopy(([vars(node) for node in graph.typed_nodes], graph.edge_data, graph.loops))


@pytest.mark.parametrize("seed", range(6))
def test_compiling_does_not_change_the_graph(seed):
    patch = sounding_patch(25, seed)
    patch.add("late", id="late")  # the inputs of the output node have different latencies
    patch.add("audio_out", id="second")
    patch.connect("root.out", "late.audio")
    patch.connect("late.out", "out.audio")
    patch.connect("root.out", "second.audio")
    engine = engine_of(patch)
    for _ in random_edits(patch, 12, seed, 30):
        engine.run_samples(256)
        graph = build_graph(patch.document)
        before = contents(graph)
        compile_plan(graph, engine.io, engine.plan, engine.swap_sample, dict(engine.handles))
        assert contents(graph) == before


def test_graph_of_a_plan_has_the_values_at_compile_time():
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": [200.0, 300.0]}), out="audio_out")
    engine = engine_of(patch, channels=2)
    before = contents(engine.plan.graph)
    patch.set("osc.frequency", [250.0, 350.0])
    assert contents(engine.plan.graph) == before and engine.knob_values("osc", "frequency") == [250.0, 350.0]
    patch.set("osc.amplitude", 0.5)
    patch.clear("osc.amplitude")
    assert engine.knob_values("osc", "amplitude") == [1.0]


@pytest.mark.parametrize("is_swapped", [True, False])
def test_value_set_and_reset_before_a_swap_has_no_effect(is_swapped):
    """Messages for a plan that is never played reach the next one; the document's value wins."""
    patch = patch_of("osc.out out.audio", osc=("constant", {"value": 0.25}), out="audio_out")
    engine = engine_of(patch)
    if is_swapped:
        engine.run_samples(640)
    for number, value in enumerate((0.75, 0.5, 0.25)):
        patch.do(Group((AddNode(f"saw{number}", "saw"), SetParams({"osc.value": value}))))
        if value > 0.25:
            patch.set("osc.value", 0.9)
    sound = engine.run_samples(2048)
    assert np.array_equal(sound[1024:], np.full_like(sound[1024:], 0.25))
