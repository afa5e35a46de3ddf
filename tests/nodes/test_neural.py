"""The autoencoder as an instrument: output of its blocks, and playing without clicks."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph import load
from nodegraph.engine.offline import Offline, Stepper
from nodegraph.graph import GraphError, build_graph
from nodegraph.models.autoencoder import ACTIVATIONS, Autoencoder, Layer
from nodegraph.models.code_map import MappedCodes
from nodegraph.models.tables import layer_table, max_layer_width, weight_table
from nodegraph.patch import Group, SetParam
from nodes.neural import Decoder, Encoder, propagate
from tests.nodes.frame_helpers import RATE, frames_of, noise, patch_around, random_model, tap
from tests.rendering import largest_step, patch_of

SIZE, HOP = 64, 16


def instrument(model="model.safetensors", size=SIZE, hop=HOP, exact=False, **gains):
    """Return a patch that sends a sound through the complete instrument, with the phases of the input.

    ``exact`` takes the levels of the model itself, as in the papers.
    """
    levels = (
        ("encoder.peak decoder.level",) if exact else ("encoder.level bank.level", "bank.adjusted_level decoder.level")
    )
    trained = {"scaling": "model", "empty": "as_trained"} if exact else {}
    return patch_of(
        "in.out stft.audio", "stft.spectrum polar.spectrum", "polar.magnitude encoder.magnitude",
        "encoder.code bank.code", "bank.adjusted decoder.code", *levels,
        "decoder.magnitude back.magnitude", "polar.phase back.phase", "back.spectrum inverse.spectrum",
        "inverse.out out.audio",
        stft=("stft", {"size": size, "hop": hop}), polar="polar", encoder=("encoder", {"file": model}),
        bank=("gain_bank", gains), decoder=("decoder", {"file": model, **trained}), back="from_polar",
        inverse="inverse_stft", out="audio_out", **{"in": "audio_in"},
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Return the path of a patch in a folder with a small model."""
    random_model().save(tmp_path / "model.safetensors")
    return tmp_path / "patch.json"


def play(patch, path, audio, rate=RATE, driver=Offline):
    engine = driver(patch.document, rate, path=path, inputs={"in": audio})
    try:
        return engine.run_samples(len(audio))
    finally:
        engine.close()


def seen_in(patch, path, audio, node, rate=RATE, samples=None):
    """Return the frames of the tap with this name: (frames, bins)."""
    engine = Offline(patch.document, rate, path=path, inputs={"in": audio})
    engine.run_samples(samples or len(audio))
    return next(helper.latest(int(helper.marks[0])) for (id, *_), helper in engine.plan.helpers.items() if id == node)


def sine(samples, frequency=500.0, rate=RATE, level=0.5):
    return (level * np.sin(2 * np.pi * frequency / rate * np.arange(samples))).astype(np.float32)


# -- equations --------------------------------------------------------------------------------------

VARIETIES = {
    "by frame": {"normalise": "frame"},
    "as they are": {"normalise": "none"},
    "global": {"normalise": "global", "offset": [0.0], "scale": [0.05]},
    "standardised": {"normalise": "standardise", "offset": np.linspace(0.1, 1, 33), "scale": np.linspace(2, 0.5, 33)},
    "logarithms": {"normalise": "none", "log": True, "floor": 1e-3},
    "logarithms by frame": {"normalise": "frame", "log": True, "offset": [-4.0], "scale": [0.25]},
    "squares": {"normalise": "frame", "power": 2.0},
    "mel bands": {"normalise": "frame", "spacing": "mel", "bands": 20, "power": 0.5},
    "logarithmic bands": {"normalise": "global", "spacing": "log", "bands": 33, "offset": [0.0], "scale": [0.05]},
    "roots of logarithms": {"normalise": "bin", "power": 0.5, "log": True, "scale": np.linspace(0.1, 0.2, 33)},
}


