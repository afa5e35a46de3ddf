"""Breeding: variants of a setting by mutation and crossing, or those nearest to a sound, all heard at one level.

Mutation and uniform crossover of positions in 0–1: Eiben & Smith, Introduction to Evolutionary Computing (2nd ed.,
2015), ch. 4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.graph import build_graph
from nodegraph.measures.level import level_of
from nodegraph.models.parameters import clipped
from nodegraph.patch import Document
from nodegraph.patch.actions import parse_port_ref

from .distance import Target
from .evolution import evolve
from .examples import SilentPatchError, draw_rows, is_silent
from .parameters import Parameter, ParameterError, from_classes, from_unit, to_classes, to_unit
from .rendering import BatchRenderer, current_setting
from .scoring import Budget, Scorer
from .table import coarse
from .target_sound import TargetSound, at_level_within

VARIANTS = 16
STRENGTH = 0.15  # default
CANDIDATES = 64, 24  # rendered for 16 variants: as lanes, or one after the other
ATTEMPTS = 4  # to find variants that are not silent
MUTATED = 0.5  # of the parameters of a variant
AFTER_CROSSING = 0.25  # of the strength, so that the parents are recognised
LEVEL, PEAK = -20.0, 0.9  # RMS in dBFS of all sounds, and their largest sample; the level is lower if need be
RANDOM, MEMBERS = 128, 32  # random settings, and those of them that a search starts with
APART = 0.05  # least difference of one position between two settings near a sound
SEARCH = Budget(seconds=8.0, evaluations=3000)

Progress = Callable[[float], None]
"""Called with the completed part, 0–1; it may raise to stop."""


@dataclass(frozen=True)
class Brood:
    """Variants of a patch: settings (N, P) in the units of the ports, nearest first, at most 16.

    ``sounds`` are float32 (N, samples), all with the same RMS. ``distances`` (N,) in dB are those from the sound of the
    first parent, or from the target. ``notes`` are lines for the user.
    """

    parameters: tuple[Parameter, ...]
    settings: np.ndarray
    sounds: np.ndarray
    distances: np.ndarray
    notes: tuple[str, ...] = ()


class Breeder:
    """Breeds settings of a patch's parameters; its engines are made once. Sounds last ``seconds`` at ``rate`` Hz.

    Parameters that set no knob are left out. Raises ParameterError if none remains.
    """

    def __init__(
        self,
        document: Document,
        parameters: Sequence[Parameter],
        path: Path | None = None,
        seconds: float = 2.0,
        rate: float = 44100.0,
        threads: int = 1,
    ) -> None:
        self._graph = graph = build_graph(document, rate, path)
        known = [parameter for parameter in parameters if graph.knobs_of(*parse_port_ref(parameter.target))]
        if not known:
            raise ParameterError("no knob of the patch is unwired. Choose other blocks.")
        self.parameters, self.threads = tuple(known), threads
        self.renderer = BatchRenderer(document, known, seconds, rate, path, threads)

    def present(self) -> np.ndarray:
        """Return the setting (P,) in the document. Raises ParameterError if a parameter has several values."""
        setting = current_setting(self._graph, self.parameters)
        if setting is None:
            raise ParameterError("a control sets several different values. Give it a lane, or name others.")
        return clipped(self.parameters, setting)

    def offspring(
        self, parents: np.ndarray, strength: float = STRENGTH, seed: int = 0, progress: Progress | None = None
    ) -> Brood:
        """Return variants of one parent, or crossings of random pairs of several, (K, P) in the units of the ports.

        Mutations have a standard deviation of ``strength``, 0–1, of the range. Of more candidates, those are chosen
        that differ most from each other. Raises SilentPatchError if all candidates are silent.
        """
        parents, rng = clipped(self.parameters, np.atleast_2d(parents)), np.random.default_rng(seed)
        first = self.renderer.render(parents[:1])
        size, found = CANDIDATES[0 if self.renderer.as_lanes else 1], _empty(self.renderer)
        for attempt in range(ATTEMPTS):
            if progress is not None:
                progress(attempt / ATTEMPTS)
            settings = self._values(offspring(to_unit(self.parameters, parents), strength, size, rng), parents)
            sounds = self.renderer.render(settings)
            heard = ~is_silent(sounds)
            found = np.concatenate([found[0], settings[heard]]), np.concatenate([found[1], sounds[heard]])
            if len(found[0]) >= VARIANTS:
                break
        settings, sounds = found
        if not len(settings):
            raise SilentPatchError("all variants are silent. Reduce the strength, or check that the patch sounds.")
        levelled = at_one_level(np.concatenate([first, sounds]))
        distances = Target.of(levelled[0], self.renderer.rate).distances(levelled[1:])
        chosen = most_different(coarse(levelled[1:], self.renderer.rate), int(distances.argmin()), VARIANTS)
        chosen = chosen[np.argsort(distances[chosen], kind="stable")]
        return self._brood(settings[chosen], sounds[chosen], distances[chosen])

    def nearest(
        self, target: TargetSound, seed: int = 0, budget: Budget = SEARCH, progress: Progress | None = None
    ) -> Brood:
        """Return the settings nearest to a sound of the rate and length of the breeder, as a short search finds them.

        Raises SilentPatchError if the patch is silent at random settings.
        """
        rng = np.random.default_rng(seed)
        random = to_unit(self.parameters, draw_rows(self.parameters, seed, range(RANDOM)))
        sounds = self.renderer.render(self._values(random))
        heard = ~is_silent(sounds)
        if not heard.any():
            raise SilentPatchError(
                f"the patch is silent at {RANDOM} random settings. Check that it sounds and that its ranges fit."
            )
        levels = level_of(sounds[heard])
        target = at_level_within(target, float(levels.min()), float(levels.max()))
        scorer = Scorer(self.renderer, Target.of(target.samples, self.renderer.rate), budget, threads=self.threads)
        tried = [(random, scorer.compare(random, sounds))]

        def score(positions: np.ndarray) -> np.ndarray:
            distances = scorer.compare(positions, self.renderer.render(self._values(positions)))
            scorer.evaluations += len(positions)
            tried.append((positions, distances))
            if progress is not None:
                progress(min(scorer.progress, 1.0))
            return distances

        try:
            order = np.argsort(tried[0][1], kind="stable")[:MEMBERS]
            evolve(score, random[order], tried[0][1][order], rng, lambda: scorer.progress, self.renderer.batch)
        finally:
            scorer.close()
        positions, distances = (np.concatenate(parts) for parts in zip(*tried, strict=True))
        settings = self._values(positions)
        chosen = nearest_apart(to_unit(self.parameters, settings), distances, VARIANTS)
        settings = settings[chosen]
        return self._brood(settings, self.renderer.render(settings), distances[chosen], target.notes)

    def close(self) -> None:
        """Release the engines."""
        self.renderer.close()

    def __enter__(self) -> Breeder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _values(self, positions: np.ndarray, parents: np.ndarray | None = None) -> np.ndarray:
        """Return the values at positions (N, P); parameters with steps take these, or values of ``parents``."""
        values = from_unit(self.parameters, positions)
        for column, parameter in enumerate(self.parameters):
            if parameter.steps:
                one = values[:, column : column + 1]
                stepped = from_classes([parameter], to_classes([parameter], one))
                kept = parents is not None and np.isclose(one, parents[:, column], 1e-9).any(axis=1, keepdims=True)
                values[:, column : column + 1] = np.where(kept, one, stepped)
        return clipped(self.parameters, values)

    def _brood(
        self, settings: np.ndarray, sounds: np.ndarray, distances: np.ndarray, notes: tuple[str, ...] = ()
    ) -> Brood:
        return Brood(self.parameters, settings, at_one_level(sounds), distances, notes)


def offspring(parents: np.ndarray, strength: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``count`` variants of parents, positions (K, P) in 0–1: mutations of one, else mutated crossings of pairs.

    A crossing takes each position from one of two parents. A mutation adds normal numbers with a standard deviation of
    ``strength``, a quarter of it after a crossing, to about half of the positions; the ends of the range reflect them.
    """
    size, parameters = parents.shape
    first = rng.integers(size, size=count)
    second = (first + rng.integers(1, max(size, 2), size=count)) % size
    children = np.where(rng.random((count, parameters)) < 0.5, parents[first], parents[second])
    mutated = rng.random((count, parameters)) < MUTATED
    mutated[np.arange(count), rng.integers(parameters, size=count)] = True
    deviation = strength if size == 1 else strength * AFTER_CROSSING
    moved = np.abs(children + deviation * rng.standard_normal((count, parameters))) % 2.0
    return np.where(mutated, np.minimum(moved, 2.0 - moved), children)


