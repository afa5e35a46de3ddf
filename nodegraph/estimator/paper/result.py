"""The result of one model or baseline on the test examples: its measures by example, and its file."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.atomic import write_atomic
from nodegraph.learn.stage import EpochResult
from nodegraph.measures.correlation import fourier_magnitudes, pearson

from ..features import stft_magnitudes
from . import metrics
from .corpus import Corpus
from .inputs import FULL_SCALE


@dataclass(frozen=True, eq=False)
class ModelResult:
    """The measures of a model or baseline, by test example.

    ``ranks`` and ``errors`` are (N, P): the rank of the correct class, and the error in classes. ``stft``, ``ft`` and
    ``distance`` are (N,): Pearson's correlation of both spectra, and F_delta. ``rows`` are the losses by epoch, empty
    for a baseline, ``examples`` the number of examples trained on, counted each time.
    """

    name: str
    ranks: np.ndarray
    errors: np.ndarray
    stft: np.ndarray
    ft: np.ndarray
    distance: np.ndarray
    rows: tuple[EpochResult, ...] = ()
    weights: int = 0
    examples: int = 0
    seconds: float = 0.0


_ARRAYS = ("ranks", "errors", "stft", "ft", "distance")


def measure(name: str, corpus: Corpus, rows: np.ndarray, scores: np.ndarray) -> ModelResult:
    """Return the measures of scores (N, P, C) for examples ``rows``; their estimates are rendered."""
    classes = corpus.classes[rows]
    targets, sounds = corpus.sounds(rows), corpus.render(scores.argmax(axis=-1))
    spectra, found = stft_magnitudes(targets), stft_magnitudes(sounds)
    return ModelResult(
        name,
        metrics.ranks(scores, classes).astype(np.uint8),
        metrics.class_errors(scores, classes).astype(np.uint8),
        pearson(spectra, found),
        pearson(fourier_magnitudes(targets), fourier_magnitudes(sounds)),
        metrics.spectrogram_distance(spectra, found, FULL_SCALE),
    )


def merge_folds(parts: Sequence[ModelResult]) -> ModelResult:
    """Return the results of all folds as one: all examples, and the losses of the first fold."""
    arrays: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return replace(
        parts[0], **arrays, examples=sum(part.examples for part in parts), seconds=sum(part.seconds for part in parts)
    )


def save_result(path: Path, measured: ModelResult) -> None:
    """Write a result to a file, atomically. Raises OSError."""
    plain = {entry.name: getattr(measured, entry.name) for entry in fields(measured) if entry.name not in _ARRAYS}
    data = io.BytesIO()
    np.savez_compressed(data, plain=json.dumps(plain), **{name: getattr(measured, name) for name in _ARRAYS})
    write_atomic(path, data.getvalue())


def load_result(path: Path) -> ModelResult | None:
    """Return the result in a file, or None if there is none or if it is damaged."""
    try:
        with np.load(path, allow_pickle=False) as found:
            plain = json.loads(str(found["plain"]))
            plain["rows"] = tuple(EpochResult(*row) for row in plain["rows"])
            return ModelResult(**{name: found[name] for name in _ARRAYS}, **plain)
    except Exception:  # zipfile and numpy raise arbitrary exceptions on damaged files
        return None
