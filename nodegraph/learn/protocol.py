"""Protocols by which the frames of a corpus are dealt again: at random, or in folds of unseen sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .errors import LearnError
from .frames import FrameSets
from .split import PARTS

FOLDS = 5


def dealt_at_random(frames: FrameSets, seed: int = 0) -> FrameSets:
    """Return the same frames, dealt at random to parts of the same sizes.

    Neighbouring frames of a sound, nearly equal, are then in different parts: the errors are those of sounds that the
    net knows.
    """
    pool, _ = _pooled(frames)
    order = np.random.default_rng(seed).permutation(len(pool))
    edges = np.cumsum([len(getattr(frames, part)) for part in PARTS])[:-1]
    train, valid, test = (pool[np.sort(rows)] for rows in np.split(order, edges))
    return replace(frames, train=train, valid=valid, test=test, lengths={})


def unseen_folds(frames: FrameSets, seed: int = 0, count: int = FOLDS) -> list[FrameSets]:
    """Return ``count`` divisions of the frames: each source is for testing in one and for validation in another.

    Raises LearnError if there are too few sources.
    """
    pool, source_of = _pooled(frames)
    names = [name for part in PARTS for name in frames.sources[part]]
    known = np.unique(source_of)
    if len(known) < count:
        raise LearnError(f"{count} folds need at least {count} sources with frames, got {len(known)}. Use more sounds.")
    fold_of = np.empty(len(names), int)
    fold_of[np.random.default_rng(seed).permutation(known)] = np.arange(len(known)) % count
    found = []
    for fold in range(count):
        at = {"test": fold, "valid": (fold + 1) % count}
        is_in = {part: fold_of[source_of] == number for part, number in at.items()}
        is_in["train"] = ~(is_in["test"] | is_in["valid"])
        sources = {part: sorted({names[i] for i in np.unique(source_of[rows])}) for part, rows in is_in.items()}
        train, valid, test = (pool[is_in[part]] for part in PARTS)
        found.append(replace(frames, train=train, valid=valid, test=test, sources=sources, lengths={}))
    return found


def _pooled(frames: FrameSets) -> tuple[np.ndarray, np.ndarray]:
    """Return all frames, and the number of the source of each; a source in several parts has one number."""
    names = [name for part in PARTS for name in frames.sources[part]]
    number_of = {name: names.index(name) for name in dict.fromkeys(names)}
    numbers = [number_of[name] for name in names]
    lengths = [length for part in PARTS for length in frames.lengths[part]]
    return np.concatenate([getattr(frames, part) for part in PARTS]), np.repeat(numbers, lengths)
