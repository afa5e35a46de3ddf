"""Recipes: everything that is chosen about a training, as plain data in one TOML or JSON file.

Those in ``nodegraph/learn/recipes/`` are known by name; to add one is to add a file. Every entry has a default, which
is the value here. ``[layer]`` holds what all entries of ``[[layers]]`` have in common, and ``[by_width.64]``
what is to be changed when the innermost layer has 64 units or more (the widest that applies).
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from nodegraph.models.autoencoder import MAX_LAYERS, Features, ModelError
from nodegraph.patch.errors import suggest

from .errors import LearnError

FOLDER = Path(__file__).parent / "recipes"
MAX_FILE_BYTES = 1 << 20  # bytes
MAX_WIDTH = 16384

Activation = Literal["sigmoid", "relu", "leaky", "linear"]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
NotNegative = Annotated[float, Meta(ge=0.0, le=1e9)]
Positive = Annotated[float, Meta(gt=0.0, le=1e9)]
Epochs = Annotated[int, Meta(ge=0, le=1_000_000)]
Units = Annotated[int, Meta(ge=1, le=MAX_WIDTH)]


class FeatureConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How frames are made: see :class:`nodegraph.models.autoencoder.Features`."""

    rate: float = 22050.0
    size: int = 2048
    hop: int = 512
    window: str = "hann"
    power: float = 1.0
    log: bool = False
    floor: float = 1e-4
    normalise: str = "global"


class FrameConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Which frames are taken: at most so many, and none below ``silence`` dB."""

    most: Annotated[int, Meta(ge=60, le=100_000_000)] = 70_000
    silence: Annotated[float, Meta(ge=-300.0, le=0.0)] = -60.0


class LayerConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """A pair of dense layers, one to ``units`` units and one back.

    ``initialiser``: "uniform" (within ±range/2), "truncated_normal" (standard deviation ``range``, cut at two),
    "glorot", "he", "mean" (truncated normal, moved so that the frames' mean comes out) "pca" (the frames' principal
    components) or "whitened" (these, all as strong). ``non_negative`` moves or folds weights above 0.
    ``corruption`` of the pair's input by ``noise``: gaussian (standard deviation), dropout or salt_and_pepper (share
    of the inputs). ``dropout`` of the units; ``l2`` times the sum of squared weights and ``activity`` times the sum of
    |units| join the loss. After each step weights below 0 shrink by ``decay_negative`` (1: they become 0) and others by
    ``decay_positive``, biases too if ``decay_biases``.
    """

    units: Units
    encoder: Activation = "sigmoid"
    decoder: Activation = "linear"
    slope: Share = 0.01
    bias: bool = True
    tied: bool = False
    initialiser: Literal["uniform", "truncated_normal", "glorot", "he", "mean", "pca", "whitened"] = "glorot"
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
    """How weights are found.

    ``loss`` is summed or averaged over bins by ``reduction``; ``rate`` belongs to that. ``schedule`` of the rate:
    constant, cosine, or linear, down to ``last_rate`` of it; it rises from 0 in ``warm_up`` of the epochs, and holds
    for ``hold`` of them.
    ``momentum`` moves to ``last_momentum`` if that is given. Training ends after ``epochs``, or after ``minutes``, or
    when validation improved by less than ``improvement`` (a share) in ``patience`` epochs; 0 waits for ever.
    """

    epochs: Epochs = 100
    loss: Literal["squared", "cross_entropy", "spectral_convergence"] = "squared"
    reduction: Literal["sum", "mean"] = "mean"
    optimiser: Literal["sgd", "adam"] = "adam"
    rate: Positive = 1e-3
    momentum: Share = 0.9
    last_momentum: Share | None = None
    batch: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    schedule: Literal["constant", "cosine", "linear"] = "constant"
    last_rate: Share = 0.01
    hold: Share = 0.0
    warm_up: Share = 0.0
    patience: Epochs = 0
    improvement: Share = 0.001
    minutes: Positive | None = None


class Recipe(Struct, frozen=True, forbid_unknown_fields=True):
    """All choices of a training. With ``pretraining`` each pair of layers is first trained by itself on what the
    pair outside of it gives; ``training`` then trains the whole, and does nothing if its epochs are 0."""

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
        """All choices as JSON has them."""
        return msgspec.json.decode(msgspec.json.encode(self))

    def feature_settings(self) -> Features:
        """The features as yet without offset and scale. Raises LearnError."""
        try:
            return Features(**msgspec.structs.asdict(self.features))
        except ModelError as error:
            raise LearnError(f"recipe {self.name}: features.{error}") from None


@cache
def recipe_files() -> dict[str, Path]:
    """Name → file of the recipes that come with nodegraph."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.toml"))}


