"""The device: opened with input once, when the patch first reads from it; recordings of its input; previews."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.following import Following
from nodegraph.editor.sound.live import NONE, DeviceRequest, LiveSound
from nodegraph.engine import live
from nodegraph.engine.core import EngineError
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
    """Return a patch with an ``audio_in`` in a subpatch, where it is a port of the subpatch."""
    patch = patch_of(box="subpatch", out="audio_out", **nodes)
    patch.do(SetPatch("box", EFFECT))
    patch.connect("box.out", "out.audio")
    return patch


@pytest.fixture
def open_device(monkeypatch):
    sounds = []

    def opened(inputs):
        device = FakeDevice(inputs)
        monkeypatch.setattr(live, "_sounddevice", lambda: device)
        sounds.append(LiveSound(DeviceRequest("device")))
        return device, sounds[-1]

    yield opened
    for sound in sounds:
        sound.close()


def edits(patch, sound):
    """Make edits of values and structure, and wait for the engine after each."""
    for value in (0.1, 0.2):
        patch.do(Within(("box",), Connect("in.out", "amp.gain")))
        assert sound.wait_idle()
        patch.undo()
        patch.set("box/amp.gain", value)
        assert sound.wait_idle()
    assert not sound.state().problem


@pytest.mark.parametrize("inputs", [0, 2])
def test_audio_in_of_a_subpatch_does_not_open_an_input(open_device, inputs):
    device, sound = open_device(inputs)
    patch = effect()
    Following(patch, sound)
    edits(patch, sound)
    assert [stream.channels for stream in device.streams] == [(0, 2)]


@pytest.mark.parametrize("inputs", [0, 1, 2])
def test_audio_in_of_the_patch_opens_the_device_input_once(open_device, inputs):
    device, sound = open_device(inputs)
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
    assert [stream.channels for stream in device.streams] == [(0, 2), (inputs, 2)]
    assert sound.engine.device_inputs == inputs


@pytest.mark.parametrize("voices", [1, 3])
@pytest.mark.parametrize("storage", ["embedded", "in a file"])
@pytest.mark.parametrize("mic", [False, True])
def test_patch_needs_input_if_its_graph_reads_the_device(tmp_path, voices, storage, mic):
    patch = effect(**({"mic": "audio_in"} if mic else {}))
    if storage == "in a file":
        inner = Patch(patch.document.nested(("box",)))
        inner.save(tmp_path / "box.json")
        patch.do(SetPatch("box", file="box.json"))
    patch.do(SetSettings(voices=voices))
    patch.save(tmp_path / "patch.json")
    graph = build_graph(patch.document, patch_path=patch.path)
    inputs = [node.id for node in graph.typed_nodes if node.cls and node.cls.device == "input"]
    assert flatten(patch.document, patch.path).listens == bool(inputs) == mic


def test_input_is_recorded_from_a_stream_of_its_own_if_the_patch_does_not_read_it(open_device):
    device, sound = open_device(2)
    calls = []
    samples, rate = sound.record_input(10.0, lambda: bool(calls.append(0)) or len(calls) == 4)
    assert (len(samples), rate) == (4 * 2205, 44100.0) and (samples == 0.5).all()
    assert [stream.kind for stream in device.streams] == ["output", "input"]


def test_input_that_the_patch_reads_is_recorded_without_another_stream(open_device):
    device, sound = open_device(2)
    Following(patch_of("mic.out out.audio", mic="audio_in", out="audio_out"), sound)
    assert sound.wait_idle()
    samples, rate = sound.record_input(0.2, lambda: False)
    assert samples.shape[1] == 2 and len(samples) > 0 and rate == 44100.0
    assert [stream.kind for stream in device.streams] == ["output", "duplex"]


def test_missing_input_is_reported(open_device):
    _, sound = open_device(0)
    with pytest.raises(EngineError, match="no audio input"):
        sound.record_input(1.0, lambda: False)


def test_input_without_a_device_is_reported():
    sound = LiveSound(DeviceRequest(NONE))
    with pytest.raises(EngineError, match="no audio input without a device"):
        sound.record_input(1.0, lambda: False)
    sound.close()


def test_preview_is_resampled_to_the_rate_of_the_device(open_device, monkeypatch):
    _, sound = open_device(0)
    heard = []
    monkeypatch.setattr(sound.engine, "preview", heard.append)
    tone = np.sin(2.0 * np.pi * 440.0 * np.arange(16384) / 16384.0).astype(np.float32)
    sound.preview(tone, 16384.0)
    (samples,) = heard
    expected = np.sin(2.0 * np.pi * 440.0 * np.arange(44100) / 44100.0)
    assert len(samples) == 44100 and np.abs(samples - expected)[2000:-2000].max() < 1e-3
