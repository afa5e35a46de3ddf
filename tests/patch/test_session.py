"""The editing session: ids, gestures, the saved mark, listeners."""

from itertools import pairwise

import pytest

from nodegraph.patch import Group, Patch, PatchError, SetParam, Undo


def test_default_ids_are_the_type_and_a_number():
    patch = Patch()
    assert [patch.add("sine"), patch.add("sine"), patch.add("low_pass")] == ["sine1", "sine2", "low_pass1"]
    patch.remove("sine1")
    assert patch.add("sine") == "sine1"
    assert patch.add("fm4") == "fm4_1"
    assert patch.add("a.b c") == "a_b_c1"


def test_slider_drag_is_one_undo_step():
    patch = Patch()
    patch.add("sine", frequency=100.0)
    for drag in (range(200, 300, 10), range(500, 400, -10)):
        for step, value in enumerate(drag):
            patch.set("sine1.frequency", float(value), merge=step > 0)
    patch.undo()
    assert patch.document.nodes["sine1"].params == {"frequency": 290.0}
    patch.undo()
    assert patch.document.nodes["sine1"].params == {"frequency": 100.0}
    patch.redo()
    patch.redo()
    assert patch.document.nodes["sine1"].params == {"frequency": 410.0}


def test_merge_does_not_combine_different_parameters():
    patch = Patch()
    patch.add("sine")
    patch.set("sine1.frequency", 1, merge=True)
    patch.set("sine1.phase", 2, merge=True)
    patch.undo()
    assert patch.document.nodes["sine1"].params == {"frequency": 1}


def test_groups_of_one_gesture_are_one_undo_step():
    patch = Patch()
    patch.add("sine")
    for value in range(4):
        patch.do(Group((SetParam("sine1", "frequency", value), SetParam("sine1", "phase", -value)), "first"))
        patch.do(Group((SetParam("sine1", "phase", value),), "first"))
    patch.do(Group((SetParam("sine1", "frequency", 9),), "second"))
    patch.undo()
    assert patch.document.nodes["sine1"].params == {"frequency": 3, "phase": 3}
    patch.undo()
    assert patch.document.nodes["sine1"].params == {}


def test_setting_an_equal_value_is_not_a_step():
    patch = Patch()
    patch.add("sine", frequency=1)
    before = patch.document
    patch.set("sine1.frequency", 1)
    assert patch.document is before
    patch.set("sine1.frequency", 1.0)
    patch.set("sine1.frequency", True)
    assert patch.document.nodes["sine1"].params["frequency"] is True


def test_undo_to_the_saved_document_marks_the_patch_saved(tmp_path):
    patch = Patch()
    assert patch.saved
    patch.add("sine")
    assert not patch.saved
    patch.save(tmp_path / "a.json")
    assert patch.saved and patch.path == tmp_path / "a.json"
    patch.set("sine1.frequency", 5)
    assert not patch.saved
    patch.undo()
    assert patch.saved
    assert Patch.load(tmp_path / "a.json").document == patch.document


def test_undo_redo_and_save_raise_without_history_or_file():
    for attempt in (Patch().undo, Patch().redo, Patch().save):
        with pytest.raises(PatchError):
            attempt()


def test_listeners_receive_all_steps_in_order_including_edits_by_listeners():
    patch = Patch()
    received = []

    def tidy(action, change):
        if action == SetParam("sine1", "frequency", -1):
            patch.set("sine1.frequency", 0)

    patch.add("sine")
    patch.subscribe(tidy)
    unsubscribe = patch.subscribe(lambda action, change: received.append((action, change)))
    patch.set("sine1.frequency", -1)
    patch.undo()
    unsubscribe()
    patch.undo()
    assert [step for step, _ in received] == [
        SetParam("sine1", "frequency", -1),
        SetParam("sine1", "frequency", 0),
        Undo(),
    ]
    assert all(change.after is next_change.before for (_, change), (_, next_change) in pairwise(received))


def test_failing_listener_does_not_affect_the_others():
    patch = Patch()
    received = []
    patch.subscribe(lambda *step: 1 / 0)
    patch.subscribe(lambda *step: received.append(step))
    with pytest.raises(ZeroDivisionError):
        patch.add("sine")
    assert len(received) == 1 and "sine1" in patch.document.nodes


def test_methods_edit_nested_documents_by_path():
    patch = Patch()
    patch.add("saw", id="osc")
    patch.add("ladder", id="filter")
    patch.connect("osc.out", "filter.audio")
    patch.encapsulate(["osc", "filter"], "voice")
    start = patch.document
    assert patch.add("lfo", id="voice/lfo") == "voice/lfo"
    patch.connect("voice/lfo.out", "voice/filter.cutoff")
    patch.set("voice/lfo.frequency", 2.0)
    patch.move("voice/lfo", 5, 5)
    patch.rename("voice/lfo", "wobble")
    patch.encapsulate(["voice/wobble"], "motion")
    inside = patch.document.nested(("voice",))
    assert [str(wire) for wire in inside.wires] == ["osc.out → filter.audio", "motion.out → filter.cutoff"]
    assert inside.nodes["motion"].patch.nodes["wobble"].params == {"frequency": 2.0}
    patch.dissolve("voice/motion")
    patch.disconnect("voice/wobble.out", "voice/filter.cutoff")
    patch.clear("voice/wobble.frequency")
    patch.remove("voice/wobble")
    assert patch.document == start
    for invalid_edit in (
        lambda: patch.connect("voice/osc.out", "out.audio"),
        lambda: patch.encapsulate(["voice", "voice/osc"], "x"),
        lambda: patch.remove("voice/gone"),
        lambda: patch.add("sine", id="voice/osc"),
        lambda: patch.set("voice/gone.x", 1),
    ):
        with pytest.raises(PatchError) as caught:
            invalid_edit()
        assert len(str(caught.value).splitlines()) == 1
    patch.add("sine", id="a/b")
    assert "a/b" in patch.document.nodes