@pytest.mark.parametrize("bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("features", VARIETIES.values(), ids=VARIETIES)
def test_blocks_match_the_model(tmp_path, features, bias):
    model = random_model((14, 7), ("leaky", "linear"), bias=bias, **features)
    model.save(tmp_path / "model.safetensors")
    patch = instrument(exact=True)
    tap(patch, "polar.magnitude", "heard")
    tap(patch, "decoder.magnitude", "made")
    audio = noise(800)
    heard, made = (seen_in(patch, tmp_path / "p.json", audio, name) for name in ("heard", "made"))
    expected = model.reconstruct(heard)
    assert expected.max() > 0.1
    np.testing.assert_allclose(made, expected, atol=1e-4 * max(expected.max(), 1.0), rtol=1e-4)


@given(st.data())
def test_layers_of_any_width_match_the_model(data):
    widths = data.draw(st.lists(st.integers(1, 11), min_size=2, max_size=5))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    layers, y = [], rng.standard_normal(widths[0]).astype(np.float32)
    y[rng.random(len(y)) < 0.5] = 0.0
    for before, after in zip(widths, widths[1:]):
        bias = rng.standard_normal(after).astype(np.float32) if data.draw(st.booleans()) else None
        weight = rng.standard_normal((after, before)).astype(np.float32)
        layers.append(Layer(weight, bias, data.draw(st.sampled_from(ACTIVATIONS)), 0.1))
    near, far = (np.full(max_layer_width(layers, 1), np.nan, np.float32) for _ in range(2))
    near[: len(y)] = y
    found = propagate(layer_table(layers), weight_table(layers), near, far)
    for layer in layers:
        y = layer(y)
    np.testing.assert_allclose(found[: len(y)], y, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_compiled_blocks_are_their_equations_bit_for_bit(tmp_path, activation):
    model = random_model((10, 5), (activation, activation), bias=True, seed=4)
    model.save(tmp_path / "m.safetensors")
    for cls in (Encoder, Decoder):
        patch = patch_around(cls.type, file=str(tmp_path / "m.safetensors"))
        if cls is Decoder:
            for name in ("code", "level"):
                patch.set(f"{name}_encoder.file", str(tmp_path / "m.safetensors"))
        _, seen, _ = frames_of(patch, dict.fromkeys(cls.spec.frame_inputs, noise(300)))
        node = build_graph(patch.document, RATE, allow_outside=True).node("block")
        tables = {n: np.asarray(t.make(node.settings, RATE), np.float32) for n, t in cls.spec.tables.items()}
        scratch = {n: np.zeros(s.length(node.settings, RATE), np.float32) for n, s in cls.spec.scratches.items()}
        for m in range(len(seen["in_" + next(iter(cls.spec.frame_inputs))])):
            given = {name: seen[f"in_{name}"][m] for name in cls.spec.frame_inputs}
            made = {name: np.zeros(kind.bins, np.float32) for name, kind in node.output_frames.items()}
            sizes = {f"{name}_bins": len(values) for name, values in {**given, **made}.items()}
            numbers = {"bins": node.settings["bins"], "size": SIZE, "empty": 0, "scaling": 0}
            asked = {**tables, **scratch, **given, **made, **sizes, **numbers}
            names = cls.frame.__code__.co_varnames[: cls.frame.__code__.co_argcount]
            cls.frame(**{name: asked[name] for name in names})
            for name, values in made.items():
                assert values.tobytes() == seen[f"out_{name}"][m].tobytes(), (cls.type, name, m)


def test_gains_at_1_match_the_torch_model_with_input_phases(tmp_path):
    import torch

    widths = (512, 256, 128, 64)
    model = random_model(widths, ("relu", "relu", "relu", "sigmoid"), rate=44100.0, size=2048, hop=512)
    model.save(tmp_path / "hybrid.safetensors")
    parts = []
    for layer in (*model.encoder, *model.decoder):
        linear = torch.nn.Linear(layer.inputs, layer.outputs, bias=False)
        linear.weight.data = torch.from_numpy(layer.weight)
        parts += [linear, {"relu": torch.nn.ReLU(), "sigmoid": torch.nn.Sigmoid()}[layer.activation]]
    network = torch.nn.Sequential(*parts)
    audio = noise(3 * 8192, seed=3) * 0.5
    window = torch.hann_window(2048)
    frames = torch.stft(torch.from_numpy(audio), 2048, 512, window=window, center=True, return_complex=True).T
    level = frames.abs().amax(1, keepdim=True)
    with torch.no_grad():
        made = network(frames.abs() / level) * level
    expected = torch.istft(torch.polar(made, frames.angle()).T, 2048, 512, window=window, length=len(audio)).numpy()
    sound = play(instrument("hybrid.safetensors", 2048, 512, exact=True), tmp_path / "p.json", audio, 44100.0)[:, 0]
    inside = slice(4096, 16384)  # frames at the edges of torch.stft are mirrored
    assert np.abs(expected[inside]).max() > 0.05
    assert np.abs(sound[2048:][inside] - expected[inside]).max() < 1e-4 * np.abs(expected[inside]).max()


def test_lanes_are_independent(folder):
    left, right = noise(800, seed=1), noise(800, seed=2) * 0.3
    patch = instrument()
    patch.set("in.channels", 2)
    both = play(patch, folder, np.stack([left, right], 1))
    assert np.array_equal(both[:, 0], play(instrument(), folder, left)[:, 0])
    assert np.array_equal(both[:, 1], play(instrument(), folder, right)[:, 0])


def test_sound_passes_unchanged_without_models(folder):
    audio = noise(800)
    sound = play(instrument(""), folder, audio)[:, 0]
    assert np.abs(sound[SIZE:] - audio[:-SIZE]).max() < 1e-5


def test_python_driver_produces_the_same_samples(folder):
    audio, patch = noise(320), instrument(gain=[0.5, 1.0, 0.25])
    assert np.array_equal(play(patch, folder, audio), play(patch, folder, audio, driver=Stepper))


def test_latency_is_one_window():
    assert build_graph(instrument("").document, RATE).latency == SIZE


# -- faders ------------------------------------------------------------------------------------------------


def test_adjusted_values_match_the_table_of_the_paper():
    """Figure 3 of Sarroff & Casey (2014): gain, scale, mute and the adjusted value of units 24 to 31."""
    gain = [1, 1, 34 / 127, 1, 1, 1, 0.68504, 0.78740]
    scale = [2, 1, 1, 1.59055, 1.96850, 0.51969, 0.69291, 1]
    mute = [0, 1, 0, 0, 0, 0, 1, 0]
    adjusted = [2, 0, 0.26772, 1.59055, 1.96850, 0.51969, 0, 0.78740]
    patch = patch_of(
        bank=("latent_source", {"units": 8, "size": SIZE, "hop": HOP, "gain": gain, "scale": scale, "mute": mute})
    )
    tap(patch, "bank.code", "code")
    _, seen, _ = frames_of(patch, {}, 200)
    np.testing.assert_allclose(seen["code"][-1], adjusted, atol=1e-5)


def test_units_are_weighted_by_gain_scale_and_mute(folder):
    values = {"gain": [0.5, 1.0, 0.25], "scale": [2.0, 0.5, 1.0, 0.0], "mute": [0.0, 0.0, 1.0]}
    patch = instrument(**values)
    tap(patch, "encoder.code", "before")
    tap(patch, "bank.adjusted", "after")
    before, after = (seen_in(patch, folder, noise(400), name) for name in ("before", "after"))
    assert before.min() > 0.0  # units of a sigmoid
    np.testing.assert_allclose(after, before * [1.0, 0.5, 0.0, 0.0, 1.0], rtol=1e-6)


@pytest.mark.parametrize("bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("last", ["relu", "sigmoid", "linear"])
def test_gains_at_0_are_silent(tmp_path, last, bias):
    model = random_model((12, 5), ("relu", "sigmoid"), bias=bias)
    decoder = (*model.decoder[:-1], type(model.decoder[-1])(model.decoder[-1].weight, model.decoder[-1].bias, last))
    Autoencoder(model.features, model.encoder, decoder).save(tmp_path / "m.safetensors")
    for closed in ({"gain": 0.0}, {"scale": 0.0}, {"mute": 1.0}):
        sound = play(instrument("m.safetensors", **closed), tmp_path / "p.json", noise(800))
        assert not sound.any()
    trained = play(instrument("m.safetensors", exact=True, gain=0.0), tmp_path / "p.json", noise(800))
    assert trained.any() == (bias or last == "sigmoid")


POSITIONS = np.linspace(1.0, 0.0, 20)


@pytest.mark.parametrize("bias", [False, True], ids=["no bias", "bias"])
@pytest.mark.parametrize("last", ACTIVATIONS)
def test_frame_levels_fall_with_all_faders_and_with_each_alone(tmp_path, last, bias):
    """The energy of a frame is that of the input times the length of the adjusted code over that of the code."""
    model = random_model((12, 5), ("relu", "sigmoid"), bias=bias)
    decoder = (*model.decoder[:-1], type(model.decoder[-1])(model.decoder[-1].weight, model.decoder[-1].bias, last))
    Autoencoder(model.features, model.encoder, decoder).save(tmp_path / "m.safetensors")
    alone = [np.eye(5)[unit] for unit in range(5)]
    for chosen in (np.ones(5), *alone):
        before = None
        for position in POSITIONS:
            patch = instrument("m.safetensors", gain=list(position * chosen))
            tap(patch, "encoder.code", "code")
            tap(patch, "polar.magnitude", "heard")
            tap(patch, "decoder.magnitude", "made")
            code, heard, made = (
                seen_in(patch, tmp_path / "p.json", noise(200), name) for name in ("code", "heard", "made")
            )
            share = np.linalg.norm(code * position * chosen, axis=1) / np.linalg.norm(code, axis=1)
            expected = share * np.linalg.norm(heard, axis=1)
            found = np.linalg.norm(made, axis=1)
            np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)
            assert before is None or (found <= before + 1e-9).all()
            before = found


@pytest.mark.parametrize("bank", ["gain", "scale", "mute"])
def test_moving_a_fader_never_clicks(folder, bank):
    """The largest step is at most that of the steady sounds before and after the change."""
    audio = sine(6 * 4096, 200.0)
    patch = instrument("big.safetensors", size=512, hop=128)
    random_model((40, 12), rate=4 * RATE, size=512).save(folder.parent / "big.safetensors")
    steady = []
    for value in (0.0, 1.0):
        patch.set(f"bank.{bank}", value)
        steady.append(play(patch, folder, audio, 4 * RATE))
    engine = Offline(patch.document, 4 * RATE, path=folder, inputs={"in": audio})
    parts = []
    for k in range(20):
        parts.append(engine.run_samples(1000))
        for unit in range(k % 13):
            engine.set_parameter("bank", bank, float(k % 2), lane=unit)
    bound = max(largest_step(sound[2048:]) for sound in steady)
    assert 0.0 < largest_step(np.concatenate(parts)[2048:]) < 1.5 * bound


def test_patch_of_the_first_version_keeps_the_levels_of_its_model(folder):
    """Before, levels were the maxima of frames, and the model's output was multiplied by them."""
    nodes = [{"id": id, "type": id} for id in ("encoder", "decoder", "latent_source")]
    wires = [{"from": "encoder.level", "to": "decoder.level"}]
    old = {"format": "nodegraph", "version": 1, "nodes": nodes, "wires": wires}
    folder.write_text(json.dumps(old))
    document = load(folder).document
    assert [(wire.source_ref, wire.target_ref) for wire in document.wires] == [("encoder.peak", "decoder.level")]
    assert document.nodes["decoder"].params == {"scaling": "model"}
    assert document.nodes["latent_source"].params == {"fade": "none"}


def test_unit_that_plays_on_its_own_goes_through_its_range(folder):
    model = random_model()
    axes = [{"name": str(unit), "low": -1.0, "median": 0.0, "high": 3.0} for unit in range(5)]
    replace(model, card={"axes": axes}).save(folder.parent / "model.safetensors")
    patch = instrument(gain=[1.0, 0.5, 0.25], mute=[0, 0, 0, 1], own=[0, 1, 1, 1])
    patch.set("bank.file", "model.safetensors")
    tap(patch, "encoder.code", "before")
    tap(patch, "bank.adjusted", "after")
    before, after = (seen_in(patch, folder, noise(400), name) for name in ("before", "after"))
    assert np.array_equal(after[:, [0, 4]], before[:, [0, 4]])
    np.testing.assert_allclose(after[:, 1:4], np.tile([0.0, -0.5, -1.0], (len(after), 1)), atol=1e-6)


def mapped(folder, **params):
    """Return the code that a map of five places plays, with its params."""
    places = np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9], [0.5, 0.5]], np.float32)
    codes = np.eye(5, dtype=np.float32)
    replace(random_model(), code_map=MappedCodes(places, codes)).save(folder.parent / "m.safetensors")
    patch = patch_of(map=("code_map", {"file": "m.safetensors", "size": SIZE, "hop": HOP, **params}))
    tap(patch, "map.code", "code")
    engine = Offline(patch.document, RATE, path=folder)
    engine.run_samples(800)
    (code,) = (helper.latest(1)[0] for (id, *_), helper in engine.plan.helpers.items() if id == "code")
    return code


