"""Features that an estimator hears: log-mel spectrum, fine attack envelope, level."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from msgspec import Meta, Struct

from nodegraph.spectral.levels import MelAnalysis, segment_levels

SILENCE = 1e-6  # peak below which a sound is silent

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
    mel = MelAnalysis(settings.rate, settings.size, settings.hop, settings.bands, settings.floor).levels(scaled)
    length = max(round(settings.step * settings.rate), 1)
    start = np.zeros((len(sounds), settings.points * length), np.float32)
    count = min(start.shape[1], sounds.shape[1])
    start[:, :count] = scaled[:, :count]
    envelope = segment_levels(start, length, settings.floor)
    return SoundFeatures(mel, envelope, (20.0 * np.log10(peak)).astype(np.float32))
