"""Layers, initialisers, corruption, regularisers, losses and optimisers against their definitions."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from nodegraph.learn import load_recipe, recipe_files  # noqa: E402
from nodegraph.learn.baselines import Baselines, principal_components  # noqa: E402
from nodegraph.learn.corruption import corrupt  # noqa: E402
from nodegraph.learn.losses import loss_of  # noqa: E402
from nodegraph.learn.network import Network, new_pair  # noqa: E402
from nodegraph.learn.optimisers import optimiser_of, rate_factor, update_schedule  # noqa: E402
from nodegraph.learn.recipe import LayerConfig, TrainingConfig  # noqa: E402
from nodegraph.learn.regularisers import decay, penalty  # noqa: E402
from nodegraph.models.autoencoder import Autoencoder, Features  # noqa: E402

BINS = 33


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def frames(count=300, seed=1):
    """Return non-negative frames of five factors and a little noise."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.5, 1.0, (count, 5)) @ rng.gamma(0.5, 0.1, (5, BINS)) + 0.01 * rng.random((count, BINS))
    return torch.from_numpy(values.astype(np.float32))


def pair(units=8, inputs=None, seed=0, **choices):
    return new_pair(LayerConfig(units=units, **choices), frames() if inputs is None else inputs, generator(seed))


def network(**choices):
    x = frames()
    outer = pair(12, x, **choices)
    return Network([outer, pair(4, outer.encode(x).detach(), 1, **choices)])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", ["sigmoid", "relu", "leaky", "linear"])
def test_saved_model_computes_the_trained_network(tmp_path, activation, tied, bias):
    trained = network(encoder=activation, decoder=activation, tied=tied, bias=bias, slope=0.2, initialiser="he")
    with torch.no_grad():
        for parameter in trained.parameters:  # biases differ from 0 after training
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator(5))
    layers = [pair.layers() for pair in trained.pairs]
    features = Features(size=2 * (BINS - 1), hop=8)
    model = Autoencoder(features, tuple(a for a, _ in layers), tuple(b for _, b in reversed(layers)))
    model.save(tmp_path / "m")
    x = frames()
    with torch.no_grad():
        assert (
            np.abs(Autoencoder.load(tmp_path / "m").decode(model.encode(x.numpy())) - trained(x).numpy()).max() < 1e-5
        )
    assert len(trained.parameters) == 2 * ((1 if tied else 2) + (2 if bias else 0))


@pytest.mark.parametrize("kind", ["uniform", "truncated_normal", "glorot", "he"])
@pytest.mark.parametrize("non_negative", [False, True])
def test_random_weights_have_the_range_of_their_initialiser(kind, non_negative):
    x = torch.zeros(1, 400)
    weight = pair(300, x, initialiser=kind, range=0.15, non_negative=non_negative).weight.detach()
    edge = {
        "uniform": 0.075,
        "truncated_normal": 0.3,
        "glorot": math.sqrt(6 / 700),
        "he": math.sqrt(6 / 400),
    }[kind]
    if non_negative:
        assert weight.min() >= 0.0
        edge *= 1 if kind == "truncated_normal" else 2
    else:
        assert weight.min() == pytest.approx(-edge, rel=0.02) and abs(weight.mean()) < 0.01 * edge
    assert weight.max() == pytest.approx(edge, rel=0.02)
    if kind == "truncated_normal" and not non_negative:
        assert weight.std() == pytest.approx(0.15 * 0.8796, rel=0.01)  # standard deviation of a normal truncated at two


@pytest.mark.parametrize("tied", [True, False])
def test_pca_makes_a_linear_network_equal_principal_components(tied):
    x = frames()
    start = pair(4, x, encoder="linear", decoder="linear", initialiser="pca", tied=tied)
    mean, pca = Baselines.fit(x, 4).errors(x)
    with torch.no_grad():
        error = float((Network([start])(x) - x).square().sum() / len(x))
    assert error == pytest.approx(pca, rel=1e-3) and pca < mean


