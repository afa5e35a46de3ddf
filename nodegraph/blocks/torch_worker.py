"""TorchScript models outside the audio thread: input vectors in one ring, output vectors in another.

The kernel of a block writes input vectors and reads the outputs after a declared delay. A model is a program: it runs
only if it is trusted, in a process of its own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.trust import TrustError, read_trusted
from nodegraph.processes.torchscript_process import ModelError, TorchscriptProcess

from .background_worker import OFFLINE_CHUNK, BackgroundWorker
from .helper import HelperContext

# Marks: vectors written by the kernel, delay in vectors, late outputs, state of the model, vectors in a ring, lanes.
PUT, DELAY, LATE, MODEL, SLOTS, LANES = range(6)
NONE, LOADING, READY = range(3)  # no model or a failed one; no output yet; running


def delay_of(settings: Mapping[str, Any], samples: int) -> int:
    """Return the delay in vectors that are ``samples`` apart: as set, but at least ``OFFLINE_CHUNK`` samples."""
    return max(int(settings["delay"]), -(-OFFLINE_CHUNK // samples))


def torchscript_problem(settings: Mapping[str, Any]) -> str:
    """Return why the model of a block cannot run, or "" if PyTorch is installed or not needed."""
    if settings["file"] and importlib.util.find_spec("torch") is None:
        return "PyTorch is not installed: pip install 'nodegraph[learn]'"
    return ""


class TorchWorker(BackgroundWorker):
    """A worker that runs a model from (vectors × lanes, ``width``) to (vectors × lanes, ``output_width``)."""

    array_types = {"asked": "f4", "answers": "f4", "answered": "i8", "marks": "i8"}

    def __init__(self, context: HelperContext, width: int, output_width: int, samples: int, signal: bool) -> None:
        self.lanes, self.width, self.output_width, self.signal = max(context.lanes, 1), width, output_width, signal
        delay = delay_of(context.settings, samples)
        slots = 1 << (2 * delay + 4).bit_length()
        self.asked = np.empty((slots, self.lanes, width), np.float32)
        self.answers = np.empty((slots, self.lanes, output_width), np.float32)
        self.answered, self.marks = np.empty(slots, np.int64), np.zeros(LANES + 1, np.int64)
        for array, value in ((self.asked, 0.0), (self.answers, 0.0), (self.answered, -1)):
            array.fill(value)  # page faults must not happen in the audio thread
        self.marks[DELAY], self.marks[SLOTS], self.marks[LANES] = delay, slots, self.lanes
        self.arrays = {
            "asked": self.asked.ravel(),
            "answers": self.answers.ravel(),
            "answered": self.answered,
            "marks": self.marks,
        }
        self._done, self._failure = 0, ""
        self._model: TorchscriptProcess | None = None
        self._file = context.settings["file"]
        if self._file:
            self.marks[MODEL] = LOADING
            self.start(f"torchscript-{context.node}", context.realtime)

    @property
    def problem(self) -> str:
        """The reason why the model does not run, else the number of late outputs, else ""."""
        late = int(self.marks[LATE])
        if self._failure or not late:
            return self._failure
        outputs = "1 output of the model was" if late == 1 else f"{late} outputs of the model were"
        return f"{outputs} late. Raise 'delay', or use a smaller model"

    def load(self) -> bool:
        path = Path(self._file)
        threads = 1 if self._thread is not None else 0  # leave the other cores to the audio thread and the editor
        try:
            model = read_trusted(path)
            process = TorchscriptProcess(model, self.width, self.output_width, self.signal, threads)
            if self._stop.is_set():
                process.close()
            else:
                self._model = process
        except TrustError as error:
            self._fail(str(error).rstrip("."))
        except (ModelError, OSError) as error:
            self._fail(f"'{path.name}' does not run ({error}). Save it with torch.jit.save")
        return self._model is not None

    def close(self) -> None:
        model = self._model
        if model is not None:
            self._stop.set()
            model.stop()
        super().close()
        if model is not None:
            model.close()

    def _fail(self, reason: str) -> None:
        if self._model is not None:
            self._model.close()
        self._failure, self._model = reason, None
        self.marks[MODEL] = NONE

    def process_pending(self) -> bool:
        """Process the pending vectors, except those that are already too late."""
        put = int(self.marks[PUT])
        first = max(self._done, put - int(self.marks[DELAY]))
        if self._model is None or first >= put:
            return self._model is not None
        slots = np.arange(first, put) % len(self.answered)
        try:
            found = self._model.run(self.asked[slots].reshape(-1, self.width))
        except ModelError as error:
            if not self._stop.is_set():  # else it was ended by close
                self._fail(f"the model failed ({error})")
            return False
        self.answers[slots] = found.reshape(len(slots), self.lanes, self.output_width)
        self.answered[slots] = np.arange(first, put)
        self.marks[MODEL] = READY
        self._done = put
        return True


class FrameWorker(TorchWorker):
    """A worker for frames: the model maps (frames, bins) to (frames, units)."""

    def __init__(self, context: HelperContext) -> None:
        bins = context.settings["bins"]
        super().__init__(context, bins, context.settings["units"] or bins, context.settings["hop"], False)


class SignalWorker(TorchWorker):
    """A worker for signals: the model maps (chunks, 1, samples) to the same shape."""

    def __init__(self, context: HelperContext) -> None:
        size = context.settings["size"]
        super().__init__(context, size, size, size, True)
