"""Recipes: all configuration of a training, as plain data in one TOML or JSON file.

Recipes in ``nodegraph/learn/recipes/`` are found by name; adding a file adds a recipe. Every entry has a default,
defined here. ``[layer]`` holds the common entries of all ``[[layers]]``; ``[by_width.64]`` holds changes that apply if
the innermost layer has 64 units or more (only the widest matching entry applies).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from nodegraph.files.records import RecordError, read_json, read_toml, record_of
from nodegraph.files.wording import suggest
from nodegraph.models.autoencoder import MAX_LAYERS, Features
from nodegraph.models.model_file import ModelError

from .errors import LearnError
from .recipe_file import files_in

FOLDER = Path(__file__).parent / "recipes"
MAX_WIDTH = 16384

Activation = Literal["sigmoid", "relu", "leaky", "linear"]
Initialiser = Literal["uniform", "truncated_normal", "glorot", "he", "mean", "pca", "whitened", "mirrored", "identity"]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Meta(ge=0.0, le=1e9)]
Positive = Annotated[float, Meta(gt=0.0, le=1e9)]
Epochs = Annotated[int, Meta(ge=0, le=1_000_000)]
Units = Annotated[int, Meta(ge=1, le=MAX_WIDTH)]


class FeatureConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the features: see :class:`nodegraph.models.autoencoder.Features`."""

    rate: float = 22050.0
    size: int = 2048
    hop: int = 512
    window: str = "hann"
    power: float = 1.0
    log: bool = False
    floor: float = 1e-4
    normalise: str = "global"
    spacing: str = "linear"
    bands: int = 0


class FrameConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Selection of frames: at most ``most``, and none below ``silence`` dB."""

    most: Annotated[int, Meta(ge=60, le=100_000_000)] = 70_000
    silence: Annotated[float, Meta(ge=-300.0, le=0.0)] = -60.0


class LayerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A pair of dense layers: an encoder layer with ``units`` units, and its decoder layer.

    ``initialiser``: "uniform" (within ±range/2), "truncated_normal" (standard deviation ``range``, cut at two),
    "glorot", "he", "mean" (truncated normal, shifted so that the output is the mean of the frames), "pca" (the
    principal components of the frames), "whitened" (these, with equal variances), "mirrored" (these, by two leaky or
    ReLU units for each, one of its negative; also of a linear code inside of such units) or "identity" (a sigmoid unit
    for each input and back, for codes about as wide as the inputs). ``non_negative`` shifts or folds initial weights to
    0 or above.
    ``corruption`` is the noise on the input of the pair, and ``noise`` its amount: the standard deviation (gaussian) or
    the share of the inputs (dropout, salt_and_pepper). ``dropout`` is the share of units that are dropped. The loss
    adds ``l2`` times the sum of squared weights and ``activity`` times the sum of |units|. After each step, weights
    below 0 shrink by ``decay_negative`` (1: they become 0) and others by ``decay_positive``; biases too if
    ``decay_biases``.
    """

    units: Units
    encoder: Activation = "sigmoid"
    decoder: Activation = "linear"
    slope: Share = 0.01
    bias: bool = True
    tied: bool = False
    initialiser: Initialiser = "glorot"
    range: Positive = 0.05
    non_negative: bool = False
    corruption: Literal["none", "gaussian", "dropout", "salt_and_pepper"] = "none"
    noise: NotNegative = 0.0
    dropout: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0
    l2: NotNegative = 0.0
    activity: NotNegative = 0.0
    decay_negative: Share = 0.0
    decay_positive: Share = 0.0
    decay_biases: bool = False


class TrainingConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the optimisation.

    ``loss`` is summed or averaged over bins (``reduction``), and the right ``rate`` depends on it. ``schedule`` of the
    rate: constant, or cosine or linear down to ``last_rate`` times the rate. The rate rises from 0 during the share
    ``warm_up`` of the epochs, and stays constant for the share ``hold``.
    The schedule counts epochs, not time: ``minutes`` change when a training ends, not its steps.
    ``precision`` is that of the products in a training step; "bfloat16" is about twice as fast on processors that have
    it, and float32 elsewhere. Weights are float32.
    ``momentum`` changes linearly to ``last_momentum`` if that is given. Training ends after ``epochs``, after
    ``minutes``, or when the validation loss fell by less than ``improvement`` (a share) in ``patience`` epochs; a
    ``patience`` of 0 disables this.
    """

    epochs: Epochs = 100
    loss: Literal["squared", "cross_entropy", "spectral_convergence"] = "squared"
    reduction: Literal["sum", "mean"] = "mean"
    optimiser: Literal["sgd", "adam"] = "adam"
    rate: Positive = 1e-3
    momentum: Share = 0.9
    last_momentum: Share | None = None
    batch: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    precision: Literal["float32", "bfloat16"] = "float32"
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    last_rate: Share = 0.01
    hold: Share = 0.0
    warm_up: Share = 0.0
    patience: Epochs = 0
    improvement: Share = 0.001
    minutes: Positive | None = None


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """All configuration of a training.

    With ``pretraining``, each pair of layers is first trained alone, on the units of the pair outside of it.
    ``training`` then trains all pairs together; it is skipped if its epochs are 0.
    """

    layers: Annotated[tuple[LayerConfig, ...], Meta(min_length=1, max_length=MAX_LAYERS)]
    name: str = ""
    description: str = ""
    source: str = ""
    features: FeatureConfig = FeatureConfig()
    frames: FrameConfig = FrameConfig()
    training: TrainingConfig = TrainingConfig()
    pretraining: TrainingConfig | None = None

    @property
    def widths(self) -> str:
        """``256-8``: the units from the outermost layer to the innermost."""
        return "-".join(str(layer.units) for layer in self.layers)

    def plain(self) -> dict[str, Any]:
        """Return the recipe as JSON-compatible data."""
        return msgspec.json.decode(msgspec.json.encode(self))

    def identity(self) -> dict[str, Any]:
        """Return everything that affects a training: the recipe without its texts (description, source)."""
        plain = self.plain()
        del plain["description"], plain["source"]
        return plain

    def feature_settings(self) -> Features:
        """Return the features, not yet fitted (no offset and scale). Raises LearnError."""
        try:
            return Features(**msgspec.structs.asdict(self.features))
        except ModelError as error:
            raise LearnError(f"recipe {self.name}: features.{error}") from None


@cache
def recipe_files() -> dict[str, Path]:
    """Return the built-in recipes: name → file."""
    return files_in(FOLDER)


def load_recipe(
    recipe: str | os.PathLike[str] | Mapping[str, Any] | Recipe,
    width: int | str | None = None,
    sets: Mapping[str, Any] | Iterable[str] = (),
) -> Recipe:
    """Load a recipe by name, from a .toml or .json file, or from plain data. Raises LearnError.

    ``width`` is the number of units of the innermost layer, or of all layers (``"256-8"``). ``sets`` changes entries,
    ``{"training.rate": 1e-4}`` or ``["training.rate=1e-4"]``; a number in a path is an index into a list.
    """
    if isinstance(recipe, Recipe):
        name, data = recipe.name, recipe.plain()
    elif isinstance(recipe, Mapping):
        name, data = str(recipe.get("name", "given")), _copy(recipe)
    else:
        name, data = _read(recipe)
    changes = dict(sets) if isinstance(sets, Mapping) else dict(_setting(text) for text in sets)
    by_width = data.pop("by_width", {})
    innermost = _code_width(data, width)
    changed = _at_width(name, by_width, innermost)
    for path, value in changed.items():
        _apply(name, data, path, _copy(value))
    _apply_width(name, data, innermost if width is None and changed else width)
    for path, value in changes.items():
        _apply(name, data, path, value)
    common = data.pop("layer", {})
    layers = data.get("layers")
    if isinstance(layers, list) and isinstance(common, dict):
        data["layers"] = [{**common, **layer} if isinstance(layer, dict) else layer for layer in layers]
    data["name"] = name
    try:
        made = record_of(data, Recipe)
    except RecordError as error:
        raise LearnError(f"recipe {name}: {error}") from None
    _check(made)
    return made


# -- reading -----------------------------------------------------------------------------------------------


def _read(recipe: str | os.PathLike[str]) -> tuple[str, dict[str, Any]]:
    known = recipe_files()
    path = known.get(str(recipe)) or Path(recipe)
    if not path.is_file():
        if path.suffix.lower() in (".toml", ".json") or len(path.parts) > 1:
            raise LearnError(f"{path}: recipe file not found. Check the path.")
        raise LearnError(f"unknown recipe '{path}'.{suggest(str(path), known)} Recipes are {', '.join(known)}.")
    try:
        found = read_json(path) if path.suffix.lower() == ".json" else read_toml(path)
    except RecordError as error:
        raise LearnError(str(error)) from None
    if not isinstance(found, dict):
        raise LearnError(f"{path}: the recipe must be an object with entries such as features and layers.")
    return path.stem, found


def _copy(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list | tuple) else data


# -- changes -----------------------------------------------------------------------------------------------


def _setting(text: str) -> tuple[str, Any]:
    """Split ``training.rate=1e-4`` into path and value; a value that is not JSON is a string."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise LearnError(f"invalid setting '{text}'. Write ENTRY=VALUE, such as training.rate=0.001.")
    try:
        return path.strip(), json.loads(value)
    except (ValueError, RecursionError):
        return path.strip(), value.strip()


