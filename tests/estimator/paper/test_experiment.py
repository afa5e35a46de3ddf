"""The experiment: baselines, models, stored results, tables, pictures, and the command."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from nodegraph.estimator.paper import baselines, experiment, published, report
from nodegraph.estimator.paper.architectures import ARCHITECTURES, CLASSES
from nodegraph.estimator.paper.drawing import picture
from nodegraph.estimator.paper.experiment import (
    BASELINES,
    FULL,
    NEAREST,
    QUICK,
    RANDOM,
    SEARCH,
    ExperimentSettings,
    delete_results,
    run_experiment,
)
from nodegraph.estimator.paper.groups import NAMES
from nodegraph.estimator.paper.inputs import Preparation
from nodegraph.estimator.paper.metrics import scores_of
from nodegraph.estimator.paper.result import load_result, measure
from nodegraph.learn import LearnError

TINY = ExperimentSettings("tiny", 110, 11, 1, 1, {}, ("FC Linear", "Conv1 softmax"), Preparation(fit_examples=20), 3, 2)
TABLES = tuple(report.TITLES)


def correct_search(corpus):
    """Return a search that knows the settings of the test examples."""
    known = {
        sound.tobytes(): values for sound, values in zip(corpus.sounds(every(corpus)), corpus.values(every(corpus)))
    }
    return lambda sound, evaluations: known[sound.tobytes()]


def every(corpus):
    return np.arange(len(corpus.classes))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def outcome(corpus, folder):
    return run_experiment(corpus, TINY, folder, "cpu", correct_search(corpus))


# -- baselines -------------------------------------------------------------------------------------------------


def test_nearest_example_of_an_example_is_itself(corpus):
    rows = np.array([3, 70])
    found = baselines.nearest_examples(corpus, np.arange(110), corpus.sounds(rows))
    assert np.array_equal(found, corpus.classes[rows])


def test_best_of_many_draws_is_nearer_than_the_first(corpus):
    targets = corpus.sounds(np.arange(4))

    def distances(classes):
        spectra = baselines.log_mel(corpus.render(classes), 16384.0)
        return np.abs(spectra - baselines.log_mel(targets, 16384.0)).mean(axis=(1, 2))

    best, first = (distances(baselines.best_of_draws(corpus, targets, 0, draws)) for draws in (30, 1))
    assert (best <= first).all() and best.mean() < 0.8 * first.mean()


def test_search_comes_nearer_than_the_best_of_many_draws(corpus, matcher):
    targets = corpus.sounds(np.arange(2))
    values = np.stack([baselines.search_of(matcher)(target, 1500) for target in targets])
    found, best = corpus.nearest_classes(values), baselines.best_of_draws(corpus, targets, 0)
    spectra = baselines.log_mel(targets, 16384.0)
    distances = [
        np.abs(baselines.log_mel(corpus.render(classes), 16384.0) - spectra).mean(axis=(1, 2))
        for classes in (found, best)
    ]
    assert (distances[0] < distances[1]).all()


def test_correct_scores_reconstruct_the_sound(corpus):
    rows = np.arange(5)
    found = measure("correct", corpus, rows, scores_of(corpus.classes[rows], CLASSES))
    assert found.ranks.max() == found.errors.max() == 0
    assert found.stft == pytest.approx(1.0) and found.ft == pytest.approx(1.0) and found.distance == pytest.approx(0.0)


# -- results ---------------------------------------------------------------------------------------------------


def test_settings_train_all_fourteen_models():
    assert FULL.models == QUICK.models == tuple(ARCHITECTURES)
    assert (FULL.examples, FULL.folds, FULL.runs, FULL.epochs) == (200_000, 10, 10, 100)
    assert QUICK.examples * (QUICK.folds - 1) // QUICK.folds == 20_000
    assert QUICK.new_examples and set(ARCHITECTURES) - set(QUICK.minutes) == {"Conv1", "Conv3", "Conv6"}
    assert sum(QUICK.minutes.values()) <= 40


def test_results_have_all_baselines_and_models(outcome):
    assert list(outcome.results) == [*BASELINES, *TINY.models]
    assert not outcome.stopped
    assert outcome.results[SEARCH].stft == pytest.approx([1.0, 1.0])
    assert outcome.results["FC Linear"].examples == 100 and outcome.results["FC Linear"].ranks.shape == (5, 23)


def test_stored_results_are_reused_until_deleted(corpus, outcome, folder, tmp_path):
    labels = []
    again = run_experiment(
        corpus, TINY, folder, "cpu", correct_search(corpus), lambda share, label: labels.append(label)
    )
    assert not labels
    for name, found in again.results.items():
        assert (
            np.array_equal(found.ranks, outcome.results[name].ranks)
            and found.rows[1:] == outcome.results[name].rows[1:]
        )
    few = replace(TINY, models=())
    run_experiment(corpus, few, tmp_path, "cpu")
    delete_results(tmp_path)
    assert not list(tmp_path.iterdir())


def test_later_epochs_have_new_examples_where_inputs_are_rendered(corpus, tmp_path, monkeypatch):
    asked = []
    new_examples = type(corpus).new_examples

    def draw(corpus, numbers):
        asked.extend(numbers)
        return new_examples(corpus, numbers)

    monkeypatch.setattr(type(corpus), "new_examples", draw)
    settings = replace(TINY, epochs=2, new_examples=True, models=("FC Linear", "Conv1"))
    outcome = run_experiment(corpus, settings, tmp_path, "cpu")
    assert asked == list(range(100))
    assert [outcome.results[name].examples for name in settings.models] == [200, 200]
    assert "100 examples for training, new ones in each epoch except for FC and HC" in report.markdown(
        TABLES[0], outcome
    )


def test_finished_experiment_leaves_results_and_inputs_only(outcome, folder):
    assert {path.suffix for path in folder.iterdir()} == {".npz", ".npy"}


def test_interrupted_experiment_returns_its_results_and_resumes(corpus, outcome, tmp_path):
    last = []

    def stop():
        return bool(last) and last[-1].startswith("Conv1")

    stopped = run_experiment(corpus, TINY, tmp_path, "cpu", None, lambda share, label: last.append(label), stop)
    assert stopped.stopped and list(stopped.results) == [name for name in BASELINES if name != SEARCH] + ["FC Linear"]
    assert "interrupted" in report.markdown(TABLES[0], stopped)
    done = run_experiment(corpus, TINY, tmp_path, "cpu")
    for name in TINY.models:
        assert np.array_equal(done.results[name].ranks, outcome.results[name].ranks)


def test_all_folds_give_one_result_over_all_held_out_examples(corpus, tmp_path):
    found = run_experiment(corpus, replace(TINY, folds=2, runs=2, models=("FC3",)), tmp_path, "cpu").results["FC3"]
    assert len(found.stft) == 27 + 27 and found.examples == 110


def test_damaged_result_is_measured_again(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK\x03\x04 not a result")
    assert load_result(path) is None


def test_unknown_model_is_an_error_before_anything_is_trained(corpus, tmp_path):
    with pytest.raises(LearnError, match="model 'Conv9': not found"):
        run_experiment(corpus, replace(TINY, models=("Conv9",)), tmp_path, "cpu")
    assert not list(tmp_path.iterdir())


def test_missing_library_is_an_error_before_anything_is_trained(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "find_spec", lambda name: None)
    with pytest.raises(LearnError, match=r"'HC': needs scikit-learn. Install it: pip install 'nodegraph\[learn\]'"):
        run_experiment(corpus, replace(TINY, models=("Conv1", "HC")), tmp_path, "cpu")
    assert not list(tmp_path.iterdir())


# -- tables ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_report_shows_published_figures_beside_ours_and_all_baselines(outcome, name):
    text = report.markdown(name, outcome)
    assert "of our synthesizer" in text
    for row in (*BASELINES, *TINY.models):
        assert f"| {row} |" in text
    value = {TABLES[0]: "75.24", TABLES[1]: "0.1970", TABLES[2]: "21.5"}[name]
    assert any(value in line for line in text.splitlines() if line.startswith("| FC Linear |"))


def test_top_k_report_has_both_readings_of_the_groups(outcome):
    text = report.markdown("inversynth-figure-3", outcome)
    assert "Amplitude LFO (f_gate):" in text and "Amplitude LFO (B_sin, B_saw, B_sqr, B_tri):" in text
    assert text.count("Filter (f_cut, q):") == 1


def test_order_of_depth_is_decided_by_paired_differences(outcome):
    better = outcome.results["FC Linear"]
    results = {"FC Linear": outcome.results[RANDOM], "Conv1": outcome.results[RANDOM], "Conv3": outcome.results[SEARCH]}
    results = {name: replace(found, ranks=found.ranks[:2]) for name, found in results.items()}
    (_, _, same), (_, _, ahead) = report.ordered_gaps(replace(outcome, results=results))
    assert same == (0.0, 0.0, 0.0) and ahead.low > 0
    text = report.markdown(
        "inversynth-table-1", replace(outcome, results={**outcome.results, **results, "FC1": better})
    )
    assert "Conv1 < Conv3" in text and "holds" in text and "not decided" in text


def test_json_report_has_all_measures_of_each_model(outcome):
    data = json.loads(json.dumps(report.plain(outcome)))
    assert list(data["models"]) == list(outcome.results)
    found = data["models"]["FC Linear"]
    assert found["reconstruction"]["stft_mean"]["published"] == 75.24
    assert found["top_k"]["as plotted"].keys() == set(NAMES) and len(found["top_k"]["as written"]["Notes"]) == 5
    assert data["models"][NEAREST]["is_baseline"] and not found["is_baseline"]
    low, value, high = (found["percentile_rank"]["ours"][key] for key in ("low", "value", "high"))
    assert low <= value <= high


def test_published_figures_are_of_known_models_and_groups():
    for figures in (published.RECONSTRUCTION, published.PERCENTILE_RANK, published.LOSS, *published.TOP_K.values()):
        assert figures.keys() <= ARCHITECTURES.keys()
    assert set(published.TOP_K) == set(published.CLASS_ERROR) == set(NAMES)
    assert published.PERCENTILE_RANK.keys() == ARCHITECTURES.keys()


def coloured_pixels(image):
    pixels = np.asarray(image.convert("RGB"), int)
    return np.count_nonzero(np.ptp(pixels, axis=2) > 60)


@pytest.mark.parametrize("name", TABLES)
def test_picture_shows_published_circles_in_the_colour_of_their_model(outcome, name):
    Image = pytest.importorskip("PIL.Image")
    with Image.open(io.BytesIO(picture(name, outcome))) as found:
        bare = Image.open(io.BytesIO(picture(name, replace(outcome, results={RANDOM: outcome.results[RANDOM]}))))
        assert found.width >= 400 and found.height >= 300
        assert coloured_pixels(found) > coloured_pixels(bare)


# -- the command -----------------------------------------------------------------------------------------------


def test_reproduce_command_writes_a_table_and_its_picture(tmp_path, capsys):
    from nodegraph.cli import main

    words = f"reproduce inversynth-table-1 --quick --net FC3 --epochs 1 --examples 110 --folder {tmp_path}".split()
    assert main([*words, "-o", str(tmp_path / "table.md")]) == 0
    text = capsys.readouterr().out
    assert (tmp_path / "table.md").read_text() == text and "| FC3 |" in text
    assert (tmp_path / "table.png").read_bytes().startswith(b"\x89PNG")
    assert "log spectrogram" in text
    words[1] = "inversynth-figure-2"
    assert main([*words, "--json"]) == 0
    assert "FC3" in json.loads(capsys.readouterr().out)["models"]


def test_reproduce_command_reports_errors_in_one_line(tmp_path, capsys):
    from nodegraph.cli import main

    for words, part in [
        (["inversynth-table-1", "--net", "Conv9", "--examples", "100"], "model 'Conv9': not found"),
        (["inversynth-table-1", "--audio", "x"], "--audio is unsupported"),
        (["inversynth-table-1", "--examples", "5"], "must be at least 100"),
        (["colonel-table-1", "--examples", "200"], "--examples is unsupported"),
        (["colonel-table-1", "--absolute"], "--absolute is unsupported"),
        (["inversynth-table-1", "-o", str(tmp_path / "no" / "where.md")], "not found. Create it: mkdir -p "),
    ]:
        assert main(["reproduce", *words, "--folder", str(tmp_path)]) == 1
        error = capsys.readouterr().err
        assert part in error and error.count("\n") == 1


def test_reproduce_command_lists_its_tables(capsys):
    from nodegraph.cli import main

    assert main(["reproduce", "--tables"]) == 0
    assert set(TABLES) < set(capsys.readouterr().out.split())
