"""Features of sounds: log-mel spectra, the spectra of the paper, a fine envelope, the level."""

from __future__ import annotations

import numpy as np

from nodegraph.spectral.batch_spectra import stft_of
from nodegraph.spectral.levels import MelAnalysis, segment_levels
from nodegraph.spectral.windows import window as window_of

FLOOR = -100.0  # dB; lower levels are this level
BANDS = 64
WINDOW, HOP = 1024, 256  # samples at 16384 Hz: 62.5 ms and 15.6 ms
ENVELOPE_HOP = 64  # samples at 16384 Hz: 3.9 ms
STFT_WINDOW, STFT_HOP = 512, 256


def log_mel(sounds: np.ndarray, rate: float = 16384.0) -> np.ndarray:
    """Return log-mel spectra of sounds (N, samples): float32 (N, frames, 64) in dB, at least -100.

    Frame k is centred on sample ``(k + 1/2) hop``; a sine of full scale in the middle of a band is near 0 dB. Hops
    last 15.6 ms and windows 62.5 ms, rounded to powers of two in samples.
    """
    return mel_analysis(rate).levels(sounds)


def mel_analysis(rate: float) -> MelAnalysis:
    """Return the analysis of :func:`log_mel` at a rate in Hz."""
    scale = _power_of_two(rate / 16384.0)
    return MelAnalysis(rate, max(int(WINDOW * scale), 16), max(int(HOP * scale), 4), BANDS, FLOOR)


def stft_magnitudes(sounds: np.ndarray) -> np.ndarray:
    """Return magnitudes of sounds (N, samples): float32 (N, frames, 257); 64 frames for 16384 samples.

    Hann windows of 512 samples every 256, from the first sample; the last one is padded with zeros. A sine of full
    scale has magnitude 1/2.
    """
    window = window_of("hann", STFT_WINDOW)
    return stft_of(sounds, window / window.sum(), STFT_HOP)


def attack_envelope(sounds: np.ndarray, rate: float = 16384.0) -> np.ndarray:
    """Return the level of sounds (N, samples) in segments of 3.9 ms: float32 (N, segments), RMS in dBFS, at least -100.

    An incomplete segment at the end is left out.
    """
    return segment_levels(sounds, max(int(ENVELOPE_HOP * _power_of_two(rate / 16384.0)), 1), FLOOR)


def level(sounds: np.ndarray) -> np.ndarray:
    """Return the RMS level of sounds (N, samples): float32 (N,) in dBFS, at least -100."""
    return segment_levels(sounds, sounds.shape[1], FLOOR)[:, 0]


def _power_of_two(ratio: float) -> float:
    return float(2.0 ** round(np.log2(ratio)))
