"""The device is opened with input when the patch takes sound from it, once, and edits leave it open."""

from __future__ import annotations

import pytest

from nodegraph.editor.following import Following
from nodegraph.editor.sound.live import DeviceRequest, LiveSound
from nodegraph.engine import live
from nodegraph.graph import build_graph
from nodegraph.graph.flatten import flatten
from nodegraph.patch import Connect, Patch, RemoveNode, SetPatch, SetSettings, Within
from tests.fake_device import FakeDevice
from tests.rendering import patch_of

EFFECT = {
    "nodes": [{"id": "in", "type": "audio_in"}, {"id": "amp", "type": "vca"}, {"id": "out", "type": "audio_out"}],
    "wires": [{"from": "in.out", "to": "amp.audio"}, {"from": "amp.out", "to": "out.audio"}],
}


def effect(**nodes):
    """A patch with an ``audio_in`` in a subpatch, where it is a port of the subpatch."""
    patch = patch_of(box="subpatch", out="audio_out", **nodes)
    patch.do(SetPatch("box", EFFECT))
    patch.connect("box.out", "out.audio")
    return patch


@pytest.fixture
def open_card(monkeypatch):
    sounds = []

    def opened(inputs):
        card = FakeDevice(inputs)
        monkeypatch.setattr(live, "_sounddevice", lambda: card)
        sounds.append(LiveSound(DeviceRequest("card")))
        return card, sounds[-1]

    yield opened
    for sound in sounds:
        sound.close()


def edits(patch, sound):
    """Edits of values and of structure, each carried out by the engine."""
    for value in (0.1, 0.2):
        patch.do(Within(("box",), Connect("in.out", "amp.gain")))
        assert sound.wait_idle()
        patch.undo()
        patch.set("box/amp.gain", value)
        assert sound.wait_idle()
    assert not sound.state().problem


@pytest.mark.parametrize("inputs", [0, 2])
def test_an_audio_in_that_is_a_port_of_a_subpatch_opens_no_input(open_card, inputs):
    card, sound = open_card(inputs)
    patch = effect()
    Following(patch, sound)
    edits(patch, sound)
    assert [stream.channels for stream in card.streams] == [(0, 2)]


@pytest.mark.parametrize("inputs", [0, 1, 2])
def test_an_audio_in_of_the_patch_opens_the_device_with_input_once(open_card, inputs):
    card, sound = open_card(inputs)
    patch = effect()
    Following(patch, sound)
    assert sound.wait_idle()
    patch.add("audio_in", id="mic")
    patch.connect("mic.out", "box.in")
    assert sound.wait_idle()
    edits(patch, sound)
    patch.do(RemoveNode("mic"))
    edits(patch, sound)
    patch.undo()
    edits(patch, sound)
    assert [stream.channels for stream in card.streams] == [(0, 2), (inputs, 2)]
    assert sound.engine.device_inputs == inputs


@pytest.mark.parametrize("voices", [1, 3])
@pytest.mark.parametrize("kept", ["embedded", "in a file"])
@pytest.mark.parametrize("mic", [False, True])
def test_a_patch_listens_if_its_graph_has_an_input_of_the_device(tmp_path, voices, kept, mic):
    patch = effect(**({"mic": "audio_in"} if mic else {}))
    if kept == "in a file":
        inner = Patch(patch.document.nested(("box",)))
        inner.save(tmp_path / "box.json")
        patch.do(SetPatch("box", file="box.json"))
    patch.do(SetSettings(voices=voices))
    patch.save(tmp_path / "patch.json")
    graph = build_graph(patch.document, patch_path=patch.path)
    inputs = [node.id for node in graph.typed_nodes if node.cls and node.cls.device == "input"]
    assert flatten(patch.document, patch.path).listens == bool(inputs) == mic