@pytest.mark.parametrize("activation, within", [("sigmoid", 1.25), ("relu", 1.001), ("leaky", 1.001)])
def test_pca_makes_nonlinear_units_approximate_principal_components(activation, within):
    x = frames()
    start = pair(4, x, encoder=activation, decoder="linear", initialiser="pca")
    _, pca = Baselines.fit(x, 4).errors(x)
    with torch.no_grad():
        assert float((Network([start])(x) - x).square().sum() / len(x)) < within * pca


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", ["relu", "leaky"])
@pytest.mark.parametrize("units, output", [(24, "linear"), (25, "linear"), (24, "leaky")])
def test_mirrored_units_around_a_linear_code_equal_principal_components(activation, bias, units, output):
    x = frames()
    common = {"slope": 0.1, "initialiser": "mirrored", "bias": bias}
    outer = pair(units, x, encoder=activation, decoder=output, **common)
    with torch.no_grad():
        hidden = outer.encode(x)
        inner = pair(4, hidden, encoder="linear", decoder=activation, **common)
        error = float((Network([outer, inner])(x) - x).square().sum() / len(x))
    mean, components = principal_components(x, 4, centred=bias)
    rest = x - mean
    expected = float((rest - rest @ components.T @ components).square().sum() / len(x))
    assert 0.5 * expected < error < 1.05 * expected  # an output without negative values may be better
    if bias:
        assert ((hidden > 0).any(0) & (hidden <= 0).any(0))[: units // 2].all()  # units bend within the frames


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("decoder", ["sigmoid", "relu", "linear"])
@pytest.mark.parametrize("initialiser", ["mean", "whitened", "pca"])
def test_fitted_initialisers_start_no_worse_than_the_mean(initialiser, decoder, bias):
    x = frames()
    x = x / x.max()
    made = pair(4, x, decoder=decoder, initialiser=initialiser, range=0.05, bias=bias)
    random = pair(4, x, decoder=decoder, initialiser="truncated_normal", range=0.05, bias=bias)
    mean, _ = Baselines.fit(x, 4).errors(x)
    with torch.no_grad():
        error, other = (float((Network([p])(x) - x).square().sum() / len(x)) for p in (made, random))
    assert error < 1.2 * mean and error < other


@pytest.mark.parametrize("bias", [True, False])
def test_identity_units_start_below_the_components_of_sigmoids(bias):
    x = frames()
    x = x / x.amax(1, keepdim=True)
    mean, _ = Baselines.fit(x, 4).errors(x)
    made, whitened = (
        pair(BINS - 1, x, decoder="sigmoid", initialiser=kind, bias=bias) for kind in ("identity", "whitened")
    )
    with torch.no_grad():
        error, other = (float((Network([p])(x) - x).square().sum() / len(x)) for p in (made, whitened))
    assert error < 0.05 * mean and error < other


def test_whitened_units_have_equal_variance_and_pca_units_do_not():
    x = frames()
    with torch.no_grad():
        whitened, plain = (pair(4, x, initialiser=kind).encode(x).std(0) for kind in ("whitened", "pca"))
    assert whitened.max() < 1.2 * whitened.min() and plain.max() > 2 * plain.min()


def test_baselines_agree_with_the_singular_value_decomposition():
    x = frames()
    centred = x.double() - x.double().mean(0)
    values = torch.linalg.svdvals(centred)
    mean, pca = Baselines.fit(x, 3).errors(x)
    assert mean == pytest.approx(float((values**2).sum()) / len(x), rel=1e-4)
    assert pca == pytest.approx(float((values[3:] ** 2).sum()) / len(x), rel=1e-3)
    assert Baselines.fit(x, 500).errors(x)[1] < 1e-6 * mean


def test_corruption_has_the_requested_kind_and_amount():
    x = torch.full((400, 300), 0.5)
    assert corrupt(x, "none", 0.5, generator()) is x and corrupt(x, "gaussian", 0.0, generator()) is x
    noisy = corrupt(x, "gaussian", 0.2, generator())
    assert float((noisy - x).std()) == pytest.approx(0.2, rel=0.02) and abs(float((noisy - x).mean())) < 0.005
    dropped = corrupt(x, "dropout", 0.3, generator())
    assert set(dropped.unique().tolist()) == {0.0, 0.5}
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.01)
    salted = corrupt(x, "salt_and_pepper", 0.3, generator())
    for value in (0.0, 1.0):
        assert float((salted == value).float().mean()) == pytest.approx(0.15, abs=0.01)


def test_losses_equal_their_formulas():
    y, t = torch.rand(20, 7, generator=generator(1)), torch.rand(20, 7, generator=generator(2))
    squares = ((y - t) ** 2).sum(1).mean()
    assert torch.allclose(loss_of("squared", "sum")(y, t), squares)
    assert torch.allclose(loss_of("squared", "mean")(y, t), squares / 7)
    entropy = -(t * y.log() + (1 - t) * (1 - y).log())
    assert torch.allclose(loss_of("cross_entropy", "sum")(y, t), entropy.sum(1).mean())
    assert torch.allclose(loss_of("spectral_convergence", "sum")(y, t), ((y - t) ** 2).mean() / (t**2).mean())
    for extreme in (torch.zeros(2, 3), torch.ones(2, 3)):
        assert loss_of("cross_entropy", "sum")(extreme, 1 - extreme).isfinite()


