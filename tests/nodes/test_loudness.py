"""Loudness and true peak by the test signals of ITU-R BS.2217 and EBU Tech 3341."""

import numpy as np
import pytest

from nodes.loudness import Loudness, TruePeak
from tests.nodes.stepping import run


def sine(hz, seconds, level=0.0, rate=48000, phase=0.0):
    t = np.arange(round(seconds * rate)) / rate
    return 10.0 ** (level / 20.0) * np.sin(2.0 * np.pi * hz * t + phase)


def loudness(sound, rate=48000, **inputs):
    """Return the three values at each sample."""
    found = run(Loudness, len(sound), audio=sound, sr=float(rate), **inputs)
    return {name: found[name][:, 0] for name in ("momentary", "short_term", "integrated")}


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
@pytest.mark.parametrize(("lanes", "expected"), [(1, -3.01), (2, 0.0)])
def test_full_scale_sine_has_the_declared_loudness(rate, lanes, expected):
    sound = np.repeat(sine(997.0, 4.0, rate=rate)[:, None], lanes, axis=1)
    for value in loudness(sound, rate).values():
        assert value[-1] == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(("hz", "weight"), [(25.0, -10.4), (100.0, -1.1), (10000.0, 4.0)])
def test_frequencies_are_weighted_as_the_ear_hears_them(hz, weight):
    found = loudness(sine(hz, 4.0, -20.0))["integrated"][-1]
    assert found - loudness(sine(997.0, 4.0, -20.0))["integrated"][-1] == pytest.approx(weight - 0.7, abs=0.3)


def stereo(*parts):
    """Return a stereo sine of 1 kHz in parts of (seconds, dB)."""
    sound = np.concatenate([sine(1000.0, seconds, level) for seconds, level in parts])
    return np.repeat(sound[:, None], 2, axis=1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(20, -23)], -23.0),  # case 1
        ([(20, -33)], -33.0),  # case 2
        ([(10, -36), (60, -23), (10, -36)], -23.0),  # case 3
        ([(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)], -23.0),  # case 4
        ([(20, -26), (20.1, -20), (20, -26)], -23.0),  # case 5
    ],
)
def test_pauses_do_not_count(parts, expected):
    assert loudness(stereo(*parts))["integrated"][-1] == pytest.approx(expected, abs=0.1)


def test_momentary_and_short_term_cover_their_durations():
    found = loudness(stereo((1.0, -23.0), (5.0, -200.0)))
    seconds = {name: np.flatnonzero(values > -60.0)[-1] / 48000 - 1.0 for name, values in found.items()}
    assert seconds["momentary"] == pytest.approx(0.4, abs=0.02)
    assert seconds["short_term"] == pytest.approx(3.0, abs=0.02)
    assert found["integrated"][-1] == pytest.approx(-23.0, abs=1.0)
    assert loudness(np.zeros((48000, 1)))["momentary"][-1] == -100.0


def test_reset_starts_the_integrated_loudness_anew():
    sound = stereo((3.0, -10.0), (3.0, -30.0))
    reset = (np.arange(len(sound)) > 3.5 * 48000).astype(float)
    assert loudness(sound, reset=reset)["integrated"][-1] == pytest.approx(-30.0, abs=0.1)


@pytest.mark.parametrize("phase", [0.0, 45.0, 60.0, 67.5])
def test_true_peak_lies_between_the_samples(phase):
    sound = sine(12000.0, 0.1, -6.0, phase=np.radians(phase))  # a quarter of the sample rate
    assert run(TruePeak, len(sound), audio=sound)["out"][-1] == pytest.approx(-6.0, abs=0.3)


def test_true_peak_of_low_frequencies_is_that_of_the_samples():
    sound = sine(100.0, 0.1, -6.0)
    assert run(TruePeak, len(sound), audio=sound)["out"][-1] == pytest.approx(-6.0, abs=0.01)
    assert run(TruePeak, 100, audio=np.zeros(100))["out"][-1] == -100.0
