"""Training of all cells of a table. Results are stored, so that an interrupted table resumes."""

from __future__ import annotations

import hashlib
import json
import math
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodegraph.files.atomic import write_atomic
from nodegraph.files.folders import delete_files
from nodegraph.models.autoencoder import Features

from ..errors import LearnError
from ..frames import FrameSets
from ..recipe import Recipe, load_recipe
from .data import baseline_errors, fingerprint_of, scaled_frames
from .table import Cell, PaperTable, Run

if TYPE_CHECKING:
    from ..training import TrainingObserver

COLLAPSED = 0.98  # relative to predicting the mean: a net with a larger error has learnt only the mean

Measured = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One training of a table: a run of a cell, with its complete recipe."""

    cell: Cell
    column: str
    run: Run
    recipe: Recipe

    @property
    def label(self) -> str:
        return f"{self.cell.label}, {self.column}"


@dataclass
class TableResult:
    """The results of a table, ``results[cell label][column]``, and a description of the corpus."""

    table: PaperTable
    results: dict[str, dict[str, Measured]] = field(default_factory=dict)
    corpus: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False


def tasks_of(table: PaperTable, features: Features, quick: bool = False, epochs: int | None = None) -> list[Task]:
    """Return all trainings of a table, in the order of its rows. ``epochs`` limits each stage."""
    found = []
    for cell in table.cells:
        for column, run in cell.runs.items():
            made = {f"features.{name}": getattr(features, name) for name in ("rate", "size", "hop", "window")}
            sets = {**run.sets, **made}
            recipe = load_recipe(run.recipe, _width_for(run, cell), sets)
            most = min(run.quick if quick else run.epochs, epochs or 10**6)
            found.append(Task(cell, column, run, _limited(recipe, most)))
    return found


def reproduce(
    table: PaperTable,
    frames: FrameSets | Sequence[FrameSets],
    folder: Path,
    about: dict[str, Any],
    tasks: list[Task],
    seed: int = 0,
    device: str | None = None,
    progress: Callable[[float, str], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
    per_bin: bool = False,
) -> TableResult:
    """Train all tasks without a result in ``folder``, and return the results.

    Given several divisions of the frames (folds), each task is trained on each of them; its errors are means, with
    standard deviations in their entry ``sd``. ``per_bin`` scales each bin before the frames. ``progress(share, label)``
    reports the share that is done (0…1). If ``stop()`` returns True, only the finished tasks are in the results.
    Raises LearnError if ``folder`` is not writable.
    """
    divisions = [frames] if isinstance(frames, FrameSets) else list(frames)
    scaled = [scaled_frames(division, table.scale, per_bin) for division in divisions]
    done = TableResult(table, corpus=about | baseline_errors(scaled[0], table.normalise))
    weights = [_cost(task) / len(scaled) for task in tasks for _ in scaled]
    identities = [[seed, *fingerprint_of(division)] for division in scaled]
    folder.mkdir(parents=True, exist_ok=True)
    trainings = [(task, fold) for task in tasks for fold in range(len(scaled))]
    measured_folds: list[Measured] = []
    for number, (task, fold) in enumerate(trainings):
        named = [task.recipe.identity(), task.run.stage, identities[fold]]
        key = hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]
        file = folder / f"{key}.json"
        measured = _load_result(file)
        if measured is None:
            share = sum(weights[:number]) / sum(weights)
            step = weights[number] / sum(weights)

            def report_progress(
                part: float, text: str, share: float = share, step: float = step, task: Task = task
            ) -> None:
                if progress:
                    progress(share + part * step, f"{task.label}: {text}")

            report_progress(0.0, "starting")
            measured = _trained(task, scaled[fold], folder / f"{key}.safetensors", seed, device, report_progress, stop)
            if measured is None:
                done.stopped = True
                break
            _save_result(file, measured)
        measured_folds.append(measured)
        if fold == len(scaled) - 1:
            done.results.setdefault(task.cell.label, {})[task.column] = mean_of(measured_folds)
            measured_folds = []
    return done


def mean_of(folds: Sequence[Measured]) -> Measured:
    """Return the results of one training per fold as one: mean errors with their deviations, and total times."""
    if len(folds) == 1:
        return folds[0]
    first = folds[0]
    errors: dict[str, dict[str, Any]] = {}
    for part in first["errors"]:
        values = {name: [fold["errors"][part][name] for fold in folds] for name in first["errors"][part]}
        errors[part] = {name: statistics.fmean(found) for name, found in values.items()}
        errors[part]["sd"] = {name: statistics.stdev(found) for name, found in values.items()}
    failures = dict.fromkeys(fold["failure"] for fold in folds if fold["failure"])
    return {
        **first,
        "errors": errors,
        "failure": "; ".join(failures),
        "notes": [note for fold in folds for note in fold["notes"]],
        **{name: sum(fold[name] for fold in folds) for name in ("seconds", "cpu_seconds")},
    }


def _trained(
    task: Task,
    frames: FrameSets,
    path: Path,
    seed: int,
    device: str | None,
    report_progress: Callable[[float, str], None],
    stop: Callable[[], bool],
) -> Measured | None:
    """Train one task; return None if stopped. Its checkpoint is next to ``path`` until it is finished."""
    from ..checkpoint import path_of
    from ..training import TrainingObserver, train

    observer = TrainingObserver(
        progress=lambda step: report_progress(
            step.done, f"{step.stage}, epoch {step.epoch} of {step.epochs}, {step.valid:.3g}"
        ),
        stop=stop,
    )
    began, cpu = time.perf_counter(), time.process_time()
    result = _train(train, frames, path, task.recipe, seed, device, observer, path_of(path).exists())
    if result.stopped:
        return None
    for left in (path, path_of(path), path.with_suffix(".csv"), path.with_suffix(".png")):
        with suppress(OSError):
            left.unlink()
    report = next((stage for stage in result.stages if stage["stage"] == task.run.stage), None)
    errors = {"valid": report["valid"]} if report else result.errors["features"]
    if report:
        errors["valid"] = errors["valid"] | {"adjusted": report["adjusted"]}
    return {
        "recipe": task.recipe.plain(),
        "errors": errors,
        "epochs": sum(stage["epochs"] for stage in result.stages),
        "weights": sum(layer.weight.size for layer in (*result.model.encoder, *result.model.decoder)),
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - cpu,
        "failure": _failure(errors["valid"], result.notes),
        "notes": result.notes,
    }


def _train(
    train: Any,
    frames: FrameSets,
    path: Path,
    recipe: Recipe,
    seed: int,
    device: str | None,
    observer: TrainingObserver,
    left: bool,
) -> Any:
    """Resume from the checkpoint if it fits, else start again."""
    if left:
        with suppress(LearnError):
            return train(frames, path, recipe, seed=seed, device=device, observer=observer, resume=True)
    return train(frames, path, recipe, seed=seed, device=device, observer=observer)


def _failure(errors: dict[str, float], notes: list[str]) -> str:
    relative = errors["relative"]
    if not math.isfinite(relative):
        return "diverged"
    if any("the loss diverged" in note for note in notes):
        return "diverged; error of the best epoch before"
    if relative > 1.02:
        return "worse than predicting the mean"
    return "collapsed: predicts the mean" if relative > COLLAPSED else ""


def _width_for(run: Run, cell: Cell) -> str:
    """Return the width of a run; the recipe "best" takes only the innermost from the cell."""
    return cell.width.rpartition("-")[2] if run.recipe == "best" else cell.width


def _limited(recipe: Recipe, epochs: int) -> Recipe:
    """Limit the epochs of each stage."""
    stages = {"training": recipe.training, "pretraining": recipe.pretraining}
    found = {name: config.epochs for name, config in stages.items() if config is not None}
    return load_recipe(recipe, sets={f"{name}.epochs": min(count, epochs) for name, count in found.items()})


def _cost(task: Task) -> float:
    """Return the relative cost of a training: weights times epochs."""
    units = [1025, *(layer.units for layer in task.recipe.layers)]
    weights = sum(a * b for a, b in zip(units, units[1:])) + 20_000
    stages = [stage.epochs for stage in (task.recipe.training, task.recipe.pretraining) if stage is not None]
    return weights * max(sum(stages), 1)


def delete_results(folder: Path) -> None:
    """Remove the results in a folder, and the checkpoints of interrupted trainings."""
    delete_files(folder, (".json", ".safetensors", ".checkpoint"))


def _load_result(file: Path) -> Measured | None:
    try:
        found = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "errors" in found else None


def _save_result(file: Path, measured: Measured) -> None:
    try:
        write_atomic(file, json.dumps(measured, indent=1).encode())
    except OSError as error:
        raise LearnError(f"{file.parent}: not writable ({error.strerror}). Choose another folder.") from None
