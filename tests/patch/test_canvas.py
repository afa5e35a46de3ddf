"""Edits of the canvas, presets, snapshots and existing wires."""

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


def test_moving_an_area_moves_its_contents():
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


def test_move_many_is_one_undo_step():
    patch = chain()
    before = patch.document
    patch.do(MoveMany({"osc": (1, 2), "filter": (3, 4)}))
    assert patch.document.layout["osc"] == (1, 2)
    patch.undo()
    assert patch.document is before
    patch.do(MoveMany({"osc": before.layout["osc"]}))
    assert patch.document is before


def test_default_look_is_removed_from_the_document():
    patch = chain()
    patch.do(SetLook("osc", title="Lead"))
    patch.do(SetLook("osc", colour="#ffffff", folded=True))
    look = patch.document.looks["osc"]
    assert (look.title, look.colour, look.folded) == ("Lead", "#ffffff", True)
    patch.do(SetLook("osc", "", "", False))
    assert not patch.document.looks


def test_set_feedback_preserves_the_order_of_wires():
    patch = chain()
    patch.do(SetFeedback("osc.out", "filter.audio"))
    assert [wire.feedback for wire in patch.document.wires] == [True, False, False]
    before = patch.document
    patch.do(SetFeedback("osc.out", "filter.audio", True))
    assert patch.document is before


def test_insert_on_wire_adds_a_node_or_uses_an_existing_node():
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


def test_presets_of_the_patch_precede_user_presets(tmp_path):
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


def test_preset_of_an_older_block_version_is_migrated(monkeypatch):
    monkeypatch.setitem(node_migrations, ("ladder", 1), None)
    node_migration("ladder", 1, params=lambda old: {"cutoff": old["pitch"] * 2})
    action = preset_action(chain().document, "filter", Preset("ladder", "old", {"pitch": 100}))
    assert (action.version, action.params) == (2, {"cutoff": 200})


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"type": "saw", "presets": {}}', '{"type": "ladder", "presets": {"a": 3}}']
)
def test_invalid_preset_file_counts_as_empty_and_is_replaced(tmp_path, text):
    (tmp_path / "ladder.json").write_text(text)
    user = UserPresets(tmp_path)
    assert user.list("ladder") == []
    user.save(Preset("ladder", "x", {"cutoff": 1}))
    assert [preset.params for preset in user.list("ladder")] == [{"cutoff": 1}]


def test_user_preset_errors_are_one_message(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PatchError, match=r"ladder\.json: preset not saved"):
        UserPresets(tmp_path / "file").save(Preset("ladder", "x", {}))
    with pytest.raises(PatchError, match=r"preset 'x': .*nan is not a finite number"):
        UserPresets(tmp_path).save(Preset("ladder", "x", {"cutoff": float("nan")}))
    with pytest.raises(PatchError, match="unknown preset 'y' for ladder"):
        UserPresets(tmp_path).remove("ladder", "y")
    assert sorted(os.listdir(tmp_path)) == ["file"]


def test_environment_variable_selects_the_folder_of_user_presets(tmp_path, monkeypatch):
    monkeypatch.setenv("NODEGRAPH_PRESETS", str(tmp_path / "mine"))
    UserPresets().save(Preset("sine", "a", {}))
    assert json.loads((tmp_path / "mine" / "sine.json").read_text())["type"] == "sine"


def test_snapshot_without_values_stores_all_set_parameters():
    patch = chain()
    patch.set("filter.cutoff", 200.0)
    patch.do(SetSnapshot("one"))
    assert patch.document.snapshots["one"].values == {"filter.cutoff": 200.0}
    patch.do(RemoveSnapshot("one"))
    assert not patch.document.snapshots


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (SetLook("osc", colour="red"), "a colour is written as '#rrggbb', got 'red'"),
        (SetLook("ocs"), "Did you mean 'osc'"),
        (SetArea("a", width=0), "its size must be above 0"),
        (MoveArea("a", 1, 1), "unknown area 'a'"),
        (MoveMany(notes={"n": (1, 1)}), "unknown comment 'n'"),
        (MoveMany({"osc": (float("nan"), 1)}), "finite"),
        (SetFeedback("osc.out", "out.audio"), "no wire from 'osc.out' to 'out.audio'"),
        (InsertOnWire("osc.out", "out.audio", "x", "vca", "audio", "out"), "no wire from"),
        (InsertOnWire("osc.out", "filter.audio", "osc", "", "fm", "out"), "'osc' is already at one end of that wire"),
        (InsertOnWire("osc.out", "filter.audio", "new", "", "a", "out"), "unknown node 'new'"),
        (SetPreset("", "a", {}), "is not a node type"),
        (SetPreset("sine", "a", {"x": float("inf")}), "preset 'a'.x: inf is not a finite number"),
        (RemovePreset("sine", "a"), "unknown preset 'a' for sine"),
        (SetSnapshot("a", {"nothing": 1}), "'nothing' does not name a port"),
        (RemoveSnapshot("a"), "unknown snapshot 'a'"),
        (SetSettings(voices=0), "voices must be a whole number in 1–128"),
        (SetSettings(mix="x"), "mix must be one of sum, stereo, lanes"),
        (SetSettings(rate=-1), "the rate must lie in"),
        (Connect("osc.out", "filter.audio"), "osc.out → filter.audio already exists"),
    ],
)
def test_invalid_action_raises_and_changes_nothing(action, message):
    patch = chain()
    before = patch.document
    with pytest.raises(PatchError, match=message):
        patch.do(action)
    assert patch.document is before