def at_one_level(sounds: np.ndarray) -> np.ndarray:
    """Return sounds (N, samples) with the same RMS, at most -20 dBFS, at which no peak exceeds 0.9."""
    gains = 10.0 ** ((LEVEL - level_of(sounds)) / 20.0)
    peak = float((np.abs(sounds).max(axis=1, initial=0.0) * gains).max(initial=0.0))
    return (sounds * (gains * min(1.0, PEAK / max(peak, PEAK)))[:, None]).astype(np.float32)


def most_different(spectra: np.ndarray, first: int, count: int) -> np.ndarray:
    """Return the indices of ``count`` spectra (N, …) in dB, each as far as possible from the nearest one before it."""
    rows = spectra.reshape(len(spectra), -1).astype(np.float32)
    chosen, nearest = [first], np.full(len(rows), np.inf)
    while len(chosen) < min(count, len(rows)):
        nearest = np.minimum(nearest, np.abs(rows - rows[chosen[-1]]).mean(axis=1))
        nearest[chosen] = -1.0
        chosen.append(int(nearest.argmax()))
    return np.array(chosen)


def nearest_apart(positions: np.ndarray, distances: np.ndarray, count: int, apart: float = APART) -> np.ndarray:
    """Return the indices of the ``count`` nearest settings, positions (N, P), no two closer than ``apart``.

    Settings are apart if one of their positions differs so much. If there are not enough, closer ones are added.
    """
    order = np.argsort(distances, kind="stable")
    order = order[np.isfinite(distances[order])]
    chosen: list[int] = []
    for index in order:
        if not chosen or np.abs(positions[chosen] - positions[index]).max(axis=1).min() >= apart:
            chosen.append(int(index))
        if len(chosen) == count:
            break
    others = [int(index) for index in order if index not in chosen][: count - len(chosen)]
    return np.array(sorted(chosen + others, key=lambda index: distances[index]), np.int64)


def _empty(renderer: BatchRenderer) -> tuple[np.ndarray, np.ndarray]:
    return np.empty((0, len(renderer.parameters))), np.empty((0, renderer.samples), np.float32)
