"""The picture of the loss: both curves, any number of epochs."""

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
    """Return the rows of a pixel column with a colour, below the legend."""
    return np.flatnonzero((pixels[TOP:, x] == colour).all(axis=1)) + TOP


def test_curves_are_drawn_at_their_values():
    pixels = np.asarray(image.open(io.BytesIO(curve_png(rows()))))
    assert pixels.shape == (HEIGHT, WIDTH, 3)
    inner = HEIGHT - TOP - BOTTOM
    for share in (0.3, 0.6, 0.9):  # from 10⁻⁰·⁰⁴ to 10⁻²: the picture spans 1 to 0.01
        x = round(LEFT + share * (WIDTH - LEFT - RIGHT))
        assert heights(pixels, COLOURS["train"], x).mean() == pytest.approx(TOP + share * inner, abs=3)
        assert heights(pixels, COLOURS["valid"], x).mean() == pytest.approx(TOP - math.log10(0.5) / 2 * inner, abs=3)


@pytest.mark.parametrize("given", [rows(0), rows(1), [], rows(5) + rows(5, "fine-tuning")])
def test_curve_can_be_drawn_for_any_number_of_epochs(given):
    assert image.open(io.BytesIO(curve_png(given))).size == (WIDTH, HEIGHT)


def test_curve_leaves_out_zero_and_non_finite_losses():
    odd = [EpochResult("a", i, v, v, 1e-3, 0.0) for i, v in enumerate([1.0, 0.0, math.inf, math.nan, 0.1])]
    assert image.open(io.BytesIO(curve_png(odd))).size == (WIDTH, HEIGHT)
