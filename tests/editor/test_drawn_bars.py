"""Bars of a sequencer: dragged, typed, switched and changed by keys, each as one undo step."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.block_drawing import block_drawing
from nodegraph.editor.drawn_bars import bar_span, bar_step
from nodegraph.editor.events import Click, CurveClick, CurveDrag, NodeAt
from nodegraph.editor.view import Pin

ID = "step_sequencer1"


@pytest.fixture
def sequencer(user):
    user.add("step_sequencer")
    user.enter(f"{ID}.steps", "60, 62, 64, 65")
    return user


def drawing(user):
    return block_drawing(user.desk, ID)


def place(user, index, value):
    shown = drawing(user)
    return (index + 0.5) / shown.data.shape[1], (value - shown.low) / (shown.high - shown.low)


def drag(user, *places, done=True):
    for k, at in enumerate(places[1:]):
        user.send(CurveDrag(ID, places[0], at, done and k == len(places) - 2))


def steps(user):
    return list(user.value(f"{ID}.steps"))


def test_dragged_bar_sets_its_step_as_one_undo_step(sequencer):
    before, start = sequencer.document, place(sequencer, 1, 62.0)
    drag(sequencer, start, place(sequencer, 1, 66.0), place(sequencer, 1, 70.2), done=False)
    assert sequencer.document is before
    assert drawing(sequencer).data[0].tolist() == [60.0, 70.0, 64.0, 65.0] and drawing(sequencer).text == "2: 70"
    sequencer.send(CurveDrag(ID, start, place(sequencer, 1, 69.0), True))
    assert steps(sequencer) == [60.0, 69.0, 64.0, 65.0]
    sequencer.press("ctrl+z")
    assert steps(sequencer) == [60.0, 62.0, 64.0, 65.0]


def test_drag_across_bars_paints_those_that_the_pointer_skipped(sequencer):
    drag(sequencer, place(sequencer, 0, 60.0), place(sequencer, 3, 72.0))
    assert steps(sequencer) == [60.0, 64.0, 68.0, 72.0]
    sequencer.press("ctrl+z")
    assert steps(sequencer) == [60.0, 62.0, 64.0, 65.0]


def test_drag_stays_in_the_shown_range_and_a_cancelled_one_changes_nothing(sequencer):
    before, start = sequencer.document, place(sequencer, 2, 64.0)
    drag(sequencer, start, (0.6, 0.9), start)
    assert sequencer.document is before and drawing(sequencer).data[0].tolist() == [60.0, 62.0, 64.0, 65.0]
    drag(sequencer, start, (0.6, 7.0))
    assert steps(sequencer) == [60.0, 62.0, drawing(sequencer).high - 12.0, 65.0] == [60.0, 62.0, 77.0, 65.0]


def test_right_click_switches_a_step_and_double_click_types_it(sequencer):
    right = Click((5.0, 5.0), NodeAt(ID), "right")
    sequencer.send(CurveClick(ID, place(sequencer, 2, 64.0), right))
    assert sequencer.value(f"{ID}.gates") == [1.0, 1.0, 0.0, 1.0]
    assert drawing(sequencer).data[1].tolist() == [1.0, 1.0, 0.0, 1.0]
    sequencer.send(CurveClick(ID, place(sequencer, 2, 64.0), right))
    assert sequencer.value(f"{ID}.gates") == [1.0] * 4
    twice = Click((5.0, 5.0), NodeAt(ID), "left", True)
    sequencer.send(CurveClick(ID, place(sequencer, 3, 64.0), twice))
    assert sequencer.view.asked[1:] == ("step 4", "65")
    sequencer.answer("65+7")
    assert steps(sequencer) == [60.0, 62.0, 64.0, 72.0]
    sequencer.send(CurveClick(ID, place(sequencer, 3, 64.0), twice))
    sequencer.answer("x")
    assert "x" in sequencer.message and steps(sequencer) == [60.0, 62.0, 64.0, 72.0]


def test_keys_choose_change_and_switch_steps(sequencer):
    sequencer.select(ID)
    sequencer.press("shift+j")
    assert sequencer.desk.selection.focus == Pin(ID, "steps", False) and drawing(sequencer).marks == ((0.0, 0.0),)
    sequencer.press("shift+j", "u", "u", "y", "u")
    assert steps(sequencer) == [60.0, 64.0, 64.0, 65.0] and drawing(sequencer).text == "2: 64"
    sequencer.press("shift+b")
    assert sequencer.value(f"{ID}.gates") == [1.0, 0.0, 1.0, 1.0]
    sequencer.press("ctrl+z", "ctrl+z")
    assert steps(sequencer) == [60.0, 62.0, 64.0, 65.0] and sequencer.value(f"{ID}.gates") is None
    sequencer.press("shift+k", "shift+k")
    assert drawing(sequencer).marks == ((3.0, 0.0),)
    sequencer.press("escape")
    assert drawing(sequencer).marks == ()


def test_playing_steps_are_marked_and_bars_are_kept_while_nothing_changes(sequencer):
    first = drawing(sequencer)
    assert drawing(sequencer) is first and first.dots == ()
    sequencer.sound.values[f"{ID}.step"] = np.array([2.0], np.float32)
    assert drawing(sequencer).dots == ((2.0, 1.0),)


def test_range_has_room_for_notes_levels_and_frequencies():
    assert bar_span([60.0, 67.0]) == (48.0, 79.0) and bar_step([60.0, 67.0]) == 1.0
    assert bar_span([0.0, 1.0]) == (0.0, 1.0) and bar_step([0.0, 1.0]) == 0.01
    assert bar_span([-0.5, 0.25]) == (-1.0, 1.0)
    assert bar_span([5.0, 3.0]) == (0.0, 17.0)
    assert bar_span([100.0, 500.0]) == (0.0, 600.0) and bar_step([100.5, 500.0]) == 6.0
