"""Training from frames to model: accuracy, reproducibility, interruption and output files."""

import csv
import errno
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

from nodegraph.learn import FrameSets, LearnError, load_recipe
from nodegraph.models.autoencoder import Autoencoder, Layer
from tests.learn.conftest import SMALL

torch = pytest.importorskip("torch")

from nodegraph.learn import TrainingObserver, train  # noqa: E402
from nodegraph.learn import training as training_module  # noqa: E402

ONE = {"layers": [{"units": 4}], "training": {"epochs": 8, "rate": 0.01}}
TWO = {
    "layers": [{"units": 12}, {"units": 4, "decoder": "sigmoid"}],
    "pretraining": {"epochs": 3, "rate": 0.01},
    "training": {"epochs": 4, "rate": 0.01},
}


def recipe(data=ONE, **sets):
    return load_recipe({"name": "small", **data}, sets=SMALL | {k.replace("__", "."): v for k, v in sets.items()})


def weights(model):
    return [a for layer in (*model.encoder, *model.decoder) for a in (layer.weight, layer.bias) if a is not None]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


class StopAfter:
    """A stop callback that returns True after n calls."""

    def __init__(self, times):
        self.left = times

    def __call__(self):
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("data", [ONE, TWO])
def test_same_seed_gives_the_same_weights(frames, data):
    first, second, other = (train(frames, recipe=recipe(data), seed=seed).model for seed in (1, 1, 2))
    assert same(first, second) and not same(first, other)


def test_time_of_a_training_does_not_change_its_weights(frames):
    weights_after = []
    for minutes in (0.5, 1000.0):
        chosen = recipe(training__schedule="cosine", training__warm_up=0.1, training__minutes=minutes)
        weights_after.append(train(frames, recipe=chosen, seed=1).model)
    assert same(*weights_after)


def test_linear_decoder_is_nearly_as_accurate_as_principal_components(frames):
    for encoder in ("linear", "sigmoid", "relu"):
        chosen = recipe(layers__0__encoder=encoder, layers__0__initialiser="pca", training__schedule="cosine")
        found = train(frames, recipe=chosen, epochs=25).errors["features"]["test"]
        assert found["sum"] <= 1.1 * found["pca"] < 0.5 * found["predict_the_mean"], encoder


def test_bfloat16_is_as_accurate_as_float32(frames):
    found = {}
    for precision in ("float32", "bfloat16"):
        sets = {"training__precision": precision, "pretraining__precision": precision, "training__epochs": 20}
        trained = train(frames, recipe=recipe(TWO, **sets), seed=1)
        found[precision] = trained.errors["features"]["test"]["relative"]
        assert all(layer.weight.dtype == np.float32 for layer in trained.model.encoder)
    assert found["bfloat16"] == pytest.approx(found["float32"], rel=0.05)


@pytest.mark.parametrize("loss", ["squared", "cross_entropy", "spectral_convergence"])
@pytest.mark.parametrize("optimiser, rate", [("sgd", 0.3), ("adam", 0.01)])
def test_every_loss_decreases_with_either_optimiser(frames, loss, optimiser, rate):
    chosen = recipe(
        layers__0__decoder="sigmoid",
        features__normalise="frame",
        training__loss=loss,
        training__optimiser=optimiser,
        training__rate=rate,
    )
    rows = train(frames, recipe=chosen).rows
    assert rows[-1].valid < 0.9 * rows[0].valid and rows[-1].train < rows[1].train


def test_reported_errors_equal_those_of_the_model(frames):
    trained = train(frames, recipe=recipe(features__power=0.5, features__normalise="bin"))
    model, errors = trained.model, trained.errors
    y, _ = model.normalise(frames.test)
    found = np.square(model.decode(model.encode(y)) - y).sum(axis=1).mean()
    assert errors["features"]["test"]["sum"] == pytest.approx(found, rel=1e-4)
    assert errors["features"]["test"]["mean"] == pytest.approx(found / model.bins, rel=1e-4)
    largest = frames.train.max()
    found = np.square((model.reconstruct(frames.valid) - frames.valid) / largest).sum(axis=1).mean()
    assert errors["magnitudes"]["valid"]["sum"] == pytest.approx(found, rel=1e-3)
    mean = np.square((frames.valid - frames.train.mean(axis=0)) / largest).sum(axis=1).mean()
    assert errors["magnitudes"]["valid"]["predict_the_mean"] == pytest.approx(mean, rel=1e-3)
    assert model.card["errors"] == errors