def test_map_plays_the_nearest_code_or_a_mixture_of_those_within_reach(folder):
    assert np.array_equal(mapped(folder, x=0.8, y=0.2, reach=0.0), [0, 1, 0, 0, 0])
    assert np.array_equal(mapped(folder, x=0.5, y=0.6, reach=0.05), [0, 0, 0, 0, 1])
    between = mapped(folder, x=0.1, y=0.5, reach=0.5)
    near, far = (1.0 - 0.4 / 0.5) ** 2, (1.0 - 0.4 / 0.5) ** 2
    np.testing.assert_allclose(between, np.array([near, 0, near, 0, far]) / (2 * near + far), atol=1e-5)


def test_map_of_a_model_without_one_is_a_placeholder(folder):
    patch = patch_of(map=("code_map", {"file": "model.safetensors"}))
    found = build_graph(patch.document, RATE, folder).placeholders
    assert found["map"] == "its model has no map. Train it again with this version"


@pytest.mark.parametrize(("layer", "units"), [(1, 14), (2, 7), (3, 5), (4, 7), (5, 14)])
def test_any_hidden_layer_can_be_played(tmp_path, layer, units):
    """With all gains at 1 the output is that of the model, whichever layer the bank is in; at 0 it is silent."""
    model = random_model((14, 7, 5), ("leaky", "relu", "linear"), bias=True)
    model.save(tmp_path / "model.safetensors")
    patch = instrument(exact=True)
    patch.set("encoder.layer", layer)
    patch.set("decoder.layer", layer)
    tap(patch, "encoder.code", "code")
    tap(patch, "polar.magnitude", "heard")
    tap(patch, "decoder.magnitude", "made")
    code, heard, made = (seen_in(patch, tmp_path / "p.json", noise(400), name) for name in ("code", "heard", "made"))
    hidden, _ = model.normalise(heard)
    for one in (*model.encoder, *model.decoder)[:layer]:
        hidden = one(hidden)
    assert code.shape[1] == units
    np.testing.assert_allclose(code, hidden, atol=1e-4)
    np.testing.assert_allclose(made, model.reconstruct(heard), atol=1e-3)
    silent = instrument(gain=0.0)
    silent.set("encoder.layer", layer)
    silent.set("decoder.layer", layer)
    assert not play(silent, tmp_path / "p.json", noise(400)).any()


