"""Augmentation: amount 0 changes nothing, noise and gain grow with the amount."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.estimator.augmentation import Augmentation, draw_amounts

RATE, SAMPLES = 8000.0, 4000
SOUND = np.sin(2 * np.pi * 400.0 * np.arange(SAMPLES) / RATE).astype(np.float32)


def augmented(amount: float, count: int = 200) -> np.ndarray:
    sounds = np.tile(SOUND, (count, 1))
    amounts = np.full(count, amount, np.float32)
    return Augmentation(SAMPLES, RATE).apply(sounds, amounts, np.random.default_rng(0))


def snr(sounds: np.ndarray) -> np.ndarray:
    """Return the level of the tone above the rest of the spectrum in dB."""
    power = np.abs(np.fft.rfft(sounds)) ** 2
    tone = power[:, 200]
    return 10.0 * np.log10(tone / (power.sum(axis=1) - tone))


def test_amount_0_changes_nothing():
    assert np.array_equal(augmented(0.0, 3), np.tile(SOUND, (3, 1)))


@pytest.mark.parametrize(("amount", "expected"), [(0.01, 49.6), (0.5, 27.5), (1.0, 5.0)])
def test_noise_follows_the_amount(amount, expected):
    assert np.median(snr(augmented(amount))) == pytest.approx(expected, abs=2.0)


def test_equaliser_and_gain_spread_with_the_amount():
    def spread(amount: float) -> float:
        return float(np.std(20.0 * np.log10(np.abs(np.fft.rfft(augmented(amount)))[:, 200])))

    assert spread(0.25) == pytest.approx(0.25 * spread(1.0), rel=0.3)


def test_half_of_the_amounts_are_0():
    amounts = draw_amounts(np.random.default_rng(0), 10_000)
    assert (amounts == 0.0).mean() == pytest.approx(0.5, abs=0.02)
    assert amounts[amounts > 0.0].mean() == pytest.approx(0.5, abs=0.02)


def test_augmentation_repeats_with_the_seed():
    assert np.array_equal(augmented(0.7, 4), augmented(0.7, 4))
