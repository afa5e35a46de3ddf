"""The Griffin-Lim algorithm: the error falls with each iteration, and faster in the fast version."""

import numpy as np
import pytest

from nodegraph.cli.inversion import OFFLINE, methods
from nodegraph.spectral.griffin_lim import fast_griffin_lim, griffin_lim
from nodegraph.spectral.metrics import ser
from nodegraph.spectral.stft import stft
from nodegraph.spectral.windows import WINDOWS

SIZE, HOP = 256, 64


@pytest.fixture(scope="module")
def sound():
    t = np.arange(6000) / 16000
    voices = sum(np.sin(2 * np.pi * 180 * k * (t + 0.1 * t**2)) / k for k in range(1, 12))
    return (0.2 * voices * np.exp(-3 * (t % 0.1))).astype(np.float32)


@pytest.fixture(scope="module")
def magnitudes(sound):
    return np.abs(stft(sound, SIZE, HOP))


def test_error_falls_with_each_iteration(magnitudes):
    found = [ser(magnitudes, griffin_lim(magnitudes, SIZE, HOP, iterations=n), SIZE, HOP) for n in range(0, 40, 4)]
    assert (np.diff(found) > -1e-6).all()
    assert found[-1] > found[0] + 5.0


def test_fast_version_has_a_smaller_error_after_equal_iterations(magnitudes):
    slow = ser(magnitudes, griffin_lim(magnitudes, SIZE, HOP, iterations=100), SIZE, HOP)
    fast = ser(magnitudes, fast_griffin_lim(magnitudes, SIZE, HOP, iterations=100), SIZE, HOP)
    assert fast > slow


def test_correct_initial_phase_is_kept(sound, magnitudes):
    phase = np.angle(stft(sound, SIZE, HOP))
    for method in (griffin_lim, fast_griffin_lim):
        found = method(magnitudes, SIZE, HOP, iterations=3, phase=phase)
        assert np.abs(found[: len(sound)] - sound).max() < 1e-4


@pytest.mark.parametrize("window", WINDOWS)
def test_every_window_reaches_10_db(sound, window):
    magnitudes = np.abs(stft(sound, SIZE, HOP, window))
    found = fast_griffin_lim(magnitudes, SIZE, HOP, window, 40)
    assert found.dtype == np.float32 and len(found) == magnitudes.shape[1] * HOP
    assert ser(magnitudes, found, SIZE, HOP, window) > 10.0


def test_equal_seeds_return_equal_sounds(magnitudes):
    a, b, c = (griffin_lim(magnitudes, SIZE, HOP, iterations=2, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_silence_and_extremes_stay_finite():
    for magnitudes in (np.zeros((129, 10)), np.ones((129, 10)), np.full((129, 1), 1e6), np.zeros((129, 0))):
        for method in OFFLINE.values():
            assert np.isfinite(method(magnitudes, SIZE, HOP, "hann", 5, 0)).all()


def test_methods_include_blocks_with_aligned_output(sound, magnitudes):
    table = methods()
    assert list(table)[:2] == ["griffin_lim", "fast_griffin_lim"]
    assert {"rtisi", "rtisi_la", "phase_gradient"} <= set(table)
    best = table["rtisi_la"](magnitudes.astype(np.float32), SIZE, HOP, "hann", 5, 0)
    early = table["rtisi"](magnitudes.astype(np.float32), SIZE, HOP, "hann", 5, 0)
    assert len(best) == magnitudes.shape[1] * HOP
    assert ser(magnitudes, best, SIZE, HOP) > ser(magnitudes, early, SIZE, HOP) > 8.0
