"""Pitch and tuning: the period at which a sound repeats."""

from __future__ import annotations

import math

import numpy as np

from ..registry import Audition, MeasureError, measure

LOWEST_HZ, HIGHEST_HZ = 20.0, 8000.0
CLEAR = 0.6  # of the normalised autocorrelation; noise stays below
FIRST = 0.95  # of the highest peak: the first peak as high as this is the period, after McLeod & Wyvill (2005)
OVERSAMPLING = 4  # of the autocorrelation, whose peaks are narrow at high pitches
MAX_SAMPLES = 32768


@measure("Hz", "0.05 %, of a steady sound of 10 periods or more from 20 Hz to 8 kHz")
def pitch(audition: Audition) -> float:
    """Return the fundamental frequency, from the first high peak of the normalised autocorrelation."""
    found = period_of(loudest_part(audition.mono, MAX_SAMPLES), audition.rate)
    if found is None:
        raise MeasureError("the sound has no clear pitch")
    return audition.rate / found


@measure("cents", "1 cent, of sounds with a pitch")
def tuning(audition: Audition, note: float = -1.0) -> float:
    """Return how many cents the pitch is above a MIDI ``note`` at A = 440 Hz; -1 is the nearest note."""
    found = 69.0 + 12.0 * math.log2(pitch(audition) / 440.0)
    return 100.0 * (found - (round(found) if note < 0.0 else note))


def loudest_part(sound: np.ndarray, samples: int) -> np.ndarray:
    """Return the ``samples`` of a sound (samples,) with the highest power; the complete sound if it is shorter."""
    if len(sound) <= samples:
        return sound
    sums = np.concatenate([[0.0], np.cumsum(sound**2)])
    start = int(np.argmax(sums[samples:] - sums[:-samples]))
    return sound[start : start + samples]


def period_of(sound: np.ndarray, rate: float) -> float | None:
    """Return the period of a sound (samples,) in samples, or None if it does not repeat.

    A multiple of the period, as many as half the sound has, is found more exactly than the period itself.
    """
    x = sound - sound.mean()
    correlation = normalised_autocorrelation(x)
    rate = OVERSAMPLING * rate
    shortest, longest = int(rate / HIGHEST_HZ), min(int(rate / LOWEST_HZ) + 2, len(correlation) - 2)
    negative = np.flatnonzero(correlation[:longest] < 0.0)
    if not len(negative):
        return None
    lags = _peaks(correlation, max(int(negative[0]), shortest), longest)
    vertices = [_vertex(correlation, int(lag)) for lag in lags]
    highest = max((height for _, height in vertices), default=0.0)
    if highest < CLEAR:
        return None
    period, multiple = next(place for place, height in vertices if height >= FIRST * highest), 1
    while (multiple * 2 + 1) * period < len(correlation) - 1:
        multiple *= 2
        guess = round(multiple * period)
        reach = max(int(0.2 * period), 1)
        near = correlation[guess - reach : guess + reach + 1]
        lag = guess - reach + int(np.argmax(near))
        if near.max() < CLEAR or abs(lag - guess) == reach:
            break
        period = _vertex(correlation, lag)[0] / multiple
    return period / OVERSAMPLING


def normalised_autocorrelation(x: np.ndarray) -> np.ndarray:
    """Return ``2 Σ x[n] x[n + d] / Σ (x[n]² + x[n + d]²)`` of a sound (samples,) for d = 0, ¼, ½ … samples / 2."""
    size = 1 << (2 * len(x) - 1).bit_length()
    power = np.abs(np.fft.rfft(x, size)) ** 2
    products = np.fft.irfft(power, OVERSAMPLING * size)[: OVERSAMPLING * (len(x) // 2) + 1] * OVERSAMPLING
    sums = np.concatenate([[0.0], np.cumsum(x**2)])
    lags = np.arange(len(products)) // OVERSAMPLING
    energies = sums[len(x) - lags] + sums[-1] - sums[lags]
    result: np.ndarray = np.divide(2.0 * products, energies, out=np.zeros(len(products)), where=energies > 1e-12)
    return result


def _peaks(values: np.ndarray, first: int, last: int) -> np.ndarray:
    """Return the places of the local maxima above 0 in ``values[first : last + 1]``."""
    part = values[first - 1 : last + 2]
    is_peak = (part[1:-1] >= part[:-2]) & (part[1:-1] > part[2:]) & (part[1:-1] > 0.0)
    return np.flatnonzero(is_peak) + first


def _vertex(values: np.ndarray, k: int) -> tuple[float, float]:
    """Return place and height of the maximum of the parabola through three values around ``k``."""
    a, b, c = (float(value) for value in values[k - 1 : k + 2])
    bend = a - 2.0 * b + c
    return (k + 0.5 * (a - c) / bend, b - 0.125 * (a - c) ** 2 / bend) if bend < 0.0 else (float(k), b)