def load_recipe(
    recipe: str | os.PathLike[str] | Mapping[str, Any] | Recipe,
    width: int | str | None = None,
    sets: Mapping[str, Any] | Iterable[str] = (),
) -> Recipe:
    """A recipe by name, from a .toml or .json file, or from plain data. Raises LearnError.

    ``width`` is the number of units of the innermost layer, or of all (``"256-8"``). ``sets`` changes entries,
    ``{"training.rate": 1e-4}`` or ``["training.rate=1e-4"]``; a number in a path is a place in a list.
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
        made = msgspec.convert(data, Recipe)
    except msgspec.ValidationError as error:
        raise LearnError(f"recipe {name}: {_with_path_first(str(error))}") from None
    _check(made)
    return made


# -- reading -----------------------------------------------------------------------------------------------


def _read(recipe: str | os.PathLike[str]) -> tuple[str, dict[str, Any]]:
    known = recipe_files()
    path = known.get(str(recipe)) or Path(recipe)
    if not path.is_file():
        if path.suffix.lower() in (".toml", ".json") or len(path.parts) > 1:
            raise LearnError(f"{path}: there is no such recipe file.")
        raise LearnError(f"there is no recipe '{path}'.{suggest(str(path), known)} Recipes are {', '.join(known)}.")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise ValueError("it is too large")
        text = data.decode()
        found = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "nested too deeply"
        raise LearnError(f"{path}: the recipe cannot be read ({' '.join(reason.split())}).") from None
    if not isinstance(found, dict):
        raise LearnError(f"{path}: the recipe must be an object with entries such as features and layers.")
    return path.stem, found


def _copy(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list | tuple) else data


# -- changes -----------------------------------------------------------------------------------------------


def _setting(text: str) -> tuple[str, Any]:
    """``training.rate=1e-4`` as path and value; what is no JSON is text."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise LearnError(f"'{text}' is no setting. Write ENTRY=VALUE, such as training.rate=0.001.")
    try:
        return path.strip(), json.loads(value)
    except ValueError:
        return path.strip(), value.strip()


def _apply(name: str, data: dict[str, Any], path: str, value: Any) -> None:
    """Set the entry at a path such as ``layers.0.units``."""
    at: Any = data
    *steps, last = path.split(".")
    if steps == ["layer"]:  # what is common to all layers goes before what each says
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
            raise LearnError(f"recipe {name}: there is no entry '{path}'.")
    if not isinstance(at, dict):
        raise LearnError(f"recipe {name}: there is no entry '{path}'.")
    at[last] = value


def _code_width(data: Mapping[str, Any], width: int | str | None) -> int | None:
    """Units of the innermost layer: as asked, else the recipe's; None where that cannot be told."""
    layers = data.get("layers")
    if width is None and isinstance(layers, list) and layers and isinstance(layers[-1], dict):
        width = layers[-1].get("units")
    text = str(width).rpartition("-")[2]
    return int(text) if text.isdecimal() else None


def _at_width(name: str, by_width: Any, innermost: int | None) -> dict[str, Any]:
    """The changes of the widest entry of ``by_width`` that the innermost layer reaches."""
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
        raise LearnError(f"recipe {name}: has no layers whose width could be set.")
    try:
        units = [int(part) for part in str(width).split("-")]
    except ValueError:
        units = []
    if not units or not all(1 <= n <= MAX_WIDTH for n in units):
        raise LearnError(f"'{width}' is no width. Give units, such as 16, or those of all layers, such as 256-8.")
    if len(units) not in (1, len(layers)):
        raise LearnError(
            f"recipe {name}: has {len(layers)} layer{'s' if len(layers) > 1 else ''}, but '{width}' names {len(units)}."
        )
    for layer, n in zip(layers[-len(units) :], units):
        layer["units"] = n


# -- checks ------------------------------------------------------------------------------------------------


def _check(recipe: Recipe) -> None:
    """Choices that each are possible but not together."""
    recipe.feature_settings()
    outermost = recipe.layers[0].decoder
    for part, config in (("training", recipe.training), ("pretraining", recipe.pretraining)):
        if config is None or config.loss != "cross_entropy":
            continue
        if recipe.features.normalise in ("standardise", "none") or outermost != "sigmoid":
            raise LearnError(
                f"recipe {recipe.name}: {part}.loss = cross_entropy is for numbers of 0…1: take features that are "
                "normalised by frame, global or bin, and a decoder that is sigmoid."
            )


def _with_path_first(text: str) -> str:
    """msgspec's message with the place first: ``training.rate: expected `float`, got `str` ``."""
    what, _, place = text.partition(" - at ")
    place = place.strip("`").removeprefix("$").lstrip(".")
    what = what[:1].lower() + what[1:]
    return f"{place}: {what}." if place else f"{what}."
