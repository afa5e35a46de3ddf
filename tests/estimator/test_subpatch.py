"""A subpatch alone: its sound as in the patch, without the rest, and the controls that set it."""

from __future__ import annotations

import numpy as np
import pytest

import nodegraph
from nodegraph.estimator.parameters import ParameterError, parameters_of
from nodegraph.estimator.subpatch import subpatch_alone
from nodegraph.patch import Encapsulate, Patch, PatchError, SetControl
from tests.rendering import patch_of


def melody() -> Patch:
    """Return a patch of a sequenced voice, the subpatch ``voice``, beside a drone."""
    patch = patch_of(
        "clock.out tune.clock", "tune.out pitch.note", "pitch.out osc.frequency", "osc.out low.audio",
        "low.out out.audio", "drone.out out.audio",
        clock=("clock", {"tempo": 400.0}), tune=("step_sequencer", {"steps": [40, 52, 59]}), pitch="note_to_frequency",
        osc=("saw", {"amplitude": 0.2}), low=("ladder", {"cutoff": 900.0}), drone=("sine", {"amplitude": 0.3}),
        out="audio_out",
    )  # fmt: skip
    patch.do(Encapsulate(("osc", "low"), "voice"))
    for name, target in (("cutoff", "voice/low.cutoff"), ("drone", "drone.frequency"), ("tempo", "clock.tempo")):
        patch.do(SetControl(name, target, 100.0, 900.0))
    return patch


def without_drone(patch: Patch) -> np.ndarray:
    silent = Patch(patch.document)
    silent.remove("drone")
    return nodegraph.render(silent, 0.5)


def test_subpatch_alone_sounds_as_it_does_in_the_patch():
    patch = melody()
    found = nodegraph.render(Patch(subpatch_alone(patch.document, ("voice",))), 0.5)
    expected = without_drone(patch)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_array_equal(found, expected)


def test_subpatch_in_a_subpatch_alone_sounds_as_it_does_in_the_patch():
    patch = melody()
    expected = without_drone(patch)
    patch.do(Encapsulate(("pitch", "voice", "drone"), "band"))
    alone = subpatch_alone(patch.document, ("band", "voice"))
    np.testing.assert_array_equal(nodegraph.render(Patch(alone), 0.5), expected)
    assert list(alone.controls) == ["cutoff"]


def test_parameters_are_those_of_the_controls_that_set_the_subpatch():
    patch = melody()
    patch.do(Encapsulate(("pitch", "voice"), "band"))
    assert [p.target for p in parameters_of(subpatch_alone(patch.document, ("band",)))] == ["band/voice/low.cutoff"]


def test_removed_subpatch_is_refused():
    with pytest.raises(PatchError, match=r"unknown node 'voise'\. Did you mean 'voice'"):
        subpatch_alone(melody().document, ("voise",))


def test_subpatch_without_controls_is_refused():
    patch = melody()
    patch.do(Encapsulate(("pitch",), "tuning"))
    with pytest.raises(ParameterError, match="subpatch 'tuning': no control sets its values"):
        subpatch_alone(patch.document, ("tuning",))
