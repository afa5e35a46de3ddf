"""A table that was trained again, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .run import Measured, Reproduced
from .table import Cell, Table

BOLD = "Bold: at or below the paper's."
SPLITS = {"valid": "validation", "test": "test"}


def markdown(done: Reproduced) -> str:
    """The published figures and ours, side by side."""
    return "\n".join([*_head(done), "", *_figures(done), "", *_failures(done), *_trainings(done)]) + "\n"


def plain(done: Reproduced) -> dict[str, Any]:
    """All of it, for machines."""
    table = done.table
    return {
        "title": table.title,
        "source": table.source,
        "unit": table.unit,
        "corpus": done.corpus,
        "stopped": done.stopped,
        "cells": [
            {
                "label": cell.label,
                "width": cell.width,
                "published": dict(cell.published),
                "ours": done.results.get(cell.label, {}),
            }
            for cell in table.cells
        ],
        "notes": list(table.notes),
        "cpu_seconds": _total(done, "cpu_seconds"),
    }


# -- parts -------------------------------------------------------------------------------------------------


def _head(done: Reproduced) -> Iterator[str]:
    corpus, table = done.corpus, done.table
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
    state = "interrupted, " if done.stopped else ""
    minutes, busy = _total(done, "seconds") / 60, _total(done, "cpu_seconds") / 60
    yield f"Run: {state}{corpus['run']}; {minutes:.1f} min, {busy:.1f} min of CPU."
    for note in (*table.notes, *([] if table.unit == "adjusted" else [BOLD])):
        yield ""
        yield note


def _figures(done: Reproduced) -> Iterator[str]:
    table = done.table
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
            ours = done.results.get(cell.label, {})
            marks = next((m["errors"][split] for m in ours.values() if split in m["errors"]), None)
            yield _row(
                [
                    cell.label,
                    *(_paper(table, cell, column) for column in published),
                    *(_ours(table, cell, ours.get(column), column, split) for column in columns),
                    _pca(table, marks),
                    _mean(table, marks),
                ]
            )
        yield ""


def _failures(done: Reproduced) -> Iterator[str]:
    failed = [
        f"- {label}, {column}: {measured['failure']}"
        for label, row in done.results.items()
        for column, measured in row.items()
        if measured["failure"]
    ]
    if failed:
        yield "Failed:"
        yield ""
        yield from failed
        yield ""


def _trainings(done: Reproduced) -> Iterator[str]:
    yield "Trainings:"
    yield ""
    yield _row(["net", "optimiser", "weights", "epochs", "s", "s of CPU"])
    yield _row(["---", "---", *["---:"] * 4])
    for label, row in done.results.items():
        for column, m in row.items():
            yield _row(
                [label, column, f"{m['weights']:,}", str(m["epochs"]), f"{m['seconds']:.0f}", f"{m['cpu_seconds']:.0f}"]
            )


def _published(table: Table) -> list[str]:
    return list(dict.fromkeys(column for cell in table.cells for column in cell.published))


def _paper(table: Table, cell: Cell, column: str) -> str:
    value = cell.published.get(column)
    if value is None:
        return ""
    if table.unit == "sum" and table.scale:
        return f"{value / table.scale:.3f} ({value:.4f})"
    return f"{value:.4f}" if table.unit == "adjusted" else f"{value:.2e}"


def _ours(table: Table, cell: Cell, measured: Measured | None, column: str, split: str) -> str:
    """A figure; bold where it is at or below the best that the paper has for this net."""
    if measured is None:
        return "" if column not in cell.runs else "–"
    errors = measured["errors"].get(split)
    if errors is None:
        return ""
    if table.unit == "sum":
        text, value = f"{errors['relative']:.3f}", errors["relative"]
        wanted = [p / (table.scale or 1.0) for p in cell.published.values()]
    elif table.unit == "adjusted":
        return f"{errors['adjusted']:.4f} ({errors['relative']:.3f})"
    else:
        text, value, wanted = f"{errors['mean']:.2e}", errors["mean"], list(cell.published.values())
    return f"**{text}**" if value <= min(wanted) else text


def _pca(table: Table, errors: dict[str, float] | None) -> str:
    if errors is None:
        return ""
    if table.unit == "bin":
        return f"{errors['mean'] / errors['sum'] * errors['pca']:.2e}" if errors["sum"] else ""
    return f"{errors['pca_relative']:.3f}"


def _mean(table: Table, errors: dict[str, float] | None) -> str:
    if errors is None:
        return ""
    if table.unit == "bin":
        return f"{errors['mean'] / errors['sum'] * errors['predict_the_mean']:.2e}" if errors["sum"] else ""
    if table.unit == "adjusted":
        return f"{errors['adjusted'] / errors['relative']:.4f}" if errors["relative"] else ""
    return "1.000"


def _total(done: Reproduced, name: str) -> float:
    return sum(measured[name] for row in done.results.values() for measured in row.values())


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
