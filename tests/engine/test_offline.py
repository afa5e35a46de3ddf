"""Offline rendering: all ways to render give the same samples."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.api import Patch, render
from nodegraph.engine.core import EngineError
from tests.engine.storm import random_edits, sounding_patch
from tests.rendering import QUANTUM, Offline, Stepper, engine_of, patch_of, ramp, sound_of


@pytest.mark.parametrize("seed", range(6))
def test_stepper_gives_the_native_samples_bit_for_bit(seed):
    patch = sounding_patch(14, seed)
    assert np.array_equal(sound_of(patch, 256), sound_of(patch, 256, Stepper), equal_nan=True)


def test_stepper_gives_the_native_samples_after_edits():
    sounds = []
    for driver in (Offline, Stepper):
        patch = sounding_patch(8, 3)
        engine = engine_of(patch, driver)
        sounds.append([engine.run_samples(64) for _ in random_edits(patch, 12, 4, size=10)])
    assert np.array_equal(*sounds)


def test_denormals_are_zero_for_both_drivers():
    patch = patch_of("x.out pan.audio", "x.out sum.a", "pan.out out.audio", "sum.out out.audio",
                     x="audio_in", pan="pan", sum=("add", {"b": 1e-38}), out="audio_out")  # fmt: skip
    values = np.full((128, 1), 1.3e-38, np.float32)
    values[::2] *= -1
    native, stepped = (sound_of(patch, 128, driver, inputs={"x": values}) for driver in (Offline, Stepper))
    assert np.array_equal(native, stepped)


def test_denormal_mode_of_the_caller_is_restored():
    denormal = np.float32(1e-40)
    for driver in (Offline, Stepper):
        sound_of(sounding_patch(3), 64, driver)
        assert denormal * np.float32(1.0) == denormal


@pytest.mark.parametrize("chunks", [[1] * 200, [100] * 20, [64] * 20, [63, 65, 1, 0, 1000], [37, 700, 3]])
def test_chunks_of_any_length_give_the_same_samples(chunks):
    patch = sounding_patch(20, 11)
    engine = Offline(patch.document)
    assert np.array_equal(np.vstack([engine.run_samples(n) for n in chunks]), sound_of(patch, sum(chunks)))


def test_rendering_is_repeatable_and_does_not_change_the_patch():
    patch = sounding_patch(30, 5)
    document = patch.document
    assert np.array_equal(render(patch, 0.1), render(patch, 0.1))
    assert patch.document is document


def test_seed_changes_noise_only():
    noise = patch_of("n.out out.audio", n="white_noise", out="audio_out")
    assert np.array_equal(render(noise, 0.1, seed=1), render(noise, 0.1, seed=1))
    assert abs(np.corrcoef(render(noise, 0.1, seed=1)[:, 0], render(noise, 0.1, seed=2)[:, 0])[0, 1]) < 0.1
    tone = patch_of("n.out out.audio", n="saw", out="audio_out")
    assert np.array_equal(render(tone, 0.1, seed=1), render(tone, 0.1, seed=2))


def test_noise_depends_on_the_id_of_its_node_only():
    alone = patch_of("n.out out.audio", n="white_noise", out="audio_out")
    company = patch_of("n.out out.audio", m="white_noise", n="white_noise", out="audio_out",
                       **{f"x{k}": "white_noise" for k in range(20)})  # fmt: skip
    assert np.array_equal(render(alone, 0.05), render(company, 0.05))
    two = patch_of("n.out out.audio", "m.out out2.audio", n="white_noise", m="white_noise", out="audio_out",
                   out2="audio_out")  # fmt: skip
    assert not np.array_equal(render(two, 0.05), 2 * render(alone, 0.05))


def test_render_uses_the_given_rate():
    patch = patch_of("x.out out.audio", x=("sine", {"frequency": 1000.0}), out="audio_out")
    for rate in (8000.0, 44100.0, 96000.0):
        sound = render(patch, 0.1, rate=rate)
        assert sound.rate == rate and len(sound) == round(0.1 * rate)
        assert np.abs(sound[:, 0] - np.sin(2 * np.pi * 1000 * np.arange(len(sound)) / rate)).max() < 1e-5


# -- inputs --------------------------------------------------------------------------------------------------


def two_inputs(channels=1):
    return patch_of("a.out out.audio", "b.out gain.a", "gain.out out2.audio", a=("audio_in", {"channels": channels}),
                    b=("audio_in", {"channels": channels}), gain=("multiply", {"b": 10000.0}), out="audio_out",
                    out2="audio_out")  # fmt: skip


def test_inputs_reach_their_nodes():
    values = ramp(100)
    sound = render(two_inputs(), 100 / 44100, inputs={"a": values[:, 0], "b": values[::-1]})
    assert np.allclose(sound, values + 10000.0 * values[::-1], rtol=1e-6)


def test_input_without_samples_is_silent():
    values = ramp(100)
    for channels in (1, 2):
        sound = render(two_inputs(channels), 100 / 44100, inputs={"a": np.repeat(values, channels, 1)})
        assert np.array_equal(sound, np.repeat(values, channels, 1))
    assert not render(two_inputs(), 0.01).any()


def test_missing_channels_are_silent():
    values = ramp(100)
    sound = render(two_inputs(2), 100 / 44100, inputs={"a": values, "b": 0 * values + 5})
    assert np.array_equal(sound, np.hstack([values + 50000.0, 0 * values]))


def test_input_is_silent_after_its_end():
    patch = patch_of("a.out out.audio", a="audio_in", out="audio_out")
    sound = render(patch, 300 / 44100, inputs={"a": np.ones(100)})
    assert np.array_equal(sound[:, 0], np.arange(300) < 100)


@pytest.mark.parametrize("inputs, words", [
    ({"mic": np.zeros(9)}, "unknown input 'mic'. Use a"),
    ({"a": np.zeros((3, 3, 3))}, "shape"),
])  # fmt: skip
def test_invalid_inputs_are_refused(inputs, words):
    patch = patch_of("a.out out.audio", a="audio_in", out="audio_out")
    with pytest.raises(EngineError, match=words):
        render(patch, 0.01, inputs=inputs)


# -- other ---------------------------------------------------------------------------------------------------


def test_empty_patch_is_silent():
    assert not render(Patch(), 0.01).any()
    assert render(patch_of(out="audio_out"), 0.0).shape == (0, 1)


def test_progress_rises_from_zero_to_one():
    values = []
    render(sounding_patch(3), 5.0, progress=values.append)
    assert values and values == sorted(values) and values[0] >= 0.0 and values[-1] <= 1.0


def test_engine_returns_the_latest_value_of_an_output():
    engine = engine_of(patch_of(k=("constant", {"value": [1.0, 2.0]})))
    engine.run_samples(QUANTUM)
    assert engine.value("k", "out").tolist() == [1.0, 2.0]
