"""The included models: their README and model cards, and the sound of the patches that use them."""

from __future__ import annotations

import hashlib
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nodegraph
from nodegraph.cli import main
from nodegraph.engine.offline import Offline
from nodegraph.estimator import load_recipe as load_estimator_recipe
from nodegraph.estimator.examples import examples
from nodegraph.estimator.parameters import to_classes
from nodegraph.estimator.patch_record import check_patch
from nodegraph.estimator.rendering import BatchRenderer
from nodegraph.files.checksums import listed_checksum
from nodegraph.learn import load_recipe
from nodegraph.learn.axes import ordered_axes
from nodegraph.learn.frames import magnitudes_of
from nodegraph.learn.sources import sources_of
from nodegraph.models.autoencoder import Autoencoder
from nodegraph.models.axes import unit_ranges
from nodegraph.models.estimator import SURE, Estimator
from nodegraph.models.model_file import ModelError
from nodegraph.spectral.metrics import spectral_convergence
from nodegraph.spectral.stft import stft
from tests.rendering import patch_of

PATCHES = Path(__file__).parent.parent / "patches"
MODELS = sorted((PATCHES / "models").glob("*.safetensors"))
ESTIMATORS = {"fm-single-note": "fm_single_note.json"}  # the patch of each estimator
AUTOENCODERS = [file for file in MODELS if file.stem not in ESTIMATORS]
SR = 44100
SIZE, HOP = 4096, 1024

every_autoencoder = pytest.mark.parametrize("model", [pytest.param(file, id=file.stem) for file in AUTOENCODERS])
every_estimator = pytest.mark.parametrize("name", ESTIMATORS)


def load_demo(name: str) -> nodegraph.Patch:
    return nodegraph.load(PATCHES / f"{name}.json")


def wire_to_output(patch: nodegraph.Patch, *sources: str) -> nodegraph.Patch:
    """Wire only these signals to the output, one channel each."""
    (out,) = (id for id, node in patch.document.nodes.items() if node.type == "audio_out")
    for wire in patch.document.wires:
        if wire.target == out:
            patch.disconnect(wire.source_ref, wire.target_ref)
    patch.add("join", id="sources", count=len(sources))
    for source, port in zip(sources, "abcd"):
        patch.connect(source, f"sources.{port}")
    patch.connect("sources.out", f"{out}.audio")
    return patch


def render(patch: nodegraph.Patch, seconds: float) -> np.ndarray:
    return np.asarray(nodegraph.render(patch, seconds, SR), np.float64)


def test_readme_names_all_models_and_every_model_is_used():
    readme = (PATCHES / "models" / "README.md").read_text()
    names = {file.name for file in MODELS}
    assert len(names) >= 2
    assert set(re.findall(r"`([\w-]+\.safetensors)`", readme)) == names
    used = {
        Path(node.params["file"]).name
        for file in PATCHES.glob("*.json")
        for node in nodegraph.load(file).document.nodes.values()
        if node.type == "decoder"
    }
    assert used == {file.name for file in AUTOENCODERS}


def test_list_of_checksums_has_all_models():
    listed = {path: listed_checksum(path) for path in MODELS}
    assert listed == {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in MODELS}
    assert len((PATCHES / "models" / "SHA256SUMS").read_text().splitlines()) == len(MODELS)


