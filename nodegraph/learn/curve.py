"""The loss over the epochs of a training, written as a table and a picture next to the model."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodegraph.files.atomic import write_atomic
from nodegraph.installation import install_command

if TYPE_CHECKING:
    from .stage import EpochResult

WIDTH, HEIGHT = 900, 420  # pixels
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 34, 40
PAPER, INK, FAINT = (255, 255, 255), (40, 40, 40), (225, 225, 225)
COLOURS = {"train": (70, 130, 200), "valid": (215, 95, 45)}


def save_curve(rows: Sequence[EpochResult], model: Path) -> list[str]:
    """Write MODEL.csv and MODEL.png (the model's name without its suffix). Return a line for each failure."""
    notes = []
    for ending, make in ((".csv", curve_csv), (".png", curve_png)):
        try:
            write_atomic(model.with_suffix(ending), make(rows))
        except ImportError:
            notes.append(f"Pillow not found: no picture of the loss. Install it: {install_command('pillow')}")
        except OSError as error:
            notes.append(f"{model.with_suffix(ending)}: the loss curve is not writable ({error.strerror or error}).")
    return notes


def curve_csv(rows: Sequence[EpochResult]) -> bytes:
    """Return a CSV table with one row per epoch: stage, epoch, train, valid, rate, seconds."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["stage", "epoch", "train", "valid", "rate", "seconds"])
    for row in rows:
        losses = ["" if math.isnan(loss) else f"{loss:.8g}" for loss in (row.train, row.valid)]
        table.writerow([row.stage, row.epoch, *losses, f"{row.rate:.6g}", f"{row.seconds:.2f}"])
    return text.getvalue().encode()


def curve_png(rows: Sequence[EpochResult]) -> bytes:
    """Return a PNG of both losses on a logarithmic scale, with all stages in sequence."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    values = [v for row in rows for v in (row.train, row.valid) if math.isfinite(v) and v > 0]
    low, high = _decades(min(values, default=0.1), max(values, default=1.0))

    def place(index: float, value: float) -> tuple[float, float]:
        x = LEFT + index / max(len(rows) - 1, 1) * (WIDTH - LEFT - RIGHT)
        share = (math.log10(max(value, 10**low)) - low) / (high - low)
        return x, TOP + (1.0 - min(share, 1.0)) * (HEIGHT - TOP - BOTTOM)

    _draw_grid(draw, low, high, place)
    _draw_stages(draw, rows, place)
    for name, colour in COLOURS.items():
        points = [place(i, v) for i, row in enumerate(rows) if math.isfinite(v := getattr(row, name)) and v > 0]
        if len(points) > 1:
            draw.line(points, fill=colour, width=2)
        x = WIDTH - RIGHT - (170 if name == "train" else 80)
        draw.line([(x - 24, 16), (x - 6, 16)], fill=colour, width=3)
        draw.text((x, 16), "training" if name == "train" else "validation", fill=INK, anchor="lm")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _decades(minimum: float, maximum: float) -> tuple[float, float]:
    """Return exponents of ten that enclose all values, in steps of 0.5 so that a flat curve fills the picture."""
    low, high = math.floor(2 * math.log10(minimum)) / 2, math.ceil(2 * math.log10(maximum)) / 2
    return low, max(high, low + 0.5)


def _draw_grid(draw: Any, low: float, high: float, place: Any) -> None:
    for power in range(math.floor(low), math.ceil(high) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0**power
            if low - 1e-9 <= math.log10(value) <= high + 1e-9:
                y = place(0, value)[1]
                draw.line([(LEFT, y), (WIDTH - RIGHT, y)], fill=FAINT)
                draw.text((LEFT - 8, y), f"{value:.0e}", fill=INK, anchor="rm")
    draw.text((12, 16), "loss", fill=INK, anchor="lm")


def _draw_stages(draw: Any, rows: Sequence[EpochResult], place: Any) -> None:
    """Draw a line at the start of each stage, its name, and its last epoch below."""
    for i, row in enumerate(rows):
        x = place(i, 1.0)[0]
        if row.epoch == 0 or i == 0:
            draw.line([(x, TOP), (x, HEIGHT - BOTTOM)], fill=INK)
            draw.text((x + 6, HEIGHT - 12), row.stage, fill=INK, anchor="lm")
        last = i + 1 == len(rows) or rows[i + 1].epoch == 0
        if last:
            draw.text((x, HEIGHT - BOTTOM + 10), f"epoch {row.epoch}", fill=INK, anchor="rm")
