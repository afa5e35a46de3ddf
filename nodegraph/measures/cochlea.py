"""Envelopes of a cochlear filter bank, after McDermott & Simoncelli, Sound texture perception (Neuron, 2011).

30 bands, evenly spaced in equivalent rectangular bandwidths (Glasberg & Moore, Hearing Research, 1990) from 52 Hz to
8.8 kHz, with half-cosine responses that overlap by half: their squares sum to 1. Envelopes are those of the analytic
signals, compressed by the power 0.3, at 400 Hz.
"""

from __future__ import annotations

import numpy as np

from .level import at_unit_level

BANDS = 30
LOWEST_HZ, HIGHEST_HZ = 20.0, 10000.0  # edges of the bank
COMPRESSION = 0.3
FLOOR = 1e-3  # -60 dB relative to the RMS of the sound; lower envelopes are this one
ENVELOPE_RATE = 400.0  # Hz


def cochlear_envelopes(sound: np.ndarray, rate: float) -> np.ndarray:
    """Return the compressed envelopes of a sound (samples,) at ``rate`` Hz: float64 (bands, seconds × 400).

    The sound is brought to an RMS of 1 first: the envelopes do not depend on its gain. Bands that reach above half
    the sample rate are left out. The filters have zero phase and are circular.
    """
    spectrum = np.fft.rfft(at_unit_level(sound))
    hz = np.arange(len(spectrum)) * rate / len(sound)
    samples = max(round(len(sound) / rate * ENVELOPE_RATE), 1)
    edges = band_edges(rate)
    numbers, corners = erb_number(hz), erb_number(edges)
    return np.array(
        [
            _envelope(spectrum, numbers, corners[band : band + 3], len(sound), samples)
            for band in range(len(corners) - 2)
        ]
    )


def band_edges(rate: float) -> np.ndarray:
    """Return the corners of the bands in Hz: band b rises from b, is 1 at b + 1 and falls to 0 at b + 2."""
    corners = np.linspace(erb_number(LOWEST_HZ), erb_number(HIGHEST_HZ), BANDS + 2)
    edges = (10.0 ** (corners / 21.4) - 1.0) / 0.00437
    return edges[edges <= rate / 2.0]


def erb_number(hz: np.ndarray | float) -> np.ndarray:
    """Return frequencies in Hz as numbers of equivalent rectangular bandwidths: ``21.4 log10(1 + 0.00437 f)``."""
    return 21.4 * np.log10(1.0 + 0.00437 * np.asarray(hz, np.float64))


def _envelope(spectrum: np.ndarray, numbers: np.ndarray, corners: np.ndarray, length: int, samples: int) -> np.ndarray:
    """Return the envelope of one band, (samples,); the sound has ``length`` samples.

    A band shifted to 0 Hz has the same envelope, and needs a transform of a few times its width only.
    """
    first, last = np.searchsorted(numbers, [corners[0], corners[2]])
    response = np.cos(0.5 * np.pi * np.clip((numbers[first:last] - corners[1]) / (corners[1] - corners[0]), -1.0, 1.0))
    size = 1 << int(max(4 * (last - first), 2 * samples) - 1).bit_length()  # room for the harmonics of the compression
    analytic = np.fft.ifft(2.0 * spectrum[first:last] * response, size) * (size / length)
    compressed = np.maximum(np.abs(analytic), FLOOR) ** COMPRESSION
    return np.fft.irfft(np.fft.rfft(compressed), samples) * (samples / size)