@pytest.mark.parametrize("change", ["byte", "other model"])
def test_model_that_is_not_the_shipped_one_is_reported_in_one_line(tmp_path, capsys, change):
    (tmp_path / "models").mkdir()
    for name in ("autoencoder_drone.json", "models/SHA256SUMS", "models/parts-16.safetensors"):
        shutil.copy(PATCHES / name, tmp_path / name)
    assert main(["check", str(tmp_path / "autoencoder_drone.json")]) == 0
    model = tmp_path / "models" / "parts-16.safetensors"
    if change == "byte":
        data = bytearray(model.read_bytes())
        data[-2] ^= 1
        model.write_bytes(data)
    else:
        shutil.copy(PATCHES / "models" / "recordings-16.safetensors", model)
    capsys.readouterr()
    assert main(["check", str(tmp_path / "autoencoder_drone.json")]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    words = "is silent: 'parts-16.safetensors': is not the file that SHA256SUMS in its folder lists"
    assert f"decoder 'decoder' {words}" in line
    with pytest.raises(ModelError, match=r"it is damaged or was replaced\. Restore it"):
        Autoencoder.load(model)
    (tmp_path / "models" / "SHA256SUMS").write_text(f"{hashlib.sha256(model.read_bytes()).hexdigest()} *{model.name}\n")
    assert Autoencoder.load(model).code_size == 16


@every_autoencoder
def test_model_is_small_and_its_card_matches_its_recipe(model):
    assert model.stat().st_size <= 6_000_000
    card = Autoencoder.load(model).card
    assert card["trained_on"]["frames"]["train"] > 1000
    assert card["errors"]["features"]["test"]["relative"] < 1.0
    recipe, trained = load_recipe(model.with_suffix(".toml")), load_recipe(card["choices"])
    assert (trained.layers, trained.features) == (recipe.layers, recipe.features), "the recipe changed: retrain"


@pytest.mark.parametrize("name", ["general-64", "general-128"])
def test_axes_of_a_general_model_are_ordered_scaled_and_named(name):
    model = Autoencoder.load(PATCHES / "models" / f"{name}.safetensors")
    axes = model.card["axes"]
    shares = [axis["share"] for axis in axes]
    assert len(axes) == model.code_size and shares == sorted(shares, reverse=True)
    assert axes[0]["name"] == f"1 {axes[0]['follows']}" and axes[0]["follows"] and sum(shares) == pytest.approx(1.0)
    assert all(-2.5 < axis["low"] < axis["median"] < axis["high"] < 2.5 for axis in axes)


@pytest.mark.parametrize("name", ["general-64", "general-128"])
def test_eight_axes_of_a_general_model_hold_more_than_eight_mixed_units(name):
    """On recordings. Ordering the units of an equal model with mixed units gives the same output, and axes again."""
    model = Autoencoder.load(PATCHES / "models" / f"{name}.safetensors")
    files = sources_of([PATCHES / "audio"])[0]
    heard = np.concatenate([magnitudes_of(file.read(model.features.rate), model.features)[::3] for file in files])
    mixed = with_mixed_units(model)
    ordered = ordered_axes(mixed, heard)
    expected = model.reconstruct(heard)
    for one in (mixed, ordered):
        np.testing.assert_allclose(one.reconstruct(heard), expected, atol=1e-5 * expected.max())
    shares = [axis["share"] for axis in ordered.card["axes"]]
    assert shares == sorted(shares, reverse=True)
    left = [left_with_few_units(one, heard, 8) for one in (mixed, model, ordered)]
    assert left[1] <= 0.7 * left[0] and left[2] <= 0.7 * left[0]


def with_mixed_units(model: Autoencoder) -> Autoencoder:
    """Return an equal model whose units are a rotation of those of the given one."""
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((model.code_size, model.code_size)))[0]
    turn = turn.astype(np.float32)
    last, first = model.encoder[-1], model.decoder[0]
    inner = replace(last, weight=turn @ last.weight, bias=turn @ last.bias)
    outer = replace(first, weight=np.ascontiguousarray(first.weight @ turn.T))
    return replace(model, encoder=(*model.encoder[:-1], inner), decoder=(outer, *model.decoder[1:]))


def left_with_few_units(model: Autoencoder, magnitudes: np.ndarray, units: int) -> float:
    """Return the share of the output's variance that is lost if all but the first units stay at their mean."""
    code = model.encode(model.normalise(magnitudes)[0])
    few = np.tile(code.mean(axis=0), (len(code), 1))
    few[:, :units] = code[:, :units]
    whole = model.decode(code)
    return float(np.square(model.decode(few) - whole).sum() / np.square(whole - whole.mean(axis=0)).sum())


