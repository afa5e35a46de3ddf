"""Three definitions of the cross-correlation of a mixture with its content; the thesis does not say which it uses."""

from __future__ import annotations

import numpy as np

from nodegraph.measures.copying import copying
from nodegraph.measures.spectrogram import magnitudes_of

SIZE, HOP = 1024, 256  # samples


def waveform_correlation(sound: np.ndarray, content: np.ndarray) -> float:
    """Return 100 times the peak of the normalised cross-correlation of two waveforms (samples,), 0–100."""
    return 100.0 * copying(sound, content)[0]


def raw_correlation(sound: np.ndarray, content: np.ndarray) -> float:
    """Return the peak ``max_d |Σ x[n] y[n + d]|`` of two waveforms (samples,), without normalisation.

    It grows with the levels and with the duration.
    """
    size = len(sound) + len(content)
    product = (
        np.fft.rfft(np.asarray(sound, np.float64), size) * np.fft.rfft(np.asarray(content, np.float64), size).conj()
    )
    return float(np.abs(np.fft.irfft(product, size)).max())


def spectrogram_correlation(sound: np.ndarray, content: np.ndarray) -> float:
    """Return 100 times the largest cosine of two magnitude spectrograms at any shift in time, 0–100.

    ``max_d Σ_k,m |X[k, m]| |Y[k, m + d]| / (‖X‖ ‖Y‖)``, of sounds (samples,) at one rate. Magnitudes are not negative
    and have no mean removed: unrelated sounds with similar spectra are far above 0.
    """
    x, y = magnitudes_of(sound, SIZE, HOP), magnitudes_of(content, SIZE, HOP)
    size = x.shape[1] + y.shape[1]
    product = np.fft.rfft(x, size) * np.fft.rfft(y, size).conj()
    norm = np.linalg.norm(x) * np.linalg.norm(y)
    return float(100.0 * np.fft.irfft(product.sum(axis=0), size).max() / norm) if norm else 0.0


DEFINITIONS = {"waveform": waveform_correlation, "raw": raw_correlation, "spectrogram": spectrogram_correlation}
