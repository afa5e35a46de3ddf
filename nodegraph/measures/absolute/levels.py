"""Levels: RMS, peak, loudness, silence, clicks and stereo balance."""

from __future__ import annotations

import math

import numpy as np

from nodegraph.spectral.k_weighting import ABSOLUTE_GATE, OFFSET, RELATIVE_GATE, k_weighting

from ..level import level_of
from ..registry import Audition, MeasureError, measure

FLOOR_DB = -200.0
BLOCK_SECONDS, STEP_SECONDS = 0.4, 0.1  # of gated loudness
QUIET = 1e-3  # -60 dBFS
SILENCE_SECONDS = 0.01  # of the windows that are silent or not
EDGE_SECONDS = 0.005  # a sound may start and end anywhere


@measure("dBFS", "0.01 dB")
def level(audition: Audition) -> float:
    """Return the RMS level, the mean of the powers of all channels; a sine of amplitude 1 has -3.01 dBFS."""
    return decibels(float(np.mean(audition.sound**2)), 10.0)


@measure("dBFS", "0.01 dB")
def peak(audition: Audition) -> float:
    """Return the highest absolute sample of all channels."""
    return decibels(float(np.abs(audition.sound).max()), 20.0)


@measure("LUFS", "0.1 LU, of 0.4 s or more")
def loudness(audition: Audition) -> float:
    """Return the gated loudness after ITU-R BS.1770-4; a 997 Hz sine of amplitude 1 in one channel has -3.01 LUFS."""
    from scipy.signal import lfilter

    weighted = audition.sound
    for b0, b1, b2, a1, a2 in k_weighting(audition.rate).reshape(2, 5):
        weighted = lfilter([b0, b1, b2], [1.0, a1, a2], weighted, axis=0)
    size, step = round(BLOCK_SECONDS * audition.rate), round(STEP_SECONDS * audition.rate)
    if len(weighted) < size:
        raise MeasureError("the sound lasts less than 0.4 s")
    sums = np.concatenate([[0.0], np.cumsum((weighted**2).sum(axis=1))])
    powers = (sums[size::step] - sums[:-size:step]) / size
    loud = powers[_lufs(powers) > ABSOLUTE_GATE]
    if not len(loud):
        return FLOOR_DB
    loud = loud[_lufs(loud) > _lufs(loud.mean()) + RELATIVE_GATE]
    return float(_lufs(loud.mean()))


@measure("%", "1 % of the duration")
def silence(audition: Audition) -> float:
    """Return the part of the time in which all channels are below -60 dBFS, 0–100."""
    size = min(max(round(SILENCE_SECONDS * audition.rate), 1), len(audition.sound))
    peaks = np.abs(audition.sound).max(axis=1)
    windows = peaks[: len(peaks) // size * size].reshape(-1, size).max(axis=1)
    return 100.0 * float((windows < QUIET).mean())


@measure("dB", "1 dB, for a step in a sine; above 20 dB is a click")
def click(audition: Audition) -> float:
    """Return the largest second difference over its 99th percentile: 0 for a sine, 6 for noise, 20 or more for a click.

    Waves with jumps in every cycle, such as a sawtooth, hide clicks.
    """
    edge = round(EDGE_SECONDS * audition.rate)
    bends = np.abs(np.diff(audition.sound, 2, axis=0)).max(axis=1)[edge : -edge or None]
    usual = float(np.quantile(bends, 0.99)) if len(bends) else 0.0
    if usual == 0.0:
        raise MeasureError("the sound is silent")
    return decibels(float(bends.max()) / usual, 20.0)


@measure("dB", "0.01 dB")
def stereo_balance(audition: Audition) -> float:
    """Return the RMS level of the right channel minus that of the left, clamped to ±100; 0 in the middle or mono."""
    if audition.sound.shape[1] < 2:
        return 0.0
    left, right = level_of(audition.sound[:, :2].T)
    return float(np.clip(right - left, -100.0, 100.0))


@measure("", "0.001")
def stereo_correlation(audition: Audition) -> float:
    """Return ``⟨LR⟩ / √(⟨L²⟩⟨R²⟩)``: 1 mono, 0 unrelated, -1 opposite; 0 if a channel is silent."""
    if audition.sound.shape[1] < 2:
        return 1.0
    left, right = audition.sound[:, 0], audition.sound[:, 1]
    norm = math.sqrt(float(left @ left) * float(right @ right))
    return float(left @ right) / norm if norm > 0.0 else 0.0


def decibels(value: float, factor: float) -> float:
    """Return ``factor log10(value)``, at least -200: factor 20 for amplitudes, 10 for powers."""
    return max(factor * math.log10(max(value, 1e-30)), FLOOR_DB)


def _lufs(power: np.ndarray | float) -> np.ndarray:
    values: np.ndarray = OFFSET + 10.0 * np.log10(np.maximum(power, 1e-20))
    return values
