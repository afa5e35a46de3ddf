"""Mixtures that need no optimisation: what a user could do in a minute. Sounds are float32 (samples,) at one rate."""

from __future__ import annotations

import numpy as np

import nodegraph.api as api
from nodegraph.measures.level import at_unit_level
from nodegraph.spectral.stft import stft

SIZE, HOP = 1024, 256  # samples
WIDTH = 1.0 / 6.0  # octaves over which long-term spectra are averaged
LOUDEST = 100.0  # 40 dB, the largest gain of the equaliser


def content_alone(content: np.ndarray, style: np.ndarray, rate: float) -> np.ndarray:
    """Return the content."""
    return content


def style_alone(content: np.ndarray, style: np.ndarray, rate: float) -> np.ndarray:
    """Return the beginning of the style, as long as the content."""
    return style[: len(content)]


def crossfade(content: np.ndarray, style: np.ndarray, rate: float) -> np.ndarray:
    """Return the sum of both sounds at equal levels."""
    pair = [at_unit_level(sound)[: min(len(content), len(style))] for sound in (content, style)]
    return (0.1 * (pair[0] + pair[1])).astype(np.float32)


def equalised(content: np.ndarray, style: np.ndarray, rate: float) -> np.ndarray:
    """Return the content, filtered to the long-term spectrum of the style: RMS magnitudes over a sixth of an octave."""
    bins = np.arange(SIZE // 2 + 1)
    low, high = (np.searchsorted(bins, bins * 2.0 ** (sign * WIDTH / 2.0)) for sign in (-1, 1))
    high = np.maximum(high, low + 1)

    def long_term(sound: np.ndarray) -> np.ndarray:
        power = np.mean(np.abs(stft(at_unit_level(sound), SIZE, HOP)).astype(np.float64) ** 2, axis=1)
        sums = np.concatenate([[0.0], np.cumsum(power)])
        return np.sqrt((sums[np.minimum(high, len(power))] - sums[low]) / (high - low))

    target, found = long_term(style), long_term(content)
    gains = np.minimum(target / np.maximum(found, 1e-6 * found.max()), LOUDEST)
    spectrum = np.fft.rfft(content)
    gains = np.interp(np.linspace(0.0, SIZE // 2, len(spectrum)), bins, gains)
    return np.fft.irfft(spectrum * gains, len(content)).astype(np.float32)


def cross_synthesis(content: np.ndarray, style: np.ndarray, rate: float) -> np.ndarray:
    """Return the block ``cross_synthesis``, rendered: the content as the carrier, the style as the modulator."""
    patch = api.Patch()
    for name in ("content", "style"):
        patch.add("audio_in", id=name)
        patch.add("stft", id=f"{name}_spectrum", size=SIZE, hop=HOP)
        patch.connect(f"{name}.out", f"{name}_spectrum.audio")
    patch.add("magnitude", id="envelope")
    patch.add("cross_synthesis", id="synthesis")
    patch.add("inverse_stft", id="inverse")
    patch.add("audio_out", id="out")
    patch.connect("style_spectrum.spectrum", "envelope.spectrum")
    patch.connect("envelope.magnitude", "synthesis.modulator")
    patch.connect("content_spectrum.spectrum", "synthesis.carrier")
    patch.connect("synthesis.out", "inverse.spectrum")
    patch.connect("inverse.out", "out.audio")
    latency = patch.graph(rate).latency
    inputs = {"content": content, "style": style}
    sound = api.render(patch, (len(content) + latency) / rate, rate, inputs)
    return np.ascontiguousarray(np.asarray(sound)[latency:, 0])


BASELINES = {
    "content": content_alone,
    "style": style_alone,
    "crossfade": crossfade,
    "equalised": equalised,
    "cross_synthesis": cross_synthesis,
}
