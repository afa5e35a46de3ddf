"""The oscilloscope: time base, trigger and level."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from nodegraph.editor.sound.protocol import Reading
from nodegraph.editor.sound.readout import scope
from nodegraph.editor.sound.scope import scope_drawing

RATE = 10_000.0
SINE = np.sin(2 * np.pi * 100.0 * np.arange(4000) / RATE + 0.3)[None]  # a period of 100 samples


@pytest.mark.parametrize(("trigger", "level", "slope"), [("rise", 0.0, 1), ("fall", 0.0, -1), ("rise", 0.5, 1)])
def test_drawing_begins_where_the_signal_passes_the_level(trigger, level, slope):
    drawing = scope(SINE, 250, RATE, trigger, level)
    first, second = drawing.data[0, :2]
    assert drawing.data.shape == (1, 250)
    assert first == pytest.approx(level, abs=0.07)
    assert np.sign(second - first) == slope


def test_without_a_trigger_the_latest_samples_are_drawn():
    assert np.array_equal(scope(SINE, 250, RATE, "free").data, SINE[:, -250:])


def test_text_names_the_time_of_a_division():
    assert scope(SINE, 250, RATE).text == "1   2.5 ms/div"


class Sound:
    rate = RATE

    def display(self, id, count):
        return Reading("signal", RATE, samples=SINE[:, -count:])


def test_time_and_trigger_are_settings_of_the_block(user):
    tap = user.add("scope_tap")
    draw = partial(scope_drawing, Sound(), user.desk, tap)
    assert draw().data.shape == (1, 250)
    user.enter(f"{tap}.time", "5 ms")
    user.enter(f"{tap}.trigger", "fall")
    drawing = draw()
    assert drawing.data.shape == (1, 50) and drawing.data[0, 1] < drawing.data[0, 0]
