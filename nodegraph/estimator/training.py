"""Training of an estimator for a patch: fresh examples, network, calibration, evaluation, model file."""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nodegraph.graph import build_graph
from nodegraph.learn.checkpoint import read_state, write_state
from nodegraph.learn.errors import LearnError
from nodegraph.learn.outputs import check_writable, device_of, save_or_keep
from nodegraph.models.estimator import Calibration, Estimator, layout_of, standardise
from nodegraph.models.estimator_layout import weight_count
from nodegraph.models.estimator_network import EstimatorNetwork, network_tensors
from nodegraph.models.parameters import Parameter, to_unit
from nodegraph.models.sound_features import SoundFeatureSettings
from nodegraph.patch import Document, read_patch

from . import training_checkpoint as checkpoints
from .augmentation import Augmentation
from .calibration import fit_calibration, hear
from .comparison import compare_with_search
from .evaluation import evaluate
from .example_stream import CHUNK, ExampleChunk, ExampleSource, ExampleStream
from .examples import examples as draw_examples
from .losses import Batch, losses_of
from .parameters import parameters_of
from .patch_record import record_of
from .probe import Probe
from .probe import probe as probe_patch
from .recipe import FRAMES, EstimatorRecipe, load_recipe
from .rendering import BatchRenderer
from .standardisation import Standardisation
from .subpatch import part_of
from .symmetry import symmetry_of
from .targets import class_places
from .training_card import card_of

CALIBRATION_CHUNKS = 4  # of held-out examples to calibrate with, and as many to evaluate
CHECKPOINT_PERIOD = 20.0  # seconds between two checkpoints
FIRST_RATE = 0.05  # share of the rate in the first step
MAX_KEPT = 128  # chunks that can be seen again, half a gigabyte
MAX_REPEATS = 7  # chunks that are seen again for each new one
HELD_OUT = 1 << 48  # added to the seed of the examples that are not trained on
SHOWN = 0.02  # weight of a step in the loss that is shown


@dataclass(frozen=True)
class EstimatorStatus:
    """The progress of a training: ``done`` is its share (0–1), ``speed`` the examples per second, ``loss`` recent."""

    done: float
    examples: int
    speed: float
    loss: float


@dataclass(eq=False)
class EstimatorObserver:
    """Callbacks that report the progress of a training, or stop it; ``notes`` are messages for the user."""

    progress: Callable[[EstimatorStatus], None] | None = None
    stop: Callable[[], bool] = lambda: False
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class TrainedEstimator:
    """A trained estimator. ``path`` is its file, or None; ``stopped`` if the training was stopped before its end."""

    model: Estimator
    seconds: float
    examples: int
    stopped: bool = False
    path: Path | None = None
    notes: tuple[str, ...] = ()


def train_estimator(
    patch: str | os.PathLike[str] | Document,
    output: str | os.PathLike[str] | None = None,
    parameters: Sequence[str] | None = None,
    recipe: str | os.PathLike[str] | EstimatorRecipe = "quick",
    minutes: float | None = None,
    examples: int | None = None,
    seed: int = 0,
    resume: bool = False,
    device: str | None = None,
    threads: int | None = None,
    compare: bool = True,
    observer: EstimatorObserver | None = None,
    subpatch: str = "",
) -> TrainedEstimator:
    """Train an estimator of the parameters of a patch, and write it to ``output``.

    First the patch is probed: which parameters are interchangeable, which are inaudible, and under which switch. What
    cannot be heard is not trained.

    ``parameters`` are names of controls; by default all. The training ends after ``minutes`` or ``examples``; by
    default those of the recipe. With ``examples`` each is seen once, and on the CPU the same seed gives the same
    weights; without, earlier ones are seen again while the next ones are rendered. Every 20 s a checkpoint is written
    next to ``output``, which ``resume`` continues from. ``device`` is "cpu" or "cuda"; by default CUDA if available.
    ``threads`` are those of the network; by default all cores but one, which renders the examples. With ``compare`` the
    card says what the model adds to a search without it. ``subpatch`` is the path of a subpatch, such as "band/voice",
    that is heard by itself instead of the whole patch. Raises LearnError, ParameterError, SilentPatchError or
    PatchError.
    """
    observer = observer or EstimatorObserver()
    chosen = _with_budget(load_recipe(recipe), minutes, examples)
    path = check_writable(Path(output)) if output is not None else None
    if resume and path is None:
        raise LearnError("resume needs the model file of the training. Pass its path as output.")
    document, file = (patch, None) if isinstance(patch, Document) else (read_patch(patch), Path(patch))
    document = part_of(document, subpatch, file)
    found = parameters_of(document, parameters, file)
    training = _Training(document, file, found, chosen, seed, device_of(device), observer, compare)
    used = torch.get_num_threads()
    torch.set_num_threads(threads or max((os.cpu_count() or 2) - 1, 1))
    torch.set_flush_denormal(True)  # denormal numbers are slow
    try:
        return training.run(path, resume)
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(used)
        training.source.renderer.close()


