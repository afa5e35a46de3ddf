"""Drawings that blocks declare follow values and wires, with dots and gauges of what sounds, in nodes and help."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.editor.block_drawing import block_drawing
from nodegraph.editor.canvas.geometry import shape, size
from nodegraph.node import Axis, Curves, In, Node, Out

ID = "adsr1"


@pytest.fixture
def envelope(user):
    user.add("adsr")
    return user


def drawing(user, id=ID):
    return block_drawing(user.desk, id)


def test_contour_follows_values_and_is_kept_while_nothing_changes(envelope):
    first = drawing(envelope)
    assert envelope.view.nodes[ID].display == first.kind == "curves"
    assert drawing(envelope) is first
    envelope.enter(f"{ID}.release", "2")
    assert drawing(envelope).axis[1] > first.axis[1] + 1.5
    assert drawing(envelope).text.endswith(" s")


def test_contour_follows_a_wired_value_but_not_the_gate(envelope):
    envelope.add("lfo")
    envelope.wire("lfo1.out", f"{ID}.release")
    envelope.add("clock")
    envelope.wire("clock1.out", f"{ID}.gate")
    envelope.sound.values |= {"lfo1.out": np.array([3.0]), "clock1.out": np.array([0.0])}
    first = drawing(envelope)
    assert first.axis[1] > 3.0
    envelope.sound.values["clock1.out"] = np.array([1.0])
    assert drawing(envelope) is first
    envelope.sound.values["lfo1.out"] = np.array([1.0])
    assert drawing(envelope).axis[1] < 2.0


def test_each_sounding_lane_has_a_dot_and_curves_stay_when_it_moves(envelope):
    assert drawing(envelope).dots == ()
    states = {"level": [0.5, 0.0, 0.9], "last_gate": [1.0, 0.0, 0.0], "stage": [1, 2, 2]}
    envelope.sound.states |= {f"{ID}.{name}": np.array(value) for name, value in states.items()}
    first = drawing(envelope)
    assert len(first.dots) == 2 and first.dots[0][1] == 0.5 and first.dots[0][0] < 0.05
    assert drawing(envelope) is first
    envelope.sound.states[f"{ID}.level"] = np.array([0.6, 0.0, 0.9])
    moved = drawing(envelope)
    assert moved.dots[0] != first.dots[0] and moved.dots[1] == first.dots[1] and moved.data is first.data


def test_compressor_shows_its_gain_reduction(user):
    user.add("compressor")
    assert drawing(user, "compressor1").gauge == 0.0
    user.sound.values["compressor1.reduction"] = np.array([12.0], np.float32)
    shown = drawing(user, "compressor1")
    assert shown.gauge == 0.5 and shown.text == "−12.0 dB" and len(shown.dots) == 1
    assert drawing(user, "compressor1") is shown


def test_tuner_shows_the_note_and_whether_it_is_in_tune(user):
    user.add("tuning")
    user.sound.values |= {"tuning1.cents": np.array([12.0]), "tuning1.note": np.array([69.0])}
    shown = drawing(user, "tuning1")
    assert (shown.names, shown.text) == (("A4",), "+12 cents")
    user.sound.values["tuning1.cents"] = np.array([-2.0])
    assert drawing(user, "tuning1").text == "in tune"
    user.sound.values["tuning1.note"] = np.array([0.0])
    assert drawing(user, "tuning1").text == "no pitch"


def test_outputs_are_beside_the_drawing_of_a_node(envelope):
    visual = envelope.view.nodes[ID]
    laid = shape(visual)
    left, top, right, bottom = laid.display
    (row,) = [place for place in laid.rows if place.row.side == "out"]
    assert bottom - top >= 44.0 and right - left >= 88.0
    assert right <= row.box[0] and top <= row.box[1] < row.box[3] <= bottom
    below = [place.box[1] for place in laid.rows if place.row.side != "out"]
    assert min(below) >= bottom and size(visual)[1] == pytest.approx(max(p.box[3] for p in laid.rows) + 4.0)


def test_drawings_in_blocks_can_be_hidden(envelope):
    high = size(envelope.view.nodes[ID])[1]
    envelope.presenter.run("drawings")
    envelope.wait(0.1)
    assert envelope.view.nodes[ID].display == "" and size(envelope.view.nodes[ID])[1] < high
    envelope.add("equalizer")
    assert envelope.view.nodes["equalizer1"].display == "response"
    envelope.presenter.run("drawings")
    envelope.wait(0.1)
    assert envelope.view.nodes[ID].display == "curves"


def test_help_of_a_block_has_the_drawing_with_its_values(envelope):
    envelope.enter(f"{ID}.release", "5")
    envelope.select(ID)
    envelope.press("f1")
    shown = envelope.item("help adsr", "drawing").value
    assert shown is drawing(envelope) and shown.axis[1] > 5.0


@pytest.mark.parametrize(
    "type", [cls.type for cls in node_types().values() if cls.display in ("curves", "steps", "tuner")]
)
def test_every_declared_drawing_is_made_from_the_defaults(user, type):
    id = user.add(type)
    shown = drawing(user, id)
    assert np.ndim(shown.data) and user.message == ""


def test_error_in_the_rules_of_a_block_is_shown_once(user, monkeypatch):
    class WrongDrawing(Node):
        """Has a wrong drawing."""

        audio = In(0.0)
        out = Out()
        display = "curves"

        def tick(audio):
            return audio

        def drawing(audio):
            return Curves(Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0), [0.0, 1.0], {"": [0.0, 1.0 / audio]})

    monkeypatch.setitem(node_types(), "wrong_drawing", WrongDrawing)
    user.patch.add("wrong_drawing", id="wrong")
    user.wait(0.1)
    assert drawing(user, "wrong") is None and drawing(user, "wrong") is None
    shown = [text for text, alarm in user.view.messages if text.startswith("wrong_drawing cannot be drawn")]
    assert len(shown) == 1 and "ZeroDivisionError" in shown[0]
