"""What stands beside the nodes: places, areas, looks, presets, snapshots; wires changed where they run."""

import json
import os

import pytest

from nodegraph.patch import (
    Connect,
    InsertOnWire,
    MoveArea,
    MoveMany,
    Patch,
    PatchError,
    Preset,
    RemoveArea,
    RemovePreset,
    RemoveSnapshot,
    SetArea,
    SetFeedback,
    SetLook,
    SetNote,
    SetPreset,
    SetSettings,
    SetSnapshot,
    Wire,
    node_migration,
)
from nodegraph.patch.migrations import node_migrations
from nodegraph.patch.presets import UserPresets, preset_action, presets_for


def chain() -> Patch:
    patch = Patch()
    for k, (id, type) in enumerate({"osc": "saw", "filter": "ladder", "out": "audio_out"}.items()):
        patch.add(type, id=id)
        patch.move(id, 100.0 * k, 50.0)
    patch.connect("osc.out", "filter.audio")
    patch.connect("osc.out", "filter.cutoff")
    patch.connect("filter.out", "out.audio")
    return patch


def test_an_area_carries_what_stands_in_it():
    patch = chain()
    patch.do(SetNote("in", "a", 120, 80))
    patch.do(SetNote("outside", "b", 500, 80))
    patch.do(SetArea("small", "", 60, 45, 80, 40))
    patch.do(SetArea("large", "", 50, 40, 200, 100, "#a0b0c0"))
    before = patch.document
    patch.do(MoveArea("large", 60, 140))
    after = patch.document
    assert after.layout == {"osc": (0, 50), "filter": (110, 150), "out": (210, 150)}
    assert after.notes["in"].at == (130, 180) and after.notes["outside"].at == (500, 80)
    assert after.areas["small"].at == (70, 145) and after.areas["large"].at == (60, 140)
    patch.undo()
    assert patch.document is before
    patch.do(RemoveArea("large"))
    assert list(patch.document.areas) == ["small"] and patch.document.layout is before.layout


def test_many_moves_are_one_step():
    patch = chain()
    before = patch.document
    patch.do(MoveMany({"osc": (1, 2), "filter": (3, 4)}))
    assert patch.document.layout["osc"] == (1, 2)
    patch.undo()
    assert patch.document is before
    patch.do(MoveMany({"osc": before.layout["osc"]}))
    assert patch.document is before


def test_a_look_that_says_nothing_is_none():
    patch = chain()
    patch.do(SetLook("osc", title="Lead"))
    patch.do(SetLook("osc", colour="#ffffff", folded=True))
    look = patch.document.looks["osc"]
    assert (look.title, look.colour, look.folded) == ("Lead", "#ffffff", True)
    patch.do(SetLook("osc", "", "", False))
    assert not patch.document.looks


def test_a_feedback_mark_is_set_where_the_wire_stands():
    patch = chain()
    patch.do(SetFeedback("osc.out", "filter.audio"))
    assert [wire.feedback for wire in patch.document.wires] == [True, False, False]
    before = patch.document
    patch.do(SetFeedback("osc.out", "filter.audio", True))
    assert patch.document is before


def test_a_node_goes_onto_a_wire():
    patch = chain()
    patch.do(SetFeedback("osc.out", "filter.audio"))
    patch.do(InsertOnWire("osc.out", "filter.audio", "amp", "vca", "audio", "out", at=(50, 80)))
    assert [str(wire) for wire in patch.document.wires] == [
        "osc.out → amp.audio",
        "amp.out ⇢ filter.audio",
        "osc.out → filter.cutoff",
        "filter.out → out.audio",
    ]
    patch.add("multiply", id="gain")
    patch.do(InsertOnWire("filter.out", "out.audio", "gain", "", "a", "out"))
    assert Wire("gain", "out", "out", "audio") in patch.document.wires


