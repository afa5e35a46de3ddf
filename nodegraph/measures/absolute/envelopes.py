"""Envelopes: how the level of a sound rises and falls. Its amplitude is the RMS under windows of 20 ms, each ms."""

from __future__ import annotations

import numpy as np

from ..registry import Audition, MeasureError, measure
from .levels import decibels

WINDOW_SECONDS, STEP_SECONDS = 0.02, 0.001
LOW, HIGH = 0.1, 0.9  # of a rise or fall whose duration is measured
FIT_DB = (3.0, 30.0)  # below its start, of the section of a decay that a line is fitted to
MIN_FIT_DB = 6.0


@measure("s", "5 ms or 5 %, of sounds above 100 Hz")
def rise_time(audition: Audition) -> float:
    """Return the time of the rise from 10 to 90 % of the highest amplitude; 0.8 of a linear attack."""
    envelope = envelope_of(audition)
    return _first(envelope, HIGH * envelope.max()) - _first(envelope, LOW * envelope.max())


@measure("s", "5 ms or 5 %, of sounds above 100 Hz")
def fall_time(audition: Audition) -> float:
    """Return the time from 90 to 10 % of the fall from the peak to the amplitude at the end; 0.8 of a linear decay."""
    envelope = envelope_of(audition)
    last = float(np.median(envelope[-max(len(envelope) // 20, 1) :]))
    top = int(np.argmax(envelope))
    fall = (envelope[top:] - last) / max(float(envelope[top]) - last, 1e-12)
    if envelope[top] - last < 0.05 * envelope[top]:
        raise MeasureError("the sound does not become softer")
    return _first(-fall, -LOW) - _first(-fall, -HIGH)


@measure("s", "5 %, of exponential decays of 6 dB or more within the section")
def decay_time(audition: Audition) -> float:
    """Return the time of a decay by 60 dB, from a line through the levels 3 to 30 dB below the peak."""
    envelope = envelope_of(audition)
    top = int(np.argmax(envelope))
    levels = 20.0 * np.log10(np.maximum(envelope[top:] / envelope[top], 1e-6))
    end = int(np.argmax(levels < -FIT_DB[1])) or len(levels)
    start = int(np.argmax(levels[:end] < -FIT_DB[0]))
    if start == 0 or levels[start] - levels[end - 1] < MIN_FIT_DB:
        raise MeasureError("the sound does not decay by 9 dB or more")
    slope = np.polyfit(np.arange(start, end) * STEP_SECONDS, levels[start:end], 1)[0]
    if slope >= 0.0:
        raise MeasureError("the sound does not decay by 9 dB or more")
    return -60.0 / float(slope)


@measure("s", "5 ms, of sounds above 100 Hz")
def peak_time(audition: Audition) -> float:
    """Return the time at which the amplitude first reaches 95 % of its maximum."""
    envelope = envelope_of(audition)
    return _first(envelope, 0.95 * envelope.max())


@measure("dB", "0.2 dB, of steady sounds above 100 Hz")
def level_change(audition: Audition, first: float = 0.0, second: float = 1.0, width: float = 0.1) -> float:
    """Return the RMS level of ``width`` seconds from ``second`` on minus that from ``first`` on."""
    if max(first, second) + width > len(audition.sound) / audition.rate or width <= 0.0:
        raise MeasureError("the sound ends before the moments that are compared")
    power = [float(np.mean(audition.section(at, at + width).sound ** 2)) for at in (first, second)]
    if max(power) < 1e-12:
        raise MeasureError("the sound is silent")
    return decibels(power[1], 10.0) - decibels(power[0], 10.0)


def envelope_of(audition: Audition) -> np.ndarray:
    """Return the amplitude, one value each ms: the RMS of all channels under Hann windows of 20 ms.

    Raises MeasureError for silence.
    """
    power = (audition.sound**2).mean(axis=1)
    size = max(round(WINDOW_SECONDS * audition.rate), 3)
    window = np.hanning(size + 2)[1:-1]
    length = 1 << (len(power) + size).bit_length()
    smooth = np.fft.irfft(np.fft.rfft(power, length) * np.fft.rfft(window / window.sum(), length), length)
    places = np.round(np.arange(0.0, len(power) / audition.rate, STEP_SECONDS) * audition.rate).astype(int) + size // 2
    envelope = np.sqrt(np.maximum(smooth[places], 0.0))
    if not envelope.max(initial=0.0) > 1e-5:
        raise MeasureError("the sound is silent")
    result: np.ndarray = envelope
    return result


def _first(values: np.ndarray, threshold: float) -> float:
    """Return the time in seconds at which values, one each ms, first reach a threshold, interpolated."""
    k = int(np.argmax(values >= threshold))
    if k == 0:
        return 0.0
    return (k - (values[k] - threshold) / (values[k] - values[k - 1])) * STEP_SECONDS
