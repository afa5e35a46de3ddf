"""Candidates of a model for a search: their order and range, and models that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.estimator.parameters import ParameterError, parameters_of
from nodegraph.estimator.proposals import CLEAN, NOISY, proposer_of
from nodegraph.models.model_file import ModelError
from nodegraph.patch import SetParam
from tests.estimator.conftest import SMALL, two_tones

torch = pytest.importorskip("torch")

from nodegraph.estimator.training import train_estimator  # noqa: E402


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "tones.safetensors"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("nodegraph.estimator.training.CALIBRATION_CHUNKS", 1)
        patched.setattr("nodegraph.estimator.evaluation.SOUNDS", 2)
        train_estimator(two_tones().document, path, recipe=SMALL, examples=256, threads=1, compare=False)
    return path


def propose(path, document, names=None, rate: float = 8000.0, samples: int = 2000):
    parameters = parameters_of(document, names)
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, samples).astype(np.float32)
    return parameters, proposer_of(path, document, parameters)(sound, rate)


def test_candidates_lie_in_the_ranges(model_file, tones):
    parameters, found = propose(model_file, tones.document)
    assert found.settings.shape == (CLEAN + NOISY + 2, 4) and found.confidence.shape == (4,)
    for parameter, column in zip(parameters, found.settings.T):
        assert ((column >= parameter.low) & (column <= parameter.high)).all()


def test_candidates_follow_the_order_of_the_parameters(model_file, tones):
    names = [parameter.name for parameter in parameters_of(tones.document)]
    _, forward = propose(model_file, tones.document, names)
    _, backward = propose(model_file, tones.document, names[::-1])
    assert np.array_equal(forward.settings, backward.settings[:, ::-1])


@pytest.mark.parametrize(("rate", "samples"), [(16000.0, 4000), (8000.0, 100), (8000.0, 9000)])
def test_sound_of_another_rate_or_length_is_fitted(model_file, tones, rate, samples):
    assert np.isfinite(propose(model_file, tones.document, rate=rate, samples=samples)[1].settings).all()


def test_model_of_another_version_is_refused(model_file, tones):
    tones.do(SetParam("high", "fm", 3.0))
    with pytest.raises(ModelError, match="another version of the patch: node 'high' has changed"):
        propose(model_file, tones.document)


def test_other_parameters_are_refused(model_file, tones):
    with pytest.raises(ParameterError, match="also estimates 'low pitch'"):
        propose(model_file, tones.document, ["low level", "high pitch", "high level"])
