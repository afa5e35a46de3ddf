"""Times and levels of the envelopes."""

import numpy as np
import pytest

from nodes.envelopes import Adsr, Ar, Breakpoints, Ramp, Slew
from tests.nodes.stepping import SR, run

N = int(SR)
TIMES = {"attack": 0.1, "decay": 0.2, "sustain": 0.5, "release": 0.2}


def held(seconds, samples=N):
    return (np.arange(samples) < seconds * SR).astype(float)


def first(condition):
    return np.flatnonzero(condition)[0] / SR


@pytest.mark.parametrize("shape", ["exponential", "linear", "jsyn"])
def test_adsr_attack_has_its_duration_and_sustain_holds(shape):
    out = run(Adsr, N, gate=held(0.6), shape=shape, **TIMES)["out"]
    assert first(out >= 1.0) == pytest.approx(0.1, abs=2e-3 if shape == "exponential" else 2e-4)
    assert out[int(0.59 * SR)] == pytest.approx(0.5, abs=1e-4)
    assert out[-1] < 1e-3
    assert (np.diff(out[: int(0.0999 * SR)]) > 0).all()


def test_linear_adsr_has_straight_segments():
    out = run(Adsr, N, gate=held(0.6), shape="linear", **TIMES)["out"]
    assert out[int(0.05 * SR)] == pytest.approx(0.5, abs=1e-3)
    assert out[int(0.2 * SR)] == pytest.approx(0.75, abs=1e-3)
    assert out[int(0.7 * SR)] == pytest.approx(0.25, abs=1e-3)
    assert first((out == 0.0) & (np.arange(N) > 0)) == pytest.approx(0.8, abs=1e-3)


def test_exponential_adsr_decays_by_60_db_in_its_time():
    out = run(Adsr, N, gate=held(0.6), **TIMES)["out"]
    assert out[int(0.3 * SR)] - 0.5 == pytest.approx(0.5e-3, rel=0.05)
    assert out[int(0.8 * SR)] == pytest.approx(0.5e-3, rel=0.05)


def test_jsyn_adsr_falls_by_90_db_in_its_time():
    times = {"attack": 0.001, "decay": 0.5, "sustain": 0.5, "release": 0.05}
    out = run(Adsr, N, gate=held(0.9), shape="jsyn", **times)["out"]
    # decay to one half at the speed of 90.3 dB in half a second: 33 ms
    assert first((out <= 0.5) & (np.arange(N) > 100)) == pytest.approx(0.001 + 0.5 / 15, abs=1e-3)
    start = int(0.9 * SR)
    assert out[start + int(0.025 * SR)] == pytest.approx(0.5 * 2**-7.5, rel=0.02)


def test_release_and_new_gate_start_from_the_current_level():
    gate = held(0.05) + (np.arange(N) > 0.06 * SR)
    out = run(Adsr, N, gate=gate, shape="linear", **TIMES)["out"]
    assert out[: int(0.1 * SR)].max() < 1.0
    assert np.abs(np.diff(out)).max() < 1e-3


def test_ar_trigger_plays_to_the_end():
    gate = held(0.001)
    out = run(Ar, N, gate=gate, attack=0.05, release=0.2, mode="trigger", shape="linear")["out"]
    assert out.max() == 1.0
    assert first(out >= 1.0) == pytest.approx(0.05, abs=1e-3)
    assert np.count_nonzero(out) / SR == pytest.approx(0.25, abs=2e-3)
    assert run(Ar, N, gate=gate, attack=0.05, release=0.2, shape="linear")["out"].max() < 0.05


def test_slew_limits_the_speed():
    step = (np.arange(N) > 100).astype(float)
    out = run(Slew, N, value=step, rise=0.5)["out"]
    assert first(out >= 1.0) == pytest.approx(0.5 + 100 / SR, abs=1e-3)
    assert np.array_equal(run(Slew, N, value=step, rise=0.0, fall=0.0)["out"], step)
    out = run(Slew, N, value=step, rise=0.1, shape="exponential")["out"]
    assert out[101 + int(0.1 * SR)] == pytest.approx(1 - np.exp(-1), abs=1e-3)


@pytest.mark.parametrize("shape", ["linear", "exponential"])
def test_slew_starts_at_the_first_value(shape):
    assert np.array_equal(run(Slew, 100, value=440.0, shape=shape)["out"], np.full(100, 440.0))


