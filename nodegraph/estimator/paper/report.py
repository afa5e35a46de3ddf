"""Table 1, figure 2 and figure 3 of the paper as Markdown: published figures beside those measured here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nodegraph.learn.reproduce.markdown import table_lines

from . import published
from .architectures import CLASSES
from .experiment import BASELINES, SOFTMAX, Outcome
from .groups import NAMES, READINGS, columns_of
from .metrics import FLOOR_DB, Interval, interval, percentile_ranks, top_k
from .result import ModelResult

TITLES = {
    "inversynth-table-1": "Barkan & Tsiris, table 1: reconstruction in the frequency domain",
    "inversynth-figure-2": "Barkan & Tsiris, figure 2: training and validation loss",
    "inversynth-figure-3": "Barkan & Tsiris, figure 3: top-k mean accuracy by group of parameters",
}
OURS = (
    "Published figures are of the paper's synthesizer and data. **Ours are of our synthesizer**: the patch "
    "`fm_single_note.json`, one note of 1 s at 16,384 Hz with the key held for 0.25 s, frequency modulation in Hz. "
    "Differences are therefore not differences of the models alone."
)
NOTES = {
    "inversynth-table-1": (
        "ρ: Pearson's correlation × 100 of magnitudes of the STFT and of the Fourier transform of the whole sound. "
        f"F_δ: Frobenius norm of the difference of the spectrograms in dB, with a floor {-FLOOR_DB:.0f} dB below a "
        "full-scale sine; the paper does not state its floor, so compare only its order. Brackets: 95 % bootstrap "
        "intervals over test examples."
    ),
    "inversynth-figure-2": (
        "Mean binary cross-entropy over all outputs; for softmax heads that of their probabilities. Published figures "
        f"are read off the plot at epoch 100. Predicting 1/16 for every class has {published.CHANCE_LOSS}."
    ),
    "inversynth-figure-3": (
        "Shares in %, with 95 % bootstrap intervals over test examples at k = 1. Published figures are read off the "
        "plots, ± 0.5. Baselines rank classes by their distance from the estimate. The text of the paper and its plots "
        "define the groups of the low-frequency oscillators differently; both readings are below."
    ),
}
ORDER = ("FC Linear", "Conv1", "Conv3", "Conv6")

MEASURES: tuple[tuple[str, str, float], ...] = (
    ("ρ STFT", "stft", 100.0),
    ("ρ FT", "ft", 100.0),
    ("F_δ", "distance", 1.0),
)

STATISTICS: tuple[tuple[str, Callable[..., Any]], ...] = (("mean", np.mean), ("median", np.median))


def markdown(name: str, outcome: Outcome) -> str:
    """Return the Markdown of a table or figure by name."""
    body = {
        "inversynth-table-1": _table_1,
        "inversynth-figure-2": _figure_2,
        "inversynth-figure-3": _figure_3,
    }[name]
    lines = [f"## {TITLES[name]}", "", f"{published.SOURCE}.", "", OURS, "", *_run(outcome), "", NOTES[name], ""]
    return "\n".join([*lines, *body(outcome), *_trainings(outcome)]).rstrip() + "\n"


def plain(outcome: Outcome) -> dict[str, Any]:
    """Return all measures as JSON-compatible data: ours, with intervals, and those published."""
    return {
        "source": published.SOURCE,
        "settings": outcome.settings.name,
        "seed": outcome.seed,
        "stopped": outcome.stopped,
        "models": {name: _plain_row(name, outcome, found) for name, found in outcome.results.items()},
        "order": {f"{a} < {b}": gap._asdict() for a, b, gap in ordered_gaps(outcome)},
    }


def ordered_gaps(outcome: Outcome) -> list[tuple[str, str, Interval]]:
    """Return how far each model of ``ORDER`` is ahead of the one before: of percentile ranks, by test example."""
    known = [name for name in ORDER if name in outcome.results]
    gaps = []
    for lower, higher in zip(known, known[1:]):
        ahead = _mean_ranks(outcome.results[higher]) - _mean_ranks(outcome.results[lower])
        gaps.append((lower, higher, interval(ahead)))
    return gaps


def group_accuracy(outcome: Outcome, found: ModelResult, group: str, k: int, reading: str = "as plotted") -> np.ndarray:
    """Return the top-k accuracy in % of each test example, averaged over the parameters of a group (N,)."""
    return 100.0 * top_k(found.ranks[:, columns_of(group, outcome.parameters, reading)], k).mean(axis=1)


# -- tables ------------------------------------------------------------------------------------------------


def _table_1(outcome: Outcome) -> Iterator[str]:
    head = ["model"]
    for label, _, _ in MEASURES:
        head += [f"paper, {label} mean", "ours", f"paper, {label} median", "ours"]
    yield from table_lines([*head, "sounds"], _reconstruction_rows(outcome))
    yield from _order(outcome)
    yield "Mean percentile rank over all parameters (100: the correct class is always first, 50: chance):"
    yield ""
    yield from table_lines(["model", "paper", "ours", "error in classes"], _rank_rows(outcome))
    yield from _parameter_ranks(outcome)
    yield from _class_errors(outcome)


def _reconstruction_rows(outcome: Outcome) -> Iterator[list[str]]:
    for name, found in outcome.results.items():
        theirs = published.RECONSTRUCTION.get(_base(name))
        cells = [name]
        for number, (_, attribute, scale) in enumerate(MEASURES):
            for offset, (_, statistic) in enumerate(STATISTICS):
                digits = 2 if scale > 1 else 1
                cells.append("" if theirs is None else f"{theirs[2 * number + offset]:.{digits}f}")
                cells.append(_text(interval(scale * getattr(found, attribute), statistic), digits))
        yield [*cells, f"{len(found.stft):,}"]


def _rank_rows(outcome: Outcome) -> Iterator[list[str]]:
    for name, found in outcome.results.items():
        theirs = published.PERCENTILE_RANK.get(_base(name))
        errors = interval(found.errors.mean(axis=1))
        yield [
            name,
            "" if theirs is None else f"{theirs:.2f}",
            _text(interval(_mean_ranks(found)), 2),
            _text(errors, 2),
        ]


def _parameter_ranks(outcome: Outcome) -> Iterator[str]:
    names = list(outcome.results)
    yield "Mean percentile rank by parameter:"
    yield ""
    rows = []
    for column, parameter in enumerate(outcome.parameters):
        cells = [
            f"{percentile_ranks(found.ranks[:, column], CLASSES).mean():.1f}" for found in outcome.results.values()
        ]
        theirs = published.PARAMETER_RANK.get(parameter)
        rows.append([parameter, "" if theirs is None else f"{theirs:.1f}", *cells])
    yield from table_lines(["parameter", "paper, Conv6XL", *names], rows)


def _class_errors(outcome: Outcome) -> Iterator[str]:
    yield "Mean absolute error in classes by group:"
    yield ""
    rows = []
    for group in NAMES:
        columns = columns_of(group, outcome.parameters)
        cells = [f"{found.errors[:, columns].mean():.2f}" for found in outcome.results.values()]
        rows.append([group, *(f"{value:g}" for value in published.CLASS_ERROR[group]), *cells])
    head = ["group", *(f"paper, {name}" for name in published.CLASS_ERROR_MODELS), *outcome.results]
    yield from table_lines(head, rows)


def _figure_2(outcome: Outcome) -> Iterator[str]:
    rows = []
    for name, found in outcome.results.items():
        theirs = published.LOSS.get(_base(name))
        cells = [name, "" if theirs is None else f"{theirs:.4f}"]
        if found.rows:
            best = min(found.rows, key=lambda row: row.valid)
            last = found.rows[-1]
            cells += [f"{best.valid:.4f}", str(best.epoch), f"{last.valid:.4f}", f"{last.train:.4f}"]
        else:
            cells += ["–"] * 4
        rows.append(cells)
    head = ["model", "paper, validation", "ours, lowest validation", "at epoch", "last validation", "last training"]
    yield from table_lines(head, rows)
    yield from _order(outcome)


def _figure_3(outcome: Outcome) -> Iterator[str]:
    for reading in READINGS:
        yield f"### Groups {reading}"
        yield ""
        for group in NAMES:
            members = [outcome.parameters[column] for column in columns_of(group, outcome.parameters, reading)]
            same = all(
                columns_of(group, outcome.parameters, other) == columns_of(group, outcome.parameters, reading)
                for other in READINGS
            )
            if same and reading != next(iter(READINGS)):
                continue
            yield f"{group} ({', '.join(members) if len(members) < 12 else f'{len(members)} parameters'}):"
            yield ""
            head = ["model", "paper, k = 1", "paper, k = 5", *(f"ours, {k}" for k in range(1, 6))]
            yield from table_lines(head, _accuracy_rows(outcome, group, reading))
    yield from _order(outcome)


def _accuracy_rows(outcome: Outcome, group: str, reading: str) -> Iterator[list[str]]:
    for name, found in outcome.results.items():
        theirs = published.TOP_K[group].get(_base(name)) if reading == "as plotted" else None
        cells = ["", ""] if theirs is None else [f"{value:g}" for value in theirs]
        first = _text(interval(group_accuracy(outcome, found, group, 1, reading)), 1)
        rest = [f"{group_accuracy(outcome, found, group, k, reading).mean():.1f}" for k in range(2, 6)]
        yield [name, *cells, first, *rest]


# -- parts -------------------------------------------------------------------------------------------------


def _run(outcome: Outcome) -> Iterator[str]:
    settings = outcome.settings
    held_out = settings.examples // settings.folds
    state = "interrupted; " if outcome.stopped else ""
    yield (
        f"Run: {state}{settings.name}, seed {outcome.seed}; {settings.examples - held_out:,} examples for training"
        f"{', new ones in each epoch except for FC and HC' * settings.new_examples}, "
        f"{held_out - held_out // 2:,} for validation, {held_out // 2:,} for test, {settings.runs} of {settings.folds} "
        f"folds; Adam at 0.001{', falling to 0 in half a cosine' * settings.decaying_rate}, batches of 16, at most "
        f"{settings.epochs} epochs, the epoch with the lowest validation loss; "
        f"{settings.preparation.spectrum} spectrogram. {_minutes(outcome):.0f} min of training."
    )
    if settings.minutes:
        yield ""
        yield (
            "The paper trains every model for 100 epochs on 180,000 examples. Here a training also ends after a number "
            "of minutes; the table of trainings lists how far each came."
        )


def _order(outcome: Outcome) -> Iterator[str]:
    gaps = ordered_gaps(outcome)
    if not gaps:
        return
    yield "Order of depth, as differences of the mean percentile rank on the same test examples:"
    yield ""
    for lower, higher, gap in gaps:
        verdict = "holds" if gap.low > 0 else "reversed" if gap.high < 0 else "not decided"
        yield f"- {lower} < {higher}: {_text(gap, 2)}, {verdict}"
    yield ""


def _trainings(outcome: Outcome) -> Iterator[str]:
    rows = [
        [name, f"{m.weights:,}", str(m.rows[-1].epoch), f"{m.examples:,}", f"{m.seconds / 60:.1f}"]
        for name, m in outcome.results.items()
        if m.rows
    ]
    if rows:
        yield "Trainings:"
        yield ""
        yield from table_lines(["model", "weights", "epochs", "examples seen", "min"], rows)


def _plain_row(name: str, outcome: Outcome, found: ModelResult) -> dict[str, Any]:
    theirs = published.RECONSTRUCTION.get(_base(name))
    reconstruction: dict[str, Any] = {}
    for number, (_, attribute, scale) in enumerate(MEASURES):
        for offset, (label, statistic) in enumerate(STATISTICS):
            ours = interval(scale * getattr(found, attribute), statistic)
            paper = None if theirs is None else theirs[2 * number + offset]
            reconstruction[f"{attribute}_{label}"] = {"ours": ours._asdict(), "published": paper}
    accuracy = {
        reading: {
            group: [interval(group_accuracy(outcome, found, group, k, reading))._asdict() for k in range(1, 6)]
            for group in NAMES
        }
        for reading in READINGS
    }
    ranks = percentile_ranks(found.ranks, CLASSES)
    return {
        "is_baseline": name in BASELINES,
        "weights": found.weights,
        "examples": found.examples,
        "seconds": found.seconds,
        "reconstruction": reconstruction,
        "percentile_rank": {
            "ours": interval(_mean_ranks(found))._asdict(),
            "published": published.PERCENTILE_RANK.get(_base(name)),
            "parameters": dict(zip(outcome.parameters, ranks.mean(axis=0).tolist())),
        },
        "class_error": {group: float(found.errors[:, columns_of(group, outcome.parameters)].mean()) for group in NAMES},
        "top_k": accuracy,
        "loss": {
            "published": published.LOSS.get(_base(name)),
            "train": [None if math.isnan(row.train) else row.train for row in found.rows],
            "valid": [row.valid for row in found.rows],
        },
    }


def _mean_ranks(found: ModelResult) -> np.ndarray:
    return percentile_ranks(found.ranks, CLASSES).mean(axis=1)


def _base(name: str) -> str:
    return name.removesuffix(SOFTMAX)


def _minutes(outcome: Outcome) -> float:
    return sum(found.seconds for found in outcome.results.values()) / 60.0


def _text(found: Interval, digits: int) -> str:
    return f"{found.value:.{digits}f} [{found.low:.{digits}f}, {found.high:.{digits}f}]"
