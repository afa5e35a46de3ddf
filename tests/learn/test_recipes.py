"""Recipes: found by name, validated strictly, and changed by settings."""

import json
import shutil

import pytest

from nodegraph.learn import LearnError, load_recipe, recipe, recipe_files

PAPERS = {
    "sarroff-shallow": "256",
    "sarroff-second": "256-8",
    "sarroff-deep": "256-8",
    "sarroff-tied-relu": "16",
    "sarroff-nonnegative": "16",
    "colonel-1": "64",
    "colonel-2": "256-8",
    "colonel-4-sigmoid": "512-256-128-64",
    "colonel-4-relu": "512-256-128-64",
    "colonel-4-hybrid": "512-256-128-64",
}


def activations(name):
    return [(layer.encoder, layer.decoder) for layer in load_recipe(name).layers]


def test_recipes_of_the_papers_are_available_by_name():
    for name, widths in PAPERS.items():
        assert load_recipe(name).widths == widths
        assert load_recipe(name).source
    assert activations("sarroff-shallow") == [("sigmoid", "linear")]
    assert activations("sarroff-deep") == [("sigmoid", "linear"), ("sigmoid", "sigmoid")]
    assert activations("sarroff-tied-relu") == [("relu", "linear")] and load_recipe("sarroff-tied-relu").layers[0].tied
    assert load_recipe("sarroff-nonnegative").layers[0].decay_negative == 1.0
    hybrid = [("relu", "sigmoid"), ("relu", "relu"), ("relu", "relu"), ("sigmoid", "relu")]
    assert activations("colonel-4-hybrid") == hybrid
    assert not any(layer.bias for name in PAPERS if "colonel" in name for layer in load_recipe(name).layers)
    assert load_recipe("sarroff-second").training.epochs == 0 and load_recipe("sarroff-second").pretraining
    for name in PAPERS:
        found = load_recipe(name)
        # the rate of Sarroff & Casey is meant for a sum over bins
        assert (found.pretraining or found.training).reduction == ("sum" if "sarroff" in name else "mean")
        assert found.features.normalise == ("global" if "sarroff" in name else "frame")


@pytest.mark.parametrize("name", recipe_files())
def test_every_recipe_has_a_description_and_survives_json(name, tmp_path):
    found = load_recipe(name)
    assert found.description and found.name == name
    (tmp_path / f"{name}.json").write_text(json.dumps(found.plain()))
    assert load_recipe(tmp_path / f"{name}.json") == found == load_recipe(found.plain())


def test_identity_ignores_texts_and_includes_every_setting():
    plain = load_recipe("quick").plain()
    reworded = load_recipe(plain | {"description": "other words", "source": "another paper"})
    assert reworded.identity() == load_recipe("quick").identity()
    for entry in ("training.rate=0.5", "features.hop=256", "frames.silence=-40", "layers.0.units=9"):
        assert load_recipe("quick", sets=[entry]).identity() != load_recipe("quick").identity(), entry


def test_new_recipe_file_is_found_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "FOLDER", tmp_path)
    shutil.copy(recipe_files()["quick"], tmp_path / "mine.toml")
    recipe.recipe_files.cache_clear()
    try:
        assert (
            set(recipe_files()) == {"mine"} and load_recipe("mine").layers == load_recipe(tmp_path / "mine.toml").layers
        )
    finally:
        monkeypatch.undo()
        recipe.recipe_files.cache_clear()


def test_width_sets_the_code_or_all_layers():
    assert load_recipe("sarroff-shallow", 16).widths == "16"
    assert load_recipe("sarroff-deep", "32").widths == "256-32"
    assert load_recipe("sarroff-deep", "1500-8").widths == "1500-8"


def test_settings_change_any_entry():
    found = load_recipe("sarroff-deep", sets=["training.rate=1e-4", "layers.1.encoder=relu", "layer.bias=false"])
    assert found.training.rate == 1e-4 and found.layers[1].encoder == "relu"
    assert not any(layer.bias for layer in found.layers)
    assert load_recipe("quick", sets={"pretraining.epochs": 3}).pretraining.epochs == 3
    again = load_recipe(found, sets={"features.power": 0.5})
    assert again.features.power == 0.5 and again.layers == found.layers


def test_layer_entries_override_common_entries():
    data = {"layer": {"encoder": "relu", "bias": False}, "layers": [{"units": 4}, {"units": 2, "encoder": "linear"}]}
    assert [layer.encoder for layer in load_recipe(data).layers] == ["relu", "linear"]
    assert [layer.encoder for layer in load_recipe(data, sets=["layer.encoder=leaky"]).layers] == ["leaky"] * 2


