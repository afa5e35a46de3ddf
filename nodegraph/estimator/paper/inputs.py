"""The inputs of the models: spectrograms and sounds rendered on request, bags of words and features stored once."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib.format import open_memmap

from nodegraph.learn.memory import memory_bytes

from ..features import stft_magnitudes
from .architectures import SHAPES, InputName
from .corpus import Corpus
from .handcrafted import FEATURES, handcrafted_features
from .words import WORDS, Vocabulary

Spectrum = Literal["log", "absolute"]
Inputs = Callable[[np.ndarray], np.ndarray]  # rows (n,) → float32 (n, channels, times, frequencies)
NewExamples = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # numbers (n,) → inputs as above, classes (n, P)
Compute = Callable[[np.ndarray], np.ndarray]  # rows (n,) → float32 (n, width)
Progress = Callable[[float, str], None]

RENDERED: tuple[InputName, ...] = ("sound", "stft")  # inputs that are computed while a model is trained
FULL_SCALE = 0.5  # magnitude of a full-scale sine in the spectra of the paper
FLOOR_DB = -80.0  # re a full-scale sine; the median sound has its peak at -23 dB
_SCALED_ROWS = 512  # examples that the mean and the deviation of the inputs are measured on
_CHUNK_ROWS = 64
COMPONENTS = SHAPES["handcrafted"][0]
MEMORY_SHARE = 0.25  # of the memory of the machine that spectrograms may take
UNKNOWN_MEMORY = 8 << 30  # bytes, if the system does not tell its memory


class StoppedError(Exception):
    """The preparation of inputs was stopped; the same call resumes it."""


@dataclass(frozen=True)
class Preparation:
    """How inputs are prepared.

    ``spectrum`` is that of the STFT: the journal version of the paper has the logarithm, the preprint the absolute
    values. ``fit_examples`` is the number of training examples that a vocabulary or components are fitted to.
    """

    spectrum: Spectrum = "log"
    fit_examples: int = 2000


def inputs_of(
    name: InputName,
    corpus: Corpus,
    train: np.ndarray,
    preparation: Preparation,
    folder: Path,
    key: str,
    progress: Progress = lambda share, label: None,
    stop: Callable[[], bool] = lambda: False,
) -> Inputs:
    """Return the inputs of all models with this input. ``train`` are the rows that anything is fitted to.

    Bags of words and hand-crafted features are computed once for all rows and stored in ``folder`` under ``key``; an
    interrupted computation resumes. Raises StoppedError if ``stop()`` returns True, OSError if the folder is not
    writable.
    """
    if name == "sound":
        return lambda rows: _sound_images(corpus.sounds(rows))
    if name == "stft":
        return _stft_inputs(corpus, _stft_images(corpus, train, preparation))
    path, rows = folder / f"{name}-{key}.npy", train[: preparation.fit_examples]

    def fit() -> Compute:
        progress(0.0, f"fitting {name}")
        if name == "words":
            return _fit_words(corpus, rows, preparation.spectrum)
        return _fit_components(corpus, rows, path.with_suffix(".fit.npz"), stop)

    stored = _stored_rows(path, len(corpus.classes), SHAPES[name][0], fit, lambda s: progress(s, name), stop)
    return lambda rows: np.asarray(stored[rows])[:, :, None, None]


def new_examples_of(name: InputName, corpus: Corpus, train: np.ndarray, preparation: Preparation) -> NewExamples:
    """Return a source of examples beside those of the corpus, for one of the ``RENDERED`` inputs."""
    images = _sound_images if name == "sound" else _stft_images(corpus, train, preparation)

    def draw(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sounds, classes = corpus.new_examples(numbers)
        return images(sounds), classes

    return draw


def spectrograms(sounds: np.ndarray, spectrum: Spectrum) -> np.ndarray:
    """Return spectrograms, float32 (N, 64, 257): magnitudes, or dB re a full-scale sine of at least ``FLOOR_DB``."""
    magnitudes = stft_magnitudes(sounds)
    if spectrum == "absolute":
        return magnitudes
    return np.maximum(20.0 * np.log10(np.maximum(magnitudes, 1e-9) / FULL_SCALE), FLOOR_DB).astype(np.float32)


def _sound_images(sounds: np.ndarray) -> np.ndarray:
    """Return sounds (N, samples) as images (N, 1, 1, samples)."""
    return sounds[:, None, None, :]


def _stft_images(corpus: Corpus, train: np.ndarray, preparation: Preparation) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that maps sounds (N, samples) to spectrograms, float32 (N, 1, 64, 257).

    They have mean 0 and deviation 1 over all bins of some training examples.
    """
    some = spectrograms(corpus.sounds(train[:_SCALED_ROWS]), preparation.spectrum)
    mean, deviation = np.float32(some.mean(dtype=np.float64)), np.float32(max(some.std(dtype=np.float64), 1e-6))

    def images(sounds: np.ndarray) -> np.ndarray:
        return ((spectrograms(sounds, preparation.spectrum) - mean) / deviation)[:, None]

    return images


