"""Automatic layout follows the signal flow without overlaps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nodegraph.editor.canvas.tidy import layout_layers

ids = [f"n{i}" for i in range(12)]
boxes = st.dictionaries(st.sampled_from(ids), st.tuples(st.floats(100, 300), st.floats(30, 400)), min_size=1)
wires = st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=20)


@given(boxes, wires)
def test_layout_has_no_overlaps(sizes, wires):
    places = layout_layers(sizes, wires)
    assert places.keys() == sizes.keys()
    found = [(x, y, x + sizes[id][0], y + sizes[id][1]) for id, (x, y) in places.items()]
    for i, box in enumerate(found):
        for other in found[:i]:
            assert box[0] >= other[2] or other[0] >= box[2] or box[1] >= other[3] or other[1] >= box[3]


@given(boxes, wires)
def test_wires_point_from_left_to_right_or_to_a_lower_band(sizes, wires):
    forward = [(a, b) for a, b in wires if a < b and a in sizes and b in sizes]
    places = layout_layers(sizes, forward)
    for a, b in forward:
        assert places[a][0] < places[b][0] or places[a][1] + sizes[a][1] < places[b][1]


def test_short_chain_is_laid_out_in_one_row():
    sizes = dict.fromkeys(ids[:4], (180.0, 100.0))
    places = layout_layers(sizes, list(zip(ids, ids[1:4])))
    assert len({y for _, y in places.values()}) == 1
    assert [id for id, _ in sorted(places.items(), key=lambda item: item[1])] == ids[:4]


def test_long_chain_is_laid_out_like_lines_of_text():
    sizes = dict.fromkeys(ids, (180.0, 100.0))
    places = layout_layers(sizes, list(zip(ids, ids[1:])))
    assert [id for id, _ in sorted(places.items(), key=lambda item: item[1][::-1])] == ids
    width = max(x for x, _ in places.values()) + 180.0
    height = max(y for _, y in places.values()) + 100.0
    assert width < 3.0 * height
