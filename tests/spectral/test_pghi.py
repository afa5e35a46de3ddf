"""Phase gradient heap integration: the loudest paths, and the gradients of a sinusoid and a click."""

import heapq

import numpy as np
import pytest

from nodegraph.spectral import pghi
from nodegraph.spectral.stft import stft


def integrate_by_heap(logs, before, least):
    """Return the phase source of each bin with the heap of the paper: 0 time, -1 bin below, 1 bin above."""
    bins = len(logs)
    origin = np.where(logs <= least, 0, 9)
    heap = [(-before[k], 0, k) for k in range(bins) if logs[k] > least]
    heapq.heapify(heap)
    while heap:
        _, here, k = heapq.heappop(heap)
        if not here and origin[k] == 9:
            origin[k] = 0
            heapq.heappush(heap, (-logs[k], 1, k))
        elif here:
            for step in (1, -1):
                if 0 <= k + step < bins and origin[k + step] == 9:
                    origin[k + step] = -step
                    heapq.heappush(heap, (-logs[k + step], 1, k + step))
    return origin


def origins(logs, before, least):
    """Return the phase source of each bin in ``integrate``, recorded from its calls of ``rotate_phasor``."""
    bins = len(logs)
    cos, sin, below, above = (np.zeros(bins, np.float32) for _ in range(4))
    ones, zeros = np.ones(bins, np.float32), np.zeros(bins, np.float32)
    source_of = np.full(bins, 9)
    rotate_phasor = pghi.rotate_phasor

    def record(cos_from, sin_from, source, turns, cos, sin, target):
        assert source_of[target] == 9, "the bin was set twice"
        assert cos_from is ones or source_of[source] != 9, "the source was not set yet"
        source_of[target] = 0 if cos_from is ones else source - target
        rotate_phasor(cos_from, sin_from, source, turns, cos, sin, target)

    pghi.rotate_phasor = record
    try:
        pghi.integrate(logs, before, least, zeros, zeros, zeros, ones, zeros, cos, sin, below, above, bins)
    finally:
        pghi.rotate_phasor = rotate_phasor
    assert np.allclose(cos**2 + sin**2, 1.0, atol=1e-5)
    return source_of


@pytest.mark.parametrize("seed", range(40))
def test_two_sweeps_find_the_same_paths_as_a_heap(seed):
    rng = np.random.default_rng(seed)
    logs, before = rng.normal(size=(2, int(rng.integers(2, 60)))).astype(np.float32)
    least = rng.choice([-9.0, -0.5, 0.5])
    np.testing.assert_array_equal(origins(logs, before, least), integrate_by_heap(logs, before, least))


@pytest.mark.parametrize("seed", range(20))
def test_equal_loudness_sets_every_bin_once(seed):
    rng = np.random.default_rng(seed)
    logs, before = rng.integers(0, 3, size=(2, 30)).astype(np.float32)
    assert (origins(logs, before, 0.5) != 9).all()


def test_time_gradient_is_the_phase_advance_of_a_sinusoid():
    size, hop, frequency = 512, 128, 40.3
    magnitude = np.abs(stft(np.sin(2 * np.pi * frequency * np.arange(4000) / size), size, hop))[:, 12]
    logs, gradient = np.zeros(257), np.zeros(257)
    pghi.log_magnitude(magnitude, logs, 257)
    pghi.time_gradient(logs, gradient, 257, hop, size, pghi.SPREAD["hann"] * size**2)
    np.testing.assert_allclose(gradient[40:42], hop * frequency / size, atol=0.02)


def test_frequency_gradient_is_the_position_of_a_click():
    size, hop, late = 512, 64, 300  # samples from the start of the second window
    click = np.zeros(size + hop)
    click[hop + late] = 1.0
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    logs = [np.log(np.abs(np.fft.rfft(click[at : at + size] * window))) for at in (0, hop)]
    gradient = np.zeros(257)
    pghi.frequency_gradient(logs[1], logs[0], 1, gradient, 257, hop, size, pghi.SPREAD["hann"] * size**2)
    # the difference of two frames is the gradient half a hop earlier
    np.testing.assert_allclose(gradient[5:250], -(late + hop / 2) / size, atol=0.05)
