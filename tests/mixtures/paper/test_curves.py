"""Recipes and baselines on two axes, at a tiny size."""

import io
import json

import pytest

from nodegraph.mixtures.paper import curves_report
from nodegraph.mixtures.paper.baselines import BASELINES
from nodegraph.mixtures.paper.curves import WEIGHTS, measured, point, run_curves, sized
from nodegraph.mixtures.paper.renditions import Run, rendition
from tests.mixtures.paper.sizes import PAIR, TINY


def test_only_recipes_with_a_network_get_its_weights(tmp_path, monkeypatch):
    given = {}

    def record(content, style, output, recipe, *, weights, **options):
        given[recipe.name] = weights
        raise KeyboardInterrupt

    monkeypatch.setattr("nodegraph.mixtures.paper.renditions.read_weights", lambda path: ({}, "digest"))
    monkeypatch.setattr("nodegraph.mixtures.paper.renditions.mix", record)
    run = Run(tmp_path, (PAIR,), weights=tmp_path / "vgg.pth")
    for name in WEIGHTS:
        with pytest.raises(KeyboardInterrupt):
            rendition(run, PAIR, sized(name, TINY), name, 1.0, measured)
    assert given == {"texture": None, "thesis-fold": tmp_path / "vgg.pth"}


def test_each_recipe_has_at_least_six_weights():
    assert set(WEIGHTS) == {"texture", "thesis-fold"} and all(len(weights) >= 6 for weights in WEIGHTS.values())


def test_curves_resume_and_compare_the_recipes_with_the_baselines(tmp_path, monkeypatch):
    for module in ("curves", "curves_report"):
        monkeypatch.setattr(
            f"nodegraph.mixtures.paper.{module}.WEIGHTS", {"texture": (0.003, 0.3), "thesis-fold": (1.0,)}
        )
    labels = []
    stopped = run_curves(
        Run(tmp_path, (PAIR,), progress=lambda share, label: labels.append(label), stop=lambda: len(labels) >= 3), TINY
    )
    assert stopped.stopped and list(stopped.rows) == [(PAIR.name, name) for name in list(BASELINES)[:3]]
    assert "interrupted" in curves_report.markdown(stopped)

    found = run_curves(Run(tmp_path, (PAIR,)), TINY)
    rows = {name: row for (_, name), row in found.rows.items()}
    assert rows["content"]["content"] == 1.0 and rows["content"]["copying"] < 0.3
    assert rows["style"]["texture"] == 0.0 and rows["style"]["copying"] == pytest.approx(1.0)
    assert point(rows["style"], "gram")[1] == 1.0
    light, heavy = found.curve(PAIR.name, "texture")
    assert light["content"] > heavy["content"] and light["texture"] > heavy["texture"]
    text = curves_report.markdown(found)
    for rival in ("thesis-fold", *BASELINES, "no copies"):
        assert f"`texture` is ahead of {rival} on " in text
    assert curves_report.wins_of(found, "texture", "thesis-fold") == (1, 1)
    data = json.loads(json.dumps(curves_report.plain(found)))
    assert len(data["rows"]) == 8 and data["hypervolume"]["texture"][PAIR.name]["style"] > 0.0
    pil = pytest.importorskip("PIL.Image")
    monkeypatch.setattr("nodegraph.mixtures.paper.curves_report.SHOWN", {"texture": 0.3, "thesis-fold": 1.0})
    picture = pil.open(io.BytesIO(curves_report.picture(found)))
    assert picture.width == 3 * 420 and picture.height > 320 + 2 * 260  # a chart, a legend, two rows of spectrograms