class _Training:
    """A running training."""

    def __init__(
        self,
        document: Document,
        file: Path | None,
        parameters: tuple[Parameter, ...],
        recipe: EstimatorRecipe,
        seed: int,
        device: torch.device,
        observer: EstimatorObserver,
        compare: bool,
    ) -> None:
        self.names = [parameter.name for parameter in parameters]
        self.document, self.file, self.compare = document, file, compare
        self.recipe, self.seed, self.device, self.observer = recipe, seed, device, observer
        sound, self.parameters = recipe.sound, parameters
        samples = round(sound.seconds * sound.rate)
        self.features = SoundFeatureSettings(
            sound.rate, sound.seconds, sound.size, max(-(-samples // FRAMES), 16), sound.bands
        )
        self.layout = layout_of(
            parameters,
            self.features,
            **{name: getattr(recipe.network, name) for name in recipe.network.__struct_fields__},
        )
        self.record = record_of(document, parameters)
        renderer = BatchRenderer(document, parameters, sound.seconds, sound.rate, file)
        self.source = ExampleSource(renderer, self.features, Augmentation(samples, sound.rate), seed)
        torch.manual_seed(seed)  # initial weights
        self.network = EstimatorNetwork(self.layout).to(device)
        if device.type == "cpu":
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.generator = torch.Generator().manual_seed(seed)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), recipe.training.rate, weight_decay=recipe.training.weight_decay, fused=True
        )
        self.standardisation = Standardisation()
        self.counts = torch.tensor(self.layout.classes, device=device)
        self.chunks, self.trained, self.seconds, self.loss = 0, 0, 0.0, math.nan
        self._kept: deque[ExampleChunk] = deque(maxlen=MAX_KEPT)
        self._saved_at, self._save_error = time.monotonic(), ""
        self.key = checkpoints.key_of(recipe, seed, self.record, self.names)

    @property
    def done(self) -> float:
        """The share that is finished (0–1): of the minutes, or of the examples if these are used up first."""
        by_time = self.seconds / (60.0 * self.recipe.training.minutes)
        return min(max(by_time, self._done_examples or 0.0), 1.0)

    @property
    def _done_examples(self) -> float | None:
        """The share of the examples that is finished (0–1), None if the training has no number of examples."""
        count = self.recipe.training.examples
        return min(self.chunks * CHUNK / count, 1.0) if count else None

    def run(self, path: Path | None, resume: bool) -> TrainedEstimator:
        checkpoint = checkpoints.path_of(path) if path is not None else None
        if resume and checkpoint is not None:
            self._restore(read_state(checkpoint, self.key, self.device))
        else:
            self._use(probe_patch(self.source.renderer))
        stopped = not self._train(checkpoint)
        if stopped and not self.chunks:
            raise KeyboardInterrupt
        if checkpoint is not None:
            self._save_checkpoint(checkpoint)
        model = self._finished_model(stopped)
        if path is not None:
            path, note = save_or_keep(model.save, path)
            if note:
                self.observer.notes.append(note)
            elif checkpoint is not None and not stopped:
                checkpoint.unlink(missing_ok=True)
        notes = tuple(self.observer.notes)
        return TrainedEstimator(model, self.seconds, self.chunks * CHUNK, stopped, path, notes)

    def _use(self, found: Probe) -> None:
        """Use what the probe of the patch found."""
        if len(found.inaudible) == len(self.names):
            draw_examples(self.source.renderer, self.parameters, self.seed, range(1))  # raises if all is silent
            raise LearnError("no parameter is audible. Name others, or check the ranges of the controls.")
        self.probe = found
        self.source = replace(self.source, audible=found.audible)
        self.groups = [np.array(exchange.members) for exchange in found.symmetry.exchanges]

    # -- training ------------------------------------------------------------------------------------------

    def _train(self, checkpoint: Path | None) -> bool:
        """Train until the time is over. Return False if the training was stopped."""
        self.network.train()
        with ExampleStream(self.source, self.chunks) as stream:
            started, before = time.monotonic(), self.seconds
            chunks = iter(stream)
            while self.done < 1.0:
                try:
                    if self.observer.stop():
                        return False
                    self._chunk(next(chunks))
                    if self.recipe.training.examples is None:
                        self._repeat(stream)
                except KeyboardInterrupt:
                    return False
                self.seconds = before + time.monotonic() - started
                if checkpoint is not None and time.monotonic() - self._saved_at >= CHECKPOINT_PERIOD:
                    self._save_checkpoint(checkpoint)
                if self.observer.progress:
                    examples = self.chunks * CHUNK
                    status = EstimatorStatus(self.done, examples, examples / max(self.seconds, 1e-3), self.loss)
                    self.observer.progress(status)
        return True

    def _chunk(self, chunk: ExampleChunk) -> None:
        """Train on all examples of a new chunk."""
        self.standardisation.update(chunk.features)
        self._train_on(chunk)
        self.chunks += 1
        if self.recipe.training.examples is None:
            self._kept.append(chunk)

    def _repeat(self, stream: ExampleStream) -> None:
        """Train on chunks again that were kept, until the next one is rendered."""
        for _ in range(MAX_REPEATS):
            if stream.is_ready or self.observer.stop():
                return
            chosen = int(torch.randint(len(self._kept), (), generator=self.generator))
            self._train_on(self._kept[chosen])

    def _train_on(self, chunk: ExampleChunk) -> None:
        whole = self.batch_of(chunk)
        order = torch.randperm(CHUNK, generator=self.generator).to(self.device)
        for rows in order.split(self.recipe.training.batch):
            self._step(Batch(*(part[rows] for part in whole)))
        self.trained += CHUNK

    def batch_of(self, chunk: ExampleChunk) -> Batch:
        """Return a chunk as tensors on the device of the training."""
        features = standardise(chunk.features, self.standardisation.tensors())
        places = class_places(self.parameters, chunk.values)
        parts = (*features, chunk.noise, places, to_unit(self.parameters, chunk.values), chunk.audible)
        return Batch(*(torch.from_numpy(np.ascontiguousarray(p, np.float32)).to(self.device) for p in parts))

    def _step(self, batch: Batch) -> None:
        config, done = self.recipe.training, self._done_examples
        for group in self.optimiser.param_groups:
            # by examples if it has a number of them, so that a seed gives the same weights on any machine
            group["lr"] = config.rate * rate_factor(self.done if done is None else done, config.warm_up)
        losses = losses_of(self.network, batch, self.counts, self.groups, self.generator)
        self.optimiser.zero_grad(set_to_none=True)
        (losses.classes + config.flow_weight * losses.flow).backward()
        self.optimiser.step()
        value = float(losses.classes.detach())
        self.loss = value if math.isnan(self.loss) else self.loss + SHOWN * (value - self.loss)

    # -- model and checkpoint ------------------------------------------------------------------------------

    def model(self, **more: Any) -> Estimator:
        """Return the current network as a model that is not calibrated."""
        weights = {f"network.{name}": values for name, values in network_tensors(self.network).items()}
        return Estimator(
            self.parameters,
            self.features,
            self.layout,
            self.record,
            Calibration(*((1.0,) * len(self.parameters),) * 2),
            weights | self.standardisation.tensors(),
            tuple(tuple(tuple(self.names[i] for i in unit) for unit in group.tolist()) for group in self.groups),
            tuple(self.names[i] for i in self.probe.inaudible),
            **more,
        )

    def _finished_model(self, stopped: bool) -> Estimator:
        self.network.eval()
        source = replace(self.source, seed=self.seed + HELD_OUT)
        plain = self.model()
        model = fit_calibration(plain, hear(plain, source, 0, CALIBRATION_CHUNKS))
        held_out = hear(plain, source, CALIBRATION_CHUNKS, CALIBRATION_CHUNKS)
        results = evaluate(model, held_out, source, 2 * CALIBRATION_CHUNKS)
        training = {
            "examples": self.chunks * CHUNK,
            "seen": round(self.trained / (self.chunks * CHUNK), 2),
            "seconds": round(self.seconds, 1),
            "weights": weight_count(self.layout),
            "stopped": stopped,
        }
        if self.compare and not stopped:
            results["search"] = compare_with_search(model, self.document, self.file, source, 2 * CALIBRATION_CHUNKS)
        card = card_of(self.recipe, self.seed, self.device, training, self.probe.describe(), results)
        return replace(model, card=card)

    def _save_checkpoint(self, path: Path) -> None:
        """Write a checkpoint; a full disk does not end the training."""
        state = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "count": self.standardisation.count,
            "sums": {name: torch.from_numpy(np.array(values)) for name, values in self.standardisation.sums.items()},
            "probe": checkpoints.probe_state(self.probe),
            "chunks": self.chunks,
            "trained": self.trained,
            "seconds": self.seconds,
            "loss": self.loss,
        }
        try:
            write_state(path, state, self.key)
            self._save_error = ""
        except OSError as error:
            if not self._save_error:
                self.observer.notes.append(f"{path}: no checkpoint can be written ({error.strerror or error}).")
            self._save_error = str(error)
        self._saved_at = time.monotonic()

    def _restore(self, state: dict[str, Any]) -> None:
        renderer = self.source.renderer
        symmetry = symmetry_of(build_graph(renderer.document, renderer.rate, renderer.path), self.parameters)
        self._use(checkpoints.probe_of(state["probe"], self.parameters, symmetry))
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.generator.set_state(state["generator"].cpu())
        self.standardisation = Standardisation(state["count"], {n: v.cpu().numpy() for n, v in state["sums"].items()})
        self.chunks, self.trained = state["chunks"], state["trained"]
        self.seconds, self.loss = state["seconds"], state["loss"]


def rate_factor(done: float, warm_up: float) -> float:
    """Return the factor of the rate when the share ``done`` (0–1) of the training is finished: a single cycle."""
    if done < warm_up:
        return FIRST_RATE + (1.0 - FIRST_RATE) * done / warm_up
    return 0.5 + 0.5 * math.cos(math.pi * (done - warm_up) / max(1.0 - warm_up, 1e-9))


def _with_budget(recipe: EstimatorRecipe, minutes: float | None, examples: int | None) -> EstimatorRecipe:
    import msgspec

    changes: dict[str, Any] = {}
    if minutes is not None:
        changes["minutes"] = minutes
    if examples is not None:
        changes["examples"] = examples
    return msgspec.structs.replace(recipe, training=msgspec.structs.replace(recipe.training, **changes))
