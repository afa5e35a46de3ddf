"""Blocks that play files as frames: the phase vocoder and the spectrogram player."""

import numpy as np
import pytest
import soundfile

from nodegraph.api import Patch, render
from nodegraph.graph import build_graph
from nodegraph.spectral.metrics import ser
from nodegraph.spectral.stft import stft

RATE = 16000


def stretched(folder, values, seconds, **params):
    soundfile.write(folder / "sound.wav", values, RATE, subtype="FLOAT")
    patch = Patch()
    patch.add("stretch_player", id="player", file="sound.wav", **({"size": 1024, "hop": 128} | params))
    patch.add("inverse_stft", id="inverse")
    patch.add("audio_out", id="out")
    patch.connect("player.spectrum", "inverse.spectrum")
    patch.connect("inverse.out", "out.audio")
    patch.save(folder / "patch.json")
    return np.asarray(render(folder / "patch.json", seconds, RATE), np.float64)


def lines(signal):
    window = np.blackman(len(signal))
    return np.abs(np.fft.rfft(signal * window)) / window.sum() * 2


@pytest.mark.parametrize("phases", ["locked", "free"])
@pytest.mark.parametrize("speed", [0.25, 0.5, 1.5, -0.5, 0.0])
def test_chord_keeps_its_pitch_at_any_speed(tmp_path, speed, phases):
    t = np.arange(2 * RATE) / RATE
    tones = (500.0, 1250.0, 3000.0)
    chord = sum(0.2 * np.sin(2 * np.pi * f * t) for f in tones)
    sound = stretched(tmp_path, chord, 2.0, speed=speed, phases=phases)[RATE // 2 :, 0]
    found = lines(sound)
    for f in tones:
        near = round(f * len(sound) / RATE)
        assert found[near - 3 : near + 4].max() == pytest.approx(0.2, rel=0.1)
        found[near - 8 : near + 9] = 0.0
    assert found.max() < 0.02


@pytest.mark.parametrize("phases", ["locked", "free"])
def test_stretch_player_at_speed_1_reproduces_the_file(tmp_path, phases):
    values = np.random.default_rng(0).normal(0, 0.1, 8000)
    sound = stretched(tmp_path, values, 0.5, speed=1.0, phases=phases)[:, 0]
    late = 512 + 128  # the middle of the first window is the start of the file
    assert np.abs(sound[late + 1024 : 7000] - values[1024 : 7000 - late]).max() < 1e-5


def test_half_speed_takes_twice_as_long(tmp_path):
    values = np.zeros(RATE)
    values[4000:4400] = np.random.default_rng(1).normal(0, 0.3, 400)
    sound = stretched(tmp_path, values, 1.5, speed=0.5)[:, 0]
    energy = sound**2
    middle = (energy * np.arange(len(sound))).sum() / energy.sum()
    assert middle == pytest.approx(2 * 4200 + 640, abs=400)


def hits(times, seconds):
    """Return strokes of a drum: noise that starts within a sample and decays in 30 ms, over a quiet tone."""
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(2).normal(0, 0.3, len(t))
    envelope = sum(np.where(t >= time, np.exp(-np.maximum(t - time, 0.0) / 0.03), 0.0) for time in times)
    return envelope * noise + 0.02 * np.sin(2 * np.pi * 300 * t)


def rise_and_start(sound, near):
    """Return the seconds that the level of a stroke takes from 10 % to 90 %, and the time of half of it."""
    level = np.sqrt(np.convolve(sound**2, np.ones(32) / 32, "same"))
    part = level[round((near - 0.1) * RATE) : round((near + 0.03) * RATE)]
    end = np.flatnonzero(part >= 0.9 * part.max())[0]
    start = np.flatnonzero(part[:end] < 0.1 * part.max())[-1]
    middle = start + np.flatnonzero(part[start:] >= 0.5 * part.max())[0]
    return (end - start) / RATE, middle / RATE + near - 0.1


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.5])
def test_attacks_stay_sharp_and_in_time(tmp_path, speed):
    times = (0.3, 0.55, 0.9)
    values, late = hits(times, 1.2), 640 / RATE
    sound = stretched(tmp_path, values, 1.1 / speed, speed=speed, loop=False)[:, 0]
    for time in times:
        rise, start = rise_and_start(values, time)
        stretched_rise, stretched_start = rise_and_start(sound, time / speed + late)
        assert stretched_rise < rise + 0.003
        assert stretched_start == pytest.approx((time / speed) + late + (start - time), abs=0.004)
    blurred = stretched(tmp_path, values, 1.1 / speed, speed=speed, loop=False, attacks_stay="off")[:, 0]
    assert speed > 1.0 or rise_and_start(blurred, 0.3 / speed + late)[0] > rise + 0.005


