"""Chorus, flanger, phaser, tremolo and frequency shift against closed forms."""

import numpy as np
import pytest

from nodes.modulation import Chorus, Flanger, FrequencyShifter, Phaser, Tremolo
from tests.nodes.stepping import SR, impulse, response, run

N = 1 << 15
STILL = {"rate": 0.01, "depth": 0.0}
F = np.geomspace(40.0, 18000.0, 80)


def test_chorus_has_three_copies_on_each_side_and_none_in_common():
    out = run(Chorus, 3000, audio=impulse(3000), mix=1.0, rate=1.0, depth=1.0)["out"]
    copies = [np.flatnonzero(np.abs(out[:, side]) > 0.2) / SR for side in range(2)]
    assert all(2 <= len(np.unique(np.round(times, 3))) <= 4 for times in copies)
    assert all(0.0095 < t < 0.0265 for times in copies for t in times)
    assert not set(np.round(copies[0], 4)) & set(np.round(copies[1], 4))


def test_chorus_is_dry_at_0_and_keeps_the_level():
    noise = np.random.default_rng(0).normal(0.0, 0.1, 2 * N)
    dry = run(Chorus, 2 * N, audio=noise, mix=0.0)["out"]
    assert np.allclose(dry, np.float32(noise)[:, None], atol=1e-6)
    for mix in (0.5, 1.0):
        wet = run(Chorus, 2 * N, audio=noise, mix=mix)["out"][N:]
        assert 20.0 * np.log10(wet.std() / 0.1) == pytest.approx(0.0, abs=1.5)


def test_flanger_at_rest_is_a_comb():
    out = run(Flanger, N, audio=impulse(N), feedback=0.6, mix=0.5, **STILL)["out"]
    delay = np.exp(-2j * np.pi * F * 0.0005)
    below = F < 8000.0  # above, the interpolation of the delay attenuates
    expected = np.abs(0.5 + 0.5 * delay / (1.0 - 0.6 * delay))
    assert response(out, F[below]) == pytest.approx(expected[below], abs=0.01)


def test_flanger_sweeps_as_far_as_its_depth():
    out = run(Flanger, 44100, audio=np.roll(impulse(44100), 22050), rate=1.0, depth=1.0, feedback=0.0, mix=1.0)["out"]
    assert (np.abs(out).argmax() - 22050) / SR == pytest.approx(0.008, abs=1e-4)


def test_phaser_at_rest_has_three_notches():
    out = run(Phaser, N, audio=impulse(N), feedback=0.0, mix=0.5, **STILL)["out"]
    turns = -6.0 * np.arctan(np.tan(np.pi * F / SR) / np.tan(np.pi * 150.0 / SR)) / np.pi  # of six all-passes
    assert response(out, F) == pytest.approx(np.abs(0.5 + 0.5 * np.exp(2j * np.pi * turns)), abs=1e-4)
    notches = np.tan(np.pi / 12.0 * np.array([1, 3, 5])) * 150.0
    assert response(out, notches) == pytest.approx(0.0, abs=0.01)


def test_phaser_alone_is_an_all_pass():
    out = run(Phaser, N, audio=impulse(N), feedback=0.0, mix=1.0, rate=0.01, depth=0.0)["out"]
    assert response(out, F) == pytest.approx(1.0, abs=1e-4)


def test_phaser_feeds_back_without_delay():
    out = run(Phaser, N, audio=impulse(N), feedback=0.6, mix=0.5, **STILL)["out"]
    turns = -6.0 * np.arctan(np.tan(np.pi * F / SR) / np.tan(np.pi * 150.0 / SR)) / np.pi
    passed = np.exp(2j * np.pi * turns)
    assert response(out, F) == pytest.approx(np.abs(0.5 + 0.5 * passed / (1.0 - 0.6 * passed)), abs=1e-4)


@pytest.mark.parametrize("block", [Flanger, Phaser])
@pytest.mark.parametrize("feedback", [-0.95, 0.95])
def test_feedback_never_runs_away(block, feedback):
    noise = np.random.default_rng(1).uniform(-1.0, 1.0, 2 * N)
    out = run(block, 2 * N, audio=noise, feedback=feedback, rate=20.0, depth=1.0, mix=1.0)["out"]
    assert np.abs(out).max() < 25.0


@pytest.mark.parametrize("depth", [0.0, 0.4, 1.0])
def test_tremolo_multiplies_by_its_curve(depth):
    turns = 3.0 * np.arange(N) / SR
    for shape, fall in (("sine", 0.5 - 0.5 * np.cos(2 * np.pi * (turns + 0.2))), ("triangle", None)):
        fall = 1.0 - np.abs(2.0 * ((turns + 0.2) % 1.0) - 1.0) if fall is None else fall
        out = run(Tremolo, N, audio=0.5, rate=3.0, depth=depth, phase=0.2, shape=shape)["out"]
        assert out == pytest.approx(0.5 * (1.0 - depth * fall), abs=1e-6)


@pytest.mark.parametrize("shape", ["sine", "triangle"])
def test_tremolo_pans_with_opposite_phases_in_two_lanes(shape):
    left, right = (run(Tremolo, N, audio=0.5, phase=p, depth=1.0, shape=shape)["out"] for p in (0.0, 0.5))
    assert left + right == pytest.approx(np.full(N, 0.5), abs=1e-6) and np.ptp(left) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("tone", [50.0, 60.0, 200.0, 1000.0, 5000.0, 15000.0])
@pytest.mark.parametrize("shift", [-30.0, 400.0])
def test_frequency_shifter_moves_a_sine_and_rejects_its_image(tone, shift):
    count = 1 << 16
    window = np.blackman(count)

    def amplitude(signal, frequency):
        wave = np.exp(-2j * np.pi * frequency * np.arange(count) / SR)
        return 2.0 * abs((signal * window * wave).sum()) / window.sum()

    sine = 0.5 * np.sin(2 * np.pi * tone * np.arange(2 * count) / SR)
    found = run(FrequencyShifter, 2 * count, audio=sine, frequency=shift)
    for name, sign in (("out", 1.0), ("down", -1.0)):
        wanted, image = (amplitude(found[name][count:], tone + factor * sign * shift) for factor in (1, -1))
        assert wanted == pytest.approx(0.5, rel=1e-3) and image < 0.5e-3
