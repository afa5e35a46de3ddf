"""The pitch shifter: pure tones, exact latency, kept formants, sharp attacks, lanes."""

import numpy as np
import pytest
from scipy.signal import lfilter

from tests.nodes.stepping import spectrum
from tests.rendering import Offline, patch_of

RATE = 44100.0
LATENCY = 2048 + 104


def shifted(sound, wires=(), nodes=(), **params):
    """Return a sound (samples, channels) after the pitch shifter, without its latency."""
    sound = np.asarray(sound, np.float32).reshape(len(sound), -1)
    x = ("audio_in", {"channels": sound.shape[1]})
    block = ("pitch_shifter", params)
    patch = patch_of("x.out s.audio", "s.out out.audio", *wires, x=x, s=block, out="audio_out", **dict(nodes))
    engine = Offline(patch.document, RATE, inputs={"x": sound})
    assert engine.latency == LATENCY
    return engine.run_samples(len(sound) + LATENCY)[LATENCY:].astype(float)


def sine(frequency, seconds=1.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def frequency_of(sound, near):
    """Return the frequency of a sine near a frequency, by the phase between its halves."""
    turned = sound * np.exp(-2j * np.pi * near * np.arange(len(sound)) / RATE)
    half = len(turned) // 2
    first, second = (turned[k * half : (k + 1) * half] @ np.hanning(half) for k in (0, 1))
    return near + np.angle(second / first) / (2 * np.pi) * RATE / half


@pytest.mark.parametrize("pitch", [12.0, 7.0, -5.0, 23.7])
def test_sine_becomes_one_sine_at_the_transposed_frequency(pitch):
    expected = 880.0 * 2 ** (pitch / 12)
    sound = shifted(sine(880.0), pitch=pitch)[22050:-4410, 0]
    assert abs(1200 * np.log2(frequency_of(sound, expected) / expected)) < 0.1
    heights, frequencies = spectrum(sound)
    others = heights[np.abs(frequencies - expected) > 8.0].max()
    assert 20 * np.log10(others / heights.max()) < -80.0
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.005)


def test_pitch_0_delays_the_input_by_the_latency():
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (20000, 2))
    assert shifted(noise, pitch=0.0) == pytest.approx(noise, abs=1e-6)


@pytest.mark.parametrize("pitch", [-12.0, 12.0])
def test_burst_is_in_time_and_has_no_echo_before_it(pitch):
    start = 22050
    burst = np.random.default_rng(1).uniform(-0.5, 0.5, 44100) * (np.arange(44100) >= start)
    burst *= np.exp(-np.maximum(np.arange(44100) - start, 0) / 2000.0)
    energy = shifted(burst, pitch=pitch)[:, 0] ** 2
    before, around = energy[: start - 220].sum(), energy[start - 220 : start + 220].sum()
    assert 10 * np.log10(before / energy.sum()) < -25.0
    assert around > 0.1 * energy.sum()


def test_wired_pitch_moves_at_audio_rate():
    wobble = ("lfo", {"frequency": 5.0, "amplitude": 1.0, "offset": 7.0})
    sound = shifted(sine(880.0), wires=("lfo.out s.pitch",), nodes={"lfo": wobble}.items())[22050:-4410, 0]
    turns = np.unwrap(
        np.angle(lfilter(np.hanning(200), 1.0, sound * np.exp(-2j * np.pi * np.arange(len(sound)) * 0.03)))
    )
    found = 1323.0 + np.diff(turns)[400:] / (2 * np.pi) * RATE
    expected = 880.0 * 2 ** (np.array([6.0, 7.0, 8.0]) / 12)
    assert np.quantile(found, [0.001, 0.5, 0.999]) == pytest.approx(expected, rel=0.004)


FORMANTS = ((700.0, 110.0), (1220.0, 120.0), (2600.0, 160.0), (3400.0, 250.0))


def voice(pitch):
    """Return a pulse train through four resonators, as of a vowel."""
    t = np.arange(round(1.5 * RATE)) / RATE
    sound = sum(np.cos(2 * np.pi * pitch * k * t) for k in range(1, int(8000.0 / pitch)))
    for frequency, bandwidth in FORMANTS:
        r, turn = np.exp(-np.pi * bandwidth / RATE), 2 * np.pi * frequency / RATE
        poles = [1.0, -2 * r * np.cos(turn), r * r]
        sound = lfilter([sum(poles)], poles, sound)
    return 0.5 * sound / np.abs(sound).max()


def partials(sound, pitch):
    """Return the frequencies and levels in dB of the partials up to 4500 Hz."""
    heights, frequencies = spectrum(sound[22050:-8820])
    places = pitch * np.arange(1, int(4500.0 / pitch))
    return places, np.array([20 * np.log10(heights[np.abs(frequencies - f) < pitch / 4].max()) for f in places])


@pytest.mark.parametrize("pitch", [-5.0, 7.0])
def test_kept_formants_stay_where_they_are(pitch):
    source = voice(110.0)
    before = partials(source, 110.0)
    distances = {}
    for formants in ("keep", "move"):
        places, levels = partials(shifted(source, pitch=pitch, formants=formants)[:, 0], 110.0 * 2 ** (pitch / 12))
        difference = levels - np.interp(places, *before)
        distances[formants] = np.std(difference)
    assert distances["keep"] < 2.5 and distances["move"] > 10.0


def test_lanes_of_one_pitch_stay_together_and_a_list_makes_a_chord():
    left = np.random.default_rng(2).uniform(-0.5, 0.5, 20000)
    both = shifted(np.stack([left, 0.5 * left], axis=1), pitch=7.0)
    assert both[:, 1] == pytest.approx(0.5 * both[:, 0], abs=1e-5)
    chord = shifted(sine(440.0), pitch=[4.0, 7.0])
    for lane, pitch in enumerate((4.0, 7.0)):
        expected = 440.0 * 2 ** (pitch / 12)
        assert frequency_of(chord[22050:-4410, lane], expected) == pytest.approx(expected, rel=1e-4)
