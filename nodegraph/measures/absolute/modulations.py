"""Modulation: the rate and depth at which level, pitch or brightness vary."""

from __future__ import annotations

import numpy as np

from ..registry import Audition, MeasureError, measure
from .envelopes import STEP_SECONDS, envelope_of
from .pitches import period_of

PITCH_STEP, PITCH_WINDOW = 0.005, 0.03  # seconds
BRIGHT_STEP, BRIGHT_WINDOW = 0.005, 0.023
LOWEST_HZ = 0.1
LEAST = {"level": 0.01, "pitch": 2.0, "brightness": 2.0}  # deviation that counts as a modulation: ratio, cents, cents
EDGES = (0.02, 0.98)  # quantiles between which a modulation swings


@measure("Hz", "2 %, of three periods or more, up to 20 Hz")
def modulation_rate(audition: Audition, of: str = "level") -> float:
    """Return how often a second the level, pitch or brightness (``of``) swings: the strongest line of its spectrum."""
    values, step = track_of(audition, of)
    if _swing(values) < LEAST[of] * (np.median(values) if of == "level" else 1.0):
        raise MeasureError(f"the {of} is steady")
    centred = (values - values.mean()) * np.hanning(len(values) + 2)[1:-1]
    size = 1 << (16 * len(values) - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    hz = np.arange(len(power)) / (size * step)
    power[hz < LOWEST_HZ] = 0.0
    k = int(np.argmax(power))
    return float(hz[k])


@measure("", "5 %, of a modulation up to 10 Hz; level: ratio, pitch: cents, brightness: cents")
def modulation_depth(audition: Audition, of: str = "level") -> float:
    """Return half the swing: of ``of`` level as (max - min) / (max + min), 0–1, of pitch or brightness in cents."""
    values, _ = track_of(audition, of)
    low, high = np.quantile(values, EDGES)
    return float((high - low) / (high + low)) if of == "level" else float(high - low) / 2.0


def track_of(audition: Audition, of: str) -> tuple[np.ndarray, float]:
    """Return the values of level (amplitude), pitch or brightness (cents) over time, and their distance in seconds."""
    if of == "level":
        edge = round(0.02 / STEP_SECONDS)
        return _long_enough(envelope_of(audition)[edge:-edge]), STEP_SECONDS
    if of == "pitch":
        return _long_enough(_pitches(audition)), PITCH_STEP
    if of == "brightness":
        return _long_enough(_brightness(audition)), BRIGHT_STEP
    raise MeasureError(f"option 'of' must be level, pitch or brightness, got {of!r}. Correct it")


def _pitches(audition: Audition) -> np.ndarray:
    windows = _windows(audition, PITCH_STEP, PITCH_WINDOW)
    found = [period_of(window, audition.rate) for window in windows if np.abs(window).max() > 1e-4]
    periods = np.array([period for period in found if period is not None])
    if len(periods) < 0.5 * len(windows):
        raise MeasureError("the sound has no clear pitch")
    cents: np.ndarray = 1200.0 * np.log2(audition.rate / periods)
    return cents


def _brightness(audition: Audition) -> np.ndarray:
    windows = _windows(audition, BRIGHT_STEP, BRIGHT_WINDOW)
    amplitudes = np.abs(np.fft.rfft(windows * np.hanning(windows.shape[1] + 2)[1:-1]))
    hz = np.arange(amplitudes.shape[1]) * audition.rate / windows.shape[1]
    totals = amplitudes.sum(axis=1)
    loud = totals > 1e-3 * totals.max(initial=1e-12)
    if not loud.any():
        raise MeasureError("the sound is silent")
    cents: np.ndarray = 1200.0 * np.log2(np.maximum(amplitudes[loud] @ hz / totals[loud], 1.0))
    return cents


def _windows(audition: Audition, step: float, window: float) -> np.ndarray:
    size, hop = round(window * audition.rate), max(round(step * audition.rate), 1)
    if len(audition.sound) < size:
        raise MeasureError("the sound is too short")
    return np.lib.stride_tricks.sliding_window_view(audition.mono, size)[::hop]


def _long_enough(values: np.ndarray) -> np.ndarray:
    if len(values) < 8:
        raise MeasureError("the sound is too short")
    return values


def _swing(values: np.ndarray) -> float:
    low, high = np.quantile(values, EDGES)
    return float(high - low) / 2.0
