"""Equations per bin, shared by blocks on magnitudes and blocks on spectra."""

from __future__ import annotations

from nodegraph.maths import clip, exp2, log2, read_double, sqrt

POWER, WIENER, GATE = range(3)
_EPSILON = 1e-30


def expansion(magnitude, threshold, ratio, floor, below):  # type: ignore[no-untyped-def]
    """Return the gain of a downward expander: ``(m / T)^(ratio - 1)`` below the threshold, at least ``floor``.

    With ``below`` the gain is reduced above the threshold instead.
    """
    octaves = log2(max(magnitude, _EPSILON) / max(threshold, _EPSILON))
    octaves = -octaves if below else octaves
    return max(exp2(clip(octaves, -100.0, 0.0) * (ratio - 1.0)), floor)


def denoised(power, noise, amount, floor, method):  # type: ignore[no-untyped-def]
    """Return the gain of a bin with noise power ``noise``, over-subtracted by ``amount``; at least ``floor``.

    Power subtraction ``√(1 - a N / P)`` (Berouti, Schwartz & Makhoul, ICASSP 1979), Wiener's ``1 - a N / P``,
    or a gate at ``P = a N``.
    """
    left = 1.0 - min(amount * noise / max(power, _EPSILON), 1.0)
    gain = left
    if method == POWER:
        gain = sqrt(left)
    elif method == GATE:
        gain = 1.0 if left > 0.0 else 0.0
    return max(gain, floor)


def smooth_over_bins(source, target, bins, width):  # type: ignore[no-untyped-def]
    """Smooth with zero phase by one pole up and one down: the impulse response is close to ``e^(-|k| / width)``."""
    keep = exp2(-1.4426950408889634 / width) if width > 0.01 else 0.0
    value = read_double(source, 0)
    for k in range(bins):
        value = read_double(source, k) + (value - read_double(source, k)) * keep
        target[k] = value
    for k in range(bins):
        at = bins - 1 - k
        value = read_double(target, at) + (value - read_double(target, at)) * keep
        target[at] = value


def interpolated(source, position, bins):  # type: ignore[no-untyped-def]
    """Return the linear interpolation of ``source`` between two bins; 0 outside."""
    inside = clip(position, 0.0, bins - 1.0)
    k = min(int(inside), bins - 2)
    part = inside - k
    value = read_double(source, k) + (read_double(source, k + 1) - read_double(source, k)) * part
    return value if position == inside else 0.0
