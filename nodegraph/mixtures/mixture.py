"""Mixtures: one sound's content in another's style, and loops with the style alone, from files to a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from nodegraph.files.depths import AUTO
from nodegraph.files.sound_format import clipping, format_of
from nodegraph.files.sound_output import SoundOutput, write_sound
from nodegraph.learn.checkpoint import path_of
from nodegraph.learn.outputs import device_of

from .errors import MixtureError
from .recipe import DEFAULT, MixRecipe, Start, load_recipe, with_options
from .search import MixObserver
from .sounds import read_source, source_of
from .work import Mixture, Work, make_mixture

__all__ = ["MixObserver", "Mixture", "mix", "mix_sounds", "texture", "texture_of_sound"]

LOOP_SECONDS, MAX_LOOP_SECONDS = 8.0, 600.0


def mix(
    content: str | os.PathLike[str],
    style: str | os.PathLike[str],
    output: str | os.PathLike[str],
    recipe: str | os.PathLike[str] | MixRecipe = DEFAULT,
    *,
    quick: bool = False,
    preview: bool = False,
    seed: int = 0,
    seconds: float | None = None,
    iterations: int | None = None,
    weights: str | os.PathLike[str] | None = None,
    content_weight: float | None = None,
    style_weight: float | None = None,
    start: Start | None = None,
    resume: bool = False,
    device: str | None = None,
    depth: str = AUTO,
    observer: MixObserver | None = None,
) -> Mixture:
    """Write a sound file with the content of one file in the style of another.

    The options are those of :func:`.recipe.with_options`. A checkpoint next to ``output`` is written after each round,
    and deleted when ``output`` is complete; ``resume`` continues from it. A stopped mixture is also written: of a sound
    in pieces, the pieces so far. ``device`` is "cpu" or "cuda"; by default CUDA if available. ``depth`` is
    one of ``DEPTHS``. Raises MixtureError,
    UnusableSoundError, SoundFileError, LearnError, and KeyboardInterrupt if it was stopped before its first evaluation.
    """
    chosen = with_options(
        load_recipe(recipe),
        quick,
        seconds,
        iterations,
        style_weight,
        content_weight=content_weight,
        start=start,
        preview=preview,
    )
    target = Path(output)
    _check_output(target, content, style)
    work = Work(
        content=read_source(content, chosen),
        style=read_source(style, chosen),
        recipe=chosen,
        seed=seed,
        weights=weights,
        observer=observer or MixObserver(),
        device=device_of(device),
        checkpoint=path_of(target),
        resume=resume,
    )
    return _to_file(work, target, depth)


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
    work = Work(
        content=source_of(content, chosen.sound.rate, chosen, "content"),
        style=source_of(style, chosen.sound.rate, chosen, "style"),
        recipe=chosen,
        seed=seed,
        weights=weights,
        observer=observer or MixObserver(),
        device=device_of(device),
    )
    return make_mixture(work)


def texture(
    style: str | os.PathLike[str],
    output: str | os.PathLike[str],
    seconds: float = LOOP_SECONDS,
    recipe: str | os.PathLike[str] | MixRecipe = DEFAULT,
    *,
    preview: bool = False,
    seed: int = 0,
    iterations: int | None = None,
    resume: bool = False,
    device: str | None = None,
    depth: str = AUTO,
    observer: MixObserver | None = None,
) -> Mixture:
    """Write a loop of some seconds with the texture of a sound file, which repeats without a seam.

    The options and errors are those of :func:`mix`.
    """
    chosen = with_options(_texture_recipe(recipe), iterations=iterations, preview=preview)
    target = Path(output)
    _check_output(target, style)
    work = Work(
        content=None,
        style=read_source(style, chosen),
        loop_samples=_loop_samples(seconds, chosen),
        recipe=chosen,
        seed=seed,
        observer=observer or MixObserver(),
        device=device_of(device),
        checkpoint=path_of(target),
        resume=resume,
    )
    return _to_file(work, target, depth)


def texture_of_sound(
    style: np.ndarray,
    seconds: float = LOOP_SECONDS,
    recipe: str | os.PathLike[str] | MixRecipe = DEFAULT,
    *,
    seed: int = 0,
    device: str | None = None,
    observer: MixObserver | None = None,
) -> Mixture:
    """Return a loop with the texture of a sound, (samples,) or (samples, channels), at the rate of the recipe.

    Raises MixtureError, UnusableSoundError.
    """
    chosen = _texture_recipe(recipe)
    work = Work(
        content=None,
        style=source_of(style, chosen.sound.rate, chosen, "style"),
        loop_samples=_loop_samples(seconds, chosen),
        recipe=chosen,
        seed=seed,
        observer=observer or MixObserver(),
        device=device_of(device),
    )
    return make_mixture(work)


def _texture_recipe(recipe: str | os.PathLike[str] | MixRecipe) -> MixRecipe:
    chosen = load_recipe(recipe)
    if chosen.texture is None:
        raise MixtureError(f"recipe '{chosen.name}' makes no loops. Use the recipe '{DEFAULT}'.")
    return chosen


def _loop_samples(seconds: float, recipe: MixRecipe) -> int:
    least = recipe.sound.window / recipe.sound.rate
    if not least <= seconds <= MAX_LOOP_SECONDS:
        raise MixtureError(
            f"a loop must last {least:.2g}–{MAX_LOOP_SECONDS:g} s, got {seconds:g} s. Choose another duration."
        )
    return round(seconds * recipe.sound.rate)


def _check_output(target: Path, *sounds: str | os.PathLike[str]) -> None:
    for path in sounds:
        if target.exists() and Path(path).exists() and target.samefile(path):
            raise MixtureError(f"{target}: the output would overwrite a sound. Choose another name.")


def _to_file(work: Work, target: Path, depth: str) -> Mixture:
    """Return a mixture that is also in a file; its checkpoint is deleted if it is complete."""
    rate = work.recipe.sound.rate
    SoundOutput(target, rate, work.channels, work.samples / rate, depth).discard()  # is it writable?
    mixture = make_mixture(work)
    write_sound(target, mixture.samples, mixture.rate, depth)
    if remark := clipping(format_of(target, depth), float(np.abs(mixture.samples).max(initial=0.0))):
        mixture.notes += (f"{target.name}: {remark}",)
        work.observer.note(mixture.notes[-1])
    mixture.path = target
    if not mixture.stopped:
        path_of(target).unlink(missing_ok=True)
    return mixture
