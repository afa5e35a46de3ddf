"""Loops with the texture of a sound: statistics, seam, duration, channels."""

import msgspec
import numpy as np
import pytest
import soundfile
import torch

from nodegraph.measures.gram import gram_distance
from nodegraph.measures.texture import texture_distances
from nodegraph.mixtures import MixObserver, MixtureError, texture, texture_of_sound
from nodegraph.mixtures.circular import circular_spectrum
from nodegraph.mixtures.grains import loop_of_grains
from nodegraph.spectral.stft import stft
from tests.mixtures.joins import outliers
from tests.mixtures.sounds import RATE, TEXTURE, image_recipe, rain

RECIPE = msgspec.structs.replace(
    TEXTURE,
    sound=msgspec.structs.replace(TEXTURE.sound, seconds=4.0),
    texture=msgspec.structs.replace(TEXTURE.texture, bands=64),
)


def mean_distance(first, second):
    distances = texture_distances(first, second, RATE)
    return sum(distances.values()) / len(distances)


def chord(seconds):
    """Return steady tones, in which every cut is a click."""
    t = np.arange(round(seconds * RATE)) / RATE
    return sum(0.2 * np.sin(2.0 * np.pi * hz * t) for hz in (211.0, 330.0, 523.0)).astype(np.float32)


def test_loop_is_as_near_to_the_sound_as_its_halves_are_to_each_other():
    sound = rain(4.0)
    loop = texture_of_sound(sound, 2.0, RECIPE)
    halves = sound[: len(sound) // 2], sound[len(sound) // 2 :]
    assert len(loop.samples) == 2.0 * RATE and loop.samples.dtype == np.float32
    assert loop.terms["levels"] < 0.3 * loop.start_terms["levels"]
    assert gram_distance(loop.samples, sound, RATE) <= gram_distance(*halves, RATE)
    assert mean_distance(loop.samples, sound) <= mean_distance(*halves)
    assert loop.copying < 0.3 and np.isnan(loop.correlation)


@pytest.mark.parametrize("sound", [rain, chord])
def test_loop_has_no_seam(sound):
    loop = texture_of_sound(sound(2.0), 1.0, RECIPE).samples
    assert outliers(np.tile(loop, 2), [len(loop)], 128) == 0


def test_sound_that_is_cut_has_a_seam():
    cut = chord(2.0)[: RATE + 37]
    assert outliers(np.tile(cut, 2), [len(cut)], 128) > 0


@pytest.mark.parametrize("seconds", [0.25, 0.5001, 1.2345])
def test_loop_has_the_exact_duration(seconds):
    recipe = msgspec.structs.replace(RECIPE, search=msgspec.structs.replace(RECIPE.search, iterations=2))
    assert len(texture_of_sound(rain(1.0), seconds, recipe).samples) == round(seconds * RATE)


def test_loop_keeps_the_panning_of_the_sound():
    recipe = msgspec.structs.replace(RECIPE, search=msgspec.structs.replace(RECIPE.search, iterations=10))
    mono = texture_of_sound(rain(1.0), 0.5, recipe).samples
    same, panned, opposite = (
        texture_of_sound(np.stack([left * rain(1.0), right * rain(1.0)], axis=1), 0.5, recipe).samples
        for left, right in ((1.0, 1.0), (1.6, 0.4), (1.0, -1.0))
    )
    np.testing.assert_array_equal(same[:, 0], same[:, 1])
    np.testing.assert_allclose(same[:, 0], mono, atol=1e-4)
    np.testing.assert_allclose(panned[:, 1], 0.25 * panned[:, 0], atol=1e-4)
    np.testing.assert_allclose(opposite[:, 1], -opposite[:, 0], atol=1e-4)
    assert np.abs(opposite).max() > 0.01


def test_loop_of_a_short_or_nearly_silent_sound_is_finite():
    click = np.zeros(RATE, np.float32)
    click[0] = 1.0
    recipe = msgspec.structs.replace(RECIPE, search=msgspec.structs.replace(RECIPE.search, iterations=3))
    for sound in (click, click[::-1].copy(), rain(0.06), np.full(RATE, 0.5, np.float32)):
        assert np.isfinite(texture_of_sound(sound, 0.3, recipe).samples).all()


def test_circular_spectrum_is_that_of_the_repeated_sound():
    sound = rain(0.16)  # 20 hops of 64
    found = circular_spectrum(len(sound), 256, 64, torch.device("cpu")).magnitudes(torch.from_numpy(sound))
    expected = np.abs(stft(np.tile(sound, 3), 256, 64))[:, 23:43]  # frame 3 starts at the first sample
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_grains_have_the_power_of_the_sound_everywhere():
    noise = np.random.default_rng(1).normal(size=(1, 20000)).astype(np.float32)
    loop = loop_of_grains(noise, 40001, 1000, 0)[0]
    powers = [float(np.mean(section**2)) for section in np.array_split(loop, 20)]
    assert len(loop) == 40001 and np.allclose(powers, 1.0, atol=0.2)


def test_interrupted_loop_continues_to_the_same_sound(tmp_path):
    soundfile.write(tmp_path / "rain.wav", rain(1.0), RATE, subtype="FLOAT")
    files = tmp_path / "rain.wav", tmp_path / "out.wav"
    whole = texture(files[0], tmp_path / "whole.wav", 0.5, RECIPE, iterations=20)
    steps = []
    observer = MixObserver(progress=steps.append, stop=lambda: len(steps) >= 10)
    assert texture(*files, 0.5, RECIPE, iterations=20, observer=observer).stopped
    resumed = texture(*files, 0.5, RECIPE, iterations=20, resume=True)
    np.testing.assert_array_equal(resumed.samples, whole.samples)
    np.testing.assert_array_equal(soundfile.read(files[1], dtype="float32")[0], whole.samples)
    assert {path.name for path in tmp_path.iterdir()} == {"rain.wav", "out.wav", "whole.wav"}


def test_loops_need_a_texture_recipe_and_a_possible_duration():
    with pytest.raises(MixtureError, match="makes no loops"):
        texture_of_sound(rain(1.0), 1.0, image_recipe())
    for seconds in (0.0, 1e4, float("nan")):
        with pytest.raises(MixtureError, match="must last"):
            texture_of_sound(rain(1.0), seconds, RECIPE)
