"""Fresh training examples, rendered on the fly in a thread beside the training.

Examples are numbered by rows. All that is random about a row follows from the seed and the row, so a resumed training
continues with the examples that an uninterrupted one would have seen.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple

import numpy as np

from nodegraph.models.sound_features import SoundFeatures, SoundFeatureSettings, sound_features

from .augmentation import Augmentation, draw_amounts
from .examples import examples
from .rendering import BatchRenderer

CHUNK = 256  # examples that are rendered at a time
WAITING_CHUNKS = 4  # chunks that are ready before they are needed
AUGMENTED = 1  # number of the random stream of a chunk


class ExampleChunk(NamedTuple):
    """Features of N examples, the amounts of noise (N,) in them, and their values (N, P) in the units of the ports.

    ``audible`` (N, P) tells which parameters can be heard at these values.
    """

    features: SoundFeatures
    noise: np.ndarray
    values: np.ndarray
    audible: np.ndarray


def all_audible(values: np.ndarray) -> np.ndarray:
    """Return that all parameters of settings (N, P) are audible."""
    return np.ones(values.shape, bool)


@dataclass(frozen=True, eq=False)
class ExampleSource:
    """The examples of a patch: chunk ``n`` has the rows ``n CHUNK … (n + 1) CHUNK − 1``.

    If all parameters have steps, their values are steps; otherwise they are uniform along the tapers.
    """

    renderer: BatchRenderer
    features: SoundFeatureSettings
    augmentation: Augmentation
    seed: int
    audible: Callable[[np.ndarray], np.ndarray] = all_audible

    def chunk(self, number: int) -> ExampleChunk:
        sounds, values = self.sounds(number)
        rng = np.random.default_rng([self.seed, number, AUGMENTED])
        noise = draw_amounts(rng, len(sounds))
        heard = self.augmentation.apply(sounds, noise, rng)
        return ExampleChunk(sound_features(heard, self.features), noise, values, self.audible(values))

    def sounds(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the clean sounds (N, samples) of a chunk, and their values (N, P)."""
        rows = range(number * CHUNK, (number + 1) * CHUNK)
        parameters = self.renderer.parameters
        has_steps = all(parameter.steps for parameter in parameters)
        return examples(self.renderer, parameters, self.seed, rows, only_classes=has_steps)


class ExampleStream:
    """Chunks of a source from number ``first`` on: ``with ExampleStream(source, 0) as chunks: for chunk in chunks``."""

    def __init__(self, source: ExampleSource, first: int) -> None:
        self._source, self._first = source, first
        self._ready: queue.Queue[ExampleChunk | BaseException] = queue.Queue(WAITING_CHUNKS)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._produce, name="nodegraph-examples", daemon=True)

    def __enter__(self) -> ExampleStream:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        while self._thread.is_alive():
            while not self._ready.empty():  # a full queue blocks the thread
                self._ready.get_nowait()
            self._thread.join(0.05)

    @property
    def is_ready(self) -> bool:
        """Whether the next chunk is there without waiting."""
        return not self._ready.empty()

    def __iter__(self) -> Iterator[ExampleChunk]:
        while True:
            found = self._ready.get()
            if isinstance(found, BaseException):
                raise found
            yield found

    def _produce(self) -> None:
        number = self._first
        while not self._closed.is_set():
            try:
                found: ExampleChunk | BaseException = self._source.chunk(number)
            except Exception as error:  # raised again in the thread of the training
                found = error
            self._ready.put(found)
            if isinstance(found, BaseException):
                return
            number += 1