def test_layer_beyond_the_hidden_ones_makes_a_placeholder(folder):
    patch = instrument()
    patch.set("encoder.layer", 4)
    patch.set("decoder.layer", 4)
    found = build_graph(patch.document, RATE, folder).placeholders
    assert found["encoder"] == "layer must be at most 3, the number of hidden layers of its model, got 4"


def test_layer_change_does_not_click(folder):
    random_model((40, 12), rate=4 * RATE, size=512).save(folder.parent / "big.safetensors")
    audio = sine(6 * 4096, 200.0)
    patch = instrument("big.safetensors", 512, 128)
    engine = engine_of_file(patch, folder, audio, 4 * RATE)
    parts = [engine.run_samples(3000)]
    for layer in (1, 3, 2, 0):
        patch.do(Group(tuple(SetParam(id, "layer", layer) for id in ("encoder", "decoder"))))
        parts.append(engine.run_samples(3000))
    steady = largest_step(play(instrument("big.safetensors", 512, 128), folder, audio, 4 * RATE)[1024:])
    assert largest_step(np.concatenate(parts)[1024:]) < 1.5 * steady


def test_latent_source_takes_units_and_ranges_from_its_model(folder):
    axes = [{"name": str(unit), "low": 1.0, "high": 3.0} for unit in range(5)]
    replace(random_model(), card={"axes": axes}).save(folder.parent / "model.safetensors")
    patch = patch_of(
        faders=("latent_source", {"file": "model.safetensors", "size": SIZE, "hop": HOP, "gain": [0.5, 1.0]})
    )
    tap(patch, "faders.code", "code")
    engine = Offline(patch.document, RATE, path=folder)
    engine.run_samples(400)
    (code,) = (helper.latest(1)[0] for (id, *_), helper in engine.plan.helpers.items() if id == "code")
    assert code == pytest.approx([2.0, 3.0, 1.0, 1.0, 1.0])


