"""Readout of a wire as drawings and text, for the pointer, probes and displays in blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..view import Drawing
from .protocol import Reading

WAVE_SECONDS = 0.025
SLOW_SECONDS = 0.7  # seconds shown of a signal too slow for WAVE_SECONDS
DIVISIONS = 10  # of the time axis
SPECTRUM_SIZE = 4096
QUIETEST = -120.0  # dB


@dataclass(frozen=True)
class Readout:
    """Drawings from top to bottom, with lines of text below."""

    drawings: tuple[Drawing, ...]
    lines: tuple[str, ...]


def decibels(amplitude: float) -> str:
    """Format an amplitude as a level in dB relative to full scale."""
    return f"{round(20.0 * float(np.log10(max(amplitude, 1e-6))), 1) + 0.0:.1f} dB"


def samples_needed(rate: float) -> int:
    """Return the number of samples that a readout of a signal needs."""
    return max(SPECTRUM_SIZE, round(SLOW_SECONDS * rate))


def readout(reading: Reading) -> Readout:
    """Return the readout of an output: level, waveform and spectrum, or frames."""
    if reading.frames is not None:
        return _of_frames(reading)
    samples = reading.samples if reading.samples is not None else np.zeros((1, 2), np.float32)
    clean = np.nan_to_num(samples)
    count = round(WAVE_SECONDS * reading.rate)
    rms = np.sqrt(np.mean(clean[:, -SPECTRUM_SIZE:] ** 2, axis=1)) if clean.size else np.zeros(1)
    peak = np.abs(clean[:, -SPECTRUM_SIZE:]).max(axis=1) if clean.size else np.zeros(1)
    levels = f"peak {decibels(float(peak.max()))}   rms {decibels(float(rms.max()))}"
    mean = float(clean[:, -SPECTRUM_SIZE:].mean()) if clean.size else 0.0
    now = float(clean[0, -1]) if clean.size else 0.0
    lanes = f"{len(samples)} lane{'s' if len(samples) > 1 else ''}"
    lines = [levels, f"now {now:.4g}   mean {mean:.4g}", f"{lanes}   {reading.rate:g} Hz   latency {reading.latency}"]
    if reading.nans:
        lines.append(f"{reading.nans} NaN or infinite values")
    return Readout((wave(clean, count, reading.rate, slow=True), spectrum(clean, reading.rate)), tuple(lines))


def wave(samples: np.ndarray, count: int, rate: float, slow: bool = False) -> Drawing:
    """Return the drawing of ``count`` samples, triggered at a rise through the mean like an oscilloscope.

    With ``slow``, a signal with fewer than four crossings in 3 * ``count`` samples is drawn in full, untriggered.
    """
    latest = samples[0, -3 * count :]
    middle = float(latest.mean())
    crossings = np.count_nonzero(np.diff(latest >= middle))
    if slow and crossings < 4:
        return _traces(samples, rate)
    return scope(samples, count, rate, level=middle)


def scope(samples: np.ndarray, count: int, rate: float, trigger: str = "rise", level: float = 0.0) -> Drawing:
    """Return the drawing of ``count`` samples of (lanes, samples) from the latest trigger in the first lane.

    ``trigger`` is "rise" or "fall" through ``level``, or "free": the latest samples.
    """
    samples = samples[:, -max(4 * count, 2) :]
    first = samples[0] if trigger != "fall" else -samples[0]
    level = level if trigger != "fall" else -level
    search = first[: max(len(first) - count, 1)]
    starts = np.flatnonzero((search[:-1] < level) & (search[1:] >= level))
    start = int(starts[-1]) + 1 if len(starts) and trigger != "free" else max(len(first) - count, 0)
    return _traces(samples[:, start : start + count], rate)


def _traces(part: np.ndarray, rate: float) -> Drawing:
    """Return the drawing of samples, with the top of the y axis and the time of a division as text."""
    low, high = _span(part)
    division = part.shape[1] / rate / DIVISIONS
    text = f"{high:.3g}   {1000.0 * division:.3g} ms/div"
    return Drawing("wave", np.ascontiguousarray(part), low, high, text)


def _span(values: np.ndarray) -> tuple[float, float]:
    """Return the (low, high) of a y axis in steps of 1, 2, 5, 10, … that contains the values."""
    peak = float(np.abs(values).max()) if values.size else 1.0
    if peak <= 1.0:
        step = 1.0 if peak > 0.1 else 0.1 if peak > 0.01 else 0.01
    else:
        power = 10.0 ** np.floor(np.log10(peak))
        step = float(next(power * k for k in (1, 2, 5, 10, 20) if power * k >= peak))
    low = 0.0 if values.size and float(values.min()) >= 0.0 and peak > 1.0 else -step
    return low, step


def spectrum(samples: np.ndarray, rate: float) -> Drawing:
    """Return the magnitude spectrum with a Hann window, in dB; 0 dB is a full-scale sine."""
    size = min(SPECTRUM_SIZE, 1 << (samples.shape[1].bit_length() - 1))
    window = np.hanning(size + 1)[:size]
    bins = np.abs(np.fft.rfft(samples[:4, -size:] * window, axis=1)) * (2.0 / window.sum())
    levels = 20.0 * np.log10(np.maximum(bins, 1e-7))
    return Drawing("spectrum", levels, -100.0, 6.0, "", axis=(20.0, rate / 2.0), unit="Hz")


def _of_frames(reading: Reading) -> Readout:
    frames = np.asarray(reading.frames)
    bins = frames.shape[1] if frames.ndim == 2 else 0
    last = frames[-1] if len(frames) else np.zeros(1)
    lines = [f"{bins} {reading.kind} values per frame", f"{reading.rate:.4g} frames/s   latency {reading.latency}"]
    if reading.nans:
        lines.append(f"{reading.nans} NaN or infinite values")
    if reading.kind == "latent":
        return Readout((bars(last, reading.names),), tuple(lines))
    return Readout((spectrogram(frames, reading.kind),), tuple(lines))


def bars(values: np.ndarray, names: tuple[str, ...]) -> Drawing:
    """Return a bar chart of the units of a code."""
    low, high = _span(values)
    if float(np.min(values, initial=0.0)) >= 0.0:
        low = 0.0
    shown = names or tuple(str(i) for i in range(len(values)))
    return Drawing("bars", np.ascontiguousarray(values, np.float64), low, high, "", shown)


def spectrogram(frames: np.ndarray, kind: str) -> Drawing:
    """Return frames as columns: levels down to 80 dB below the loudest; phases from 0 to 2π."""
    if kind == "phase":
        part = np.mod(frames, 2.0 * np.pi) / (2.0 * np.pi)
    else:
        levels = 20.0 * np.log10(np.maximum(np.abs(frames), 1e-9))
        top = max(float(levels.max(initial=QUIETEST)), -40.0)
        part = (levels - (top - 80.0)) / 80.0
    return Drawing("spectrogram", np.ascontiguousarray(np.clip(part, 0.0, 1.0), np.float32), 0.0, 1.0)


def meter(samples: np.ndarray) -> Drawing:
    """Return RMS and peak of each lane in dBFS."""
    clean = np.nan_to_num(samples)
    rms = 20.0 * np.log10(np.maximum(np.sqrt(np.mean(clean**2, axis=1)), 1e-6))
    peak = 20.0 * np.log10(np.maximum(np.abs(clean).max(axis=1), 1e-6))
    return Drawing("meter", np.column_stack([rms, peak]), -60.0, 6.0)
