"""Charts of reproductions, by their pixels, and tables in Markdown."""

import io

import numpy as np
import pytest

from nodegraph.learn.reproduce.chart import COLOURS, LEFT, RIGHT, WIDTH, Chart, ChartLine, charts_png
from nodegraph.learn.reproduce.markdown import table_lines

pil = pytest.importorskip("PIL.Image")


def columns_of_line(chart):
    """Return the first and last column of pixels in the chart with the colour of its only line."""
    pixels = np.asarray(pil.open(io.BytesIO(charts_png([chart], ""))))[:300]
    columns = np.nonzero((pixels == COLOURS[0]).all(axis=2).any(axis=0))[0]
    return columns[0], columns[-1]


def test_axis_with_a_step_spans_zero_to_one():
    line = ChartLine("curve", [(0.25, 1.0), (0.5, 2.0)])
    first, last = columns_of_line(Chart("chart", [line], x_step=0.25))
    width = WIDTH - LEFT - RIGHT
    assert abs(first - (LEFT + 0.25 * width)) < 3 and abs(last - (LEFT + 0.5 * width)) < 3


def test_axis_without_a_step_begins_with_the_first_point():
    first, last = columns_of_line(Chart("chart", [ChartLine("curve", [(3.0, 1.0), (9.0, 2.0)])]))
    assert abs(first - LEFT) < 3 and abs(last - (WIDTH - RIGHT)) < 3


def test_markdown_table_aligns_numbers_to_the_right():
    assert table_lines(["net", "error"], [["a", "1"]]) == ["| net | error |", "| --- | ---: |", "| a | 1 |", ""]