def test_penalty_sums_squared_weights_and_activity():
    trained = network(l2=0.1, activity=0.01, encoder="linear")
    trained.forward_train(frames(), generator())
    expected = sum(0.1 * float((w.detach() ** 2).sum()) for pair in trained.pairs for w in pair.weights)
    expected += sum(0.01 * float(h.detach().abs().sum(1).mean()) for h in trained.hidden)
    assert penalty(trained).item() == pytest.approx(expected, rel=1e-5)
    assert penalty(network()) == 0.0


def test_dropout_preserves_the_mean_output():
    trained = Network([pair(400, encoder="sigmoid", decoder="linear", dropout=0.4, initialiser="glorot")])
    x = frames(2000)
    with torch.no_grad():
        noisy, plain = trained.forward_train(x, generator()), trained(x)
    assert not torch.allclose(noisy, plain, atol=1e-3)
    assert torch.allclose(noisy.mean(0), plain.mean(0), atol=0.05)


@pytest.mark.parametrize("negative, positive", [(1.0, 0.0), (0.25, 0.0), (0.5, 0.125)])
def test_weight_decay_depends_on_the_sign(negative, positive):
    trained = network(decay_negative=negative, decay_positive=positive)
    before = trained.snapshot()
    decay(trained)
    for old, new in zip(before, trained.parameters):
        share = torch.where(old < 0, 1 - negative, 1 - positive) if old.ndim == 2 else 1.0
        assert torch.allclose(new, old * share)
    if negative == 1.0:
        assert all(weight.min() >= 0 for pair in trained.pairs for weight in pair.weights)


def test_biases_decay_if_enabled():
    trained = network(decay_negative=1.0, decay_biases=True)
    with torch.no_grad():
        for pair_ in trained.pairs:
            pair_.bias -= 1.0
    decay(trained)
    assert all(not pair_.bias.any() for pair_ in trained.pairs)


def test_rate_follows_its_schedule():
    def rates(**choices):
        found = TrainingConfig(last_rate=0.1, **choices)
        return [rate_factor(found, done) for done in (0.0, 0.25, 0.5, 1.0)]

    assert rates() == [1.0] * 4
    assert rates(schedule="linear") == pytest.approx([1.0, 0.775, 0.55, 0.1])
    assert rates(schedule="cosine") == pytest.approx([1.0, 0.1 + 0.9 * (0.5 + math.sqrt(0.125)), 0.55, 0.1])
    assert rates(schedule="linear", hold=0.5) == pytest.approx([1.0, 1.0, 1.0, 0.1])
    assert rates(warm_up=0.5) == pytest.approx([0.001, 0.5, 1.0, 1.0])


@pytest.mark.parametrize("kind", ["sgd", "adam"])
def test_schedule_sets_rate_and_momentum_of_the_optimiser(kind):
    choices = TrainingConfig(
        optimiser=kind, rate=0.4, momentum=0.5, last_momentum=0.9, schedule="linear", last_rate=0.0
    )
    optimiser = optimiser_of(choices, [torch.zeros(3, requires_grad=True)])
    update_schedule(optimiser, choices, 0.5)
    (group,) = optimiser.param_groups
    assert group["lr"] == pytest.approx(0.2)
    assert (group["momentum"] if kind == "sgd" else group["betas"][0]) == pytest.approx(0.7)


def test_sgd_with_momentum_follows_its_equation():
    choices = TrainingConfig(optimiser="sgd", rate=0.1, momentum=0.5)
    weight = torch.tensor([1.0], requires_grad=True)
    optimiser = optimiser_of(choices, [weight])
    velocity, expected = 0.0, 1.0
    for gradient in (1.0, -2.0, 0.5):
        weight.grad = torch.tensor([gradient])
        optimiser.step()
        velocity = 0.5 * velocity + gradient
        expected -= 0.1 * velocity
        assert weight.item() == pytest.approx(expected)


def test_every_recipe_builds_a_finite_network():
    for name in recipe_files():
        inputs = frames()
        for choices in load_recipe(name).layers:
            made = new_pair(choices, inputs, generator())
            inputs = made.encode(inputs).detach()
            assert inputs.isfinite().all()
