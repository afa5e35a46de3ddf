"""Multi-resolution STFT distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nodegraph.spectral.metrics import convergence

from .mono import of_equal_length
from .spectrogram import log_ratio, magnitudes_of

SIZES = (512, 1024, 2048)  # samples


def multi_resolution_stft(sound: np.ndarray, reference: np.ndarray, sizes: Sequence[int] = SIZES) -> float:
    """Return the mean over sizes of ``‖|X| - |Y|‖ / ‖X‖ + mean |ln |X| / |Y||``, of sounds (samples,) at one rate.

    X is the reference. 0 for equal sounds, ``|1 - g| + |ln g|`` for a gain g; huge but finite if the reference is
    silent. The windows are Hann, the hop is size / 4. Yamamoto, Song & Kim, Parallel WaveGAN (ICASSP, 2020).
    Magnitudes in the logarithm are clamped as in ``log_ratio``.
    """
    estimate, target = of_equal_length(sound, reference)
    if not len(target):
        return 0.0
    total = 0.0
    for size in sizes:
        x, y = (magnitudes_of(samples, size, size // 4) for samples in (target, estimate))
        total += convergence(x, y) + float(np.abs(log_ratio(x, y)).mean())
    return total / len(sizes)