def _apply(name: str, data: dict[str, Any], path: str, value: Any) -> None:
    """Set the entry at a path such as ``layers.0.units``."""
    at: Any = data
    *steps, last = path.split(".")
    if steps == ["layer"]:  # a changed common entry overrides those of the layers
        for layer in data.get("layers", []):
            if isinstance(layer, dict):
                layer.pop(last, None)
    for step in steps:
        if isinstance(at, list) and step.isdecimal() and int(step) < len(at):
            at = at[int(step)]
        elif isinstance(at, dict):
            at = at.setdefault(step, {})
            if at is None:
                at = data[step] = {}
        else:
            raise LearnError(f"recipe {name}: unknown entry '{path}'. Check its spelling.")
    if not isinstance(at, dict):
        raise LearnError(f"recipe {name}: unknown entry '{path}'. Check its spelling.")
    at[last] = value


def _code_width(data: Mapping[str, Any], width: int | str | None) -> int | None:
    """Return the units of the innermost layer: from ``width``, else from the recipe; None if unknown."""
    layers = data.get("layers")
    if width is None and isinstance(layers, list) and layers and isinstance(layers[-1], dict):
        width = layers[-1].get("units")
    text = str(width).rpartition("-")[2]
    return int(text) if text.isdecimal() else None


def _at_width(name: str, by_width: Any, innermost: int | None) -> dict[str, Any]:
    """Return the changes of the widest entry of ``by_width`` that is not wider than the innermost layer."""
    if not isinstance(by_width, dict) or not all(
        str(key).isdecimal() and isinstance(changes, dict) for key, changes in by_width.items()
    ):
        raise LearnError(f"recipe {name}: by_width must map widths to settings.")
    reached = [int(key) for key in by_width if innermost is not None and int(key) <= innermost]
    return by_width[str(max(reached))] if reached else {}


def _apply_width(name: str, data: dict[str, Any], width: int | str | None) -> None:
    if width is None:
        return
    layers = data.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers) or not layers:
        raise LearnError(f"recipe {name}: no layers to set the width of. Add layers to the recipe.")
    try:
        units = [int(part) for part in str(width).split("-")]
    except ValueError:
        units = []
    if not units or not all(1 <= n <= MAX_WIDTH for n in units):
        raise LearnError(
            f"width must be 1–{MAX_WIDTH} units, got '{width}'. Give one number, such as 16, or one per layer, such as "
            "256-8."
        )
    if len(units) not in (1, len(layers)):
        raise LearnError(
            f"recipe {name}: width must be one number, or one per layer ({len(layers)}), got '{width}'. "
            "Give the units of the code only, or of every layer."
        )
    for layer, n in zip(layers[-len(units) :], units):
        layer["units"] = n


# -- checks ------------------------------------------------------------------------------------------------


def _check(recipe: Recipe) -> None:
    """Raise LearnError if entries that are valid alone do not fit together."""
    recipe.feature_settings()
    for number, layer in enumerate(recipe.layers):
        is_inside = layer.encoder == "linear" and number > 0 and recipe.layers[number - 1].initialiser == "mirrored"
        is_rectifier = layer.encoder in ("leaky", "relu") and layer.decoder != "sigmoid"
        if layer.initialiser == "mirrored" and (layer.tied or not (is_inside or is_rectifier)):
            raise LearnError(
                f"recipe {recipe.name}: layers.{number}.initialiser = mirrored needs leaky or ReLU units, untied, or "
                "a linear code inside of them. Choose another, such as pca."
            )
        if layer.initialiser == "identity" and (layer.tied or (layer.encoder, layer.decoder) != ("sigmoid", "sigmoid")):
            raise LearnError(
                f"recipe {recipe.name}: layers.{number}.initialiser = identity needs sigmoid units and a sigmoid "
                "output, untied. Choose another, such as pca."
            )
    outermost = recipe.layers[0].decoder
    for part, config in (("training", recipe.training), ("pretraining", recipe.pretraining)):
        if config is None or config.loss != "cross_entropy":
            continue
        if recipe.features.normalise in ("standardise", "none") or outermost != "sigmoid":
            raise LearnError(
                f"recipe {recipe.name}: {part}.loss = cross_entropy needs features in 0…1. Set features.normalise to "
                "frame, global or bin, and the outermost decoder to sigmoid."
            )
