"""Actions: the documents they make are consistent, and the edits can be undone, logged and replayed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.patch import (
    AddNode,
    Connect,
    Document,
    Group,
    Move,
    Patch,
    PatchError,
    Redo,
    RemoveNode,
    Rename,
    Replace,
    SetBinding,
    SetControl,
    SetParam,
    SetParams,
    Undo,
    Wire,
    from_data,
    locate,
    step_from_data,
    step_to_data,
    to_data,
)

from .arbitrary import actions, applied, documents, scaffold


@given(documents, actions)
def test_action_makes_a_consistent_document_or_raises_one_line(document, action):
    before = repr(document)
    try:
        after = action.apply(document)
    except PatchError as error:
        assert len(str(error).splitlines()) == 1
        after = document
    assert repr(document) == before
    assert len({(wire.source_ref, wire.target_ref) for wire in after.wires}) == len(after.wires)
    for wire in after.wires:
        assert wire.source in after.nodes and wire.target in after.nodes
    for control in after.controls.values():
        locate(after, control.target.partition(".")[0])
    assert {*after.layout, *after.looks} <= set(after.nodes)
    for id, record in after.nodes.items():
        assert record.patch is None or (record.type == "subpatch" and id)


@given(actions)
def test_action_is_unchanged_by_a_log_round_trip(action):
    assert from_data(json.loads(json.dumps(to_data(action)))) == action


@given(st.lists(actions | st.sampled_from([Undo(), Redo()]), max_size=30))
def test_undo_redo_and_replay_reproduce_the_same_documents(steps):
    patch = Patch(applied(scaffold, Document()))
    start, log = patch.document, []
    patch.subscribe(lambda step, change: log.append(json.dumps(step_to_data(step))))
    for step in steps:
        try:
            patch.do(step)
        except PatchError:
            pass
    end = patch.document

    replayed = Patch(start)
    for line in log:
        replayed.do(step_from_data(json.loads(line)))
    assert replayed.document == end

    while patch.can_redo:
        patch.redo()
    latest = patch.document
    while patch.can_undo:
        patch.undo()
    assert patch.document is start
    while patch.can_redo:
        patch.redo()
    assert patch.document is latest


@given(documents, actions)
def test_edited_document_shares_unedited_nodes(document, action):
    after = applied([action], document)
    if not isinstance(action, Group):
        for id, record in document.nodes.items():
            assert id in touched_by(action) or after.nodes[id] is record


def touched_by(action):
    """Return the ids of the nodes of the outermost document that an action may change."""
    ids = {getattr(action, name, None) for name in ("id", "new", "node")}
    ids |= set(getattr(action, "path", ())[:1]) | set(getattr(action, "ids", ()))
    if isinstance(action, SetParams):
        ids |= {port_ref.partition(".")[0].partition("/")[0] for port_ref in action.values}
    return ids


def small() -> Patch:
    patch = Patch()
    patch.add("sine", id="osc1", frequency=220.0)
    patch.add("low_pass", id="lp1")
    patch.connect("osc1.out", "lp1.audio")
    patch.do(SetControl("brightness", "lp1.cutoff", 20, 8000, "log"))
    patch.move("lp1", 10, 20)
    return patch


def test_remove_node_also_removes_its_wires_position_and_controls():
    patch = small()
    patch.remove("lp1")
    assert list(patch.document.nodes) == ["osc1"]
    assert not patch.document.wires and not patch.document.controls and not patch.document.layout


def test_rename_preserves_order_wires_position_and_controls():
    patch = small()
    patch.do(Rename("osc1", "tone"))
    patch.do(Rename("lp1", "filter"))
    assert list(patch.document.nodes) == ["tone", "filter"]
    assert patch.document.wires == (Wire("tone", "out", "filter", "audio"),)
    assert patch.document.controls["brightness"].target == "filter.cutoff"
    assert patch.document.layout == {"filter": (10, 20)}


def test_replace_preserves_the_wires_that_fit_the_new_type():
    patch = small()
    patch.add("audio_out", id="out1")
    patch.connect("lp1.out", "out1.audio")
    patch.do(Replace("lp1", "split", inputs=("audio",), outputs=("left", "right")))
    assert patch.document.nodes["lp1"].type == "split"
    assert [str(wire) for wire in patch.document.wires] == ["osc1.out → lp1.audio"]
    assert not patch.document.controls


def test_group_is_atomic_and_one_undo_step():
    patch = small()
    before = patch.document
    with pytest.raises(PatchError):
        patch.do(Group((AddNode("x", "noise"), Connect("x.out", "nowhere.audio"))))
    assert patch.document is before
    patch.do(Group((AddNode("x", "noise"), Connect("x.out", "lp1.audio"))))
    patch.undo()
    assert patch.document is before


def test_parameters_accept_numpy_values_tuples_and_paths():
    numpy = pytest.importorskip("numpy")
    from pathlib import Path

    patch = Patch()
    id = patch.add("sine", frequency=numpy.float32(0.5), phase=numpy.arange(3), lanes=(1, 2), file=Path("a.wav"))
    assert patch.document.nodes[id].params == {
        "frequency": 0.5,
        "phase": [0, 1, 2],
        "lanes": [1, 2],
        "file": "a.wav",
    }


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (AddNode("osc1", "sine"), "node 'osc1' already exists"),
        (AddNode("a.b", "sine"), "without dots"),
        (AddNode("", "sine"), "the id is empty"),
        (AddNode("x\x07", "sine"), "printable"),
        (AddNode(3, "sine"), "must be text"),
        (AddNode("x", ""), "'' is not a node type"),
        (AddNode("x", "sine", params={"a": [1, float("nan")]}), r"x.a\[1\]: nan is not a finite number"),
        (AddNode("x", "sine", params={"a": object()}), "cannot store a 'object'"),
        (RemoveNode("ocs1"), "unknown node 'ocs1'. Did you mean 'osc1'?"),
        (Connect("osc1.out", "lp1.audio"), "osc1.out → lp1.audio already exists"),
        (Connect("osc1", "lp1.audio"), "'osc1' does not name a port"),
        (Connect("osc1.out", "lp2.audio"), "'lp2.audio': unknown node 'lp2'. Did you mean 'lp1'?"),
        (SetParam("osc1", "frequency", 10**30), "64 bits"),
        (Move("osc1", float("inf"), 0), "finite"),
        (SetBinding("dark", 7), "unknown control 'dark'"),
        (SetBinding("brightness", 128), "the MIDI number must lie in 0–127, got 128"),
        (SetBinding("brightness", 7, channel=0), "the MIDI channel must lie in 1–16, got 0"),
        (SetBinding("brightness", 7, takeover="leap"), "takeover must be 'jump', 'pickup' or 'scale', got 'leap'"),
        (SetControl("dark", "lp1.cutoff", lane=-1), "lane must be 0 or more, got -1"),
    ],
)
def test_invalid_action_raises_a_message(action, message):
    with pytest.raises(PatchError, match=message):
        action.apply(small().document)


@pytest.mark.parametrize("data", [None, [], {}, {"do": "explode"}, {"do": "connect"}, {"do": "move", "id": "a"}])
def test_from_data_rejects_invalid_actions(data):
    with pytest.raises(PatchError, match="invalid action: "):
        from_data(data)
