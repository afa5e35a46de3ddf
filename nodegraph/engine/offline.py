"""The offline driver: renders a patch to arrays, as fast as possible."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from nodegraph.graph import Graph, build_graph
from nodegraph.graph.outputs import output_channels
from nodegraph.patch import Document
from nodegraph.patch.values import is_number
from nodegraph.plan.memory import view
from nodegraph.quantum import QUANTUM

from . import walk
from .core import Engine, EngineError
from .second_core import SecondCore

MAX_INPUT_CHANNELS = 1024  # more are samples of a transposed array
SERVICE_EVERY = 16  # quanta between two service calls
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class Offline(Engine):
    """Renders a document or a typed graph.

    ``inputs`` maps ``audio_in`` nodes to arrays (samples,) or (samples, channels). ``rate``, ``path`` and
    ``allow_outside`` apply to a document only. With 2 ``cores`` a second one computes a part of the plan if that pays,
    with the same samples; see ``second_core``. Raises EngineError for other numbers.
    """

    second_core: SecondCore | None = None

    def __init__(
        self,
        patch: Document | Graph,
        rate: float = 44100.0,
        path: Path | None = None,
        inputs: Mapping[str, np.ndarray] | None = None,
        pack: bool = True,
        allow_outside: bool = False,
        channels: int | None = None,
        cores: int = 1,
    ) -> None:
        if cores not in (1, 2):
            raise EngineError(f"cores must be 1 or 2, got {cores}.")
        graph = patch if isinstance(patch, Graph) else build_graph(patch, rate, path, allow_outside)
        tracks = {name: _track(graph, name, values) for name, values in (inputs or {}).items()}
        columns, width = {}, 0
        for name, values in tracks.items():
            columns[name] = width
            width += values.shape[1]
        outputs = channels or output_channels(graph)
        super().__init__(graph.rate, width, outputs, columns, pack, allow_outside, cores=cores)
        self.second_core = SecondCore(self) if cores > 1 else None
        self.io.other_column = width  # a silent column for inputs without samples
        self._prepare(_stack_channels(list(tracks.values())))
        self.play(graph)

    def _prepare(self, track: np.ndarray) -> None:
        """Set the samples of all inputs as columns: (samples, channels)."""
        self._track = track
        self._leftover = np.zeros((0, self.outputs), np.float32)
        self._process = _KERNEL(walk.PROCESS.address)
        self._arguments = np.zeros(3, np.int64)

    def run(self, seconds: float, progress: Callable[[float], None] | None = None) -> np.ndarray:
        """Return the next ``seconds`` of output: float32 (samples, channels). ``progress`` is called with 0…1.

        Raises EngineError if they are no number of 0 or more, or too many for the memory.
        """
        if not (is_number(seconds) and 0.0 <= seconds < math.inf):
            raise EngineError(f"seconds must be a number of 0 or more, got {seconds!r}. Give a duration such as 4.0.")
        try:
            return self.run_samples(round(seconds * self.rate), progress)
        except MemoryError:
            raise EngineError(
                f"{seconds:g} s of sound need more memory than there is. Render less, or to a file: nodegraph render"
            ) from None

    def run_samples(self, samples: int, progress: Callable[[float], None] | None = None) -> np.ndarray:
        """Return the next samples. The next call starts with the remaining samples of the last quantum."""
        missing = max(samples - len(self._leftover), 0)
        sound = self._compute(-(-missing // QUANTUM), progress)
        if len(self._leftover):
            sound = np.concatenate([self._leftover, sound])
        self._leftover = sound[samples:].copy()
        return sound[:samples]

    def _compute(self, quanta: int, progress: Callable[[float], None] | None) -> np.ndarray:
        out = np.empty((quanta * QUANTUM, self.outputs), np.float32)
        source = self._input(self.clock, quanta * QUANTUM)
        self._arguments[:] = self.address, source.ctypes.data, out.ctypes.data
        has_helpers = bool(self.helpers)
        has_services = bool(has_helpers or self.services)
        step = SERVICE_EVERY if has_helpers else max(1, round(0.25 * self.rate / QUANTUM))
        for first in range(0, quanta, step):
            if has_services:
                self.service()
            self.deliver_events(self.clock + step * QUANTUM)
            count = min(step, quanta - first)
            if self.second_core is not None:
                self.second_core.compute(self._arguments, first, count)
            else:
                self._process(self._arguments.ctypes.data, first, count)
            if progress is not None and first % (16 * step) == 0:
                progress(first / quanta)
        if has_services:
            self.service()
        return out

    def close(self) -> None:
        """Close all helpers and services; recordings are complete afterwards."""
        if self.second_core is not None:
            self.second_core.close()
        super().close()

    def _input(self, start: int, samples: int) -> np.ndarray:
        """Return ``samples`` input samples from ``start``, silent after the end of the tracks."""
        found = self._track[start : start + samples]
        padded = np.zeros((samples, max(self.inputs, 1)), np.float32)
        padded[: len(found), : found.shape[1]] = found
        return padded


class Stepper(Offline):
    """Runs the plan in plain Python, one quantum at a time: slow, for teaching and debugging.

    The samples are bit-identical to those of the native kernels.
    """

    def _compute(self, quanta: int, progress: Callable[[float], None] | None) -> np.ndarray:
        out = np.empty((quanta * QUANTUM, self.outputs), np.float32)
        source = self._input(self.clock, quanta * QUANTUM)
        for q in range(quanta):
            self.service()
            rows = slice(q * QUANTUM, (q + 1) * QUANTUM)
            out[rows] = self.step(source[rows])
            if progress is not None:
                progress(q / quanta)
        self.service()
        return out

    def step(self, source: np.ndarray | None = None) -> np.ndarray:
        """Compute one quantum and return it: (64, channels). Read ``value(node, port)`` between two steps."""
        if source is not None and self.inputs:
            view(self.input_address, QUANTUM * self.inputs, np.float32)[:] = source.ravel()
        mode = np.zeros(1, np.int64)
        _KERNEL(walk.BEGIN.address)(mode.ctypes.data, 0, 0)
        try:
            walk.quantum(self.address, 0, QUANTUM)
        finally:
            _KERNEL(walk.END.address)(mode.ctypes.data, 0, 0)
        return view(self.output_address, QUANTUM * self.outputs, np.float32).reshape(QUANTUM, -1).copy()


def _track(graph: Graph, name: str, values: np.ndarray) -> np.ndarray:
    """Return the samples of an input node, padded with silent channels up to its lane count."""
    inputs = [node.id for node in graph.typed_nodes if node.cls and node.cls.device == "input"]
    if name not in inputs:
        known = f"Use {', '.join(inputs)}." if inputs else "The patch has no audio_in."
        raise EngineError(f"unknown input '{name}'. {known}")
    array = np.asarray(values)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2:
        raise EngineError(f"the samples for '{name}' must be of shape (samples,) or (samples, channels).")
    if array.dtype.kind not in "fiu":
        raise EngineError(f"the samples for '{name}' must be numbers. Read a file by soundfile.read.")
    if array.shape[1] > max(MAX_INPUT_CHANNELS, graph.node(name).lanes):
        raise EngineError(
            f"the samples for '{name}' have {array.shape[1]} channels. Transpose them: (samples, channels)."
        )
    if array.dtype.kind != "f" and array.size and int(np.abs(array.astype(np.int64)).max()) > 1:
        full = 2 ** (8 * array.dtype.itemsize - 1)
        raise EngineError(f"the samples for '{name}' are whole numbers, must lie in -1…1. Divide them by {full}.")
    array = array.astype(np.float32)
    missing = max(graph.node(name).lanes - array.shape[1], 0)
    return np.pad(array, ((0, 0), (0, missing)))


def _stack_channels(tracks: list[np.ndarray]) -> np.ndarray:
    if not tracks:
        return np.zeros((0, 1), np.float32)
    longest = max(len(track) for track in tracks)
    return np.hstack([np.pad(track, ((0, longest - len(track)), (0, 0))) for track in tracks])
