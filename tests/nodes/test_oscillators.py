"""Oscillators against closed forms, and the aliases of their band-limited forms against the naive ones."""

import numpy as np
import pytest

from nodes.oscillators import Impulse, Lfo, Phasor, Saw, Sine, Square, Triangle, Wavetable
from tests.nodes.stepping import SR, run, spectrum

N = 44100
T = np.arange(N) / SR


def test_sine_matches_numpy():
    out = run(Sine, N, frequency=1000.0, amplitude=0.5)["out"]
    assert np.abs(out - 0.5 * np.sin(2 * np.pi * 1000.0 * T)).max() < 1e-9


def test_sine_with_frequency_modulation_integrates_it():
    modulator = 300.0 * np.cos(2 * np.pi * 5.0 * T)
    out = run(Sine, N, frequency=500.0, fm=modulator)["out"]
    phase = np.concatenate([[0.0], np.cumsum(500.0 + modulator.astype(np.float32).astype(float))[:-1]]) / SR
    assert np.abs(out - np.sin(2 * np.pi * phase)).max() < 1e-8


def test_sine_with_phase_modulation_has_bessel_sidebands():
    modulator = 1.5 / (2 * np.pi) * np.sin(2 * np.pi * 200.0 * T)
    amplitudes, _ = spectrum(run(Sine, N, frequency=2000.0, pm=modulator)["out"])
    angle = np.linspace(0, np.pi, 2001)
    for n in range(4):  # Chowning: the sideband at f + n m has the amplitude |J_n(index)|
        bessel = np.trapezoid(np.cos(n * angle - 1.5 * np.sin(angle)), angle) / np.pi
        assert amplitudes[2000 + 200 * n] == pytest.approx(abs(bessel), abs=1e-4)


@pytest.mark.parametrize("cls", [Sine, Saw, Square, Triangle, Wavetable, Phasor, Impulse, Lfo])
def test_reset_restarts_the_cycle(cls):
    gate = np.zeros(400)
    gate[150:200] = 1.0
    out = run(cls, 400, frequency=331.0, reset=gate)["out"]
    assert np.array_equal(out[150:], run(cls, 400, frequency=331.0)["out"][:250])


@pytest.mark.parametrize(
    ("cls", "wave"),
    [
        (Saw, lambda p: 2 * p - 1),
        (Square, lambda p: np.where(p < 0.5, 1.0, -1.0)),
        (Triangle, lambda p: 1 - 4 * np.abs((p + 0.25) % 1 - 0.5)),
    ],
)
def test_naive_waves_match_their_formula(cls, wave):
    out = run(cls, N, frequency=441.0, quality="naive", amplitude=0.7)["out"]
    phase = np.arange(N) * 441.0 / SR % 1
    away = np.minimum(phase % 0.5, 0.5 - phase % 0.5) > 1e-6  # a jump may be on either side of the sample
    assert np.abs(out - 0.7 * wave(phase))[away].max() < 1e-5


def alias_level(cls, frequency, **settings):
    """Return the largest non-harmonic partial below 10 kHz, in dB of the largest harmonic."""
    amplitudes, f = spectrum(run(cls, N, frequency=frequency, **settings)["out"])
    harmonic = np.abs(f - frequency * np.round(f / frequency)) < 8.0
    audible = (f > 30.0) & (f < 10000.0)
    return 20 * np.log10(amplitudes[audible & ~harmonic].max() / amplitudes[audible & harmonic].max())


@pytest.mark.parametrize(
    ("cls", "frequency", "better_by", "below"),
    [
        (Saw, 1234.0, 30.0, -60.0),
        (Saw, 3001.0, 25.0, -50.0),
        (Square, 1234.0, 30.0, -60.0),
        (Triangle, 3001.0, 25.0, -85.0),
        (Impulse, 1234.0, 30.0, -45.0),
    ],
)
def test_band_limited_waves_alias_far_less(cls, frequency, better_by, below):
    naive = alias_level(cls, frequency, quality="naive")
    limited = alias_level(cls, frequency, quality="band_limited")
    assert limited < naive - better_by
    assert limited < below


@pytest.mark.parametrize(("cls", "first"), [(Saw, 2 / np.pi), (Square, 4 / np.pi)])
def test_band_limited_harmonics_have_the_fourier_series(cls, first):
    amplitudes, _ = spectrum(run(cls, N, frequency=300.0)["out"])
    for n in (1, 3, 5, 15):
        droop = np.sinc(300.0 * n / SR) ** 4  # the kernel is the fourth power of a box
        assert amplitudes[300 * n] == pytest.approx(first / n * droop, rel=2e-3)


def test_band_limited_saw_at_negative_frequency_is_mirrored():
    up = run(Saw, 2000, frequency=700.0)["out"]
    down = run(Saw, 2000, frequency=-700.0)["out"]
    assert np.abs(up[1:] + down[1:]).max() < 1e-9


def test_pulse_width_sets_the_mean():
    out = run(Square, N, frequency=100.0, width=0.25)["out"]
    assert out.mean() == pytest.approx(-0.5, abs=1e-3)


def test_impulses_are_on_time():
    out = run(Impulse, 1000, frequency=441.0)["out"]
    assert np.flatnonzero(out).tolist() == pytest.approx(list(range(0, 1000, 100)), abs=1)
    assert out[0] == 1.0


def test_wavetable_morphs_from_sine_to_saw_without_aliases():
    sine = run(Wavetable, N, frequency=440.0)["out"]
    assert np.abs(sine - np.sin(2 * np.pi * 440.0 * T)).max() < 1e-4
    assert alias_level(Wavetable, 1234.0, position=1.0) < -60.0
    amplitudes, _ = spectrum(run(Wavetable, N, frequency=100.0, position=1.0)["out"])
    assert amplitudes[300] / amplitudes[100] == pytest.approx(1 / 3, rel=0.01)


@pytest.mark.parametrize("shape", ["sine", "triangle", "saw", "ramp_down", "square", "random", "drift"])
def test_lfo_stays_in_its_range(shape):
    out = run(Lfo, N, frequency=7.0, shape=shape, amplitude=2.0)["out"]
    assert -2.0 <= out.min() < -0.7 and 0.7 < out.max() <= 2.0
    out = run(Lfo, N, frequency=7.0, shape=shape, polarity="unipolar")["out"]
    assert 0.0 <= out.min() and out.max() <= 1.0


def test_random_lfo_holds_and_drift_is_smooth():
    held = run(Lfo, N, frequency=10.0, shape="random")["out"]
    assert np.count_nonzero(np.diff(held)) in (9, 10)
    drift = run(Lfo, N, frequency=10.0, shape="drift")["out"]
    assert np.abs(np.diff(drift)).max() < 2 * np.pi * 10 / SR
    assert np.ptp(drift) > 0.5
