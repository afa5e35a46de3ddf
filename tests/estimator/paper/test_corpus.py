"""Examples of the synthesizer: classes, sounds, and the folds of the cross-validation."""

import numpy as np
import pytest

from nodegraph.estimator.examples import is_silent
from nodegraph.estimator.paper.corpus import draw_corpus, fold_of
from nodegraph.estimator.paper.published import PARAMETER_RANK


def test_synthesizer_has_the_parameters_of_the_paper(corpus):
    assert set(corpus.names) == set(PARAMETER_RANK)
    assert corpus.sounds(np.arange(3)).shape == (3, 16384)


def test_pitches_are_semitones_and_other_classes_are_evenly_spaced(corpus):
    values = dict(zip(corpus.names, corpus.renderer.parameters))
    notes = values["f_sin"].classes(16)
    assert notes == pytest.approx(440.0 * 2.0 ** (np.arange(16) / 12), rel=1e-5)
    assert values["B_saw"].classes(16) == pytest.approx(100.0 * np.arange(16))
    assert values["f_cut"].classes(16) == pytest.approx(np.linspace(200, 4000, 16))


def test_classes_are_uniform_and_no_example_is_silent(renderer, tmp_path):
    corpus = draw_corpus(renderer, 400, 3, tmp_path)
    assert np.bincount(corpus.classes.ravel(), minlength=16) == pytest.approx(400 * 23 / 16, rel=0.2)
    assert not is_silent(corpus.sounds(np.arange(400))).any()


def test_stored_classes_equal_those_drawn_again(renderer, corpus, tmp_path):
    again = draw_corpus(renderer, len(corpus.classes), 0, tmp_path)
    stored = draw_corpus(renderer, len(corpus.classes), 0, tmp_path)
    assert np.array_equal(again.classes, corpus.classes) and np.array_equal(stored.classes, corpus.classes)
    assert again.identity == corpus.identity != draw_corpus(renderer, 110, 1, tmp_path).identity


def test_rendered_classes_are_the_sounds_of_the_examples(corpus):
    rows = np.array([5, 2])
    assert np.array_equal(corpus.render(corpus.classes[rows]), corpus.sounds(rows))
    assert np.array_equal(corpus.nearest_classes(corpus.values(rows)), corpus.classes[rows])


def test_new_examples_are_none_of_the_corpus_and_do_not_depend_on_others(corpus):
    sounds, classes = corpus.new_examples(np.arange(40))
    assert np.array_equal(corpus.render(classes), sounds)
    assert not (classes[:, None] == corpus.classes[None]).all(axis=-1).any()
    some = corpus.new_examples(np.array([30, 7]))
    assert np.array_equal(some[0], sounds[[30, 7]]) and np.array_equal(some[1], classes[[30, 7]])


def test_folds_hold_out_every_example_once():
    folds = [fold_of(103, 10, number) for number in range(10)]
    held_out = np.concatenate([np.concatenate([fold.valid, fold.test]) for fold in folds])
    assert sorted(held_out) == list(range(103))
    for fold in folds:
        parts = [set(fold.train), set(fold.valid), set(fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == 103
        assert abs(len(fold.valid) - len(fold.test)) <= 1
