"""The record of a patch: what changes it, and the messages for other patches and versions."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from nodegraph.estimator.parameters import parameters_of
from nodegraph.estimator.patch_record import check_patch, record_of
from nodegraph.models.model_file import ModelError
from nodegraph.patch import Move, SetParam
from tests.rendering import patch_of


def trained_for(patch):
    parameters = parameters_of(patch.document)
    return SimpleNamespace(parameters=parameters, patch=record_of(patch.document, parameters))


def problem(model, patch) -> str:
    with pytest.raises(ModelError) as raised:
        check_patch(model, patch.document)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


def test_values_of_parameters_and_appearance_do_not_change_the_record(tones):
    model = trained_for(tones)
    tones.do(SetParam("low", "frequency", 1234.0))
    tones.do(Move("low", 50.0, 60.0))
    check_patch(model, tones.document)


def test_changed_value_of_another_input_is_named(tones):
    model = trained_for(tones)
    tones.do(SetParam("high", "fm", 3.0))
    assert "another version of the patch: node 'high' has changed" in problem(model, tones)


def test_changed_wire_is_named(tones):
    model = trained_for(tones)
    tones.connect("low.out", "high.fm")
    assert "wires or voices have changed" in problem(model, tones)


def test_another_patch_is_named(tones):
    model = trained_for(tones)
    other = patch_of("osc.out out.audio", osc="saw", out="audio_out")
    assert "another patch, 'untitled'" in problem(model, other)
