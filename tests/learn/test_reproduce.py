"""Reproduction of published tables: trainable cells, stored results, and reported failures."""

import json
import pkgutil
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from nodegraph.learn import LearnError
from nodegraph.learn.reproduce import tables
from nodegraph.learn.reproduce.figure import figure_names, figure_of, train_nets
from nodegraph.learn.reproduce.table import Cell, PaperTable, Run, select_columns, select_rows, table_names, table_of
from nodegraph.models.autoencoder import Features
from tests.learn.conftest import RATE, notes

pytest.importorskip("torch")

from nodegraph.learn.reproduce import report
from nodegraph.learn.reproduce.data import baseline_errors, scaled_frames
from nodegraph.learn.reproduce.run import delete_results, reproduce, tasks_of

NET = {"layers": [{"units": 4, "initialiser": "pca"}], "training": {"schedule": "cosine"}}
ABOUT = {"name": "a small corpus", "run": "a test"}
every_table = pytest.mark.parametrize("name", table_names())


def small(unit="sum", scale=0.0951, published=0.5, **sets):
    normalise = {"features.normalise": "none" if scale else "frame"}
    more = {**normalise, **{key.replace("__", "."): value for key, value in sets.items()}}
    runs = {"momentum": Run(NET, 30, 2, {"training.optimiser": "sgd", **more}), "Adam": Run(NET, 30, 2, more)}
    cells = tuple(Cell(str(n), str(n), {"momentum": published}, runs) for n in (2, 4))
    return PaperTable("A table", "A paper", unit, cells, scale)


def run(table, frames, folder, **options):
    tasks = tasks_of(table, Features(rate=RATE, size=128, hop=64), epochs=options.pop("epochs", None))
    return reproduce(table, frames, folder, ABOUT, tasks, **options)


# -- the tables ------------------------------------------------------------------------------------------------


def test_each_table_file_is_listed():
    files = {info.name.replace("_", "-") for info in pkgutil.iter_modules(tables.__path__)}
    assert files == set(table_names())
    expected = {f"{paper}-table-{n}" for paper in ("sarroff", "colonel") for n in (1, 2, 3)}
    assert expected <= files


@every_table
@pytest.mark.parametrize("quick", [False, True])
def test_recipes_of_a_table_match_its_widths_and_epochs(name, quick):
    table = table_of(name)
    for task in tasks_of(table, Features(hop=table.hop), quick):
        epochs = task.run.quick if quick else task.run.epochs
        stages = [s for s in (task.recipe.training, task.recipe.pretraining) if s is not None and s.epochs]
        assert all(0 < stage.epochs <= epochs for stage in stages)
        assert task.column == "best" or {stage.epochs for stage in stages} == {epochs}
        assert task.recipe.features.normalise == table.normalise
        innermost = int(task.cell.width.rpartition("-")[2])
        assert task.recipe.layers[-1].units == innermost
        if task.column != "best":
            assert task.recipe.widths == task.cell.width


@every_table
def test_every_row_has_a_momentum_run_and_published_errors(name):
    for cell in table_of(name).cells:
        assert "momentum" in cell.runs
        assert cell.published and all(0 < value < 1 for value in cell.published.values())


def test_published_errors_equal_those_of_the_papers():
    first = {cell.label: cell.published["momentum"] for cell in table_of("sarroff-table-1").cells}
    assert len(first) == 29
    assert [first[n] for n in ("8", "16", "64", "256")] == [0.0440, 0.0414, 0.0276, 0.0187]
    colonel = {cell.label: cell.published["Adam"] for cell in table_of("colonel-table-1").cells}
    assert colonel == {"8": 5.3e-3, "16": 5.28e-3, "64": 7.1e-4, "256": 1.64e-4, "512": 9.62e-4, "1024": 7.13e-5}


def test_momentum_runs_use_the_settings_of_the_paper():
    for name in table_names():
        for task in tasks_of(table_of(name), Features()):
            if task.column == "momentum":
                stages = [s for s in (task.recipe.training, task.recipe.pretraining) if s is not None and s.epochs]
                for s in stages:
                    assert (s.optimiser, s.rate, s.momentum, s.batch, s.reduction) == ("sgd", 0.005, 0.5, 100, "sum")


