"""Comparison of a search that starts from a model with one that does not, in the same time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.models.estimator import Estimator
from nodegraph.patch import Document

from .evaluation import rounded
from .example_stream import ExampleSource
from .matching import Matcher
from .proposals import proposer_of_model
from .scoring import Budget

SOUNDS = 12
SECONDS = 1.0  # of search for each


def compare_with_search(
    model: Estimator, document: Document, file: Path | None, source: ExampleSource, first: int
) -> dict[str, Any]:
    """Return the mean distances that a search reaches with the candidates of the model and without them.

    Both have the same time for each of the clean sounds of chunk ``first``. ``model_is_nearer`` is False if the model
    does not help.
    """
    sounds = source.sounds(first)[0][:SOUNDS]
    settings = model.features
    with Matcher(document, model.names, file, settings.seconds, settings.rate) as matcher:
        proposer = proposer_of_model(model, matcher.parameters)
        budget = Budget(SECONDS)
        alone = [matcher.match(sound, budget).distance for sound in sounds]
        together = [matcher.match(sound, budget, proposer=proposer).distance for sound in sounds]
    return {
        "sounds": len(sounds),
        "seconds": SECONDS,
        "without_model": rounded(np.mean(alone)),
        "with_model": rounded(np.mean(together)),
        "model_is_nearer": bool(np.mean(together) < np.mean(alone)),
    }
