"""Estimators: networks that hear a sound and estimate the parameters of one patch. The file, and what it says.

The file is safetensors (see :mod:`.model_file`): ``network.…`` are the weights of :mod:`.estimator_network`,
``features.…`` the mean and the deviation of every feature. The metadata are those of :class:`Estimator`. Reading needs
no torch; estimating (:mod:`.estimation`) does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta, Struct

from .estimator_layout import MAX_CLASSES, Layout, tensor_shapes
from .model_file import ModelError, read_model_file, write_model_file
from .parameters import Parameter
from .sound_features import SoundFeatures, SoundFeatureSettings

KIND = "estimator"
CLASSES = 20  # classes of a parameter without steps
SURE = 0.9  # confidence from which an estimate counts as sure
FEATURES = ("mel", "envelope", "level")

Group = tuple[tuple[str, ...], ...]
"""Interchangeable units, each the names of its parameters in the same order: the sound is the same if they swap."""

Temperature = Annotated[float, Meta(ge=0.02, le=50.0)]


class PatchRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """The patch that a model was trained for: its title, a hash of all that can be heard, and one for each node."""

    title: str
    fingerprint: str
    nodes: dict[str, str] = {}


class Calibration(Struct, frozen=True, forbid_unknown_fields=True):
    """Temperatures per parameter, by which its logits are divided; fitted on held-out examples.

    ``clean`` are those for sounds without noise, ``noisy`` those for all others.
    """

    clean: tuple[Temperature, ...]
    noisy: tuple[Temperature, ...]

    def temperatures(self, noise: np.ndarray) -> np.ndarray:
        """Return the temperatures (N, P) for stated amounts of noise (N,)."""
        return np.where(np.asarray(noise)[:, None] > 0.0, np.array(self.noisy), np.array(self.clean))


class EstimatorRecord(Struct, frozen=True):
    """The metadata of a model file."""

    parameters: Annotated[tuple[Parameter, ...], Meta(min_length=1, max_length=256)]
    features: SoundFeatureSettings
    layout: Layout
    patch: PatchRecord
    calibration: Calibration
    interchangeable: tuple[Group, ...] = ()
    inaudible: tuple[str, ...] = ()
    card: dict[str, Any] = {}


@dataclass(frozen=True, eq=False)
class Estimator:
    """A trained estimator: the patch and its parameters, features, weights, and the model card.

    ``interchangeable`` lists groups of units of parameters that can be swapped without a change of the sound,
    ``inaudible`` the names of parameters that do not change it: these are not estimated.
    """

    parameters: tuple[Parameter, ...]
    features: SoundFeatureSettings
    layout: Layout
    patch: PatchRecord
    calibration: Calibration
    tensors: Mapping[str, np.ndarray] = field(repr=False)
    interchangeable: tuple[Group, ...] = ()
    inaudible: tuple[str, ...] = ()
    card: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        _check_parameters(self)
        _check_tensors(self)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def classes(self) -> tuple[np.ndarray, ...]:
        """The class values of every parameter, in the units of the ports."""
        return tuple(np.array(class_values(parameter)) for parameter in self.parameters)

    def standardise(self, features: SoundFeatures) -> SoundFeatures:
        """Return the features with mean 0 and deviation 1 over the training examples."""
        return standardise(features, self.tensors)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model atomically. Raises ModelError if the file is not writable."""
        record = EstimatorRecord(
            self.parameters,
            self.features,
            self.layout,
            self.patch,
            self.calibration,
            self.interchangeable,
            self.inaudible,
            self.card,
        )
        write_model_file(path, KIND, self.tensors, msgspec.to_builtins(record))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Estimator:
        """Read the model from a file. Raises ModelError if the file is missing or invalid."""
        return read_model_file(path, KIND, _build)


def class_values(parameter: Parameter) -> tuple[float, ...]:
    """Return the values between which the network decides: the steps if they are few, else 20 along the taper."""
    if len(parameter.steps) <= MAX_CLASSES:
        return parameter.classes(CLASSES)
    return replace(parameter, steps=()).classes(CLASSES)