def test_presets_are_kept_in_the_patch_and_in_the_users_folder(tmp_path):
    patch = chain()
    patch.set("filter.cutoff", 200.0)
    patch.do(SetPreset("ladder", "dark", patch.document.nodes["filter"].params))
    user = UserPresets(tmp_path)
    user.save(Preset("ladder", "bright / open", {"cutoff": 9000.0, "resonance": 0.7}))
    user.save(Preset("ladder", "dark", {"cutoff": 1.0}))
    found = presets_for(patch.document, "ladder", tmp_path)
    assert [(preset.name, preset.params["cutoff"]) for preset in found] == [("dark", 200.0), ("bright / open", 9000.0)]
    wires = patch.document.wires
    patch.do(preset_action(patch.document, "filter", found[1]))
    assert patch.document.nodes["filter"].params == {"cutoff": 9000.0, "resonance": 0.7}
    assert patch.document.wires == wires
    user.remove("ladder", "dark")
    assert [preset.name for preset in user.list("ladder")] == ["bright / open"]
    patch.do(RemovePreset("ladder", "dark"))
    assert not patch.document.presets
    with pytest.raises(PatchError, match="preset 'bright / open' is for a ladder; 'osc' is a saw"):
        preset_action(patch.document, "osc", found[1])


def test_presets_of_an_older_block_are_read_as_today(monkeypatch):
    monkeypatch.setitem(node_migrations, ("ladder", 1), None)
    node_migration("ladder", 1, params=lambda old: {"cutoff": old["pitch"] * 2})
    action = preset_action(chain().document, "filter", Preset("ladder", "old", {"pitch": 100}))
    assert (action.version, action.params) == (2, {"cutoff": 200})


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"type": "saw", "presets": {}}', '{"type": "ladder", "presets": {"a": 3}}']
)
def test_a_file_of_presets_that_is_broken_is_passed_over(tmp_path, text):
    (tmp_path / "ladder.json").write_text(text)
    user = UserPresets(tmp_path)
    assert user.list("ladder") == []
    user.save(Preset("ladder", "x", {"cutoff": 1}))
    assert [preset.params for preset in user.list("ladder")] == [{"cutoff": 1}]


def test_a_preset_that_cannot_be_kept_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PatchError, match="the preset is not kept"):
        UserPresets(tmp_path / "file").save(Preset("ladder", "x", {}))
    with pytest.raises(PatchError, match=r"preset 'x': .*nan is not a finite number"):
        UserPresets(tmp_path).save(Preset("ladder", "x", {"cutoff": float("nan")}))
    with pytest.raises(PatchError, match="there is no preset 'y' for ladder"):
        UserPresets(tmp_path).remove("ladder", "y")
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_the_users_folder_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_PRESETS", str(tmp_path / "mine"))
    UserPresets().save(Preset("sine", "a", {}))
    assert json.loads((tmp_path / "mine" / "sine.json").read_text())["type"] == "sine"


def test_a_snapshot_takes_what_is_set():
    patch = chain()
    patch.set("filter.cutoff", 200.0)
    patch.do(SetSnapshot("one"))
    assert patch.document.snapshots["one"].values == {"filter.cutoff": 200.0}
    patch.do(RemoveSnapshot("one"))
    assert not patch.document.snapshots


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (SetLook("osc", colour="red"), "a colour is written as '#rrggbb', got 'red'"),
        (SetLook("ocs"), "Did you mean 'osc'"),
        (SetArea("a", width=0), "its size must be above 0"),
        (MoveArea("a", 1, 1), "there is no area 'a'"),
        (MoveMany(notes={"n": (1, 1)}), "there is no note 'n'"),
        (MoveMany({"osc": (float("nan"), 1)}), "finite"),
        (SetFeedback("osc.out", "out.audio"), "no wire runs from 'osc.out' to 'out.audio'"),
        (InsertOnWire("osc.out", "out.audio", "x", "vca", "audio", "out"), "no wire runs"),
        (InsertOnWire("osc.out", "filter.audio", "osc", "", "fm", "out"), "'osc' is at an end of that wire already"),
        (InsertOnWire("osc.out", "filter.audio", "new", "", "a", "out"), "there is no node 'new'"),
        (SetPreset("", "a", {}), "is no type of node"),
        (SetPreset("sine", "a", {"x": float("inf")}), "preset 'a'.x: inf is not a finite number"),
        (RemovePreset("sine", "a"), "there is no preset 'a' for sine"),
        (SetSnapshot("a", {"nothing": 1}), "'nothing' names no port"),
        (RemoveSnapshot("a"), "there is no snapshot 'a'"),
        (SetSettings(voices=0), "voices must be a whole number in 1–128"),
        (SetSettings(mix="x"), "mix must be one of sum, stereo, lanes"),
        (SetSettings(rate=-1), "the rate must lie in"),
        (Connect("osc.out", "filter.audio"), "wired already"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(action, said):
    patch = chain()
    before = patch.document
    with pytest.raises(PatchError, match=said):
        patch.do(action)
    assert patch.document is before
