"""Mixtures: one sound's content in another's style.

A mixture is a spectrogram that minimises a loss: its distance from the content, and the distance of its statistics from
those of the style. ``mix`` reads two files and writes one; ``recipe`` configures it. A texture without content is a
loop, which ``texture`` makes. There are three kinds of losses:

    image_mixing: image_forms ──► vgg19 (weight_file) ──► image_losses ─────────────┐
    texture_mixing: pieces of log_bands ──► texture_losses, then refinement ────────┼─► search (optimise) ──► sound
    texture_loop: grains ──► circular spectra ──► texture_losses ───────────────────┘

torch is imported only when a mixture starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodegraph.lazy import lazy_names
from nodegraph.models.torch_import import require_torch

from .errors import MixtureError
from .recipe import MixRecipe, load_recipe, recipe_files

if TYPE_CHECKING:
    from .mixture import MixObserver, Mixture, mix, mix_sounds, texture, texture_of_sound

__all__ = [
    "MixObserver",
    "MixRecipe",
    "Mixture",
    "MixtureError",
    "load_recipe",
    "mix",
    "mix_sounds",
    "recipe_files",
    "texture",
    "texture_of_sound",
]

_LATE = ("MixObserver", "Mixture", "mix", "mix_sounds", "texture", "texture_of_sound")
__getattr__ = lazy_names(__name__, dict.fromkeys(_LATE, "mixture"), require_torch)
