"""Commands and editor open no file outside the folder of a patch unless it is allowed."""

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
from tests.editor.user import SimulatedUser
from tests.watching import Watch

ENDINGS = {"subpatch": "json", "midi_file": "mid", "decoder": "safetensors", "encoder": "safetensors",
           "gain_bank": "safetensors", "latent_source": "safetensors", "code_map": "safetensors",
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
    """Return ``secret`` with a file of each kind, and ``work`` for patches that must not read them."""
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
    """Return a patch with a node for each file-reading block and reference, with controls and a snapshot."""
    secret, work = places
    patch = Patch()
    for type in types:
        option = next(name for name, option in node_types()[type].spec.options.items() if option.kind == "file")
        for number, reference in enumerate(references):
            given = reference.format(secret=secret, work=work, name=name_of(type))
            patch.add(type, f"{type}{number}", **{option: given})
            if type == "subpatch":
                patch.do(SetControl(f"control {number}", f"{type}{number}.cutoff"))
    patch.add("sine", "osc")
    patch.add("audio_out", "out")
    patch.connect("osc.out", "out.audio")
    patch.do(SetSnapshot("first"))
    return patch


def in_a_subpatch(patch: Patch) -> Patch:
    """Return a patch that contains ``patch`` as a subpatch."""
    outer = Patch()
    outer.add("subpatch", "subpatch0")
    outer.do(SetPatch("subpatch0", data_of(patch.document)))
    outer.add("audio_out", "out")
    outer.connect("subpatch0.out", "out.audio")
    return outer


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_opens_a_file_outside_the_folder(places, watch, capsys, command):
    patch = referring(places)
    for variant in (patch, in_a_subpatch(patch)):
        variant.save("patch.json")
        main(command.split())
        assert watch.opened() == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_open_files_outside_the_folder_if_allowed(places, watch, capsys, command):
    types = [type for type in BLOCKS if "torch" not in type and type not in ("decoder", "encoder")]
    referring(places, ["{secret}/{name}"], types).save("patch.json")
    main([*command.split(), "--allow-outside"])
    assert "no input or setting" not in capsys.readouterr().err
    assert {"x.json", "x.wav", "x.npy", "x.mid"} <= watch.opened()


def test_subpatch_file_refers_to_files_of_its_own_folder_only(places, watch, capsys):
    patch = referring(places, ["../../secret/{name}", "../link_{name}"])
    patch.save("inner/block.json")
    referring(places, ["inner/block.json"], ["subpatch"]).save("patch.json")
    for command in COMMANDS:
        main(command.split())
    assert watch.opened() == set()


def test_flight_log_contains_no_file_from_outside(places, watch, capsys):
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


def test_editor_opens_no_file_outside_the_folder(places, watch, tmp_path):
    patch = referring(places)
    patch.save("patch.json")
    user = SimulatedUser(tmp_path / "home", Patch.load(places[1] / "patch.json"))
    user.wait(1.0)
    user.patch.set("osc.frequency", 300.0)
    for id, record in patch.document.nodes.items():
        if record.type == "subpatch":
            user.patch.set(f"{id}.voices", 2)
            user.patch.set(f"{id}.cutoff", 2.0)
            user.wait(0.1)
            user.patch.mark_saved()
            user.select(id)
            user.press("ctrl+enter")  # opens the file of a subpatch
            assert user.view.path == ("patch",) and ("outside" in user.message or "cannot be read" in user.message)
    user.patch.do(morph(user.patch.document, ["first"], 0.0, user.patch.path))
    user.press("ctrl+shift+k")
    user.wait(0.5)
    assert watch.opened() == set()


def test_editor_opens_a_subpatch_outside_the_folder_if_allowed(places, watch, tmp_path):
    referring(places, ["../secret/{name}"], ["subpatch"]).save("patch.json")
    user = SimulatedUser(tmp_path / "home", Patch.load(places[1] / "patch.json"))
    user.desk.allow_outside = True
    user.select("subpatch0")
    user.press("ctrl+enter")
    assert "x.json" in watch.opened() and user.view.path == ("x",)


def test_editor_resolves_subpatch_files_in_the_folder_of_the_patch(places, tmp_path, monkeypatch):
    secret, work = places
    referring(places, ["{name}"], ["subpatch"]).save("patch.json")
    monkeypatch.chdir(secret)
    watch = Watch(secret)
    user = SimulatedUser(tmp_path / "home", Patch.load(work / "patch.json"))
    user.patch.set("subpatch0.cutoff", 2.0)
    user.wait(0.1)
    user.press("s")
    user.send(PanelEvent("snapshots", "recall first"))
    assert watch.opened() == set()
    watch.close()
