"""Matching of a sound by a patch: candidates from random draws, a table and a model, then evolution and line search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nodegraph.graph import build_graph
from nodegraph.measures.correlation import fourier_magnitudes, pearson
from nodegraph.measures.level import level_of
from nodegraph.measures.mono import UnusableSoundError
from nodegraph.models.parameters import clipped
from nodegraph.patch import Document

from .confidence import COST, STEP, agreed_confidence, confidences
from .distance import Target
from .evolution import Score, evolve
from .examples import SilentPatchError, draw, is_silent
from .features import stft_magnitudes
from .parameters import Parameter, parameters_of, to_unit
from .probe import Probe, audible_at, probe
from .refine import line_search
from .rendering import BatchRenderer, current_setting, with_setting
from .scoring import Budget, Scorer
from .symmetry import Symmetry, symmetry_of
from .table import Table, cached_table
from .target_sound import TargetSound, at_level_within

RANDOM = 200  # random settings whose best is the measure of a match
RANDOM_SEED = 1
SINGLES = 8  # of them rendered together if each needs a render of its own
NEAREST = 16  # starts from a model and from the table; more of them make the population too uniform
SMALLEST, POPULATION = 16, 64  # first members of the evolution
PER_MEMBER = 100  # evaluations for each of them, if the budget has so many
START = 0.3  # part of the budget for the nearest of the table
LINE_SEARCH = 0.07  # last part of the budget
CONFIDENCE = 0.2  # at most this part for the confidences
MOST_TRIALS = 4  # of a member of the evolution in each generation
NEAR = 0.12  # largest step of the line search after an evolution
TABLE_SECONDS = 20.0  # for patches that render slowly


class Proposal(NamedTuple):
    """Candidates of a model for a sound: settings (K, P) in the units of the ports, its own estimate first.

    ``confidence`` (P,) is the probability that a value of the first lies within one class of the truth.
    """

    settings: np.ndarray
    confidence: np.ndarray | None = None


Proposer = Callable[[np.ndarray, float], Proposal]
"""A model as a function of a sound (samples,) and its rate in Hz."""

Progress = Callable[[float, float], None]
"""Called with the completed part of the search, 0–1, and the best distance so far; it may raise to stop the search."""


@dataclass(frozen=True)
class Match:
    """A setting of a patch that sounds like a target.

    ``values`` (P,) are in the units of the ports. ``confidence`` (P,) is the probability that a value lies within one
    class of the truth, for a target that the patch can make; ``audible`` (P,) tells which parameters change the
    sound if they move from here, the others have confidence 0. ``distance`` is in dB, ``start_distance`` that of the
    best candidate before the search, ``random_distance`` that of the best of 200 random settings, whose sound is
    ``random_sound``. ``sound``, ``target`` and ``random_sound`` are float32 (samples,).
    """

    document: Document
    parameters: tuple[Parameter, ...]
    values: np.ndarray
    confidence: np.ndarray
    audible: np.ndarray
    distance: float
    start_distance: float
    random_distance: float
    evaluations: int
    seconds: float
    sound: np.ndarray
    target: np.ndarray
    random_sound: np.ndarray

    @property
    def ratio(self) -> float:
        """The distance relative to that of the best of 200 random settings."""
        return self.distance / self.random_distance if self.random_distance > 0.0 else 0.0

    @property
    def pearson_stft(self) -> float:
        """Correlation of the STFT magnitudes of the sound and the target, -1 to 1."""
        return float(pearson(stft_magnitudes(self.sound[None]), stft_magnitudes(self.target[None]))[0])

    @property
    def pearson_spectrum(self) -> float:
        """Correlation of the magnitudes of the Fourier transforms of the sound and the target, -1 to 1."""
        return float(pearson(fourier_magnitudes(self.sound[None]), fourier_magnitudes(self.target[None]))[0])


class Matcher:
    """Matches sounds by the parameters of a patch; engines and table are made once and serve all sounds.

    ``names`` are those of the controls that vary, all by default. ``table_rows`` random settings are rendered in
    advance and stored in the user's cache: 16,384 are worth a few hundred evaluations, for searches with few of them.
    """

    def __init__(
        self,
        document: Document,
        names: Sequence[str] | None = None,
        path: Path | None = None,
        seconds: float = 1.0,
        rate: float = 16384.0,
        threads: int = 2,
        table_rows: int = 0,
    ) -> None:
        self.document, self.path, self.seconds, self.rate = document, path, seconds, rate
        self.parameters = parameters_of(document, names, path)
        self.renderer = BatchRenderer(document, self.parameters, seconds, rate, path, threads)
        self.threads, self.table_rows = threads, table_rows
        self._graph = build_graph(document, rate, path)
        self._table: Table | None = None
        self._sounds: dict[bool, np.ndarray] = {}  # of the random settings

    def prepare(self, progress: Callable[[float], None] | None = None) -> None:
        """Render the random settings, then read or build the table, for at most 20 s.

        ``progress`` is called with 0–1 for each; it may raise to stop. Raises SilentPatchError if the patch is silent
        at all random settings.
        """
        if is_silent(self._random_sounds(False, progress)).all():
            raise SilentPatchError(
                f"the patch is silent at {RANDOM} random settings. Check that it makes a sound by itself, and the "
                "ranges of its controls."
            )
        if self.table_rows and self._table is None:
            self._table = cached_table(self.renderer, None, self.table_rows, TABLE_SECONDS, progress)

    def at_reachable_level(self, target: TargetSound) -> TargetSound:
        """Return a target with a gain, if no random setting is as loud or as quiet; a note of the target says so."""
        sounds = self._random_sounds(False)
        levels = level_of(sounds[~is_silent(sounds)])
        return at_level_within(target, levels.min(), levels.max())

    @cached_property
    def probe(self) -> Probe:
        """The interchangeable and the inaudible parameters of the patch."""
        return probe(self.renderer)

    @cached_property
    def symmetry(self) -> Symmetry:
        """The interchangeable parameters of the patch."""
        return symmetry_of(self._graph, self.parameters)

    def match(
        self,
        sound: np.ndarray,
        budget: Budget | None = None,
        seed: int = 0,
        proposer: Proposer | None = None,
        only_classes: bool = False,
        progress: Progress | None = None,
    ) -> Match:
        """Return the nearest setting found for a sound, float32 (samples,) of the rate and length of the matcher.

        The budget is 2 seconds by default. The same ``seed`` and a budget of evaluations only give the same result,
        which is never farther from the sound than the candidates of ``proposer`` and the values in the document. With
        ``only_classes`` parameters take class values only. Raises UnusableSoundError for a sound of another length.
        """
        if sound.shape != (self.renderer.samples,):
            raise UnusableSoundError(f"the sound: must have {self.renderer.samples} samples, got {sound.shape}.")
        self.prepare()
        rng = np.random.default_rng(seed)
        target = Target.of(sound, self.rate)
        scorer = Scorer(self.renderer, target, budget or Budget(seconds=2.0), only_classes, self.threads)

        def score(positions: np.ndarray) -> np.ndarray:
            distances = scorer(positions)
            if progress is not None:
                progress(min(scorer.progress, 1.0), scorer.distance)
            return distances

        def searched() -> float:
            return scorer.progress / (1.0 - self._confidence_part(scorer))

        try:
            proposal = proposer(sound, self.rate) if proposer is not None else None
            random = self._score_random(scorer)
            starts = self._score_starts(scorer, score, sound, proposal)
            positions, distances = (np.concatenate(parts) for parts in zip(random, *starts))
            start = scorer.distance
            size = round(min(max(scorer.expected_evaluations / PER_MEMBER, SMALLEST), POPULATION))
            chosen = np.argsort(distances, kind="stable")[:size]
            batch = min(self.renderer.batch, MOST_TRIALS * size)
            evolve(score, positions[chosen], distances[chosen], rng, lambda: searched() / (1.0 - LINE_SEARCH), batch)
            line_search(score, scorer.best, scorer.distance, rng, searched, NEAR)
            values, distance = scorer.values(scorer.best[None]), scorer.distance
            position = to_unit(self.parameters, values)[0]
            audible = audible_at(self.renderer, position)
            confidence = self._confidence(score, position, distance, audible, proposal)
        finally:
            scorer.close()
        random_distance = float(random[1].min())
        return Match(
            document=with_setting(self._graph, self.parameters, values[0]),
            parameters=self.parameters,
            values=values[0],
            confidence=confidence,
            audible=audible,
            distance=distance,
            start_distance=start,
            random_distance=random_distance,
            evaluations=scorer.evaluations,
            seconds=scorer.elapsed,
            sound=self.renderer.render(values)[0],
            target=sound,
            random_sound=self._random_sounds(only_classes)[random[1].argmin()],
        )

    def close(self) -> None:
        """Release the engines."""
        self.renderer.close()

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _score_random(self, scorer: Scorer) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions and distances of the random settings; their sounds are rendered only once."""
        positions = to_unit(self.parameters, self._random_settings(scorer.only_classes))
        return positions, scorer.compare(positions, self._random_sounds(scorer.only_classes))

    def _random_settings(self, only_classes: bool) -> np.ndarray:
        return np.stack([draw(self.parameters, RANDOM_SEED, row, 0, only_classes) for row in range(RANDOM)])

    def _random_sounds(self, only_classes: bool, progress: Callable[[float], None] | None = None) -> np.ndarray:
        if only_classes not in self._sounds:
            settings, sounds = self._random_settings(only_classes), []
            step = RANDOM if self.renderer.as_lanes else SINGLES
            for start in range(0, RANDOM, step):
                sounds.append(self.renderer.render(settings[start : start + step]))
                if progress is not None:
                    progress((start + len(sounds[-1])) / RANDOM)
            self._sounds[only_classes] = np.concatenate(sounds)
        return self._sounds[only_classes]

    def _score_starts(
        self, scorer: Scorer, score: Score, sound: np.ndarray, proposal: Proposal | None
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Score the values in the document, the candidates of a model and, in the budget, the nearest of the table."""
        first = [self._current(), *([] if proposal is None else [proposal.settings])]
        found = []
        positions = to_unit(self.parameters, np.concatenate(first))
        if len(positions):
            distances = score(positions)
            nearest = np.argsort(distances, kind="stable")[:NEAREST]
            found.append((positions[nearest], distances[nearest]))
        if self._table is not None and scorer.progress < START:
            positions = self._table.nearest(sound, self.rate, NEAREST)
            found.append((positions, score(positions)))
        return found

    def _confidence_part(self, scorer: Scorer) -> float:
        """Return the part of the budget that the confidences may take."""
        return min(COST * len(self.parameters) / max(scorer.expected_evaluations, 1.0), CONFIDENCE)

    def _confidence(
        self, score: Score, position: np.ndarray, distance: float, audible: np.ndarray, proposal: Proposal | None
    ) -> np.ndarray:
        """Return the confidence of a model where the search stayed near its estimate, else a measured one."""
        found = np.zeros(len(position))
        missing = audible.copy()
        stated = proposal.confidence if proposal is not None else None
        if proposal is not None and stated is not None:
            near = np.abs(position - to_unit(self.parameters, proposal.settings[:1])[0]) <= STEP
            found = np.where(audible & near, agreed_confidence(stated), 0.0)
            missing &= ~near
        chosen = np.flatnonzero(missing)
        found[chosen] = confidences(score, position, distance, chosen, has_left_model=stated is not None)
        return found

    def _current(self) -> np.ndarray:
        """Return the values of the parameters in the document: (1, P), or (0, P) if one of them has several."""
        values = current_setting(self._graph, self.parameters)
        if values is None:
            return np.empty((0, len(self.parameters)))
        return clipped(self.parameters, values)[None]