def test_ramp_is_linear():
    target = np.where(np.arange(N) < N // 2, 10.0, -5.0)
    out = run(Ramp, N, target=target, time=0.25)["out"]
    assert out[int(0.125 * SR)] == pytest.approx(5.0, abs=0.01)
    assert out[N // 2 - 1] == 10.0
    assert out[-1] == -5.0
    assert out[N // 2 + int(0.125 * SR)] == pytest.approx(2.5, abs=0.01)


@pytest.mark.parametrize("shape", ["exponential", "linear", "jsyn"])
def test_adsr_has_no_step_if_sustain_changes_while_the_gate_is_high(shape):
    sustain = np.where(np.arange(2 * N) < N, 0.2, 0.9)
    out = run(Adsr, 2 * N, gate=np.ones(2 * N), attack=0.01, decay=0.05, sustain=sustain, shape=shape)["out"]
    assert np.abs(np.diff(out)).max() < 0.01
    assert out[-1] == pytest.approx(0.9, abs=0.01)


# -- breakpoints -------------------------------------------------------------------------------------------------


def segment(start, end, curve, seconds):
    """Return a curved segment in closed form."""
    x = np.arange(round(seconds * SR)) / round(seconds * SR)
    return start + (end - start) * (np.expm1(curve * x) / np.expm1(curve) if curve else x)


def breakpoints(gate, **settings):
    return run(Breakpoints, len(gate), gate=gate, **settings)["out"][:, 0]


@pytest.mark.parametrize("curve", [-20.0, -4.0, 0.0, 4.0, 20.0])
def test_breakpoints_follow_their_curves_hold_and_go_on_after_the_gate(curve):
    points = f"0.1:1:{curve} 0.2:0.5:{curve}, 0.4:-2:{curve}"
    expected = np.concatenate(
        [segment(0.0, 1.0, curve, 0.1), segment(1.0, 0.5, curve, 0.1), np.full(int(0.3 * SR), 0.5),
         segment(0.5, -2.0, curve, 0.2), np.full(int(0.3 * SR), -2.0)]
    )  # fmt: skip
    out = breakpoints(held(0.5), points=points, hold=2)
    slope = np.abs(np.diff(expected)).max()
    np.testing.assert_allclose(out, expected, atol=1e-5 + slope)
    assert run(Breakpoints, N, gate=held(0.5), points=points)["done"][:, 0].sum() == pytest.approx(0.3 * SR, abs=2)


def test_breakpoints_without_hold_play_to_the_end_and_start_at_a_point_at_time_0():
    out = breakpoints(held(0.01), points="0:3, 0.5:1", hold=0)
    np.testing.assert_allclose(out, np.concatenate([segment(3.0, 1.0, 0.0, 0.5), np.ones(N // 2)]), atol=1e-4)


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_breakpoints_loop_while_the_gate_is_high(speed):
    points = "0.1:1, 0.2:0, 0.3:1, 0.4:0"
    out = breakpoints(held(0.75), points=points, hold=3, loop=1, speed=speed)
    x = np.arange(int(0.75 * SR)) / SR * speed / 0.1
    np.testing.assert_allclose(out[: len(x)], np.abs((x + 1.0) % 2.0 - 1.0), atol=1e-3)
    assert np.abs(np.diff(out)).max() < 1.001 * speed * 10.0 / SR and not out[int(0.86 * SR) :].any()


@pytest.mark.parametrize("closing", [0.05, 0.15, 0.3])
def test_breakpoints_release_and_start_again_from_the_current_level(closing):
    gate = held(closing) + (np.arange(N) > (closing + 0.02) * SR)
    out = breakpoints(gate, points="0.1:1, 0.2:0.5, 0.6:0", hold=2)
    assert np.abs(np.diff(out)).max() < 1.001 * 10.0 / SR and out[-1] == 0.5


def test_breakpoints_of_no_duration_do_not_stop_the_engine():
    out = breakpoints(held(0.5, 1000), points="0:1, 0:2, 0:3", hold=2, loop=1)
    assert np.isin(out, [1.0, 2.0, 3.0]).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"points": "0.1"}, "time:value or time:value:curve, got '0.1'"),
        ({"points": "0.1:x"}, "got '0.1:x'"),
        ({"points": "0.1:1:2:3"}, "got '0.1:1:2:3'"),
        ({"points": "0.1:nan"}, "got '0.1:nan'"),
        ({"points": ""}, "a list of 1 to 256, got 0"),
        ({"points": "0.2:1, 0.1:0"}, "must rise from 0 to at most 3600 s"),
        ({"points": "0.1:1e9"}, "±20000, got 1e+09"),
        ({"points": "0.1:1:21"}, "±20, got 21"),
        ({"hold": 4}, "number of a point, 0–3, got 4"),
        ({"loop": 2}, "loop must be below hold, 2, got 2"),
    ],
)
def test_wrong_breakpoints_are_one_line(settings, words):
    problem = Breakpoints.check(Breakpoints.spec.default_settings | settings)
    assert words in problem and "\n" not in problem
