"""Training from sound to model: frames, features, stages, model card and output files."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nodegraph.models.autoencoder import Autoencoder, Features
from nodegraph.models.model_file import ModelError
from nodegraph.models.torch_import import threads_sleep

from . import checkpoint as checkpoints
from .adapt import pairs_from, recipe_from
from .axes import ordered_axes, with_code_map
from .baselines import Baselines
from .card import card_of
from .curve import save_curve
from .errors import LearnError
from .features import apply_features, fit_features
from .frames import FrameSets, collect, skipped_note
from .measure import are_scaled_magnitudes, feature_errors, magnitude_errors
from .network import LayerPair, Network, new_pair
from .outputs import check_writable, device_of, save_or_keep
from .recipe import Recipe, TrainingConfig, load_recipe
from .sources import PATCH_SECONDS, sources_of
from .stage import EpochResult, Stage, TrainingStatus, run_stage

CHECKPOINT_PERIOD = 10.0  # seconds between two saves of model and checkpoint


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A trained model, with its errors and history.

    ``errors`` has the errors of "features" and "magnitudes" on "valid" and "test" frames (see ``measure.report``),
    ``stages`` a report per stage, ``notes`` messages for the user. ``path`` is the model file, or None. ``sources``
    are the names of the sources of each part.
    """

    model: Autoencoder
    rows: list[EpochResult]
    stages: list[dict[str, Any]]
    errors: dict[str, dict[str, dict[str, float]]]
    notes: list[str]
    seconds: float
    stopped: bool = False
    path: Path | None = None
    sources: dict[str, list[str]] = field(default_factory=dict)


@dataclass(eq=False)
class TrainingObserver:
    """Callbacks that report the progress of a training, or stop it."""

    progress: Callable[[TrainingStatus], None] | None = None
    frames: Callable[[int, int], None] | None = None
    stop: Callable[[], bool] = lambda: False
    notes: list[str] = field(default_factory=list)


def train(
    audio: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] | FrameSets,
    output: str | os.PathLike[str] | None = None,
    recipe: str | os.PathLike[str] | Mapping[str, Any] | Recipe = "quick",
    width: int | str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    sets: Mapping[str, Any] | Iterable[str] = (),
    resume: bool = False,
    device: str | None = None,
    patch_seconds: float = PATCH_SECONDS,
    observer: TrainingObserver | None = None,
    start: Autoencoder | str | os.PathLike[str] | None = None,
) -> TrainingResult:
    """Train an autoencoder on sound files, folders of them, patches, or collected frames.

    ``recipe`` is a name, a file or plain data, changed by ``width``, ``epochs`` and ``sets`` (see
    ``recipe.load_recipe``). ``start`` is a model, or its file, to train on instead: its layers and features stay. The
    best model so far is saved regularly to ``output``, with a checkpoint next to it that ``resume`` continues from; at
    the end the loss is written as .csv and .png. ``device`` is "cpu" or "cuda"; by default CUDA if available. On the
    CPU, the same seed gives the same weights. Ctrl-C ends the training, and the call returns the best model. Raises
    LearnError, or ModelError if ``start`` is unreadable.
    """
    observer = observer or TrainingObserver()
    model = start if start is None or isinstance(start, Autoencoder) else Autoencoder.load(start)
    if model is not None and width is not None:
        raise LearnError("a model that is trained on keeps its width. Leave out the width, or the model.")
    chosen = load_recipe(recipe, width, sets) if model is None else load_recipe(recipe_from(model), sets=sets)
    chosen = _with_epochs(chosen, epochs)
    path = check_writable(Path(output)) if output is not None else None
    if resume and path is None:
        raise LearnError("resume needs the model file of the training. Pass its path as output.")
    frames = audio if isinstance(audio, FrameSets) else _collect_frames(audio, chosen, seed, patch_seconds, observer)
    observer.notes += frames.skipped
    return _Training(chosen, frames, seed, device_of(device), path, observer, model).run(resume)


