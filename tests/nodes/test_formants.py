"""The formant oscillator against a sum of its waves, and the place and the width of its formant."""

import numpy as np
import pytest

from nodes.formants import Formant
from tests.nodes.stepping import SR, run, spectrum

N = 1 << 15


@pytest.mark.parametrize(("pitch", "bandwidth"), [(110.0, 80.0), (437.0, 40.0)])
def test_output_is_the_sum_of_the_waves_of_each_cycle(pitch, bandwidth):
    out = run(Formant, 8000, frequency=pitch, formant=650.0, bandwidth=bandwidth, attack=0.002, amplitude=0.5)["out"]
    t = np.arange(8000) / SR - np.arange(0, 8000 / SR, 1 / np.float32(pitch))[:, None]
    rise = np.where(t < 0.002, 0.5 - 0.5 * np.cos(np.pi * t / 0.002), 1.0)
    waves = np.where(t < 0, 0.0, rise * np.exp(-np.pi * bandwidth * np.maximum(t, 0)) * np.sin(2 * np.pi * 650.0 * t))
    assert out == pytest.approx(0.5 * waves.sum(axis=0), abs=1e-4)


def test_spectrum_has_partials_of_the_pitch_below_the_formant_curve():
    out = run(Formant, 2 * N, frequency=55.0, formant=1100.0, bandwidth=120.0)["out"][N:]
    heights, frequencies = spectrum(out)
    partials = {k: heights[np.abs(frequencies - 55.0 * k) < 8.0].max() for k in range(10, 31)}
    assert max(partials, key=partials.get) == 20
    assert partials[21] / partials[20] == pytest.approx(1 / np.sqrt(1 + (55.0 / 60.0) ** 2), rel=0.15)
    between = heights[np.abs(frequencies - 55.0 * 20.5) < 8.0].max()
    assert between < 1e-3 * partials[20]
