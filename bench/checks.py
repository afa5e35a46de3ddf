"""Checks of the rendered sound. Each check raises ``WrongSound`` with the measured and the expected value.

Levels and spectra are compared instead of samples, because a peer may start a block later, read its sines from a table
or use another resonant low-pass of the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from . import workloads as w

Audio = NDArray[np.floating]
SECONDS = 4.0  # duration of the sound for a check
SETTLE_SAMPLES = w.RATE // 4


class WrongSound(Exception):
    """The render of a workload is wrong."""


def check(workload: str, audio: Audio) -> None:
    """Check ``audio``, SECONDS of mono at RATE. Raises WrongSound."""
    if len(audio) < SECONDS * w.RATE - 2048:
        raise WrongSound(f"{len(audio)} samples instead of {SECONDS * w.RATE:.0f}")
    if not np.isfinite(audio).all():
        raise WrongSound("NaN or infinite samples")
    CHECKS[workload](audio)


def sines(audio: Audio) -> None:
    steady = audio[SETTLE_SAMPLES : SETTLE_SAMPLES + w.RATE]
    for frequency in w.SINE_FREQUENCIES:
        check_close(f"amplitude at {frequency:g} Hz", amplitude(steady, frequency), w.SINE_AMPLITUDE, 0.02)
    check_close("level", rms(steady), w.SINE_AMPLITUDE * np.sqrt(w.SINES / 2), 0.02)


def chain(audio: Audio) -> None:
    steady = audio[SETTLE_SAMPLES : SETTLE_SAMPLES + w.RATE]
    gain = w.CHAIN_FACTOR ** (w.CHAIN // 2)
    offset = w.CHAIN_TERM * (gain - 1) / (w.CHAIN_FACTOR - 1)
    check_close("offset", steady.mean(), offset, 0.005)
    check_close("amplitude", amplitude(steady - steady.mean(), w.CHAIN_FREQUENCY), w.CHAIN_AMPLITUDE * gain, 0.005)


def stft(audio: Audio) -> None:
    steady = audio[SETTLE_SAMPLES : SETTLE_SAMPLES + w.RATE]
    expected = w.STFT_AMPLITUDE * w.STFT_GAIN
    check_close("amplitude", amplitude(steady, w.STFT_FREQUENCY), expected, 0.005)
    check_close("level", rms(steady), expected / np.sqrt(2), 0.005)


def feedback_fm(audio: Audio) -> None:
    n = 2 * w.RATE
    step = 2 * np.pi * w.OPERATOR_FREQUENCIES / w.RATE
    y = np.zeros(w.OPERATORS)
    expected = np.empty(n)
    for i in range(n):
        y = np.sin(i * step + w.OPERATOR_FEEDBACK * y)
        expected[i] = y.sum() * w.OPERATOR_AMPLITUDE
    measured, expected = audio[SETTLE_SAMPLES:n], expected[SETTLE_SAMPLES:]
    check_close("level", rms(measured), rms(expected), 0.02)
    for harmonic in (1, 2, 3):
        for frequency in harmonic * w.OPERATOR_FREQUENCIES[::5]:
            name = f"amplitude at {frequency:g} Hz"
            check_close(name, amplitude(measured, frequency), amplitude(expected, frequency), 0.05)


def coder(audio: Audio) -> None:
    """Compare the spectrum with that of a NumPy reference; the latency may differ."""
    steady = audio[w.RATE : 2 * w.RATE]
    expected = coder_reference(3 * w.RATE)[w.RATE : 2 * w.RATE]
    check_close("level", rms(steady), rms(expected), 0.02)
    for low, high in pairwise([20, 500, 900, 1100, 2000, 5000, 10000, 20000]):
        name = f"level from {low} to {high} Hz"
        check_close(name, band(steady, low, high), band(expected, low, high), 0.05)


def coder_reference(n: int) -> Audio:
    x = w.CODER_AMPLITUDE * WAVES["saw"](w.CODER_FREQUENCY / w.RATE * np.arange(n) % 1.0)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(w.STFT_SIZE) / w.STFT_SIZE)
    frames = np.lib.stride_tricks.sliding_window_view(x, w.STFT_SIZE)[:: w.STFT_HOP] * window
    spectra = np.fft.rfft(frames)
    level = np.abs(spectra).max(axis=1, keepdims=True)
    y = np.abs(spectra) / level
    for layer, weights in enumerate(w.coder_layers()):
        y = y @ weights.T
        y = 1 / (1 + np.exp(-y)) if layer in w.CODER_SIGMOIDS else np.maximum(y, 0)
    resynthesis = np.fft.irfft(y * level * np.exp(1j * np.angle(spectra))) * window / w.STFT_OVERLAP
    out = np.zeros(n)
    for m, frame in enumerate(resynthesis):
        out[m * w.STFT_HOP : m * w.STFT_HOP + w.STFT_SIZE] += frame
    return out


def comb(audio: Audio) -> None:
    steady = audio[w.RATE : 2 * w.RATE]
    peak = w.COMB_PEAK_AMPLITUDE / (1 - w.COMB_FEEDBACK)
    valley = w.COMB_VALLEY_AMPLITUDE / (1 + w.COMB_FEEDBACK)
    check_close("amplitude on the peak", amplitude(steady, w.COMB_PEAK), peak, 0.02)
    check_close("amplitude in the valley", amplitude(steady, w.COMB_VALLEY), valley, 0.02)


def synth(audio: Audio) -> None:
    """Compare the sound of held notes, for any envelope curve; between notes it must be silent."""
    expected = _synth_reference(int(SECONDS * w.RATE))
    held, silent = [], []
    for start in np.arange(0.0, SECONDS, w.PERIOD):
        held.append(slice(int((start + 0.2) * w.RATE), int((start + w.NOTE) * w.RATE)))
        silent.append(slice(int((start + w.NOTE + 0.35) * w.RATE), int((start + w.PERIOD - 0.02) * w.RATE)))
    join = lambda x, parts: np.concatenate([x[part] for part in parts])  # noqa: E731
    measured, expected = join(audio, held), join(expected, held)
    check_close("level", rms(measured), rms(expected), 0.15)
    edges = [60, 125, 250, 500, 1000, 2000, 4000]
    for low, high in pairwise(edges):
        name = f"level from {low} to {high} Hz"
        check_close(name, band(measured, low, high), band(expected, low, high), 0.25)
    if rms(join(audio, silent)) > 0.03 * rms(measured):
        raise WrongSound("notes do not end")


def _synth_reference(n: int) -> Audio:
    t = np.arange(n) / w.RATE
    at = t % w.PERIOD
    rising = np.interp(at, [0, w.ATTACK, w.ATTACK + w.DECAY, w.PERIOD], [0, 1, w.SUSTAIN, w.SUSTAIN])
    falling = w.SUSTAIN * np.clip(1 - (at - w.NOTE) / w.RELEASE, 0, 1)
    envelope = np.where(at < w.NOTE, rising, falling)
    mix = np.zeros(n)
    for voice in range(w.VOICES):
        y = np.zeros(n)
        for k, shape in enumerate(w.SHAPES):
            modulation = w.FM_DEPTHS[k, voice] * np.sin(2 * np.pi * w.FM_FREQUENCIES[k, voice] * t)
            cycles = (w.FREQUENCIES[k, voice] * t + modulation / (2 * np.pi)) % 1.0
            y += w.AMPLITUDES[k, voice] * WAVES[shape](cycles)
        b, a = low_pass(w.CUTOFFS[voice])
        open_ = (t * w.GATE_FREQUENCIES[voice]) % 1.0 < 0.5
        mix += lfilter(b, a, y * envelope) * open_
    return mix


# One period over a phase of 0…1. The saw rises from -1, the square starts high, the triangle rises from 0.
WAVES: dict[str, Callable[[Audio], Audio]] = {
    "sine": lambda p: np.sin(2 * np.pi * p),
    "saw": lambda p: 2 * p - 1,
    "square": lambda p: np.where(p < 0.5, 1.0, -1.0),
    "triangle": lambda p: 1 - 4 * np.abs((p + 0.25) % 1.0 - 0.5),
}


def low_pass(cutoff: float) -> tuple[Audio, Audio]:
    """Return (b, a) of the two-pole low-pass of Bristow-Johnson's Audio EQ Cookbook."""
    omega = 2 * np.pi * cutoff / w.RATE
    alpha = np.sin(omega) / (2 * w.Q)
    b = np.array([0.5, 1.0, 0.5]) * (1 - np.cos(omega))
    a = np.array([1 + alpha, -2 * np.cos(omega), 1 - alpha])
    return b / a[0], a / a[0]


def amplitude(x: Audio, frequency: float) -> float:
    window = np.hanning(len(x))
    phasor = np.exp(-2j * np.pi * frequency / w.RATE * np.arange(len(x)))
    return float(2 * np.abs(np.sum(window * x * phasor)) / window.sum())


def band(x: Audio, low: float, high: float) -> float:
    spectrum = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2
    frequency = np.fft.rfftfreq(len(x), 1 / w.RATE)
    return float(np.sqrt(spectrum[(frequency >= low) & (frequency < high)].sum()))


def rms(x: Audio) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


def check_close(name: str, measured: float, expected: float, tolerance: float) -> None:
    if abs(measured - expected) > tolerance * abs(expected):
        raise WrongSound(f"{name}: {measured:.5g} instead of {expected:.5g}")


CHECKS: dict[str, Callable[[Audio], None]] = {
    "W1a": sines,
    "W1b": sines,
    "W2": synth,
    "W3": chain,
    "W4": stft,
    "W5a": feedback_fm,
    "W5b": comb,
    "W6": coder,
}
