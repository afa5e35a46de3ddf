"""TorchScript models outside the audio thread: input vectors in one ring, output vectors in another.

The kernel of a block writes input vectors and reads the outputs after a declared delay. A model is a program: it runs
only if it is trusted, in a process of its own.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.trust import TrustError, read_trusted
from nodegraph.models.torch_import import torch_problem
from nodegraph.processes.torchscript_process import ModelEndedError, ModelError, TorchscriptProcess

from .background_worker import OFFLINE_CHUNK, BackgroundWorker
from .helper import HelperContext

# Marks: vectors written by the kernel, delay in vectors, late outputs, state of the model, vectors in a ring, lanes.
PUT, DELAY, LATE, MODEL, SLOTS, LANES = range(6)
NONE, LOADING, READY = range(3)  # no model or a failed one; no output yet; running
QUICK = 1.0  # seconds after its first answer; a model whose processes end earlier is broken
MAX_QUICK_ENDS = 3
STATE_PERIOD = 0.25  # seconds between two stored states of a live model


def delay_of(settings: Mapping[str, Any], samples: int) -> int:
    """Return the delay in vectors that are ``samples`` apart: as set, but at least ``OFFLINE_CHUNK`` samples."""
    return max(int(settings["delay"]), -(-OFFLINE_CHUNK // samples))


def torchscript_problem(settings: Mapping[str, Any]) -> str:
    """Return why the model of a block cannot run, or "" if PyTorch is installed or not needed."""
    return torch_problem() if settings["file"] else ""


class TorchWorker(BackgroundWorker):
    """A worker that runs a model from (vectors × lanes, ``width``) to (vectors × lanes, ``output_width``).

    A process of the model that crashes or is killed is replaced by a new one, with the buffers that the model had.
    """

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
        self._done = 0
        self._model: TorchscriptProcess | None = None
        self._working_since = math.inf  # time of the first answer of the process
        self._restarts, self._quick_ends = 0, 0
        self._state, self._stored_at = b"", 0.0  # the buffers of the model, and when they were stored
        self._file = context.settings["file"]
        if self._file:
            self.marks[MODEL] = LOADING
            self.start(f"torchscript-{context.node}", context)

    @property
    def late_answers(self) -> int:
        """The number of vectors whose output was not there in time."""
        return int(self.marks[LATE])

    @property
    def process_id(self) -> int:
        model = self._model
        return model.id if model is not None else 0

    @property
    def restarts(self) -> int:
        return self._restarts

    @property
    def problem(self) -> str:
        """The reason why the model does not run, else the number of late outputs, else ""."""
        late = self.late_answers
        outputs = "1 output of the model was" if late == 1 else f"{late} outputs of the model were"
        return self.problem_with(f"{outputs} late. Raise 'delay', or use a smaller model" if late else "")

    def load(self) -> bool:
        """Start the process of the model, again if it ends meanwhile."""
        while self._model is None and not self.failure and not self._stop.is_set():
            try:
                self._load()
            except ModelEndedError:
                self._count_quick_end()
        return self._model is not None

    def _load(self) -> None:
        path = Path(self._file)
        threads = 1 if self.is_live else 0  # leave the other cores to the audio thread and the editor
        try:
            model = read_trusted(path)
            process = TorchscriptProcess(model, self.width, self.output_width, self.signal, threads, self._state)
        except TrustError as error:
            self._fail(str(error).rstrip("."))
        except ModelEndedError:
            raise
        except (ModelError, OSError) as error:
            self._fail(f"'{path.name}' does not run ({error}). Save it with torch.jit.save")
        else:
            if self._stop.is_set():
                process.close()
            else:
                self._model, self._working_since = process, math.inf

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
        self.failure, self._model = reason, None
        self.marks[MODEL] = NONE

    def process_pending(self) -> bool:
        """Process the pending vectors, except those that are already too late."""
        put = int(self.marks[PUT])
        first = max(self._done, put - int(self.marks[DELAY]))
        if self._model is None:
            return False
        if first >= put:
            return not self._model.has_ended or self._load_again()
        slots = np.arange(first, put) % len(self.answered)
        try:
            found = self._model.run(self.asked[slots].reshape(-1, self.width))
            self._working_since = min(self._working_since, time.monotonic())
            self._store_state()
        except ModelEndedError:
            # offline the same vectors are asked again; live they may be too late
            return self._load_again() and (self.is_live or self.process_pending())
        except ModelError as error:
            if not self._stop.is_set():  # else it was ended by close
                self._fail(f"the model failed ({error})")
            return False
        self.answers[slots] = found.reshape(len(slots), self.lanes, self.output_width)
        self.answered[slots] = np.arange(first, put)
        self.marks[MODEL] = READY
        self._done = put
        return True

    def _store_state(self) -> None:
        """Store the buffers of the model: offline after each answer, so that a render does not depend on the time."""
        assert self._model is not None
        now = time.monotonic()
        if self._model.has_state and (not self.is_live or now - self._stored_at >= STATE_PERIOD):
            self._state, self._stored_at = self._model.state() or self._state, now

    def _load_again(self) -> bool:
        """Replace a process that has ended by itself; return whether the work goes on."""
        if self._model is not None:
            self._model.close()
        self._model = None
        if self._stop.is_set():
            return False
        if time.monotonic() - self._working_since < QUICK:
            self._count_quick_end()
        else:
            self._quick_ends = 0
        loaded = self.load()
        self._restarts += int(loaded)
        return loaded

    def _count_quick_end(self) -> None:
        self._quick_ends += 1
        if self._quick_ends >= MAX_QUICK_ENDS:
            self._fail(
                f"the model's process ended {MAX_QUICK_ENDS} times soon after its start. Use another model, or close "
                "programs that use much memory"
            )


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
