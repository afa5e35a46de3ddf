"""The models that come with nodegraph: what their README says of them, and how the patches sound that play them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import nodegraph
from nodegraph.engine.offline import Offline
from nodegraph.learn import load_recipe
from nodegraph.models.autoencoder import Autoencoder
from nodegraph.spectral.metrics import spectral_convergence
from nodegraph.spectral.stft import stft

PATCHES = Path(__file__).parent.parent / "patches"
MODELS = sorted((PATCHES / "models").glob("*.safetensors"))
SR = 44100
SIZE, HOP = 4096, 1024
PLAYED = {"autoencoder_effect": "mono.out", "autoencoder_faders": "mono.out"}

every_model = pytest.mark.parametrize("model", [pytest.param(file, id=file.stem) for file in MODELS])


def opened(name: str) -> nodegraph.Patch:
    return nodegraph.load(PATCHES / f"{name}.json")


def heard(patch: nodegraph.Patch, *sources: str) -> nodegraph.Patch:
    """Only these signals, a channel each."""
    (out,) = (id for id, node in patch.document.nodes.items() if node.type == "audio_out")
    for wire in patch.document.wires:
        if wire.target == out:
            patch.disconnect(wire.source_ref, wire.target_ref)
    patch.add("join", id="heard", count=len(sources))
    for source, port in zip(sources, "abcd"):
        patch.connect(source, f"heard.{port}")
    patch.connect("heard.out", f"{out}.audio")
    return patch


def rendered(patch: nodegraph.Patch, seconds: float) -> np.ndarray:
    return np.asarray(nodegraph.render(patch, seconds, SR), np.float64)


def test_the_readme_names_all_models_and_each_is_played_by_a_patch():
    said = (PATCHES / "models" / "README.md").read_text()
    names = {file.name for file in MODELS}
    assert len(names) >= 2
    assert set(re.findall(r"`([\w-]+\.safetensors)`", said)) == names
    played = {
        Path(node.params["file"]).name
        for file in PATCHES.glob("*.json")
        for node in nodegraph.load(file).document.nodes.values()
        if node.type == "decoder"
    }
    assert played == names


@every_model
def test_a_model_is_small_and_its_card_says_how_it_was_made(model):
    assert model.stat().st_size <= 6_000_000
    card = Autoencoder.load(model).card
    assert card["trained_on"]["frames"]["train"] > 1000
    assert card["errors"]["features"]["test"]["relative"] < 1.0
    recipe, made = load_recipe(model.with_suffix(".toml")), load_recipe(card["choices"])
    assert (made.layers, made.features) == (recipe.layers, recipe.features), "the recipe changed: train it anew"


def test_the_parts_have_no_weight_below_zero():
    model = Autoencoder.load(PATCHES / "models" / "parts-16.safetensors")
    for layer in (*model.encoder, *model.decoder):
        assert layer.bias is None and layer.weight.min() >= 0.0


@pytest.mark.parametrize(("name", "most"), [("autoencoder_effect", 0.12), ("autoencoder_faders", 0.2)])
def test_with_all_units_at_one_it_sounds_like_its_recording(name, most):
    sound = rendered(heard(opened(name), PLAYED[name], "synthesis.out"), 5.0)[2 * SIZE :]
    original, resynthesised = sound.T
    assert spectral_convergence(np.abs(stft(original, SIZE, HOP)), resynthesised, SIZE, HOP) < most
    levels = 20 * np.log10(np.sqrt(np.mean(sound**2, axis=0)))
    assert abs(levels[1] - levels[0]) < 1.5


@pytest.mark.parametrize("name", ["autoencoder_effect", "autoencoder_faders", "autoencoder_microphone"])
def test_with_all_units_at_zero_there_is_silence(name):
    patch = heard(opened(name), "synthesis.out")
    patch.set("bank.gain", 0.0)
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, SR).astype(np.float32)
    inputs = {id: noise for id, node in patch.document.nodes.items() if node.type == "audio_in"}
    assert np.abs(nodegraph.render(patch, 1.0, SR, inputs=inputs)).max() == 0.0


@pytest.mark.parametrize("name", ["autoencoder_effect", "autoencoder_faders"])
def test_each_fader_changes_the_sound(name):
    patch = heard(opened(name), "synthesis.out")
    whole = rendered(patch, 3.0)
    units = 0
    for unit in range(16):
        patch.set("bank.gain", [0.0 if k == unit else 1.0 for k in range(16)])
        units += np.abs(rendered(patch, 3.0) - whole).max() > 1e-3
    assert units >= 12


def test_a_fader_that_is_pulled_down_does_not_click():
    """The largest step from sample to sample stays that of the sound while all faders move at once."""
    patch = heard(opened("autoencoder_effect"), "synthesis.out")
    engine = Offline(patch.document, SR, patch.path)
    try:
        still = engine.run_samples(SR)[SIZE:]
        moved = []
        for gain in (0.0, 1.0) * 4:
            for unit in range(16):
                engine.set_parameter("bank", "gain", gain, lane=unit)
            moved.append(engine.run_samples(SR // 8))
    finally:
        engine.close()
    steps = [np.abs(np.diff(sound, axis=0)).max() for sound in (still, np.concatenate(moved))]
    assert steps[1] <= 1.1 * steps[0]


def test_the_drone_plays_without_any_input_and_falls_silent_with_its_faders():
    patch = opened("autoencoder_drone")
    assert not any(node.type in ("audio_in", "file_player") for node in patch.document.nodes.values())
    playing = heard(patch, "phases.out")
    assert np.sqrt(np.mean(rendered(playing, 3.0)[SR:] ** 2)) > 0.01
    playing.set("code.scale", 0.0)
    assert np.abs(rendered(playing, 3.0)).max() == 0.0
