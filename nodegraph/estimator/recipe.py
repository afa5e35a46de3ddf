"""Recipes: all configuration of the training of an estimator, as plain data in one TOML file.

Recipes in ``nodegraph/estimator/recipes/`` are found by name; adding a file adds a recipe. Every entry has a default,
defined here.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from nodegraph.learn.errors import LearnError
from nodegraph.learn.recipe_file import files_in, read_recipe
from nodegraph.models.estimator_layout import Count
from nodegraph.models.sound_features import Rate

FOLDER = Path(__file__).parent / "recipes"
FRAMES = 64  # spectra of a sound

Positive = Annotated[float, Meta(gt=0.0, le=1e6)]


class SoundConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """The sounds: ``seconds`` at ``rate`` Hz, heard as ``bands`` mel bands of spectra of ``size`` samples."""

    rate: Rate = 16384.0
    seconds: Annotated[float, Meta(ge=0.05, le=30.0)] = 1.0
    size: Annotated[int, Meta(ge=64, le=8192, multiple_of=2)] = 512
    bands: Annotated[int, Meta(ge=8, le=256)] = 64


class NetworkConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes of the network: see :class:`nodegraph.models.estimator_layout.Layout`."""

    channels: tuple[Count, ...] = (32, 64, 96, 128, 128)
    strides: tuple[tuple[Count, Count], ...] = ((2, 2),) * 5
    hidden: Count = 384
    flow_width: Annotated[int, Meta(ge=16, le=512, multiple_of=16)] = 64
    flow_layers: Annotated[int, Meta(ge=1, le=8)] = 2


class EstimatorConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the optimisation: AdamW with a one-cycle schedule.

    The training ends after ``minutes``, or after ``examples`` if they are not None. The rate rises linearly to
    ``rate`` during the share ``warm_up``, then falls to 0 along a cosine.
    """

    minutes: Positive = 15.0
    examples: Annotated[int, Meta(ge=1)] | None = None
    batch: Literal[4, 8, 16, 32, 64, 128, 256] = 32
    rate: Positive = 2e-3
    weight_decay: Annotated[float, Meta(ge=0.0, le=10.0)] = 0.01
    warm_up: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.1
    flow_weight: Annotated[float, Meta(ge=0.0, le=100.0)] = 1.0


class EstimatorRecipe(Struct, frozen=True, forbid_unknown_fields=True):
    """All configuration of a training."""

    name: str = ""
    description: str = ""
    sound: SoundConfig = SoundConfig()
    network: NetworkConfig = NetworkConfig()
    training: EstimatorConfig = EstimatorConfig()

    def plain(self) -> dict[str, Any]:
        """Return the recipe as JSON-compatible data."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


@cache
def recipe_files() -> dict[str, Path]:
    """Return the built-in recipes: name → file."""
    return files_in(FOLDER)


def load_recipe(recipe: str | os.PathLike[str] | EstimatorRecipe) -> EstimatorRecipe:
    """Load a recipe by name or from a .toml file. Raises LearnError."""
    if isinstance(recipe, EstimatorRecipe):
        return recipe
    found, path = read_recipe(recipe, EstimatorRecipe, recipe_files(), LearnError)
    if len(found.network.channels) != len(found.network.strides):
        raise LearnError(f"{path}: network.strides must have an entry for each of network.channels. Correct the file.")
    return found
