"""A feedback wire carries the previous sample, in loops of any number of nodes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.rendering import engine_of, patch_of, ramp, sound_of


def run(patch, values):
    return sound_of(patch, len(values), inputs={"x": values})


def test_feedback_wire_without_a_loop_is_one_sample_late():
    patch = patch_of("x.out ~ y.a", "y.out out.audio", x="audio_in", y="add", out="audio_out")
    values = ramp(200)
    assert np.array_equal(run(patch, values)[1:], values[:-1]) and run(patch, values)[0, 0] == 0.0


def test_node_with_feedback_to_itself_accumulates():
    patch = patch_of("x.out y.a", "y.out ~ y.b", "y.out out.audio", x="audio_in", y="add", out="audio_out")
    values = np.ones((300, 1), np.float32)
    assert np.array_equal(run(patch, values)[:, 0], np.arange(1, 301))


@pytest.mark.parametrize("a", [0.5, -0.875, 0.99])
@pytest.mark.parametrize("links", [1, 2, 5])
def test_loop_of_several_nodes_is_a_one_pole_filter(a, links):
    """Only the marked wire is late: y[n] = x[n] + a y[n-1] for any number of nodes in the loop."""
    chain = {f"pass{k}": "add" for k in range(links)}
    path = ["sum", *chain, "gain"]
    wires = [f"{one}.out {next}.a" for one, next in zip(path, path[1:])]
    patch = patch_of(
        "x.out sum.a", *wires, "gain.out ~ sum.b", "sum.out out.audio",
        x="audio_in", sum="add", gain=("multiply", {"b": a}), out="audio_out", **chain,
    )  # fmt: skip
    values = np.random.default_rng(1).standard_normal((1000, 1)).astype(np.float32)
    expected, y = np.zeros(1000), 0.0
    for n in range(1000):
        y = values[n, 0] + a * y
        expected[n] = y
    assert np.abs(run(patch, values)[:, 0] - expected).max() < 1e-4


def test_two_loops_through_one_node():
    patch = patch_of(
        "x.out sum.a", "sum.out one.a", "sum.out two.a", "one.out ~ sum.b", "two.out ~ sum.b", "sum.out out.audio",
        x="audio_in", sum="add", one=("multiply", {"b": 0.25}), two=("multiply", {"b": 0.5}), out="audio_out",
    )  # fmt: skip
    impulse = np.eye(50, 1, dtype=np.float32)
    assert np.allclose(run(patch, impulse)[:, 0], 0.75 ** np.arange(50), atol=1e-7)


def test_ten_sample_comb():
    patch = patch_of(
        "x.out sum.a", "sum.out late.audio", "late.out gain.a", "gain.out ~ sum.b", "sum.out out.audio",
        x="audio_in", sum="add", late=("sample_delay", {"samples": 9}), gain=("multiply", {"b": 0.5}), out="audio_out",
    )  # fmt: skip
    impulse = np.eye(200, 1, dtype=np.float32)
    found = run(patch, impulse)[:, 0]
    assert np.allclose(found[::10], 0.5 ** np.arange(20)) and np.count_nonzero(found) == 20


def test_lanes_of_a_loop_do_not_mix():
    patch = patch_of(
        "x.out sum.a", "sum.out gain.a", "gain.out ~ sum.b", "sum.out out.audio",
        x=("audio_in", {"channels": 3}), sum="add", gain=("multiply", {"b": [0.0, 0.5, -0.5]}), out="audio_out",
    )  # fmt: skip
    impulse = np.zeros((100, 3), np.float32)
    impulse[0] = 1
    assert np.allclose(run(patch, impulse), np.array([0.0, 0.5, -0.5]) ** np.arange(100)[:, None])


def test_loop_is_one_row_without_the_nodes_outside_it():
    engine = engine_of(patch_of(
        "x.out sum.a", "sum.out ~ sum.b", "sum.out out.audio", "x.out other.a", x="sine", sum="add", other="add",
        out="audio_out",
    ))  # fmt: skip
    assert sorted(row.kernel for row in engine.plan.rows) == ["add", "loop", "mix", "sine"]
