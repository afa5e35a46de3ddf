"""Random examples of the 23-parameter synthesizer: classes drawn once, sounds rendered whenever they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nodegraph.files.atomic import write_atomic

from ..examples import examples
from ..parameters import from_classes, to_classes
from .architectures import CLASSES
from .synthesizer import Renderer

_CHUNK_ROWS = 1024
_SEED = 0x1000_0000  # added to the seed: no example of the paper is one of a table or of another training


@dataclass(frozen=True, eq=False)
class Corpus:
    """The classes (N, P) of all examples, and the renderer of their sounds."""

    renderer: Renderer
    seed: int
    classes: np.ndarray

    def values(self, rows: np.ndarray) -> np.ndarray:
        """Return the values (n, P) of examples, in the units of the ports."""
        return from_classes(self.renderer.parameters, self.classes[rows], CLASSES)

    def sounds(self, rows: np.ndarray) -> np.ndarray:
        """Return the sounds, float32 (n, samples), of examples."""
        return self.renderer.render(self.values(rows))

    def new_examples(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the sounds, float32 (n, samples), and classes (n, P) of examples that are not in the corpus.

        They are numbered from 0 on, without end.
        """
        rows = (len(self.classes) + numbers).tolist()
        sounds, values = examples(self.renderer, self.renderer.parameters, _SEED + self.seed, rows, only_classes=True)  # type: ignore[arg-type]
        return sounds, self.nearest_classes(values)

    def render(self, classes: np.ndarray) -> np.ndarray:
        """Return the sounds, float32 (n, samples), of any classes (n, P)."""
        return self.renderer.render(from_classes(self.renderer.parameters, classes, CLASSES))

    def nearest_classes(self, values: np.ndarray) -> np.ndarray:
        """Return the nearest classes (n, P) of values (n, P) in the units of the ports."""
        return to_classes(self.renderer.parameters, values, CLASSES)

    @property
    def names(self) -> list[str]:
        """The names of the parameters."""
        return [parameter.name for parameter in self.renderer.parameters]

    @property
    def identity(self) -> str:
        """A hash of the parameters, the classes and some sounds: equal if the examples are equal."""
        digest = hashlib.sha256(repr(self.renderer.parameters).encode())
        digest.update(np.ascontiguousarray(self.classes, dtype=np.uint8).tobytes())
        digest.update(self.sounds(np.arange(min(8, len(self.classes)))).round(4).tobytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Fold:
    """The rows of one fold of a cross-validation; the part that is held out is halved."""

    train: np.ndarray = field(repr=False)
    valid: np.ndarray = field(repr=False)
    test: np.ndarray = field(repr=False)


def fold_of(count: int, folds: int, number: int) -> Fold:
    """Return fold ``number`` of ``folds``: every ``folds``-th of ``count`` rows is held out."""
    rows = np.arange(count)
    held_out = rows[rows % folds == number]
    return Fold(rows[rows % folds != number], held_out[::2], held_out[1::2])


def draw_corpus(
    renderer: Renderer,
    count: int,
    seed: int,
    folder: Path,
    progress: Callable[[float, str], None] = lambda share, label: None,
) -> Corpus:
    """Draw the classes of ``count`` examples, or read them from ``folder``; silent draws are replaced.

    All examples are rendered once for that. Raises OSError if ``folder`` is not writable.
    """
    signature = hashlib.sha256(repr((renderer.parameters, renderer.rate, seed, count)).encode()).hexdigest()[:16]
    path = folder / f"classes-{signature}.bin"
    shape = (count, len(renderer.parameters))
    if path.is_file() and path.stat().st_size == shape[0] * shape[1]:
        return Corpus(renderer, seed, np.frombuffer(path.read_bytes(), np.uint8).reshape(shape).astype(np.int64))
    classes = np.empty(shape, np.int64)
    for start in range(0, count, _CHUNK_ROWS):
        rows = np.arange(start, min(start + _CHUNK_ROWS, count))
        _, values = examples(renderer, renderer.parameters, _SEED + seed, rows.tolist(), only_classes=True)  # type: ignore[arg-type]
        classes[rows] = to_classes(renderer.parameters, values, CLASSES)
        progress((rows[-1] + 1) / count, "examples")
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(path, classes.astype(np.uint8).tobytes())
    return Corpus(renderer, seed, classes)
