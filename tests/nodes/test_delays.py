"""Delays by whole and fractional samples."""

import numpy as np
import pytest

from nodes.delays import Delay, SampleDelay
from tests.nodes.stepping import SR, impulse, run

NOISE = np.random.default_rng(2).uniform(-1, 1, 2000).astype(np.float32).astype(float)


@pytest.mark.parametrize("samples", [1, 2, 17, 500])
def test_sample_delay_is_exact(samples):
    out = run(SampleDelay, 2000, audio=NOISE, samples=samples)["out"]
    assert np.array_equal(out[samples:], NOISE[:-samples])
    assert not out[:samples].any()


@pytest.mark.parametrize("interpolation", ["linear", "cubic", "none"])
@pytest.mark.parametrize("samples", [2, 64, 1500])
def test_delay_of_whole_samples(interpolation, samples):
    out = run(Delay, 2000, audio=NOISE, time=samples / SR, interpolation=interpolation)["out"]
    assert np.abs(out[samples:] - NOISE[:-samples]).max() < 2e-4  # times are float32


@pytest.mark.parametrize(("interpolation", "error"), [("linear", 2e-3), ("cubic", 5e-6)])
def test_delay_between_samples(interpolation, error):
    n = np.arange(2000)
    audio = np.sin(2 * np.pi * 440 * n / SR)
    out = run(Delay, 2000, audio=audio, time=100.4 / SR, interpolation=interpolation)["out"]
    assert np.abs(out - np.sin(2 * np.pi * 440 * (n - 100.4) / SR))[110:].max() < error


def test_delay_repeats_with_feedback():
    out = run(Delay, 1000, audio=impulse(1000), time=100 / SR, feedback=-0.5, interpolation="none")["out"]
    assert np.flatnonzero(out).tolist() == list(range(100, 1000, 100))
    assert out[[100, 200, 300]].tolist() == [1.0, -0.5, 0.25]


def test_delay_time_is_limited_to_the_line():
    out = run(Delay, 1000, audio=impulse(1000), time=5.0, max_time=0.01)["out"]
    assert np.flatnonzero(out)[0] == pytest.approx(0.01 * SR, abs=5)
    assert np.flatnonzero(run(Delay, 10, audio=impulse(10), time=0.0)["out"])[0] == 1
