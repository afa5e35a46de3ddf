"""Instruments of the generated sounds: functions of NumPy arrays at ``RATE`` Hz, float64 (samples,)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RATE = 44100.0
# Resonances of sung vowels in Hz. Peterson & Barney, Control methods used in a study of the vowels (JASA, 1952).
VOWELS = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "i": (270.0, 2290.0, 3010.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
BANDWIDTHS = (80.0, 100.0, 140.0)  # Hz


def hertz(note: float) -> float:
    """Return the frequency of a MIDI note in Hz."""
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


def times(seconds: float) -> np.ndarray:
    """Return the times of samples in seconds."""
    return np.arange(round(seconds * RATE)) / RATE


def envelope(seconds: float, attack: float, release: float) -> np.ndarray:
    """Return linear ramps from and to 0 around a level of 1."""
    t = times(seconds)
    return np.clip(np.minimum(t / attack, (seconds - t) / release), 0.0, 1.0)


def tone(hz: float | np.ndarray, seconds: float, tilt: float = 1.0, highest: float = 12_000.0) -> np.ndarray:
    """Return harmonics up to ``highest`` Hz of a frequency, or of one for each sample, at amplitudes h^-tilt."""
    hz = np.broadcast_to(hz, len(times(seconds)))
    phase = 2.0 * np.pi * np.cumsum(hz) / RATE
    total = np.zeros(len(hz))
    for harmonic in range(1, int(highest / hz.max()) + 1):
        total += harmonic**-tilt * np.sin(harmonic * phase)
    return total


def voice(hz: float, vowel: str, seconds: float, vibrato: float = 0.01, scale: float = 1.0) -> np.ndarray:
    """Return a sung vowel: harmonics with its resonances; ``vibrato`` is a part of ``hz``, 5.5 times a second.

    ``scale`` multiplies the resonances: above 1 for shorter throats.
    """
    t = times(seconds)
    phase = 2.0 * np.pi * np.cumsum(hz * (1.0 + vibrato * np.sin(2.0 * np.pi * 5.5 * t))) / RATE
    total = np.zeros(len(t))
    for harmonic in range(1, int(8000.0 / hz) + 1):
        f = harmonic * hz
        gain = sum(1.0 / (1.0 + ((f - scale * c) / w) ** 2) for c, w in zip(VOWELS[vowel], BANDWIDTHS))
        total += (gain + 0.03) / harmonic**0.5 * np.sin(harmonic * phase)
    return total * envelope(seconds, 0.03, 0.06)


def string(hz: float, seconds: float, seed: int, damping: float = 0.5) -> np.ndarray:
    """Return a plucked string: a noise of one period, averaged with its neighbour in each cycle.

    Karplus & Strong, Digital synthesis of plucked-string and drum timbres (Computer Music Journal, 1983).
    """
    period = np.random.default_rng(seed).uniform(-1.0, 1.0, round(RATE / hz))
    cycles = []
    for _ in range(int(seconds * hz) + 2):
        cycles.append(period)
        period = (1.0 - damping) * period + damping * np.roll(period, 1)
    samples = len(times(seconds))
    return np.concatenate(cycles)[:samples] * envelope(seconds, 0.001, 0.03)


def kick(seconds: float = 0.25) -> np.ndarray:
    """Return a bass drum: a sine that falls from 150 to 50 Hz."""
    t = times(seconds)
    return np.sin(2.0 * np.pi * np.cumsum(50.0 + 100.0 * np.exp(-t / 0.02)) / RATE) * np.exp(-t / 0.08)


def snare(seed: int, seconds: float = 0.2) -> np.ndarray:
    """Return a snare drum: a noise and a sine of 190 Hz."""
    t = times(seconds)
    noise = np.random.default_rng(seed).normal(size=len(t))
    return 0.5 * noise * np.exp(-t / 0.06) + 0.5 * np.sin(2.0 * np.pi * 190.0 * t) * np.exp(-t / 0.04)


def hat(seed: int, seconds: float = 0.06) -> np.ndarray:
    """Return a closed hi-hat: the second difference of a noise."""
    t = times(seconds)
    noise = np.random.default_rng(seed).normal(size=len(t) + 2)
    return 0.15 * np.diff(noise, 2) * np.exp(-t / 0.015)


def distorted(sound: np.ndarray, drive: float) -> np.ndarray:
    """Return ``tanh`` of a sound that was brought to a peak of ``drive``."""
    return np.tanh(drive * sound / np.abs(sound).max())


def in_room(sound: np.ndarray, seconds: float, wet: float, seed: int) -> np.ndarray:
    """Return a sound plus ``wet`` times, at its level, a reverberation that decays by 60 dB in ``seconds``."""
    t = times(seconds)
    response = np.random.default_rng(seed).normal(size=len(t)) * 10.0 ** (-3.0 * t / seconds)
    size = len(sound) + len(t)
    tail = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]
    return sound + wet * tail * np.sqrt(np.mean(sound**2) / np.mean(tail**2))


def placed(seconds: float, parts: Sequence[tuple[float, np.ndarray]]) -> np.ndarray:
    """Return the sum of sounds, each from its time in seconds on; what is after the end is left out."""
    total = np.zeros(len(times(seconds)))
    for start, sound in parts:
        first = round(start * RATE)
        section = sound[: max(len(total) - first, 0)]
        total[first : first + len(section)] += section
    return total
