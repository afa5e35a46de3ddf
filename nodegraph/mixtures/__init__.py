"""Mixtures: one sound's content in another's style.

A mixture is a spectrogram that minimises a loss: its distance from the content, and the distance of its statistics from
those of the style. ``mix`` reads two files and writes one; ``recipe`` configures it. There are two kinds of losses:

    image_mixing: image_forms ──► vgg19 (weight_file) ──► image_losses ─┐
                                                                        ├─► optimise ──► mixing.sound_of
    texture_mixing: log_bands ──► (random filters) ──► texture_losses ──┘

torch is imported only when a mixture starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nodegraph.models.torch_import import require_torch

from .errors import MixtureError
from .recipe import MixRecipe, load_recipe, recipe_files

if TYPE_CHECKING:
    from .mixture import MixObserver, Mixture, mix, mix_sounds

__all__ = [
    "MixObserver",
    "MixRecipe",
    "Mixture",
    "MixtureError",
    "load_recipe",
    "mix",
    "mix_sounds",
    "recipe_files",
]


def __getattr__(name: str) -> Any:
    if name not in ("MixObserver", "Mixture", "mix", "mix_sounds"):
        raise AttributeError(f"module 'nodegraph.mixtures' has no attribute '{name}'")
    require_torch()
    from . import mixture as module

    return getattr(module, name)
