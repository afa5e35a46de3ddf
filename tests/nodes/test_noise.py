"""Statistics and spectra of the noise generators."""

import numpy as np
import pytest

from nodes.noise import BrownNoise, Dust, NoiseBurst, PinkNoise, WhiteNoise
from tests.nodes.stepping import SR, run

N = 1 << 18
RATE = round(SR)


def slope(signal, low, high):
    """Return the slope of the power spectrum between two frequencies, in dB per octave."""
    frames = signal[: len(signal) // 4096 * 4096].reshape(-1, 4096) * np.hanning(4096)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0)
    f = np.fft.rfftfreq(4096, 1 / SR)
    chosen = (f > low) & (f < high)
    return np.polyfit(np.log2(f[chosen]), 10 * np.log10(power[chosen]), 1, w=1 / np.sqrt(f[chosen]))[0]


def test_white_noise_has_a_flat_spectrum():
    out = run(WhiteNoise, N)["out"]
    assert abs(out.mean()) < 0.005
    assert out.std() == pytest.approx(1 / np.sqrt(3), rel=0.01)
    assert np.abs(out).max() <= 1.0
    assert slope(out, 50, 20000) == pytest.approx(0.0, abs=0.1)


def test_gaussian_noise_has_a_normal_distribution():
    out = run(WhiteNoise, N, distribution="gaussian")["out"]
    assert out.std() == pytest.approx(0.25, rel=0.01)
    assert (out**4).mean() / out.var() ** 2 == pytest.approx(3.0, rel=0.05)


@pytest.mark.parametrize("sr", [22050.0, 44100.0, 96000.0])
def test_pink_filter_falls_three_decibels_an_octave(sr):
    table = PinkNoise.spec.tables["filter"].make({}, sr).astype(float)
    f = np.geomspace(20.0, min(20000.0, 0.45 * sr), 200)
    z = np.exp(-2j * np.pi * f / sr)
    magnitude = np.abs(sum(g / (1 - p * z) for p, g in zip(table[:8], table[8:16])) + table[16])
    level = 20 * np.log10(magnitude) + 10 * np.log10(f)
    assert np.ptp(level) < 1.0


def test_pink_and_brown_noise_have_their_slopes():
    pink, brown = run(PinkNoise, N)["out"], run(BrownNoise, N)["out"]
    assert slope(pink, 50, 18000) == pytest.approx(-3.01, abs=0.15)
    assert slope(brown, 100, 5000) == pytest.approx(-6.02, abs=0.3)
    assert pink.std() == pytest.approx(0.25, rel=0.15)
    assert brown.std() == pytest.approx(0.25, rel=0.25)


def test_dust_has_its_density():
    out = run(Dust, N, density=1000.0)["out"]
    assert np.count_nonzero(out) / (N / SR) == pytest.approx(1000.0, rel=0.05)
    assert 0.0 <= out.min() and out.max() <= 1.0
    assert run(Dust, N, density=1000.0, polarity="bipolar")["out"].min() < -0.9


@pytest.mark.parametrize("cls", [WhiteNoise, PinkNoise, BrownNoise])
def test_noise_depends_on_its_seed(cls):
    a, b, c = (run(cls, 50000, seed=seed)["out"] for seed in (7, 7, 8))
    assert np.array_equal(a, b)
    assert abs(np.corrcoef(a, c)[0, 1]) < 0.2


def test_noise_burst_decays_at_each_trigger_and_has_its_spectrum():
    gate = (np.arange(3 * RATE) % RATE < 10).astype(float)
    out = run(NoiseBurst, 3 * RATE, gate=gate, decay=0.5, cutoff=20000.0, amplitude=0.8)["out"].reshape(3, -1)
    power = (out**2).mean(axis=0).reshape(50, -1).mean(axis=1)
    slope = np.polyfit((np.arange(25) + 0.5) / 50, 10 * np.log10(power[:25]), 1)[0]
    assert slope == pytest.approx(-60.0 / 0.5, rel=0.05)
    assert not np.array_equal(out[0], out[1])
    dark = run(NoiseBurst, RATE, gate=gate[:RATE], decay=5.0, cutoff=500.0)["out"]
    power = np.abs(np.fft.rfft(dark)) ** 2
    low, high = power[200:400].mean(), power[4800:5200].mean()  # bins of 1 Hz
    assert 10 * np.log10(high / low) == pytest.approx(10 * np.log10((1 + 0.6**2) / (1 + 10.0**2)), abs=1.0)


def test_noise_burst_has_one_level_below_its_cutoff_at_any_rate():
    levels = []
    for rate in (44100, 88200):
        gate = (np.arange(rate) < 10).astype(float)
        burst = run(NoiseBurst, rate, sr=float(rate), gate=gate, decay=5.0, cutoff=1000.0)["out"]
        levels.append(np.sqrt(np.mean(np.abs(np.fft.rfft(burst)[100:1000]) ** 2)) / rate)
    assert levels[1] == pytest.approx(levels[0], rel=0.08)