@every_estimator
def test_estimator_is_small_and_its_card_matches_its_recipe_and_patch(name):
    file = PATCHES / "models" / f"{name}.safetensors"
    assert file.stat().st_size <= 6_000_000
    model = Estimator.load(file)
    check_patch(model, nodegraph.load(PATCHES / ESTIMATORS[name]).document)
    recipe = load_estimator_recipe(file.with_suffix(".toml")).plain()
    assert recipe == model.card["choices"], "the recipe changed: retrain"
    found = model.card["evaluation"]
    assert found["sounds"]["ratio"] < 1.0 and found["search"]["model_is_nearer"]
    for kind in ("clean", "noisy"):
        assert found[kind]["calibration_error"] <= 0.05 and found[kind]["sure_and_right"] >= 0.9


@pytest.mark.needs("torch")
@every_estimator
def test_estimator_is_right_where_it_is_sure_on_unseen_sounds(name):
    from nodegraph.models.estimation import Inference

    model = Estimator.load(PATCHES / "models" / f"{name}.safetensors")
    patch = nodegraph.load(PATCHES / ESTIMATORS[name])
    with BatchRenderer(patch.document, model.parameters, model.features.seconds, model.features.rate) as renderer:
        sounds, values = examples(renderer, model.parameters, seed=987, rows=range(64), only_classes=True)
    answer = Inference(model).estimate(sounds)
    difference = np.abs(to_classes(model.parameters, answer.values) - to_classes(model.parameters, values))
    sure = answer.confidence >= SURE
    assert sure.mean() > 0.05 and (difference[sure] <= 1).mean() >= 0.9


@pytest.mark.parametrize("name", ["parts-16", "parts-32"])
def test_parts_model_has_no_negative_weights(name):
    model = Autoencoder.load(PATCHES / "models" / f"{name}.safetensors")
    for layer in (*model.encoder, *model.decoder):
        assert layer.bias is None and layer.weight.min() >= 0.0


POSITIONS = np.linspace(0.0, 1.0, 20)


