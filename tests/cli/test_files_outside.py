"""A patch makes no command and no part of the editor open a file outside its folder, unless that is allowed."""

from __future__ import annotations

import shutil
import zipfile

import numpy as np
import pytest
import soundfile

from nodegraph.blocks.registry import node_types
from nodegraph.cli import main
from nodegraph.editor.events import PanelEvent
from nodegraph.graph.morph import morph
from nodegraph.patch import Patch, SetControl, SetPatch, SetSnapshot, data_of
from tests.editor.user import Hand
from tests.watching import Watch

ENDINGS = {"subpatch": "json", "midi_file": "mid", "decoder": "safetensors", "encoder": "safetensors",
           "spectrogram_player": "npy", "torchscript": "pt", "torchscript_frames": "pt"}  # fmt: skip
BLOCKS = sorted(
    type
    for type, cls in node_types().items()
    if any(option.kind == "file" for option in cls.spec.options.values()) and type != "recorder"
)
REFERENCES = ["{secret}/{name}", "{work}/../secret/{name}", "../secret/{name}", "inner/../../secret/{name}",
              "link/{name}", "link_{name}", "~/secret/{name}", "file://{secret}/{name}"]  # fmt: skip
COMMANDS = ["check patch.json", "show patch.json", "show patch.json --json", "show patch.json --plan",
            "show patch.json -f dot", "show patch.json --set subpatch0.voices=2",
            "render patch.json -o out.wav --seconds 0.01 --set subpatch0.voices=2",
            "run patch.json --null --seconds 0.05"]  # fmt: skip


@pytest.fixture
def places(tmp_path, monkeypatch):
    """``secret`` with a file of each kind, and ``work`` for patches that must not read them."""
    secret, work = tmp_path / "secret", tmp_path / "work"
    for folder in (secret, work, work / "inner"):
        folder.mkdir()
    inner = Patch()
    inner.add("sine", "osc")
    inner.add("inlet", "cutoff", value=3.0)
    inner.add("outlet", "out")
    inner.connect("osc.out", "out.audio")
    inner.save(secret / "x.json")
    soundfile.write(secret / "x.wav", np.zeros(1000), 44100)
    np.save(secret / "x.npy", np.zeros((20, 1025), np.float32))
    for name in ("x.mid", "x.safetensors", "x.pt"):
        (secret / name).write_bytes(b"MThd")
    for path in list(secret.iterdir()):
        (work / f"link_{path.name}").symlink_to(path)
    (work / "link").symlink_to(secret)
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(tmp_path))
    return secret, work


@pytest.fixture
def watch(places):
    watch = Watch(places[0])
    watch.opened()
    yield watch
    watch.close()


def name_of(type: str) -> str:
    return f"x.{ENDINGS.get(type, 'wav')}"


def referring(places, references=REFERENCES, types=BLOCKS) -> Patch:
    """A patch with a node for each block that reads a file and each reference, with controls and a snapshot."""
    secret, work = places
    patch = Patch()
    for type in types:
        option = next(name for name, option in node_types()[type].spec.options.items() if option.kind == "file")
        for number, reference in enumerate(references):
            given = reference.format(secret=secret, work=work, name=name_of(type))
            patch.add(type, f"{type}{number}", **{option: given})
            if type == "subpatch":
                patch.do(SetControl(f"turn {number}", f"{type}{number}.cutoff"))
    patch.add("sine", "osc")
    patch.add("audio_out", "out")
    patch.connect("osc.out", "out.audio")
    patch.do(SetSnapshot("first"))
    return patch


def in_a_subpatch(patch: Patch) -> Patch:
    """The same patch as a subpatch of another."""
    outer = Patch()
    outer.add("subpatch", "subpatch0")
    outer.do(SetPatch("subpatch0", data_of(patch.document)))
    outer.add("audio_out", "out")
    outer.connect("subpatch0.out", "out.audio")
    return outer


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_opens_a_file_outside_the_folder(places, watch, capsys, command):
    patch = referring(places)
    for whole in (patch, in_a_subpatch(patch)):
        whole.save("patch.json")
        main(command.split())
        assert watch.opened() == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_may_open_it_when_that_is_allowed(places, watch, capsys, command):
    types = [type for type in BLOCKS if "torch" not in type and type not in ("decoder", "encoder")]
    referring(places, ["{secret}/{name}"], types).save("patch.json")
    main([*command.split(), "--allow-outside"])
    assert "no input or setting" not in capsys.readouterr().err
    assert {"x.json", "x.wav", "x.npy", "x.mid"} <= watch.opened()


def test_a_subpatch_in_a_folder_of_its_own_refers_to_files_of_that_folder_only(places, watch, capsys):
    patch = referring(places, ["../../secret/{name}", "../link_{name}"])
    patch.save("inner/block.json")
    referring(places, ["inner/block.json"], ["subpatch"]).save("patch.json")
    for command in COMMANDS:
        main(command.split())
    assert watch.opened() == set()


def test_a_flight_log_takes_no_file_from_outside_along(places, watch, capsys):
    patch = referring(places, types=["file_player", "subpatch"])
    shutil.copy(places[0] / "x.wav", "own.wav")
    patch.add("file_player", "own", file="own.wav")
    patch.save("patch.json")
    watch.opened()
    assert main("run patch.json --null --seconds 0.3 --flight log.zip".split()) == 0
    assert watch.opened() == set()
    with zipfile.ZipFile("log.zip") as archive:
        sounds = [name for name in archive.namelist() if name.endswith(".wav")]
    assert len(sounds) == 1 and sounds[0].endswith("own.wav")


def test_the_editor_opens_no_file_outside_the_folder(places, watch, tmp_path):
    patch = referring(places)
    patch.save("patch.json")
    hand = Hand(tmp_path / "home", Patch.load(places[1] / "patch.json"))
    hand.waits(1.0)
    hand.patch.set("osc.frequency", 300.0)
    for id, record in patch.document.nodes.items():
        if record.type == "subpatch":
            hand.patch.set(f"{id}.voices", 2)
            hand.patch.set(f"{id}.cutoff", 2.0)
            hand.waits(0.1)
            hand.patch.mark_saved()
            hand.selects(id)
            hand.presses("ctrl+enter")  # opens the file of a subpatch
            assert hand.view.path == ("patch",) and ("outside" in hand.message or "cannot be read" in hand.message)
    hand.patch.do(morph(hand.patch.document, ["first"], 0.0, hand.patch.path))
    hand.presses("ctrl+shift+k")
    hand.waits(0.5)
    assert watch.opened() == set()


def test_the_editor_opens_a_subpatch_from_outside_when_that_is_allowed(places, watch, tmp_path):
    referring(places, ["../secret/{name}"], ["subpatch"]).save("patch.json")
    hand = Hand(tmp_path / "home", Patch.load(places[1] / "patch.json"))
    hand.desk.allow_outside = True
    hand.selects("subpatch0")
    hand.presses("ctrl+enter")
    assert "x.json" in watch.opened() and hand.view.path == ("x",)


def test_the_editor_looks_for_a_subpatch_beside_the_patch_and_not_where_it_was_started(places, tmp_path, monkeypatch):
    secret, work = places
    referring(places, ["{name}"], ["subpatch"]).save("patch.json")
    monkeypatch.chdir(secret)
    watch = Watch(secret)
    hand = Hand(tmp_path / "home", Patch.load(work / "patch.json"))
    hand.patch.set("subpatch0.cutoff", 2.0)
    hand.waits(0.1)
    hand.presses("s")
    hand.does(PanelEvent("snapshots", "recall first"))
    assert watch.opened() == set()
    watch.close()
