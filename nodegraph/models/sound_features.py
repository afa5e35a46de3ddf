"""Features that an estimator hears: log-mel spectrum, fine attack envelope, level."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Meta, Struct

try:
    from scipy.fft import rfft  # several times as fast for float32
except ImportError:
    from numpy.fft import rfft

from nodegraph.spectral.bands import mel_matrix
from nodegraph.spectral.windows import window as window_of

SILENCE = 1e-6  # peak below which a sound is silent
CHUNK_SOUNDS = 4  # sounds whose spectra are in the cache of a core at a time

Rate = Annotated[float, Meta(ge=1000.0, le=768_000.0)]


class SoundFeatures(NamedTuple):
    """Features of N sounds, float32: ``mel`` (N, frames, bands) and ``envelope`` (N, points) in dB, ``level`` (N,).

    Mel and envelope are relative to the peak of the sound, ``level`` is the peak in dB.
    """

    mel: np.ndarray
    envelope: np.ndarray
    level: np.ndarray


class SoundFeatureSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the features: sounds of ``seconds`` at ``rate`` Hz.

    Spectra of ``size`` samples, Hann window, every ``hop`` samples, zeros before and after the sound; ``bands`` mel
    bands up to half the rate, at least ``floor`` dB. The envelope is the RMS of the first ``points`` steps of
    ``step`` seconds.
    """

    rate: Rate = 16384.0
    seconds: Annotated[float, Meta(ge=0.05, le=30.0)] = 1.0
    size: Annotated[int, Meta(ge=64, le=8192, multiple_of=2)] = 1024
    hop: Annotated[int, Meta(ge=16, le=8192)] = 256
    bands: Annotated[int, Meta(ge=4, le=512)] = 64
    points: Annotated[int, Meta(ge=1, le=512)] = 64
    step: Annotated[float, Meta(ge=0.0005, le=0.1)] = 0.002
    floor: Annotated[float, Meta(ge=-140.0, le=-20.0)] = -80.0

    @property
    def samples(self) -> int:
        """The length of a sound."""
        return round(self.seconds * self.rate)

    @property
    def frames(self) -> int:
        return -(-self.samples // self.hop)


def sound_features(sounds: np.ndarray, settings: SoundFeatureSettings) -> SoundFeatures:
    """Return the features of sounds (N, samples)."""
    sounds = np.asarray(sounds, np.float32)
    peak = np.maximum(np.abs(sounds).max(axis=1), np.float32(SILENCE))
    scaled = sounds / peak[:, None]
    parts = [_mel(scaled[i : i + CHUNK_SOUNDS], settings) for i in range(0, len(scaled), CHUNK_SOUNDS)]
    mel = np.concatenate(parts) if parts else np.zeros((0, settings.frames, settings.bands), np.float32)
    return SoundFeatures(mel, _envelope(scaled, settings), (20.0 * np.log10(peak)).astype(np.float32))


def _mel(sounds: np.ndarray, settings: SoundFeatureSettings) -> np.ndarray:
    """Return the power in each mel band in dB, relative to a sine of amplitude 1."""
    size, hop, frames = settings.size, settings.hop, settings.frames
    before = max(size - hop, 0) // 2  # the first frame is centred on the first hop
    padded = np.zeros((len(sounds), (frames - 1) * hop + size), np.float32)
    count = min(sounds.shape[1], padded.shape[1] - before)
    padded[:, before : before + count] = sounds[:, :count]
    window, matrix = _tables(size, settings.bands, settings.rate)
    spectra = rfft(np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::hop] * window)
    power = np.square(spectra.real) + np.square(spectra.imag)
    return _decibels(power.reshape(-1, power.shape[-1]) @ matrix, settings.floor).reshape(len(sounds), frames, -1)


def _envelope(sounds: np.ndarray, settings: SoundFeatureSettings) -> np.ndarray:
    """Return the RMS of short steps from the start of the sound in dB."""
    step = max(round(settings.step * settings.rate), 1)
    start = np.zeros((len(sounds), settings.points * step), np.float32)
    count = min(start.shape[1], sounds.shape[1])
    start[:, :count] = sounds[:, :count]
    return _decibels(np.square(start).reshape(len(sounds), settings.points, step).mean(axis=2), settings.floor)


def _decibels(power: np.ndarray, floor: float) -> np.ndarray:
    return np.float32(10.0) * np.log10(np.maximum(power, np.float32(10.0 ** (floor / 10.0))))


@lru_cache(maxsize=8)
def _tables(size: int, bands: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the window, scaled so that a sine of amplitude 1 has magnitude 1, and the matrix (bins, bands)."""
    window = window_of("hann", size)
    matrix = mel_matrix(bands, size, rate, norm="peak")
    return (2.0 / window.sum() * window).astype(np.float32), np.ascontiguousarray(matrix.T, np.float32)
