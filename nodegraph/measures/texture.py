"""Statistics of a texture and their distance: McDermott & Simoncelli, Sound texture perception (Neuron, 2011)."""

from __future__ import annotations

import numpy as np

from .cochlea import ENVELOPE_RATE, cochlear_envelopes
from .relative import relative_distance

MIN_SECONDS = 1.0
TAPER = 0.1  # part of the sound at each end that counts less: the filters are circular
STEADY = 1e-5  # variance of a compressed envelope that counts as steady
MODULATION_BANDS = 20
SLOWEST_HZ, FASTEST_HZ = 0.5, 200.0  # centres of the modulation bands
PERIODS = 3.0  # of a modulation that a sound must contain to be measured
OCTAVES, FASTEST_OCTAVE_HZ = 7, 100.0  # modulation bands an octave apart, whose correlations are measured
NEIGHBOURS = 3  # bands whose modulations are correlated with those of a band, itself included
WEAK = 1e-3  # power of a modulation, relative to the variance of its envelope, that counts as none

GROUPS = (
    "mean",
    "variation",
    "skewness",
    "kurtosis",
    "correlation",
    "modulation",
    "comodulation",
    "phase",
)


def texture_distances(first: np.ndarray, second: np.ndarray, rate: float) -> dict[str, float]:
    """Return the distance of the statistics of two sounds (samples,) for each of ``GROUPS``, at ``rate`` Hz.

    Each is the relative distance of the group's arrays, ``‖x - y‖ / √(‖x‖² + ‖y‖²)``: 0 for equal sounds at any gain,
    near 1 for noise and a steady tone. The sounds need not be aligned or equally long; modulations with fewer than 3
    periods in the shorter are left out. It should last a second or more.
    """
    slowest = PERIODS * rate / max(min(len(first), len(second)), 1)
    one, other = (texture_statistics(sound, rate, slowest) for sound in (first, second))
    return {group: relative_distance(one[group], other[group]) for group in GROUPS}


def texture_statistics(sound: np.ndarray, rate: float, slowest: float = SLOWEST_HZ) -> dict[str, np.ndarray]:
    """Return the statistics of the cochlear envelopes of a sound (samples,) by group.

    ``mean``, ``variation`` (σ² / µ²), ``skewness`` and ``kurtosis`` are (bands,); ``correlation`` between bands is
    (bands, bands); ``modulation`` is the power in modulation bands over σ², (bands, modulation bands): half-cosine
    filters of quality 2 from 0.5 to 200 Hz, without those centred below ``slowest`` Hz. Two correlations of modulation
    bands an octave apart up to 100 Hz are 1 for a band with itself: ``comodulation`` (the paper's C1), of one
    modulation in bands 0, 1 and 2 apart, (modulation bands, 3, bands); and ``phase`` (C2), of each
    modulation with that an octave above, (pairs, 3, bands): with itself, and the real and imaginary part with the
    other, whose angle is its phase relative to twice that of the slower one. A steady envelope has 0 everywhere but in
    ``mean``.
    """
    envelopes = cochlear_envelopes(sound, rate)
    weights = _weights(envelopes.shape[1])
    means = envelopes @ weights
    centred = envelopes - means[:, None]
    variances = centred**2 @ weights
    scaled = centred / np.sqrt(variances + STEADY)[:, None]
    octaves = _octaves(scaled, slowest)
    return {
        "mean": means,
        "variation": variances / means**2,
        "skewness": scaled**3 @ weights,
        "kurtosis": scaled**4 @ weights,
        "correlation": (scaled * weights) @ scaled.T,
        "modulation": _modulation(scaled, weights, slowest),
        "comodulation": _comodulation(octaves, weights),
        "phase": _modulation_phase(octaves, weights),
    }


def _modulation(envelopes: np.ndarray, weights: np.ndarray, slowest: float) -> np.ndarray:
    """Return the weighted power of envelopes (bands, samples) in the modulation bands: (bands, modulation bands)."""
    samples = envelopes.shape[1]
    spectra = np.fft.rfft(envelopes)
    hz = np.arange(spectra.shape[1]) * ENVELOPE_RATE / samples
    centres = np.geomspace(SLOWEST_HZ, FASTEST_HZ, MODULATION_BANDS)
    powers = []
    for centre in centres[centres >= slowest]:
        response = np.cos(np.pi * np.clip((hz - centre) / centre, -0.5, 0.5))
        powers.append(np.fft.irfft(spectra * response, samples) ** 2 @ weights)
    return np.array(powers).reshape(-1, len(envelopes)).T


def _octaves(envelopes: np.ndarray, slowest: float) -> np.ndarray:
    """Return the analytic signals of envelopes in octaves, the fastest first: (octaves, bands, samples)."""
    bands, samples = envelopes.shape
    spectra = np.fft.rfft(envelopes)
    hz = np.maximum(np.arange(spectra.shape[1]) * ENVELOPE_RATE / samples, 1e-9)
    centres = FASTEST_OCTAVE_HZ * 2.0 ** -np.arange(OCTAVES)
    found = [
        np.fft.ifft(2.0 * spectra * np.cos(0.5 * np.pi * np.clip(np.log2(hz / centre), -1.0, 1.0)), samples)
        for centre in centres[centres >= slowest]
    ]
    return np.array(found, np.complex128).reshape(-1, bands, samples)


def _comodulation(octaves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the correlations of one modulation in neighbouring bands: (octaves, neighbours, bands).

    Zeros follow the highest bands, which have fewer neighbours.
    """
    scaled = octaves.real / np.sqrt(octaves.real**2 @ weights + WEAK)[..., None]
    bands = scaled.shape[1]
    found = np.zeros((len(scaled), NEIGHBOURS, bands))
    for distance in range(min(NEIGHBOURS, bands)):
        found[:, distance, : bands - distance] = (scaled[:, : bands - distance] * scaled[:, distance:]) @ weights
    return found


def _modulation_phase(octaves: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the correlations of each octave, its phase doubled, with the one above: (pairs, 3, bands)."""
    scaled = octaves / np.sqrt(np.abs(octaves) ** 2 @ weights + WEAK)[..., None]
    faster, slower = scaled[:-1], scaled[1:]
    magnitudes = np.abs(slower)
    doubled = slower**2 / np.maximum(magnitudes, 1e-12)
    pairs = (np.conj(doubled) * faster) @ weights
    return np.stack([magnitudes**2 @ weights, pairs.real, pairs.imag], axis=1)


def _weights(samples: int) -> np.ndarray:
    """Return weights (samples,) that sum to 1, with raised-cosine ends."""
    position = (np.arange(samples) + 0.5) / samples
    ramp = np.minimum(np.minimum(position, 1.0 - position) / TAPER, 1.0)
    weights = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return weights / weights.sum()
