"""Times and levels of the envelopes."""

import numpy as np
import pytest

from nodes.envelopes import Adsr, Ar, Ramp, Slew
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