def test_columns_of_the_papers_have_the_settings_of_the_authors():
    for name in table_names():
        for task in tasks_of(table_of(name), Features()):
            recipe, layers = task.recipe, task.recipe.layers
            if name.startswith("colonel") and task.column == "Adam":
                assert {(one.initialiser, one.range, one.bias, one.l2) for one in layers} == {
                    ("truncated_normal", 0.15, False, 0.0)
                }
                chosen = recipe.training
                assert (chosen.rate, chosen.schedule, chosen.batch, chosen.epochs) == (1e-3, "constant", 100, 300)
            if name.startswith("sarroff") and task.column == "momentum":
                stages = [s for s in (recipe.training, recipe.pretraining) if s is not None and s.epochs]
                assert {(one.initialiser, one.range) for one in layers} == {("uniform", 0.05)}
                assert {(stage.patience, stage.improvement) for stage in stages} == {(5, 0.001)}


def test_deep_nets_join_the_best_nets_of_the_tables_with_their_noise():
    for task in tasks_of(table_of("sarroff-table-3"), Features()):
        noise = [layer.noise if layer.corruption == "gaussian" else 0.0 for layer in task.recipe.layers]
        if task.column != "best":
            assert noise == ([0.0, 0.0] if task.cell.width == "256-8" else [0.01, 0.25])


@pytest.mark.parametrize("name", ["sarroff-table-1", "sarroff-table-2"])
def test_each_net_with_noise_is_trained_in_more_than_the_collapsed_column(name):
    for cell in table_of(name).cells:
        assert len(cell.runs) >= 2
        for column, run in cell.runs.items():
            if "noise" in cell.label:
                assert any(key.endswith(".noise") and value for key, value in run.sets.items()), column


def test_unknown_table_or_row_is_an_error_that_lists_the_known_ones():
    with pytest.raises(LearnError, match=r"Did you mean 'colonel-table-1'.*sarroff-table-3"):
        table_of("colonel-table1")
    with pytest.raises(LearnError, match="Rows are 256-8; 1500-8"):
        select_rows(table_of("sarroff-table-3"), ["9"])
    with pytest.raises(LearnError, match="Columns are momentum; momentum from PCA; Adam; best"):
        select_columns(table_of("sarroff-table-3"), ["SGD"])


def test_chosen_columns_are_those_that_are_trained():
    table = select_columns(table_of("colonel-table-3"), ["best", "Adam"])
    assert table.columns == ["Adam", "best"] and len(table.cells) == 3
    assert [cell.label for cell in select_columns(table, ["best"]).cells] == ["hybrid"]


# -- frames ----------------------------------------------------------------------------------------------------


def test_each_bin_is_scaled_to_1_on_request(frames):
    scaled = scaled_frames(frames, 0.0951, per_bin=True)
    highest = scaled.train.max(axis=0)
    assert highest.max() == pytest.approx(highest[highest > 0].min(), rel=1e-3)
    left = np.square(scaled.train - scaled.train.mean(axis=0)).sum(axis=1).mean()
    assert left == pytest.approx(0.0951, rel=1e-4)


def test_frames_are_scaled_to_the_mean_error_of_the_paper(frames):
    scaled = scaled_frames(frames, 0.0951)
    left = np.square(scaled.train - scaled.train.mean(axis=0)).sum(axis=1).mean()
    assert left == pytest.approx(0.0951, rel=1e-4)
    assert np.allclose(scaled.test / scaled.test.max(), frames.test / frames.test.max())
    silent = replace(frames, train=np.ones_like(frames.train))
    with pytest.raises(LearnError, match="nothing to learn"):
        scaled_frames(silent, 0.0951)


def test_baseline_errors_equal_those_of_an_svd(frames):
    found = baseline_errors(frames, "none")
    centred = frames.valid - frames.train.mean(axis=0)
    _, _, directions = np.linalg.svd(frames.train - frames.train.mean(axis=0), full_matrices=False)
    left = centred - centred @ directions[:8].T @ directions[:8]
    assert found["pca"]["8"] == pytest.approx(np.square(left).sum() / np.square(centred).sum(), rel=1e-3)
    assert found["predict_the_mean"] == pytest.approx(np.square(centred).sum(axis=1).mean(), rel=1e-4)


# -- running ---------------------------------------------------------------------------------------------------


def test_report_shows_both_errors_in_the_same_unit(frames, tmp_path):
    done = run(small(published=0.0440), frames, tmp_path)
    text = report.markdown(done)
    ours = done.results["4"]["Adam"]["errors"]["valid"]
    row = next(line for line in text.splitlines() if line.startswith("| 4 |"))
    assert "0.463 (0.0440)" in row and f"{ours['relative']:.3f}" in row and f"{ours['pca_relative']:.3f}" in row
    assert ours["relative"] < 0.5 and ours["relative"] == pytest.approx(ours["sum"] / ours["predict_the_mean"])
    assert done.results["4"]["Adam"]["failure"] == ""


