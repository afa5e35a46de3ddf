"""A patch with two tones and a recipe that trains in a second."""

from __future__ import annotations

import pytest

import nodegraph
import tests.torch_threads  # noqa: F401 (torch reads its settings when it is imported)
from nodegraph.estimator.recipe import EstimatorConfig, EstimatorRecipe, NetworkConfig, SoundConfig
from nodegraph.patch import SetControl
from tests.rendering import patch_of

SMALL = EstimatorRecipe(
    name="small",
    sound=SoundConfig(rate=8000.0, seconds=0.25, size=256, bands=24),
    network=NetworkConfig(
        channels=(8, 16, 16), strides=((2, 2), (2, 2), (2, 2)), hidden=32, flow_width=16, flow_layers=1
    ),
    training=EstimatorConfig(minutes=60.0, batch=16, rate=5e-3),
)


def two_tones() -> nodegraph.Patch:
    """Return a patch with equal oscillators, whose frequencies and levels are its four controls."""
    oscillator = ("sine", {"amplitude": 0.3})
    patch = patch_of("low.out out.audio", "high.out out.audio", low=oscillator, high=oscillator, out="audio_out")
    for name in ("low", "high"):
        patch.do(SetControl(f"{name} pitch", f"{name}.frequency", 100.0, 3200.0, "log"))
        patch.do(SetControl(f"{name} level", f"{name}.amplitude", 0.02, 0.5, "log", steps=5))
    return patch


@pytest.fixture
def tones():
    return two_tones()
