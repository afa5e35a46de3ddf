"""The Python API: edits are checked against the blocks, and unknown content of files is preserved."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nodegraph
from nodegraph import Patch, PatchError
from nodegraph.blocks.registry import node_types
from nodegraph.engine.core import EngineError
from nodegraph.graph import GraphError, build_graph, edit_checks
from nodegraph.midi.files import MidiFileError
from nodegraph.patch import Connect, SetParam, parse_patch
from nodegraph.patch import Patch as Session
from tests.rendering import patch_of


def voice():
    """Build a patch: a sine into a subpatch ``voice`` (ladder) and the output, an STFT, and a MIDI input."""
    patch = patch_of(
        "osc.out filter.audio", "filter.out out.audio",
        osc="sine", filter="ladder", out="audio_out", stft="stft", back="inverse_stft", midi="midi_in",
    )  # fmt: skip
    patch.encapsulate(["filter"], "voice")
    return patch


MISTAKES = {
    "unknown block": (lambda p: p.add("sien"), "unknown block 'sien'. Did you mean 'sine'?"),
    "unknown block without a near name": (
        lambda p: p.add("qqq"),
        "unknown block 'qqq'. Install the package that has it.",
    ),
    "duplicate id": (lambda p: p.add("sine", "osc"), "node 'osc' already exists."),
    "unknown setting of a new node": (
        lambda p: p.add("sine", frequncy=3.0),
        "sine 'sine1': unknown input or setting 'frequncy'. Did you mean 'frequency'?",
    ),
    "value of a new node": (
        lambda p: p.add("sine", "a", frequency=-3),
        "sine 'a': frequency must lie in 0.01–20000 Hz, got -3.",
    ),
    "unknown node": (lambda p: p.set("osk.frequency", 1.0), "unknown node 'osk'. Did you mean 'osc'?"),
    "unknown parameter": (
        lambda p: p.set("osc.freq", 1.0),
        "sine 'osc': unknown input or setting 'freq'. Did you mean 'frequency'?",
    ),
    "wrong type": (
        lambda p: p.set("osc.frequency", "high"),
        "sine 'osc': frequency must be a number or a list of numbers",
    ),
    "wrong list": (lambda p: p.set("osc.frequency", [1.0, None]), "frequency must be a number or a list of numbers"),
    "an object": (lambda p: p.set("osc.frequency", object()), "a patch cannot store a 'object'"),
    "not finite": (lambda p: p.set("osc.frequency", float("nan")), "nan is not a finite number"),
    "out of range": (
        lambda p: p.set("osc.frequency", 30000.0),
        "sine 'osc': frequency must lie in 0.01–20000 Hz, got 30000. Set it in the patch or wire a signal.",
    ),
    "one lane out of range": (
        lambda p: p.set("osc.frequency", [440.0, -1.0]),
        "frequency must lie in 0.01–20000 Hz, got -1.",
    ),
    "too many lanes": (lambda p: p.set("osc.frequency", [440.0] * 1025), "frequency has 1025 lanes; at most 1024"),
    "unknown choice": (lambda p: p.set("stft.window", "round"), "stft 'stft': window must be one of hann"),
    "option of another type": (lambda p: p.set("stft.size", 2.5), "stft 'stft': size must be a whole number, got 2.5."),
    "option out of range": (lambda p: p.set("stft.hop", 0), "stft 'stft': hop must lie in 1–65536 samples, got 0."),
    "a frame input as a parameter": (
        lambda p: p.set("back.spectrum", 1.0),
        "inverse_stft 'back': 'spectrum' takes spectrum frames from a wire and cannot be set.",
    ),
    "inside a subpatch": (
        lambda p: p.set("voice/filter.cutof", 1.0),
        "ladder 'voice/filter': unknown input or setting 'cutof'. Did you mean 'cutoff'?",
    ),
    "range inside a subpatch": (
        lambda p: p.set("voice/filter.cutoff", 1.0),
        "ladder 'voice/filter': cutoff must lie in 10–20000 Hz, got 1.",
    ),
    "block inside a subpatch": (lambda p: p.add("ladr", "voice/x"), "unknown block 'ladr'."),
    "setting of a subpatch": (lambda p: p.set("voice.voices", 0), "subpatch 'voice': voices must lie in 1–128, got 0."),
    "clear an unknown parameter": (
        lambda p: p.clear("osc.freq"),
        "unknown input or setting 'freq'. Did you mean 'frequency'?",
    ),
    "unknown source": (lambda p: p.connect("osk.out", "out.audio"), "unknown node 'osk'. Did you mean 'osc'?"),
    "unknown output": (
        lambda p: p.connect("osc.outt", "out.audio"),
        "sine 'osc': unknown output 'outt'. Did you mean 'out'?",
    ),
    "unknown input": (
        lambda p: p.connect("osc.out", "out.audioo"),
        "audio_out 'out': unknown input 'audioo'. Did you mean",
    ),
    "an input as an output": (
        lambda p: p.connect("osc.frequency", "out.audio"),
        "sine 'osc': unknown output 'frequency'. It has out.",
    ),
    "a wire into a setting": (
        lambda p: p.connect("osc.out", "stft.size"),
        "stft 'stft': unknown input 'size'. It is a setting; wires go to inputs. It has audio.",
    ),
    "frames into a signal": (
        lambda p: p.connect("stft.spectrum", "out.audio"),
        "stft 'stft' gives spectrum frames at 'spectrum', but audio_out 'out' takes signal at 'audio'. Put ",
    ),
    "events into a signal": (
        lambda p: p.connect("midi.out", "osc.frequency"),
        "midi_in 'midi' gives events at 'out', but sine 'osc' takes signal at 'frequency'.",
    ),
    "frames into a subpatch": (
        lambda p: p.connect("stft.spectrum", "voice.audio"),
        "stft 'stft' gives spectrum frames at 'spectrum', but subpatch 'voice' takes signal at 'audio'.",
    ),
    "no such port of a subpatch": (
        lambda p: p.connect("osc.out", "voice.audi"),
        "subpatch 'voice': unknown input 'audi'. Did you mean 'audio'?",
    ),
    "from inside to outside": (lambda p: p.connect("voice/filter.out", "out.audio"), "are in different patches"),
    "a duplicate wire": (lambda p: p.connect("osc.out", "voice.audio"), "already exists"),
    "disconnect an unknown port": (
        lambda p: p.disconnect("osc.outt", "voice.audio"),
        "sine 'osc': unknown output 'outt'. Did you mean 'out'?",
    ),
    "disconnect an unknown node": (
        lambda p: p.disconnect("osk.out", "voice.audio"),
        "unknown node 'osk'. Did you mean 'osc'?",
    ),
    "disconnect a missing wire": (
        lambda p: p.disconnect("osc.out", "out.audio"),
        "no wire from 'osc.out' to 'out.audio'.",
    ),
    "remove an unknown node": (lambda p: p.remove("osk"), "unknown node 'osk'. Did you mean 'osc'?"),
    "a name of another type": (
        lambda p: p.add("sine", 5),
        "a name is text, such as 'osc1', got '5'.",
    ),
    "a block of another type": (lambda p: p.add(nodegraph), "a name is text, such as 'sine', got"),
    "a port of another type": (lambda p: p.set(("osc", "frequency"), 1.0), "a name is text, such as 'osc1.frequency'"),
    "an end of a wire of another type": (lambda p: p.connect("osc.out", None), "a name is text, such as 'osc1.out'"),
    "a step of another type": (
        lambda p: p.do("undo"),
        "a step is an action, or data such as",
    ),
    "an invalid rate": (
        lambda p: p.graph(rate=-1),
        "the rate must lie in 1–10000000 Hz, got -1. 44100 or 48000 are usual",
    ),
    "rename an unknown node": (
        lambda p: p.rename("voice/filtre", "x"),
        "unknown node 'filtre'. Did you mean 'filter'?",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_invalid_edit_raises_one_line_and_changes_nothing(case):
    edit, message = MISTAKES[case]
    patch = voice()
    before = patch.document
    with pytest.raises((PatchError, GraphError)) as caught:
        edit(patch)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert patch.document is before


def effect():
    return patch_of("mic.out out.audio", mic="audio_in", out="audio_out")


RENDERS = {
    "negative duration": ({"seconds": -1}, "seconds must be a number of 0 or more, got -1."),
    "no duration": ({"seconds": float("nan")}, "seconds must be a number of 0 or more, got nan."),
    "a duration in words": ({"seconds": "4"}, "seconds must be a number of 0 or more, got '4'."),
    "more than the memory": ({"seconds": 1e12}, "1e+12 s of sound need more memory than there is."),
    "negative rate": ({"rate": -44100}, "the rate must lie in 1–10000000 Hz, got -44100."),
    "a rate in words": ({"rate": "44100"}, "the rate must lie in 1–10000000 Hz, got '44100'."),
    "a file as samples": ({"inputs": {"mic": "voice.wav"}}, "samples for 'mic' must be of shape"),
    "text as samples": ({"inputs": {"mic": ["a", "b"]}}, "samples for 'mic' must be numbers. Read a file by soundfile"),
    "an array for all inputs": ({"inputs": np.zeros(5)}, "inputs must map audio_in blocks to samples, such as"),
    "integers at full scale": (
        {"inputs": {"mic": np.full(9, 3000, np.int16)}},
        "samples for 'mic' are whole numbers, must lie in -1…1. Divide them by 32768.",
    ),
    "channels first": (
        {"inputs": {"mic": np.zeros((2, 4410))}},
        "samples for 'mic' have 4410 channels. Transpose them",
    ),
    "no MIDI file": ({"midi": 5}, "midi must be the path of a MIDI file or a mido.MidiFile, got '5'."),
}


@pytest.mark.parametrize("case", RENDERS)
def test_invalid_argument_of_render_is_one_line(case):
    arguments, message = RENDERS[case]
    with pytest.raises((PatchError, EngineError, MidiFileError)) as caught:
        nodegraph.render(effect(), **{"seconds": 0.01, **arguments})
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_integers_of_an_impulse_are_samples():
    sound = nodegraph.render(effect(), 0.01, inputs={"mic": [1, 0, 0]})
    assert sound[0, 0] == 1.0 and not sound[1:].any()


PLAYS = {
    "no patch": (lambda: nodegraph.play(5), "a patch is a Patch, a Document or the path of a patch file, got '5'."),
    "unknown option": (lambda: nodegraph.play(effect(), nul=True), "no option 'nul'. Did you mean 'null'?"),
    "empty block": (lambda: nodegraph.play(effect(), null=True, blocksize=0), "blocksize must be a whole number in"),
    "negative rate": (
        lambda: nodegraph.play(effect(), null=True, rate=-1),
        "the rate must lie in 1–10000000 Hz, got -1.",
    ),
    "no capture": (
        lambda: nodegraph.play(effect(), null=True, capture=-1),
        "capture must be a number of seconds, got -1.",
    ),
    "many outputs": (lambda: nodegraph.play(effect(), null=True, outputs=-2), "outputs must be a number of channels"),
    "unknown name": (lambda: nodegraph.rendr, "module 'nodegraph' has no attribute 'rendr'. Did you mean 'render'?"),
    "unknown node": (lambda: effect().graph().node("mik"), "unknown node 'mik'. Did you mean 'mic'?"),
    "window of a spectrogram": (lambda: nodegraph.render(effect(), 0.1).spectrogram(0), "size must be at least 2"),
}


@pytest.mark.parametrize("case", PLAYS)
def test_invalid_call_is_one_line(case):
    call, message = PLAYS[case]
    with pytest.raises((PatchError, EngineError, TypeError, AttributeError, KeyError, ValueError)) as caught:
        call()
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_invalid_call_of_a_player_is_one_line():
    calls = {
        "unknown output 'osc.outt'. Did you mean 'osc.out'?": lambda: player.value("osc", "outt"),
        "outputs are watched as a list of names, such as ['osc1.out'], got 'osc.out'.": lambda: player.watch("osc.out"),
        "the volume must lie in 0–1, got nan.": lambda: setattr(player, "volume", float("nan")),
        "a preview is mono, (samples,), got (9, 2).": lambda: player.preview(np.zeros((9, 2))),
    }
    with nodegraph.play(patch_of("osc.out out.audio", osc="sine", out="audio_out"), null=True) as player:
        for message, call in calls.items():
            with pytest.raises(EngineError) as caught:
                call()
            assert message in str(caught.value)
        assert len(player.value("osc", "out")) == 1 and player.volume == 1.0


def test_unwritable_midi_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        nodegraph.render(effect(), 0.01, midi_out=tmp_path / "none" / "a.mid")
    assert caught.value.filename == str(tmp_path / "none" / "a.mid")


@pytest.mark.parametrize("port_ref", ["out.audio", "voice.audio"])
def test_wire_of_another_kind_raises_the_problem_of_the_graph(port_ref):
    patch = voice()
    with pytest.raises(PatchError) as refused:
        patch.connect("stft.spectrum", port_ref)
    patch.do(Connect("stft.spectrum", port_ref))
    if port_ref == "out.audio":
        with pytest.raises(GraphError) as compiled:
            build_graph(patch.document)
        assert compiled.value.problems == [str(refused.value)]


def test_plain_actions_are_checked_by_the_document_only():
    patch = voice()
    patch.do(SetParam("osc", "frequency", -3.0))
    patch.do({"do": "connect", "source": "osc.outt", "target": "out.audio"})
    with pytest.raises(GraphError) as caught:
        build_graph(patch.document)
    assert len(caught.value.problems) == 2
    patch.disconnect("osc.outt", "out.audio")  # unknown ports can be disconnected
    patch.clear("osc.frequency")
    build_graph(patch.document)


def test_unknown_content_of_a_file_is_preserved_and_editable(tmp_path):
    text = {
        "format": "nodegraph",
        "version": 1,
        "nodes": [
            {"id": "osc", "type": "sine"},
            {"id": "odd", "type": "not_a_block", "params": {"x": [1, "y"]}},
            {"id": "lost", "type": "subpatch", "params": {"file": "lost.json"}},
            {"id": "late", "type": "sine", "version": 99},
            {"id": "out", "type": "audio_out"},
        ],
        "wires": [{"from": "odd.anything", "to": "out.audio"}],
    }
    path = tmp_path / "patch.json"
    path.write_text(json.dumps(text))
    patch = nodegraph.load(path)
    for name in ("odd", "lost", "late"):
        patch.connect("osc.out", f"{name}.whatever")
        patch.connect(f"{name}.else", "out.audio")
        patch.set(f"{name}.size", {"any": "value"})
        patch.clear(f"{name}.nothing")
    with pytest.raises(PatchError, match="sine 'osc': unknown output 'x'"):
        patch.connect("osc.x", "odd.whatever")
    with pytest.raises(PatchError, match="frequency must lie in"):
        patch.set("osc.frequency", -3.0)
    patch.disconnect("odd.anything", "out.audio")
    assert set(build_graph(patch.document, patch_path=path).placeholders) == {"odd", "lost", "late"}
    patch.save()
    assert json.loads(path.read_text())["nodes"][1] == {
        "id": "odd",
        "type": "not_a_block",
        "params": {"x": [1, "y"], "size": {"any": "value"}},
    }


def test_load_returns_the_public_class(tmp_path):
    patch = voice()
    patch.save(tmp_path / "voice.json")
    loaded = nodegraph.load(tmp_path / "voice.json")
    assert type(loaded) is Patch and isinstance(loaded, Session)
    assert not isinstance(Session(), Patch) and not hasattr(Session, "_repr_html_")
    Session().add("not_a_block")  # the document layer does not check blocks


def test_new_node_has_the_version_of_its_block():
    patch = Patch()
    for type, cls in node_types().items():
        if cls.hidden:
            continue
        id = patch.add(type)
        assert patch.document.nodes[id].version == cls.version


def test_inlet_has_the_type_of_its_connections_and_is_open_before():
    patch = patch_of(stft="stft", back="inverse_stft", osc="sine", box="subpatch", vca="vca")
    patch.encapsulate(["back", "vca"], "sub")
    patch.add("inlet", "sub/in")
    patch.add("outlet", "sub/thru")
    patch.connect("stft.spectrum", "sub.in")
    patch.disconnect("stft.spectrum", "sub.in")
    patch.connect("sub/in.out", "sub/back.spectrum")
    with pytest.raises(PatchError, match="sine 'osc' gives signal at 'out', but subpatch 'sub' takes spectrum frames"):
        patch.connect("osc.out", "sub.in")
    with pytest.raises(
        PatchError, match="inlet 'sub/in' gives spectrum frames at 'out', but vca 'sub/vca' takes signal"
    ):
        patch.connect("sub/in.out", "sub/vca.audio")
    patch.connect("sub/in.out", "sub/thru.audio")
    patch.connect("stft.spectrum", "sub.in")
    with pytest.raises(PatchError, match="subpatch 'sub' gives spectrum frames at 'thru', but sine 'osc' takes signal"):
        patch.connect("sub.thru", "osc.fm")
    build_graph(patch.document)


def test_unconnected_inlet_accepts_any_value():
    patch = Patch()
    patch.add("ladder", "filter")
    patch.encapsulate(["filter"], "voice")
    patch.add("inlet", "voice/cutoff", value=700.0)
    patch.set("voice.cutoff", 800.0)
    build_graph(patch.document)
    patch.connect("voice/cutoff.out", "voice/filter.cutoff")
    for port_ref in ("voice.cutoff", "voice/cutoff.value"):
        with pytest.raises(PatchError, match="must lie in 10–20000 Hz, got 2"):
            patch.set(port_ref, 2.0)


def test_edit_checks_read_only_the_edited_nodes(monkeypatch):
    checked = []
    spec_in = edit_checks.spec_in
    monkeypatch.setattr(edit_checks, "spec_in", lambda *arguments: checked.append(arguments[1]) or spec_in(*arguments))
    patch = Patch()
    for k in range(50):
        patch.add("vca", f"n{k}")
        patch.set(f"n{k}.gain", 0.5)
        if k:
            patch.connect(f"n{k - 1}.out", f"n{k}.audio")
    assert len(checked) == 50 + 2 * 49


def test_unknown_parameter_of_a_known_block_can_only_be_cleared():
    document = parse_patch(
        b'{"format":"nodegraph","version":1,"nodes":[{"id":"a","type":"sine","params":{"b":1}}]}', "it"
    )
    patch = Patch(document)
    patch.set("a.frequency", 220.0)
    with pytest.raises(PatchError, match="unknown input or setting 'b'"):
        patch.set("a.b", 2)
    patch.clear("a.b")
    assert patch.document.nodes["a"].params == {"frequency": 220.0}
