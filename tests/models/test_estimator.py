"""Estimators: the model file, its layout, and what an untrained network answers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.files.safetensors import read_tensors, write_tensors
from nodegraph.models.autoencoder import Autoencoder
from nodegraph.models.estimator import Calibration, Estimator, PatchRecord, class_values, layout_of
from nodegraph.models.estimator_layout import Layout, tensor_shapes, weight_count
from nodegraph.models.model_file import ModelError
from nodegraph.models.parameters import Parameter
from nodegraph.models.sound_features import SoundFeatureSettings, sound_features

PARAMETERS = (
    Parameter("pitch", "osc.frequency", 100.0, 1600.0, "log"),
    Parameter("wave", "osc.shape", 0.0, 2.0, steps=(0.0, 1.0, 2.0)),
    Parameter("level", "osc.amplitude", 0.0, 1.0),
    Parameter("gain", "vca.gain", 0.0, 1.0),
)
FEATURES = SoundFeatureSettings(rate=8000.0, seconds=0.25, size=128, hop=32, bands=12, points=8)


def model(**changes) -> Estimator:
    """Return a model with random weights."""
    layout = layout_of(PARAMETERS, FEATURES, channels=(4, 8), strides=((2, 2), (4, 4)), hidden=16, flow_width=16)
    rng = np.random.default_rng(0)
    shapes = tensor_shapes(layout)
    tensors = {name: np.asarray(rng.uniform(0.1, 0.3, shape), np.float32) for name, shape in shapes.items()}
    record = PatchRecord("Test", "0123", {"osc": "4567"})
    whole = {
        "parameters": PARAMETERS,
        "features": FEATURES,
        "layout": layout,
        "patch": record,
        "calibration": Calibration((1.0, 2.0, 0.5, 1.0), (2.0,) * 4),
        "tensors": tensors,
        "interchangeable": ((("level",), ("gain",)),),
        "inaudible": ("wave",),
        "card": {"seed": 3},
    }
    return Estimator(**(whole | changes))


def test_saved_model_is_read_as_it_was(tmp_path):
    before = model()
    before.save(tmp_path / "m.safetensors")
    after = Estimator.load(tmp_path / "m.safetensors")
    for name in ("parameters", "features", "layout", "patch", "calibration", "interchangeable", "inaudible", "card"):
        assert getattr(after, name) == getattr(before, name)
    assert after.tensors.keys() == before.tensors.keys()
    assert all(np.array_equal(after.tensors[name], before.tensors[name]) for name in before.tensors)


WRONG = {
    "no parameters": ({"parameters": []}, "length >= 1"),
    "another parameter list": ({"parameters": [{"name": "a", "target": "a.b", "low": 0, "high": 1}]}, "do not fit"),
    "the same name twice": ({"parameters": [{"name": "a", "target": "a.b", "low": 0, "high": 1}] * 4}, "same name"),
    "an empty range": ({"parameters": [{"name": "a", "target": "a.b", "low": 1, "high": 1}]}, "invalid range"),
    "an unknown taper": (
        {"parameters": [{"name": "a", "target": "a.b", "low": 0, "high": 1, "taper": "exp"}]},
        "taper must be",
    ),
    "falling steps": (
        {"parameters": [{"name": "a", "target": "a.b", "low": 0, "high": 1, "steps": [1, 0]}]},
        "steps must increase",
    ),
    "a text as range": ({"parameters": [{"name": "a", "target": "a.b", "low": "x", "high": 1}]}, "expected `float`"),
    "a layout of other features": ({"features": {"bands": 24}}, "the layout does not fit"),
    "features out of range": ({"features": {"rate": 1e12}}, "features.rate"),
    "unknown features": ({"features": {"mfcc": 13}}, "unknown field `mfcc`"),
    "a huge layout": ({"layout": {"classes": [20] * 4, "hidden": 10**9}}, "layout.hidden"),
    "no layout": ({"layout": None}, "expected `object`"),
    "too few temperatures": ({"calibration": {"clean": [1.0], "noisy": [1.0] * 4}}, "one per parameter"),
    "temperature 0": ({"calibration": {"clean": [1.0] * 4, "noisy": [0.0] * 4}}, "calibration.noisy"),
    "an unknown name": ({"inaudible": ["room"]}, "'room' is not one of the parameters"),
    "unequal units": ({"interchangeable": [[["level"], ["gain", "wave"]]]}, "as many parameters"),
    "a later format": ({"format": 7}, "format 7"),
    "another kind": ({"kind": "autoencoder"}, "kind must be 'estimator'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_metadata_raise_one_line(tmp_path, name):
    changes, words = WRONG[name]
    path = tmp_path / "m.safetensors"
    model().save(path)
    tensors, strings = read_tensors(path)
    write_tensors(path, tensors, {"nodegraph": json.dumps(json.loads(strings["nodegraph"]) | changes)})
    with pytest.raises(ModelError) as raised:
        Estimator.load(path)
    line = str(raised.value)
    assert words in line and str(path) in line and "`nodegraph train estimator`" in line and len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("network.heads.bias"), "'network.heads.bias' is missing"),
        (lambda t: t.update({"network.more": np.ones(3, np.float32)}), "'network.more' is unknown"),
        (lambda t: t.update({"network.code.bias": np.ones(3, np.float32)}), "must have the shape [16], got [3]"),
        (lambda t: t.update({"features.level.deviation": np.zeros(1, np.float32)}), "must be above 0"),
    ],
)
def test_wrong_tensors_raise_one_line(tmp_path, change, words):
    path = tmp_path / "m.safetensors"
    model().save(path)
    tensors, strings = read_tensors(path)
    change(tensors)
    write_tensors(path, tensors, strings)
    with pytest.raises(ModelError) as raised:
        Estimator.load(path)
    assert words in str(raised.value) and len(str(raised.value).splitlines()) == 1


def test_autoencoder_and_estimator_are_not_confused(tmp_path):
    model().save(tmp_path / "m")
    with pytest.raises(ModelError, match="kind must be 'autoencoder', got 'estimator'"):
        Autoencoder.load(tmp_path / "m")


@given(st.binary(max_size=100), st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_damaged_file_loads_or_raises_one_line(tmp_path_factory, junk, start, cut):
    path = tmp_path_factory.mktemp("m") / "m"
    model().save(path)
    good = path.read_bytes()
    path.write_bytes(good[:start] + junk + good[start + cut :])
    try:
        Estimator.load(path)
    except ModelError as error:
        assert len(str(error).splitlines()) == 1


def test_layout_of_23_parameters_has_at_most_1_2_million_weights():
    assert weight_count(Layout(classes=(16,) * 23)) <= 1_200_000


def test_parameter_with_many_steps_has_classes_along_its_taper():
    few = Parameter("a", "a.b", 0.0, 10.0, steps=(0.0, 3.0, 10.0))
    many = replace(few, steps=tuple(np.linspace(0.0, 10.0, 101)))
    assert class_values(few) == few.steps
    assert class_values(many) == pytest.approx(np.linspace(0.0, 10.0, 20))


# -- features ----------------------------------------------------------------------------------------------


def test_gain_changes_the_level_only():
    sound = np.random.default_rng(0).standard_normal((2, 2000)).astype(np.float32)
    loud, quiet = sound_features(sound, FEATURES), sound_features(0.1 * sound, FEATURES)
    assert quiet.mel == pytest.approx(loud.mel, abs=1e-3)
    assert quiet.envelope == pytest.approx(loud.envelope, abs=1e-3)
    assert quiet.level == pytest.approx(loud.level - 20.0, abs=1e-3)


def test_envelope_shows_the_attack_in_steps_of_2_ms():
    sound = np.ones((1, 2000), np.float32)
    sound[:, :32] = 0.0  # 4 ms
    assert sound_features(sound, FEATURES).envelope[0] == pytest.approx([-80.0] * 2 + [0.0] * 6)


def test_shorter_and_longer_sounds_have_the_same_shape():
    for samples in (10, 64, 2000):
        found = sound_features(np.ones((3, samples), np.float32), replace_seconds(samples))
        assert found.mel.shape[2] == 12 and found.envelope.shape == (3, 8) and np.isfinite(found.mel).all()


def replace_seconds(samples: int) -> SoundFeatureSettings:
    return SoundFeatureSettings(8000.0, max(samples / 8000.0, 0.05), 128, 32, 12, 8)


# -- network -----------------------------------------------------------------------------------------------

torch = pytest.importorskip("torch")


def inference(**changes):
    from nodegraph.models.estimation import Inference

    return Inference(model(**changes))


def sounds(count: int = 3) -> np.ndarray:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (count, FEATURES.samples)).astype(np.float32)


def test_network_has_the_tensors_of_its_layout():
    from nodegraph.models.estimator_network import EstimatorNetwork, network_tensors

    layout = model().layout
    found = {f"network.{name}": values.shape for name, values in network_tensors(EstimatorNetwork(layout)).items()}
    assert found == {name: shape for name, shape in tensor_shapes(layout).items() if name.startswith("network.")}
    assert weight_count(layout) == sum(weights.numel() for weights in EstimatorNetwork(layout).parameters())


def test_estimates_lie_in_their_ranges_and_on_their_steps():
    found = inference().estimate(sounds(), candidates=5)
    assert found.values.shape == found.confidence.shape == (3, 4) and found.candidates.shape == (3, 5, 4)
    for values in (found.values, found.candidates.reshape(-1, 4)):
        for column, parameter in zip(values.T, PARAMETERS):
            assert (column >= parameter.low).all() and (column <= parameter.high).all()
        assert set(values[:, 1]) <= {0.0, 1.0, 2.0}
    assert (found.confidence[:, 1] == 0.0).all()  # inaudible
    assert ((found.confidence >= 0.0) & (found.confidence <= 1.0)).all()


def test_estimates_of_a_sound_do_not_depend_on_the_others():
    together = inference().estimate(sounds())
    alone = inference().estimate(sounds()[1])
    assert alone.values[0] == pytest.approx(together.values[1], rel=1e-4)


def test_candidates_repeat_with_the_seed_only():
    first, same, other = (inference().estimate(sounds(), candidates=4, seed=seed).candidates for seed in (0, 0, 1))
    assert np.array_equal(first, same) and not np.array_equal(first, other)


def test_temperature_changes_the_confidence_but_not_the_class():
    cold, hot = (
        inference(calibration=Calibration((t,) * 4, (4.0,) * 4), inaudible=()).estimate(sounds()) for t in (0.5, 4.0)
    )
    assert (cold.confidence > hot.confidence).all()
    noisy = inference(calibration=Calibration((0.5,) * 4, (4.0,) * 4), inaudible=()).estimate(sounds(), noise=1e-6)
    assert noisy.confidence == pytest.approx(hot.confidence, abs=1e-4)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (np.zeros(2000), "the sound is silent"),
        (np.full(2000, np.nan), "must not contain NaN"),
        (np.ones(1999), "must have 2000 samples, got 1999"),
        (np.zeros(0), "must have 2000 samples, got 0"),
    ],
)
def test_unusable_sound_raises_one_line(sound, words):
    with pytest.raises(ModelError, match=words):
        inference().estimate(sound)


def test_fitted_sound_has_the_rate_and_the_length_of_the_model():
    from nodegraph.models.estimation import fit_sound

    t = np.arange(4000) / 16000.0
    fitted = fit_sound(model(), np.sin(2 * np.pi * 500.0 * t), 16000.0)
    assert fitted.shape == (2000,) and np.abs(np.fft.rfft(fitted)).argmax() == 125
    assert np.array_equal(fit_sound(model(), np.ones(10), 8000.0), np.r_[np.ones(10), np.zeros(1990)])
