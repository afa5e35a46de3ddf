"""The notebook display of a sound: waveforms and a player."""

from __future__ import annotations

import base64
import io
import math
import wave
from html import escape

import numpy as np

from .svg import FRAME, PAPER, SIGNAL

MAX_CHANNELS = 8
MAX_PLAYER_BYTES = 16_000_000  # bytes of sound stored in a notebook
WIDTH, HEIGHT = 760, 84  # size of the waveform of a channel in pixels


def sound_html(values: np.ndarray, rate: float) -> str:
    """Return the waveform and a player of a sound, (samples,) or (samples, channels)."""
    values = np.asarray(values)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or values.size == 0 or not np.issubdtype(values.dtype, np.floating):
        shape = " × ".join(map(str, values.shape))
        return f"<div>not a sound: {shape or 'a number'}</div>"
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    samples, channels = values.shape
    peak = float(np.abs(finite).max())
    level = f"{20 * math.log10(peak) + 0.0:.1f} dBFS" if peak > 0 else "silent"
    summary = f"{samples / rate:.2f} s, {channels} channel{'' if channels == 1 else 's'}, {rate:g} Hz, {level}"
    notes = [summary]
    if not np.isfinite(values).all():
        notes.append(f"{int((~np.isfinite(values)).sum())} samples are NaN or Inf")
    if channels > MAX_CHANNELS:
        notes.append(f"the first {MAX_CHANNELS} channels are drawn")
    gain = 1.0 / max(peak, 1.0)
    if gain < 1.0:
        notes.append("the player is attenuated to avoid clipping")
    player, played = _player(finite * gain, rate)
    if played < samples:
        notes.append(f"the player has only the first {played / rate:.0f} s")
    waves = "".join(waveform_svg(finite[:, k]) for k in range(min(channels, MAX_CHANNELS)))
    caption = f"<div style='font-family:system-ui,sans-serif;font-size:12px'>{escape('; '.join(notes))}</div>"
    return f"<div style='max-width:{WIDTH}px'>{waves}{player}{caption}</div>"


def waveform_svg(signal: np.ndarray) -> str:
    """Return a waveform: minimum and maximum per pixel, at full scale or at the peak if it is higher."""
    edges = np.linspace(0, len(signal), min(WIDTH, len(signal)) + 1).astype(int)[:-1]
    high, low = np.maximum.reduceat(signal, edges), np.minimum.reduceat(signal, edges)
    scale = (HEIGHT / 2 - 2) / max(1.0, float(np.abs(signal).max()))
    x = np.linspace(0, WIDTH, len(edges)) if len(edges) > 1 else np.array([0.0])
    above = [f"{a:.1f},{HEIGHT / 2 - b * scale:.1f}" for a, b in zip(x, high)]
    below = [f"{a:.1f},{HEIGHT / 2 - b * scale:.1f}" for a, b in zip(x[::-1], low[::-1])]
    shape = f"<polygon points='{' '.join(above + below)}' fill='{SIGNAL}' stroke='{SIGNAL}' stroke-width='0.8'/>"
    middle = f"<line x1='0' x2='{WIDTH}' y1='{HEIGHT / 2}' y2='{HEIGHT / 2}' stroke='{FRAME}' stroke-width='0.5'/>"
    paper = f"<rect width='{WIDTH}' height='{HEIGHT}' fill='{PAPER}'/>"
    size = f"viewBox='0 0 {WIDTH} {HEIGHT}' style='width:100%;display:block'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{paper}{middle}{shape}</svg>"


def _player(values: np.ndarray, rate: float) -> tuple[str, int]:
    """Return an audio element with the sound as 16-bit WAV, and the number of its samples."""
    channels = min(values.shape[1], 2)
    sound = values[: MAX_PLAYER_BYTES // (2 * channels), :channels]
    if values.shape[1] > 2:  # browsers play two channels
        sound = np.stack([values[: len(sound), k::2].mean(axis=1) for k in range(2)], axis=1)
    wav = io.BytesIO()
    with wave.open(wav, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(round(rate))
        file.writeframes(np.round(sound * 32767.0).astype("<i2").tobytes())
    data = base64.b64encode(wav.getvalue()).decode()
    return f"<audio controls style='width:100%' src='data:audio/wav;base64,{data}'></audio>", len(sound)
