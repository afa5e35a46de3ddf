"""The table of the thesis at a tiny size."""

import json

import numpy as np
import pytest

from nodegraph.mixtures.errors import MixtureError
from nodegraph.mixtures.paper import table_report
from nodegraph.mixtures.paper.published import ORDER
from nodegraph.mixtures.paper.renditions import Run, rendered
from nodegraph.mixtures.paper.sizes import FULL, QUICK, form_recipe, memory_of, with_file
from nodegraph.mixtures.paper.table import CONTROLS, FormTable, run_table
from nodegraph.mixtures.recipe import load_recipe
from tests.mixtures.paper.sizes import PAIR, TINY


@pytest.mark.parametrize("form", ORDER)
def test_full_size_is_the_recipe_of_the_thesis(form):
    recipe = load_recipe(f"thesis-{form}")
    assert form_recipe(form, recipe.sound.seconds, FULL) == recipe


def test_quick_size_says_what_it_reduces_and_a_file_of_weights_needs_all_channels():
    assert "quick: 22.05 kHz" in QUICK.describe() and "0.25 of the channels" in QUICK.describe()
    assert with_file(QUICK, True).width == 1.0 and with_file(QUICK, False) == QUICK


def test_memory_of_the_full_size_is_that_of_large_images():
    assert 2e9 < memory_of(FULL) < 8e9 and memory_of(QUICK) < 1e9


def test_table_resumes_after_a_stop_and_reports_the_published_figures(tmp_path):
    labels = []
    stopped = run_table(
        Run(tmp_path, (PAIR,), progress=lambda share, label: labels.append(label), stop=lambda: len(labels) >= 5), TINY
    )
    assert stopped.stopped and set(stopped.rows) == {("long", PAIR.name, "fold")}
    assert "interrupted" in table_report.markdown(stopped)

    shares = []
    run = Run(tmp_path, (PAIR,), progress=lambda share, label: shares.append(share))
    table = run_table(run, TINY)
    assert not table.stopped and shares == sorted(shares) and len(shares) == 7  # one evaluation from the checkpoint
    assert shares[-1] == pytest.approx(1.0)
    assert {form for _, _, form in table.rows} == {*ORDER, *CONTROLS}
    text = table_report.markdown(table)
    for words in ("54.97 (0.19)", "53.39 (0.23)", "44.49 (9.83)", "tiny: 11.025 kHz", "not ImageNet", PAIR.contrast):
        assert words in text
    assert rendered(run, table.rows["long", PAIR.name, "fold"], TINY.rate).shape == (13230,)

    again = run_table(Run(tmp_path, (PAIR,), progress=lambda *_: pytest.fail("mixed again")), TINY)
    assert again.rows == table.rows
    assert not list(tmp_path.glob("*.checkpoint"))
    data = json.loads(json.dumps(table_report.plain(again)))
    assert data["published"]["fold"] == [54.97, 0.19] and len(data["rows"]) == 8


def test_white_noise_is_a_control_with_its_flatness(tmp_path):
    table = run_table(Run(tmp_path, (PAIR,)), TINY)
    (flatness,) = table.values("long", "white noise", "flatness")
    assert flatness == pytest.approx(np.exp(-np.euler_gamma), abs=0.02)


def test_order_is_judged_by_means_and_counted_by_pairs(tmp_path):
    table = FormTable(TINY, Run(tmp_path))
    values = {"fold": (5.0, 3.0), "replicate": (4.0, 3.5), "split": (1.0, 2.0)}
    for number, pair in enumerate(table.run.pairs[:2]):
        for form, found in values.items():
            table.rows["short", pair.name, form] = {"raw": found[number]}
    lengths = dict.fromkeys(ORDER, "short")
    assert table_report.order_of(table, "raw", lengths) == (True, 1, 2)


def test_folder_that_is_a_file_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MixtureError, match="not writable"):
        Run(tmp_path / "file", (PAIR,))
