"""Partials: the lines of the spectrum of a steady sound, its brightness and its aliases."""

from __future__ import annotations

import math

import numpy as np

from ..flatness import spectral_flatness
from ..registry import Audition, MeasureError, measure
from .levels import decibels
from .pitches import pitch

MAX_SAMPLES = 1 << 17
LOBE = 4.0  # bins on either side of a line that its window spreads to (Blackman & Harris)
LOWEST_HZ = 10.0
RANGE_DB = 120.0  # of the ratio of two lines


@measure("dB", "0.1 dB, of a steady sound of 20 periods or more")
def partial(audition: Audition, number: float = 2.0, fundamental: float = 0.0) -> float:
    """Return the amplitude of harmonic ``number`` relative to the first; ``fundamental`` 0 is the pitch."""
    hz, amplitudes = spectrum_of(audition)
    base = fundamental or pitch(audition)
    return relative_db(amplitude_near(hz, amplitudes, number * base), amplitude_near(hz, amplitudes, base))


@measure("dBFS", "0.1 dB, of a steady line")
def line_level(audition: Audition, hz: float = 440.0) -> float:
    """Return the level of the spectral line at ``hz``; 0 for a sine of amplitude 1."""
    return decibels(amplitude_near(*spectrum_of(audition), hz), 20.0)


@measure("lines", "0, for steady lines at least 10 bins (10 / duration Hz) apart")
def line_count(audition: Audition, within: float = 40.0) -> float:
    """Return the number of spectral lines that are at most ``within`` dB below the strongest."""
    return float(len(lines_of(audition, within)))


@measure("Hz", "0.5 Hz, for steady lines at least 10 bins (10 / duration Hz) apart")
def line_spacing(audition: Audition, within: float = 40.0) -> float:
    """Return the median distance of adjacent lines that are at most ``within`` dB below the strongest."""
    lines = lines_of(audition, within)
    if len(lines) < 2:
        raise MeasureError("the sound has fewer than two spectral lines")
    return float(np.median(np.diff(lines)))


@measure("Hz", "0.5 Hz, for a steady line")
def strongest_line(audition: Audition) -> float:
    """Return the frequency of the strongest spectral line."""
    hz, amplitudes = spectrum_of(audition)
    return _exact(hz, amplitudes, int(np.argmax(amplitudes)))


@measure("Hz", "0.5 %, of steady sounds")
def brightness(audition: Audition) -> float:
    """Return the spectral centroid: the mean frequency, weighted by amplitude."""
    hz, amplitudes = spectrum_of(audition)
    return float(hz @ amplitudes / amplitudes.sum())


@measure("", "0.02, of one second or more")
def flatness(audition: Audition) -> float:
    """Return the spectral flatness: near 0 for tones, 0.56 for white noise, 1 for a click."""
    return spectral_flatness(audition.mono)


@measure("dB", "1 dB, above -90 dB, of a steady sound of 50 periods or more")
def alias_level(audition: Audition, fundamental: float = 0.0) -> float:
    """Return the power between the harmonics relative to that of all; ``fundamental`` 0 is the pitch."""
    hz, amplitudes = spectrum_of(audition)
    base = fundamental or pitch(audition)
    places = hz / (hz[1] - hz[0])
    spacing = base / (hz[1] - hz[0])
    distance = np.abs(places - np.round(places / spacing) * spacing)
    is_harmonic = distance <= min(LOBE + 1.0 + 1e-4 * base / (hz[1] - hz[0]), 0.3 * spacing)
    power = amplitudes**2
    return decibels(float(power[~is_harmonic].sum()) / float(power.sum()), 10.0)


def spectrum_of(audition: Audition) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies in Hz and amplitudes of the spectrum; a sine has its amplitude at its peak.

    The window is that of Blackman & Harris, 92 dB, over at most 3 s. Raises MeasureError for silence.
    """
    sound = audition.mono[:MAX_SAMPLES]
    turns = 2.0 * np.pi * (np.arange(len(sound)) + 0.5) / len(sound)
    window = 0.35875 - 0.48829 * np.cos(turns) + 0.14128 * np.cos(2.0 * turns) - 0.01168 * np.cos(3.0 * turns)
    amplitudes = np.abs(np.fft.rfft((sound - sound.mean()) * window)) * (2.0 / window.sum())
    hz = np.arange(len(amplitudes)) * audition.rate / len(sound)
    amplitudes[hz < LOWEST_HZ] = 0.0
    if not amplitudes.max() > 1e-7:
        raise MeasureError("the sound is silent")
    return hz, amplitudes


def amplitude_near(hz: np.ndarray, amplitudes: np.ndarray, frequency: float) -> float:
    """Return the amplitude of the line within 1.5 bins or 0.5 % of a frequency; 0 if it is out of range."""
    step = hz[1] - hz[0]
    reach = max(1.5 * step, 0.005 * frequency)
    first, last = math.ceil((frequency - reach) / step), math.floor((frequency + reach) / step)
    if first < 1 or last >= len(hz) - 1:
        return 0.0
    top = first + int(np.argmax(amplitudes[first : last + 1]))
    a, b, c = np.log(np.maximum(amplitudes[top - 1 : top + 2], 1e-15))
    bend = a - 2.0 * b + c
    return math.exp(b - 0.125 * (a - c) ** 2 / bend) if bend < 0.0 and b >= max(a, c) else math.exp(b)


def lines_of(audition: Audition, within: float) -> np.ndarray:
    """Return the frequencies in Hz of the local maxima at most ``within`` dB below the strongest, ascending."""
    hz, amplitudes = spectrum_of(audition)
    reach = int(LOBE)
    padded = np.pad(amplitudes, reach)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    least = amplitudes.max() * 10.0 ** (-within / 20.0)
    tops: list[int] = np.flatnonzero((amplitudes == highest) & (amplitudes >= least)).tolist()
    return np.array([_exact(hz, amplitudes, k) for k in tops])


def relative_db(amplitude: float, reference: float) -> float:
    """Return the ratio of two amplitudes in dB, clamped to ±120."""
    return min(max(decibels(amplitude, 20.0) - decibels(reference, 20.0), -RANGE_DB), RANGE_DB)


def _exact(hz: np.ndarray, amplitudes: np.ndarray, k: int) -> float:
    """Return the frequency of the line whose highest bin is ``k``: the vertex of a parabola in dB."""
    if not 0 < k < len(hz) - 1:
        return float(hz[k])
    a, b, c = np.log(np.maximum(amplitudes[k - 1 : k + 2], 1e-15))
    bend = a - 2.0 * b + c
    return float(hz[k] + (0.5 * (a - c) / bend if bend < 0.0 else 0.0) * (hz[1] - hz[0]))
