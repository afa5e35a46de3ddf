"""Matching of a sound by the open patch or one of its subpatches: the work of a background job."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.patch import Document
from nodegraph.patch.document import Path as Place

from .jobs import Job

if TYPE_CHECKING:
    from nodegraph.estimator.matching import Match, Matcher
    from nodegraph.estimator.target_sound import TargetSound


@dataclass(frozen=True)
class Take:
    """A recording of the input: float32 (samples,) or (samples, channels) at ``rate`` Hz."""

    samples: np.ndarray
    rate: float

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


@dataclass(frozen=True)
class MatchRequest:
    """A sound, file or recording, and the patch that is to match it.

    ``file`` is the file of the patch, ``place`` the path of the subpatch that matches alone, () for the patch itself.
    ``seconds`` is the length of the search. ``probe`` also finds all inaudible parameters, in up to 30 s.
    """

    sound: Path | Take
    document: Document
    file: Path | None = None
    place: Place = ()
    model: Path | None = None
    seconds: float = 5.0
    probe: bool = False


@dataclass(frozen=True)
class MatchResult:
    """A match, the rate of its sounds in Hz, and lines for the user."""

    match: Match
    rate: float
    notes: tuple[str, ...]


def match_sound(request: MatchRequest, job: Job, on_target: Callable[[np.ndarray, float], object]) -> MatchResult:
    """Search the nearest setting of the controls; ``on_target(samples, rate)`` gets the sound as it is compared.

    The progress of the job contains the best distance so far. Raises an error with a line for the user if the sound,
    the patch or the model is unsuitable, Cancelled if the user cancelled the job.
    """
    from nodegraph.estimator.matching import Matcher
    from nodegraph.estimator.proposals import proposer_of
    from nodegraph.estimator.scoring import Budget
    from nodegraph.estimator.subpatch import subpatch_alone

    job.progress(0.0, "compiling")
    document, place = request.document, request.place
    if place:
        document = subpatch_alone(document, place, request.file)
    threads = max((os.cpu_count() or 2) - 1, 1)  # leave one core to the sound
    with Matcher(document, path=request.file, threads=threads) as matcher:
        target = _target(request.sound, matcher.seconds, matcher.rate)
        proposer = None if request.model is None else proposer_of(request.model, document, matcher.parameters)
        matcher.prepare(lambda part: job.progress(part, f"random settings {round(100 * part)} %"))
        target = matcher.at_reachable_level(target)
        on_target(target.samples, matcher.rate)
        job.progress(0.0, "first candidates")

        def show(part: float, distance: float) -> None:
            job.progress(part, f"best distance {distance:.2f} dB")

        found = matcher.match(target.samples, Budget(request.seconds), proposer=proposer, progress=show)
        job.progress(1.0, "inaudible parameters" if request.probe else "")
        return MatchResult(found, matcher.rate, (*target.notes, *_lines(matcher, found, request.probe)))


def _target(sound: Path | Take, seconds: float, rate: float) -> TargetSound:
    from nodegraph.estimator.target_sound import read_target, target_of

    if isinstance(sound, Take):
        return target_of(sound.samples, sound.rate, seconds, rate, "the recording")
    return read_target(sound, seconds, rate)


def _lines(matcher: Matcher, found: Match, probe: bool) -> list[str]:
    """Return a line for each group of interchangeable and of inaudible parameters, with their names."""
    names = [parameter.name for parameter in found.parameters]
    lines = matcher.probe.describe() if probe else matcher.symmetry.describe(names)
    inaudible = [name for name, audible in zip(names, found.audible, strict=True) if not audible]
    return [*lines, f"inaudible at these values: {', '.join(inaudible)}"] if inaudible else lines
