"""Tuning, tempo, balance and spectral distance as blocks, against closed forms and the measures of lessons."""

import numpy as np
import pytest

from nodegraph.api import render
from nodegraph.measures.registry import audition_of, measures
from nodes.measures import TempoMeter, Tuning
from nodes.stereo import StereoBalance
from tests.nodes.stepping import run
from tests.rendering import patch_of

RATE = 44100


@pytest.mark.parametrize("cents", [-49.0, -12.5, 0.0, 30.0, 50.0])
@pytest.mark.parametrize("note", [21, 60, 69, 108])
def test_tuning_is_the_distance_from_the_nearest_note(note, cents):
    frequency = 440.0 * 2.0 ** ((note - 69 + (cents - 1e-6) / 100.0) / 12.0)
    found = run(Tuning, 1, frequency=frequency)
    assert found["cents"][0] == pytest.approx(cents, abs=0.01) and found["note"][0] == note


def test_tuning_follows_its_reference_and_is_0_without_a_pitch():
    assert run(Tuning, 1, frequency=442.0, reference=442.0)["cents"][0] == pytest.approx(0.0, abs=1e-3)
    silent = run(Tuning, 1, frequency=0.0)
    assert silent["cents"][0] == 0.0 == silent["note"][0]


def triggers(times, seconds):
    gate = np.zeros(round(seconds * RATE))
    for time in times:
        gate[round(time * RATE) : round(time * RATE) + 100] = 1.0
    return gate


@pytest.mark.parametrize(("bpm", "per_beat"), [(60.0, 1.0), (128.0, 1.0), (90.0, 4.0)])
def test_tempo_of_even_triggers(bpm, per_beat):
    gate = triggers(np.arange(0.1, 1.9, 60.0 / bpm / per_beat), 2.0)
    found = run(TempoMeter, len(gate), trigger=gate, per_beat=per_beat)["tempo"]
    assert found[-1] == pytest.approx(bpm, rel=1e-3)


def test_tempo_ignores_a_missing_trigger_and_one_too_many():
    times = [0.1, 0.3, 0.5, 0.7, 1.1, 1.3, 1.5, 1.55, 1.7, 1.9]
    found = run(TempoMeter, 2 * RATE, trigger=triggers(times, 2.0))["tempo"]
    assert not found[: round(0.3 * RATE)].any()
    assert found[round(0.31 * RATE) :] == pytest.approx(300.0, rel=1e-3)


@pytest.mark.parametrize("right", [1.0, 0.5, 0.1])
def test_balance_is_the_ratio_of_the_levels(right):
    sine = np.sin(np.arange(2 * RATE) * 0.1)
    sound = np.stack([sine, right * sine], axis=1)
    found = run(StereoBalance, len(sound), audio=sound, time=0.1)["out"][-1, 0]
    assert found == pytest.approx(20.0 * np.log10(right), abs=0.01)
    assert found == pytest.approx(measures()["stereo_balance"].of(audition_of(sound, RATE)), abs=0.02)


def test_balance_is_bounded_and_0_for_mono_and_silence():
    one_side = np.stack([np.zeros(4000), np.full(4000, 0.5)], axis=1)
    assert run(StereoBalance, 4000, audio=one_side)["out"][-1, 0] == 100.0
    assert not run(StereoBalance, 4000, audio=one_side[:, 1:])["out"].any()
    assert not run(StereoBalance, 4000, audio=np.zeros((4000, 2)))["out"].any()


def distance(first, second, output="distance", **params):
    """Return an output of spectral_distance at the end of two sounds (samples,)."""
    patch = patch_of(
        "a.out stft_a.audio", "stft_a.spectrum magnitude_a.spectrum", "magnitude_a.magnitude block.magnitude",
        "b.out stft_b.audio", "stft_b.spectrum magnitude_b.spectrum", "magnitude_b.magnitude block.target",
        f"block.{output} out.audio",
        a="audio_in", b="audio_in", stft_a="stft", stft_b="stft", magnitude_a="magnitude", magnitude_b="magnitude",
        block=("spectral_distance", params), out="audio_out",
    )  # fmt: skip
    inputs = {"a": first.astype(np.float32), "b": second.astype(np.float32)}
    return float(render(patch, len(first) / RATE, RATE, inputs=inputs)[-1, 0])


NOISE = np.random.default_rng(0).normal(0.0, 0.1, RATE)


@pytest.mark.parametrize("gain", [1.0, 2.0, 0.25])
def test_distance_of_a_gain_is_its_size_in_db(gain):
    assert distance(gain * NOISE, NOISE) == pytest.approx(abs(20.0 * np.log10(gain)), abs=0.05)
    assert distance(gain * NOISE, NOISE, "louder") == pytest.approx(20.0 * np.log10(gain), abs=0.05)


def test_distance_of_a_sine_from_itself_and_from_others():
    t = np.arange(RATE) / RATE
    sine = 0.3 * np.sin(2.0 * np.pi * 440.0 * t)
    near, far = 0.3 * np.sin(2.0 * np.pi * 466.0 * t), 0.3 * np.sin(2.0 * np.pi * 2000.0 * t)
    assert distance(sine, sine) == 0.0
    assert 0.5 < distance(near, sine) < distance(far, sine)


def test_silence_has_no_distance_from_silence_and_smoothing_0_is_the_last_frame():
    silence = np.zeros(RATE)
    assert distance(silence, silence) == 0.0
    halves = np.concatenate([NOISE[: RATE // 2], 2.0 * NOISE[: RATE // 2]])
    other = np.concatenate([NOISE[: RATE // 2]] * 2)
    assert distance(halves, other, smoothing=0.0) == pytest.approx(6.02, abs=0.05)
    assert 4.5 < distance(halves, other, smoothing=0.3) < 5.5