def test_global_features_and_magnitudes_have_the_same_errors(frames):
    errors = train(frames, recipe=recipe()).errors
    largest = frames.train.max()
    mean = np.square((frames.test - frames.train.mean(axis=0)) / largest).sum(axis=1).mean()
    assert errors["magnitudes"] == errors["features"]
    assert errors["features"]["test"]["predict_the_mean"] == pytest.approx(mean, rel=1e-3)


@pytest.mark.parametrize("spacing", ["mel", "log"])
def test_net_learns_logarithmic_bands(frames, spacing):
    trained = train(frames, recipe=recipe(features__spacing=spacing, features__bands=24, features__power=0.5))
    assert trained.model.encoder[0].inputs == trained.model.decoder[-1].outputs == 24
    assert trained.rows[-1].valid < 0.5 * trained.rows[0].valid
    made = trained.model.reconstruct(frames.test)
    assert made.shape == frames.test.shape and made.min() >= 0.0 and made.max() > 0.0


def test_layers_are_pretrained_joined_and_fine_tuned(frames):
    trained = train(frames, recipe=recipe(TWO))
    assert [stage["stage"] for stage in trained.stages] == ["layer 1", "layer 2", "fine-tuning"]
    assert [stage["widths"] for stage in trained.stages] == ["12", "4", "12-4"]
    assert [layer.outputs for layer in (*trained.model.encoder, *trained.model.decoder)] == [12, 4, 12, 65]
    second = trained.stages[1]
    assert second["adjusted"] == pytest.approx(second["valid"]["sum"] * 65 / 12)
    before = next(row for row in trained.rows if row.stage == "fine-tuning" and row.epoch == 0)
    assert trained.rows[-1].valid < before.valid

    joined = train(frames, recipe=recipe(TWO | {"training": {"epochs": 0}}))
    assert [stage["stage"] for stage in joined.stages] == ["layer 1", "layer 2"]
    assert joined.errors["features"]["valid"]["mean"] == pytest.approx(before.valid, rel=1e-4)


def test_non_negative_weights_stay_non_negative(frames):
    chosen = recipe(layers__0__decay_negative=1.0, layers__0__non_negative=True, layers__0__initialiser="uniform")
    trained = train(frames, recipe=chosen)
    assert all(layer.weight.min() >= 0 for layer in (*trained.model.encoder, *trained.model.decoder))
    assert trained.rows[-1].valid < trained.rows[0].valid


def test_training_ends_on_a_plateau(frames):
    chosen = recipe(training__epochs=200, training__patience=5, training__rate=0.05)
    rows = train(frames, recipe=chosen).rows
    assert rows[-1].epoch < 200
    losses = [row.valid for row in rows]
    assert min(losses[-5:]) > 0.999 * min(losses[:-5])
    assert not any(min(losses[k - 5 : k]) > 0.999 * min(losses[: k - 5]) for k in range(6, len(losses)))


def test_training_ends_after_its_minutes(frames):
    trained = train(frames, recipe=recipe(training__epochs=100_000, training__minutes=0.01))
    assert 1 <= trained.rows[-1].epoch < 100_000 and not trained.stopped


def test_result_is_the_best_epoch_rather_than_the_last(frames):
    noise = np.random.default_rng(0).gamma(0.3, 1.0, (90, frames.features.bins)).astype(np.float32)
    few = FrameSets(noise[:30], noise[30:60], noise[60:], frames.features)  # only the mean of noise can be learnt
    trained = train(few, recipe=recipe(layers__0__units=40, layers__0__encoder="relu"), epochs=300)
    best = min(row.valid for row in trained.rows)
    assert trained.errors["features"]["valid"]["mean"] == pytest.approx(best, rel=1e-4)
    assert trained.rows[-1].valid > 1.01 * best and trained.rows[-1].train < min(
        row.train for row in trained.rows[1:50]
    )


def test_diverged_loss_is_reported_and_the_best_model_returned(frames):
    trained = train(frames, recipe=recipe(training__optimiser="sgd", training__rate=1e6, training__reduction="sum"))
    assert any("Lower the rate" in line for line in trained.notes)
    assert np.isfinite(trained.errors["features"]["test"]["sum"])
    assert trained.rows[-1].epoch < 8


def test_model_is_trained_on_with_its_layers_and_features(frames):
    known = train(frames, recipe=recipe(TWO, features__normalise="global", features__power=0.5), seed=1).model
    other = FrameSets(frames.test, frames.valid, frames.train, frames.features)
    adapted = train(other, start=known, epochs=3)
    assert [layer.outputs for layer in adapted.model.encoder] == [12, 4]
    assert np.array_equal(adapted.model.features.scale, known.features.scale)
    y, _ = known.normalise(other.valid)
    before = np.square(known.decode(known.encode(y)) - y).sum(axis=1).mean()
    assert adapted.rows[0].valid == pytest.approx(before, rel=1e-4)
    assert adapted.errors["features"]["valid"]["sum"] < before
    new = train(other, recipe=recipe(TWO, features__power=0.5), epochs=3)
    assert adapted.errors["features"]["valid"]["relative"] < new.errors["features"]["valid"]["relative"]


