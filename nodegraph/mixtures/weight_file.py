"""Weights of VGG-19 from a file: safetensors, or a state dictionary of torch. Nothing in a file is executed.

Layers are named as in torchvision (``features.0.weight``) or as here (``conv1_1.weight``); others are ignored.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from nodegraph.files.checksums import ChecksumError, check_sha256, listed_checksum

from .errors import MixtureError
from .vgg19 import Weights
from .vgg_layers import layer_shapes

Origin = Literal["torchvision", "caffe"]
# Positions of the convolutions among the layers of torchvision, which also counts rectifiers and poolings.
POSITIONS = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
DEVIATION = (0.229, 0.224, 0.225)  # by which the images of torchvision's networks are divided, of colours in 0…1


def read_weights(path: Path, origin: Origin = "torchvision", width: float = 1.0) -> tuple[Weights, str]:
    """Return the weights in a file for images in 0…255 with the mean subtracted, and the file's SHA-256.

    Weights trained by torchvision are for colours of unit variance, those of Caffe for blue, green, red in 0…255. Both
    are adapted to red, green, blue in 0…255. Raises MixtureError, also for another file than its folder's list of
    checksums names.
    """
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "file not found"
        raise MixtureError(f"{path}: {problem}. Name a file of VGG-19 weights, or leave out --weights.")
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        check_sha256(listed_checksum(path), digest)
    except OSError as error:
        raise MixtureError(f"{path}: not readable ({error.strerror}). Choose another file.") from None
    except ChecksumError as error:
        raise MixtureError(f"{path}: {error}.") from None
    weights = _checked(path, _tensors(path), width)
    return (_from_torchvision(weights) if origin == "torchvision" else _from_caffe(weights)), digest


def _tensors(path: Path) -> Mapping[str, Any]:
    """Return the tensors of a file by name."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except (SafetensorError, OSError, ValueError):
            raise MixtureError(f"{path}: truncated or not a safetensors file. Choose another file.") from None
    try:
        with warnings.catch_warnings(action="ignore"):  # the unusual version of a pickle that is refused anyway
            found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch raises arbitrary exceptions on damaged files
        raise MixtureError(
            f"{path}: not a plain state dictionary: damaged, or with code, which is never executed. "
            "Store the weights as .safetensors."
        ) from None
    if not isinstance(found, Mapping):
        raise MixtureError(f"{path}: must contain a state dictionary. Store model.state_dict().")
    return found


def _checked(path: Path, tensors: Mapping[str, Any], width: float) -> Weights:
    """Return the kernels and biases of all layers, float32. Raises MixtureError if one is missing or unsuitable."""
    weights = {}
    for position, (layer, (before, after)) in zip(POSITIONS, layer_shapes(width).items(), strict=True):
        pair = []
        for kind, shape in (("weight", (after, before, 3, 3)), ("bias", (after,))):
            names = (f"{layer}.{kind}", f"features.{position}.{kind}")
            name = next((name for name in names if name in tensors), None)
            if name is None:
                raise MixtureError(f"{path}: '{names[1]}' is missing. Use weights of VGG-19 (without normalisation).")
            values = tensors[name]
            if not isinstance(values, Tensor) or tuple(values.shape) != shape:
                found = "×".join(map(str, values.shape)) if isinstance(values, Tensor) else type(values).__name__
                expected = "×".join(map(str, shape))
                raise MixtureError(f"{path}: '{name}' must be {expected}, got {found}. Use weights of VGG-19.")
            values = values.to(torch.float32)
            if not torch.isfinite(values).all():
                raise MixtureError(f"{path}: '{name}' contains NaN or infinity. Use another file.")
            pair.append(values)
        weights[layer] = (pair[0], pair[1])
    return weights


def _from_torchvision(weights: Weights) -> Weights:
    """Divide the kernels of the first layer as torchvision divides its images."""
    kernels, biases = weights["conv1_1"]
    return {**weights, "conv1_1": (kernels / (255.0 * torch.tensor(DEVIATION)[None, :, None, None]), biases)}


def _from_caffe(weights: Weights) -> Weights:
    kernels, biases = weights["conv1_1"]
    return {**weights, "conv1_1": (kernels.flip(1), biases)}
