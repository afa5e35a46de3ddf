"""Recipes and baselines on two axes: how much of the content remains, and how near the style is.

A recipe is a curve, a point for each weight of the style. Its hypervolume is compared with those of the baselines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import resampled
from nodegraph.measures.copying import copying
from nodegraph.measures.gram import gram_distance
from nodegraph.measures.onsets import onset_f1
from nodegraph.measures.pitch import pitch_overlap
from nodegraph.measures.texture import texture_distances

from ..recipe import MixRecipe, load_recipe, with_options
from .baselines import BASELINES
from .hypervolume import hypervolume
from .pairs import Pair
from .renditions import Run, cut, rendition
from .sizes import PaperSize, form_recipe
from .stored import Result, stored

# Factors of the recipes' weights of the style. They start with the content and end where heavier weights change little.
WEIGHTS: Mapping[str, tuple[float, ...]] = {
    "texture": (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 30.0),
    "thesis-fold": (0.0001, 0.001, 0.01, 0.1, 1.0, 10.0),
}
RATE = 22050.0  # Hz, of all measures
COPY = 0.3  # a larger cross-correlation with the style is a copy
STYLES = {"texture": "texture statistics", "gram": "Gram matrices"}


@dataclass
class Comparison:
    """The measures by pair and label: of a baseline, or of a recipe and a weight; ``stopped`` if some are missing."""

    size: PaperSize
    run: Run
    rows: dict[tuple[str, str], Result] = field(default_factory=dict)
    stopped: bool = False

    def baseline(self, pair: str, name: str) -> Result | None:
        """Return the measures of a baseline, or None."""
        return self.rows.get((pair, name))

    def curve(self, pair: str, recipe: str) -> list[Result]:
        """Return the measures of the finished weights of a recipe, from light to heavy."""
        keys = [(pair, f"{recipe} {weight:g}") for weight in WEIGHTS[recipe]]
        return [self.rows[key] for key in keys if key in self.rows]


def point(row: Result, style: str) -> tuple[float, float]:
    """Return the content measure and 1 minus a distance from the style, ``texture`` or ``gram``: both best at 1."""
    return row["content"], max(1.0 - row[style], 0.0)


def area(rows: list[Result], style: str) -> float:
    """Return the hypervolume of some results."""
    return hypervolume(point(row, style) for row in rows)


def run_curves(run: Run, size: PaperSize) -> Comparison:
    """Return the comparison; stored results are reused. After a stop, it has the finished ones."""
    found = Comparison(size, run)
    share = {"texture": 0.1 / len(WEIGHTS["texture"]), "thesis-fold": 0.9 / len(WEIGHTS["thesis-fold"])}
    try:
        for pair in run.pairs:
            for name in BASELINES:
                run.check_stop()
                run.report(0.0, f"{pair.name} {name}")
                found.rows[pair.name, name] = _baseline(run, pair, name, size)
            for recipe, weights in WEIGHTS.items():
                for weight in weights:
                    label = f"{recipe} {weight:g}"
                    found.rows[pair.name, label] = rendition(
                        run,
                        pair,
                        with_options(sized(recipe, size), style_weight=weight),
                        f"{pair.name} {label}",
                        share[recipe] / len(run.pairs),
                        measured,
                    )
    except KeyboardInterrupt:
        found.stopped = True
    return found


def sized(name: str, size: PaperSize) -> MixRecipe:
    """Return a recipe at a size: that of the thesis with its effort, ``texture`` with the same duration."""
    if name.startswith("thesis-"):
        return form_recipe(name.removeprefix("thesis-"), size.long, size)
    return with_options(load_recipe(name), seconds=size.long)


def measured(sound: np.ndarray, content: np.ndarray, style: np.ndarray, rate: float) -> Result:
    """Return the content measure, the mean of pitch and onsets, and the distances from the style (samples,)."""
    sound, content, style = (resampled(values, rate, RATE) for values in (sound, content, style))
    pitch, onsets = pitch_overlap(sound, content, RATE).pitch, onset_f1(sound, content, RATE)
    distances = texture_distances(sound, style, RATE)
    return {
        "content": (pitch + onsets) / 2.0,
        "pitch": pitch,
        "onsets": onsets,
        "texture": sum(distances.values()) / len(distances),
        "gram": gram_distance(sound, style, RATE),
        "copying": copying(sound, style)[0],
    }


def _baseline(run: Run, pair: Pair, name: str, size: PaperSize) -> Result:
    content, style = (cut(sound, RATE, size.long) for sound in (pair.content, pair.style))

    def make(path: Path) -> Result:
        return measured(BASELINES[name](content, style, RATE), content, style, RATE)

    identity = [name, RATE, size.long, pair.content, pair.style]
    return stored(run.folder, f"{pair.name}-{name}", identity, make)
