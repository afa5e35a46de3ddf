"""Table 1, figure 2 and figure 3 of the paper as pictures: lines and dots are ours, circles are published."""

from __future__ import annotations

import math

from nodegraph.learn.reproduce.chart import Chart, ChartLine, charts_png

from . import published
from .experiment import SOFTMAX, Outcome
from .groups import NAMES
from .metrics import interval
from .report import MEASURES, group_accuracy

CAPTION = "Lines and dots: ours, of our synthesizer. Circles: published, of the paper's synthesizer."
KS = range(1, 6)


def picture(name: str, outcome: Outcome) -> bytes:
    """Return the PNG of a table or figure by name. Needs Pillow."""
    charts = {
        "inversynth-table-1": _table_1,
        "inversynth-figure-2": _figure_2,
        "inversynth-figure-3": _figure_3,
    }[name](outcome)
    return charts_png(charts, CAPTION)


def _table_1(outcome: Outcome) -> list[Chart]:
    names = list(outcome.results)
    charts = []
    for number, (label, attribute, scale) in enumerate(MEASURES):
        lines = []
        for x, name in enumerate(names):
            found = interval(scale * getattr(outcome.results[name], attribute))
            lines.append(ChartLine(name, [(x, found.value)], bars=[(found.low, found.high)]))
            if theirs := published.RECONSTRUCTION.get(name.removesuffix(SOFTMAX)):
                lines.append(ChartLine(name, [(x, theirs[2 * number])], is_published=True))
        charts.append(
            Chart(
                f"{label.replace('ρ', 'correlation,').replace('_δ', ' delta')}, mean",
                lines,
                "models in the order of the table",
                False,
            )
        )
    return charts


def _figure_2(outcome: Outcome) -> list[Chart]:
    charts = []
    for part, title in (("train", "training loss"), ("valid", "validation loss")):
        lines = []
        last = max((found.rows[-1].epoch for found in outcome.results.values() if found.rows), default=1)
        for name, found in outcome.results.items():
            points = [(row.epoch, value) for row in found.rows[1:] if math.isfinite(value := getattr(row, part))]
            if found.rows:
                lines.append(ChartLine(name, points))
            theirs = published.LOSS.get(name.removesuffix(SOFTMAX))
            if part == "valid" and found.rows and theirs is not None:
                lines.append(ChartLine(name, [(last, theirs)], is_published=True))
        charts.append(Chart(title, lines, "epoch (circles: published at 100)"))
    return charts


def _figure_3(outcome: Outcome) -> list[Chart]:
    charts = []
    for group in NAMES:
        lines = []
        for name, found in outcome.results.items():
            lines.append(ChartLine(name, [(k, group_accuracy(outcome, found, group, k).mean()) for k in KS]))
            if theirs := published.TOP_K[group].get(name.removesuffix(SOFTMAX)):
                lines.append(ChartLine(name, [(1, theirs[0]), (5, theirs[1])], is_published=True))
        charts.append(Chart(f"{group}: top-k accuracy in %", lines, "k"))
    return charts
