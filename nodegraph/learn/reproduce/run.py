"""The cells of a table trained one after the other. What is done is kept: an interrupted table goes on where it was."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nodegraph.files.atomic import write_atomic
from nodegraph.models.autoencoder import Features

from ..errors import LearnError
from ..frames import FrameSets
from ..recipe import Recipe, load_recipe
from .data import baseline_errors, fingerprint_of, scaled_frames
from .table import Cell, PaperTable, Run

if TYPE_CHECKING:
    from ..training import TrainingObserver

COLLAPSED = 0.98  # of what predicting the mean leaves: a net that leaves more has learnt nothing else

Measured = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One training of a table: a cell's run, with its recipe as it will be trained."""

    cell: Cell
    column: str
    run: Run
    recipe: Recipe

    @property
    def label(self) -> str:
        return f"{self.cell.label}, {self.column}"


@dataclass
class TableResult:
    """A table and what was measured: ``results[cell label][column]``, ``corpus`` what it was measured on."""

    table: PaperTable
    results: dict[str, dict[str, Measured]] = field(default_factory=dict)
    corpus: dict[str, Any] = field(default_factory=dict)
    stopped: bool = False


def tasks_of(table: PaperTable, features: Features, quick: bool = False, epochs: int | None = None) -> list[Task]:
    """All trainings of a table, those of few units first. ``epochs`` limits each stage."""
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
    frames: FrameSets,
    folder: Path,
    about: dict[str, Any],
    tasks: list[Task],
    seed: int = 0,
    device: str | None = None,
    progress: Callable[[float, str], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> TableResult:
    """Train what ``folder`` does not have yet. ``progress(share, label)``; ``stop()`` ends it with what there is."""
    scaled = scaled_frames(frames, table.scale)
    done = TableResult(table, corpus=about | baseline_errors(scaled, table.normalise))
    weights = [_cost(task) for task in tasks]
    identity = [seed, *fingerprint_of(scaled)]
    folder.mkdir(parents=True, exist_ok=True)
    for number, task in enumerate(tasks):
        key = hashlib.sha256(json.dumps([task.recipe.plain(), task.run.stage, identity]).encode()).hexdigest()[:16]
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

            report_progress(0.0, "begins")
            measured = _trained(task, scaled, folder / f"{key}.safetensors", seed, device, report_progress, stop)
            if measured is None:
                done.stopped = True
                break
            _save_result(file, measured)
        done.results.setdefault(task.cell.label, {})[task.column] = measured
    return done


def _trained(
    task: Task,
    frames: FrameSets,
    path: Path,
    seed: int,
    device: str | None,
    report_progress: Callable[[float, str], None],
    stop: Callable[[], bool],
) -> Measured | None:
    """Train one task; None if it was stopped. Its checkpoint lies beside ``path`` until it is done."""
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
    """Go on from a checkpoint where there is one that fits, else begin."""
    if left:
        with suppress(LearnError):
            return train(frames, path, recipe, seed=seed, device=device, observer=observer, resume=True)
    return train(frames, path, recipe, seed=seed, device=device, observer=observer)


def _failure(errors: dict[str, float], notes: list[str]) -> str:
    relative = errors["relative"]
    if not math.isfinite(relative):
        return "diverged"
    if any("left all bounds" in note for note in notes):
        return "diverged; the best before that"
    if relative > 1.02:
        return "worse than predicting the mean"
    return "collapsed: predicts the mean" if relative > COLLAPSED else ""


def _width_for(run: Run, cell: Cell) -> str:
    """A recipe of ours has layers of its own choice: only the innermost is the cell's."""
    return cell.width.rpartition("-")[2] if run.recipe == "best" else cell.width


def _limited(recipe: Recipe, epochs: int) -> Recipe:
    """With at most so many epochs in each stage."""
    stages = {"training": recipe.training, "pretraining": recipe.pretraining}
    found = {name: config.epochs for name, config in stages.items() if config is not None}
    return load_recipe(recipe, sets={f"{name}.epochs": min(count, epochs) for name, count in found.items()})


def _cost(task: Task) -> float:
    """What a training costs, to a factor: weights times epochs."""
    units = [1025, *(layer.units for layer in task.recipe.layers)]
    weights = sum(a * b for a, b in zip(units, units[1:])) + 20_000
    stages = [stage.epochs for stage in (task.recipe.training, task.recipe.pretraining) if stage is not None]
    return weights * max(sum(stages), 1)


def delete_results(folder: Path) -> None:
    """Remove the results in a folder, and the checkpoints of what was interrupted."""
    if folder.is_dir():
        for file in folder.iterdir():
            if file.suffix in (".json", ".safetensors", ".checkpoint"):
                file.unlink(missing_ok=True)


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
        raise LearnError(f"{file.parent}: results cannot be kept there ({error.strerror}). Make room.") from None
