"""Kernels that convert magnitudes of an STFT to features of a model, and back.

They compute the same as ``autoencoder.Features``, from tables of numbers, at the sample rate and size of the patch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nodegraph.maths import clip, exp2, log10, power, read_double, sqrt

from .autoencoder import MAX_EXPONENT, SILENCE, Autoencoder, Layer

# The feature table: bins of the model, STFT bins per model bin, magnitude scale from STFT to model, whether each frame
# is divided by its maximum, minimum divisor, magnitude of a full-scale sine in the model, power, whether logarithms
# are taken, lowest magnitude and its logarithm, whether the code 0 is audible, number of features,
# whether they are bands.
BINS, STEP, SCALE, BY_FRAME, QUIET, FULL, POWER, LOG, FLOOR, LOWEST, SOUNDS, WIDTH, BANDED = range(13)
LOG2_10 = 3.321928094887362
SINE = 1.5  # Σ|X|² of a sine over that of its bin, with a Hann window
LEAST = 1e-12  # length of decoded features below which their shape is rounding


def bins_per_bin(model: Autoencoder, size: int, sr: float) -> float:
    """Return the bins of an STFT of ``size`` samples at ``sr`` Hz per bin of the model.

    Raises ValueError if another power of two is closer to the window length of the model.
    """
    features = model.features
    step = features.rate * size / (features.size * sr)
    if not math.sqrt(0.5) <= step <= math.sqrt(2.0):
        best = 1 << max(round(math.log2(features.size * sr / features.rate)), 3)
        raise ValueError(
            f"its model was trained with size {features.size} at {features.rate:g} Hz, which at {sr:g} Hz is size "
            f"{best}, not {size}. Set size to {best}."
        )
    return step


def feature_table(
    model: Autoencoder | None, bins: int, size: int, sr: float, layers: Sequence[Layer] = ()
) -> np.ndarray:
    """Return the numbers that convert magnitudes to features and back. Without a model, features are magnitudes.

    ``layers`` are those from the code to the features.
    """
    table = np.zeros(BANDED + 1, np.float32)
    if model is None:
        table[[BINS, WIDTH, STEP, SCALE, FULL, POWER]] = bins, bins, 1.0, 1.0, size / 4, 1.0
        return table
    features = model.features
    table[[BINS, STEP, SCALE]] = features.bins, bins_per_bin(model, size, sr), features.size / size
    table[[BY_FRAME, QUIET, FULL]] = features.normalise == "frame", SILENCE, features.size / 4
    table[[POWER, LOG, FLOOR, LOWEST]] = features.power, features.log, features.floor, math.log10(features.floor)
    table[[WIDTH, BANDED]] = features.width, features.bands > 0
    empty = np.zeros((1, layers[0].inputs if layers else features.width), np.float32)
    for layer in layers:
        empty = layer(empty)
    table[SOUNDS] = model.restore(empty, np.ones(1, np.float32)).max() > 0.0
    return table


def normalisation_table(model: Autoencoder | None, bins: int) -> np.ndarray:
    """Return the offset of each bin, then the scale of each bin."""
    table = np.zeros((2, model.features.width if model else bins), np.float32)
    table[1] = 1.0
    for row, name in enumerate(("offset", "scale")):
        values = getattr(model.features, name) if model else None
        if values is not None:
            table[row] = values
    return table.ravel()


def between_bins(values, position, bins):  # type: ignore[no-untyped-def]
    """Return the magnitude between bins by Catmull-Rom interpolation, at least 0; 0 outside.

    With a model made at 44.1 kHz, an STFT at 48 kHz loses 0.3 dB at partials; linear interpolation loses twice as much.
    """
    inside = clip(position, 0.0, bins - 1.0)
    k = min(int(inside), bins - 2)
    t = inside - k
    y0, y1 = read_double(values, max(k - 1, 0)), read_double(values, k)
    y2, y3 = read_double(values, k + 1), read_double(values, min(k + 2, bins - 1))
    slope, bend = 0.5 * (y2 - y0), y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
    twist = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
    value = y1 + t * (slope + t * (bend + t * twist))
    return max(value, 0.0) if position == inside else 0.0


def read_bins(magnitude, bins, features, x):  # type: ignore[no-untyped-def]
    """Write the magnitudes of the model's bins to ``x``; return the level: that of a sine with the same energy."""
    count, step, scale = int(features[BINS]), read_double(features, STEP), read_double(features, SCALE)
    energy = 0.0
    for k in range(count):
        value = magnitude[k] if step == 1.0 else between_bins(magnitude, k * step, bins)
        x[k] = clip(scale * value, 0.0, 1e30)
        energy += read_double(x, k) * read_double(x, k)
    return sqrt(energy / SINE) / read_double(features, FULL)


def to_features(x, features, normalisation):  # type: ignore[no-untyped-def]
    """Replace magnitudes by ``y = (x - offset) scale``, ``x = (|X| / peak)^power`` or its logarithm; return the peak.

    The peak is the maximum of the frame (1 for a full-scale sine) if the model divides frames by it, else 1.
    """
    count, highest = int(features[WIDTH]), 0.0
    for k in range(count):
        highest = max(highest, read_double(x, k))
    divisor = max(highest, read_double(features, QUIET)) if features[BY_FRAME] > 0.0 else 1.0
    exponent, least = read_double(features, POWER), read_double(features, FLOOR)
    for k in range(count):
        value = read_double(x, k) / divisor
        if exponent != 1.0:
            value = power(value, exponent)
        if features[LOG] > 0.0:
            value = log10(max(value, least))
        x[k] = (value - read_double(normalisation, k)) * read_double(normalisation, count + k)
    return highest / read_double(features, FULL) if features[BY_FRAME] > 0.0 else 1.0


def from_features(y, features, normalisation):  # type: ignore[no-untyped-def]
    """Invert ``to_features`` in place, up to the peak."""
    count = int(features[WIDTH])
    exponent, lowest = read_double(features, POWER), read_double(features, LOWEST)
    for k in range(count):
        x = read_double(y, k) / read_double(normalisation, count + k) + read_double(normalisation, k)
        if features[LOG] > 0.0:
            x = exp2(LOG2_10 * min(x, MAX_EXPONENT)) if x > lowest else 0.0
        x = max(x, 0.0)
        if exponent != 1.0:
            x = power(x, 1.0 / exponent)
        y[k] = min(x, 1e30)


def write_bins(x, gain, is_level, size, features, magnitude, bins):  # type: ignore[no-untyped-def]
    """Write the magnitudes of the model's bins, negative ones as 0, to those of the patch; bins above them are 0.

    ``gain`` is the factor of the result, or its level if ``is_level``.
    """
    count, step = int(features[BINS]), read_double(features, STEP)
    energy = 0.0
    for k in range(count):
        x[k] = clip(read_double(x, k), 0.0, 1e30)
        energy += read_double(x, k) * read_double(x, k)
    if is_level:
        gain = gain * 0.25 * size * sqrt(SINE / energy) if energy > LEAST * LEAST else 0.0
    else:
        gain = gain * (0.25 * size if features[BY_FRAME] > 0.0 else 1.0 / read_double(features, SCALE))
    for k in range(bins):
        value = x[min(k, count - 1)] if step == 1.0 else between_bins(x, k / step, count)
        magnitude[k] = min(gain * value, 1e30) if k < count * step else 0.0