# -- models ------------------------------------------------------------------------------------------------


def test_model_change_does_not_click(folder):
    for k in range(2):
        random_model((40, 12), rate=4 * RATE, size=512, seed=k).save(folder.parent / f"{k}.safetensors")
    audio = sine(6 * 4096, 200.0)
    patch = instrument("0.safetensors", 512, 128)
    engine = engine_of_file(patch, folder, audio, 4 * RATE)
    parts = [engine.run_samples(3000)]
    for k in (1, 0, 1, 0):
        patch.set("encoder.file", f"{k}.safetensors")
        patch.set("decoder.file", f"{k}.safetensors")
        parts.append(engine.run_samples(3000))
    alone = [play(instrument(f"{k}.safetensors", 512, 128), folder, audio, 4 * RATE) for k in range(2)]
    assert np.array_equal(parts[1][2000:], alone[1][5000:6000])
    assert largest_step(np.concatenate(parts)[1024:]) < 1.5 * max(largest_step(sound[1024:]) for sound in alone)


def engine_of_file(patch, path, audio, rate=RATE):
    engine = Offline(patch.document, rate, path=path, inputs={"in": audio})
    patch.subscribe(lambda step, change: engine.apply(change, path))
    return engine


def test_model_is_read_again_only_if_its_file_changed(folder, monkeypatch):
    reads = []
    load = Autoencoder.load.__func__
    monkeypatch.setattr(Autoencoder, "load", classmethod(lambda cls, path: reads.append(path) or load(cls, path)))
    random_model(seed=8).save(folder.parent / "model.safetensors")
    audio, patch = noise(6000), instrument()
    engine = engine_of_file(patch, folder, audio)
    engine.run_samples(1000)
    assert len(reads) == 1
    patch.add("sine", id="other")
    patch.set("decoder.empty", "as_trained")
    assert len(reads) == 1
    model = random_model((3, 5), ("relu", "sigmoid"), seed=9)
    model.save(folder.parent / "model.safetensors")
    patch.add("sine", id="another")
    assert len(reads) == 2
    engine.run_samples(1000)
    fresh = play(patch, folder, audio)
    assert np.array_equal(engine.run_samples(1000), fresh[2000:3000])


