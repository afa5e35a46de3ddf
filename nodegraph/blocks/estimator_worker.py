"""Estimation of parameters beside the audio thread: the sound in a ring, requests and answers in shared arrays.

The kernel of a block makes one request at a time: it sets the end of the sound, then increments the number of requests.
It outputs the answer when that is due; a late one when it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nodegraph.models.estimator import Estimator
from nodegraph.models.model_file import ModelError, model_of_block, problem_of_block
from nodegraph.models.parameters import from_classes, from_unit, to_classes
from nodegraph.models.sound_features import SILENCE
from nodegraph.models.torch_import import torch_problem
from nodegraph.patch.errors import quote, suggest

from .background_worker import OFFLINE_CHUNK, BackgroundWorker
from .helper import HelperContext

MARGIN = 2.0  # seconds of sound in the ring besides those of the model and the delay

# Marks, written by the kernel
POSITION = 0  # samples in the ring so far
REQUEST = 1  # number of the latest request
END = 2  # position of the end of its sound
DUE = 3  # position at which its answer is due
NEXT_END = 4  # position of the end of the next sound; 0: none
OUTPUT = 5  # number of the request whose answer is output
LATE_COUNT = 6  # answers that were late
# Marks, written by the worker
IS_RUNNING = 7  # 1 while the model can answer
ANSWER = 8  # number of the latest answered request
ESTIMATE = 9  # number of the latest request with an estimate
# Constants
DELAY = 10  # samples from a request to its output
WINDOW = 11  # samples of a sound


def chosen_columns(settings: Mapping[str, Any]) -> list[int]:
    """Return the indices of the parameters to output, in order; none without a model. Raises ModelError."""
    model = model_of_block(Estimator.load, settings)
    if model is None:
        return []
    names = [name.strip() for name in settings["parameters"].split(",") if name.strip()]
    for name in names:
        if name not in model.names:
            hint = suggest(name, model.names) or f" The model has {', '.join(model.names)}."
            raise ModelError(f"parameters must be names of the model's, got {quote(name)}.{hint}")
    return [model.names.index(name) for name in names or model.names]


def estimator_problem(settings: Mapping[str, Any]) -> str:
    """Return why the model of a block cannot run, or ""."""
    if problem := problem_of_block(chosen_columns, settings):
        return problem
    return torch_problem() if settings["file"] else ""


def lane_count(settings: Mapping[str, Any]) -> int:
    """Return the number of parameters to output, at least 1."""
    try:
        return max(len(chosen_columns(settings)), 1)
    except ModelError:
        return 1


def middle_values(model: Estimator) -> np.ndarray:
    """Return the middle of each parameter's range along its taper, (P,): the nearest class of one with steps."""
    middle = from_unit(model.parameters, np.full((1, len(model.parameters)), 0.5))
    classes = from_classes(model.parameters, to_classes(model.parameters, middle))
    return np.where([bool(parameter.steps) for parameter in model.parameters], classes, middle)[0]


class EstimatorWorker(BackgroundWorker):
    """A worker that estimates parameters from the sound in the ring of its block."""

    array_types = {"ring": "f4", "answer": "f4", "output": "f4", "marks": "i8"}
    shared = ("ring", "answer", "marks")

    def __init__(self, context: HelperContext) -> None:
        settings = context.settings
        self._model, self._columns = model_of_block(Estimator.load, settings), chosen_columns(settings)
        self._rate, self._noise = context.rate, settings["noise"]
        seconds = self._model.features.seconds if self._model else 0.0
        self._window = round(seconds * self._rate)
        delay = max(round(settings["delay"] * self._rate), OFFLINE_CHUNK)
        self.ring = np.empty(self._window + delay + round(MARGIN * self._rate), np.float32)
        self.ring.fill(0.0)  # page faults must not happen in the audio thread
        self.answer = np.zeros((2, lane_count(settings)), np.float32)  # values, then confidence
        if self._model:
            self.answer[0] = middle_values(self._model)[self._columns]
        output = self.answer.copy()
        self.marks = np.zeros(WINDOW + 1, np.int64)
        self.marks[DELAY], self.marks[WINDOW] = delay, self._window
        if self._model:
            self.start(f"estimator-{context.node}", context)
        self.arrays = {
            "ring": self.ring,
            "answer": self.answer.ravel(),
            "output": output.ravel(),
            "marks": self.marks,
        }

    @property
    def late_answers(self) -> int:
        """The number of estimates that were not there in time."""
        return int(self.marks[LATE_COUNT])

    @property
    def problem(self) -> str:
        """The reason why the model does not run, else the number of late estimates, else ""."""
        late = self.late_answers
        text = f"{late} estimate{' was' if late == 1 else 's were'} late. Raise 'delay'"
        return self.problem_with(text if late else "")

    def load(self) -> bool:
        assert self._model is not None
        try:
            from nodegraph.models.torch_import import require_torch

            require_torch()
            import torch

            from nodegraph.models.estimation import Inference, fit_sound

            if self.is_live:
                torch.set_num_threads(1)  # leave the other cores to the audio thread and the editor
            self._fit, self._inference = fit_sound, Inference(self._model)
            self._inference.estimate(np.ones(self._model.features.samples, np.float32))  # the first run takes longer
        except Exception as error:  # torch can raise anything
            return self._fail(error)
        self.marks[IS_RUNNING] = 1
        return True

    def process_pending(self) -> bool:
        """Answer the pending request. A silent sound, or one that was overwritten, has no estimate."""
        number = int(self.marks[REQUEST])
        if not self.marks[IS_RUNNING] or number == self.marks[ANSWER]:
            return bool(self.marks[IS_RUNNING])
        sound = self._sound_until(int(self.marks[END]))
        if np.abs(sound).max() >= SILENCE:
            try:
                found = self._inference.estimate(sound, self._noise)
            except Exception as error:  # torch can raise anything
                return self._fail(error)
            self.answer[0] = np.nan_to_num(found.values[0, self._columns])
            self.answer[1] = np.nan_to_num(found.confidence[0, self._columns])
            self.marks[ESTIMATE] = number
        self.marks[ANSWER] = number
        return True

    def _sound_until(self, end: int) -> np.ndarray:
        """Return the sound for the model that ends before a position; silence if it was overwritten."""
        start = end - self._window
        sound = self.ring[np.arange(start, end) % len(self.ring)]
        if self.marks[POSITION] - start >= len(self.ring):
            sound[:] = 0.0
        return self._fit(self._inference.model, sound, self._rate)

    def _fail(self, error: Exception) -> bool:
        self.failure = f"the model failed ({str(error).strip().partition(chr(10))[0][:120].rstrip('.')})"
        self.marks[IS_RUNNING] = 0
        return False
