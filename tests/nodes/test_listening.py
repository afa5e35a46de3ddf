"""Pitch, timbre and onsets against closed forms and librosa."""

import numpy as np
import pytest

from nodegraph.api import render
from nodegraph.measures.librosa_import import import_librosa
from tests.rendering import listening_patch, patch_of

librosa = import_librosa()

RATE, SIZE, HOP = 44100, 2048, 512


def heard(block, output, sound, rate=RATE, frames="spectrum", **params):
    """Return an output of a block that gets the frames of a sound (samples,) or (samples, lanes)."""
    patch = listening_patch(block, output, frames, SIZE, HOP, **params)
    return np.asarray(render(patch, len(sound) / rate, rate, inputs={"x": sound}), float)[:, 0]


def tone(frequency, seconds=0.5, rate=RATE, harmonics=range(1, 9)):
    t = np.arange(round(seconds * rate)) / rate
    return sum(0.3 / h * np.sin(2.0 * np.pi * h * frequency * t) for h in harmonics).astype(np.float32)


def cents(found, frequency):
    return 1200.0 * np.log2(found / frequency)


@pytest.mark.parametrize("rate", [44100, 48000])
@pytest.mark.parametrize("frequency", [82.41, 220.0, 440.0, 987.77, 1400.0])
@pytest.mark.parametrize("harmonics", [[1], range(1, 9), range(2, 7)])
def test_pitch_of_a_periodic_sound(frequency, harmonics, rate):
    sound = tone(frequency, rate=rate, harmonics=[h for h in harmonics if h * frequency < rate / 2])
    is_long_enough = SIZE / rate >= 4.0 / frequency
    assert abs(cents(heard("pitch", "frequency", sound, rate)[-1], frequency)) < (3.0 if is_long_enough else 10.0)
    assert heard("pitch", "confidence", sound, rate)[-1] > 0.95


