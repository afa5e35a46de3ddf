"""Augmentation of training sounds: noise, equalisation and gain; their amount is an input of the network.

Sounds of a patch are clean; recordings are not. Half of the examples stay as they are (amount 0), so that the network
is exact where the sound is.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, rfft, rfftfreq

CLEAN_SHARE = 0.5  # of the examples
BEST_SNR, WORST_SNR = 50.0, 5.0  # dB, at amounts 0 and 1, relative to the RMS of the sound
EQUALISER_DEVIATION = 8.0  # dB at amount 1
EQUALISER_POINTS = 8  # evenly spaced on a logarithmic axis from LOWEST to half the rate
LOWEST = 40.0  # Hz
GAIN_DEVIATION = 12.0  # dB at amount 1
NOISES = 32  # noises that are drawn once and then shifted at random
NOISE_SEED = 1


def draw_amounts(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return amounts (count,), float32 in 0–1: half of them 0, the others uniform."""
    return np.where(rng.random(count) < CLEAN_SHARE, 0.0, rng.random(count)).astype(np.float32)


class Augmentation:
    """Augmentation of sounds of ``samples`` at ``rate`` Hz."""

    def __init__(self, samples: int, rate: float) -> None:
        self._samples = samples
        octaves = np.log2(np.maximum(rfftfreq(samples, 1.0 / rate), LOWEST) / LOWEST)
        points = np.linspace(0.0, octaves[-1], EQUALISER_POINTS)
        self._curves = np.array([np.interp(octaves, points, row) for row in np.eye(EQUALISER_POINTS)], np.float32)
        rng = np.random.default_rng(NOISE_SEED)
        tilts = np.linspace(0.0, 1.0, NOISES)[:, None]  # from white to pink
        spectra = rfft(rng.standard_normal((NOISES, samples))) * 2.0 ** (-0.5 * tilts * octaves)
        noises = irfft(spectra, samples)
        self._noises = (noises / np.sqrt(np.mean(np.square(noises), axis=1, keepdims=True))).astype(np.float32)

    def apply(self, sounds: np.ndarray, amounts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return sounds (N, samples), float32, with noise, an equaliser and a gain of the given amounts (N,)."""
        sounds = np.array(sounds, np.float32)
        for i in np.flatnonzero(amounts > 0.0):
            sounds[i] = self._augmented(sounds[i], float(amounts[i]), rng)
        return sounds

    def _augmented(self, sound: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
        decibels = rng.normal(0.0, EQUALISER_DEVIATION * amount, EQUALISER_POINTS).astype(np.float32)
        gains = np.exp(np.float32(np.log(10.0) / 20.0) * (decibels @ self._curves))
        sound = irfft(rfft(sound) * gains, self._samples)
        noise = np.roll(self._noises[rng.integers(NOISES)], rng.integers(self._samples))
        snr = BEST_SNR + (WORST_SNR - BEST_SNR) * amount
        rms = np.sqrt(np.mean(np.square(sound)))
        gain = np.float32(10.0 ** (rng.normal(0.0, GAIN_DEVIATION * amount) / 20.0))
        return gain * (sound + np.float32(rms * 10.0 ** (-snr / 20.0)) * noise)
