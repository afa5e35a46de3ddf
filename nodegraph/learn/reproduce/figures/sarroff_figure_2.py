"""Spectrograms of test frames and of their reconstructions by a deep net, 256-8."""

import io

import numpy as np

from ...frames import FrameSets
from ..figure import Net, PaperFigure, Trained
from ..markdown import table_lines
from ..sarroff import FEATURES, MEAN, SOURCE

FRAMES, RANGE = 400, 60.0  # frames and dB that are drawn
NET = "256-8"


def pictures(trained: Trained, frames: FrameSets) -> tuple[np.ndarray, np.ndarray]:
    """Return magnitudes (frames, bins) of test frames, and of their reconstructions."""
    shown = frames.test[:FRAMES]
    model = next(iter(trained.values())).model
    return shown, model.reconstruct(shown)


def draw(trained: Trained, frames: FrameSets) -> bytes:
    from PIL import Image, ImageDraw

    original, made = pictures(trained, frames)
    highest = original.max()
    images = []
    for values in (original, made):
        decibels = 20.0 * np.log10(np.maximum(values, 1e-12) / highest)
        grey = np.clip(255.0 * (1.0 + decibels / RANGE), 0, 255).astype(np.uint8)
        images.append(Image.fromarray(255 - grey.T[::-1]).resize((2 * len(values), 400)))
    wide, high = images[0].size
    sheet = Image.new("L", (wide + 20, 2 * (high + 30)), 255)
    write = ImageDraw.Draw(sheet)
    for number, (title, image) in enumerate(zip(("original", f"reconstruction by {NET}-256"), images)):
        write.text((10, number * (high + 30) + 8), f"{title}, 0 to {frames.features.rate / 2000:g} kHz", fill=0)
        sheet.paste(image, (10, number * (high + 30) + 25))
    data = io.BytesIO()
    sheet.save(data, "PNG")
    return data.getvalue()


def table(trained: Trained, frames: FrameSets) -> list[str]:
    rows = [[label, f"{result.errors['features']['test']['relative']:.3f}"] for label, result in trained.items()]
    return table_lines(["net", "test error, relative to the mean"], rows)


FIGURE = PaperFigure(
    "Sarroff & Casey, figure 2: spectrogram and its reconstruction by 256-8",
    SOURCE,
    {NET: Net("sarroff-deep", NET, 60, 12, FEATURES)},
    draw,
    table,
    MEAN,
    1024,
)
