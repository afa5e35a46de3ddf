"""Onsets, tempo, latency and echoes."""

from __future__ import annotations

import numpy as np

from nodegraph.spectral.attacks import attacks_of

from ..registry import Audition, MeasureError, measure
from .partials import relative_db

LEAST = 0.01  # of the highest peak of an impulse response, -40 dB: lower ones are no echoes
REGULARISATION = 0.01  # of the mean power of the input, added where it is weak
APART_SECONDS = 0.0008  # between two echoes


@measure("onsets", "0, for attacks of at least 8 dB that are 50 ms apart")
def onset_count(audition: Audition) -> float:
    """Return the number of onsets."""
    return float(len(attacks_of(audition.sound, audition.rate)))


@measure("s", "6 ms")
def onset_time(audition: Audition, number: float = 1.0) -> float:
    """Return the time of an onset; ``number`` 1 is the first."""
    times = attacks_of(audition.sound, audition.rate) / audition.rate
    if not 1 <= number <= len(times):
        raise MeasureError(f"the sound has {len(times)} onsets")
    return float(times[int(number) - 1])


@measure("bpm", "1 %, of 4 s or more")
def tempo(audition: Audition, per_beat: float = 1.0) -> float:
    """Return the tempo from the median time between onsets, ``per_beat`` of which are a beat."""
    times = attacks_of(audition.sound, audition.rate) / audition.rate
    if len(times) < 3:
        raise MeasureError("the sound has fewer than three onsets")
    gaps = np.diff(times)
    usual = gaps[np.abs(gaps - np.median(gaps)) <= 0.1 * np.median(gaps)]
    return 60.0 / float(usual.mean()) / per_beat


@measure("", "0.02, of onsets that are 50 ms apart")
def swing(audition: Audition) -> float:
    """Return how late every second onset is, in steps: 0 even, 1/3 triplets."""
    times = attacks_of(audition.sound, audition.rate) / audition.rate
    if len(times) < 4:
        raise MeasureError("the sound has fewer than four onsets")
    gaps = np.diff(times)
    first, second = np.median(gaps[::2]), np.median(gaps[1::2])
    return float(2.0 * first / (first + second) - 1.0)


@measure("s", "1 sample, of an unchanged copy of the input")
def latency(audition: Audition) -> float:
    """Return how late the output is: the lag of its largest cross-correlation with the input."""
    response = impulse_response(audition)
    return float(np.argmax(np.abs(response))) / audition.rate


@measure("s", "1 sample, of copies of the input that are 1 ms apart")
def echo_time(audition: Audition, number: float = 1.0) -> float:
    """Return the time of an echo after the input; ``number`` 0 is the direct sound, or the first echo without one."""
    return _echo(audition, number)[0] / audition.rate


@measure("dB", "0.5 dB, of copies of the input that are 1 ms apart")
def echo_level(audition: Audition, number: float = 1.0) -> float:
    """Return the level of an echo relative to the one before; ``number`` 1 follows the direct sound."""
    if number < 1:
        raise MeasureError("option 'number' must be 1 or more. Correct it")
    return relative_db(_echo(audition, number)[1], _echo(audition, number - 1)[1])


def impulse_response(audition: Audition) -> np.ndarray:
    """Return the response of the patch to an impulse: (samples,). Raises MeasureError without input or output."""
    if audition.source is None:
        raise MeasureError("this measure needs an input: the stimulus of a lesson, or --input SOUND")
    if not np.abs(audition.mono).max() > 1e-5:
        raise MeasureError("the sound is silent")
    size = 1 << (2 * len(audition.source) - 1).bit_length()
    x, y = np.fft.rfft(audition.source, size), np.fft.rfft(audition.mono, size)
    power = np.abs(x) ** 2
    if not power.max() > 0.0:
        raise MeasureError("the input is silent")
    return np.fft.irfft(y * np.conj(x) / (power + REGULARISATION * power.mean()), size)[: len(audition.source)]


def _echo(audition: Audition, number: float) -> tuple[int, float]:
    """Return the sample and the height of an echo."""
    response = np.abs(impulse_response(audition))
    apart = max(round(APART_SECONDS * audition.rate), 1)
    padded = np.pad(response, apart)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * apart + 1).max(axis=1)
    places = np.flatnonzero((response == highest) & (response >= LEAST * response.max()))
    if number >= len(places):
        raise MeasureError(f"the input has {max(len(places) - 1, 0)} echoes")
    return int(places[int(number)]), float(response[int(places[int(number)])])
