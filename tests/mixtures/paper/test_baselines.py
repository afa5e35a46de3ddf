"""Mixtures without optimisation."""

import numpy as np
import pytest

from nodegraph.measures.copying import copying
from nodegraph.measures.texture import texture_distances
from nodegraph.mixtures.paper.baselines import BASELINES

RATE = 22050.0
T = np.arange(22050) / RATE
CONTENT = (0.3 * np.sin(2 * np.pi * 441.0 * T) * np.exp(-20.0 * ((T - 0.3) % 0.5))).astype(np.float32)
STYLE = (0.05 * np.random.default_rng(0).normal(size=len(T))).astype(np.float32)


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_is_as_long_as_the_content(name):
    sound = BASELINES[name](CONTENT, STYLE, RATE)
    assert sound.shape == CONTENT.shape and np.isfinite(sound).all() and np.abs(sound).max() > 0.01


def test_crossfade_has_half_of_the_energy_of_each():
    sound = BASELINES["crossfade"](CONTENT, STYLE, RATE)
    for source in (CONTENT, STYLE):
        assert copying(sound, source)[0] == pytest.approx(np.sqrt(0.5), abs=0.02)


def test_equalised_content_has_the_long_term_spectrum_of_the_style():
    first, second = (
        (scale * np.random.default_rng(seed).normal(size=22050)).astype(np.float32)
        for seed, scale in ((1, 0.1), (2, 0.2))
    )
    second = np.convolve(second, [1.0, 0.9], "same").astype(np.float32)
    sound = BASELINES["equalised"](first, second, RATE)
    assert texture_distances(sound, second, RATE)["mean"] < 0.2 * texture_distances(first, second, RATE)["mean"]


def test_cross_synthesis_is_aligned_with_the_content_and_has_the_style_of_the_modulator():
    clicks = np.zeros(len(T), np.float32)
    clicks[[6000, 14000]] = 1.0
    sound = BASELINES["cross_synthesis"](clicks, STYLE, RATE)
    for at in (6000, 14000):
        assert abs(int(np.argmax(np.abs(sound[at - 3000 : at + 3000]))) - 3000) < 64
