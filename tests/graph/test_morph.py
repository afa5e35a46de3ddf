"""Snapshots: recall and interpolation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.graph.morph import morph, recall
from nodegraph.patch import Encapsulate, Patch, PatchError, RemoveNode, SetSnapshot


def voice() -> Patch:
    patch = Patch()
    patch.add("saw", id="osc", frequency=100.0)
    patch.add("ladder", id="filter", cutoff=200.0, resonance=0.2)
    patch.add("expression", id="shape", text="a")
    patch.connect("osc.out", "filter.audio")
    patch.do(Encapsulate(("filter",), "tone"))
    patch.do(SetSnapshot("dark"))
    patch.set("osc.frequency", 400.0)
    patch.set("tone/filter.cutoff", 3200.0)
    patch.set("tone/filter.resonance", 0.6)
    patch.set("shape.text", "a * 2")
    patch.do(SetSnapshot("bright"))
    patch.set("osc.frequency", [110.0, 220.0])
    patch.do(SetSnapshot("chord"))
    return patch


@given(st.floats(0, 1))
def test_morph_interpolates_linearly_or_by_ratio_with_a_log_taper(part):
    values = morph(voice().document, ["dark", "bright"], part).values
    assert math.isclose(values["osc.frequency"], 100 * 4**part, rel_tol=1e-12)
    assert math.isclose(values["tone/filter.cutoff"], 200 * 16**part, rel_tol=1e-12)
    assert math.isclose(values["tone/filter.resonance"], 0.2 + 0.4 * part, rel_tol=1e-12)
    assert values["shape.text"] == ("a" if part < 0.5 else "a * 2")


def test_morph_at_a_snapshot_restores_its_exact_values():
    document = voice().document
    for position, name in enumerate(("dark", "bright", "chord")):
        values = morph(document, ["dark", "bright", "chord"], position).values
        assert values == document.snapshots[name].values
    assert morph(document, ["dark", "bright", "chord"], 99).values == document.snapshots["chord"].values


def test_morph_interpolates_lists_by_lane():
    values = morph(voice().document, ["bright", "chord"], 0.5).values
    assert values["osc.frequency"] == pytest.approx([math.sqrt(400 * 110), math.sqrt(400 * 220)])


def test_recall_resets_later_changes_but_not_new_nodes():
    patch = voice()
    patch.set("osc.amplitude", 0.5)
    patch.add("sine", id="new", frequency=5.0)
    patch.do(recall(patch.document, "dark"))
    assert patch.document.nodes["osc"].params == {"frequency": 100.0}
    assert patch.document.nodes["new"].params == {"frequency": 5.0}
    assert patch.document.nodes["tone"].patch.nodes["filter"].params == {"cutoff": 200.0, "resonance": 0.2}


def test_morph_gesture_is_one_undo_step():
    patch = voice()
    before = patch.document
    for step in range(11):
        patch.do(morph(patch.document, ["dark", "bright"], step / 10, merge=step > 0))
    patch.undo()
    assert patch.document is before


def test_parameter_missing_in_a_snapshot_has_its_default_there():
    patch = Patch()
    patch.add("sine", id="osc", frequency=110.0)
    patch.do(SetSnapshot("a"))
    patch.clear("osc.frequency")
    patch.set("osc.amplitude", 0.5)
    patch.do(SetSnapshot("b"))
    assert morph(patch.document, ["a", "b"], 0.5).values == {
        "osc.frequency": pytest.approx(math.sqrt(110 * 440)),
        "osc.amplitude": 0.75,
    }
    patch.do(morph(patch.document, ["a", "b"], 0.0))
    assert patch.document.nodes["osc"].params == {"frequency": 110.0}


def test_removed_nodes_are_skipped():
    patch = voice()
    patch.do(RemoveNode("osc"))
    assert not any(end.startswith("osc") for end in morph(patch.document, ["dark", "bright"], 0.3).values)
    patch.do(recall(patch.document, "dark"))


@pytest.mark.parametrize(
    ("names", "position", "message"),
    [
        ([], 0.0, "no snapshots selected"),
        (["grey"], 0.0, "unknown snapshot 'grey'"),
        (["dark"], float("nan"), "must be a number"),
    ],
)
def test_invalid_morph_is_reported(names, position, message):
    with pytest.raises(PatchError, match=message):
        morph(voice().document, names, position)
