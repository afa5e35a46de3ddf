"""Ordered, scaled and named axes of a trained code."""

from dataclasses import replace

import numpy as np
import pytest

from nodegraph.learn.axes import ordered_axes, with_code_map
from nodegraph.models.autoencoder import Autoencoder, Features, Layer
from nodegraph.models.axes import unit_names, unit_ranges

BINS, UNITS = 33, 6
SIZES = np.array([0.2, 3.0, 1.0, 0.5, 2.0, 0.1])  # deviation of the output along each hidden direction


def frames(count=4000, seed=1):
    return np.random.default_rng(seed).gamma(1.0, 1.0, (count, BINS)).astype(np.float32)


def mixed_model(activation="linear", bias=True, seed=2, features=None):
    """Return a model whose units are random mixtures of directions that matter more or less for the output."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.standard_normal((BINS, UNITS)))[0].T
    mixture = np.eye(UNITS) if activation == "relu" else rng.standard_normal((UNITS, UNITS))
    outputs = directions.T * SIZES @ np.linalg.inv(mixture)

    def layer(weight, kind):
        offset = rng.standard_normal(len(weight)).astype(np.float32) if bias else None
        return Layer(np.ascontiguousarray(weight, np.float32), offset, kind)

    decoder = (layer(np.eye(BINS) @ outputs, "leaky"), layer(np.eye(BINS), "linear"))
    features = features or Features(rate=8000.0, size=64, hop=16, normalise="none")
    return Autoencoder(features, (layer(mixture @ directions, activation),), decoder)


def left_by(model, magnitudes, units):
    """Return the share of the output's variance that is lost with only the first units, the others at their mean."""
    code = model.encode(model.normalise(magnitudes)[0])
    few = code.mean(axis=0) * np.ones_like(code)
    few[:, :units] = code[:, :units]
    whole = model.decode(code)
    return float(np.square(model.decode(few) - whole).sum() / np.square(whole - whole.mean(axis=0)).sum())


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid"])
def test_output_is_unchanged_and_shares_never_rise(activation, bias):
    model, heard = mixed_model(activation, bias), frames()
    turned = ordered_axes(model, heard)
    expected = model.reconstruct(frames(seed=9))
    np.testing.assert_allclose(turned.reconstruct(frames(seed=9)), expected, atol=1e-5 * expected.max())
    shares = [axis["share"] for axis in turned.card["axes"]]
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1.0)
    assert (turned.decoder[0].bias is None) == (not bias)


def test_first_axes_of_a_linear_code_hold_what_matters_most():
    model, heard = mixed_model(), frames()
    turned = ordered_axes(model, heard)
    for units in range(1, UNITS):
        assert left_by(turned, heard, units) < 0.5 * left_by(model, heard, units)
    codes = turned.encode(turned.normalise(heard)[0])
    np.testing.assert_allclose(codes.std(axis=0), 1.0, atol=0.02)
    np.testing.assert_allclose(codes.mean(axis=0), 0.0, atol=0.02)


def test_units_of_other_codes_are_only_put_in_order():
    model, heard = mixed_model("relu"), frames()
    before = model.encode(model.normalise(heard)[0])
    after = ordered_axes(model, heard).encode(model.normalise(heard)[0])
    assert {tuple(unit) for unit in before.T} == {tuple(unit) for unit in after.T}


def test_ranges_are_quantiles_of_the_units():
    turned, heard = ordered_axes(mixed_model(), frames()), frames()
    codes = turned.encode(turned.normalise(heard)[0])
    low, middle, high = unit_ranges(turned, UNITS).reshape(3, UNITS)
    np.testing.assert_allclose((codes < low).mean(axis=0), 0.05, atol=0.002)
    np.testing.assert_allclose((codes < middle).mean(axis=0), 0.5, atol=0.002)
    np.testing.assert_allclose((codes > high).mean(axis=0), 0.05, atol=0.002)


def test_axis_is_named_after_what_it_follows_and_rises_with_it():
    """One unit carries the level of the bass, the other noise that follows nothing."""
    features = Features(rate=8000.0, size=64, hop=16, normalise="none")
    rng = np.random.default_rng(3)
    heard = np.ones((3000, BINS), np.float32) * rng.uniform(0.5, 1.5, (3000, 1)).astype(np.float32)
    bass = rng.uniform(0.1, 30.0, 3000)
    heard[:, :2] *= bass[:, None]  # below 250 Hz
    for some in (slice(8, 9), slice(14, 15), slice(24, None)):  # so that no other descriptor follows the bass
        heard[:, some] *= rng.uniform(0.1, 40.0, (3000, 1))
    towards = np.zeros((2, BINS), np.float32)
    towards[0, :2] = -1.0  # falls with the bass
    towards[1, 20] = 0.05
    encoder = (Layer(towards, np.zeros(2, np.float32), "linear"),)
    decoder = (Layer(np.ascontiguousarray(towards.T), np.zeros(BINS, np.float32), "linear"),)
    turned = ordered_axes(Autoencoder(features, encoder, decoder), heard)
    assert unit_names(turned) == ("1 bass", "2")
    assert np.corrcoef(turned.encode(heard)[:, 0], bass)[0, 1] > 0.5


def test_parts_that_add_up_are_named_after_their_peaks():
    features = Features(rate=8000.0, size=64, hop=16, normalise="none")
    parts = np.full((3, BINS), 0.01, np.float32)
    parts[0, 4], parts[1, 8], parts[2, 20] = 1.0, 3.0, 2.0
    layers = Layer(parts, None, "relu"), Layer(np.ascontiguousarray(parts.T), None, "relu")
    heard = np.random.default_rng(5).gamma(1.0, 1.0, (3000, BINS)).astype(np.float32)
    turned = ordered_axes(Autoencoder(features, layers[:1], layers[1:]), heard)
    assert unit_names(turned) == ("1 1000 Hz", "2 2500 Hz", "3 500 Hz")


def test_map_holds_codes_of_training_frames_in_the_order_of_two_axes(tmp_path):
    heard = frames()
    turned = with_code_map(ordered_axes(mixed_model(), heard), heard)
    turned.save(tmp_path / "m.safetensors")
    found = Autoencoder.load(tmp_path / "m.safetensors").code_map
    assert found.places.shape == (256, 2) and found.codes.shape == (256, UNITS)
    for axis in range(2):
        order = np.argsort(found.places[:, axis])
        assert (np.diff(found.codes[order, axis]) >= 0.0).all()
        np.testing.assert_allclose(found.places[order, axis], (np.arange(256) + 0.5) / 256, atol=1e-6)
    known = {tuple(code) for code in np.round(turned.encode(turned.normalise(heard)[0]), 3)}
    assert {tuple(code) for code in np.round(found.codes[:5], 3)} <= known


@pytest.mark.parametrize(
    "axes", [None, "text", [1, 2], [{"name": "1"}], [{}] * UNITS, [{"low": "a", "high": float("inf")}] * UNITS]
)
def test_cards_without_usable_axes_give_numbers_and_the_range_of_a_fader(axes):
    model = replace(mixed_model(), card={"axes": axes})
    assert unit_names(model) in ((), tuple(str(unit + 1) for unit in range(UNITS)))
    assert np.array_equal(unit_ranges(model, UNITS), np.repeat([0.0, 0.5, 1.0], UNITS).astype(np.float32))
