"""Filters: cutoff, slope and resonance of the response from a known source to the sound.

The response to an input is exact if the input ends before the sound does, so that the sound contains all of it.
"""

from __future__ import annotations

import numpy as np

from ..registry import Audition, MeasureError, measure
from .partials import amplitude_near, spectrum_of
from .pitches import pitch

LOWEST_HZ, HIGHEST = 30.0, 0.4  # of the response; the latter times the sample rate
PER_OCTAVE = 24  # bands of the response
EDGE_DB = -3.0
RANGE_DB = 70.0  # below the highest; less is noise
SLOPE_OCTAVES = (1.0, 3.0)  # from the cutoff, of the section whose slope is measured
SLOPE_HIGHEST = 0.15  # times the sample rate: above, digital filters are steeper
SOURCES = ("input", "white", "saw", "square", "impulse")
KINDS = ("low", "high", "band")


@measure("Hz", "3 %, of an input of noise or an impulse, half a second or more; 6 % of a wave's harmonics")
def cutoff(audition: Audition, kind: str = "low", source: str = "input") -> float:
    """Return the frequency at which the response is 3 dB below the passband; of ``kind`` band, that of its peak.

    ``kind`` is low, high or band; ``source`` is what is filtered: input, white (noise), saw, square or impulse (wave).
    """
    hz, response = response_of(audition, source)
    if kind == "band":
        return float(hz[int(np.argmax(response))])
    return _edge(hz, response, kind)


@measure("dB/octave", "1 dB/octave, of filters of 6 to 24 dB/octave")
def slope(audition: Audition, kind: str = "low", source: str = "input") -> float:
    """Return how fast the response falls beyond the cutoff, one to three octaves from it, as a positive number."""
    hz, response = response_of(audition, source)
    octaves = np.log2(hz / cutoff(audition, kind, source)) * (-1.0 if kind == "high" else 1.0)
    near = (octaves >= SLOPE_OCTAVES[0]) & (octaves <= SLOPE_OCTAVES[1]) & (response > response.max() - RANGE_DB)
    near &= hz <= SLOPE_HIGHEST * audition.rate
    if near.sum() < 3 or np.ptp(octaves[near]) < 0.5:
        raise MeasureError("the cutoff is too near the end of the spectrum")
    return -float(np.polyfit(octaves[near], response[near], 1)[0])


@measure("dB", "0.5 dB, of filters with a cutoff of 200 Hz or more")
def resonance(audition: Audition, kind: str = "low", source: str = "input") -> float:
    """Return how far the response rises above its passband: 0 without resonance."""
    hz, response = response_of(audition, source)
    return float(response.max()) - _passband(hz, response, kind)


@measure("dB", "0.5 dB, of an input of noise or an impulse, half a second or more")
def gain_at(audition: Audition, hz: float = 1000.0, source: str = "input") -> float:
    """Return the response at ``hz``, over 1/24 octave; without an input relative to the highest."""
    places, response = response_of(audition, source)
    value = float(np.interp(np.log2(hz), np.log2(places), response))
    return value if source == "input" else value - float(response.max())


def response_of(audition: Audition, source: str = "input") -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies in Hz, and the response at each in dB; of a wave, at its harmonics up to 2/5 of the rate."""
    if source not in SOURCES:
        raise MeasureError(f"option 'source' must be one of {', '.join(SOURCES)}, got {source!r}. Correct it")
    highest = HIGHEST * audition.rate
    if source in ("saw", "square", "impulse"):
        base = pitch(audition)
        numbers = np.arange(1, int(highest / base) + 1, 2 if source == "square" else 1)
        hz, amplitudes = spectrum_of(audition)
        heights = np.array([amplitude_near(hz, amplitudes, number * base) for number in numbers])
        heights *= 1.0 if source == "impulse" else numbers
        found = 20.0 * np.log10(np.maximum(heights, 1e-12))
        if len(found) < 6:
            raise MeasureError("the sound has fewer than six harmonics")
        return numbers * base, found
    y = np.abs(np.fft.rfft(audition.mono)) ** 2
    x = np.ones(len(y))
    if source == "input":
        if audition.source is None:
            raise MeasureError("this measure needs an input: the stimulus of a lesson, or --input SOUND")
        x = np.abs(np.fft.rfft(audition.source)) ** 2
    edges = LOWEST_HZ * 2.0 ** (np.arange(int(np.log2(highest / LOWEST_HZ) * PER_OCTAVE) + 1) / PER_OCTAVE)
    bins = np.searchsorted(np.arange(len(y)) * audition.rate / len(audition.sound), edges)
    sums = [np.concatenate([[0.0], np.cumsum(values)]) for values in (x, y)]
    below, above = (total[bins[1:]] - total[bins[:-1]] for total in sums)
    known = (below > 0.0) & (np.diff(bins) > 0)
    if not known.any() or not above[known].max() > 1e-12:
        raise MeasureError("the sound is silent")
    centres = np.sqrt(edges[1:] * edges[:-1])[known]
    return centres, 10.0 * np.log10(np.maximum(above[known] / below[known], 1e-20))


def _passband(hz: np.ndarray, response: np.ndarray, kind: str) -> float:
    """Return the level of the passband: of the lowest octave or the highest third of one, of a band its peak."""
    if kind not in KINDS:
        raise MeasureError(f"option 'kind' must be one of {', '.join(KINDS)}, got {kind!r}. Correct it")
    if kind == "band":
        return float(response.max())
    near = hz <= 2.0 * hz[0] if kind == "low" else hz >= hz[-1] / 1.26
    return float(np.median(response[near]))


def _edge(hz: np.ndarray, response: np.ndarray, kind: str) -> float:
    """Return the frequency at which the response last leaves the passband, interpolated in octaves."""
    level = _passband(hz, response, kind) + EDGE_DB
    inside = np.flatnonzero(response >= level)
    k = int(inside[-1]) if kind == "low" else int(inside[0]) - 1
    if not 0 <= k < len(hz) - 1:
        raise MeasureError("the response has no edge: the sound is not filtered")
    part = (level - response[k]) / (response[k + 1] - response[k])
    return float(hz[k] * (hz[k + 1] / hz[k]) ** part)
