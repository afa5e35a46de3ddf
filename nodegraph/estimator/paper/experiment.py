"""The experiment of the paper: all models and baselines on one corpus. Results are stored, so that it resumes."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

from nodegraph.files.folders import delete_files
from nodegraph.installation import install_command
from nodegraph.learn.checkpoint import path_of
from nodegraph.learn.errors import LearnError
from nodegraph.learn.outputs import device_of

from . import baselines
from .architectures import ARCHITECTURES, CLASSES, InputName, architecture_of, count_weights
from .corpus import Corpus, Fold, fold_of
from .inputs import FLOOR_DB, RENDERED, Inputs, Preparation, StoppedError, inputs_of, new_examples_of
from .metrics import scores_of
from .network import build_network
from .result import ModelResult, load_result, measure, merge_folds, save_result
from .training import Head, Schedule, TrainingData, TrainingState, score, train_network

SOFTMAX = " softmax"  # ending of the name of a model with 23 softmax heads
RANDOM, BEST_OF_DRAWS, NEAREST, SEARCH = "random", f"best of {baselines.DRAWS}", "nearest neighbour", "search"
BASELINES = (RANDOM, BEST_OF_DRAWS, NEAREST, SEARCH)
_LIBRARIES: Mapping[InputName, Mapping[str, str]] = {
    "words": {"sklearn": "scikit-learn"},
    "handcrafted": {"sklearn": "scikit-learn", "librosa": "librosa"},
}

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class ExperimentSettings:
    """The size of an experiment.

    ``folds`` is that of the cross-validation, ``runs`` how many of them are run. ``minutes`` are those after which the
    training of a model ends, by name. ``baseline_examples`` is the number of test examples of a baseline that renders
    many settings for each, ``search_examples`` that of the search, which renders
    ``search_evaluations`` settings for each. With ``new_examples`` each epoch has new training examples, rendered while
    the model is trained, for all models but those whose inputs are computed in advance. With ``decaying_rate`` the rate
    of Adam falls to 0 at the end of the last epoch.
    """

    name: str
    examples: int
    folds: int
    runs: int
    epochs: int
    minutes: Mapping[str, float] = field(default_factory=dict)
    models: tuple[str, ...] = tuple(ARCHITECTURES)
    preparation: Preparation = field(default_factory=Preparation)
    baseline_examples: int = 200
    search_examples: int = 50
    search_evaluations: int = 8192
    new_examples: bool = False
    decaying_rate: bool = False


# 10-fold cross-validation on 200,000 examples, as in the paper
FULL = ExperimentSettings(
    "full",
    200_000,
    10,
    10,
    100,
    preparation=Preparation(fit_examples=4000),
    baseline_examples=1000,
    search_examples=500,
)
# two cores, 90 minutes: 20,000 examples an epoch for training, 1000 for validation, 1000 for test. With the same ones
# in each epoch, models overfit after 7 to 10 epochs and no deep one is ahead of a shallow one. Conv1, Conv3 and Conv6,
# whose order is compared, have no limit of time: on two cores they need 5, 10 and 24 minutes.
QUICK = ExperimentSettings(
    "quick",
    22_000,
    11,
    1,
    24,
    dict.fromkeys(("FC Linear", "FC1", "FC2", "FC3", "HC", "HC3"), 1.0)
    | {"Conv2": 5.0, "Conv4": 6.0, "Conv5": 8.0, "Conv6XL": 4.0, "ConvE2E": 4.0},
    new_examples=True,
    decaying_rate=True,
)


@dataclass
class Outcome:
    """The results by name of model or baseline, in the order of the tables."""

    settings: ExperimentSettings
    seed: int
    parameters: list[str]
    results: dict[str, ModelResult] = field(default_factory=dict)
    stopped: bool = False


def run_experiment(
    corpus: Corpus,
    settings: ExperimentSettings,
    folder: Path,
    device: str | None = None,
    search: baselines.Search | None = None,
    progress: Progress = lambda share, label: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Return the results of the baselines and models of ``settings``; those stored in ``folder`` are reused.

    ``search`` estimates the values of a sound; without it, the table has no row for search. ``progress(share, label)``
    reports the share that is done. If ``stop()`` returns True, the results so far are returned, and the same call
    resumes. Raises LearnError if a model or a library that it needs is not found, or ``folder`` is not writable.
    """
    for name in settings.models:
        _check_libraries(name, architecture_of(_base_name(name)).input)
    runner = _Runner(corpus, settings, folder, device_of(device), progress, stop)
    outcome = Outcome(settings, corpus.seed, corpus.names)
    names = [name for name in BASELINES if search is not None or name != SEARCH] + list(settings.models)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            runner.shares = number / len(names), 1 / len(names)
            if name in BASELINES:
                outcome.results[name] = runner.baseline(name, search)
            else:
                outcome.results[name] = merge_folds([runner.model(name, run) for run in range(settings.runs)])
    except (StoppedError, KeyboardInterrupt):
        outcome.stopped = True
    except OSError as error:
        raise LearnError(f"{folder}: not writable ({error.strerror}). Choose another folder.") from None
    return outcome


def _check_libraries(name: str, kind: InputName) -> None:
    """Raise LearnError if a library that prepares the inputs of a model is not installed."""
    for module, library in _LIBRARIES.get(kind, {}).items():
        if find_spec(module) is None:
            fix = install_command("nodegraph[learn]")
            raise LearnError(f"model '{name}': needs {library}. Install it: {fix}")


