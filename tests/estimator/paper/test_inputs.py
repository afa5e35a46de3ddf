"""Inputs of the models: spectrograms, bags of words, hand-crafted features."""

import numpy as np
import pytest

from nodegraph.estimator.paper import inputs as module
from nodegraph.estimator.paper.handcrafted import FEATURES, handcrafted_features, statistics_of
from nodegraph.estimator.paper.inputs import FLOOR_DB, Preparation, StoppedError, inputs_of, spectrograms
from nodegraph.estimator.paper.words import Vocabulary

RATE = 16384.0
TRAIN = np.arange(100)


def sine(frequency, amplitude=1.0):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(16384) / RATE)).astype(np.float32)[None]


def test_log_spectrogram_of_a_full_scale_sine_is_0_db():
    found = spectrograms(sine(1024.0), "log")
    assert found.shape == (1, 64, 257)
    assert found[0, 10, 32] == pytest.approx(0.0, abs=0.05)
    assert spectrograms(sine(1024.0, 0.1), "log")[0, 10, 32] == pytest.approx(-20.0, abs=0.05)
    assert (spectrograms(np.zeros((1, 16384), np.float32), "log") == FLOOR_DB).all()


def test_absolute_spectrogram_is_linear_in_the_sound():
    assert spectrograms(sine(500.0, 0.5), "absolute") * 2 == pytest.approx(
        spectrograms(sine(500.0), "absolute"), abs=1e-6
    )


@pytest.mark.parametrize("spectrum", ["log", "absolute"])
def test_stft_inputs_have_mean_0_and_deviation_1(corpus, tmp_path, spectrum):
    inputs = inputs_of("stft", corpus, TRAIN, Preparation(spectrum), tmp_path, "0")
    found = inputs(TRAIN)
    assert found.shape == (100, 1, 64, 257) and found.dtype == np.float32
    assert (found.mean(), found.std()) == pytest.approx((0.0, 1.0), abs=0.01)


def test_inputs_in_memory_equal_those_rendered_each_time(corpus, tmp_path, monkeypatch):
    first = inputs_of("stft", corpus, TRAIN, Preparation(), tmp_path, "0")
    monkeypatch.setattr(module, "MEMORY_SHARE", 0.0)
    second = inputs_of("stft", corpus, TRAIN, Preparation(), tmp_path, "0")
    for rows in (np.array([7, 3, 9]), np.array([3, 50])):
        assert np.array_equal(first(rows), second(rows))


def test_sound_inputs_are_the_sounds(corpus, tmp_path):
    inputs = inputs_of("sound", corpus, TRAIN, Preparation(), tmp_path, "0")
    assert np.array_equal(inputs(np.array([4]))[:, 0, 0], corpus.sounds(np.array([4])))


def test_bag_of_words_counts_the_spectra_of_each_cluster():
    rng = np.random.default_rng(0)
    kinds = rng.random((3, 20)).astype(np.float32) * 10
    order = rng.integers(0, 3, (8, 50))
    spectra = kinds[order] + 0.01 * rng.random((8, 50, 20)).astype(np.float32)
    vocabulary = Vocabulary.fit(spectra, words=3)
    bags = vocabulary.bags(spectra)
    assert bags.sum(axis=1) == pytest.approx(1.0)
    expected = np.stack([np.bincount(row, minlength=3) / 50 for row in order])
    assert np.sort(bags, axis=1) == pytest.approx(np.sort(expected, axis=1))
    assert vocabulary.explained == pytest.approx(1.0, abs=1e-3)


def test_bag_of_words_ignores_the_order_in_time():
    rng = np.random.default_rng(1)
    spectra = rng.random((4, 50, 20)).astype(np.float32)
    vocabulary = Vocabulary.fit(spectra, words=10)
    assert np.array_equal(vocabulary.bags(spectra), vocabulary.bags(spectra[:, ::-1]))


def test_handcrafted_features_are_319200_finite_numbers_even_of_silence():
    found = handcrafted_features(np.concatenate([sine(440.0), np.zeros((1, 16384), np.float32)]), RATE)
    assert found.shape == (2, FEATURES) == (2, 319_200)
    assert np.isfinite(found).all()


def test_statistics_equal_those_of_scipy():
    from scipy.fft import dct
    from scipy.stats import skew

    values = np.random.default_rng(2).gamma(2.0, 1.0, (3, 24)).astype(np.float32)
    found = statistics_of(values)
    expected = [
        values.sum(axis=1),
        values.mean(axis=1),
        values.var(axis=1),
        skew(values, axis=1),
        values.min(axis=1),
        values.max(axis=1),
        *np.percentile(values, [50, 10, 90], axis=1),
    ]
    assert found[:, :9] == pytest.approx(np.stack(expected, axis=1), rel=1e-3)
    assert found[:, 9:] == pytest.approx(dct(values, norm="ortho")[:, :10], abs=1e-3)


def test_handcrafted_inputs_resume_after_a_stop(corpus, tmp_path, monkeypatch):
    chunks = []

    def few_features(sounds, rate):
        chunks.append(len(sounds))
        return np.ascontiguousarray(sounds[:, :300], dtype=np.float32)

    monkeypatch.setattr(module, "handcrafted_features", few_features)
    monkeypatch.setattr(module, "FEATURES", 300)
    prepared = Preparation(fit_examples=40)
    with pytest.raises(StoppedError):
        inputs_of("handcrafted", corpus, TRAIN, prepared, tmp_path, "0", stop=lambda: len(chunks) >= 2)
    before = sum(chunks)
    found = inputs_of("handcrafted", corpus, TRAIN, prepared, tmp_path, "0")(np.arange(110))
    assert before == 40 + 64 and sum(chunks) == 40 + 110, "each row is computed once"
    whole = inputs_of("handcrafted", corpus, TRAIN, prepared, tmp_path, "1")(np.arange(110))
    assert found.shape == (110, 1000, 1, 1) and np.array_equal(found, whole)
    assert found[:40].mean() == pytest.approx(0.0, abs=1e-3)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".npy", ".npy"]


def test_handcrafted_inputs_are_uncorrelated_components_of_deviation_1(corpus, tmp_path, monkeypatch):
    mixing = np.random.default_rng(3).random((300, 300))
    monkeypatch.setattr(module, "handcrafted_features", lambda sounds, rate: (sounds[:, :300] @ mixing).astype("f4"))
    monkeypatch.setattr(module, "FEATURES", 300)
    found = inputs_of("handcrafted", corpus, TRAIN, Preparation(fit_examples=100), tmp_path, "0")(TRAIN)[:, :, 0, 0]
    variances = found.var(axis=0)
    used = variances > 1e-6
    assert 1 < used.sum() < 100 and variances[used].mean() == pytest.approx(1.0, rel=0.35)
    assert (np.diff(variances) <= 1e-3).all(), "the strongest first"
    strong = found[:, :5] / found[:, :5].std(axis=0)
    assert np.abs(strong.T @ strong / 100 - np.eye(5)).max() < 0.05
