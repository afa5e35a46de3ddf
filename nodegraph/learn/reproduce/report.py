"""Reports of a reproduced table, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .run import Measured, TableResult
from .table import Cell, PaperTable

BOLD = "Bold: at or below the paper's."
SPLITS = {"valid": "validation", "test": "test"}


def markdown(result: TableResult) -> str:
    """Return a Markdown report: published errors next to those measured here."""
    return "\n".join([*_head(result), "", *_figures(result), "", *_failures(result), *_trainings(result)]) + "\n"


def plain(result: TableResult) -> dict[str, Any]:
    """Return the complete result as JSON-compatible data."""
    table = result.table
    return {
        "title": table.title,
        "source": table.source,
        "unit": table.unit,
        "corpus": result.corpus,
        "stopped": result.stopped,
        "cells": [
            {
                "label": cell.label,
                "width": cell.width,
                "published": dict(cell.published),
                "ours": result.results.get(cell.label, {}),
            }
            for cell in table.cells
        ],
        "notes": list(table.notes),
        "cpu_seconds": _total(result, "cpu_seconds"),
    }


def settings_of(recipe: dict[str, Any]) -> str:
    """Return the settings of a training that a paper states, or should."""
    stage, layers = recipe["pretraining"] or recipe["training"], recipe["layers"]
    optimiser = f"momentum {stage['momentum']:g}" if stage["optimiser"] == "sgd" else "Adam"
    starts = dict.fromkeys(f"{layer['initialiser'].replace('_', ' ')}{_spread(layer)}" for layer in layers)
    rate = f"rate {stage['rate']:g} {'' if stage['schedule'] == 'constant' else stage['schedule']}".strip()
    rule = f", until {stage['improvement']:.1%} in {stage['patience']} epochs" if stage["patience"] else ""
    products = ", products in bfloat16" if stage["precision"] == "bfloat16" else ""
    return (
        f"{optimiser}, {rate}, error {stage['reduction']}, batch {stage['batch']}, start {' and '.join(starts)}{rule}"
        f"{products}"
    )


def _spread(layer: dict[str, Any]) -> str:
    return f" {layer['range']:g}" if layer["initialiser"] in ("uniform", "truncated_normal") else ""


# -- parts -------------------------------------------------------------------------------------------------


def _head(result: TableResult) -> Iterator[str]:
    corpus, table = result.corpus, result.table
    yield f"## {table.title}"
    yield ""
    yield f"{table.source}."
    yield ""
    counts = corpus["frames"]
    yield (
        f"Corpus: {corpus['name']}; {counts['train']:,} frames for training, {counts['valid']:,} for validation, "
        f"{counts['test']:,} for test. Predicting the mean leaves {corpus['predict_the_mean']:.4g} summed over bins, "
        f"{corpus['per_bin']:.3g} per bin. Of that, principal components leave "
        + ", ".join(f"{share:.3f} ({width})" for width, share in corpus["pca"].items())
        + "."
    )
    yield ""
    state = "interrupted, " if result.stopped else ""
    minutes, busy = _total(result, "seconds") / 60, _total(result, "cpu_seconds") / 60
    yield f"Run: {state}{corpus['run']}; {minutes:.1f} min, {busy:.1f} min of CPU."
    for note in (*table.notes, *([] if table.unit == "adjusted" else [BOLD])):
        yield ""
        yield note
    yield ""
    yield "Settings:"
    yield ""
    for column in table.columns:
        found = [row[column]["recipe"] for row in result.results.values() if column in row]
        if found:
            yield f"- {column}: {' or '.join(dict.fromkeys(settings_of(recipe) for recipe in found))}"


def _figures(result: TableResult) -> Iterator[str]:
    table = result.table
    for split in table.splits:
        published = [column for column in _published(table) if column.endswith("test") == (split == "test")]
        columns = table.columns
        if len(table.splits) > 1:
            yield f"On {SPLITS[split]} frames:"
            yield ""
        head = [
            "net",
            *(f"paper, {c.partition(',')[0]}" for c in published),
            *(f"ours, {c}" for c in columns),
            "PCA",
            "mean",
        ]
        yield _row(head)
        yield _row(["---", *["---:"] * (len(head) - 1)])
        for cell in table.cells:
            ours = result.results.get(cell.label, {})
            baseline_errors = next((m["errors"][split] for m in ours.values() if split in m["errors"]), None)
            yield _row(
                [
                    cell.label,
                    *(_paper_cell(table, cell, column) for column in published),
                    *(_our_cell(table, cell, ours.get(column), column, split) for column in columns),
                    _pca(table, baseline_errors),
                    _mean(table, baseline_errors),
                ]
            )
        yield ""


def _failures(result: TableResult) -> Iterator[str]:
    """List the nets that failed, by reason: the nets of each column."""
    failed: dict[str, dict[str, list[str]]] = {}
    for label, row in result.results.items():
        for column, measured in row.items():
            if measured["failure"]:
                failed.setdefault(measured["failure"], {}).setdefault(column, []).append(label)
    if failed:
        yield "Failed:"
        yield ""
        for reason, columns in failed.items():
            yield f"- {reason}: " + ". ".join(f"{column}: {'; '.join(nets)}" for column, nets in columns.items())
        yield ""


def _trainings(result: TableResult) -> Iterator[str]:
    yield "Trainings:"
    yield ""
    yield _row(["net", "optimiser", "weights", "epochs", "s", "s of CPU"])
    yield _row(["---", "---", *["---:"] * 4])
    for label, row in result.results.items():
        for column, m in row.items():
            yield _row(
                [label, column, f"{m['weights']:,}", str(m["epochs"]), f"{m['seconds']:.0f}", f"{m['cpu_seconds']:.0f}"]
            )


def _published(table: PaperTable) -> list[str]:
    return list(dict.fromkeys(column for cell in table.cells for column in cell.published))


def _paper_cell(table: PaperTable, cell: Cell, column: str) -> str:
    value = cell.published.get(column)
    if value is None:
        return ""
    if table.unit == "sum" and table.scale:
        return f"{value / table.scale:.3f} ({value:.4f})"
    return f"{value:.4f}" if table.unit == "adjusted" else f"{value:.2e}"


def _our_cell(table: PaperTable, cell: Cell, measured: Measured | None, column: str, split: str) -> str:
    """Format an error; bold if it is at or below the smallest of the paper for this net."""
    if measured is None:
        return "" if column not in cell.runs else "–"
    errors = measured["errors"].get(split)
    if errors is None:
        return ""
    if table.unit == "sum":
        text, value = _with_deviation(errors, "relative", "{:.3f}"), errors["relative"]
        published = [p / (table.scale or 1.0) for p in cell.published.values()]
    elif table.unit == "adjusted":
        return f"{errors['adjusted']:.4f} ({_with_deviation(errors, 'relative', '{:.3f}')})"
    else:
        text, value = _with_deviation(errors, "mean", "{:.2e}"), errors["mean"]
        published = list(cell.published.values())
    return f"**{text}**" if value <= min(published) else text


def _with_deviation(errors: dict[str, Any], name: str, form: str) -> str:
    """Format an error, with its standard deviation over the folds if there are any."""
    text = form.format(errors[name])
    return f"{text} ± {form.format(errors['sd'][name])}" if "sd" in errors else text


def _pca(table: PaperTable, errors: dict[str, float] | None) -> str:
    if errors is None:
        return ""
    if table.unit == "bin":
        return f"{errors['mean'] / errors['sum'] * errors['pca']:.2e}" if errors["sum"] else ""
    return f"{errors['pca_relative']:.3f}"


def _mean(table: PaperTable, errors: dict[str, float] | None) -> str:
    if errors is None:
        return ""
    if table.unit == "bin":
        return f"{errors['mean'] / errors['sum'] * errors['predict_the_mean']:.2e}" if errors["sum"] else ""
    if table.unit == "adjusted":
        return f"{errors['adjusted'] / errors['relative']:.4f}" if errors["relative"] else ""
    return "1.000"


def _total(result: TableResult, name: str) -> float:
    return sum(measured[name] for row in result.results.values() for measured in row.values())


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
