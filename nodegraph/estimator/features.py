"""Features of sounds: log-mel spectra, the spectra of the paper, a fine envelope, the level."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from nodegraph.spectral.bands import hz_to_mel, mel_to_hz

from .spectra import mel_power_of, stft_of

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
    scale = _power_of_two(rate / 16384.0)
    window, hop = max(int(WINDOW * scale), 16), max(int(HOP * scale), 4)
    edges = mel_to_hz(np.linspace(0.0, hz_to_mel(rate / 2.0, "slaney"), BANDS + 2), "slaney")
    return _decibels(mel_power_of(sounds, 2.0 * _hann(window), hop, (window - hop) // 2, edges, rate))


def stft_magnitudes(sounds: np.ndarray) -> np.ndarray:
    """Return magnitudes of sounds (N, samples): float32 (N, frames, 257); 64 frames for 16384 samples.

    Hann windows of 512 samples every 256, from the first sample; the last one is padded with zeros. A sine of full
    scale has magnitude 1/2.
    """
    return stft_of(sounds, _hann(STFT_WINDOW), STFT_HOP)


def attack_envelope(sounds: np.ndarray, rate: float = 16384.0) -> np.ndarray:
    """Return the level of sounds (N, samples) in segments of 3.9 ms: float32 (N, segments), RMS in dBFS, at least -100.

    An incomplete segment at the end is left out.
    """
    hop = max(int(ENVELOPE_HOP * _power_of_two(rate / 16384.0)), 1)
    whole = sounds[:, : sounds.shape[1] // hop * hop].reshape(len(sounds), -1, hop)
    return _decibels(np.einsum("nsk,nsk->ns", whole, whole) / np.float32(hop))


def level(sounds: np.ndarray) -> np.ndarray:
    """Return the RMS level of sounds (N, samples): float32 (N,) in dBFS, at least -100."""
    return _decibels(np.einsum("nk,nk->n", sounds, sounds) / np.float32(sounds.shape[1]))


def _decibels(power: np.ndarray) -> np.ndarray:
    """Convert float32 powers in place."""
    np.maximum(power, np.float32(0.5 * 10.0 ** (FLOOR / 10.0)), out=power)
    np.log10(power, out=power)
    power *= np.float32(10.0)
    return np.maximum(power, np.float32(FLOOR), out=power)


def _power_of_two(ratio: float) -> float:
    return float(2.0 ** round(np.log2(ratio)))


@lru_cache(maxsize=8)
def _hann(size: int) -> np.ndarray:
    """Return a periodic Hann window whose sum is 1."""
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    return window / window.sum()
