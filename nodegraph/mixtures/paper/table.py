"""The table of the thesis: the correlation of mixtures with their contents in the three image forms.

The thesis gives 5 s to one form and 2.5 s to the others. Here all forms also have the same, shorter length.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nodegraph.measures.flatness import spectral_flatness
from nodegraph.measures.onsets import onset_f1

from .correlations import DEFINITIONS
from .pairs import Pair
from .published import ORDER
from .pulse import pulse
from .renditions import Run, cut, rendition
from .sizes import PaperSize, form_recipe
from .stored import Result

CONTROLS = ("white noise", "style")  # what a correlation is worth if nothing of the content is there
MEASURES = (*DEFINITIONS, "flatness", "onsets", "pulse")


@dataclass
class FormTable:
    """The measures by length (``long`` or ``short``), pair, and form or control; ``stopped`` if some are missing."""

    size: PaperSize
    run: Run
    rows: dict[tuple[str, str, str], Result] = field(default_factory=dict)
    stopped: bool = False

    def values(self, length: str, form: str, measure: str) -> np.ndarray:
        """Return a measure of a form for the pairs that are finished: (pairs,)."""
        keys = [(length, pair.name, form) for pair in self.run.pairs]
        return np.array([self.rows[key][measure] for key in keys if key in self.rows])


def run_table(run: Run, size: PaperSize) -> FormTable:
    """Return the table; stored mixtures are reused. After a stop, it has the finished ones."""
    table = FormTable(size, run)
    tasks = [("long", "fold"), *(("short", form) for form in ORDER)]
    total = len(run.pairs) * sum(_cost(size, length, form) for length, form in tasks)
    try:
        for pair in run.pairs:
            for length, form in tasks:
                share = _cost(size, length, form) / total
                table.rows[length, pair.name, form] = form_rendition(run, pair, form, length, size, share)
            for length in ("long", "short"):
                for control in CONTROLS:
                    table.rows[length, pair.name, control] = _control(control, pair, size, length)
    except KeyboardInterrupt:
        table.stopped = True
    return table


def form_rendition(run: Run, pair: Pair, form: str, length: str, size: PaperSize, share: float) -> Result:
    """Return the measures of a pair in an image form, stored under the same name by the table and the figures."""
    seconds = getattr(size, length)
    recipe = form_recipe(form, seconds, size)
    return rendition(run, pair, recipe, f"{pair.name} {form} {seconds:g}s", share, _measured)


def _cost(size: PaperSize, length: str, form: str) -> float:
    """Return the relative cost of a mixture: the pixels of its image."""
    return float(getattr(size, length)) / (3.0 if form == "fold" else 1.0)


def _measured(sound: np.ndarray, content: np.ndarray, style: np.ndarray, rate: float) -> Result:
    return {
        **{name: measure(sound, content) for name, measure in DEFINITIONS.items()},
        "flatness": spectral_flatness(sound),
        "onsets": onset_f1(sound, content, rate),
        "pulse": pulse(sound, content, rate),
    }


def _control(name: str, pair: Pair, size: PaperSize, length: str) -> Result:
    """Return the measures of a sound that has nothing of the content, at its level."""
    content, style = (cut(sound, size.rate, getattr(size, length)) for sound in (pair.content, pair.style))
    sound = style
    if name == "white noise":
        sound = np.random.default_rng(0).normal(scale=np.std(content), size=len(content)).astype(np.float32)
    return _measured(sound, content, style, size.rate)
