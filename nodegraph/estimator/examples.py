"""Random settings of a patch and their sounds. Each example depends on the seed and its row only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .parameters import CLASSES, Parameter, from_classes, from_unit
from .rendering import BatchRenderer

SILENCE = 1e-3  # peak, -60 dBFS
MAX_ATTEMPTS = 64


class SilentPatchError(ValueError):
    """A patch that is silent at all random settings; the message is one line for the user."""


def draw(
    parameters: Sequence[Parameter], seed: int, row: int, attempt: int = 0, only_classes: bool = False
) -> np.ndarray:
    """Return a random setting, float64 (P,) in the units of the ports.

    Positions are uniform along the tapers; with ``only_classes``, all classes of a parameter are equally probable and
    no other value occurs. ``attempt`` counts the draws for this row. The result depends on no other draw.
    """
    return draw_rows(parameters, seed, [row], attempt, only_classes)[0]


def draw_rows(
    parameters: Sequence[Parameter], seed: int, rows: Sequence[int], attempt: int = 0, only_classes: bool = False
) -> np.ndarray:
    """Return the settings of several rows, float64 (N, P), each as :func:`draw` does."""
    numbers = np.empty((len(rows), len(parameters)))
    for k, row in enumerate(rows):
        generator = np.random.Philox(key=seed, counter=[0, row, attempt, 0])
        numbers[k] = np.random.Generator(generator).random(len(parameters))
    if not only_classes:
        return from_unit(parameters, numbers)
    counts = np.array([len(parameter.classes(CLASSES)) for parameter in parameters])
    return from_classes(parameters, (numbers * counts).astype(np.int64))


def examples(
    renderer: BatchRenderer, parameters: Sequence[Parameter], seed: int, rows: Sequence[int], only_classes: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sounds, float32 (N, samples), and settings, float64 (N, P), of rows of the infinite data set.

    A silent draw, with a peak below -60 dBFS, is replaced by the next attempt of the same row. Raises SilentPatchError
    if a row is silent after ``MAX_ATTEMPTS`` attempts.
    """
    values = draw_rows(parameters, seed, rows, 0, only_classes)
    sounds = renderer.render(values)
    silent = np.flatnonzero(is_silent(sounds))
    for attempt in range(1, MAX_ATTEMPTS):
        if len(silent) == 0:
            return sounds, values
        values[silent] = draw_rows(parameters, seed, [rows[int(k)] for k in silent], attempt, only_classes)
        sounds[silent] = renderer.render(values[silent])
        silent = silent[is_silent(sounds[silent])]
    if len(silent):
        raise SilentPatchError(
            f"the patch is silent at {MAX_ATTEMPTS} random settings in a row. "
            "Check that it makes a sound by itself, and the ranges of its controls."
        )
    return sounds, values


def is_silent(sounds: np.ndarray) -> np.ndarray:
    """Return for each of the sounds (N, samples) whether its peak is below -60 dBFS, or not a finite number."""
    peaks = np.maximum(sounds.max(axis=1), -sounds.min(axis=1))
    silent: np.ndarray = ~(peaks >= SILENCE) | ~np.isfinite(peaks)
    return silent