def head_of(name: str) -> Head:
    """Return the outputs of a model: sigmoid, or softmax if its name ends so."""
    return "softmax" if name.endswith(SOFTMAX) else "sigmoid"


def _base_name(name: str) -> str:
    return name.removesuffix(SOFTMAX)


@dataclass(eq=False)
class _Runner:
    """Runs one model or baseline after the other."""

    corpus: Corpus
    settings: ExperimentSettings
    folder: Path
    device: torch.device
    progress: Progress
    stop: Callable[[], bool]
    shares: tuple[float, float] = (0.0, 1.0)
    last_inputs: tuple[object, Inputs] = (None, lambda rows: rows)  # spectrograms in memory serve several models

    def __post_init__(self) -> None:
        self.identity = [
            self.corpus.identity,
            self.corpus.seed,
            self.settings.folds,
            asdict(self.settings.preparation),
            FLOOR_DB,
        ]

    def model(self, name: str, run: int) -> ModelResult:
        """Train a model on one fold and measure it on its test examples, or read the stored result."""
        architecture, head, fold = architecture_of(_base_name(name)), head_of(name), self._fold(run)
        minutes = self.settings.minutes.get(_base_name(name), math.inf)
        schedule = Schedule(self.settings.epochs, minutes, decays=self.settings.decaying_rate)
        renews = self.settings.new_examples and architecture.input in RENDERED
        key = _hash([repr(architecture), head, run, repr(schedule), self.identity] + ["new examples"] * renews)
        path = self.folder / f"{_slug(name)}-{run}-{key}.npz"
        if (found := load_result(path)) is not None:
            return found
        inputs = self._inputs(name, fold, run)
        seed = self.corpus.seed * 1000 + run
        network = build_network(architecture, torch.Generator().manual_seed(seed))
        preparation = self.settings.preparation
        new = new_examples_of(architecture.input, self.corpus, fold.train, preparation) if renews else None
        data = TrainingData(inputs, self.corpus.classes, fold.train, fold.valid, new)

        def watch(state: TrainingState) -> None:
            share = (state.epoch + state.place / len(fold.train)) / schedule.epochs
            share = max(share, state.seconds / 60.0 / schedule.minutes)
            last = state.rows[-1]
            self._report(share, f"{name}: epoch {last.epoch + 1} of {schedule.epochs}, {last.valid:.4f}")

        checkpoint = path_of(path)
        state = train_network(network, head, data, schedule, seed, self.device, checkpoint, key, watch, self.stop)
        if state is None:
            raise StoppedError
        found = replace(
            measure(name, self.corpus, fold.test, score(network, head, inputs, fold.test, self.device)),
            rows=tuple(state.rows),
            weights=count_weights(architecture),
            examples=state.examples,
            seconds=state.seconds,
        )
        save_result(path, found)
        with suppress(OSError):
            checkpoint.unlink()
        return found

    def baseline(self, name: str, search: baselines.Search | None) -> ModelResult:
        """Measure a baseline on test examples of the first fold, or read the stored result."""
        fold = self._fold(0)
        count = self.settings.search_examples if name == SEARCH else self.settings.baseline_examples
        rows, effort = fold.test[:count], self.settings.search_evaluations if name == SEARCH else 0
        path = self.folder / f"{_slug(name)}-{_hash([len(rows), effort, self.identity])}.npz"
        if (found := load_result(path)) is not None:
            return found
        self._check_stop()
        self._report(0.0, name)
        found = measure(name, self.corpus, rows, scores_of(self._estimates(name, fold, rows, search), CLASSES))
        save_result(path, found)
        return found

    def _estimates(self, name: str, fold: Fold, rows: np.ndarray, search: baselines.Search | None) -> np.ndarray:
        seed = self.corpus.seed
        if name == RANDOM:
            return baselines.random_classes(self.corpus, len(rows), seed)
        targets = self.corpus.sounds(rows)
        if name == BEST_OF_DRAWS:
            return baselines.best_of_draws(self.corpus, targets, seed)
        if name == NEAREST:
            return baselines.nearest_examples(self.corpus, fold.train, targets)
        assert search is not None
        values = []
        for number, target in enumerate(targets):
            self._check_stop()
            self._report(number / len(targets), f"{name}: sound {number + 1} of {len(targets)}")
            values.append(search(target, self.settings.search_evaluations))
        return self.corpus.nearest_classes(np.stack(values))

    def _inputs(self, name: str, fold: Fold, run: int) -> Inputs:
        kind = architecture_of(_base_name(name)).input
        if self.last_inputs[0] != (kind, run):
            self.last_inputs = (kind, run), self._make_inputs(name, kind, fold, run)
        return self.last_inputs[1]

    def _make_inputs(self, name: str, kind: InputName, fold: Fold, run: int) -> Inputs:
        return inputs_of(
            kind,
            self.corpus,
            fold.train,
            self.settings.preparation,
            self.folder,
            f"{run}-{_hash(self.identity)}",
            lambda share, label: self._report(0.0, f"{name}: {label} {share:.0%}"),
            self.stop,
        )

    def _fold(self, run: int) -> Fold:
        return fold_of(len(self.corpus.classes), self.settings.folds, run)

    def _report(self, share: float, label: str) -> None:
        self.progress(self.shares[0] + self.shares[1] * min(share, 1.0), label)

    def _check_stop(self) -> None:
        if self.stop():
            raise StoppedError


def delete_results(folder: Path) -> None:
    """Remove the stored results, inputs and checkpoints in a folder."""
    delete_files(folder, (".npz", ".npy", ".checkpoint", ".bin"))


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _hash(values: Sequence[object]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]