def test_pitch_follows_a_glide():
    t = np.arange(RATE) / RATE
    frequency = 200.0 * 2.0**t
    sound = np.sin(2.0 * np.pi * np.cumsum(frequency) / RATE).astype(np.float32)
    found = heard("pitch", "frequency", sound)
    middle = np.arange(8000, RATE - 1000, 700)  # a frame describes the middle of its window
    assert np.abs(cents(found[middle], frequency[middle - SIZE // 2 - HOP // 2])).max() < 20.0


def test_pitch_stays_while_odd_harmonics_are_weak_for_a_moment():
    t = np.arange(RATE) / RATE
    odd = np.where(abs(t - 0.5) < 0.04, 0.03, 1.0)
    sound = sum((odd if h % 2 else 1.0) * np.sin(2.0 * np.pi * 200.0 * h * t) / h for h in range(1, 9)) / 4.0
    found = heard("pitch", "frequency", sound.astype(np.float32))[4000:]
    assert np.abs(cents(found, 200.0)).max() < 10.0


def test_pitch_lies_in_its_range():
    assert abs(cents(heard("pitch", "frequency", tone(1515.0), highest=1500.0)[-1], 1515.0 / 2.0)) < 3.0


def test_pitch_is_unsure_of_noise_and_stays_in_silence():
    sound = np.concatenate([tone(330.0), np.zeros(RATE, np.float32)])
    found, sure = heard("pitch", "frequency", sound), heard("pitch", "confidence", sound)
    assert abs(cents(found[-1], 330.0)) < 3.0 and sure[-1] == 0.0
    assert heard("pitch", "frequency", np.zeros(5000, np.float32)).max() == 0.0
    noise = np.random.default_rng(0).normal(0.0, 0.1, RATE).astype(np.float32)
    assert np.median(heard("pitch", "confidence", noise)) < 0.5


@pytest.fixture(scope="module")
def example():
    """A sound whose timbre changes, and its magnitudes (bins, frames) of windows that end at ``SIZE + k HOP``."""
    noise = np.random.default_rng(1).normal(0.0, 0.1, RATE // 2).astype(np.float32)
    sound = np.concatenate([tone(300.0), noise, tone(2000.0, harmonics=[1])])
    return sound, np.abs(librosa.stft(sound, n_fft=SIZE, hop_length=HOP, center=False))


REFERENCES = {
    "centroid": lambda S: librosa.feature.spectral_centroid(S=S, sr=RATE),
    "spread": lambda S: librosa.feature.spectral_bandwidth(S=S, sr=RATE),
    "rolloff": lambda S: librosa.feature.spectral_rolloff(S=S, sr=RATE),
    "flatness": lambda S: librosa.feature.spectral_flatness(S=S),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_features_are_those_of_librosa(name, example):
    sound, magnitudes = example
    expected = REFERENCES[name](magnitudes)[0]
    found = heard("spectral_features", name, sound, frames="magnitude")
    ends = SIZE + HOP * np.arange(len(expected)) + HOP // 2
    inside = ends < len(found)
    # the rounding of magnitudes far from a tone adds to its spread
    atol = {"flatness": 1e-6, "spread": 5.0}.get(name, 0.1)
    np.testing.assert_allclose(found[ends[inside]], expected[inside], rtol=1e-3, atol=atol)


def all_lanes_heard(block, sound, **params):
    """Return the output of a block that gets the magnitudes of a sound, all its lanes."""
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    patch = patch_of(
        "i.out s.audio", "s.spectrum m.spectrum", "m.magnitude b.magnitude", "b.out out.audio",
        i=("audio_in", {"channels": channels}), s=("stft", {"size": SIZE, "hop": HOP}), m="magnitude",
        b=(block, params), out="audio_out",
    )  # fmt: skip
    return np.asarray(render(patch, len(sound) / RATE, RATE, inputs={"i": sound}), float)


LANES_OF_LIBROSA = {
    "chroma": lambda S: librosa.feature.chroma_stft(S=S**2, sr=RATE, n_fft=SIZE, tuning=0.0),
    "mfcc": lambda S: librosa.feature.mfcc(
        S=librosa.power_to_db(librosa.feature.melspectrogram(S=S**2, sr=RATE), top_db=None), n_mfcc=13
    ),
}


@pytest.mark.parametrize("block", LANES_OF_LIBROSA)
def test_lanes_of_features_are_those_of_librosa(block, example):
    sound, magnitudes = example
    expected = LANES_OF_LIBROSA[block](magnitudes)
    found = all_lanes_heard(block, sound)
    ends = SIZE + HOP * np.arange(expected.shape[1]) + HOP // 2
    inside = ends < len(found)
    # the rounding of magnitudes far from a tone changes the levels of soft bands
    atol = {"chroma": 1e-5, "mfcc": 0.1}[block]
    np.testing.assert_allclose(found[ends[inside]], expected[:, inside].T, rtol=1e-3, atol=atol)


def test_chroma_of_a_chord_has_its_notes_and_silence_none():
    chord = sum(tone(261.63 * 2 ** (note / 12), 0.5, harmonics=[1]) for note in (0, 4, 7))
    found = all_lanes_heard("chroma", np.concatenate([chord, np.zeros(RATE // 2, np.float32)]))
    assert sorted(np.argsort(found[RATE // 4])[-3:].tolist()) == [0, 4, 7]
    assert not found[-1].any()


def test_frames_of_several_lanes_have_features_of_their_own():
    left, right = tone(261.63, harmonics=[1]), tone(440.0, harmonics=[1])
    both = all_lanes_heard("chroma", np.column_stack([left, right]))[-1]
    assert both.shape == (24,)
    assert (np.argmax(both[:12]), np.argmax(both[12:])) == (0, 9)


def test_flux_is_high_where_the_sound_changes():
    sound = np.concatenate([tone(441.0), tone(661.5)])
    found = heard("spectral_features", "flux", sound, frames="magnitude")
    change = slice(len(sound) // 2, len(sound) // 2 + SIZE + HOP)
    assert found[change].max() > 10.0 * np.median(found)
    assert heard("spectral_features", "flux", np.zeros(5000, np.float32), frames="magnitude").max() == 0.0


def notes(starts, seconds, attack=0.005):
    """Return decaying notes of random pitch that begin at given seconds."""
    rng = np.random.default_rng(3)
    sound = np.zeros(round(seconds * RATE))
    for start in starts:
        t = np.arange(len(sound)) / RATE - start
        wave = sum(np.sin(2.0 * np.pi * h * rng.uniform(150.0, 600.0) * t) / h for h in range(1, 6))
        sound += np.where(t > 0.0, 0.2 * np.minimum(t / attack, 1.0) * np.exp(-6.0 * np.maximum(t, 0.0)) * wave, 0.0)
    return sound.astype(np.float32)


def test_each_note_triggers_once():
    starts = 0.2 + np.cumsum(np.random.default_rng(2).uniform(0.12, 0.6, 20))
    trigger = heard("onset", "trigger", notes(starts, starts[-1] + 0.5), frames="magnitude")
    found = np.flatnonzero(np.diff(trigger) > 0.5) / RATE
    assert len(found) == len(starts)
    assert np.all((found > starts) & (found < starts + 0.06))


def test_a_quiet_note_soon_after_loud_ones_triggers():
    rng = np.random.default_rng(5)
    t = np.arange(2 * RATE) / RATE
    burst = [np.where(t > s, np.exp(-30.0 * np.maximum(t - s, 0.0)), 0.0) for s in (0.3, 0.5, 0.7, 0.9, 1.2)]
    gain = np.array([1.0, 1.0, 1.0, 1.0, 0.02])
    sound = rng.normal(0.0, 0.2, len(t)) * (gain @ burst) + rng.normal(0.0, 0.001, len(t))
    trigger = heard("onset", "trigger", sound.astype(np.float32), frames="magnitude")
    found = np.flatnonzero(np.diff(trigger[RATE // 4 :]) > 0.5) / RATE + 0.25
    assert len(found) == 5 and abs(found[-1] - 1.2) < 0.06


def test_steady_sounds_trigger_nothing():
    t = np.arange(3 * RATE) / RATE
    vibrato = np.sin(2.0 * np.pi * 440.0 * t + 3.0 * np.sin(2.0 * np.pi * 5.0 * t))
    noise = np.random.default_rng(4).normal(0.0, 0.2, len(t))
    for sound in (vibrato, noise, np.zeros(len(t))):
        trigger = heard("onset", "trigger", sound.astype(np.float32), frames="magnitude")
        assert np.count_nonzero(np.diff(trigger[RATE // 4 :]) > 0.5) == 0
