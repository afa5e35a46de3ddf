"""A training from sound to model: frames, features, stages, card, and files that are never lost."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from nodegraph.models.autoencoder import Autoencoder, Features, ModelError

from . import checkpoint as checkpoints
from .baselines import Baselines
from .card import card_of
from .curve import save_curve
from .errors import LearnError
from .features import apply_features, fit_features
from .frames import FrameSets, collect
from .measure import are_scaled_magnitudes, feature_errors, magnitude_errors
from .network import LayerPair, Network, new_pair
from .recipe import Recipe, TrainingConfig, load_recipe
from .sources import PATCH_SECONDS, sources_of
from .stage import EpochResult, Stage, TrainingStatus, run_stage

CHECKPOINT_PERIOD = 10.0  # s between two writings of model and checkpoint


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """A model and how it came to be.

    ``errors`` has those of "features" and of "magnitudes" on "valid" and "test" frames (see ``measure.report``),
    ``stages`` one report a stage, ``notes`` lines that the user should read. ``path`` is where the model lies.
    """

    model: Autoencoder
    rows: list[EpochResult]
    stages: list[dict[str, Any]]
    errors: dict[str, dict[str, dict[str, float]]]
    notes: list[str]
    seconds: float
    stopped: bool = False
    path: Path | None = None


@dataclass(eq=False)
class TrainingObserver:
    """Who is told how a training goes, and who may end it."""

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
) -> TrainingResult:
    """Train an autoencoder on sound files, folders of them, patches, or frames that were collected before.

    ``recipe`` is a name, a file or plain data, changed by ``width``, ``epochs`` and ``sets`` (see
    ``recipe.load_recipe``). With ``output`` the best model so far is there at any time, with a checkpoint beside it
    from which ``resume`` goes on, and its loss as .csv and .png at the end. ``device`` is "cpu" or "cuda", else what
    there is. On the CPU the same seed gives the same weights. Ctrl-C ends the training, not the call.
    Raises LearnError.
    """
    observer = observer or TrainingObserver()
    chosen = _with_epochs(load_recipe(recipe, width, sets), epochs)
    path = _check_writable(Path(output)) if output is not None else None
    if resume and path is None:
        raise LearnError("to resume a training, name its model.")
    frames = audio if isinstance(audio, FrameSets) else _collect_frames(audio, chosen, seed, patch_seconds, observer)
    observer.notes += frames.skipped
    return _Training(chosen, frames, seed, _device(device), path, observer).run(resume)


class _Training:
    """The stages of a recipe one after the other, and what is kept of them."""

    def __init__(
        self,
        recipe: Recipe,
        frames: FrameSets,
        seed: int,
        device: torch.device,
        path: Path | None,
        observer: TrainingObserver,
    ) -> None:
        self.recipe, self.frames, self.seed, self.device = recipe, frames, seed, device
        self.path, self.observer = path, observer
        self.features = _fit_features(recipe, frames)
        self.train_frames, self.valid_frames, self.test_frames = (
            torch.from_numpy(apply_features(self.features, values)).to(device)
            for values in (frames.train, frames.valid, frames.test)
        )
        self.start = torch.Generator().manual_seed(seed)  # of weights; on the CPU, for the same ones everywhere
        self.key = checkpoints.key_of(recipe, seed, frames)
        self.pairs: list[LayerPair] = []
        self.rows: list[EpochResult] = []
        self.reports: list[dict[str, Any]] = []
        self.plan = _stages(recipe)
        self.number = 0
        self._kept = time.monotonic()
        self._failed = ""
        self._measures: dict[Any, Baselines] = {}

    def run(self, resume: bool) -> TrainingResult:
        torch.set_flush_denormal(True)  # units that are all but silent must not slow the others down
        try:
            return self._run(resume)
        finally:
            torch.set_flush_denormal(False)

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
        """Train one pair (``number``), or all of them together (None). False if it was stopped."""
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
                f"{name}: the loss left all bounds in epoch {stage.epoch}; the best before is kept. "
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
                "adjusted": errors["sum"] * self.features.bins / train.shape[1],  # as if there were as many as bins
            }
        )
        return finished

    def _baselines(self, network: Network, train: torch.Tensor) -> Baselines:
        """Made once for the same frames and width."""
        key = (train.data_ptr(), train.shape[1], network.pairs[-1].config.units)
        if key not in self._measures:
            self._measures = {key: Baselines.fit(train, key[2])}
        return self._measures[key]

    def _add_untrained_pairs(self) -> None:
        """New pairs for those that no stage has trained yet, each looking at what the one outside of it gives."""
        for number in range(len(self.pairs), len(self.recipe.layers)):
            inputs = self._encode_outer(self.train_frames, number)
            self.pairs.append(new_pair(self.recipe.layers[number], inputs, self.start))

    @torch.no_grad()
    def _encode_outer(self, frames: torch.Tensor, number: int) -> torch.Tensor:
        """What the pairs outside of pair ``number`` make of frames."""
        return frames if number == 0 else Network(self.pairs[:number]).encode(frames)

    def _resumed(self) -> checkpoints.Checkpoint:
        assert self.path is not None
        left = checkpoints.read_checkpoint(checkpoints.path_of(self.path), self.key, self.device)
        for number, tensors in enumerate(left.pairs):
            inputs = self._encode_outer(self.train_frames, number)
            self.pairs.append(new_pair(self.recipe.layers[number], inputs, self.start))
            Network(self.pairs[-1:]).restore(tensors)
        self.rows, self.reports = left.rows, left.reports
        return left

    # -- what is told and kept -----------------------------------------------------------------------------

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
        """Write the best model so far and where we stand; a full disk does not end the training."""
        if self.path is None or not (now or time.monotonic() - self._kept >= CHECKPOINT_PERIOD):
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
            self._failed = ""
        except (OSError, ModelError) as error:
            if not self._failed:
                self.observer.notes.append(f"the best model so far is in memory only: {error}")
            self._failed = str(error)
        finally:
            stage.network.restore(current)
        self._kept = time.monotonic()

    def _model(self, **more: Any) -> Autoencoder:
        """The pairs as they are now; while inner ones are not there yet, a network of fewer layers."""
        layers = [pair.layers() for pair in self.pairs]
        card = card_of(self.recipe, self.seed, self.frames, self.device, _widths(self.pairs), **more)
        encoder, decoder = tuple(pair[0] for pair in layers), tuple(pair[1] for pair in reversed(layers))
        return Autoencoder(self.features, encoder, decoder, card)

    def _build_result(self, stopped: bool) -> TrainingResult:
        bare, network = self._model(), Network(self.pairs)
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
        return TrainingResult(model, self.rows, self.reports, errors, self.observer.notes, seconds, stopped, path)

    def _save_model(self, model: Autoencoder, stopped: bool) -> Path:
        """The model at its place or, where that fails, at another: hours of work are not thrown away."""
        assert self.path is not None
        path = self.path
        try:
            model.save(path)
        except ModelError as error:
            path = Path(tempfile.mkdtemp(prefix="nodegraph-")) / self.path.name
            try:
                model.save(path)
            except ModelError:
                raise LearnError(str(error)) from None
            self.observer.notes.append(f"{error} The model is in {path} instead.")
            return path
        self.observer.notes += save_curve(self.rows, path)
        if not stopped:
            checkpoints.path_of(path).unlink(missing_ok=True)
        return path


def _widths(pairs: Sequence[LayerPair]) -> str:
    return "-".join(str(pair.config.units) for pair in pairs)


def _stages(recipe: Recipe) -> list[tuple[str, TrainingConfig, int | None]]:
    """Name, choices and pair (None: all) of each stage."""
    stages: list[tuple[str, TrainingConfig, int | None]] = []
    if recipe.pretraining is not None:
        stages = [(f"layer {i + 1}", recipe.pretraining, i) for i in range(len(recipe.layers))]
    if recipe.training.epochs:
        stages.append(("fine-tuning" if stages else "training", recipe.training, None))
    if not stages:
        raise LearnError(f"recipe {recipe.name}: trains nothing: training.epochs is 0 and there is no pretraining.")
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
    wanted = recipe.feature_settings()
    for name in ("rate", "size", "hop", "window"):
        if getattr(wanted, name) != getattr(frames.features, name):
            raise LearnError(
                f"recipe {recipe.name}: features.{name} is {getattr(wanted, name)}, but the frames were made "
                f"with {getattr(frames.features, name)}."
            )
    return fit_features(wanted, frames.train)


def _with_epochs(recipe: Recipe, epochs: int | None) -> Recipe:
    """``epochs`` for every stage that there is."""
    if epochs is None:
        return recipe
    sets = {}
    if recipe.training.epochs:
        sets["training.epochs"] = epochs
    if recipe.pretraining is not None:
        sets["pretraining.epochs"] = epochs
    return load_recipe(recipe, sets=sets)


def _check_writable(path: Path) -> Path:
    """Refuse a place that no model can be written to before hours are spent on it."""
    if path.is_dir():
        raise LearnError(f"{path}: is a folder. Name a file in it, such as {path / 'model.safetensors'}.")
    if not path.parent.is_dir():
        raise LearnError(f"{path}: there is no folder {path.parent}. Make it, or choose another place.")
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise LearnError(f"{path}: cannot be written. Choose another place.")
    return path


def _device(name: str | None) -> torch.device:
    if name in (None, "auto"):
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise LearnError(f"there is no device '{name}' here. Take cpu, or leave it out.") from None
    return device