def test_interrupted_adaptation_resumes(frames, tmp_path):
    known = train(frames, recipe=recipe(TWO), seed=1).model
    complete = train(frames, start=known, epochs=4, seed=2)
    path = tmp_path / "m.safetensors"
    assert train(frames, path, start=known, epochs=4, seed=2, observer=TrainingObserver(stop=StopAfter(15))).stopped
    assert same(train(frames, path, start=known, epochs=4, seed=2, resume=True).model, complete.model)


def test_parts_stay_parts_when_they_are_trained_on(frames):
    chosen = recipe(layers__0__decay_negative=1.0, layers__0__non_negative=True, layers__0__initialiser="uniform")
    adapted = train(frames, start=train(frames, recipe=chosen).model, epochs=2).model
    assert all(layer.weight.min() >= 0 for layer in (*adapted.encoder, *adapted.decoder))


def test_model_that_cannot_be_trained_on_is_an_error(frames):
    known = train(frames, recipe=recipe(), epochs=1).model
    with pytest.raises(LearnError, match="keeps its width"):
        train(frames, start=known, width=3)
    deeper = replace(known, encoder=(*known.encoder, Layer(np.eye(known.code_size, dtype=np.float32))))
    with pytest.raises(LearnError, match="as many encoder as decoder layers, got 2 and 1"):
        train(frames, start=deeper)


# -- files -------------------------------------------------------------------------------------------------


def test_training_writes_model_and_curve(frames, tmp_path):
    steps = []
    trained = train(frames, tmp_path / "m.safetensors", recipe(TWO), seed=3, observer=TrainingObserver(steps.append))
    assert {path.name for path in tmp_path.iterdir()} == {"m.safetensors", "m.csv", "m.png"}
    loaded = Autoencoder.load(tmp_path / "m.safetensors")
    assert same(loaded, trained.model) and loaded.card == trained.model.card
    card = loaded.card
    assert (card["recipe"], card["seed"], card["widths"], card["stopped"]) == ("small", 3, "12-4", False)
    assert card["trained_on"]["frames"] == {"train": 600, "valid": 150, "test": 150}
    assert load_recipe(card["choices"]) == recipe(TWO)
    with (tmp_path / "m.csv").open() as file:
        table = list(csv.DictReader(file))
    assert [(row["stage"], int(row["epoch"])) for row in table] == [(row.stage, row.epoch) for row in trained.rows]
    assert [float(row["valid"]) for row in table] == pytest.approx([row.valid for row in trained.rows])
    assert [step.done for step in steps] == sorted(step.done for step in steps) and steps[-1].done == pytest.approx(1.0)


@pytest.mark.parametrize("data", [ONE, TWO])
@pytest.mark.parametrize("batches", [0, 1, 10, 25, 45])
def test_resumed_training_equals_an_uninterrupted_training(frames, tmp_path, data, batches):
    path = tmp_path / "m.safetensors"
    chosen = recipe(data, layers__0__corruption="gaussian", layers__0__noise=0.1, training__schedule="cosine")
    complete = train(frames, recipe=chosen, seed=4)
    first = train(frames, path, chosen, seed=4, observer=TrainingObserver(stop=StopAfter(batches)))
    assert first.stopped and Autoencoder.load(path).card["stopped"]
    rest = train(frames, path, chosen, seed=4, resume=True)
    assert not rest.stopped and same(rest.model, complete.model) and same(Autoencoder.load(path), complete.model)
    assert [row[:2] for row in rest.rows] == [row[:2] for row in complete.rows]
    assert [row.valid for row in rest.rows] == [row.valid for row in complete.rows]
    assert not path.with_name("m.safetensors.checkpoint").exists()


def test_keyboard_interrupt_stops_the_training(frames, tmp_path):
    def interrupt(step):
        if step.epoch == 2:
            raise KeyboardInterrupt

    trained = train(frames, tmp_path / "m", recipe(), observer=TrainingObserver(interrupt))
    assert trained.stopped and trained.rows[-1].epoch == 2
    best = min(row.valid for row in trained.rows)
    assert trained.errors["features"]["valid"]["mean"] == pytest.approx(best, rel=1e-4)
    assert same(Autoencoder.load(tmp_path / "m"), trained.model)