def test_model_plays_the_lower_half_at_twice_its_rate(tmp_path):
    model = random_model(rate=RATE / 2)
    model.save(tmp_path / "m.safetensors")
    patch = instrument("m.safetensors", 2 * SIZE, exact=True)
    tap(patch, "polar.magnitude", "heard")
    tap(patch, "decoder.magnitude", "made")
    heard, made = (seen_in(patch, tmp_path / "p.json", noise(800), name) for name in ("heard", "made"))
    np.testing.assert_allclose(made[:, :33], 2.0 * model.reconstruct(0.5 * heard[:, :33]), rtol=1e-4, atol=1e-4)
    assert not made[:, 33:].any()


def test_partials_keep_their_frequency_at_another_rate(tmp_path):
    """At 48 kHz, bins are converted to those of a 44.1 kHz model and its output is converted back."""
    copy = random_model((257,), ("linear",), rate=44100.0, size=512)
    eye = [type(layer)(np.eye(257, dtype=np.float32), None, "relu") for layer in (*copy.encoder, *copy.decoder)]
    Autoencoder(copy.features, eye[:1], eye[1:]).save(tmp_path / "m.safetensors")
    patch = instrument("m.safetensors", 512, 128)
    tap(patch, "decoder.magnitude", "made")
    made = seen_in(patch, tmp_path / "p.json", sine(4096, 40 * 48000 / 512, 48000.0), "made", 48000.0)[-1]
    assert made.argmax() == 40 and made[40] == pytest.approx(0.5 * 512 / 4, rel=0.12)