def test_widest_matching_entry_of_by_width_applies():
    data = {"layers": [{"units": 64}], "by_width": {"16": {"training.rate": 0.1}, "64": {"training.rate": 0.2}}}
    rates = {width: load_recipe(data, width).training.rate for width in (8, 16, 63, 64, 999)}
    assert rates == {8: 1e-3, 16: 0.1, 63: 0.1, 64: 0.2, 999: 0.2}
    assert load_recipe(data, 64, ["training.rate=0.5"]).training.rate == 0.5


def test_by_width_can_replace_the_layers():
    deep, flat = [{"units": 50}, {"units": 4}], [{"units": 1, "encoder": "linear"}]
    data = {"layers": deep, "by_width": {"20": {"layers": flat}}}
    assert [load_recipe(data, width).widths for width in (None, 19, 20, "30")] == ["50-4", "50-19", "20", "30"]
    assert load_recipe(data | {"layers": [{"units": 50}, {"units": 40}]}).widths == "40"
    assert load_recipe("best", 256).widths == "256" and load_recipe("best", 16).widths == "512-16"


ONE = {"layers": [{"units": 4}]}
BAD = {
    "unknown entry": (ONE | {"colour": 1}, "colour"),
    "unknown entry below": (ONE | {"training": {"speed": 1}}, "speed"),
    "wrong type": (ONE | {"training": {"rate": "fast"}}, "training.rate"),
    "out of range": ({"layers": [{"units": 0}]}, "layers[0].units"),
    "unknown activation": ({"layers": [{"units": 4, "encoder": "tanh"}]}, "layers[0].encoder"),
    "no layers": ({}, "layers"),
    "empty layers": ({"layers": []}, "layers"),
    "layers of text": ({"layers": "four"}, "layers"),
    "no power of two": (ONE | {"features": {"size": 1000}}, "features.size"),
    "unknown normalisation": (ONE | {"features": {"normalise": "loud"}}, "features.normalise"),
    "cross-entropy of a linear decoder": (ONE | {"training": {"loss": "cross_entropy"}}, "cross_entropy"),
    "mirrored sigmoids": ({"layers": [{"units": 4, "initialiser": "mirrored"}]}, "mirrored needs leaky or ReLU units"),
    "identity of ReLUs": ({"layers": [{"units": 4, "encoder": "relu", "initialiser": "identity"}]}, "needs sigmoid"),
    "by_width of text": (ONE | {"by_width": "x"}, "by_width"),
    "NaN": (ONE | {"training": {"rate": float("nan")}}, "rate"),
}


@pytest.mark.parametrize("name", BAD)
def test_invalid_recipe_is_a_one_line_error(name):
    data, words = BAD[name]
    with pytest.raises(LearnError) as raised:
        load_recipe(data)
    assert words in str(raised.value) and len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("text", ["[[layers", "{", '"text"', "\x00", "layers = 3", "[1, 2]", "{}"])
@pytest.mark.parametrize("ending", [".toml", ".json"])
def test_invalid_recipe_file_is_a_one_line_error(tmp_path, text, ending):
    (tmp_path / f"r{ending}").write_text(text)
    with pytest.raises(LearnError) as raised:
        load_recipe(tmp_path / f"r{ending}")
    assert len(str(raised.value).splitlines()) == 1


def test_invalid_names_widths_and_settings_are_errors():
    for arguments, words in (
        (("sarroff-shalow",), "Did you mean 'sarroff-shallow'"),
        (("none.toml",), "recipe file not found"),
        (("sarroff-shallow", "wide"), "width must be 1–16384 units, got 'wide'"),
        (("sarroff-shallow", 0), "width must be 1–16384 units, got '0'"),
        (("sarroff-shallow", -4), "width must be 1–16384 units, got '-4'"),
        (("sarroff-shallow", "16-8"), r"one per layer \(1\), got '16-8'"),
        (("sarroff-shallow", None, ["training.rate"]), "ENTRY=VALUE"),
        (("sarroff-shallow", None, ["layers.7.units=3"]), "layers.7.units"),
        (("sarroff-shallow", None, ["training.rate.x=3"]), "training.rate.x"),
        (("sarroff-shallow", None, ["training=3"]), "training"),
    ):
        with pytest.raises(LearnError, match=words):
            load_recipe(*arguments)
