"""Lanes at audio_out: those of voices are summed, others are channels, unless the setting says otherwise."""

import numpy as np
import pytest

from nodegraph.engine.offline import Offline
from nodegraph.graph import build_graph
from nodegraph.graph.outputs import describe_output, output_channels
from tests.rendering import patch_of

LEVELS = [0.1, 0.2, 0.4]


def lanes_of(mix, levels=LEVELS):
    return patch_of("level.out out.audio", level=("constant", {"value": levels}), out=("audio_out", {"mix": mix}))


def polyphonic(*wires, **nodes):
    """Return four voices of a saw, with more nodes behind them."""
    return patch_of(
        "keys.out voices.events", "voices.frequency saw.frequency", "saw.out low.audio", "low.out vca.audio",
        "voices.gate vca.gain", *wires, keys="midi_in", voices=("notes", {"voices": 4}), saw="saw", low="ladder",
        vca="vca", out="audio_out", **nodes,
    )  # fmt: skip


def last_frame(patch, channels):
    engine = Offline(patch.document, channels=channels)
    try:
        return engine.run_samples(256)[-1]
    finally:
        engine.close()


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_summed_lanes_go_to_all_channels(channels):
    np.testing.assert_allclose(last_frame(lanes_of("sum"), channels), np.full(channels, sum(LEVELS)), rtol=1e-6)


@pytest.mark.parametrize("mix", ["lanes", "auto"])
@pytest.mark.parametrize(("channels", "expected"), [(4, [0.1, 0.2, 0.4, 0.0]), (2, [0.5, 0.2]), (1, [0.7])])
def test_lanes_that_are_no_voices_go_to_one_channel_each(mix, channels, expected):
    np.testing.assert_allclose(last_frame(lanes_of(mix), channels), expected, rtol=1e-6)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_spread_lanes_keep_their_power_and_go_from_left_to_right(count):
    shares = []
    for lane in range(count):
        levels = [0.5 if k == lane else 0.0 for k in range(count)]
        left, right = last_frame(lanes_of("stereo", levels), 2)
        assert np.hypot(left, right) == pytest.approx(0.5)
        shares.append(np.arctan2(right, left) / (np.pi / 2.0))
    np.testing.assert_allclose(shares, np.linspace(0.0, 1.0, count), atol=1e-6)


def test_spread_lanes_are_summed_for_one_channel():
    np.testing.assert_allclose(last_frame(lanes_of("stereo"), 1), [sum(LEVELS)], rtol=1e-6)


def test_voices_are_heard_on_both_sides_alike():
    patch = polyphonic("vca.out out.audio")
    assert output_channels(build_graph(patch.document)) == 1
    engine = Offline(patch.document, channels=2)
    for key in (48, 55, 60):
        engine.send(bytes([0x90, key, 100]), 0, "keyboard")
    sound = engine.run_samples(8820)
    engine.close()
    assert np.abs(sound).max() > 0.1
    np.testing.assert_array_equal(sound[:, 0], sound[:, 1])


@pytest.mark.parametrize("block", ["pan", "chorus", "reverb"])
def test_stereo_made_of_voices_keeps_its_sides(block):
    patch = polyphonic("vca.out effect.audio", "effect.out out.audio", effect=block)
    assert output_channels(build_graph(patch.document)) == 2


@pytest.mark.parametrize(("mix", "words"), [("auto", "summed"), ("stereo", "left to right"), ("lanes", "one channel")])
def test_description_says_what_happens_to_the_lanes(mix, words):
    patch = polyphonic("vca.out out.audio")
    patch.set("out.mix", mix)
    assert words in describe_output(build_graph(patch.document).node("out"))
    assert describe_output(build_graph(lanes_of(mix, 0.5).document).node("out")) == ""


def test_change_of_the_mix_does_not_click():
    patch = lanes_of("lanes")
    engine = Offline(patch.document, channels=2)
    engine.follow(patch)
    first = engine.run_samples(1024)
    patch.set("out.mix", "sum")
    second = engine.run_samples(2048)
    engine.close()
    steps = np.abs(np.diff(np.concatenate([first[-1:], second]), axis=0))
    assert steps.max() < 0.01
    np.testing.assert_allclose(second[-1], [sum(LEVELS)] * 2, rtol=1e-6)
