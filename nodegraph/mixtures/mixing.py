"""A mixture as problems of optimisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nodegraph.spectral.griffin_lim import fast_griffin_lim
from nodegraph.spectral.offline_rtisi import momentum_rtisi, rtisi_la
from nodegraph.spectral.stft import istft
from nodegraph.spectral.windows import window

from .optimise import Terms
from .recipe import MixRecipe

WINDOW = "hann"
CPU = torch.device("cpu")
BASE_BYTES = 450e6  # of Python, torch and compiled functions


@dataclass(frozen=True)
class Problem:
    """A tensor to start from, and the terms of its loss.

    The loss that is reported of the start is that of ``origin``, if there is one: ``start`` may be optimised already.
    """

    start: Tensor
    losses: Callable[[Tensor], Terms]
    origin: Tensor | None = None


@dataclass(frozen=True)
class Mixing:
    """Problems of optimisation, one for each piece of the sound, and the sound of their results.

    ``sound`` returns float32 (samples,) or (samples, channels); of fewer tensors than problems, the start of the sound.
    ``bytes`` is an estimate of the memory of the process. ``refinement`` returns a second optimisation,
    which starts from the results of all problems.
    """

    problems: Sequence[Problem]
    sound: Callable[[Sequence[Tensor]], np.ndarray]
    bytes: float
    description: str
    refinement: Callable[[Sequence[Tensor]], Mixing] | None = None


def sound_of(magnitudes: np.ndarray, phase: np.ndarray, recipe: MixRecipe) -> np.ndarray:
    """Return a sound with magnitudes (bins, frames), by the method of a recipe; ``phase`` is that of the content."""
    sound, method = recipe.sound, recipe.phase
    weights = window(WINDOW, sound.window)
    if method.method == "rtisi_la":
        return rtisi_la(magnitudes, weights, sound.hop, method.look_ahead, method.iterations)
    if method.method == "momentum_rtisi":
        return momentum_rtisi(magnitudes, phase, weights, sound.hop, method.look_ahead, method.iterations)
    if sound.window != sound.size:  # a window of 0 after its end cannot be given by name
        step = sound.size // sound.window
        magnitudes, phase = magnitudes[::step], phase[::step]
    if method.method == "content":
        return istft(magnitudes * np.exp(1j * phase), sound.window, sound.hop, WINDOW)
    return fast_griffin_lim(magnitudes, sound.window, sound.hop, WINDOW, method.iterations, phase=phase)
