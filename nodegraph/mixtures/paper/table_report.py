"""The table of the thesis as Markdown and as data: published figures beside ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from nodegraph.learn.reproduce.markdown import table_lines

from .correlations import DEFINITIONS
from .published import CORRELATION, ORDER, SOURCE
from .table import CONTROLS, MEASURES, FormTable

NOTES = (
    "Cross-correlation with the content, mean (standard deviation) over the pairs. The thesis does not define it, so "
    "three definitions are given: *waveform*, 100 times the peak of the normalised cross-correlation; *raw*, the peak "
    "without normalisation, which grows with level and duration; *spectrogram*, 100 times the largest cosine of the "
    "magnitude spectrograms at any shift in time. Only the order of the forms is claimed: fold > replicate > split.",
    "Flatness is 0.56 for white noise. Onsets is the F1 score of the onsets against those of the content, pulse the "
    "autocorrelation of the onset strength at the content's period. White noise and the style are controls, without "
    "anything of the content.",
)


def markdown(table: FormTable) -> str:
    """Return the table as Markdown."""
    size = table.size
    lines = ["## Herbert-Voss: cross-correlation of mixtures with their contents", "", f"{SOURCE}.", ""]
    lines += [*run_lines(table), "", NOTES[0], "", NOTES[1], ""]
    lines += [f"### Lengths of the thesis: fold {size.long:g} s, the others {size.short:g} s", ""]
    lines += _rows(table, {form: "long" if form == "fold" else "short" for form in ORDER})
    lines += [f"### Equal lengths: {size.short:g} s", ""]
    lines += _rows(table, dict.fromkeys(ORDER, "short"))
    lines += ["### Pairs, correlation of spectrograms at equal lengths", "", *_pairs(table)]
    return "\n".join(lines).rstrip() + "\n"


def plain(table: FormTable) -> dict[str, Any]:
    """Return all measures as JSON-compatible data."""
    return {
        "source": SOURCE,
        "size": table.size.describe(),
        "seed": table.run.seed,
        "stopped": table.stopped,
        "published": {form: list(values) for form, values in CORRELATION.items()},
        "rows": [
            {"length": getattr(table.size, length), "pair": pair, "form": form, **values}
            for (length, pair, form), values in table.rows.items()
        ],
    }


def order_of(table: FormTable, measure: str, lengths: dict[str, str]) -> tuple[bool, int, int]:
    """Return whether the means have the published order, and in how many of all finished pairs it holds."""
    values = [table.values(lengths[form], form, measure) for form in ORDER]
    count = min(map(len, values))
    first, second, third = (found[:count] for found in values)
    means = [found.mean() if count else 0.0 for found in (first, second, third)]
    return means[0] > means[1] > means[2], int(((first > second) & (second > third)).sum()), count


def run_lines(table: FormTable) -> Iterator[str]:
    """Describe how a run was made: its size, the weights, the time."""
    elapsed = sum(row.get("elapsed", 0.0) for row in table.rows.values())
    weights = sorted({row["weights"] for row in table.rows.values() if "weights" in row})
    state = "interrupted; " if table.stopped else ""
    yield (
        f"Run: {state}{table.size.describe()}; seed {table.run.seed}, {elapsed / 60.0:.0f} min. Weights of VGG-19: "
        f"{', '.join(weights) or 'none'}. The pairs are free substitutes for the recordings of the thesis."
    )


def _rows(table: FormTable, lengths: dict[str, str]) -> list[str]:
    head = ["form", "paper", *(f"ours, {name}" for name in DEFINITIONS), *MEASURES[len(DEFINITIONS) :]]
    rows = []
    for form in (*ORDER, *CONTROLS):
        mean, deviation = CORRELATION.get(form, (0.0, 0.0))
        cells = [form, f"{mean} ({deviation})" if form in CORRELATION else ""]
        for measure in MEASURES:
            values = table.values(lengths.get(form, "short"), form, measure)
            cells.append(_mean(values, 1 if measure in DEFINITIONS else 2))
        rows.append(cells)
    lines = table_lines(head, rows)
    for measure in DEFINITIONS:
        holds, count, total = order_of(table, measure, lengths)
        if not total:
            continue
        verdict = "holds" if holds else "does not hold"
        lines.append(
            f"- {measure}: fold > replicate > split {verdict} for the means, and for {count} of {total} pairs."
        )
    return [*lines, ""]


def _pairs(table: FormTable) -> list[str]:
    rows = []
    for pair in table.run.pairs:
        found = [table.rows.get(("short", pair.name, form)) for form in (*ORDER, *CONTROLS)]
        rows.append([f"{pair.contrast} ({pair.name})", *(_cell(row) for row in found)])
    return table_lines(["pair", *ORDER, *CONTROLS], rows)


def _cell(row: dict[str, Any] | None) -> str:
    return "–" if row is None else f"{row['spectrogram']:.1f}"


def _mean(values: Sequence[float] | np.ndarray, digits: int) -> str:
    if not len(values):
        return "–"
    return f"{np.mean(values):.{digits}f} ({np.std(values):.{digits}f})"
