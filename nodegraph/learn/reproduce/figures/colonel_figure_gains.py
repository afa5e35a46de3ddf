"""The level under gains: with biases and with sigmoid outputs, pulling all faders down leaves noise."""

import numpy as np

from nodegraph.models.autoencoder import Autoencoder

from ...frames import FrameSets
from ..chart import Chart, ChartLine, charts_png
from ..colonel import FEATURES, SOURCE
from ..figure import Net, PaperFigure, Trained
from ..markdown import table_lines

GAINS = np.linspace(0.0, 1.0, 21)
SILENCE = -80.0  # dB, the lowest level that is drawn
RELU = {**FEATURES, "layer.decoder": "relu", "training.rate": 1e-3}
NETS = {
    "sigmoid, no bias": Net("colonel-1", "64", 30, 10, FEATURES),
    "sigmoid, bias": Net("colonel-1", "64", 30, 10, {**FEATURES, "layer.bias": True}),
    "ReLU, no bias": Net("colonel-1", "64", 30, 10, {**RELU, "layer.encoder": "relu"}),
    "ReLU, bias": Net("colonel-1", "64", 30, 10, {**RELU, "layer.encoder": "relu", "layer.bias": True}),
}


def levels(model: Autoencoder, frames: FrameSets) -> list[float]:
    """Return the level in dB, relative to that of the input, of test frames as the net makes them at each gain."""
    features, _ = model.normalise(frames.test[:: max(1, len(frames.test) // 500)])
    code, found = model.encode(features), []
    for gain in GAINS:
        energy = np.square(model.decode((gain * code).astype(np.float32))).sum() / np.square(features).sum()
        found.append(max(10.0 * np.log10(max(energy, 1e-12)), SILENCE))
    return found


def draw(trained: Trained, frames: FrameSets) -> bytes:
    lines = [ChartLine(label, list(zip(GAINS, levels(result.model, frames)))) for label, result in trained.items()]
    chart = Chart("level of the output, dB", lines, "gain of all units", x_step=0.2)
    return charts_png([chart], "64 units; the instrument gives each frame its level, so that it falls with the gain")


def table(trained: Trained, frames: FrameSets) -> list[str]:
    shown = [20, 10, 4, 2, 1, 0]
    rows = [[label, *(f"{levels(result.model, frames)[k]:.1f}" for k in shown)] for label, result in trained.items()]
    return table_lines(["dB of the input at a gain of", *(f"{GAINS[k]:g}" for k in shown)], rows)


FIGURE = PaperFigure("Colonel, Curro & Keene: noise floor under gains", SOURCE, NETS, draw, table)
