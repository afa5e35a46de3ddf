"""Mixtures: one sound's content in another's style, from files to a file."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nodegraph.files.sound_output import SUBTYPES, SoundOutput, kind_of, write_sound
from nodegraph.learn.checkpoint import path_of, read_state, write_state
from nodegraph.learn.outputs import device_of
from nodegraph.measures.copying import copying

from .errors import MixtureError
from .image_mixing import image_mixing
from .mixing import Mixing
from .optimise import Search, Step, minimise
from .recipe import DEFAULT, MixRecipe, load_recipe, with_options
from .sounds import MixSource, read_source, source_of
from .texture_mixing import texture_mixing
from .vgg19 import random_weights
from .weight_file import read_weights

FLOAT_KINDS = {kind for kind, subtype in SUBTYPES.items() if subtype == "FLOAT"}


@dataclass
class MixObserver:
    """Callbacks of a mixture.

    ``note`` is called with each note for the user, ``plan`` before the optimisation, ``progress`` after each
    evaluation; ``stop`` returns whether to stop before the next one.
    """

    plan: Callable[[Mixing], None] = lambda mixing: None
    note: Callable[[str], None] = lambda text: None
    progress: Callable[[Step], None] = lambda step: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class Mixture:
    """A finished or stopped mixture: float32 (samples,) at ``rate`` Hz, and how it was made.

    ``terms`` are the weighted losses of the best spectrogram, ``start_terms`` those of the first one. ``weights`` is
    the source of the network: a file with its SHA-256, or a seed. ``correlation`` is the peak of the normalised
    cross-correlation with the content, 0–1.
    """

    samples: np.ndarray
    rate: float
    recipe: MixRecipe
    weights: str
    start_loss: float
    loss: float
    start_terms: dict[str, float]
    terms: dict[str, float]
    iterations: int
    stopped: bool
    seconds: float
    correlation: float
    notes: tuple[str, ...] = ()
    path: Path | None = None


@dataclass
class _Network:
    """The weights of the network, and their source."""

    source: str
    weights: Any = None
    digest: str = ""
    notes: list[str] = field(default_factory=list)


def mix(
    content: str | os.PathLike[str],
    style: str | os.PathLike[str],
    output: str | os.PathLike[str],
    recipe: str | os.PathLike[str] | MixRecipe = DEFAULT,
    *,
    quick: bool = False,
    seed: int = 0,
    seconds: float | None = None,
    iterations: int | None = None,
    weights: str | os.PathLike[str] | None = None,
    style_weight: float | None = None,
    resume: bool = False,
    device: str | None = None,
    observer: MixObserver | None = None,
) -> Mixture:
    """Write a sound file with the content of one file in the style of another.

    A checkpoint next to ``output`` is written after each round, and deleted when ``output`` is complete; ``resume``
    continues from it. A stopped mixture is also written. ``device`` is "cpu" or "cuda"; by default CUDA if available.
    Raises MixtureError, UnusableSoundError, SoundFileError, LearnError, and KeyboardInterrupt if it was stopped before
    its first evaluation.
    """
    observer = observer or MixObserver()
    chosen = with_options(load_recipe(recipe), quick, seconds, iterations, style_weight)
    target = Path(output)
    for path in (content, style):
        if target.exists() and Path(path).exists() and target.samefile(path):
            raise MixtureError(f"{target}: the output would overwrite a sound. Choose another name.")
    sources = [
        read_source(path, chosen.sound.rate, chosen.sound.seconds, chosen.sound.window) for path in (content, style)
    ]
    SoundOutput(target, chosen.sound.rate, 1, len(sources[0].samples) / chosen.sound.rate).discard()  # is it writable?
    mixture = _mixture(sources, chosen, seed, weights, observer, device_of(device), path_of(target), resume)
    write_sound(target, mixture.samples, mixture.rate)
    if kind_of(target) not in FLOAT_KINDS and (peak := float(np.abs(mixture.samples).max(initial=0.0))) > 1.0:
        mixture.notes += (f"the sound is clipped, its peak is {peak:.2g} of full scale. Write a .wav file instead",)
        observer.note(mixture.notes[-1])
    mixture.path = target
    if not mixture.stopped:
        path_of(target).unlink(missing_ok=True)
    return mixture


def mix_sounds(
    content: np.ndarray,
    style: np.ndarray,
    recipe: str | os.PathLike[str] | MixRecipe = DEFAULT,
    *,
    seed: int = 0,
    weights: str | os.PathLike[str] | None = None,
    device: str | None = None,
    observer: MixObserver | None = None,
) -> Mixture:
    """Return the mixture of two sounds, (samples,) or (samples, channels), at the sample rate of the recipe.

    Raises MixtureError, UnusableSoundError.
    """
    chosen = load_recipe(recipe)
    sources = [
        source_of(sound, chosen.sound.rate, chosen.sound.rate, chosen.sound.seconds, chosen.sound.window, name)
        for sound, name in ((content, "content"), (style, "style"))
    ]
    return _mixture(sources, chosen, seed, weights, observer or MixObserver(), device_of(device))


def _mixture(
    sources: list[MixSource],
    recipe: MixRecipe,
    seed: int,
    weights: str | os.PathLike[str] | None,
    observer: MixObserver,
    device: torch.device,
    checkpoint: Path | None = None,
    resume: bool = False,
) -> Mixture:
    began = time.perf_counter()
    network = _network(recipe, seed, weights)
    notes = [note for source in sources for note in source.notes] + network.notes
    for note in notes:
        observer.note(note)
    content, style = (source.samples for source in sources)
    if recipe.image is not None:
        mixing = image_mixing(content, style, recipe, network.weights, seed, device)
    else:
        mixing = texture_mixing(content, style, recipe, seed, device)
    observer.plan(mixing)
    search = Search(mixing.start)
    key = _key(recipe, seed, network.digest, content, style)
    if resume and checkpoint is not None:
        search = Search(**read_state(checkpoint, key, device, "mixture"))

    def store(search: Search) -> None:
        if checkpoint is None:
            return
        try:
            write_state(checkpoint, vars(search), key)
        except OSError as error:
            text = (
                f"{checkpoint.name}: no checkpoint could be written ({error.strerror or error}); the mixture continues"
            )
            if text not in notes:
                notes.append(text)
                observer.note(text)

    stopped = minimise(
        mixing.losses,
        search,
        recipe.search.iterations,
        recipe.search.optimiser,
        recipe.search.rate,
        recipe.search.rounds_of,
        observer.progress,
        store,
        observer.stop,
    )
    if stopped and not search.done:
        raise KeyboardInterrupt
    if stopped:
        store(search)
    if search.done and not math.isfinite(search.loss):
        raise MixtureError("the loss is not finite. Lower the weights of the recipe, or --style-weight.")
    samples = mixing.sound(search.best)
    return Mixture(
        samples=samples,
        rate=recipe.sound.rate,
        recipe=recipe,
        weights=network.source,
        start_loss=search.start_loss,
        loss=search.loss,
        start_terms=search.start_terms,
        terms=search.terms,
        iterations=search.done,
        stopped=stopped,
        seconds=time.perf_counter() - began,
        correlation=copying(content, samples)[0],
        notes=tuple(notes),
    )


def _network(recipe: MixRecipe, seed: int, weights: str | os.PathLike[str] | None) -> _Network:
    """Return the network of a recipe. Raises MixtureError."""
    if recipe.image is None:
        if weights is not None:
            raise MixtureError(f"recipe '{recipe.name}' uses no file of weights. Leave out --weights.")
        has_filters = recipe.texture is not None and recipe.texture.uses_filters
        return _Network(f"random filters of seed {seed}" if has_filters else "none, no network")
    if weights is not None:
        found, digest = read_weights(Path(weights), recipe.image.weights, recipe.image.width)
        return _Network(f"{Path(weights).name}, SHA-256 {digest}", found, digest)
    note = f"the weights of VGG-19 are random (seed {seed}), not those of ImageNet; use --weights FILE for those"
    return _Network(f"random, seed {seed}, not ImageNet", random_weights(seed, recipe.image.width), "", [note])


def _key(recipe: MixRecipe, seed: int, digest: str, content: np.ndarray, style: np.ndarray) -> str:
    """Return a hash of everything that must match to resume: all but the number of iterations."""
    plain = recipe.plain()
    plain["search"]["iterations"] = 0
    plain["name"] = plain["description"] = ""
    found = hashlib.sha256(json.dumps([plain, seed, digest], sort_keys=True).encode())
    for samples in (content, style):
        found.update(samples.tobytes())
    return found.hexdigest()
