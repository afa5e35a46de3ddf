"""Frames of a corpus dealt again: at random, and in folds of unseen sources."""

from dataclasses import replace

import numpy as np
import pytest

from nodegraph.learn import FrameSets, LearnError
from nodegraph.learn.protocol import dealt_at_random, unseen_folds
from nodegraph.learn.split import PARTS
from nodegraph.models.autoencoder import Features

FEATURES = Features(rate=8000.0, size=8, hop=4)


def corpus(lengths=((7, 3, 5, 6), (4, 2), (5, 3))):
    """Return frames that name their source and their number, in five numbers."""
    source, parts, names = 0, {}, {}
    for part, some in zip(PARTS, lengths):
        rows = [(source + k, n, 0, 0, 1) for k, length in enumerate(some) for n in range(length)]
        parts[part] = np.array(rows, np.float32)
        names[part] = [f"{source + k}.wav" for k in range(len(some))]
        source += len(some)
    return FrameSets(**parts, features=FEATURES, sources=names, lengths=dict(zip(PARTS, map(list, lengths))))


def rows(frames):
    return sorted(tuple(row) for part in PARTS for row in getattr(frames, part))


def test_dealing_at_random_keeps_all_frames_and_the_sizes_of_the_parts():
    before, after = corpus(), dealt_at_random(corpus(), seed=1)
    assert rows(before) == rows(after)
    assert [len(getattr(after, part)) for part in PARTS] == [21, 6, 8]
    assert set(after.test[:, 0]) & set(after.train[:, 0]), "frames of one source are in several parts"
    assert np.array_equal(after.train, dealt_at_random(corpus(), seed=1).train)
    assert not np.array_equal(after.train, dealt_at_random(corpus(), seed=2).train)


def test_each_source_is_tested_in_one_fold_and_never_trained_on_there():
    folds = unseen_folds(corpus(), seed=1, count=4)
    tested = []
    for fold in folds:
        parts = [set(getattr(fold, part)[:, 0]) for part in PARTS]
        assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
        assert rows(fold) == rows(corpus())
        assert fold.sources["test"] == [f"{int(source)}.wav" for source in sorted(parts[2])]
        tested += list(parts[2])
    assert sorted(tested) == list(range(8))


def test_source_in_several_parts_is_one_source():
    one = replace(corpus(((4, 4), (4,), (4,))), sources={"train": ["a", "b"], "valid": ["a"], "test": ["b"]})
    assert sorted(len(fold.test) for fold in unseen_folds(one, count=2)) == [8, 8]
    with pytest.raises(LearnError, match="3 folds need at least 3 sources with frames, got 2"):
        unseen_folds(one, count=3)
