"""The offline driver: a patch rendered faster than time, into arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from ..graph import build_graph
from ..kernel import QUANTUM
from ..patch import Document
from ..plan.memory import view
from . import walk
from .core import Engine

SERVICE_EVERY = 16  # quanta between two turns of the helpers
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class Offline(Engine):
    """Renders a document. ``inputs`` maps ``audio_in`` nodes to arrays (samples,) or (samples, channels)."""

    def __init__(
        self,
        document: Document,
        rate: float = 44100.0,
        path: Path | None = None,
        inputs: Mapping[str, np.ndarray] | None = None,
        pack: bool = True,
        allow_outside: bool = False,
        channels: int | None = None,
    ) -> None:
        tracks = {name: _track(values) for name, values in (inputs or {}).items()}
        columns, width = {}, 0
        for name, values in tracks.items():
            columns[name] = width
            width += values.shape[1]
        outputs = channels or channels_of(document, rate, path, allow_outside)
        super().__init__(rate, width, outputs, columns, pack, allow_outside)
        self._track = _side_by_side(list(tracks.values()))
        self._process = _KERNEL(walk.PROCESS.address)
        self._arguments = np.zeros(3, np.int64)
        self.load(document, path)

    def run(self, seconds: float, progress: Callable[[float], None] | None = None) -> np.ndarray:
        """The next ``seconds`` of sound: float32, (samples, channels). ``progress`` hears 0…1 now and then."""
        return self.run_samples(round(seconds * self.rate), progress)

    def run_samples(self, samples: int, progress: Callable[[float], None] | None = None) -> np.ndarray:
        """The next whole quanta that hold ``samples`` samples, cut to that length."""
        quanta = -(-samples // QUANTUM)
        out = np.zeros((quanta * QUANTUM, self.outputs), np.float32)
        source = self._input(self.clock, quanta * QUANTUM)
        self._arguments[:] = self.address, source.ctypes.data, out.ctypes.data
        helped = bool(self.hosts)
        step = SERVICE_EVERY if helped else max(1, round(0.25 * self.rate / QUANTUM))
        for first in range(0, quanta, step):
            if helped:
                self.service()
            self._process(self._arguments.ctypes.data, first, min(step, quanta - first))
            if progress is not None and first % (16 * step) == 0:
                progress(first / quanta)
        if helped:
            self.service()
        return out[:samples]

    def _input(self, start: int, samples: int) -> np.ndarray:
        """The input of a stretch of time, with silence where the tracks have ended."""
        found = self._track[start : start + samples]
        padded = np.zeros((samples, max(self.inputs, 1)), np.float32)
        padded[: len(found), : found.shape[1]] = found
        return padded


class Stepper(Offline):
    """The same plan walked in plain Python, one quantum at a time: slow, for teaching and debugging.

    Every kernel has a Python twin; the samples are the same bit for bit.
    """

    def run_samples(self, samples: int, progress: Callable[[float], None] | None = None) -> np.ndarray:
        quanta = -(-samples // QUANTUM)
        out = np.zeros((quanta * QUANTUM, self.outputs), np.float32)
        source = self._input(self.clock, quanta * QUANTUM)
        for q in range(quanta):
            self.service()
            rows = slice(q * QUANTUM, (q + 1) * QUANTUM)
            out[rows] = self.step(source[rows])
            if progress is not None:
                progress(q / quanta)
        self.service()
        return out[:samples]

    def step(self, source: np.ndarray | None = None) -> np.ndarray:
        """One quantum: (64, channels). Look at ``value(node, port)`` in between."""
        if source is not None and self.inputs:
            view(self.input_address, QUANTUM * self.inputs, np.float32)[:] = source.ravel()
        walk.quantum(self.address, 0, QUANTUM)
        return view(self.output_address, QUANTUM * self.outputs, np.float32).reshape(QUANTUM, -1).copy()


def channels_of(
    document: Document, rate: float = 44100.0, path: Path | None = None, allow_outside: bool = False
) -> int:
    """Channels that a patch fills: the widest of its ``audio_out`` nodes, 1 if there is none."""
    graph = build_graph(document, rate, path, allow_outside)
    widths = [
        max(node.input_lanes.values(), default=1)
        for node in graph.nodes.values()
        if node.cls and node.cls.device == "output"
    ]
    return max(widths, default=1)


def _track(values: np.ndarray) -> np.ndarray:
    array = np.asarray(values, np.float32)
    return array[:, None] if array.ndim == 1 else array


def _side_by_side(tracks: list[np.ndarray]) -> np.ndarray:
    if not tracks:
        return np.zeros((0, 1), np.float32)
    longest = max(len(track) for track in tracks)
    return np.hstack([np.pad(track, ((0, longest - len(track)), (0, 0))) for track in tracks])
