"""Which changes of parameters are knobs of the graph that is playing."""

from __future__ import annotations

import pytest

from nodegraph.graph import build_graph
from nodegraph.graph.knobs import KnobChange, knob_changes
from nodegraph.patch import Encapsulate, Patch, SetParam, within
from nodegraph.patch.change import ValueChange
from tests.rendering import patch_of


def changes(patch: Patch, end: str, value) -> list[KnobChange] | None:
    """The knobs that ``patch.set(end, value)`` sets in the graph of the patch before it."""
    graph = build_graph(patch.document)
    found = []
    patch.subscribe(lambda step, change: found.extend(change.values))
    node, _, port = end.rpartition(".")
    *path, id = node.split("/")
    patch.do(within(tuple(path), SetParam(id, port, value)))
    return knob_changes(graph, found)


def voice(**settings) -> Patch:
    """A saw and a filter in a subpatch, whose cutoff is a port of it."""
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


def test_a_number_is_a_knob():
    patch = voice()
    assert changes(patch, "voice/osc.frequency", 220.0) == [KnobChange("voice/osc", "frequency", [220.0])]


def test_a_default_is_a_knob():
    graph = build_graph(voice().document)
    found = knob_changes(graph, [ValueChange(("voice",), "osc", "frequency", None)])
    assert found == [KnobChange("voice/osc", "frequency", [440.0])]


@pytest.mark.parametrize("value", [[1.0, 2.0], 1e9, True, "high"])
def test_other_widths_and_values_that_the_input_refuses_are_no_knobs(value):
    assert changes(voice(), "voice/osc.frequency", value) is None


def test_lists_of_the_same_width_are_knobs():
    patch = voice()
    patch.set("voice/osc.frequency", [220.0, 330.0])
    assert changes(patch, "voice/osc.frequency", [1.0, 2.0]) == [KnobChange("voice/osc", "frequency", [1.0, 2.0])]


def test_settings_are_no_knobs():
    patch = Patch()
    patch.add("biquad", "filter")
    assert changes(patch, "filter.kind", "high") is None
    assert changes(voice(), "voice.voices", 2) is None


def test_a_port_of_a_subpatch_is_a_knob_inside_it():
    patch = voice(cutoff=800.0)
    (knob,) = changes(patch, "voice.cutoff", 900.0)
    assert knob.values == [900.0] and knob.node.startswith("voice/cutoff")


def test_the_input_that_gives_a_port_its_default_is_no_knob():
    assert changes(voice(), "voice/filter.cutoff", 900.0) is None


def test_a_value_that_a_wire_replaces_changes_nothing():
    patch = voice(cutoff=800.0)
    patch.add("lfo", "lfo")
    patch.connect("lfo.out", "voice.cutoff")
    assert changes(patch, "voice.cutoff", 900.0) == []
