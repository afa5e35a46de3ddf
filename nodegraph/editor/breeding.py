"""Breeding of variants of the open patch: the work of a background job."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.control.random_values import knobs_of_patch
from nodegraph.models.parameters import Parameter
from nodegraph.patch import Document

from .jobs import Job

if TYPE_CHECKING:
    from nodegraph.estimator.breeding import Brood

SECONDS, RATE = 2.0, 44100.0  # of each sound


@dataclass(frozen=True)
class BreedRequest:
    """What to breed: ``parents`` (K, P) are settings of ``parameters``; None stands for the values in the document.

    Without ``parameters``, the knobs of ``nodes`` vary ("voice/osc"), or those of the patch if there are none. With a
    ``sound``, the settings nearest to it are searched instead. ``file`` is the file of the patch.
    """

    document: Document
    file: Path | None
    allow_outside: bool
    nodes: tuple[str, ...]
    strength: float
    seed: int
    parameters: tuple[Parameter, ...] = ()
    parents: np.ndarray | None = None
    sound: Path | None = None


def breed(request: BreedRequest, job: Job) -> Brood:
    """Return variants. Raises an error with a line for the user, Cancelled if the user cancelled the job."""
    from nodegraph.estimator.breeding import Breeder
    from nodegraph.estimator.parameters import parameters_of_knobs
    from nodegraph.estimator.target_sound import read_target

    job.progress(0.0, "compiling")
    document, parameters = request.document, request.parameters
    if not parameters:
        knobs = knobs_of_patch(document, request.nodes, request.file, request.allow_outside)
        parameters = parameters_of_knobs(knobs)
    threads = max((os.cpu_count() or 2) - 1, 1)  # leave one core to the sound
    with Breeder(document, parameters, request.file, SECONDS, RATE, threads) as breeder:
        if request.sound is not None:
            target = read_target(request.sound, SECONDS, RATE)
            job.progress(0.0, "random settings")
            return breeder.nearest(target, request.seed, progress=lambda part: job.progress(part, "search"))
        parents = breeder.present() if request.parents is None else request.parents
        return breeder.offspring(
            parents, request.strength, request.seed, lambda part: job.progress(part, "rendering 16 variants")
        )
