"""The notebook display of a spectrogram: a picture over time and log frequency."""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape

import numpy as np

from .svg import STYLE

WIDTH, HEIGHT = 760, 240  # pixels
LOWEST = 40.0  # Hz
RANGE = 80.0  # dB below the loudest point that are drawn
MARKS = (50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0)  # Hz
COLOURS = np.array(  # from silence to the loudest point
    [[0, 0, 20], [40, 20, 90], [130, 35, 110], [215, 75, 65], [250, 165, 50], [252, 250, 190]], np.float64
)


def spectrogram_html(magnitudes: np.ndarray, rate: float, size: int, hop: int) -> str:
    """Return a picture of magnitudes (bins, frames) of transforms of ``size`` samples, ``hop`` samples apart.

    Frequency is logarithmic from 40 Hz to half of ``rate`` in Hz, colours span 80 dB below the loudest point.
    """
    values = np.asarray(magnitudes, np.float64)
    if values.ndim != 2 or values.size == 0 or rate <= 2.0 * LOWEST:
        return f"<div>not a spectrogram: {escape(' × '.join(map(str, values.shape)) or 'a number')}</div>"
    bins, frames = values.shape
    levels = _levels(values)
    highest = rate / 2.0
    pixels = LOWEST * (highest / LOWEST) ** (np.arange(HEIGHT) / (HEIGHT - 1))
    rows = np.clip(np.round(pixels * size / rate).astype(int), 0, bins - 1)
    picture = _columns(levels[rows][::-1], min(WIDTH, frames))
    data = base64.b64encode(_png(_coloured(picture))).decode()
    image = f"<img src='data:image/png;base64,{data}' style='width:100%;height:{HEIGHT}px;image-rendering:pixelated'>"
    labels = "".join(_mark(hz, highest) for hz in MARKS if LOWEST < hz < highest)
    seconds = frames * hop / rate
    caption = f"{seconds:.2f} s, {frames} frames of {bins} bins, window {size}, hop {hop}, {RANGE:.0f} dB, {rate:g} Hz"
    note = f"<div style='{STYLE};font-size:12px'>{escape(caption)}</div>"
    return f"<div style='max-width:{WIDTH}px'><div style='position:relative'>{image}{labels}</div>{note}</div>"


def _levels(values: np.ndarray) -> np.ndarray:
    """Return magnitudes as positions 0–1 in the range of colours."""
    finite = np.nan_to_num(np.abs(values), nan=0.0, posinf=0.0)
    peak = max(float(finite.max()), 1e-20)
    decibels = 20.0 * np.log10(np.maximum(finite / peak, 1e-20))
    return np.clip(1.0 + decibels / RANGE, 0.0, 1.0)


def _columns(levels: np.ndarray, count: int) -> np.ndarray:
    """Return the loudest level of each of ``count`` columns of pixels."""
    starts = np.linspace(0, levels.shape[1], count + 1).astype(int)[:-1]
    found: np.ndarray = np.maximum.reduceat(levels, starts, axis=1)
    return found


def _coloured(levels: np.ndarray) -> np.ndarray:
    """Return levels 0–1 as colours: uint8 (rows, columns, 3)."""
    places = np.linspace(0.0, 1.0, len(COLOURS))
    channels = [np.interp(levels, places, COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    """Return colours (rows, columns, 3) as a PNG file."""
    rows, columns, _ = pixels.shape
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1)  # no filter
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def _mark(hz: float, highest: float) -> str:
    """Return the label of a frequency at its height."""
    share = 100.0 * (1.0 - np.log(hz / LOWEST) / np.log(highest / LOWEST))
    text = f"{hz / 1000.0:g} kHz" if hz >= 1000.0 else f"{hz:g} Hz"
    look = f"position:absolute;left:4px;top:{share:.1f}%;transform:translateY(-50%);color:#fff;font-size:10px"
    return f"<span style='{STYLE};{look}'>{text}</span>"
