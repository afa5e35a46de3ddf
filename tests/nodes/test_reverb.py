"""The reverb: decay by frequency, level, stereo, holding."""

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from tests.rendering import engine_of, largest_step, patch_of, sound_of


def room(source="impulse", rate=48000.0, seconds=2.0, **params):
    """Return the sound of the reverb alone: (samples, 2)."""
    source = ("impulse", {"frequency": 0.01}) if source == "impulse" else source
    patch = patch_of(
        "n.out r.audio", "r.out out.audio", n=source, r=("reverb", {"mix": 1.0, **params}), out="audio_out"
    )
    return sound_of(patch, round(seconds * rate), rate=rate).astype(float)


def decay_time(sound, rate, low, high):
    """Return the time in which a band falls by 60 dB, from its backward integral (Schroeder, 1965)."""
    band = sosfilt(butter(4, [low, high], "band", fs=rate, output="sos"), sound, axis=0)
    energy = np.cumsum((band**2).sum(axis=1)[::-1])[::-1]
    level = 10.0 * np.log10(energy / energy[0] + 1e-20)
    return 2.0 * (np.argmax(level < -35.0) - np.argmax(level < -5.0)) / rate


def steady_tail(sound, decay, rate):
    """Return what follows after 0.3 s, with its decay undone."""
    tail = sound[round(0.3 * rate) :]
    return tail * np.exp(np.log(1000.0) / decay * np.arange(len(tail)) / rate)[:, None]


def spectral_deviation(tail, rate):
    """Return the standard deviation in dB of the spectrum from 100 Hz to 10 kHz; of Gaussian noise it is 5.6 dB."""
    spectrum = np.abs(np.fft.rfft(tail * np.hanning(len(tail))[:, None], axis=0))
    frequencies = np.fft.rfftfreq(len(tail), 1.0 / rate)
    heard = (frequencies > 100.0) & (frequencies < 10000.0)
    return np.std(20.0 * np.log10(spectrum[heard]), axis=0).max()


@pytest.mark.parametrize("rate", [44100.0, 48000.0, 96000.0])
def test_bands_decay_as_declared_at_any_rate(rate):
    sound = room(rate=rate, decay=1.0, treble=0.4, crossover=2000.0)
    assert decay_time(sound, rate, 100.0, 500.0) == pytest.approx(1.0, rel=0.08)
    assert decay_time(sound, rate, 10000.0, 16000.0) == pytest.approx(0.4, rel=0.2)


@pytest.mark.parametrize("size", [0.3, 1.0, 2.0])
def test_decay_does_not_depend_on_the_size(size):
    assert decay_time(room(decay=1.0, treble=1.0, size=size), 48000.0, 200.0, 8000.0) == pytest.approx(1.0, rel=0.08)


def test_tail_is_dense_and_without_metallic_tones():
    decay, rate = 3.0, 48000.0
    sound = room(seconds=2.0, decay=decay, treble=1.0)
    tail = steady_tail(sound, decay, rate)
    assert spectral_deviation(tail, rate) < 6.3
    outside = np.abs(tail) > tail.std(axis=0)
    assert outside.mean() == pytest.approx(0.317, abs=0.03)  # as in Gaussian noise: no single echoes


def test_sides_of_a_mono_sound_are_independent_and_equally_loud():
    sound = room()
    assert abs(np.corrcoef(sound.T)[0, 1]) < 0.05
    assert np.std(sound[:, 0]) == pytest.approx(np.std(sound[:, 1]), rel=0.1)


def test_sides_of_a_stereo_sound_enter_separately():
    wires = "n.out p.audio", "p.out r.audio", "r.out out.audio"
    source = ("impulse", {"frequency": 0.01})
    dry = sound_of(
        patch_of(*wires, n=source, p=("pan", {"position": -1.0}), r=("reverb", {"mix": 0.0}), out="audio_out"), 2000
    )
    assert dry[0].tolist() == pytest.approx([1.0, 0.0], abs=1e-6) and not np.abs(dry[1:]).max() > 1e-6
    left, right = (
        sound_of(
            patch_of(*wires, n=source, p=("pan", {"position": p}), r=("reverb", {"mix": 1.0}), out="audio_out"), 20000
        )
        for p in (-1.0, 1.0)
    )
    assert abs(np.corrcoef(left[:, 0], right[:, 0])[0, 1]) < 0.1


@pytest.mark.parametrize("decay", [0.3, 3.0])
def test_steady_sound_keeps_its_level(decay):
    dry, wet = (room("white_noise", seconds=4.0, decay=decay, crossover=10000.0, mix=mix) for mix in (0.0, 1.0))
    below = butter(4, [200.0, 4000.0], "band", fs=48000.0, output="sos")
    dry, wet = (np.std(sosfilt(below, sound, axis=0)[96000:]) for sound in (dry, wet))
    assert 20.0 * np.log10(wet / dry) == pytest.approx(0.0, abs=1.0)


def test_nothing_is_heard_before_the_pre_delay():
    early, late = (room(seconds=0.3, modulation=0.0, pre_delay=p) for p in (0.0, 0.1))
    first = np.flatnonzero(np.abs(early).max(axis=1) > 1e-4)[0]
    assert np.flatnonzero(np.abs(late).max(axis=1) > 1e-4)[0] - first == pytest.approx(4800, abs=2)


def test_frozen_sound_neither_decays_nor_grows():
    patch = patch_of("n.out r.audio", "r.out out.audio", n="white_noise", r=("reverb", {"mix": 1.0}), out="audio_out")
    engine = engine_of(patch, rate=16000.0)
    engine.run_samples(16000)
    patch.set("r.freeze", 1.0)
    engine.run_samples(16000)  # the modulation ends
    held = [engine.run_samples(16000).std(axis=0) for _ in range(4)]
    np.testing.assert_allclose(held[-1], held[0], rtol=0.02)
    patch.set("r.freeze", 0.0)
    patch.set("n.amplitude", 0.0)
    engine.run_samples(48000)
    assert engine.run_samples(1000).std() < 1e-3 * held[0].min()


def test_changes_of_the_size_glide():
    wires = "n.out r.audio", "r.out out.audio"
    tone = ("sine", {"frequency": 200.0, "amplitude": 0.5})
    patch = patch_of(*wires, n=tone, r=("reverb", {"mix": 1.0, "modulation": 0.0}), out="audio_out")
    engine = engine_of(patch, rate=48000.0)
    engine.run_samples(48000)
    patch.set("r.size", 0.5)
    changed = engine.run_samples(24000)
    # each pass through a delay that becomes shorter raises the pitch; a jump would be a step as high as the wave
    assert largest_step(changed) < 0.06 * np.abs(changed).max()
