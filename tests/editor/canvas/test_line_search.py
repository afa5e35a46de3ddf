"""Ways along free lines have as few bends as possible, and meet no box."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.canvas.line_search import Lines, find_ways, free_lines

ENDS = (-500.0, 500.0)


def lines(*rows):
    return Lines(*np.array(rows, float).reshape(-1, 3).T)


def test_free_parts_of_a_line_lie_between_boxes_that_it_would_meet():
    boxes = np.array([[0.0, 0.0, 10.0, 10.0], [5.0, 8.0, 20.0, 30.0], [100.0, 0.0, 110.0, 40.0]])
    found = free_lines(boxes, 1, np.array([9.0, 25.0, 50.0]), 0.0, ENDS)
    assert found.at.tolist() == [9.0, 9.0, 9.0, 25.0, 25.0, 25.0, 50.0]
    assert found.low.tolist() == [-500.0, 20.0, 110.0, -500.0, 20.0, 110.0, -500.0]
    assert found.high.tolist() == [0.0, 100.0, 500.0, 5.0, 100.0, 500.0, 500.0]


def test_lines_keep_the_gap_to_boxes_beside_them():
    boxes = np.array([[0.0, 0.0, 10.0, 10.0]])
    found = free_lines(boxes, 0, np.array([12.9, 13.1]), 3.0, ENDS)
    assert found.at.tolist() == [12.9, 12.9, 13.1]


@pytest.mark.parametrize(
    ("upright", "across", "corners"),
    [
        ([(50.0, *ENDS)], [], [(0.0, 0.0), (50.0, 0.0), (50.0, 40.0), (100.0, 40.0)]),
        (
            [(20.0, *ENDS), (60.0, *ENDS), (30.0, 10.0, 30.0)],
            [(20.0, 0.0, 100.0)],
            [(0.0, 0.0), (20.0, 0.0), (20.0, 40.0), (100.0, 40.0)],
        ),
        (
            [(20.0, -10.0, 30.0), (60.0, 10.0, 60.0), (90.0, 10.0, 60.0)],
            [(20.0, 0.0, 100.0)],
            [(0.0, 0.0), (20.0, 0.0), (20.0, 20.0), (60.0, 20.0), (60.0, 40.0), (100.0, 40.0)],
        ),
        ([(50.0, -10.0, 10.0)], [(20.0, *ENDS)], None),
    ],
)
def test_way_has_the_fewest_bends_and_is_the_shortest_of_these(upright, across, corners):
    first, last = lines((0.0, 5.0, 500.0)), lines((40.0, -500.0, 95.0))
    ways = find_ways(first, last, (0.0, 0.0), (100.0, 40.0), lines(*across), lines(*upright))
    assert (ways[0] if ways else None) == corners
