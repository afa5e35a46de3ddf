"""TorchScript models outside the audio thread: input vectors in one ring, output vectors in another.

The kernel of a block writes input vectors and reads the outputs after a declared delay.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .background_worker import OFFLINE_CHUNK, BackgroundWorker
from .helper import HelperContext

# Marks: vectors written by the kernel, delay in vectors, late outputs, state of the model, vectors in a ring, lanes.
PUT, DELAY, LATE, MODEL, SLOTS, LANES = range(6)
MAX_STATE_BYTES = 64 << 20  # of the buffers of a model that are stored for its next process
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
    shared = ("asked", "answers", "answered", "marks")

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
        self._done = 0
        self._model: Any = None
        self._buffers: list[Any] = []  # of the model: what it remembers from one vector to the next
        self._has_changed = False
        self._file = context.settings["file"]
        if self._file:
            self.marks[MODEL] = LOADING
            self.start(f"torchscript-{context.node}", context)
        self.arrays = {
            "asked": self.asked.ravel(),
            "answers": self.answers.ravel(),
            "answered": self.answered,
            "marks": self.marks,
        }

    @property
    def late_answers(self) -> int:
        """The number of vectors whose output was not there in time."""
        return int(self.marks[LATE])

    @property
    def problem(self) -> str:
        """The reason why the model does not run, else the number of late outputs, else ""."""
        late = int(self.marks[LATE])
        if self.failure or not late:
            return self.failure or self.restart_note
        outputs = "1 output of the model was" if late == 1 else f"{late} outputs of the model were"
        note = f"{self.restart_note}; " if self.restart_note else ""
        return f"{note}{outputs} late. Raise 'delay', or use a smaller model"

    def load(self) -> bool:
        name = Path(self._file).name
        try:
            from nodegraph.models.torch_import import require_torch

            require_torch()
            import torch

            if self.is_live:
                torch.set_num_threads(1)  # leave the other cores to the audio thread and the editor
            self._model = torch.jit.load(self._file, map_location="cpu").eval()
            self._run(np.zeros((1, self.width), np.float32))
            self._buffers = [buffer for _, buffer in self._model.named_buffers()]
        except Exception as error:  # a user's model can raise anything
            self._fail(f"'{name}' does not run ({error_line(error)}). Save it with torch.jit.save")
        return self._model is not None

    def _fail(self, reason: str) -> None:
        self.failure, self._model = reason, None
        self.marks[MODEL] = NONE

    def process_pending(self) -> bool:
        """Process the pending vectors, except those that are already too late."""
        put = int(self.marks[PUT])
        first = max(self._done, put - int(self.marks[DELAY]))
        if self._model is None or first >= put:
            return self._model is not None
        slots = np.arange(first, put) % len(self.answered)
        try:
            found = self._run(self.asked[slots].reshape(-1, self.width))
        except Exception as error:
            self._fail(f"the model failed ({error_line(error)})")
            return False
        self.answers[slots] = found.reshape(len(slots), self.lanes, self.output_width)
        self.answered[slots] = np.arange(first, put)
        self.marks[MODEL] = READY
        self._done = put
        self._has_changed = bool(self._buffers)
        return True

    def changed_state(self) -> bytes:
        """Return the buffers of the model; b"" if it has none, or no new ones."""
        import torch

        if not self._has_changed or sum(buffer.nbytes for buffer in self._buffers) > MAX_STATE_BYTES:
            return b""
        self._has_changed = False
        flat = [buffer.detach().reshape(-1).contiguous().view(torch.uint8) for buffer in self._buffers]
        return torch.cat(flat).numpy().tobytes()

    def restore_state(self, data: bytes) -> None:
        """Set the buffers of the model; a state of another model is ignored."""
        import torch

        if len(data) != sum(buffer.nbytes for buffer in self._buffers):
            return
        start = 0
        with torch.inference_mode():
            for buffer in self._buffers:
                part = bytearray(data[start : start + buffer.nbytes])
                start += buffer.nbytes
                if part:
                    buffer.copy_(torch.frombuffer(part, dtype=buffer.dtype).reshape(buffer.shape))

    def _run(self, vectors: np.ndarray) -> np.ndarray:
        import torch

        given = torch.from_numpy(vectors)
        with torch.inference_mode():
            found = self._model(given[:, None, :] if self.signal else given)
        if not isinstance(found, torch.Tensor):
            raise TypeError("it does not return a tensor")
        shape = (len(vectors), 1, self.output_width) if self.signal else (len(vectors), self.output_width)
        if tuple(found.shape) != shape:
            raise ValueError(f"it returns {list(found.shape)} for {list(given.shape)}, not {list(shape)}")
        return np.nan_to_num(found.to(torch.float32).numpy().reshape(len(vectors), -1), posinf=0.0, neginf=0.0)


def error_line(error: Exception) -> str:
    """Return the most informative line of an error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    error_lines = [line for line in lines if "Error" in line and ":" in line] or lines or [type(error).__name__]
    return error_lines[-1 if len(error_lines) > 1 else 0][:120].rstrip(".")


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
