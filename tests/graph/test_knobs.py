"""Parameter changes that only set knobs of the playing graph."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nodegraph.graph import GraphError, build_graph
from nodegraph.graph.knobs import KnobChange, knob_changes
from nodegraph.patch import AddNode, Connect, Encapsulate, Patch, SetParam, SetParams, Within, within
from nodegraph.patch.change import Change, ValueChange
from tests.rendering import patch_of


def changes(patch: Patch, end: str, value) -> list[KnobChange] | None:
    """Return the knobs that ``patch.set(end, value)`` sets in the graph before the edit."""
    graph = build_graph(patch.document)
    found = []
    patch.subscribe(lambda step, change: found.append(change))
    node, _, port = end.rpartition(".")
    *path, id = node.split("/")
    patch.do(within(tuple(path), SetParam(id, port, value)))
    return knob_changes(graph, found[0])


def voice(**settings) -> Patch:
    """Return a patch with a saw and a filter in a subpatch that has the cutoff as a port."""
    patch = patch_of(
        "osc.out filter.audio",
        "lfo.out filter.cutoff",
        "filter.out out.audio",
        osc="saw",
        lfo="lfo",
        filter="ladder",
        out="audio_out",
    )
    patch.do(Encapsulate(("osc", "filter"), "voice"))
    patch.remove("lfo")
    for name, value in settings.items():
        patch.do(SetParam("voice", name, value))
    return patch


def test_number_is_a_knob():
    patch = voice()
    assert changes(patch, "voice/osc.frequency", 220.0) == [KnobChange("voice/osc", "frequency", [220.0])]


def test_default_is_a_knob():
    document = voice().document
    change = Change(document, document, "values", (ValueChange(("voice",), "osc", "frequency", None),))
    found = knob_changes(build_graph(document), change)
    assert found == [KnobChange("voice/osc", "frequency", [440.0])]


@pytest.mark.parametrize("value", [[1.0, 2.0], 1e9, True, "high"])
def test_other_lane_counts_and_invalid_values_are_not_knobs(value):
    assert changes(voice(), "voice/osc.frequency", value) is None


def test_lists_of_the_same_width_are_knobs():
    patch = voice()
    patch.set("voice/osc.frequency", [220.0, 330.0])
    assert changes(patch, "voice/osc.frequency", [1.0, 2.0]) == [KnobChange("voice/osc", "frequency", [1.0, 2.0])]


def test_settings_are_not_knobs():
    patch = Patch()
    patch.add("biquad", "filter")
    assert changes(patch, "filter.kind", "high") is None
    assert changes(voice(), "voice.voices", 2) is None


def test_port_of_a_subpatch_is_a_knob_inside_it():
    patch = voice(cutoff=800.0)
    (knob,) = changes(patch, "voice.cutoff", 900.0)
    assert knob.values == [900.0] and knob.node.startswith("voice/cutoff")


def test_input_that_sets_the_default_of_a_port_is_not_a_knob():
    assert changes(voice(), "voice/filter.cutoff", 900.0) is None


def test_value_overridden_by_a_wire_changes_nothing():
    patch = voice(cutoff=800.0)
    patch.add("lfo", "lfo")
    patch.connect("lfo.out", "voice.cutoff")
    assert changes(patch, "voice.cutoff", 900.0) == []


PARAMS = ["voice.cutoff", "voice.voices", "voice/osc.frequency", "voice/core/filter.cutoff", "voice/cutoff.value",
          "voice/core/filter.resonance", "voice/cutoff.spread", "amp.gain", "lfo.frequency", "voice/core.cutoff",
          "voice/core.voices", "voice/core/cutoff.value", "voice/core.resonance"]  # fmt: skip
VALUES = st.none() | st.sampled_from([0.0, 0.3, 0.5, 1, 20.0, 30.0]) | st.just([20.0, 30.0])


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.booleans(), st.booleans(), st.lists(st.tuples(st.sampled_from(PARAMS), VALUES), max_size=6))
@example(False, False, [("voice/core.cutoff", [20.0, 30.0])])
@example(False, True, [("voice/core.cutoff", [20.0, 30.0])])
@example(False, True, [("voice/core/filter.cutoff", 20.0)])
@example(True, False, [("voice/cutoff.spread", 0.3), ("voice/cutoff.spread", None)])
@example(False, False, [("voice/cutoff.value", 20.0), ("voice/cutoff.value", None)])
def test_knob_changes_equal_those_of_a_rebuilt_graph(wired, copies, edits):
    """Nested subpatches with voices, as lanes or as copies, with and without a wire to their port."""
    patch = patch_of(
        "osc.out filter.audio", "lfo.out filter.cutoff", "filter.out amp.audio", "amp.out out.audio",
        osc="saw", lfo="lfo", filter="ladder", amp="vca", out="audio_out",
    )  # fmt: skip
    patch.do(Encapsulate(("osc", "filter"), "voice"))
    patch.do(Within(("voice",), Encapsulate(("filter",), "core")))
    patch.do(Within(("voice", "core"), AddNode("resonance", "inlet")))
    patch.do(Within(("voice", "core"), Connect("resonance.out", "filter.resonance")))
    patch.set("voice.voices", 2)
    if copies:
        patch.do(Within(("voice",), AddNode("split", "split")))
        patch.do(Within(("voice", "core"), AddNode("split", "split")))
    if not wired:
        patch.disconnect("lfo.out", "voice.cutoff")
    received = []
    patch.subscribe(lambda step, change: received.append(change))
    for end, value in edits:
        received.clear()
        before = patch.document
        patch.do(SetParams({end: value}))
        try:
            old = build_graph(before)
        except GraphError:
            continue
        found = knob_changes(old, reduce(Change.then, received)) if received else None
        if found is not None:
            new = build_graph(patch.document)
            assert list(new) == list(old) and new.wires == old.wires
            expected = {(node.id, port): value for node in old.typed_nodes for port, value in node.values.items()}
            expected |= {(knob.node, knob.port): knob.values for knob in found}
            now = {(node.id, port): value for node in new.typed_nodes for port, value in node.values.items()}
            assert now == expected and len(set(found_ends(found))) == len(found)
            assert [node.settings for node in new.typed_nodes] == [node.settings for node in old.typed_nodes]


def found_ends(knobs: list[KnobChange]) -> list[tuple[str, str]]:
    return [(knob.node, knob.port) for knob in knobs]
