"""The synthesizer in torch against the patch, sample by sample."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from nodegraph.estimator.examples import draw
from nodegraph.estimator.paper.twin import CHUNK_ROWS, TwinRenderer
from nodegraph.estimator.parameters import from_unit


@pytest.fixture(scope="module")
def twin(renderer):
    return TwinRenderer(renderer.parameters, torch.device("cpu"))


@pytest.mark.parametrize("only_classes", [True, False])
def test_samples_equal_those_of_the_patch(renderer, twin, only_classes):
    values = np.stack([draw(renderer.parameters, 9, row, 0, only_classes) for row in range(128)])
    expected = renderer.render(values)
    assert np.abs(expected).max() > 0.2
    assert np.abs(twin.render(values) - expected).max() < 1e-6


@pytest.mark.parametrize("place", [0.0, 1.0])
def test_samples_equal_those_of_the_patch_at_the_ends_of_each_range(renderer, twin, place):
    positions = np.full((24, 23), 0.6)
    positions[np.arange(23), np.arange(23)] = place
    positions[23] = place
    values = from_unit(renderer.parameters, positions)
    assert np.abs(twin.render(values) - renderer.render(values)).max() < 1e-6


def test_settings_do_not_depend_on_those_rendered_with_them(twin):
    values = np.stack([draw(twin.parameters, 1, row) for row in range(CHUNK_ROWS + 3)])
    sounds = twin.render(values)
    assert sounds.shape == (CHUNK_ROWS + 3, 16384) and sounds.dtype == np.float32
    assert np.abs(sounds[-1] - twin.render(values[-1:])[0]).max() < 1e-7
    assert twin.render(values[:0]).shape == (0, 16384)