@pytest.mark.parametrize(
    ("rate", "size", "expected"), [(44100.0, 2048, 4096), (8000.0, 2048, 1024), (48000.0, 512, 4096)]
)
def test_stft_size_error_names_the_right_size(tmp_path, rate, size, expected):
    random_model(rate=22050.0, size=2048).save(tmp_path / "m.safetensors")
    patch = instrument("m.safetensors", size, 128)
    with pytest.raises(GraphError, match=f"encoder 'encoder'.*not {size}. Set size to {expected}\\.$"):
        build_graph(patch.document, rate, tmp_path / "p.json")
    patch.set("stft.size", expected)
    assert build_graph(patch.document, rate, tmp_path / "p.json").node("bank").bank_sizes["gain"] == 5


def test_decoder_rejects_the_code_of_another_model(folder):
    random_model((9,), ("relu",)).save(folder.parent / "nine.safetensors")
    patch = instrument()
    patch.set("decoder.file", "nine.safetensors")
    with pytest.raises(GraphError, match="a code of 9 units, but 'code' has 5 units\\. Select the model file of"):
        build_graph(patch.document, RATE, folder)
    patch.set("decoder.file", "")
    with pytest.raises(GraphError, match="it has no model, but 'code' has 5 units"):
        build_graph(patch.document, RATE, folder)
    patch.set("decoder.file", "model.safetensors")
    patch.disconnect("bank.adjusted_level", "decoder.level")
    patch.connect("encoder.code", "decoder.level")
    with pytest.raises(GraphError, match="Wire the level of the encoder"):
        build_graph(patch.document, RATE, folder)


def hostile_files():
    return {
        "empty": b"",
        "cut": (1 << 40).to_bytes(8, "little") + b"{}",
        "text": b"this is no model at all, but long enough to look at",
        "other": (2).to_bytes(8, "little") + b"{}",
    }


@pytest.mark.parametrize("name", hostile_files())
def test_invalid_model_file_makes_a_silent_placeholder_with_one_message(folder, name):
    (folder.parent / "model.safetensors").write_bytes(hostile_files()[name])
    graph = build_graph(instrument().document, RATE, folder)
    assert set(graph.placeholders) == {"encoder", "decoder"}
    for reason in graph.placeholders.values():
        assert reason.startswith("'model.safetensors': ") and "\n" not in reason and str(folder.parent) not in reason
    assert not play(instrument(), folder, noise(400)).any()


def test_invalid_model_file_is_not_read_at_each_edit(folder, monkeypatch):
    (folder.parent / "model.safetensors").write_bytes(b"0" * 100)
    reads = []
    load = Autoencoder.load.__func__
    monkeypatch.setattr(Autoencoder, "load", classmethod(lambda cls, path: reads.append(path) or load(cls, path)))
    for _ in range(3):
        assert len(build_graph(instrument().document, RATE, folder).placeholders) == 2
    assert len(reads) == 1


# -- codes -------------------------------------------------------------------------------------------------


def test_latent_source_plays_the_decoder(folder):
    model = Autoencoder.load(folder.parent / "model.safetensors")
    faders = [0.9, 0.0, 0.3]
    patch = patch_of(
        "faders.code decoder.code", "faders.level decoder.level", "decoder.magnitude phases.magnitude",
        "phases.spectrum inverse.spectrum", "inverse.out out.audio",
        faders=("latent_source", {"units": 5, "size": SIZE, "hop": HOP, "gain": faders, "volume": 0.2}),
        decoder=("decoder", {"file": "model.safetensors"}), phases="channel_vocoder", inverse="inverse_stft",
        out="audio_out",
    )  # fmt: skip
    tap(patch, "decoder.magnitude", "made")
    engine = Offline(patch.document, RATE, path=folder)
    sound = engine.run_samples(2000)
    made = next(helper.latest(1)[0] for (id, *_), helper in engine.plan.helpers.items() if id == "made")
    shape = model.decode(np.array([[*faders, 0.0, 0.0]], np.float32))[0]
    sine = np.abs(np.fft.rfft(np.hanning(SIZE + 1)[:-1] * np.sin(np.arange(SIZE) * np.pi / 4)))
    level = 0.2 * max(faders)
    np.testing.assert_allclose(made, shape / np.linalg.norm(shape) * level * np.linalg.norm(sine), rtol=1e-4)
    assert np.abs(sound[500:]).max() > 0.01
    patch.set("faders.gain", 0.0)
    assert not Offline(patch.document, RATE, path=folder).run_samples(400).any()


