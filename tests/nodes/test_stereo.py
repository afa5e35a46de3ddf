"""Middle and sides, width, correlation."""

import numpy as np
import pytest

from nodes.stereo import MidSide, StereoCorrelation, Width
from tests.nodes.stepping import run

SOUND = np.random.default_rng(0).uniform(-1.0, 1.0, (100, 2)).astype(np.float32)


def test_mid_side_is_half_the_sum_and_the_difference_and_decodes_to_the_same():
    encoded = run(MidSide, 100, audio=SOUND)["out"]
    assert encoded == pytest.approx(np.stack([SOUND.mean(1), 0.5 * (SOUND[:, 0] - SOUND[:, 1])], 1), abs=1e-7)
    assert run(MidSide, 100, audio=encoded, mode="decode")["out"] == pytest.approx(SOUND, abs=1e-7)


def test_single_lane_has_no_side():
    mono = SOUND[:, :1]
    assert np.array_equal(run(MidSide, 100, audio=mono)["out"], np.hstack([mono, 0.0 * mono]))
    assert np.array_equal(run(MidSide, 100, audio=mono, mode="decode")["out"], np.hstack([mono, mono]))


@pytest.mark.parametrize("width", [0.0, 0.5, 1.0, 2.0])
def test_width_scales_the_difference_and_keeps_the_sum(width):
    out = run(Width, 100, audio=SOUND, width=width)["out"]
    assert out.sum(1) == pytest.approx(SOUND.sum(1), abs=1e-6)
    assert out[:, 0] - out[:, 1] == pytest.approx(width * (SOUND[:, 0] - SOUND[:, 1]), abs=1e-6)
    assert width != 1.0 or np.array_equal(out, SOUND)


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.25, 0.4, 0.5])
def test_correlation_of_two_sines_is_the_cosine_of_their_angle(angle):
    phase = np.arange(66150) * 441.0 / 44100.0
    sound = np.sin(2 * np.pi * (phase[:, None] + np.array([0.0, angle])))
    found = run(StereoCorrelation, len(sound), audio=sound)["out"]
    assert found[-1, 0] == pytest.approx(np.cos(2 * np.pi * angle), abs=0.01)


def test_correlation_of_mono_is_1_and_of_silence_0():
    mono = np.full((2000, 1), 0.3)
    assert run(StereoCorrelation, 2000, audio=mono)["out"][-1, 0] == pytest.approx(1.0)
    assert not run(StereoCorrelation, 2000, audio=np.zeros((2000, 2)))["out"].any()