@every_autoencoder
def test_level_rises_with_all_faders_and_with_each_alone(model):
    """Each frame of the decoder is at least as strong as the one before, while one fader after the other is opened."""
    units = Autoencoder.load(model).code_size
    size = SIZE if Autoencoder.load(model).features.rate < SR else Autoencoder.load(model).features.size
    patch = patch_of(
        "in.out stft.audio", "stft.spectrum parts.spectrum", "parts.magnitude encoder.magnitude",
        "encoder.code bank.code", "encoder.level bank.level", "bank.adjusted decoder.code",
        "bank.adjusted_level decoder.level", "decoder.magnitude made.magnitude", "encoder.level heard.magnitude",
        stft=("stft", {"size": size, "hop": size // 2}), parts="polar", encoder=("encoder", {"file": str(model)}),
        bank=("gain_bank", {"gain": 0.0}), decoder=("decoder", {"file": str(model)}),
        made=("spectrogram_tap", {"seconds": 60.0}), heard=("spectrogram_tap", {"seconds": 60.0}), **{"in": "audio_in"},
    )  # fmt: skip
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, size).astype(np.float32)
    engine = Offline(patch.document, SR, inputs={"in": np.resize(noise, size * 24 * (units + 2))}, allow_outside=True)
    try:
        engine.run_samples(2 * size)
        for chosen in (np.ones(units), *np.eye(units)):
            levels = []
            for position in POSITIONS:
                for unit in np.flatnonzero(chosen):
                    engine.set_parameter("bank", "gain", float(position), lane=int(unit))
                engine.run_samples(size)  # two frames; gains are smoothed in the first
                made, heard = (latest_frame(engine, name) for name in ("made", "heard"))
                levels.append(np.linalg.norm(made) / heard[0])
            assert levels[0] == 0.0 and ((np.diff(levels) > 0.0).all() or not any(levels))
            for unit in np.flatnonzero(chosen):
                engine.set_parameter("bank", "gain", 0.0, lane=int(unit))
            engine.run_samples(size)
    finally:
        engine.close()


def latest_frame(engine, name):
    return next(helper.latest(1)[0] for (id, *_), helper in engine.plan.helpers.items() if id == name)


@every_autoencoder
def test_level_without_input_rises_with_the_highest_fader(model):
    units = Autoencoder.load(model).code_size
    faders = ("latent_source", {"file": str(model), "size": SIZE, "hop": SIZE // 2, "volume": 0.5})
    patch = patch_of(
        "faders.code decoder.code", "faders.level decoder.level", "decoder.magnitude made.magnitude",
        faders=faders, decoder=("decoder", {"file": str(model)}), made=("spectrogram_tap", {"seconds": 60.0}),
    )  # fmt: skip
    engine = Offline(patch.document, SR, allow_outside=True)
    try:
        for chosen in (range(units), *([unit] for unit in range(units))):
            levels = []
            for position in POSITIONS:
                for unit in chosen:
                    engine.set_parameter("faders", "gain", float(position), lane=unit)
                engine.run_samples(SIZE)
                levels.append(np.linalg.norm(latest_frame(engine, "made")))
            assert levels[0] == 0.0 and (np.diff(levels) > 0.0).all()
            for unit in chosen:
                engine.set_parameter("faders", "gain", 0.0, lane=unit)
            engine.run_samples(SIZE)
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("name", "limit"), [("autoencoder_toy", 0.12), ("autoencoder_faders", 0.2), ("autoencoder_effect", 0.2)]
)
def test_output_matches_the_recording_with_all_gains_at_one(name, limit):
    sound = render(wire_to_output(load_demo(name), "mono.out", "synthesis.out"), 5.0)[2 * SIZE :]
    original, resynthesised = sound.T
    assert spectral_convergence(np.abs(stft(original, SIZE, HOP)), resynthesised, SIZE, HOP) < limit
    levels = 20 * np.log10(np.sqrt(np.mean(sound**2, axis=0)))
    assert abs(levels[1] - levels[0]) < 1.5


@pytest.mark.parametrize(
    "name", [f"autoencoder_{name}" for name in ("toy", "effect", "faders", "parts", "microphone", "two_sounds")]
)
def test_output_is_silent_with_all_gains_at_zero(name):
    patch = wire_to_output(load_demo(name), "synthesis.out")
    patch.set("bank.scale", 0.0)
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, SR).astype(np.float32)
    inputs = {id: noise for id, node in patch.document.nodes.items() if node.type == "audio_in"}
    assert np.abs(nodegraph.render(patch, 1.0, SR, inputs=inputs)).max() == 0.0


@pytest.mark.parametrize("name", ["autoencoder_toy", "autoencoder_effect", "autoencoder_faders"])
def test_at_least_twelve_faders_change_the_sound(name):
    patch = wire_to_output(load_demo(name), "synthesis.out")
    reference = render(patch, 3.0)
    units = 0
    for unit in range(16):
        patch.set("bank.gain", [0.0 if k == unit else 1.0 for k in range(16)])
        units += np.abs(render(patch, 3.0) - reference).max() > 1e-3
    assert units >= 12


def test_moving_all_faders_does_not_click():
    """The largest step between samples does not increase while all faders move."""
    patch = wire_to_output(load_demo("autoencoder_effect"), "synthesis.out")
    engine = Offline(patch.document, SR, patch.path)
    try:
        steady = engine.run_samples(SR)[SIZE:]
        moved = []
        for gain in (0.0, 1.0) * 4:
            for unit in range(16):
                engine.set_parameter("bank", "gain", gain, lane=unit)
            moved.append(engine.run_samples(SR // 8))
    finally:
        engine.close()
    steps = [np.abs(np.diff(sound, axis=0)).max() for sound in (steady, np.concatenate(moved))]
    assert steps[1] <= 1.1 * steps[0]


def test_drone_plays_without_input_and_is_silent_at_scale_zero():
    patch = load_demo("autoencoder_drone")
    assert not any(node.type in ("audio_in", "file_player") for node in patch.document.nodes.values())
    playing = wire_to_output(patch, "phases.out")
    assert np.sqrt(np.mean(render(playing, 3.0)[SR:] ** 2)) > 0.01
    playing.set("code.scale", 0.0)
    assert np.abs(render(playing, 3.0)).max() == 0.0


@pytest.mark.parametrize("method", ["synthesis.out", "momentum.out"])
def test_faders_alone_are_the_code_of_the_mode_without_input(method):
    """The code of the decoder is gain × scale of each unit, and the sound fades with all faders."""
    patch = load_demo("autoencoder_no_input")
    patch.add("spectrogram_tap", id="code", seconds=10.0)
    patch.connect("faders.code", "code.magnitude")
    playing = wire_to_output(patch, method)
    engine = Offline(playing.document, SR, playing.path)
    try:
        sound = engine.run_samples(3 * SR)
        given = patch.document.nodes["faders"].params["gain"]
        np.testing.assert_allclose(latest_frame(engine, "code"), given, atol=1e-6)
        assert np.sqrt(np.mean(sound[SR:] ** 2)) > 0.05
        engine.set_parameter("faders", "gain", 0.0)
        engine.run_samples(SR)
        assert np.abs(engine.run_samples(SR)).max() == 0.0
    finally:
        engine.close()


def test_own_units_of_a_bank_follow_another_sound_and_a_wave():
    patch = load_demo("autoencoder_two_sounds")
    for port in ("bank.adjusted", "encoder.code"):
        patch.add("spectrogram_tap", id=port.partition(".")[0] + "_seen", seconds=10.0)
        patch.connect(port, port.partition(".")[0] + "_seen.magnitude")
    engine = Offline(patch.document, SR, patch.path)
    try:
        engine.run_samples(3 * SR)
        frames = {id: h.latest(100) for (id, *_), h in engine.plan.helpers.items() if id.endswith("_seen")}
    finally:
        engine.close()
    played, heard = frames["bank_seen"], frames["encoder_seen"]
    played, heard = played[1:], heard[:-1]  # the wire of the code is one hop long, to match the ramps of the axis
    assert np.array_equal(played[:, 2:], heard[:, 2:])
    model = Autoencoder.load(PATCHES / "models" / "general-64.safetensors")
    low, _, high = unit_ranges(model, 64).reshape(3, 64)[:, :2]
    assert (played[:, :2] >= low - 1e-4).all() and (played[:, :2] <= high + 1e-4).all()
    assert (played[:, :2].std(axis=0) > 0.05 * (high - low)).all()
    assert not np.allclose(played[:, :2], heard[:, :2], atol=0.1)


def test_walk_on_the_map_changes_the_sound_at_an_even_level():
    sound = render(wire_to_output(load_demo("autoencoder_map"), "phases.out"), 6.0)[SR:, 0]
    frames = np.abs(stft(sound, SIZE, HOP)).T
    levels = 20 * np.log10(np.linalg.norm(frames, axis=1))
    assert np.ptp(levels[8:-8]) < 6.0
    shapes = frames / np.linalg.norm(frames, axis=1, keepdims=True)
    assert np.sum(shapes[20] * shapes[-20]) < 0.95


def test_monitor_switch_plays_the_microphone_unchanged():
    patch = load_demo("autoencoder_microphone")
    patch.set("monitor.resynthesis", 0.0)
    sound = wire_to_output(patch, "monitor.out", "compressor.out")
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, SR).astype(np.float32)
    switched, direct = np.asarray(nodegraph.render(sound, 1.0, SR, inputs={"microphone": noise})).T
    assert np.array_equal(switched, direct) and np.abs(direct).max() > 0.05