def test_channels_stay_together(tmp_path):
    t = np.arange(RATE) / RATE
    left = sum(0.1 * np.sin(2 * np.pi * f * t * (1 + 0.1 * t)) for f in (200, 331, 457, 1234))
    right = left + 1e-5 * np.random.default_rng(3).normal(size=RATE)
    sound = stretched(tmp_path, np.column_stack([left, right]), 1.5, speed=0.5)[2000:]
    assert np.corrcoef(sound.T)[0, 1] > 0.99999


def test_restart_jumps_and_channels_are_lanes(tmp_path):
    t = np.arange(RATE) / RATE
    values = np.column_stack([np.sin(2 * np.pi * 1000 * t), np.where(t > 0.5, np.sin(2 * np.pi * 2000 * t), 0.0)])
    sound = stretched(tmp_path, 0.5 * values, 0.5, speed=0.0, restart=1.0, position=0.75)
    assert sound.shape[1] == 2
    assert np.abs(sound[4000:, 1]).max() == pytest.approx(0.5, abs=0.05)


def played(folder, seconds=1.0, method="rtisi_la", **params):
    patch = Patch()
    patch.add("spectrogram_player", id="player", **params)
    patch.add(method, id="phases")
    patch.add("audio_out", id="out")
    patch.connect("player.magnitude", "phases.magnitude")
    patch.connect("phases.out", "out.audio")
    patch.save(folder / "patch.json")
    return np.asarray(render(folder / "patch.json", seconds, RATE))[:, 0]


def test_spectrogram_player_plays_its_frames(tmp_path):
    t = np.arange(RATE) / RATE
    sound = 0.4 * np.sin(2 * np.pi * (300 * t + 400 * t**2))
    magnitudes = np.abs(stft(sound, 512, 128))
    np.savez(tmp_path / "chirp.npz", S=magnitudes, hop=128)
    heard = played(tmp_path, file="chirp.npz", loop=False)
    late = 512 + 3 * 128
    assert ser(magnitudes[:, :100], heard[late : late + 100 * 128 - 384], 512, 128) > 15.0
    slow = played(tmp_path, file="chirp.npz", loop=False, speed=0.5)
    rising = [np.argmax(lines(part)) for part in (heard[8000:10000], slow[8000:10000])]
    assert rising[0] > 1.4 * rising[1]
    np.save(tmp_path / "db.npy", 20 * np.log10(magnitudes + 1e-6))
    again = played(tmp_path, file="db.npy", scale="db", hop=128, loop=False)
    assert np.abs(again - heard).max() < 0.05


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("bad.npy", -np.ones((129, 4)), "negative"),
        ("mel.npy", np.ones((80, 4)), "size / 2 + 1"),
        ("none.npy", np.ones((129, 0)), "empty"),
    ],
)
def test_invalid_spectrogram_file_makes_a_placeholder(tmp_path, name, values, words):
    np.save(tmp_path / name, values)
    patch = Patch()
    patch.add("spectrogram_player", id="player", file=name)
    patch.save(tmp_path / "patch.json")
    problem = build_graph(patch.document, RATE, patch.path).placeholders["player"]
    assert words in problem
