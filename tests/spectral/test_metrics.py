"""Metrics of reconstruction, on sounds of known distance."""

import numpy as np
import pytest

from nodegraph.spectral.metrics import ser, spectral_convergence
from nodegraph.spectral.stft import consistent, istft, overlap_add, stft
from nodegraph.spectral.windows import WINDOWS

SIZE, HOP = 256, 64


def noise(samples=4000, seed=0):
    return np.random.default_rng(seed).normal(0, 0.2, samples).astype(np.float32)


def magnitudes(signal):
    return np.abs(stft(signal, SIZE, HOP))


@pytest.mark.parametrize("gain", [0.5, 0.9, 1.1, 2.0])
def test_metrics_of_a_gain_match_the_closed_form(gain):
    target, signal = magnitudes(noise()), gain * noise()
    assert ser(target, signal, SIZE, HOP) == pytest.approx(-20 * np.log10(abs(1 - gain)), abs=1e-3)
    assert spectral_convergence(target, signal, SIZE, HOP) == pytest.approx(abs(1 - gain), rel=1e-4)


def test_spectral_convergence_is_ser_as_a_ratio():
    target, signal = magnitudes(noise()), noise(seed=1)
    ratio = spectral_convergence(target, signal, SIZE, HOP)
    assert ser(target, signal, SIZE, HOP) == pytest.approx(-20 * np.log10(ratio))


def test_identical_sounds_are_perfect_and_ser_ignores_the_sign():
    target = magnitudes(noise())
    for sign in (1, -1):
        assert ser(target, sign * noise(), SIZE, HOP) > 100.0


def test_metrics_of_silent_and_empty_sounds_are_finite():
    silence = np.zeros(1000, np.float32)
    for x, y in ((silence, silence), (silence, noise(1000)), (noise(1000), silence), (noise(0), noise(0))):
        found = [ser(magnitudes(x), y, SIZE, HOP), spectral_convergence(magnitudes(x), y, SIZE, HOP)]
        assert np.isfinite(found).all(), found


def test_ser_counts_a_longer_output_as_an_error():
    target = magnitudes(noise(2000))
    assert ser(target, np.concatenate([noise(2000), noise(2000, 1)]), SIZE, HOP) < 5.0


# -- short-time Fourier transform -------------------------------------------------------------------------


@pytest.mark.parametrize("window", WINDOWS)
def test_inverse_is_exact_if_windows_leave_no_gap(window):
    for size, hop in ((256, 64), (256, 100), (64, 33), (512, 1), (64, 64)):
        if consistent(size, hop, window):
            x = noise(700)
            assert np.abs(istft(stft(x, size, hop, window), size, hop, window, 700) - x).max() < 1e-5
    assert consistent(64, 64, "rectangular") and not consistent(64, 64, "hann")
    assert not consistent(64, 65, "rectangular")


def test_first_frame_ends_with_the_first_hop():
    x = np.zeros(1000)
    x[HOP - 1] = 1.0
    found = stft(x, SIZE, HOP, "rectangular")
    assert np.abs(found[:, : SIZE // HOP]).min() > 0.99
    assert np.abs(found[:, SIZE // HOP :]).max() == 0.0
    assert np.allclose(found[:, 0], np.exp(-2j * np.pi * np.arange(129) * 255 / 256), atol=1e-6)


def test_overlap_add_sums_frames():
    frames = np.arange(12.0).reshape(3, 4)
    assert overlap_add(frames, 2).tolist() == [0, 1, 6, 8, 14, 16, 10, 11]
    assert overlap_add(frames, 3).tolist() == [0, 1, 2, 7, 5, 6, 15, 9, 10, 11]
