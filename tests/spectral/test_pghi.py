"""The phase gradient: its integration takes the loudest path, and its phases are those of a sinusoid."""

import heapq

import numpy as np
import pytest

from nodegraph.spectral import pghi
from nodegraph.spectral.stft import stft


def integrate_by_heap(logs, before, least):
    """Where each bin takes its phase from by the paper's heap: 0 time, -1 the bin below, 1 the bin above."""
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
    """The same by ``integrate``, which turns by steps that tell the directions apart."""
    bins = len(logs)
    cos, sin, below, above = (np.zeros(bins, np.float32) for _ in range(4))
    ones, zeros = np.ones(bins, np.float32), np.zeros(bins, np.float32)
    seen = np.full(bins, 9)
    turn = pghi.rotate_phasor

    def watch(cos_from, sin_from, source, turns, cos, sin, target):
        assert seen[target] == 9, "a bin is set once"
        assert cos_from is ones or seen[source] != 9, "from a bin that is known"
        seen[target] = 0 if cos_from is ones else source - target
        turn(cos_from, sin_from, source, turns, cos, sin, target)

    pghi.rotate_phasor = watch
    try:
        pghi.integrate(logs, before, least, zeros, zeros, zeros, ones, zeros, cos, sin, below, above, bins)
    finally:
        pghi.rotate_phasor = turn
    assert np.allclose(cos**2 + sin**2, 1.0, atol=1e-5)
    return seen


@pytest.mark.parametrize("seed", range(40))
def test_two_sweeps_find_the_paths_of_a_heap(seed):
    rng = np.random.default_rng(seed)
    logs, before = rng.normal(size=(2, int(rng.integers(2, 60)))).astype(np.float32)
    least = rng.choice([-9.0, -0.5, 0.5])
    np.testing.assert_array_equal(origins(logs, before, least), integrate_by_heap(logs, before, least))


@pytest.mark.parametrize("seed", range(20))
def test_equal_loudness_still_gives_every_bin_one_phase(seed):
    rng = np.random.default_rng(seed)
    logs, before = rng.integers(0, 3, size=(2, 30)).astype(np.float32)
    assert (origins(logs, before, 0.5) != 9).all()


def test_time_gradient_is_the_advance_of_a_sinusoid():
    size, hop, frequency = 512, 128, 40.3
    magnitude = np.abs(stft(np.sin(2 * np.pi * frequency * np.arange(4000) / size), size, hop))[:, 12]
    logs, gradient = np.zeros(257), np.zeros(257)
    pghi.log_magnitude(magnitude, logs, 257)
    pghi.time_gradient(logs, gradient, 257, hop, size, pghi.SPREAD["hann"] * size**2)
    np.testing.assert_allclose(gradient[40:42], hop * frequency / size, atol=0.02)


def test_bin_gradient_is_the_place_of_a_click():
    size, hop, late = 512, 64, 300  # samples from the start of the second window
    click = np.zeros(size + hop)
    click[hop + late] = 1.0
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    logs = [np.log(np.abs(np.fft.rfft(click[at : at + size] * window))) for at in (0, hop)]
    gradient = np.zeros(257)
    pghi.frequency_gradient(logs[1], logs[0], 1, gradient, 257, hop, size, pghi.SPREAD["hann"] * size**2)
    # half a hop back in time is where a difference of two frames belongs
    np.testing.assert_allclose(gradient[5:250], -(late + hop / 2) / size, atol=0.05)
