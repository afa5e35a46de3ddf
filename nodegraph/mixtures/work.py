"""The making of a mixture from its sounds, recipe and options."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from nodegraph.measures.copying import copying

from .errors import MixtureError
from .image_mixing import image_mixing
from .mixing import Mixing
from .optimise import Search, Step
from .recipe import MixRecipe
from .search import MixObserver, read_searches, search_pieces, write_searches
from .sounds import MixSource
from .texture_loop import texture_loop
from .texture_mixing import texture_mixing
from .vgg19 import random_weights
from .weight_file import read_weights


@dataclass
class Mixture:
    """A finished or stopped mixture at ``rate`` Hz, and how it was made.

    ``samples`` are float32, (samples,) or (samples, channels). ``terms`` are the weighted losses of the best
    spectrogram, ``start_terms`` those of the first one: the means over the pieces. ``weights`` is the source of the
    network: a file with its SHA-256, or a seed. ``correlation`` and ``copying`` are the peaks of the normalised
    cross-correlation with the content and with the style, 0–1; without a content, ``correlation`` is NaN.
    """

    samples: np.ndarray
    rate: float
    recipe: MixRecipe
    weights: str
    start_loss: float
    loss: float
    start_terms: dict[str, float]
    terms: dict[str, float]
    iterations: int
    stopped: bool
    seconds: float
    correlation: float
    copying: float
    notes: tuple[str, ...] = ()
    path: Path | None = None


COPYING_BYTES = 40.0  # per sample of two sounds whose cross-correlation is measured


@dataclass
class _Network:
    """The weights of the network, and their source."""

    source: str
    weights: Any = None
    digest: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Work:
    """The sounds and options of a mixture; a loop has no content, but a number of samples."""

    content: MixSource | None
    style: MixSource
    recipe: MixRecipe
    seed: int
    observer: MixObserver
    device: torch.device
    loop_samples: int = 0
    weights: str | os.PathLike[str] | None = None
    checkpoint: Path | None = None
    resume: bool = False

    @property
    def samples(self) -> int:
        """The number of samples of the result."""
        return self.loop_samples if self.content is None else len(self.content.samples)

    @property
    def channels(self) -> int:
        """The number of channels of the result."""
        sound = (self.style if self.is_loop or self.content is None else self.content).samples
        return 1 if sound.ndim == 1 else sound.shape[1]

    @property
    def is_loop(self) -> bool:
        """Whether the content, if there is one, gives the duration only."""
        return self.content is None or (self.recipe.texture is not None and self.recipe.texture.content == 0.0)


def make_mixture(work: Work) -> Mixture:
    """Return a mixture. Raises MixtureError, LearnError, and KeyboardInterrupt if it was stopped at once."""
    began = time.perf_counter()
    recipe, observer = work.recipe, work.observer
    network = _network(recipe, work.seed, work.weights)
    notes = [note for source in (work.content, work.style) if source for note in source.notes] + network.notes
    for note in notes:
        observer.note(note)
    mixing = _mixing(work, network)
    compared = work.samples + max(len(source.samples) for source in (work.content, work.style) if source)
    mixing = replace(mixing, bytes=mixing.bytes + COPYING_BYTES * compared)
    observer.plan(mixing)
    key = _key(work, network.digest)
    stages: list[list[Search]] = [[]]
    if work.resume and work.checkpoint is not None:
        stages = read_searches(work.checkpoint, key, work.device)

    def store(searches: Sequence[Search]) -> None:
        if work.checkpoint is None:
            return
        try:
            write_searches(work.checkpoint, stages, key)
        except OSError as error:
            text = (
                f"{work.checkpoint.name}: no checkpoint could be written ({error.strerror or error}); "
                "the mixture continues"
            )
            if text not in notes:
                notes.append(text)
                observer.note(text)

    samples, stopped = _searched(mixing, recipe, stages, observer, store)
    searches = next(searches for searches in reversed(stages) if searches)
    mono = _mean(samples)
    correlation = math.nan if work.content is None else copying(_mean(work.content.samples), mono)[0]
    return Mixture(
        samples=samples,
        rate=recipe.sound.rate,
        recipe=recipe,
        weights=network.source,
        start_loss=float(np.mean([search.start_loss for search in searches])),
        loss=float(np.mean([search.loss for search in searches])),
        start_terms=_means([search.start_terms for search in searches]),
        terms=_means([search.terms for search in searches]),
        iterations=sum(search.done for searches in stages for search in searches),
        stopped=stopped,
        seconds=time.perf_counter() - began,
        correlation=correlation,
        copying=copying(mono, _mean(work.style.samples))[0],
        notes=tuple(notes),
    )


def _searched(
    mixing: Mixing,
    recipe: MixRecipe,
    stages: list[list[Search]],
    observer: MixObserver,
    store: Callable[[Sequence[Search]], None],
) -> tuple[np.ndarray, bool]:
    """Continue the searches of a mixture and of its refinement; return its samples, and whether it was stopped.

    Raises KeyboardInterrupt if it was stopped before the first evaluation.
    """
    config = recipe.search
    refined = config.iterations if recipe.texture is None else recipe.texture.refine
    total = len(mixing.problems) * (config.iterations + (refined if mixing.refinement else 0))

    def shown(before: int) -> MixObserver:
        def progress(step: Step) -> None:
            observer.progress(replace(step, done=before + step.done, total=total))

        return replace(observer, progress=progress)

    stopped = search_pieces(mixing.problems, config, stages[0], shown(0), store)
    if not stages[0]:
        raise KeyboardInterrupt
    _check_finite(stages[0])
    found = [search.best for search in stages[0]]
    if stopped or mixing.refinement is None:
        return mixing.sound(found), stopped
    second = mixing.refinement(found)
    if len(stages) == 1:
        stages.append([])
    config = msgspec.structs.replace(config, iterations=refined)
    stopped = search_pieces(second.problems, config, stages[1], shown(total - refined * len(second.problems)), store)
    _check_finite(stages[1])
    rest = [problem.start for problem in second.problems[len(stages[1]) :]]
    return second.sound([*(search.best for search in stages[1]), *rest]), stopped


def _check_finite(searches: Sequence[Search]) -> None:
    if any(search.done and not math.isfinite(search.loss) for search in searches):
        raise MixtureError("the loss is not finite. Lower the weights of the recipe, or --style-weight.")


def _mixing(work: Work, network: _Network) -> Mixing:
    recipe, style = work.recipe, work.style.samples
    if work.content is None or work.is_loop:
        return texture_loop(style, work.samples, recipe, work.seed, work.device)
    if recipe.image is not None:
        return image_mixing(work.content.samples, style, recipe, network.weights, work.seed, work.device)
    return texture_mixing(work.content.samples, style, recipe, work.seed, work.device)


def _mean(sound: np.ndarray) -> np.ndarray:
    """Return the mean of the channels of a sound: (samples,)."""
    return sound if sound.ndim == 1 else sound.mean(axis=1)


def _means(terms: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([found[name] for found in terms])) for name in terms[0]}


def _network(recipe: MixRecipe, seed: int, weights: str | os.PathLike[str] | None) -> _Network:
    """Return the network of a recipe. Raises MixtureError."""
    if recipe.image is None:
        if weights is not None:
            raise MixtureError(f"recipe '{recipe.name}' uses no file of weights. Leave out --weights.")
        return _Network("none, no network")
    if weights is not None:
        found, digest = read_weights(Path(weights), recipe.image.weights, recipe.image.width)
        return _Network(f"{Path(weights).name}, SHA-256 {digest}", found, digest)
    note = f"the weights of VGG-19 are random (seed {seed}), not those of ImageNet; use --weights FILE for those"
    return _Network(f"random, seed {seed}, not ImageNet", random_weights(seed, recipe.image.width), "", [note])


def _key(work: Work, digest: str) -> str:
    """Return a hash of everything that must match to resume: all but the number of iterations."""
    plain = work.recipe.plain()
    plain["search"]["iterations"] = 0
    if plain["texture"]:
        plain["texture"]["refine"] = 0
    plain["name"] = plain["description"] = ""
    found = hashlib.sha256(json.dumps([plain, work.seed, digest, work.samples], sort_keys=True).encode())
    for source in (work.content, work.style):
        if source is not None:
            found.update(repr(source.samples.shape).encode())
            found.update(source.samples.tobytes())
    return found.hexdigest()