@pytest.mark.parametrize("method", ["channel_vocoder", "peak_vocoder", "phase_gradient", "rtisi_la", "momentum_rtisi"])
def test_decoder_plays_with_each_phase_method(folder, method):
    patch = instrument()
    patch.remove("back")
    patch.add(method, id="phases")
    patch.connect("decoder.magnitude", "phases.magnitude")
    if method.endswith(("rtisi", "rtisi_la")):
        patch.remove("inverse")
        patch.connect("phases.out", "out.audio")
    else:
        patch.connect("phases.spectrum", "inverse.spectrum")
    sound = play(patch, folder, noise(2000))
    assert np.isfinite(sound).all() and np.abs(sound[1000:]).max() > 0.01


def test_frame_blocks_process_codes(folder):
    patch = instrument()
    for id in ("smooth_frames", "freeze_frames"):
        patch.add(id, id=id)
    for id in ("morph", "add_frames", "multiply_frames", "mix_frames"):
        patch.add(id, id=id)
        patch.connect("smooth_frames.out", f"{id}.a")
        patch.connect("freeze_frames.out", f"{id}.b")
    patch.connect("encoder.code", "smooth_frames.magnitude")
    patch.connect("bank.adjusted", "freeze_frames.magnitude")
    patch.disconnect("bank.adjusted", "decoder.code")
    patch.connect("mix_frames.out", "decoder.code")
    graph = build_graph(patch.document, RATE, folder)
    for id in ("smooth_frames", "morph", "add_frames", "mix_frames"):
        assert graph.node(id).output_frames["out"].kind == "latent"
    assert np.abs(play(patch, folder, noise(800))).max() > 0.01


def test_code_cannot_be_wired_to_a_magnitude_input(folder):
    patch = instrument()
    patch.add("scale_frames", id="half", gain=0.5)
    patch.connect("encoder.code", "half.a")
    patch.disconnect("decoder.magnitude", "back.magnitude")
    patch.connect("half.out", "back.magnitude")
    with pytest.raises(GraphError, match="from_polar 'back': 'magnitude' needs magnitude frames, got latent frames"):
        build_graph(patch.document, RATE, folder)


# -- the switch --------------------------------------------------------------------------------------------


def switched(folder, audio, moves, model=""):
    """Return the sound while the switch changes at these samples."""
    patch = instrument(model)
    patch.add("resynthesis_switch", id="switch", resynthesis=0.0)
    patch.disconnect("inverse.out", "out.audio")
    patch.connect("in.out", "switch.original")
    patch.connect("inverse.out", "switch.resynthesised")
    patch.connect("switch.out", "out.audio")
    engine = Offline(patch.document, RATE, path=folder, inputs={"in": audio})
    for at, value in moves.items():
        engine.set_parameter("switch", "resynthesis", value, at=at)
    return engine.run_samples(len(audio))[:, 0]


def test_switch_aligns_original_and_resynthesis(folder):
    audio = noise(2000)
    sound = switched(folder, audio, {600: 1.0, 900: 0.0, 1300: 1.0})
    assert np.abs(sound[SIZE:] - audio[:-SIZE]).max() < 1e-5


def test_switch_crossfades(folder):
    audio = sine(4000, 100.0)
    original = switched(folder, audio, {})
    made = switched(folder, audio, {0: 1.0}, "model.safetensors")
    sound = switched(folder, audio, {2000: 1.0}, "model.safetensors")
    assert np.array_equal(sound[:2000], original[:2000])
    assert np.array_equal(sound[2200:], made[2200:])
    bound = max(largest_step(original[SIZE:]), largest_step(made[SIZE:])) + 2 * np.abs(original - made).max() / 160
    assert largest_step(sound[SIZE:]) < bound
