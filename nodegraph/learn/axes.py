"""Ordered, scaled and named axes of a code, after training.

A linear code may be rotated without changing the output: ``z' = A (z - m)`` is folded into the last layer of the
encoder, ``z = A⁻¹ z' + m`` into the first layer of the decoder. The axes are the principal components of the codes as
the output sees them: those of ``G^½ C G^½``, with the covariance C of the codes and ``G = mean(JᵀJ)`` of the decoder's
Jacobian J. The first one changes the output most, and all have deviation 1. Other codes are only put in this order.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nodegraph.models.autoencoder import Autoencoder, Layer
from nodegraph.models.code_map import MappedCodes

SAMPLE = 20_000  # frames that ranges and descriptors are computed from
JACOBIANS = 192  # frames that the Jacobian is averaged over
FLOOR = 1e-5  # smallest eigenvalue relative to the largest, so that A can be inverted
TOLERANCE = 1e-5  # largest difference of the output, relative to its maximum
CORRELATED = 0.5  # rank correlation from which an axis is named after a descriptor
PLACES = 256  # of a map
QUANTILES = (0.05, 0.5, 0.95)
BANDS = {"bass": (0.0, 250.0), "low mids": (250.0, 800.0), "mids": (800.0, 2500.0), "treble": (2500.0, 1e9)}  # Hz


def ordered_axes(model: Autoencoder, magnitudes: np.ndarray) -> Autoencoder:
    """Return the model with ordered axes and their entry ``axes`` in the card, from training frames (frames, bins).

    The output is equal within TOLERANCE; if rounding made it differ more, the axes would only be put in order.
    """
    some = magnitudes[:: max(1, len(magnitudes) // SAMPLE)]
    features, _ = model.normalise(some)
    codes = model.encode(features).astype(np.float64)
    gram = _mean_gram(model.decoder, codes[:: max(1, len(codes) // JACOBIANS)])
    covariance = np.cov(codes.T).reshape(codes.shape[1], -1)
    if model.encoder[-1].activation == "linear":
        has_bias = model.encoder[-1].bias is not None and model.decoder[0].bias is not None
        middle = codes.mean(axis=0) if has_bias else np.zeros(codes.shape[1])
        moments = covariance if has_bias else codes.T @ codes / len(codes)
        change, shares = _rotation(gram, moments)
        change *= _signs(codes @ change.T, some, model)[:, None]
        turned = _folded(model, change, middle)
        expected = model.decode(codes.astype(np.float32))
        found = turned.decode(turned.encode(features))
        if np.abs(found - expected).max() <= TOLERANCE * max(np.abs(expected).max(), 1.0):
            return _with_card(turned, features, some, shares)
    shares = np.diag(gram) * np.diag(covariance)
    order = np.argsort(-shares, kind="stable")
    return _with_card(_permuted(model, order), features, some, shares[order])


def with_code_map(model: Autoencoder, magnitudes: np.ndarray) -> Autoencoder:
    """Return the model with a map of some training frames (frames, bins), ordered by its first two axes.

    A place is the rank of the frame along each axis: the frames fill the square evenly.
    """
    some = magnitudes[:: max(1, len(magnitudes) // PLACES)][:PLACES]
    codes = model.encode(model.normalise(some)[0]).astype(np.float32)
    ranks = np.argsort(np.argsort(codes[:, [0, -1 if codes.shape[1] == 1 else 1]], axis=0), axis=0)
    places = (ranks + 0.5).astype(np.float32) / np.float32(len(codes))
    return replace(model, code_map=MappedCodes(places, codes))


def _rotation(gram: np.ndarray, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return A (axes, units) and the variance of the output along each axis, falling."""
    values, vectors = np.linalg.eigh(gram)
    root = vectors * np.sqrt(np.maximum(values, FLOOR * values.max()))
    root = root @ vectors.T
    shares, axes = np.linalg.eigh(root @ moments @ root)
    shares, axes = shares[::-1], axes[:, ::-1]
    deviations = np.sqrt(np.maximum(shares, FLOOR * shares.max()))
    return (axes / deviations).T @ root, np.maximum(shares, 0.0)


def _folded(model: Autoencoder, change: np.ndarray, middle: np.ndarray) -> Autoencoder:
    """Return the model with ``z' = change (z - middle)`` in its last encoder and its first decoder layer."""
    last, first = model.encoder[-1], model.decoder[0]
    back = np.linalg.inv(change)

    def changed(layer: Layer, weight: np.ndarray, bias: np.ndarray | None) -> Layer:
        return replace(layer, weight=_single(weight), bias=None if bias is None else _single(bias))

    inner = changed(last, change @ last.weight, None if last.bias is None else change @ (last.bias - middle))
    outer = changed(first, first.weight @ back, None if first.bias is None else first.bias + first.weight @ middle)
    return replace(model, encoder=(*model.encoder[:-1], inner), decoder=(outer, *model.decoder[1:]))