def test_errors_per_bin_are_means_over_bins(frames, tmp_path):
    done = run(small("bin", None, published=4.4e-2), frames, tmp_path)
    ours = done.results["4"]["Adam"]["errors"]["valid"]
    assert ours["mean"] == pytest.approx(ours["sum"] / 65)
    row = next(line for line in report.markdown(done).splitlines() if line.startswith("| 4 |"))
    assert f"{ours['mean']:.2e}" in row and f"{ours['pca'] / 65:.2e}" in row and "4.40e-02" in row


def test_stored_results_are_reused_until_deleted(frames, tmp_path):
    reports = []
    first = run(small(), frames, tmp_path, epochs=2, progress=lambda share, label: reports.append((share, label)))
    shares = [share for share, _ in reports]
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    reports.clear()
    again = run(small(), frames, tmp_path, epochs=2, progress=lambda share, label: reports.append(label))
    assert not reports
    assert again.results == json.loads(json.dumps(first.results))
    run(small(), frames, tmp_path, epochs=2, seed=1, progress=lambda share, label: reports.append(label))
    assert reports, "another seed is another training"
    delete_results(tmp_path)
    reports.clear()
    run(small(), frames, tmp_path, epochs=2, progress=lambda share, label: reports.append(label))
    assert reports


def test_interrupted_table_reports_its_results_and_resumes(frames, tmp_path):
    table = small()
    last = {}

    def progress(share, label):
        last["label"] = label

    stopped = run(table, frames, tmp_path, epochs=3, progress=progress, stop=lambda: "4, Adam" in last.get("label", ""))
    assert stopped.stopped and set(stopped.results) == {"2", "4"} and set(stopped.results["4"]) == {"momentum"}
    assert "interrupted" in report.markdown(stopped)
    done = run(table, frames, tmp_path, epochs=3)
    complete = run(table, frames, tmp_path / "complete", epochs=3)
    assert not done.stopped
    assert done.results["4"]["Adam"]["errors"] == complete.results["4"]["Adam"]["errors"]


def test_finished_table_leaves_only_results_in_the_folder(frames, tmp_path):
    run(small(), frames, tmp_path, epochs=1)
    assert {file.suffix for file in tmp_path.iterdir()} == {".json"}


def test_truncated_result_is_measured_again(frames, tmp_path):
    first = run(small(), frames, tmp_path, epochs=1)
    for file in tmp_path.glob("*.json"):
        file.write_text(file.read_text()[:40])
    assert (
        run(small(), frames, tmp_path, epochs=1).results["2"]["Adam"]["errors"] == first.results["2"]["Adam"]["errors"]
    )


@pytest.mark.parametrize(
    ("sets", "failure"),
    [
        ({"training__rate": 1e-9, "layer__initialiser": "uniform", "layer__range": 1e-6}, "predict"),
        ({"training__optimiser": "sgd", "training__rate": 1e6}, "diverged|worse"),
    ],
)
def test_net_that_does_not_learn_is_reported_as_failed(frames, tmp_path, sets, failure):
    done = run(small(**sets), frames, tmp_path, epochs=2)
    for row in done.results.values():
        assert any(word in row["Adam"]["failure"] for word in failure.split("|"))
    assert "Failed:" in report.markdown(done)


def test_second_layer_errors_are_in_units_of_the_first(frames, tmp_path):
    net = {
        "layers": [{"units": 12}, {"units": 4, "decoder": "sigmoid"}],
        "pretraining": {"rate": 0.01},
        "training": {"epochs": 0},
    }
    ours = Run(net, 8, 2, {"features.normalise": "none"}, "layer 2")
    cell = Cell("12-4", "12-4", {"momentum": 0.0737}, {"momentum": ours})
    done = run(PaperTable("A table", "A paper", "adjusted", (cell,), 0.0951), frames, tmp_path)
    errors = done.results["12-4"]["momentum"]["errors"]["valid"]
    assert errors["adjusted"] == pytest.approx(errors["sum"] * 65 / 12)
    assert f"{errors['adjusted']:.4f}" in report.markdown(done)