class _Training:
    """A running training: the stages of a recipe and their results."""

    def __init__(
        self,
        recipe: Recipe,
        frames: FrameSets,
        seed: int,
        device: torch.device,
        path: Path | None,
        observer: TrainingObserver,
        start: Autoencoder | None = None,
    ) -> None:
        self.recipe, self.frames, self.seed, self.device = recipe, frames, seed, device
        self.path, self.observer = path, observer
        fitted = _fit_features(recipe, frames)
        self.features = fitted if start is None else start.features
        self.train_frames, self.valid_frames, self.test_frames = (
            torch.from_numpy(apply_features(self.features, values)).to(device)
            for values in (frames.train, frames.valid, frames.test)
        )
        if _is_constant(frames.train):
            raise LearnError(
                "all training frames are the same, as those of a constant or of one steady tone: there is nothing to "
                f"learn. Use other sounds.{skipped_note(frames.skipped)}"
            )
        self.start = torch.Generator().manual_seed(seed)  # on the CPU: the same weights on every device
        self.key = checkpoints.key_of(recipe, seed, frames)
        self.pairs: list[LayerPair] = [] if start is None else pairs_from(start, recipe, device)
        self.rows: list[EpochResult] = []
        self.reports: list[dict[str, Any]] = []
        self.plan = _stages(recipe)
        self.number = 0
        self._saved_at = time.monotonic()
        self._save_error = ""
        self._baselines_cache: dict[Any, Baselines] = {}

    def run(self, resume: bool) -> TrainingResult:
        torch.set_flush_denormal(True)  # denormal numbers are slow
        threads = torch.get_num_threads()
        if not threads_sleep():
            torch.set_num_threads(1)  # spinning threads are many times slower than one beside other work
        try:
            return self._run(resume)
        finally:
            torch.set_flush_denormal(False)
            torch.set_num_threads(threads)

    def _run(self, resume: bool) -> TrainingResult:
        left = self._resumed() if resume else None
        finished = True
        for number, (name, config, pair) in enumerate(self.plan):
            if left is not None and number < left.number:
                continue
            self.number = number
            state = left.stage if left is not None and number == left.number else None
            finished = self._stage(name, config, pair, state)
            if not finished:
                break
        return self._build_result(not finished)

    # -- stages --------------------------------------------------------------------------------------------

    def _stage(self, name: str, config: TrainingConfig, number: int | None, state: dict[str, Any] | None) -> bool:
        """Train one pair (``number``), or all together (None). Return False if stopped."""
        train, valid = self.train_frames, self.valid_frames
        if number is None:
            self._add_untrained_pairs()
            network = Network(self.pairs)
        else:
            train, valid = self._encode_outer(train, number), self._encode_outer(valid, number)
            if len(self.pairs) == number:
                self.pairs.append(new_pair(self.recipe.layers[number], train, self.start))
            network = Network([self.pairs[number]])
        generator = torch.Generator(self.device).manual_seed(self.seed * 1000 + self.number)
        stage = Stage(name, network, config, generator)
        if state is not None:
            stage.resume(state)
        finished = run_stage(stage, train, valid, self._watch, self._save_checkpoint, self.observer.stop)
        if not finished:
            self._save_checkpoint(stage, now=True)
        if stage.diverged:
            part = "training" if number is None else "pretraining"
            self.observer.notes.append(
                f"{name}: the loss diverged in epoch {stage.epoch}; the best model before it is used. "
                f"Lower the rate: --set {part}.rate={config.rate / 10:g}"
            )
        self.rows += stage.rows
        errors = feature_errors(network, self._baselines(network, train), valid)
        self.reports.append(
            {
                "stage": name,
                "widths": _widths(network.pairs),
                "epochs": stage.epoch,
                "seconds": round(stage.seconds, 1),
                "valid": errors,
                "adjusted": errors["sum"] * self.features.width / train.shape[1],  # scaled to the number of features
            }
        )
        return finished

    def _baselines(self, network: Network, train: torch.Tensor) -> Baselines:
        """Return the baselines, cached for the last frames and width."""
        key = (train.data_ptr(), train.shape[1], network.pairs[-1].config.units)
        if key not in self._baselines_cache:
            self._baselines_cache = {key: Baselines.fit(train, key[2])}
        return self._baselines_cache[key]

    def _add_untrained_pairs(self) -> None:
        """Add the pairs that no stage has trained, each fitted to the units of the pair outside of it."""
        for number in range(len(self.pairs), len(self.recipe.layers)):
            inputs = self._encode_outer(self.train_frames, number)
            self.pairs.append(new_pair(self.recipe.layers[number], inputs, self.start))

    @torch.no_grad()
    def _encode_outer(self, frames: torch.Tensor, number: int) -> torch.Tensor:
        """Encode frames by the pairs outside of pair ``number``."""
        return frames if number == 0 else Network(self.pairs[:number]).encode(frames)

    def _resumed(self) -> checkpoints.Checkpoint:
        assert self.path is not None
        left = checkpoints.read_checkpoint(checkpoints.path_of(self.path), self.key, self.device)
        for number, tensors in enumerate(left.pairs):
            if number == len(self.pairs):
                inputs = self._encode_outer(self.train_frames, number)
                self.pairs.append(new_pair(self.recipe.layers[number], inputs, self.start))
            Network(self.pairs[number : number + 1]).restore(tensors)
        self.rows, self.reports = left.rows, left.reports
        return left

    # -- progress and files --------------------------------------------------------------------------------

    def _watch(self, stage: Stage, fraction: float) -> None:
        if self.observer.progress is None:
            return
        totals = [max(config.epochs, 1) for _, config, _ in self.plan]
        here = (stage.done + fraction / totals[self.number]) * totals[self.number]
        last = stage.rows[-1]
        self.observer.progress(
            TrainingStatus(
                stage.name,
                stage.epoch,
                stage.config.epochs,
                min((sum(totals[: self.number]) + here) / sum(totals), 1.0),
                last.train,
                last.valid,
                stage.best_loss,
            )
        )

    def _save_checkpoint(self, stage: Stage, now: bool = False) -> None:
        """Write the best model so far and the checkpoint; a full disk does not end the training."""
        if self.path is None or not (now or time.monotonic() - self._saved_at >= CHECKPOINT_PERIOD):
            return
        left = checkpoints.Checkpoint(
            self.number,
            stage.resume_state,
            [checkpoints.tensors_of(pair) for pair in self.pairs],
            self.rows,
            self.reports,
        )
        current = stage.network.snapshot()
        stage.network.restore(stage.best)
        try:
            self._model(epochs=stage.epoch, stopped=True).save(self.path)
            checkpoints.write_checkpoint(checkpoints.path_of(self.path), left, self.key)
            self._save_error = ""
        except (OSError, ModelError) as error:
            if not self._save_error:
                self.observer.notes.append(f"the best model so far is only in memory: {error}")
            self._save_error = str(error)
        finally:
            stage.network.restore(current)
        self._saved_at = time.monotonic()

    def _model(self, **more: Any) -> Autoencoder:
        """Return the current pairs as a model; before pretraining is finished it has fewer layers."""
        layers = [pair.layers() for pair in self.pairs]
        card = card_of(self.recipe, self.seed, self.frames, self.device, _widths(self.pairs), **more)
        encoder, decoder = tuple(pair[0] for pair in layers), tuple(pair[1] for pair in reversed(layers))
        return Autoencoder(self.features, encoder, decoder, card)

    def _build_result(self, stopped: bool) -> TrainingResult:
        bare = with_code_map(ordered_axes(self._model(), self.frames.train), self.frames.train)
        network = Network(self.pairs)
        baseline_errors = self._baselines(network, self.train_frames)
        errors = {
            "features": {
                "valid": feature_errors(network, baseline_errors, self.valid_frames),
                "test": feature_errors(network, baseline_errors, self.test_frames),
            }
        }
        same = are_scaled_magnitudes(self.features)
        errors["magnitudes"] = errors["features"] if same else magnitude_errors(bare, self.frames, self.device)
        seconds = sum(report["seconds"] for report in self.reports)
        epochs = sum(report["epochs"] for report in self.reports)
        card = bare.card | {"errors": errors, "epochs": epochs, "training_seconds": seconds, "stopped": stopped}
        model = replace(bare, card=card)
        path = self._save_model(model, stopped) if self.path is not None else None
        return TrainingResult(
            model, self.rows, self.reports, errors, self.observer.notes, seconds, stopped, path, self.frames.sources
        )

    def _save_model(self, model: Autoencoder, stopped: bool) -> Path:
        """Save the model to its path or, if that fails, to a temporary folder, so that it is not lost."""
        assert self.path is not None
        path, note = save_or_keep(model.save, self.path)
        if note:
            self.observer.notes.append(note)
            return path
        self.observer.notes += save_curve(self.rows, path)
        if not stopped:
            checkpoints.path_of(path).unlink(missing_ok=True)
        return path


