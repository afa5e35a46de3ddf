"""The parts of RTISI: windows, gains and trust, and one step of the iteration."""

import numpy as np
import pytest

from nodegraph.spectral import rtisi
from nodegraph.spectral.windows import WINDOWS, overlap, window


def settings(size=64, hop=16, look_ahead=3, name="hamming"):
    return {"size": size, "hop": hop, "look_ahead": look_ahead, "window": name}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("hop", [8, 16, 32, 48])
def test_full_overlap_gain_inverts_the_overlap_of_all_frames(name, hop):
    s = settings(hop=hop, name=name)
    sums = overlap(window(name, 64) ** 2, hop)[np.arange(rtisi.span_length(s, 1.0)) % hop]
    level = rtisi.full_overlap_gain(s, 1.0)
    enough = sums > 0.02 * (window(name, 64) ** 2).max()
    np.testing.assert_allclose(level[enough] * sums[enough], 1.0)
    assert (level > 0).all() and np.isfinite(level).all()


@pytest.mark.parametrize("look_ahead", [0, 1, 3, 7])
def test_trust_falls_from_the_oldest_to_the_newest_frame(look_ahead):
    trust = rtisi.falling_trust(settings(look_ahead=look_ahead), 1.0)
    assert len(trust) == look_ahead + 1 and trust[0] == 1.0 and trust[-1] > 0.0
    assert (np.diff(trust) < 0).all()


@pytest.mark.parametrize("size, hop, look_ahead", [(64, 16, 0), (64, 16, 3), (64, 24, 2), (64, 100, 2), (64, 64, 1)])
def test_trusted_overlap_gain_inverts_the_overlap_up_to_the_newest_frame(size, hop, look_ahead):
    s = settings(size, hop, look_ahead)
    weights, trust = window("hamming", size), rtisi.falling_trust(s, 1.0)
    span = rtisi.span_length(s, 1.0)
    sums = np.zeros(span)
    for m in range(-10, look_ahead + 1):
        for n in range(size):
            if 0 <= m * hop + n < span:
                sums[m * hop + n] += (trust[m] if m >= 0 else 1.0) * weights[n] ** 2
    np.testing.assert_allclose(rtisi.trusted_overlap_gain(s, 1.0), 1.0 / np.maximum(sums, 0.02))


def test_newest_windows_are_the_time_reversed_overlap():
    """The first window excludes the newest frame, the later one includes it (Zhu, Beauregard & Wyse)."""
    s = settings()
    power = window("hamming", 64) ** 2
    rest = sum(np.concatenate([power[16 * j :], np.zeros(16 * j)]) for j in (1, 2, 3))
    scale = overlap(power, 16).mean()
    np.testing.assert_allclose(rtisi.first_newest_window(s, 1.0), rest[::-1] / scale)
    np.testing.assert_allclose(rtisi.later_newest_window(s, 1.0), (rest + power)[::-1] / scale)


def test_replace_updates_the_sums():
    rng = np.random.default_rng(0)
    weights, framed = rng.normal(size=(2, 8))
    estimates, final_sum = rng.normal(size=24), rng.normal(size=16)
    trust, sums, again = np.array([1.0, 0.5, 0.2]), np.zeros(16), np.zeros(16)
    rtisi.sum_overlap(estimates, final_sum, weights, trust, sums, 8, 4, 3)
    rtisi.replace(framed, estimates, 8, sums, 4, weights, trust[1], 8)
    np.testing.assert_array_equal(estimates[8:16], framed)
    rtisi.sum_overlap(estimates, final_sum, weights, trust, again, 8, 4, 3)
    np.testing.assert_allclose(sums, again)


def test_impose_magnitudes_keeps_phases_and_uses_phase_zero_for_silence():
    re, im = np.array([3.0, 0.0, -2.0]), np.array([4.0, 0.0, 0.0])
    rtisi.impose_magnitudes(re, im, np.array([10.0, 7.0, 1.0]), 0, 3)
    np.testing.assert_allclose(re + 1j * im, [6 + 8j, 7, -1])


def test_extrapolate_adds_the_scaled_last_change():
    re, im, before_re, before_im = np.array([2.0]), np.array([1.0]), np.array([1.0]), np.array([3.0])
    rtisi.extrapolate(re, im, before_re, before_im, 0, 1, 0.5)
    assert (re[0], im[0], before_re[0], before_im[0]) == (2.5, 0.0, 2.0, 1.0)


def test_finalising_writes_one_hop_and_shifts_the_sum():
    estimates, final_sum = np.arange(1.0, 9.0), np.zeros(12)
    out, ones = np.zeros(4), np.ones(12)
    rtisi.finalise_oldest_frame(estimates, final_sum, ones, 0.5 * ones, out, 8, 4, 2)
    np.testing.assert_array_equal(out, [0.5, 1.0, 1.5, 2.0])
    np.testing.assert_array_equal(final_sum, [5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0])


def test_hop_longer_than_all_frames_leaves_silence_between_them():
    out, final_sum = np.full(12, 9.0), np.zeros(8)
    rtisi.finalise_oldest_frame(np.ones(8), final_sum, np.ones(8), np.ones(8), out, 8, 12, 1)
    np.testing.assert_array_equal(out, [1.0] * 8 + [0.0] * 4)
    np.testing.assert_array_equal(final_sum, 0.0)


def test_copied_magnitudes_are_clamped():
    target = np.full(5, 9.0, np.float32)
    rtisi.copy_magnitudes(np.array([-1.0, 2.0, 3e38], np.float32), target, 1, 3)
    np.testing.assert_allclose(target, [9.0, 0.0, 2.0, 1e12, 9.0])
