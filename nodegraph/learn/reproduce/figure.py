"""The figures of the papers: nets to train, and what is drawn of them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..frames import FrameSets

if TYPE_CHECKING:
    from ..training import TrainingResult

Trained = Mapping[str, "TrainingResult"]


@dataclass(frozen=True)
class Net:
    """One net of a figure: a recipe, its width, changes to it, and the epochs of a full and of a quick run."""

    recipe: str
    width: str
    epochs: int
    quick: int
    sets: Mapping[str, Any]


@dataclass(frozen=True)
class PaperFigure:
    """A figure: ``draw`` returns a PNG and ``table`` lines of Markdown, from trained nets by label and the frames.

    ``scale`` is the error of the mean that all frames are scaled to, or None, as in :class:`.table.PaperTable`.
    """

    title: str
    source: str
    nets: Mapping[str, Net]
    draw: Callable[[Trained, FrameSets], bytes]
    table: Callable[[Trained, FrameSets], Sequence[str]]
    scale: float | None = None
    hop: int = 512


@cache
def figure_names() -> list[str]:
    """Return the names of all figures (``colonel-figure-1`` …), one for each file in ``figures``."""
    from . import figures

    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(figures.__path__))


def figure_of(name: str) -> PaperFigure:
    """Return a figure of :func:`figure_names`."""
    found: PaperFigure = importlib.import_module(f"{__package__}.figures.{name.replace('-', '_')}").FIGURE
    return found


def train_nets(
    figure: PaperFigure,
    frames: FrameSets,
    quick: bool,
    epochs: int | None = None,
    seed: int = 0,
    device: str | None = None,
    progress: Callable[[float, str], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train the nets of a figure on frames that are already scaled. Raises KeyboardInterrupt if ``stop()`` is True."""
    from ..training import TrainingObserver, train

    done: dict[str, TrainingResult] = {}
    for number, (label, net) in enumerate(figure.nets.items()):

        def report(step: Any, number: int = number, label: str = label) -> None:
            if progress:
                progress((number + step.done) / len(figure.nets), f"{label}: epoch {step.epoch} of {step.epochs}")

        most = min(net.quick if quick else net.epochs, epochs or 10**6)
        sets = {f"features.{name}": getattr(frames.features, name) for name in ("rate", "size", "hop", "window")}
        observer = TrainingObserver(progress=report, stop=stop)
        found = train(
            frames, None, net.recipe, net.width, most, seed, {**net.sets, **sets}, observer=observer, device=device
        )
        if found.stopped:
            raise KeyboardInterrupt
        done[label] = found
    return done


def loudest_frame(magnitudes: np.ndarray) -> np.ndarray:
    """Return the frame (1, bins) with the most partials above a tenth of its maximum."""
    many = (magnitudes > 0.1 * magnitudes.max(axis=1, keepdims=True)).sum(axis=1)
    number = int(np.argsort(many)[len(many) * 9 // 10])
    return magnitudes[number : number + 1]
