"""Physical models against closed forms: pitch, decay, and the same sound at every sample rate."""

import numpy as np
import pytest
from scipy.special import jn_zeros

from nodes.physical_models import BowedString, Membrane, Mode, Reed
from tests.nodes.stepping import impulse, run

RATES = (44100.0, 96000.0)


def partials(sound, rate):
    window = np.hanning(len(sound))
    spectrum = np.abs(np.fft.rfft(sound * window, 8 * len(sound))) * 2 / window.sum()
    return np.fft.rfftfreq(8 * len(sound), 1 / rate), spectrum


def peak_near(sound, rate, frequency, cents=100.0):
    """Return the frequency of the loudest partial near another."""
    frequencies, spectrum = partials(sound, rate)
    near = np.abs(np.log2(np.maximum(frequencies, 1.0) / frequency)) < cents / 1200
    at = np.flatnonzero(near)[spectrum[near].argmax()]
    a, b, c = np.log(spectrum[at - 1 : at + 2])
    return frequencies[at] + (a - c) / (2 * (a - 2 * b + c)) * frequencies[1]


@pytest.mark.parametrize("rate", RATES)
def test_mode_rings_as_a_decaying_sine(rate):
    n = np.arange(20000)
    out = run(Mode, len(n), sr=rate, audio=impulse(len(n)), frequency=440.0, decay=0.4)["out"]
    expected = 44100.0 / rate * 10 ** (-3 * n / rate / 0.4) * np.sin(2 * np.pi * 440.0 * n / rate)
    np.testing.assert_allclose(out, expected, atol=1e-6)


def test_mode_stays_bounded_when_its_frequency_is_modulated():
    frequency = 1000.0 * 2 ** (3 * np.sin(np.arange(40000) * 0.7))
    out = run(Mode, 40000, audio=impulse(40000), frequency=frequency, decay=60.0)["out"]
    assert np.abs(out).max() < 1.001


@pytest.mark.parametrize("rate", RATES)
def test_membrane_has_the_modes_of_a_circular_drum(rate):
    samples = round(rate)
    out = run(Membrane, samples, sr=rate, audio=impulse(samples), frequency=100.0, decay=4.0, damping=0.0)["out"]
    for order, zero in [(0, jn_zeros(0, 2)[0]), (1, jn_zeros(1, 1)[0]), (2, jn_zeros(2, 1)[0]), (0, jn_zeros(0, 2)[1])]:
        frequency = 100.0 * zero / jn_zeros(0, 1)[0]
        assert peak_near(out, rate, frequency, 30.0) == pytest.approx(frequency, rel=2e-3), order


def test_stroke_in_the_middle_excites_only_round_modes():
    samples = 44100
    out = run(Membrane, samples, audio=impulse(samples), frequency=100.0, decay=4.0, damping=0.0, position=0.0)["out"]
    frequencies, spectrum = partials(out, 44100.0)
    level = lambda f: spectrum[np.abs(frequencies - f) < 3.0].max()  # noqa: E731
    assert level(100.0 * jn_zeros(1, 1)[0] / jn_zeros(0, 1)[0]) < 0.02 * level(100.0)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("cls", "cents"), [(BowedString, 6.0), (Reed, 2.0)])
@pytest.mark.parametrize("frequency", [110.0, 440.0])
def test_waveguide_is_in_tune_at_every_rate(cls, cents, frequency, rate):
    sound = run(cls, round(1.2 * rate), sr=rate, frequency=frequency)["out"][round(0.6 * rate) :]
    assert 0.1 < sound.std() < 0.7
    assert abs(1200 * np.log2(peak_near(sound - sound.mean(), rate, frequency) / frequency)) < cents


def test_reed_has_odd_harmonics_and_needs_breath():
    sound = run(Reed, 66150, frequency=220.0)["out"][22050:]
    frequencies, spectrum = partials(sound - sound.mean(), 44100.0)
    odd, even = (spectrum[np.abs(frequencies - 220.0 * k) < 5.0].max() for k in (3, 2))
    assert odd > 10 * even
    quiet = run(Reed, 66150, frequency=220.0, breath=0.2)["out"][44100:]
    assert quiet.std() < 1e-3


def test_string_rings_on_when_the_bow_is_lifted():
    velocity = np.where(np.arange(88200) < 44100, 0.25, 0.0)
    sound = run(BowedString, 88200, frequency=220.0, velocity=velocity)["out"]
    after = np.array([part.std() for part in np.split(sound[44100:], 10)])
    assert (np.diff(after) < 0).all() and after[0] > 0.02 and after[-1] < 1e-3
