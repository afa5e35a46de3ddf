"""The picture of the loss shows both curves where they are."""

import io
import math

import numpy as np
import pytest

image = pytest.importorskip("PIL.Image")
pytest.importorskip("torch")

from nodegraph.learn.curve import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH, curve_png  # noqa: E402
from nodegraph.learn.stage import EpochResult  # noqa: E402


def rows(count=50, stage="training"):
    return [EpochResult(stage, i, math.nan if i == 0 else 10.0 ** (-i / 25), 0.5, 1e-3, i) for i in range(count + 1)]


def heights(pixels, colour, x):
    """Rows of a column that have a colour, below the legend."""
    return np.flatnonzero((pixels[TOP:, x] == colour).all(axis=1)) + TOP


def test_curves_lie_where_their_values_are():
    pixels = np.asarray(image.open(io.BytesIO(curve_png(rows()))))
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    inner = HEIGHT - TOP - BOTTOM
    for share in (0.3, 0.6, 0.9):  # from 10⁻⁰·⁰⁴ to 10⁻²: the picture spans 1 to 0.01
        x = round(LEFT + share * (WIDTH - LEFT - RIGHT))
        assert heights(pixels, COLOURS["train"], x).mean() == pytest.approx(TOP + share * inner, abs=3)
        assert heights(pixels, COLOURS["valid"], x).mean() == pytest.approx(TOP - math.log10(0.5) / 2 * inner, abs=3)


@pytest.mark.parametrize("given", [rows(0), rows(1), [], rows(5) + rows(5, "fine-tuning")])
def test_any_number_of_epochs_can_be_drawn(given):
    assert image.open(io.BytesIO(curve_png(given))).size == (WIDTH, HEIGHT)


def test_losses_that_cannot_be_drawn_are_left_out():
    odd = [EpochResult("a", i, v, v, 1e-3, 0.0) for i, v in enumerate([1.0, 0.0, math.inf, math.nan, 0.1])]
    assert image.open(io.BytesIO(curve_png(odd))).size == (WIDTH, HEIGHT)