def _is_constant(magnitudes: np.ndarray) -> bool:
    """Return whether most frames (frames, bins) are equal, up to rounding: the ends of a constant may differ."""
    some = magnitudes[:: max(1, len(magnitudes) // 1000)]
    middle = np.median(some, axis=0)
    return bool(np.median(np.square(some - middle).sum(axis=1)) <= 1e-8 * np.square(middle).sum())


def _widths(pairs: Sequence[LayerPair]) -> str:
    return "-".join(str(pair.config.units) for pair in pairs)


def _stages(recipe: Recipe) -> list[tuple[str, TrainingConfig, int | None]]:
    """Return name, settings and pair (None: all) of each stage."""
    stages: list[tuple[str, TrainingConfig, int | None]] = []
    if recipe.pretraining is not None:
        stages = [(f"layer {i + 1}", recipe.pretraining, i) for i in range(len(recipe.layers))]
    if recipe.training.epochs:
        stages.append(("fine-tuning" if stages else "training", recipe.training, None))
    if not stages:
        raise LearnError(f"recipe {recipe.name}: no stage to train. Set training.epochs above 0, or add pretraining.")
    return stages


def _collect_frames(
    audio: Any, recipe: Recipe, seed: int, patch_seconds: float, observer: TrainingObserver
) -> FrameSets:
    paths = [audio] if isinstance(audio, str | os.PathLike) else list(audio)
    sources, skipped = sources_of(paths, patch_seconds, seed)

    def progress(count: int, total: int) -> None:
        if observer.stop():
            raise KeyboardInterrupt
        if observer.frames:
            observer.frames(count, total)

    config = recipe.frames
    return collect(sources, recipe.feature_settings(), config.most, seed, config.silence, skipped, progress)


def _fit_features(recipe: Recipe, frames: FrameSets) -> Features:
    settings = recipe.feature_settings()
    for name in ("rate", "size", "hop", "window"):
        if getattr(settings, name) != getattr(frames.features, name):
            raise LearnError(
                f"recipe {recipe.name}: features.{name} must be that of the frames, {getattr(frames.features, name)}, "
                f"got {getattr(settings, name)}. Change it in the recipe."
            )
    return fit_features(settings, frames.train)


def _with_epochs(recipe: Recipe, epochs: int | None) -> Recipe:
    """Set the epochs of every stage of a recipe."""
    if epochs is None:
        return recipe
    sets = {}
    if recipe.training.epochs:
        sets["training.epochs"] = epochs
    if recipe.pretraining is not None:
        sets["pretraining.epochs"] = epochs
    return load_recipe(recipe, sets=sets)
