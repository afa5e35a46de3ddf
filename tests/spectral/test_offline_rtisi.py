"""RTISI-LA over complete spectrograms: agreement with the blocks, zero-padding, initial phases."""

import numpy as np
import pytest

from nodegraph.cli.inversion import invert_with_block
from nodegraph.spectral.metrics import ser
from nodegraph.spectral.offline_rtisi import momentum_rtisi, rtisi_la
from nodegraph.spectral.stft import stft
from nodegraph.spectral.windows import window

SIZE, HOP = 256, 64


@pytest.fixture(scope="module")
def sound():
    t = np.arange(4000) / 16000
    chirp, tone = np.sin(2 * np.pi * (300 + 900 * t) * t), np.sin(2 * np.pi * 1234 * t)
    return (0.3 * chirp + 0.2 * tone).astype(np.float32)


def padded_stft(sound, size):
    """Return spectra of windows of SIZE samples followed by zeros up to ``size``."""
    return stft(sound, SIZE, HOP, transform=size)


def test_offline_form_equals_the_block(sound):
    from nodegraph.blocks.registry import node_types

    magnitudes = np.abs(stft(sound, SIZE, HOP))
    block = invert_with_block(node_types()["rtisi_la"], magnitudes, SIZE, HOP, "hann", 5, 0, look_ahead=7)
    found = rtisi_la(magnitudes, window("hann", SIZE), HOP, 7, 5)
    np.testing.assert_allclose(found, block, atol=1e-4)


@pytest.mark.parametrize("padding", [1, 4])
def test_zero_padded_spectra_are_inverted(sound, padding):
    magnitudes = np.abs(padded_stft(sound, padding * SIZE))
    assert magnitudes.shape[0] == padding * SIZE // 2 + 1
    found = rtisi_la(magnitudes, window("hann", SIZE), HOP, 7, 5)
    assert len(found) == magnitudes.shape[1] * HOP
    assert ser(magnitudes[::padding], found, SIZE, HOP) > 15.0


@pytest.mark.parametrize("padding", [1, 2])
def test_true_phases_as_the_start_are_kept(sound, padding):
    spectra = padded_stft(sound, padding * SIZE)
    magnitudes, phase = np.abs(spectra), np.angle(spectra)
    exact = momentum_rtisi(magnitudes, phase, window("hann", SIZE), HOP, iterations=0)
    whole = len(sound) - SIZE  # the last windows are incomplete
    np.testing.assert_allclose(exact[:whole], sound[:whole], atol=1e-6)
    found = momentum_rtisi(magnitudes, phase, window("hann", SIZE), HOP, iterations=3, momentum=0.0)
    assert np.abs(found[:whole] - sound[:whole])[HOP:].max() < 0.05


def test_phases_near_the_true_ones_are_better_than_none(sound):
    spectra = stft(sound, SIZE, HOP)
    magnitudes, phase = np.abs(spectra), np.angle(spectra)
    noise = np.random.default_rng(0).normal(0.0, 0.5, phase.shape)
    found = [momentum_rtisi(magnitudes, start, window("hann", SIZE), HOP) for start in (phase + noise, 0.0 * phase)]
    assert ser(magnitudes, found[0], SIZE, HOP) > ser(magnitudes, found[1], SIZE, HOP)