def _stft_inputs(corpus: Corpus, images: Callable[[np.ndarray], np.ndarray]) -> Inputs:
    """Return the spectrograms of the examples of a corpus."""

    def compute(rows: np.ndarray) -> np.ndarray:
        return images(corpus.sounds(rows)).astype(np.float16)

    if 2 * len(corpus.classes) * math.prod(SHAPES["stft"]) > MEMORY_SHARE * (memory_bytes() or UNKNOWN_MEMORY):
        return lambda rows: compute(rows).astype(np.float32)
    return _kept_in_memory(compute, len(corpus.classes))


def _kept_in_memory(compute: Inputs, count: int) -> Inputs:
    """Return the same inputs, each row computed once and kept in memory as float16."""
    values = np.empty((count, *SHAPES["stft"]), np.float16)
    is_known = np.zeros(count, bool)

    def recall(rows: np.ndarray) -> np.ndarray:
        missing = rows[~is_known[rows]]
        if len(missing):
            values[missing] = compute(missing)
            is_known[missing] = True
        return values[rows].astype(np.float32)

    return recall


def _fit_words(corpus: Corpus, rows: np.ndarray, spectrum: Spectrum) -> Compute:
    """Fit a vocabulary to the spectra of some examples; return the bags of words of any rows."""
    vocabulary = Vocabulary.fit(spectrograms(corpus.sounds(rows), spectrum), corpus.seed, WORDS)
    return lambda rows: vocabulary.bags(spectrograms(corpus.sounds(rows), spectrum))


def _fit_components(corpus: Corpus, rows: np.ndarray, path: Path, stop: Callable[[], bool]) -> Compute:
    """Fit principal components to hand-crafted features; return the projections of any rows on them.

    The projection is stored in ``path``, because fitting takes minutes.
    """
    if not path.is_file():
        mean, weights = _principal_components(_features_of(corpus, rows, stop))
        temporary = path.with_suffix(".tmp.npz")
        np.savez(temporary, mean=mean, weights=weights)
        temporary.replace(path)
    with np.load(path) as found:
        mean, weights = found["mean"], found["weights"]
    return lambda rows: (_features_of(corpus, rows) - mean) @ weights


def _features_of(corpus: Corpus, rows: np.ndarray, stop: Callable[[], bool] = lambda: False) -> np.ndarray:
    """Return hand-crafted features, float32 (n, F), of examples; all cores share the work."""
    features = np.empty((len(rows), FEATURES), np.float32)
    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(rows), _CHUNK_ROWS):
            _check(stop)
            sounds = corpus.sounds(rows[start : start + _CHUNK_ROWS])
            parts = [part for part in np.array_split(sounds, threads) if len(part)]
            found = list(pool.map(lambda part: handcrafted_features(part, corpus.renderer.rate), parts))
            features[start : start + len(sounds)] = np.concatenate(found)
    return features


def _principal_components(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (F,) and weights (F, 1000) of the components of standardised features (N, F), which are overwritten.

    The mean variance of the components is 1. If there are fewer components, the weights of the others are 0.
    """
    from sklearn.decomposition import KernelPCA

    mean, deviation = features.mean(axis=0), features.std(axis=0)
    deviation[deviation < 1e-6] = np.inf  # a constant feature has no weight
    features -= mean
    features /= deviation
    # a linear kernel gives the principal components in a fraction of the time, as there are few examples
    pca = KernelPCA(min(COMPONENTS, len(features) - 1), kernel="linear", eigen_solver="dense", copy_X=False).fit(
        features
    )
    values, vectors = pca.eigenvalues_, pca.eigenvectors_
    values, vectors = values[values > 1e-6 * values[0]], vectors[:, values > 1e-6 * values[0]]
    scaled = vectors / np.sqrt(values) / np.sqrt(values.mean() / len(features))
    weights = np.zeros((features.shape[1], COMPONENTS), np.float32)
    weights[:, : len(values)] = features.T @ scaled.astype(np.float32)
    weights /= deviation[:, None]
    return mean, weights


def _stored_rows(
    path: Path,
    count: int,
    width: int,
    fit: Callable[[], Compute],
    progress: Callable[[float], None],
    stop: Callable[[], bool],
) -> Any:
    """Return a memory-mapped array (count, width) in a file; missing rows are computed first, in order.

    The first value of a missing row is NaN.
    """
    part = path.with_suffix(".part.npy")
    if path.is_file():
        return np.load(path, mmap_mode="r")
    if not part.is_file():
        fresh = path.with_suffix(".new.npy")
        open_memmap(fresh, "w+", np.float32, (count, width))[:, 0] = np.nan
        fresh.replace(part)
    array = np.load(part, mmap_mode="r+")
    missing = np.flatnonzero(np.isnan(array[:, 0]))
    compute = fit() if len(missing) else None
    for start in range(0, len(missing), _CHUNK_ROWS):
        _check(stop)
        rows = missing[start : start + _CHUNK_ROWS]
        assert compute is not None
        found = compute(rows)
        array[rows, 1:] = found[:, 1:]
        array[rows, 0] = found[:, 0]  # last, because it marks the row as complete
        progress((rows[-1] + 1) / count)
    array.flush()
    part.replace(path)
    path.with_suffix(".fit.npz").unlink(missing_ok=True)
    return np.load(path, mmap_mode="r")


def _check(stop: Callable[[], bool]) -> None:
    if stop():
        raise StoppedError
