"""The loss over the epochs: the paper's settings and ours, dropout against a penalty, biases, a ReLU output."""

from ...frames import FrameSets
from ..chart import Chart, ChartLine, charts_png
from ..colonel import FEATURES, SOURCE
from ..figure import Net, PaperFigure, Trained
from ..markdown import table_lines

WIDTH, EPOCHS, QUICK = "64", 30, 12
NETS = {
    "ours": Net("colonel-1", WIDTH, EPOCHS, QUICK, FEATURES),
    "paper's settings": Net("colonel-1-literal", WIDTH, EPOCHS, QUICK, FEATURES),
    "dropout 0.2": Net("colonel-1", WIDTH, EPOCHS, QUICK, {**FEATURES, "layer.dropout": 0.2}),
    "L2 1e-7": Net("colonel-1", WIDTH, EPOCHS, QUICK, {**FEATURES, "layer.l2": 1e-7}),
    "with bias": Net("colonel-1", WIDTH, EPOCHS, QUICK, {**FEATURES, "layer.bias": True}),
    "ReLU output": Net("colonel-1", WIDTH, EPOCHS, QUICK, {**FEATURES, "layer.decoder": "relu", "training.rate": 1e-3}),
}


def draw(trained: Trained, frames: FrameSets) -> bytes:
    lines = [
        ChartLine(label, [(row.epoch, 1000.0 * row.valid) for row in result.rows if row.epoch > 0])
        for label, result in trained.items()
    ]
    return charts_png([Chart("validation error per bin, 1/1000", lines, "epoch")], "64 units, frames scaled to 1")


def table(trained: Trained, frames: FrameSets) -> list[str]:
    rows = [
        [label, f"{result.rows[-1].train:.2e}", f"{min(row.valid for row in result.rows):.2e}"]
        for label, result in trained.items()
    ]
    return table_lines(["net", "last epoch, training frames", "best epoch, validation frames"], rows)


FIGURE = PaperFigure("Colonel, Curro & Keene: regularisation, biases and output", SOURCE, NETS, draw, table)
