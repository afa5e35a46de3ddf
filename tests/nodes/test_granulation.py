"""Granular synthesis against closed forms."""

import numpy as np
import pytest
import soundfile

from nodegraph.api import render
from tests.rendering import engine_of, patch_of, sound_of

RATE = 44100


def noise(frames, channels=1, seed=1):
    return (0.5 * np.random.default_rng(seed).uniform(-1, 1, (frames, channels))).astype(np.float32)


def granular(folder=None, **params):
    patch = patch_of("g.out out.audio", g=("granular", params), out="audio_out")
    if folder is not None:
        patch.path = folder / "patch.json"
    return patch


def write(folder, values, rate=RATE):
    soundfile.write(folder / "a.wav", values, rate, subtype="FLOAT")


def hann(length):
    return 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(length) + 0.5) / length)


def test_grains_at_regular_times_are_windowed_pieces_of_the_file(tmp_path):
    values = noise(20000, 2)
    write(tmp_path, values)
    found = sound_of(granular(tmp_path, file="a.wav", position=0.25, density=10.0, duration=0.02), 10000)
    length = 882
    grain = values[5000 : 5000 + length] * hann(length)[:, None] * np.sqrt(0.5)
    expected = np.zeros((10000, 2))
    for onset in (0, 4410, 8820):
        expected[onset : onset + length] += grain
    assert np.abs(found - expected).max() < 1e-6


def test_overlapping_grains_of_the_live_buffer_are_a_delay():
    """Hann windows that overlap by half add up to 1."""
    values = noise(30000)
    patch = granular(position=0.25, density=20.0, duration=0.1, length=1.0)
    patch.add("audio_in", id="x")
    patch.connect("x.out", "g.audio")
    engine = engine_of(patch, inputs={"x": values})
    found = engine.run_samples(30000)[:, 0]
    delays = np.array([np.dot(found[20000:24000], values[20000 - d : 24000 - d, 0]) for d in range(11000, 11100)])
    delay = 11000 + int(delays.argmax())
    assert abs(delay - 0.25 * RATE) <= 2
    assert np.abs(found[16000:] - 0.5 * values[16000 - delay : 30000 - delay, 0]).max() < 1e-5


@pytest.mark.parametrize("pitch", [-12.0, 7.0, 24.0])
def test_pitch_transposes_grains_and_files_keep_theirs_at_any_rate(tmp_path, pitch):
    t = np.arange(5 * 48000) / 48000
    write(tmp_path, 0.5 * np.sin(2 * np.pi * 440 * t), 48000)
    found = sound_of(granular(tmp_path, file="a.wav", density=0.2, duration=1.0, pitch=pitch), RATE)[:, 0]
    spectrum = np.abs(np.fft.rfft(found))
    assert abs(np.argmax(spectrum) - 440 * 2 ** (pitch / 12)) <= 1
    assert spectrum[np.abs(np.arange(len(spectrum)) - spectrum.argmax()) > 50].max() < 1e-3 * spectrum.max()


def test_transposed_grains_do_not_alias(tmp_path):
    write(tmp_path, 0.5 * np.sin(2 * np.pi * 18000 * np.arange(2 * RATE) / RATE))
    found = sound_of(granular(tmp_path, file="a.wav", density=0.2, duration=0.4, pitch=12.0), 17640)
    assert np.abs(found).max() < 0.5e-3


def test_onsets_with_jitter_are_a_poisson_process(tmp_path):
    write(tmp_path, np.full(RATE, 0.5))
    patch = granular(tmp_path, file="a.wav", density=100.0, duration=0.001, jitter=1.0, window="flat")
    found = sound_of(patch, 10 * RATE)[:, 0] > 0
    onsets = np.flatnonzero(np.diff(found.astype(int), prepend=0) > 0)
    gaps = np.diff(onsets) / RATE
    assert len(onsets) == pytest.approx(1000 * np.exp(-100 * 0.001), rel=0.1)
    assert np.mean(gaps > 0.01) == pytest.approx(np.exp(-1 + 0.1), abs=0.06)


def test_chance_comes_from_the_seed_of_the_patch(tmp_path):
    write(tmp_path, noise(RATE))
    params = dict(file="a.wav", spread=0.5, pitch_spread=5.0, pan_spread=1.0, jitter=1.0, window="decay")
    first, again, other = (render(granular(tmp_path, **params), 0.5, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again) and np.abs(first - other).max() > 0.1
    assert not np.array_equal(first[:, 0], first[:, 1])


def test_frozen_buffer_keeps_its_sound():
    patch = granular(position=0.2, density=40.0, duration=0.05, length=1.0, spread=0.1, pitch=5.0, jitter=1.0)
    patch.add("audio_in", id="x")
    patch.connect("x.out", "g.audio")
    engine = engine_of(patch, inputs={"x": np.append(noise(RATE), np.zeros((4 * RATE, 1), np.float32), axis=0)})
    engine.set_parameter("g", "freeze", 1.0, at=RATE)
    assert np.sqrt(np.mean(engine.run_samples(4 * RATE)[-RATE:] ** 2)) > 0.05
    engine.set_parameter("g", "freeze", 0.0, at=4 * RATE)
    assert not engine.run_samples(RATE * 2)[-1000:].any()


def test_more_grains_than_fit_are_left_out(tmp_path):
    write(tmp_path, np.full(4 * RATE, 0.5))
    found = sound_of(granular(tmp_path, file="a.wav", density=1000.0, duration=1.0), RATE // 2)
    assert np.isfinite(found).all() and np.abs(found).max() < 64 * 0.5
