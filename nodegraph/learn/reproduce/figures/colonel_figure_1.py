"""A frame and its reconstructions by nets of several widths."""

import numpy as np

from ...frames import FrameSets
from ..chart import Chart, ChartLine, charts_png
from ..colonel import FEATURES, SOURCE
from ..figure import Net, PaperFigure, Trained, loudest_frame
from ..markdown import table_lines

WIDTHS = ("8", "16", "64", "256")
SHOWN = 5000.0  # Hz


def draw(trained: Trained, frames: FrameSets) -> bytes:
    frame = loudest_frame(frames.test)
    hertz = np.linspace(0.0, frames.features.rate / 2, frame.shape[1])
    shown = hertz <= SHOWN
    charts = []
    for label, result in trained.items():
        features, _ = result.model.normalise(frame)
        made = result.model.decode(result.model.encode(features))
        lines = [
            ChartLine(name, list(zip(hertz[shown] / 1000.0, values[0][shown])))
            for name, values in (("input", features), ("reconstruction", made))
        ]
        charts.append(Chart(f"{label} units", lines, "kHz"))
    return charts_png(charts, "Magnitudes of a test frame, scaled to a maximum of 1")


def table(trained: Trained, frames: FrameSets) -> list[str]:
    frame = loudest_frame(frames.test)
    rows = []
    for label, result in trained.items():
        features, _ = result.model.normalise(frame)
        error = np.square(result.model.decode(result.model.encode(features)) - features).mean()
        rows.append([label, f"{error:.2e}", f"{result.errors['features']['test']['mean']:.2e}"])
    return table_lines(["units", "this frame", "all test frames"], rows)


FIGURE = PaperFigure(
    "Colonel, Curro & Keene, figure 1: a frame and its reconstructions",
    SOURCE,
    {width: Net("colonel-1", width, 25, 8, FEATURES) for width in WIDTHS},
    draw,
    table,
)
