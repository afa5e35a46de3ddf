"""Autoencoders of magnitudes as plain data: conversion of frames to features, and dense layers.

Needs only NumPy. This module is the reference for training (``nodegraph.learn``) and playback (the blocks ``encoder``
and ``decoder``). The file format is safetensors: ``encoder.0.weight`` (out, in), optionally ``encoder.0.bias``
(out,), … , ``decoder.0.weight``, … , optionally ``features.offset`` and ``features.scale``, ``map.places`` and
``map.codes``; the metadata string ``nodegraph`` is JSON::

    {"format": 1, "kind": "autoencoder", "features": {"rate": 22050, "size": 2048, …},
     "encoder": [{"activation": "relu"}, …], "decoder": [{"activation": "linear"}, …], "card": {…}}

Any program that writes this layout produces a playable model.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from nodegraph.spectral.windows import WINDOWS

from .bands import SPACINGS, band_matrix, inverse_bands
from .code_map import MappedCodes
from .model_file import ModelError, read_model_file, write_model_file

KIND = "autoencoder"
ACTIVATIONS = ("sigmoid", "relu", "leaky", "linear")
NORMALISATIONS = ("frame", "global", "bin", "standardise", "none")
MAX_LAYERS = 16  # on each side
SILENCE = 1e-9  # minimum divisor when a frame is divided by its maximum
MAX_EXPONENT = 30.0  # decoded decimal logarithms are clamped to this


@dataclass(frozen=True, eq=False)
class Features:
    """The conversion of magnitudes |X| to the numbers that the network sees, and back.

    ``spacing`` "mel" or "log" first replaces the bins by ``bands`` weighted means (see :mod:`.bands`). Then
    ``level = max |X|`` of the frame when ``normalise`` is "frame", else 1; ``x = (|X| / level) ** power``;
    ``x = log10(max(x, floor))`` if ``log``; ``y = (x - offset) * scale``. Magnitudes are those of an unscaled FFT of
    ``size`` windowed samples, ``hop`` samples apart at ``rate`` Hz. ``offset`` and ``scale`` are arrays with one
    number, or one per bin, computed from the training frames ("global": to 0…1 with one scale; "bin": to 0…1 with one
    per bin; "standardise": to mean 0 and variance 1 in every bin), or None for 0 and 1.
    """

    rate: float = 22050.0
    size: int = 2048
    hop: int = 512
    window: str = "hann"
    power: float = 1.0
    log: bool = False
    floor: float = 1e-4
    normalise: str = "frame"
    offset: np.ndarray | None = None
    scale: np.ndarray | None = None
    spacing: str = "linear"
    bands: int = 0

    def __post_init__(self) -> None:
        _check(isinstance(self.rate, int | float) and 1000 <= self.rate <= 768_000, "rate", self.rate, "1000–768000")
        _check(
            _checked_int(self.size, 8, 65536) and not self.size & (self.size - 1), "size", self.size, "a power of two"
        )
        _check(_checked_int(self.hop, 1, self.size), "hop", self.hop, f"1–{self.size}")
        _check(self.window in WINDOWS, "window", self.window, ", ".join(WINDOWS))
        _check(_checked_float(self.power) and 0.05 <= self.power <= 4, "power", self.power, "0.05–4")
        _check(isinstance(self.log, bool), "log", self.log, "true or false")
        _check(_checked_float(self.floor) and 1e-20 <= self.floor <= 1, "floor", self.floor, "1e-20–1")
        _check(self.normalise in NORMALISATIONS, "normalise", self.normalise, ", ".join(NORMALISATIONS))
        _check(self.spacing in SPACINGS, "spacing", self.spacing, ", ".join(SPACINGS))
        if self.spacing == "linear":
            _check(_checked_int(self.bands, 0, 0), "bands", self.bands, "0 with spacing linear")
        else:
            _check(_checked_int(self.bands, 2, self.bins), "bands", self.bands, f"2–{self.bins}")
        for name in ("offset", "scale"):
            values = getattr(self, name)
            if values is not None:
                values = np.atleast_1d(np.asarray(values, np.float32))
                sizes = (1, self.width)
                if values.ndim != 1 or len(values) not in sizes or not np.isfinite(values).all():
                    raise ModelError(f"features.{name} must be 1 or {self.width} finite numbers.")
                object.__setattr__(self, name, values)
        if self.scale is not None and not (np.abs(self.scale) > 1e-30).all():
            raise ModelError("features.scale must not be 0: it could not be undone.")

    @property
    def bins(self) -> int:
        return self.size // 2 + 1

    @property
    def width(self) -> int:
        """Number of features of a frame: bins, or bands."""
        return self.bands or self.bins

    @property
    def band_matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """The matrices from bins to bands and back; with spacing "linear" there are none."""
        settings = self.rate, self.size, self.spacing, self.bands
        return band_matrix(*settings), inverse_bands(*settings)

    def normalise_frames(self, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Convert magnitudes (frames, bins) to float32 features (frames, width) and levels (frames,)."""
        x = np.asarray(magnitudes, np.float32)
        if self.bands:
            x = x @ self.band_matrices[0].T
        if self.normalise == "frame":
            level = x.max(axis=-1, initial=0.0)
            x = x / np.maximum(level, SILENCE)[..., None]
        else:
            level = np.ones(x.shape[:-1], np.float32)
        if self.power != 1.0:
            x = x ** np.float32(self.power)
        if self.log:
            x = np.log10(np.maximum(x, np.float32(self.floor)))
        if self.offset is not None:
            x = x - self.offset
        if self.scale is not None:
            x = x * self.scale
        return x, level

    def restore_frames(self, y: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Convert features back to magnitudes (frames, bins) ≥ 0; a logarithm at the floor becomes 0."""
        x = np.asarray(y, np.float32)
        if self.scale is not None:
            x = x / self.scale
        if self.offset is not None:
            x = x + self.offset
        if self.log:
            lowest = np.float32(math.log10(self.floor))
            above = x > lowest
            x = np.where(above, np.float32(10.0) ** np.minimum(x, np.float32(MAX_EXPONENT)), np.float32(0.0))
        x = np.maximum(x, np.float32(0.0))
        if self.power != 1.0:
            x = x ** np.float32(1.0 / self.power)
        x = x * np.asarray(level, np.float32)[..., None]
        return np.maximum(x @ self.band_matrices[1].T, np.float32(0.0)) if self.bands else x

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the arrays, for the JSON metadata; bands only if there are any."""
        left_out = {"offset", "scale"} if self.bands else {"offset", "scale", "spacing", "bands"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}


@dataclass(frozen=True, eq=False)
class Layer:
    """A dense layer, ``y = activation(weight x + bias)``: weight (out, in), bias (out,) or None, float32.

    Activations: sigmoid ``1 / (1 + e^-x)``, relu ``max(x, 0)``, leaky ``max(x, slope x)``, linear ``x``.
    """

    weight: np.ndarray
    bias: np.ndarray | None = None
    activation: str = "linear"
    slope: float = 0.01

    def __post_init__(self) -> None:
        _check(self.activation in ACTIVATIONS, "activation", self.activation, ", ".join(ACTIVATIONS))
        _check(_checked_float(self.slope) and 0 <= self.slope <= 1, "slope", self.slope, "0–1")

    @property
    def inputs(self) -> int:
        return self.weight.shape[1]

    @property
    def outputs(self) -> int:
        return self.weight.shape[0]

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Apply the layer: (frames, inputs) to (frames, outputs)."""
        y = x @ self.weight.T
        if self.bias is not None:
            y = y + self.bias
        return activate(y, self.activation, self.slope)

    def to_dict(self) -> dict[str, Any]:
        """Return the layer's entry in the JSON metadata."""
        slope = {"slope": self.slope} if self.activation == "leaky" else {}
        return {"activation": self.activation, **slope}


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """Features, encoder and decoder layers, the model card (data, recipe and errors), and perhaps a map of codes."""

    features: Features
    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    card: dict[str, Any] = field(default_factory=dict)
    code_map: MappedCodes | None = None

    def __post_init__(self) -> None:
        layers = [("encoder", i, layer) for i, layer in enumerate(self.encoder)]
        layers += [("decoder", i, layer) for i, layer in enumerate(self.decoder)]
        if not self.encoder or not self.decoder:
            raise ModelError("a model needs at least one encoder layer and one decoder layer.")
        for side, i, layer in layers:
            weight, bias = layer.weight, layer.bias
            if weight.ndim != 2 or 0 in weight.shape:
                raise ModelError(f"{side}.{i}.weight must have two dimensions, out × in, got {list(weight.shape)}.")
            if bias is not None and bias.shape != (len(weight),):
                raise ModelError(f"{side}.{i}.bias must hold {len(weight)} numbers, got {list(bias.shape)}.")
        size, source = self.features.width, f"a transform of {self.features.size} samples has {self.features.bins} bins"
        if self.features.bands:
            source = f"the features have {size} bands"
        for side, i, layer in layers:
            if layer.inputs != size:
                raise ModelError(f"{side}.{i}.weight has {layer.inputs} inputs, but {source}.")
            size, source = layer.outputs, f"{side}.{i} has {layer.outputs} outputs"
        if size != self.features.width:
            kind = "band" if self.features.bands else "bin"
            raise ModelError(f"the decoder must have {self.features.width} outputs, one per {kind}, got {size}.")
        if self.code_map is not None and self.code_map.codes.shape[1] != self.code_size:
            raise ModelError(f"map.codes must have {self.code_size} units, got {self.code_map.codes.shape[1]}.")

    @property
    def bins(self) -> int:
        return self.features.bins

    @property
    def code_size(self) -> int:
        """Number of units of the code."""
        return self.encoder[-1].outputs

    def normalise(self, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Convert magnitudes (frames, bins) to features (frames, width) and levels (frames,)."""
        return self.features.normalise_frames(magnitudes)

    def restore(self, y: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Convert features and levels to magnitudes (frames, bins)."""
        return self.features.restore_frames(y, level)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Encode features (frames, width) to codes (frames, units)."""
        for layer in self.encoder:
            y = layer(y)
        return y

    def decode(self, code: np.ndarray) -> np.ndarray:
        """Decode codes (frames, units) to features (frames, width)."""
        for layer in self.decoder:
            code = layer(code)
        return code

    def reconstruct(self, magnitudes: np.ndarray) -> np.ndarray:
        """Return the reconstruction of magnitudes (frames, bins) by the network."""
        y, level = self.normalise(magnitudes)
        return self.restore(self.decode(self.encode(y)), level)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model atomically. Raises ModelError if the file is not writable."""
        tensors = {}
        for side in ("encoder", "decoder"):
            for i, layer in enumerate(getattr(self, side)):
                tensors[f"{side}.{i}.weight"] = layer.weight
                if layer.bias is not None:
                    tensors[f"{side}.{i}.bias"] = layer.bias
        for name in ("offset", "scale"):
            if (values := getattr(self.features, name)) is not None:
                tensors[f"features.{name}"] = values
        if self.code_map is not None:
            tensors |= {"map.places": self.code_map.places, "map.codes": self.code_map.codes}
        metadata = {
            "features": self.features.to_dict(),
            "encoder": [layer.to_dict() for layer in self.encoder],
            "decoder": [layer.to_dict() for layer in self.decoder],
            "card": self.card,
        }
        write_model_file(path, KIND, tensors, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Autoencoder:
        """Read the model from a file. Raises ModelError if the file is missing or invalid."""
        return read_model_file(path, KIND, _build_model)


def activate(x: np.ndarray, activation: str, slope: float = 0.01) -> np.ndarray:
    """Apply an activation to each element."""
    if activation == "sigmoid":
        return (0.5 + 0.5 * np.tanh(0.5 * x)).astype(x.dtype)  # 1 / (1 + e^-x) without overflow
    if activation == "relu":
        return np.maximum(x, 0)
    if activation == "leaky":
        return np.where(x > 0, x, np.float32(slope) * x)
    return x


# -- reading -----------------------------------------------------------------------------------------------


def _build_model(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Autoencoder:
    values = metadata.get("features", {})
    names = {f.name for f in fields(Features)} - {"offset", "scale"}
    if not isinstance(values, dict) or not set(values) <= names:
        raise ModelError(f"features must be an object with the keys {', '.join(sorted(names))}")
    features = Features(**values, offset=tensors.get("features.offset"), scale=tensors.get("features.scale"))
    encoder, decoder = (_layers(side, tensors, metadata) for side in ("encoder", "decoder"))
    card = metadata.get("card", {})
    code_map = None
    if "map.places" in tensors and "map.codes" in tensors:
        code_map = MappedCodes(tensors["map.places"], tensors["map.codes"])
    return Autoencoder(features, encoder, decoder, card if isinstance(card, dict) else {}, code_map)


def _layers(side: str, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> tuple[Layer, ...]:
    entries = metadata.get(side)
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_LAYERS:
        raise ModelError(f"{side} must be a list of 1–{MAX_LAYERS} layers")
    layers = []
    for i, entry in enumerate(entries):
        weight = tensors.get(f"{side}.{i}.weight")
        if weight is None or not isinstance(entry, dict):
            raise ModelError(f"{side}.{i}.weight is missing")
        bias = tensors.get(f"{side}.{i}.bias")
        layers.append(Layer(weight, bias, entry.get("activation", "linear"), entry.get("slope", 0.01)))
    return tuple(layers)


def _checked_int(value: Any, minimum: int, maximum: int) -> bool:
    return type(value) is int and minimum <= value <= maximum


def _checked_float(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _check(valid: bool, name: str, value: Any, expected: str) -> None:
    if not valid:
        raise ModelError(f"{name} must be {expected}, got {str(value)[:40]!r}.")
