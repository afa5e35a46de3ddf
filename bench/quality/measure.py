"""Measures of a sound: levels of harmonics and of all the rest, responses, rise times."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from nodegraph.api import Patch
from nodegraph.engine.offline import Offline

RATE = float(os.environ.get("QUALITY_RATE", 44100.0))  # Hz, of all tables but those of recordings
AUDIBLE = 20000.0
Array = np.ndarray[Any, Any]


def render(patch: Patch, seconds: float, sound: Array | None = None, rate: float = RATE, aligned: bool = True) -> Array:
    """Return the sound of a patch, float64 (samples, channels); ``sound`` is the input of ``x``.

    ``aligned``: without the latency of the patch.
    """
    engine = Offline(patch.document, rate, path=patch.path, inputs={} if sound is None else {"x": sound})
    try:
        latency = engine.latency if aligned else 0
        return engine.run_samples(round(seconds * rate) + latency)[latency:].astype(np.float64)
    finally:
        engine.close()


def spectrum(sound: Array, rate: float = RATE) -> tuple[Array, Array]:
    """Return frequencies and amplitudes, with a window whose side lobes lie 92 dB down."""
    turn = 2 * np.pi * np.arange(len(sound)) / len(sound)
    window = 0.35875 - 0.48829 * np.cos(turn) + 0.14128 * np.cos(2 * turn) - 0.01168 * np.cos(3 * turn)
    return np.fft.rfftfreq(len(sound), 1 / rate), np.abs(np.fft.rfft(sound * window)) * 2 / window.sum()


def a_weighting(frequencies: Array) -> Array:
    """Return the gain of the A-weighting (IEC 61672)."""
    f2 = frequencies**2
    bottom = (f2 + 20.6**2) * np.sqrt((f2 + 107.7**2) * (f2 + 737.9**2)) * (f2 + 12194.0**2)
    return 1.2589 * 12194.0**2 * f2**2 / bottom


def signal_to_alias(sound: Array, fundamental: float, weighted: bool = False) -> float:
    """Return the level of the harmonics above that of all the rest up to 20 kHz, in dB."""
    frequencies, amplitudes = spectrum(sound)
    if weighted:
        amplitudes = amplitudes * a_weighting(frequencies)
    is_harmonic = np.abs(frequencies - fundamental * np.round(frequencies / fundamental)) < 8.0
    power = np.where((frequencies > 30.0) & (frequencies < AUDIBLE), amplitudes**2, 0.0)
    return float(10 * np.log10(power[is_harmonic].sum() / max(power[~is_harmonic].sum(), 1e-30)))


def worst_alias(sound: Array, fundamental: float) -> float:
    """Return the level of the loudest partial up to 20 kHz that is no harmonic, in dB of the loudest of all.

    The fundamental is the loudest partial within 1 % of ``fundamental``: what sings by itself does so a little flat.
    """
    frequencies, amplitudes = spectrum(sound)
    is_near = np.abs(frequencies - fundamental) < 0.01 * fundamental
    fundamental = frequencies[np.argmax(amplitudes * is_near)]
    is_harmonic = np.abs(frequencies - fundamental * np.round(frequencies / fundamental)) < 8.0
    chosen = ~is_harmonic & (frequencies > 30.0) & (frequencies < AUDIBLE)
    return float(20 * np.log10(amplitudes[chosen].max() / amplitudes.max()))


def level_near(sound: Array, frequency: float) -> float:
    """Return the amplitude of the partial at a frequency."""
    frequencies, amplitudes = spectrum(sound)
    return float(amplitudes[np.abs(frequencies - frequency) < 8.0].max())


def rise_times(sound: Array, rate: float) -> list[float]:
    """Return the milliseconds from 10 % to 90 % of the level at each loud stroke."""
    width = max(round(0.001 * rate), 1)
    mono = np.abs(sound).max(axis=1)
    level = np.sqrt(np.convolve(mono**2, np.ones(width) / width, "same"))
    found, at = [], round(0.05 * rate)
    while at < len(level) - 0.1 * rate:
        part = level[at : at + round(0.06 * rate)]
        if level[at] < 0.12 * level.max() and part.max() > 0.5 * level.max():
            end = at + int(np.argmax(part >= 0.9 * part.max()))
            before = level[max(end - round(0.12 * rate), 0) : end]
            quiet = np.flatnonzero(before < 0.1 * part.max())
            found.append((len(before) - (quiet[-1] if len(quiet) else 0)) / rate * 1000)
            at += int(part.argmax()) + round(0.08 * rate)
        else:
            at += round(0.002 * rate)
    return found
