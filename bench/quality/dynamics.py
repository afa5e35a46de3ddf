"""The limiter: true peak above the ceiling, and distortion of the bass."""

from __future__ import annotations

import numpy as np

from tests.rendering import patch_of

from .measure import RATE, Array, render, spectrum

TITLE = "limiter, ceiling -1 dB"
HEADINGS = ["measure", "found"]
FINE = 16


def true_peak(sound: Array) -> float:
    """Return the largest absolute value between the samples, of 16 values per sample."""
    spectrum = np.fft.rfft(sound)
    return float(np.abs(np.fft.irfft(spectrum, FINE * len(sound)) * FINE)[FINE * 500 : -FINE * 500].max())


def limited(sound: Array) -> Array:
    patch = patch_of(
        "x.out limiter.audio", "limiter.out out.audio",
        x="audio_in", limiter=("limiter", {"ceiling": -1.0}), out="audio_out",
    )  # fmt: skip
    return render(patch, len(sound) / RATE, sound[:, None].astype(np.float32))[:, 0]


def rows() -> list[list[str]]:
    rng = np.random.default_rng(0)
    t = np.arange(round(2 * RATE)) / RATE
    noise = rng.uniform(-2, 2, len(t))
    sounds = {
        "white noise at +6 dB": noise,
        "the same below 16 kHz": np.fft.irfft(np.fft.rfft(noise) * (np.fft.rfftfreq(len(t), 1 / RATE) < 16000), len(t)),
        "sine at a quarter of the rate, 45°": 1.4 * np.sin(2 * np.pi * RATE / 4 * t + np.pi / 4),
        "bursts of a sine of 5 kHz": 2.0 * np.sin(2 * np.pi * 5000 * t) * (t % 0.2 < 0.02),
    }
    found = [
        [f"true peak of {name}, dB above the ceiling", f"{20 * np.log10(true_peak(limited(sound))) + 1.0:+.2f}"]
        for name, sound in sounds.items()
    ]
    for frequency in (50.0, 100.0, 1000.0):
        sound = limited(2.0 * np.sin(2 * np.pi * frequency * t))[-round(RATE) :]
        frequencies, amplitudes = spectrum(sound)
        is_tone = np.abs(frequencies - frequency) < 8.0
        rest = np.sqrt((amplitudes[~is_tone & (frequencies > 20.0)] ** 2).sum() / (amplitudes[is_tone] ** 2).sum())
        found.append([f"distortion and noise of {frequency:g} Hz at +6 dB", f"{100 * rest:.3f} %"])
    return found