def test_json_report_has_all_results(frames, tmp_path):
    done = run(small(), frames, tmp_path, epochs=1)
    data = json.loads(json.dumps(report.plain(done)))
    assert [cell["label"] for cell in data["cells"]] == ["2", "4"]
    assert data["cells"][0]["published"] == {"momentum": 0.5}
    assert data["cells"][0]["ours"]["Adam"]["errors"]["valid"]["sum"] > 0
    assert data["cpu_seconds"] > 0


# -- the command -----------------------------------------------------------------------------------------------


def test_reproduce_command_trains_a_row_and_writes_markdown(tmp_path, capsys):
    from nodegraph.cli import main

    recordings = tmp_path / "recordings"
    recordings.mkdir()
    for i in range(5):
        soundfile.write(recordings / f"take{i}.wav", notes(4.0, i), RATE)
    words = f"reproduce colonel-table-1 --quick --net 8 --epochs 1 --audio {recordings} --folder {tmp_path}".split()
    assert main([*words, "-o", str(tmp_path / "table.md")]) == 0
    text = capsys.readouterr().out
    assert (tmp_path / "table.md").read_text() == text
    assert "5.30e-03" in text and "4.40e-02" in text and "5 recordings" in text
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"momentum", "Adam"} <= set(found["cells"][0]["ours"])


def test_reproduce_command_reports_errors_in_one_line(tmp_path, capsys):
    from nodegraph.cli import main

    for words, part in [
        (["reproduce", "sarroff-table-9"], "unknown table 'sarroff-table-9'"),
        (["reproduce", "sarroff-table-1", "--net", "9"], "unknown row '9'"),
        (["reproduce", "sarroff-table-1", "--audio", str(tmp_path / "nothing")], "file or folder not found"),
        (["reproduce", "sarroff-table-1", "-o", str(tmp_path / "no" / "where.md")], "not found. Create it: mkdir -p "),
    ]:
        assert main(words) == 1
        error = capsys.readouterr().err
        assert part in error and error.count("\n") == 1


def test_folds_are_reported_as_mean_and_deviation(frames, tmp_path):
    swapped = replace(frames, valid=frames.test, test=frames.valid)
    table = small("bin", None)
    both = run(table, [frames, swapped], tmp_path, epochs=1)
    alone = [run(table, one, tmp_path, epochs=1) for one in (frames, swapped)]
    values = [one.results["2"]["Adam"]["errors"]["valid"]["mean"] for one in alone]
    errors = both.results["2"]["Adam"]["errors"]["valid"]
    assert errors["mean"] == pytest.approx(np.mean(values))
    assert errors["sd"]["mean"] == pytest.approx(np.std(values, ddof=1))
    assert f"{np.mean(values):.2e} ± {np.std(values, ddof=1):.2e}" in report.markdown(both)
    assert len(list(tmp_path.glob("*.json"))) == 8


def test_report_states_the_settings_of_each_column(frames, tmp_path):
    text = report.markdown(run(small("bin", None, training__rate=0.01), frames, tmp_path, epochs=1))
    assert "- momentum: momentum 0.9, rate 0.01 cosine, error mean, batch 100, start pca\n" in text
    assert "- Adam: Adam, rate 0.01 cosine, error mean, batch 100, start pca\n" in text


# -- figures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", figure_names())
def test_figure_is_drawn_from_its_nets(frames, name):
    figure = figure_of(name)
    few = replace(figure, nets={label: replace(net, width=SMALLER[net.width]) for label, net in figure.nets.items()})
    scaled = scaled_frames(frames, figure.scale)
    seen = []
    trained = train_nets(few, scaled, quick=True, epochs=1, progress=lambda share, label: seen.append(share))
    assert figure.draw(trained, scaled).startswith(b"\x89PNG")
    lines = figure.table(trained, scaled)
    assert len([line for line in lines if line.startswith("| ")]) == len(figure.nets) + 2
    assert seen == sorted(seen) and seen[-1] <= 1.0


SMALLER = {"8": "2", "16": "3", "64": "4", "256": "5", "256-8": "4-2"}


def test_biases_and_sigmoid_outputs_leave_noise_when_all_gains_are_0(frames):
    figure = figure_of("colonel-figure-gains")
    few = replace(figure, nets={label: replace(net, width="8") for label, net in figure.nets.items()})
    rows = {line.split(" | ")[0].strip("| "): line for line in figure.table(train_nets(few, frames, True, 2), frames)}
    floor = {label: float(line.rstrip("| ").split(" | ")[-1]) for label, line in rows.items() if "bias" in label}
    assert floor["sigmoid, no bias"] > -10.0 and floor["ReLU, no bias"] == -80.0 < floor["ReLU, bias"]
