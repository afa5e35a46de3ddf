"""Timing of the clock and order of the sequencers."""

import numpy as np
import pytest

from nodes.sequencing import Clock, ClockDivider, Euclid, RandomSteps, StepSequencer
from tests.nodes.stepping import SR, run

CLOCK = np.tile([1, 0], 16)  # sixteen steps


def edges(gate):
    return np.flatnonzero((gate > 0.5) & (np.concatenate([[0], gate[:-1]]) <= 0.5))


def test_clock_keeps_time():
    outputs = run(Clock, 44100, tempo=120.0, division=4.0)
    assert edges(outputs["out"]) == pytest.approx(np.arange(8) * SR / 8, abs=1)
    assert outputs["out"].mean() == pytest.approx(0.5, abs=1e-3)
    assert 0 <= outputs["phase"].min() and outputs["phase"].max() <= 1


def test_clock_swing_delays_second_gates():
    gates = edges(run(Clock, 44100, tempo=120.0, division=4.0, swing=1 / 3)["out"])
    assert gates[:4] == pytest.approx(np.array([0, 4 / 3, 2, 10 / 3]) * SR / 8, abs=1)


def test_reset_restarts_the_clock_and_a_sequencer_at_once_also_while_its_gate_is_high():
    for at in (1, 1000, 5511, 5600):  # a step has 5512.5 samples, and its gate is high in the first half
        reset = np.where(np.arange(8000) == at, 1.0, 0.0)
        outputs = run(Clock, 8000, tempo=120.0, division=4.0, reset=reset, width=0.9)
        first = at + 1 if outputs["out"][at - 1] > 0.5 else at
        assert first in edges(outputs["out"]) and outputs["phase"][at] == 0.0
        step = run(StepSequencer, 8000, clock=outputs["out"], reset=reset, steps=(7.0, 8.0, 9.0))["out"]
        assert step[first] == 7.0


def test_clock_divider():
    out = run(ClockDivider, 32, clock=CLOCK, count=3.0)["out"]
    assert edges(out).tolist() == [0, 6, 12, 18, 24, 30]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("forward", [1, 2, 3, 4, 1, 2, 3, 4]),
        ("backward", [4, 3, 2, 1, 4, 3, 2, 1]),
        ("pendulum", [1, 2, 3, 4, 3, 2, 1, 2]),
    ],
)
def test_steps_play_in_order(order, expected):
    outputs = run(StepSequencer, 32, clock=CLOCK, steps=(1.0, 2.0, 3.0, 4.0), order=order)
    assert outputs["out"][::2][:8].tolist() == expected
    assert outputs["out"][1::2][:8].tolist() == expected
    assert np.array_equal(outputs["gate"], CLOCK)
    assert (outputs["step"] + 1 == outputs["out"]).all()


def test_sequencer_has_rests_and_reset():
    reset = np.zeros(32)
    reset[6] = 1
    outputs = run(StepSequencer, 32, clock=CLOCK, reset=reset, steps=(1.0, 2.0, 3.0, 4.0), gates=(1, 0, 1))
    assert outputs["gate"][::2][:4].tolist() == [1, 0, 1, 1]
    assert outputs["out"][::2][:5].tolist() == [1, 2, 3, 1, 2]


def test_random_order_uses_all_steps():
    out = run(StepSequencer, 400, clock=np.tile([1, 0], 200), steps=(1.0, 2.0, 3.0), order="random")["out"]
    assert set(out) == {1.0, 2.0, 3.0}


@pytest.mark.parametrize("steps", [(), (5.0,), tuple(float(i) for i in range(64))])
def test_sequencer_plays_lists_of_any_length(steps):
    out = run(StepSequencer, 400, clock=np.tile([1, 0], 200), steps=steps, order="pendulum")["out"]
    assert set(out) == set(steps or (0.0,))


@pytest.mark.parametrize(
    ("pulses", "steps", "rotation", "pattern"),
    [
        (3, 8, 0, "x..x..x."),
        (5, 8, 0, "x.x.xx.x"),
        (4, 4, 0, "xxxx"),
        (0, 4, 0, "...."),
        (2, 5, 0, "x..x."),
        (3, 8, 1, "..x..x.x"),
    ],
)
def test_euclid_spreads_its_pulses(pulses, steps, rotation, pattern):
    out = run(Euclid, 32, clock=CLOCK, pulses=pulses, steps=steps, rotation=rotation)["out"]
    played = "".join("x" if g else "." for g in out[::2][:steps])
    assert played.count("x") == pulses
    assert sorted(_gaps(played)) == sorted(_gaps(pattern))
    assert np.array_equal(out[2 * steps :], out[: len(out) - 2 * steps])


def _gaps(pattern):
    places = [i for i, c in enumerate(pattern) if c == "x"]
    return [(b - a) % len(pattern) for a, b in zip(places, places[1:] + places[:1])]


def test_random_steps_change_per_clock_and_repeat_with_memory():
    clock = np.tile([1, 0], 100)
    free = run(RandomSteps, 200, clock=clock, low=10.0, high=20.0)["out"]
    assert len(set(free)) == 100
    assert 10 <= free.min() and free.max() <= 20
    locked = run(RandomSteps, 200, clock=clock, memory=1.0, length=8.0)["out"][::2]
    assert len(set(locked)) == 8
    assert np.array_equal(locked[8:16], locked[:8])
