"""Images with titles in rows of three, as a PNG."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nodegraph.learn.reproduce.chart import COLUMNS, INK, PAPER, WIDTH

HEIGHT, TITLE, MARGIN = 260, 24, 14  # pixels: of a panel, of its title, around its image


@dataclass(frozen=True)
class Panel:
    """An image with a title: uint8 (rows, columns, 3), low rows at the bottom."""

    title: str
    image: np.ndarray


def spectrogram_image(magnitudes: np.ndarray, decibels: float = 70.0) -> np.ndarray:
    """Return levels of magnitudes (bins, frames), down to ``decibels`` below the largest, as grey: uint8."""
    levels = 20.0 * np.log10(np.maximum(magnitudes / max(float(magnitudes.max()), 1e-20), 10.0 ** (-decibels / 20.0)))
    grey = np.rint(255.0 * (1.0 + levels / decibels)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def panels_png(panels: Sequence[Panel], above: bytes | None = None) -> bytes:
    """Return a PNG of panels, below another PNG. Needs Pillow."""
    from PIL import Image, ImageDraw

    top = Image.open(io.BytesIO(above)) if above is not None else None
    start = 0 if top is None else top.height
    rows = math.ceil(len(panels) / COLUMNS)
    sheet = Image.new("RGB", (max(COLUMNS * WIDTH, 0 if top is None else top.width), start + rows * HEIGHT), PAPER)
    if top is not None:
        sheet.paste(top, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for number, panel in enumerate(panels):
        x, y = number % COLUMNS * WIDTH + MARGIN, start + number // COLUMNS * HEIGHT
        draw.text((x, y + TITLE // 2), panel.title, fill=INK, anchor="lm")
        picture = Image.fromarray(np.ascontiguousarray(panel.image[::-1]))
        sheet.paste(picture.resize((WIDTH - 2 * MARGIN, HEIGHT - TITLE - MARGIN)), (x, y + TITLE))
    data = io.BytesIO()
    sheet.save(data, "PNG")
    return data.getvalue()