def layout_of(parameters: tuple[Parameter, ...], features: SoundFeatureSettings, **sizes: Any) -> Layout:
    """Return the layout of a network for parameters and features; ``sizes`` are further fields of Layout."""
    classes = tuple(len(class_values(parameter)) for parameter in parameters)
    return Layout(classes, frames=features.frames, bands=features.bands, points=features.points, **sizes)


def standardise(features: SoundFeatures, tensors: Mapping[str, np.ndarray]) -> SoundFeatures:
    """Return features minus their means, divided by their deviations."""
    parts = (
        (values - tensors[f"features.{name}.mean"]) / tensors[f"features.{name}.deviation"]
        for name, values in zip(FEATURES, features)
    )
    return SoundFeatures(*parts)


# -- reading -----------------------------------------------------------------------------------------------


def _build(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Estimator:
    data = {name: value for name, value in metadata.items() if name not in ("format", "kind")}
    try:
        record = msgspec.convert(data, EstimatorRecord)
    except msgspec.ValidationError as error:
        raise ModelError(f"metadata: {str(error)[:1].lower()}{str(error)[1:200]}") from None
    return Estimator(tensors=tensors, **{name: getattr(record, name) for name in record.__struct_fields__})


def _check_parameters(model: Estimator) -> None:
    """Raise ModelError if the parameters do not fit each other, the layout or the calibration."""
    names = model.names
    if len(set(names)) < len(names):
        raise ModelError("two parameters have the same name")
    for parameter in model.parameters:
        low, high = parameter.low, parameter.high
        if parameter.taper not in ("linear", "log"):
            raise ModelError(f"parameter '{parameter.name[:60]}': taper must be linear or log")
        if not (np.isfinite([low, high]).all() and low < high and (parameter.taper == "linear" or low > 0.0)):
            raise ModelError(f"parameter '{parameter.name[:60]}' has an invalid range")
        steps = parameter.steps
        if steps and not (low <= steps[0] and steps[-1] <= high and all(a < b for a, b in zip(steps, steps[1:]))):
            raise ModelError(f"parameter '{parameter.name[:60]}': steps must increase within its range")
    layout, features = model.layout, model.features
    if layout.classes != tuple(len(class_values(parameter)) for parameter in model.parameters):
        raise ModelError("layout.classes do not fit the parameters")
    if (layout.frames, layout.bands, layout.points) != (features.frames, features.bands, features.points):
        raise ModelError("the layout does not fit the features")
    if len(layout.channels) != len(layout.strides):
        raise ModelError("layout.strides must have an entry for each of layout.channels")
    if any(len(part) != len(names) for part in (model.calibration.clean, model.calibration.noisy)):
        raise ModelError(f"calibration must hold {len(names)} temperatures of each kind, one per parameter")
    grouped = [name for group in model.interchangeable for unit in group for name in unit]
    if unknown := {*grouped, *model.inaudible} - set(names):
        raise ModelError(f"'{min(unknown)[:60]}' is not one of the parameters")
    if len(set(grouped)) < len(grouped) or any(
        len({len(unit) for unit in group}) != 1 for group in model.interchangeable
    ):
        raise ModelError("interchangeable units must have as many parameters as each other, each named once")


def _check_tensors(model: Estimator) -> None:
    """Raise ModelError unless the tensors are exactly those of the layout."""
    expected = tensor_shapes(model.layout)
    if extra := model.tensors.keys() - expected.keys():
        raise ModelError(f"tensor '{min(extra)[:60]}' is unknown")
    for name, shape in expected.items():
        if name not in model.tensors:
            raise ModelError(f"tensor '{name}' is missing")
        if model.tensors[name].shape != shape:
            raise ModelError(
                f"tensor '{name}' must have the shape {list(shape)}, got {list(model.tensors[name].shape)}"
            )
        if name.endswith("deviation") and not (model.tensors[name] > 0.0).all():
            raise ModelError(f"tensor '{name}' must be above 0")
