"""The drawn frequency response: it follows sliders, settings and wires, and has a curve for each output or lane."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.editor.response import response_drawing


def levels(user, id):
    """Return the drawn curves in dB, and their frequencies in Hz."""
    drawing = response_drawing(user.desk, id)
    return drawing.data, np.geomspace(*drawing.axis, drawing.data.shape[1])


def test_equalizer_shows_its_bands_while_a_knob_moves(user):
    user.add("equalizer")
    assert user.view.nodes["equalizer1"].display == "response"
    assert np.abs(levels(user, "equalizer1")[0]).max() < 1e-6
    user.enter("equalizer1.gain", "0, 12, 0, 0")
    user.enter("equalizer1.frequency", "100, 1000, 5000, 9000")
    (curve,), frequencies = levels(user, "equalizer1")
    assert curve.max() == pytest.approx(12.0, abs=0.05) and 950.0 < frequencies[curve.argmax()] < 1050.0
    user.slide("equalizer1.frequency", 0.5, 0.7)  # moves all bands
    assert frequencies[levels(user, "equalizer1")[0][0].argmax()] > 3000.0


def test_filters_show_outputs_lanes_and_wired_values(user):
    user.add("state_variable")
    user.add("one_pole")
    user.add("sine")
    assert levels(user, "state_variable1")[0].shape[0] == 4  # low, band, high and notch; no more fit
    user.enter("one_pole1.cutoff", "200, 2000")
    curves, frequencies = levels(user, "one_pole1")
    half = [frequencies[np.abs(curve + 3.01).argmin()] for curve in curves]
    assert half == pytest.approx([200.0, 2000.0], rel=0.03)
    user.wire("sine1.out", "one_pole1.cutoff")
    user.sound.values["sine1.out"] = np.array([500.0], np.float32)
    curves, _ = levels(user, "one_pole1")
    assert frequencies[np.abs(curves[0] + 3.01).argmin()] == pytest.approx(500.0, rel=0.03)
    assert response_drawing(user.desk, "sine1") is None


def test_drawing_is_made_again_only_if_its_values_change(user):
    user.add("one_pole")
    user.add("sine")
    user.add("saw")
    user.wire("sine1.out", "one_pole1.cutoff")
    user.wire("saw1.out", "one_pole1.audio")
    user.sound.values |= {"sine1.out": np.array([500.0], np.float32), "saw1.out": np.array([0.1], np.float32)}
    first = response_drawing(user.desk, "one_pole1")
    user.sound.values["saw1.out"] = np.array([0.2], np.float32)
    user.enter("sine1.frequency", "300")
    assert response_drawing(user.desk, "one_pole1") is first
    user.sound.values["sine1.out"] = np.array([600.0], np.float32)
    assert not np.array_equal(response_drawing(user.desk, "one_pole1").data, first.data)


def test_response_inside_a_subpatch_is_found(user):
    user.chain("saw", "ladder", "audio_out")
    user.select("ladder1")
    user.press("ctrl+g", "ctrl+enter")
    assert np.isfinite(levels(user, "ladder1")[0]).all()
