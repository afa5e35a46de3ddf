"""Hand-crafted features of a sound: 319,200 statistics of framewise features, for the models HC and HC3.

The features are those of Itoyama & Okuno, Parameter estimation of virtual musical instrument synthesizers (ICMC 2014),
as far as the two papers state them: 32 framewise features and 6 derivatives of each, 9 statistics and 10 coefficients
of a discrete cosine transform of each, over 75 segments: 32 × 7 × 19 × 75 = 319,200. The papers do not state the
segments or the derivatives; here 25 segments of three lengths, and first and second derivatives over three widths.
"""

from __future__ import annotations

import numpy as np

from nodegraph.measures.librosa_import import import_librosa

FRAME, HOP = 512, 128  # samples
MFCCS = 12
BANDS = 3  # the lowest ends at an eighth of the sample rate, each next one is an octave
DELTA_WIDTHS = (3, 5, 9)  # frames
DELTA_ORDERS = (1, 2)
SEGMENTS = 25
SEGMENT_LENGTHS = (12, 24, 48)  # frames
STATISTICS = 9
COSINES = 10

FRAMEWISE = MFCCS + 4 * BANDS + 5 + 3
FEATURES = (
    FRAMEWISE * (1 + len(DELTA_WIDTHS) * len(DELTA_ORDERS)) * (STATISTICS + COSINES) * SEGMENTS * len(SEGMENT_LENGTHS)
)

_EXTREME_SHARE = 0.2  # of the bins of a band, averaged as its peak and its valley
_TINY = 1e-10


def handcrafted_features(sounds: np.ndarray, rate: float) -> np.ndarray:
    """Return the features, float32 (N, 319200), of sounds (N, samples) of at least 48 frames of 128 samples."""
    features = with_derivatives(framewise_features(np.asarray(sounds, np.float32), rate))
    found = []
    for length in SEGMENT_LENGTHS:
        starts = np.linspace(0, features.shape[-1] - length, SEGMENTS).round().astype(int)
        windows = np.lib.stride_tricks.sliding_window_view(features, length, axis=-1)[:, :, starts]
        found.append(statistics_of(windows).reshape(len(features), -1))
    return np.concatenate(found, axis=1)


def framewise_features(sounds: np.ndarray, rate: float) -> np.ndarray:
    """Return the framewise features, float32 (N, 32, frames), of sounds (N, samples)."""
    librosa = import_librosa()
    magnitudes = np.abs(librosa.stft(sounds, n_fft=FRAME, hop_length=HOP))
    power = np.square(magnitudes)
    mel = librosa.filters.mel(sr=rate, n_fft=FRAME, n_mels=40) @ power
    shape = {"S": magnitudes + _TINY, "sr": rate}
    rows = [
        librosa.feature.mfcc(S=librosa.power_to_db(mel, top_db=None), n_mfcc=MFCCS),
        _band_levels(magnitudes),
        librosa.feature.spectral_contrast(**shape, fmin=rate / 8, n_bands=BANDS - 1),
        librosa.feature.zero_crossing_rate(sounds, frame_length=FRAME, hop_length=HOP),
        librosa.feature.spectral_bandwidth(**shape),
        librosa.feature.spectral_centroid(**shape),
        librosa.feature.spectral_rolloff(**shape),
        _flux(magnitudes),
        librosa.feature.spectral_flatness(S=magnitudes),
        *_harmonicity(power),
    ]
    return np.concatenate(rows, axis=1).astype(np.float32)


def with_derivatives(features: np.ndarray) -> np.ndarray:
    """Return features (N, F, frames) with their derivatives: (N, 7 F, frames)."""
    librosa = import_librosa()
    deltas = [
        librosa.feature.delta(features, width=width, order=order, mode="nearest")
        for width in DELTA_WIDTHS
        for order in DELTA_ORDERS
    ]
    return np.concatenate([features, *deltas], axis=1).astype(np.float32)


def statistics_of(windows: np.ndarray) -> np.ndarray:
    """Return the statistics (…, 19) of values (…, frames).

    Sum, mean, variance, skewness, minimum, maximum, median, 10th and 90th percentile, and the first cosine
    coefficients. The skewness of equal values is 0.
    """
    length = windows.shape[-1]
    ordered = np.sort(windows, axis=-1)
    mean = windows.mean(axis=-1)
    centred = windows - mean[..., None]
    variance = np.square(centred).mean(axis=-1)
    third = (np.square(centred) * centred).mean(axis=-1)
    skewness = np.where(variance > _TINY, third / np.maximum(variance, _TINY) ** 1.5, 0.0)
    percentiles = [_percentile(ordered, share) for share in (0.5, 0.1, 0.9)]
    columns = [mean * length, mean, variance, skewness, ordered[..., 0], ordered[..., -1], *percentiles]
    return np.concatenate([np.stack(columns, axis=-1), windows @ _cosines(length)], axis=-1).astype(np.float32)


def _percentile(ordered: np.ndarray, share: float) -> np.ndarray:
    place = share * (ordered.shape[-1] - 1)
    below = int(place)
    above = min(below + 1, ordered.shape[-1] - 1)
    return ordered[..., below] + (place - below) * (ordered[..., above] - ordered[..., below])


def _cosines(length: int) -> np.ndarray:
    """Return the orthonormal cosines (length, 10) of the discrete cosine transform of type 2."""
    angles = np.pi * (np.arange(length)[:, None] + 0.5) * np.arange(COSINES) / length
    cosines = np.sqrt(2.0 / length) * np.cos(angles)
    cosines[:, 0] /= np.sqrt(2.0)
    return cosines.astype(np.float32)


def _band_levels(magnitudes: np.ndarray) -> np.ndarray:
    """Return energy, peak and valley of each band in dB: (N, 9, frames)."""
    bins = magnitudes.shape[1]
    edges = [0, *(round((bins - 1) / 2**k) for k in range(BANDS - 1, 0, -1)), bins]
    rows = []
    for begin, end in zip(edges, edges[1:]):
        ordered = np.sort(magnitudes[:, begin:end], axis=1)
        count = max(round(_EXTREME_SHARE * (end - begin)), 1)
        energy = np.sqrt(np.square(ordered).mean(axis=1))
        rows += [energy, ordered[:, -count:].mean(axis=1), ordered[:, :count].mean(axis=1)]
    return 20.0 * np.log10(np.maximum(np.stack(rows, axis=1), 1e-5))


def _flux(magnitudes: np.ndarray) -> np.ndarray:
    change = np.diff(magnitudes, axis=-1, prepend=magnitudes[..., :1])
    return np.sqrt(np.square(change).sum(axis=1, keepdims=True))


def _harmonicity(power: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest peak of the autocorrelation relative to lag 0, and its lag in samples."""
    correlation = np.fft.irfft(power, axis=1)[:, : FRAME // 2]
    shortest = 8  # samples: a pitch of an eighth of the sample rate
    lag = correlation[:, shortest:].argmax(axis=1) + shortest
    peak = np.take_along_axis(correlation, lag[:, None], axis=1)
    return peak / np.maximum(correlation[:, :1], _TINY), lag[:, None].astype(np.float32)
