"""Mixtures of one of the two losses, and starts from noise."""

import msgspec
import numpy as np
import pytest

from nodegraph.measures.correlation import spectral_correlation
from nodegraph.measures.gram import gram_distance
from nodegraph.mixtures import MixtureError, mix_sounds
from nodegraph.mixtures.recipe import STYLE_WEIGHTS, load_recipe, with_options
from tests.mixtures.sounds import RATE, SECONDS, TEXTURE, image_recipe, melody, rain

FORMS = ["fold", "replicate", "split"]


def wide_image_recipe(form, **options):
    """Return a recipe of eight channels, which do not lose the image."""
    recipe = image_recipe(form, **options)
    return msgspec.structs.replace(
        recipe,
        image=msgspec.structs.replace(recipe.image, width=1 / 8),
        search=msgspec.structs.replace(recipe.search, iterations=60, rounds_of=20),
    )


def correlation(found, content):
    return spectral_correlation(found.samples, content)


def test_default_recipe_without_style_returns_the_content():
    recipe = with_options(load_recipe("texture"), seconds=0.5, style_weight=0.0)
    content, style = melody(0.5, recipe.sound.rate), rain(0.5, recipe.sound.rate)
    np.testing.assert_allclose(mix_sounds(content, style, recipe).samples, content, atol=1e-5)


def test_texture_without_style_is_the_content():
    found = mix_sounds(melody(), rain(), with_options(TEXTURE, style_weight=0.0))
    assert correlation(found, melody()) > 0.95


def test_noise_is_filtered_to_the_levels_of_the_content():
    found = mix_sounds(melody(), rain(), with_options(TEXTURE, style_weight=0.0, start="noise"))
    assert found.loss < 0.1 * found.start_loss
    # 32 bands do not resolve the harmonics
    assert correlation(found, melody()) > 0.3 > 3.0 * abs(correlation(found, rain()))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("start", ["content", "noise"])
def test_image_without_style_is_the_content(form, start):
    recipe = with_options(wide_image_recipe(form, content={"conv1_1": 1e3}), style_weight=0.0, start=start)
    assert correlation(mix_sounds(melody(), rain(), recipe), melody()) > 0.95


@pytest.mark.parametrize("seconds", [SECONDS, 1.0])
def test_texture_without_content_has_the_style_only(seconds):
    recipe = msgspec.structs.replace(TEXTURE, sound=msgspec.structs.replace(TEXTURE.sound, seconds=seconds))
    content, style = melody(seconds), rain(seconds)
    found = mix_sounds(content, style, with_options(recipe, content_weight=0.0))
    assert len(found.samples) == len(content)
    assert abs(correlation(found, content) - spectral_correlation(style, content)) < 0.05
    assert gram_distance(found.samples, style, RATE) < 0.1 * gram_distance(content, style, RATE)


def test_default_recipe_without_content_makes_a_loop_of_the_style():
    recipe = with_options(load_recipe("texture"), seconds=0.5, content_weight=0.0, iterations=10)
    content, style = melody(0.5, recipe.sound.rate), rain(0.5, recipe.sound.rate)
    found = mix_sounds(content, style, recipe)
    assert found.iterations == 10 and found.loss < 0.8 * found.start_loss


@pytest.mark.parametrize("form", FORMS)
def test_image_without_content_has_the_style_only(form):
    recipe = with_options(wide_image_recipe(form), content_weight=0.0)
    found = mix_sounds(melody(), rain(), recipe)
    assert abs(correlation(found, melody())) < 0.1
    assert found.terms["style"] < 0.1 * found.start_terms["style"]
    halves = gram_distance(rain()[:1200], rain()[1200:], RATE)
    assert gram_distance(found.samples, rain(), RATE) < halves < 0.3 * gram_distance(melody(), rain(), RATE)


def test_texture_from_noise_nears_content_and_style():
    near = mix_sounds(melody(), rain(), with_options(TEXTURE, start="noise", style_weight=0.01))
    assert near.terms["content"] < 0.2 * near.start_terms["content"]
    found = mix_sounds(melody(), rain(), with_options(TEXTURE, start="noise"))
    assert found.terms["content"] < found.start_terms["content"]
    assert all(found.terms[name] < 0.1 * found.start_terms[name] for name in STYLE_WEIGHTS)
    assert not np.array_equal(
        found.samples, mix_sounds(melody(), rain(), with_options(TEXTURE, start="content")).samples
    )


def test_mixture_of_nothing_is_refused():
    with pytest.raises(MixtureError, match="both 0"):
        with_options(TEXTURE, style_weight=0.0, content_weight=0.0)
