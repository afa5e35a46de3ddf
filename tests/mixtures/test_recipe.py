"""Recipes: the built-in ones, files, options, errors in one line."""

import subprocess
import sys

import pytest

from nodegraph.mixtures import MixtureError, load_recipe, recipe_files
from nodegraph.mixtures.recipe import with_options
from tests.mixtures.sounds import TEXTURE, image_recipe, toml_of


def test_built_in_recipes_are_found_by_name():
    assert {"texture", "thesis-fold", "thesis-replicate", "thesis-split"} <= set(recipe_files())
    for name in recipe_files():
        recipe = load_recipe(name)
        assert recipe.name == name and recipe.description


@pytest.mark.parametrize("form, seconds", [("fold", 5.0), ("replicate", 2.5), ("split", 2.5)])
def test_recipes_of_the_thesis_have_its_settings(form, seconds):
    recipe = load_recipe(f"thesis-{form}")
    sound = recipe.sound
    assert (sound.rate, sound.seconds, sound.window, sound.hop, sound.size) == (44100.0, seconds, 1024, 128, 4096)
    assert recipe.image.form == form and recipe.image.content == {"conv4_2": 0.001}
    assert recipe.image.style == {f"conv{block}_1": 0.2e6 for block in range(1, 6)}
    assert (recipe.phase.method, recipe.phase.look_ahead) == ("rtisi_la", 7)


@pytest.mark.parametrize("recipe", [TEXTURE, image_recipe("split")], ids=lambda recipe: recipe.name)
def test_recipe_file_has_the_values_of_the_recipe(tmp_path, recipe):
    path = tmp_path / "mine.toml"
    path.write_text(toml_of(recipe))
    assert load_recipe(path).plain() == {**recipe.plain(), "name": "mine"}


def test_quick_limits_rate_duration_and_iterations():
    quick = with_options(load_recipe("thesis-fold"), quick=True)
    assert (quick.sound.rate, quick.sound.seconds, quick.search.iterations) == (22050.0, 2.5, 60)
    longer = with_options(load_recipe("thesis-fold"), quick=True, seconds=4.0, iterations=7)
    assert (longer.sound.seconds, longer.search.iterations) == (4.0, 7)


def test_style_weight_is_a_factor():
    texture = with_options(TEXTURE, style_weight=3.0).texture
    assert (texture.levels, texture.content) == (3.0, TEXTURE.texture.content)
    assert texture.correlation == pytest.approx(1.5)
    image = with_options(load_recipe("thesis-fold"), style_weight=0.5).image
    assert set(image.style.values()) == {0.1e6} and image.content == {"conv4_2": 0.001}


BAD = {
    "unknown_entry": ("[image]\ncolour = 3", "colour"),
    "no_toml": ("[image", "line 1: missing ] after the name"),
    "both": ("[image]\n[texture]", "one of the tables image and texture"),
    "neither": ("", "one of the tables image and texture"),
    "layer": ("[image]\nstyle = { conv1_3 = 1.0 }", "unknown layer 'conv1_3'"),
    "hop": ("[image]\n[sound]\nhop = 1024", "sound.hop"),
    "padded_texture": ("[texture]\n[sound]\nsize = 4096", "must be equal"),
    "range": ("[texture]\nlevels = -1.0", "levels"),
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_recipe_is_refused_in_one_line(tmp_path, name):
    text, words = BAD[name]
    path = tmp_path / f"{name}.toml"
    path.write_text(text)
    with pytest.raises(MixtureError) as error:
        load_recipe(path)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_unknown_recipe_suggests_a_name():
    with pytest.raises(MixtureError, match="Did you mean 'thesis-fold'"):
        load_recipe("thesis-fod")


def test_recipes_are_read_without_torch():
    program = "import sys, nodegraph.mixtures as m; m.load_recipe('texture'); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