def _permuted(model: Autoencoder, order: np.ndarray) -> Autoencoder:
    last, first = model.encoder[-1], model.decoder[0]
    bias = None if last.bias is None else last.bias[order]
    inner = replace(last, weight=np.ascontiguousarray(last.weight[order]), bias=bias)
    outer = replace(first, weight=np.ascontiguousarray(first.weight[:, order]))
    return replace(model, encoder=(*model.encoder[:-1], inner), decoder=(outer, *model.decoder[1:]))


def _single(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)


def _mean_gram(decoder: tuple[Layer, ...], codes: np.ndarray) -> np.ndarray:
    """Return the mean of JᵀJ (units, units) of the decoder's Jacobian at codes (frames, units)."""
    total = np.zeros((codes.shape[1], codes.shape[1]))
    for code in codes:
        slopes, h = np.eye(len(code), dtype=np.float32), code[None].astype(np.float32)
        for layer in decoder:
            h = layer(h)
            slopes = _slope(layer, h[0])[:, None] * (layer.weight @ slopes)
        total += slopes.T @ slopes
    return total / len(codes)


def _slope(layer: Layer, output: np.ndarray) -> np.ndarray:
    """Return the derivative of a layer's activation, from its outputs."""
    if layer.activation == "sigmoid":
        return output * (1.0 - output)
    if layer.activation in ("relu", "leaky"):
        return np.where(output > 0, 1.0, layer.slope if layer.activation == "leaky" else 0.0).astype(np.float32)
    return np.ones_like(output)


# -- names and ranges --------------------------------------------------------------------------------------


def _with_card(model: Autoencoder, features: np.ndarray, magnitudes: np.ndarray, shares: np.ndarray) -> Autoencoder:
    codes = model.encode(features)
    ranges = np.quantile(codes, QUANTILES, axis=0)
    total = max(float(shares.sum()), 1e-30)
    described = descriptors(magnitudes, model.features.rate)
    correlations = _rank_correlations(codes, np.stack(list(described.values()), axis=1))
    parts = _peaks_of_parts(model)
    entries: list[dict[str, Any]] = []
    for unit, (low, median, high) in enumerate(ranges.T):
        best = int(np.argmax(np.abs(correlations[unit])))
        word, strength = list(described)[best], float(correlations[unit, best])
        follows = ("" if strength > 0 else "less ") + word if abs(strength) >= CORRELATED else ""
        if parts is not None and follows not in ("noisy", "bright"):
            follows = f"{parts[unit]:.0f} Hz"
        entries.append(
            {
                "name": f"{unit + 1} {follows}".strip(),
                "share": float(shares[unit] / total),
                "low": float(low),
                "median": float(median),
                "high": float(high),
                "follows": follows,
                "correlation": strength,
            }
        )
    return replace(model, card=model.card | {"axes": entries})


def _peaks_of_parts(model: Autoencoder) -> np.ndarray | None:
    """Return the frequency of the peak of each part, Hz, of a model whose units add spectra up; None of any other."""
    weight = model.decoder[0].weight
    if len(model.decoder) > 1 or model.features.bands or weight.min() < 0.0:
        return None
    return np.maximum(weight.argmax(axis=0), 1) * model.features.rate / model.features.size


def descriptors(magnitudes: np.ndarray, rate: float) -> dict[str, np.ndarray]:
    """Return descriptors (frames,) of magnitudes (frames, bins): noisiness, brightness, and the share of bands."""
    power = np.square(magnitudes, dtype=np.float64) + 1e-20
    total = power.sum(axis=1)
    hertz = np.linspace(0.0, rate / 2, magnitudes.shape[1])
    found = {
        "noisy": np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1),
        "bright": power @ hertz / total,
    }
    for name, (low, high) in BANDS.items():
        inside = (hertz >= low) & (hertz < high)
        if inside.any():
            found[name] = power[:, inside].sum(axis=1) / total
    return found


def _signs(codes: np.ndarray, magnitudes: np.ndarray, model: Autoencoder) -> np.ndarray:
    """Return 1 or -1 for each axis, so that it rises with the descriptor that it follows."""
    described = descriptors(magnitudes, model.features.rate)
    correlations = _rank_correlations(codes, np.stack(list(described.values()), axis=1))
    strongest = correlations[np.arange(len(correlations)), np.abs(correlations).argmax(axis=1)]
    return np.where(strongest < 0, -1.0, 1.0)


def _rank_correlations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of each column of a with each column of b."""
    ranks = [np.argsort(np.argsort(x, axis=0, kind="stable"), axis=0, kind="stable").astype(np.float64) for x in (a, b)]
    centred = [(x - x.mean(axis=0)) / max(float(x[:, 0].std()), 1e-12) for x in ranks]
    return centred[0].T @ centred[1] / len(a)
