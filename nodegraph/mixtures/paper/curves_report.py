"""The comparison of recipes and baselines as Markdown, as data, and as curves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nodegraph.learn.reproduce.chart import Chart, ChartLine, charts_png
from nodegraph.learn.reproduce.markdown import table_lines
from nodegraph.measures.spectrogram import magnitudes_of

from .baselines import BASELINES
from .curves import COPY, RATE, STYLES, WEIGHTS, Comparison, area, point
from .panels import Panel, panels_png, spectrogram_image
from .renditions import cut, rendered
from .stored import Result

OURS, THEIRS = WEIGHTS
SHOWN = {"texture": 0.1, "thesis-fold": 1.0}  # the weights of the mixtures in the picture
SIZE, HOP = 1024, 256  # samples, of its spectrograms
NOTE = (
    "Content is the mean of the Jaccard index of pitches and the F1 score of onsets against the content. Style is 1 "
    "minus the distance of texture statistics after McDermott & Simoncelli, or of Gram matrices of random features. No "
    "recipe is optimised for either, but `texture` for related statistics: the levels of logarithmic bands. "
    "Hypervolume is the area that the points of a curve, or the point of a baseline, dominate from (0, 0). *All "
    "baselines* is the area that the five dominate together, *no copies* that of those whose largest cross-correlation "
    f"with the style is below {COPY}, which leaves out the style and the crossfade."
)


def markdown(found: Comparison) -> str:
    """Return the comparison as Markdown."""
    lines = ["## Mixtures: recipes and baselines on two axes", "", _run(found), "", NOTE, ""]
    for style, name in STYLES.items():
        lines += [f"### Hypervolume, style by {name}", "", *_areas(found, style)]
    lines += ["### Points", "", *table_lines(["pair", "sound", *_COLUMNS], _points(found))]
    return "\n".join(lines).rstrip() + "\n"


def plain(found: Comparison) -> dict[str, Any]:
    """Return all measures as JSON-compatible data."""
    return {
        "size": found.size.describe(),
        "seed": found.run.seed,
        "stopped": found.stopped,
        "hypervolume": {style: _all_areas(found, style) for style in STYLES},
        "rows": [{"pair": pair, "sound": sound, **row} for (pair, sound), row in found.rows.items()],
    }


def picture(found: Comparison) -> bytes:
    """Return a PNG: a chart of the curves for each pair, and spectrograms of the first one. Needs Pillow."""
    charts = []
    for pair in found.run.pairs:
        lines = []
        for recipe in WEIGHTS:
            if rows := found.curve(pair.name, recipe):
                lines.append(ChartLine(recipe, [point(row, "texture") for row in rows]))
        for name in BASELINES:
            if row := found.baseline(pair.name, name):
                lines.append(ChartLine(name, [point(row, "texture")]))
        charts.append(Chart(pair.name, lines, "content", x_step=0.2))
    caption = "Right: more of the content. Up: nearer to the style, by texture statistics. Both at best 1."
    return panels_png(_spectrograms(found), charts_png(charts, caption))


def wins_of(found: Comparison, style: str, rival: str) -> tuple[int, int]:
    """Return in how many pairs our curve has a larger hypervolume than a rival, and of how many."""
    areas = [row for row in _all_areas(found, style).values() if OURS in row and rival in row]
    return sum(row[OURS] > row[rival] for row in areas), len(areas)


def _spectrograms(found: Comparison) -> list[Panel]:
    """Return the spectrograms of the first pair: content, style, and a mixture of each recipe."""
    pair = found.run.pairs[0]
    sounds = {
        f"{pair.name}: {label}": cut(name, RATE, found.size.long)
        for label, name in (("content", pair.content), ("style", pair.style))
    }
    for recipe, weight in SHOWN.items():
        label = f"{recipe} {weight:g}"
        if (row := found.rows.get((pair.name, label))) is not None:
            sounds[f"{pair.name}: {label}"] = rendered(found.run, row, RATE)
    return [Panel(title, spectrogram_image(magnitudes_of(sound, SIZE, HOP))) for title, sound in sounds.items()]


def _all_areas(found: Comparison, style: str) -> dict[str, dict[str, float]]:
    """Return the hypervolumes by pair and name; of what is finished."""
    areas: dict[str, dict[str, float]] = {}
    for pair in found.run.pairs:
        curves = {recipe: found.curve(pair.name, recipe) for recipe in WEIGHTS}
        simple = {name: row for name in BASELINES if (row := found.baseline(pair.name, name)) is not None}
        sets: dict[str, list[Result]] = {name: rows for name, rows in curves.items() if len(rows) == len(WEIGHTS[name])}
        sets |= {name: [row] for name, row in simple.items()}
        if len(simple) == len(BASELINES):
            sets["all baselines"] = list(simple.values())
            sets["no copies"] = [row for row in simple.values() if row["copying"] < COPY]
        areas[pair.name] = {name: area(rows, style) for name, rows in sets.items()}
    return areas


def _run(found: Comparison) -> str:
    elapsed = sum(row.get("elapsed", 0.0) for row in found.rows.values())
    weights = sorted({row["weights"] for (_, sound), row in found.rows.items() if sound.startswith(THEIRS)})
    copies = [row["copying"] for (_, sound), row in found.rows.items() if sound not in BASELINES]
    state = "interrupted; " if found.stopped else ""
    return (
        f"Run: {state}{found.size.describe()}, for `{THEIRS}`; `{OURS}` with its own settings at the same duration; "
        f"seed {found.run.seed}, {elapsed / 60.0:.0f} min. Weights of VGG-19: {', '.join(weights) or 'none'}. Largest "
        f"cross-correlation of a mixture with its style: {max(copies, default=0.0):.2f}."
    )


def _areas(found: Comparison, style: str) -> list[str]:
    names = [OURS, THEIRS, *BASELINES, "all baselines", "no copies"]
    rows = []
    for pair, areas in _all_areas(found, style).items():
        best = max(areas.get(name, 0.0) for name in names[:-2])
        cells = [f"{areas[name]:.3f}" if name in areas else "–" for name in names]
        rows.append([pair, *(f"**{c}**" if areas.get(n) == best else c for n, c in zip(names, cells))])
    lines = table_lines(["pair", *names], rows)
    for rival in names[1:]:
        wins, total = wins_of(found, style, rival)
        lines.append(f"- `{OURS}` is ahead of {rival} on {wins} of {total} pairs.")
    return [*lines, ""]


_COLUMNS = ("content", "pitch", "onsets", "texture", "gram", "copying")


def _points(found: Comparison) -> Iterator[list[str]]:
    for (pair, sound), row in found.rows.items():
        yield [pair, sound, *(f"{row[name]:.2f}" for name in _COLUMNS)]