def test_killed_process_leaves_its_best_model(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(training_module, "CHECKPOINT_PERIOD", 0.0)
    seen = []

    def kill(step):
        if step.epoch == 5 and not seen:
            seen.append(Autoencoder.load(tmp_path / "m"))
            raise MemoryError  # the training cannot clean up after this

    with pytest.raises(MemoryError):
        train(frames, tmp_path / "m", recipe(), observer=TrainingObserver(kill))
    y, _ = seen[0].normalise(frames.valid)
    error = np.square(seen[0].decode(seen[0].encode(y)) - y).mean()
    complete = train(frames, recipe=recipe())
    assert error == pytest.approx(min(row.valid for row in complete.rows[:6]), rel=1e-4)
    assert same(train(frames, tmp_path / "m", recipe(), resume=True).model, complete.model)


def test_full_disk_does_not_end_the_training(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(training_module, "CHECKPOINT_PERIOD", 0.0)
    complete = train(frames, recipe=recipe())
    real, folder = os.fsync, str(tmp_path)

    def full(handle):
        if os.readlink(f"/proc/self/fd/{handle}").startswith(folder):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle)

    monkeypatch.setattr(os, "fsync", full)
    trained = train(frames, tmp_path / "m.safetensors", recipe())
    assert trained.path.parent != tmp_path and same(Autoencoder.load(trained.path), complete.model)
    assert any("only in memory" in line and "No space left" in line for line in trained.notes)
    assert any(str(trained.path) in line for line in trained.notes)
    assert len(trained.notes) == 2 and not list(tmp_path.iterdir())


def test_saving_resumes_when_the_disk_has_space_again(frames, tmp_path, monkeypatch):
    monkeypatch.setattr(training_module, "CHECKPOINT_PERIOD", 0.0)
    real, calls = os.fsync, []

    def full_at_first(handle):
        calls.append(handle)
        if len(calls) <= 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle)

    monkeypatch.setattr(os, "fsync", full_at_first)
    trained = train(frames, tmp_path / "m", recipe())
    assert trained.path == tmp_path / "m" and same(Autoencoder.load(tmp_path / "m"), trained.model)


# -- errors ------------------------------------------------------------------------------------------------


def refused(*arguments, **options):
    with pytest.raises(LearnError) as raised:
        train(*arguments, **options)
    assert len(str(raised.value).splitlines()) == 1
    return str(raised.value)


def test_invalid_output_path_is_refused_before_reading_sources(tmp_path):
    assert "folder" in refused("nothing here", tmp_path)
    assert "not found. Create it: mkdir -p " in refused("nothing here", tmp_path / "a" / "b.safetensors")
    assert "file or folder not found" in refused(tmp_path / "nothing", tmp_path / "m")


def test_resume_needs_the_same_recipe_seed_and_frames(frames, tmp_path):
    path = tmp_path / "m"
    assert "needs the model file" in refused(frames, recipe=recipe(), resume=True)
    assert "no training to resume" in refused(frames, path, recipe(), resume=True)
    train(frames, path, recipe(), observer=TrainingObserver(stop=StopAfter(9)))
    others = FrameSets(frames.train[:500], frames.valid, frames.test, frames.features)
    assert "another recipe" in refused(frames, path, recipe(training__rate=0.1), resume=True)
    assert "another recipe" in refused(frames, path, recipe(), seed=5, resume=True)
    assert "another recipe" in refused(others, path, recipe(), resume=True)
    longer = train(frames, path, recipe(), epochs=12, resume=True)
    assert longer.rows[-1].epoch == 12


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_invalid_checkpoint_is_refused_without_executing_it(frames, tmp_path):
    class Harm:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'harmed'}",))

    torch.save({"format": 1, "key": Harm()}, tmp_path / "harm")
    train(frames, tmp_path / "m", recipe(), observer=TrainingObserver(stop=StopAfter(9)))
    good = (tmp_path / "m.checkpoint").read_bytes()
    harm = (tmp_path / "harm").read_bytes()
    for data in (b"", b"junk", pickle.dumps({"format": 1, "key": Harm()}), pickle.dumps([1]), harm, good[:-50]):
        (tmp_path / "m.checkpoint").write_bytes(data)
        assert "invalid checkpoint" in refused(frames, tmp_path / "m", recipe(), resume=True)
    assert not (tmp_path / "harmed").exists()


def test_invalid_features_stages_and_devices_are_refused(frames):
    assert "features.hop" in refused(frames, recipe=recipe(features__hop=32))
    assert "no stage to train" in refused(frames, recipe=recipe({"layers": [{"units": 4}], "training": {"epochs": 0}}))
    assert "device 'warp drive': unavailable" in refused(frames, recipe=recipe(), device="warp drive")
