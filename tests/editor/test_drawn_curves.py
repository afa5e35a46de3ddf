"""Curves in nodes: points are dragged, added and removed, each as one undo step."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.drawn_curve import curve_drawing, curve_view
from nodegraph.editor.events import Click, CurveClick, CurveDrag, NodeAt

POINTS = "0.1:1, 0.3:0.5:-4, 1:0:-4"
ID = "breakpoints1"


@pytest.fixture
def curve(user):
    user.add("breakpoints")
    user.enter(f"{ID}.points", POINTS)
    return user


def place(user, x, y):
    return curve_view(user.desk, ID).place((x, y))


def drag(user, start, *ends):
    pressed = place(user, *start)
    places = [place(user, *end) for end in ends]
    for k, at in enumerate(places):
        user.send(CurveDrag(ID, pressed, at, k == len(places) - 1))


def click(user, at, button):
    user.send(CurveClick(ID, place(user, *at), Click((5.0, 5.0), NodeAt(ID), button, button == "left")))


def test_drawing_is_the_envelope_with_its_points(curve):
    drawing = curve_drawing(curve.desk, ID)
    times = np.linspace(*drawing.axis, drawing.data.shape[1])
    assert drawing.axis == (0.0, 1.25) and (drawing.low, drawing.high) == (0.0, 1.0)
    assert drawing.marks == ((0.1, 1.0), (0.3, 0.5), (1.0, 0.0))
    bent = 1.0 - 0.5 * (1 - np.exp(-4 * (times - 0.1) / 0.2)) / (1 - np.exp(-4))
    between = (times > 0.1) & (times < 0.3)
    assert drawing.data[0][between] == pytest.approx(bent[between])
    assert np.interp(0.05, times, drawing.data[0]) == pytest.approx(0.5) and drawing.data[0][-1] == 0.0
    assert curve.view.nodes[ID].display == "curve"


def test_dragged_point_is_one_undo_step_at_the_end(curve):
    before = curve.document
    pressed, moved = place(curve, 0.3, 0.5), place(curve, 0.4, 0.75)
    curve.send(CurveDrag(ID, pressed, moved))
    assert curve.document is before and curve_drawing(curve.desk, ID).marks[1] == pytest.approx((0.4, 0.75))
    curve.send(CurveDrag(ID, pressed, moved, True))
    assert curve.value(f"{ID}.points") == "0.1:1, 0.4:0.75:-4, 1:0:-4"
    curve.press("ctrl+z")
    assert curve.value(f"{ID}.points") == POINTS


def test_point_stays_between_its_neighbours_and_in_the_range(curve):
    drag(curve, (0.3, 0.5), (0.6, 0.5), (5.0, 9.0))
    assert curve.value(f"{ID}.points") == "0.1:1, 1:1:-4, 1:0:-4"


def test_drag_beside_points_or_back_to_the_start_changes_nothing(curve):
    before = curve.document
    drag(curve, (0.7, 0.8), (0.2, 0.2))
    drag(curve, (0.3, 0.5), (0.6, 0.6), (0.3, 0.5))
    assert curve.document is before and curve_drawing(curve.desk, ID).marks[1] == (0.3, 0.5)


def test_added_and_removed_points_keep_the_point_that_is_held(curve):
    click(curve, (0.2, 0.25), "left")
    assert curve.value(f"{ID}.points") == "0.1:1, 0.2:0.25, 0.3:0.5:-4, 1:0:-4" and curve.value(f"{ID}.hold") == 3
    click(curve, (0.1, 1.0), "right")
    assert curve.value(f"{ID}.points") == "0.2:0.25, 0.3:0.5:-4, 1:0:-4" and curve.value(f"{ID}.hold") == 2
    curve.press("ctrl+z", "ctrl+z")
    assert curve.value(f"{ID}.points") == POINTS and curve.value(f"{ID}.hold") is None


def test_right_click_beside_points_opens_the_menu(curve):
    before = curve.document
    curve.view.menu = None
    click(curve, (0.7, 0.8), "right")
    assert curve.document is before and curve.view.menu is not None


def test_last_point_is_kept(curve):
    curve.enter(f"{ID}.points", "0.1:1")
    click(curve, (0.1, 1.0), "right")
    assert curve.value(f"{ID}.points") == "0.1:1"


def test_wrong_points_have_no_drawing(curve):
    curve.enter(f"{ID}.points", "a:b")
    assert curve_drawing(curve.desk, ID) is None
    curve.send(CurveDrag(ID, (0.5, 0.5), (0.6, 0.6), True))
    assert curve.value(f"{ID}.points") == "a:b"


def test_points_of_a_waveshaper_stay_apart_and_two_remain(user):
    user.add("waveshaper")
    user.enter("waveshaper1.curve", "1:0.8, -1:-0.8, 0:0.5")
    view = curve_view(user.desk, "waveshaper1")
    assert (view.x, view.y) == ((-1.0, 1.0), (-1.0, 1.0))
    drawing = curve_drawing(user.desk, "waveshaper1")
    assert np.interp(0.0, np.linspace(-1, 1, drawing.data.shape[1]), drawing.data[0]) == pytest.approx(0.5, abs=0.01)
    user.send(CurveDrag("waveshaper1", view.place((0.0, 0.5)), view.place((1.0, 0.5)), True))
    assert user.value("waveshaper1.curve") == "-1:-0.8, 0.999:0.5, 1:0.8"
    for x, y in ((1.0, 0.8), (0.999, 0.5)):
        click = Click((5.0, 5.0), NodeAt("waveshaper1"), "right")
        user.send(CurveClick("waveshaper1", view.place((x, y)), click))
    assert user.value("waveshaper1.curve") == "-1:-0.8, 0.999:0.5"
