"""Conversion between frames and signals, compared with closed forms."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.engine.offline import Offline, Stepper
from nodegraph.graph import GraphError, build_graph
from tests.nodes.frame_helpers import RATE, frames_of, noise, tap
from tests.rendering import QUANTUM, patch_of

SAMPLES = 11 * QUANTUM


def converted(hop, lanes=1, back=None, **choice):
    """Return a patch that converts an input to frames, those to signals, and optionally these to frames again."""
    patch = patch_of(
        "in.out before.values", "before.code signal.values", "signal.out out.audio",
        before=("signal_to_frame", {"units": lanes, "hop": hop, "size": 64}), signal=("frame_to_signal", choice),
        out="audio_out", **{"in": ("audio_in", {"channels": lanes})},
    )  # fmt: skip
    if back is not None:
        patch.add("signal_to_frame", id="after", units=back, hop=hop, size=64)
        patch.connect("signal.out", "after.values")
        tap(patch, "before.code", "before_tap")
        tap(patch, "after.code", "after_tap")
    return patch


def play(patch, audio, driver=Offline):
    engine = driver(patch.document, RATE, inputs={"in": audio})
    try:
        return engine.run_samples(len(audio))
    finally:
        engine.close()


def latency_of(patch, node="signal"):
    return build_graph(patch.document, RATE).node(node).path_latency


hops = st.sampled_from([1, 3, 16, 63, 64, 65, 200])


@given(hops, st.sampled_from([Offline, Stepper]))
@settings(max_examples=20)
def test_hold_repeats_the_last_sample_of_each_hop(hop, driver):
    audio = noise(SAMPLES)
    ends = np.arange(hop - 1, SAMPLES, hop)
    expected = np.concatenate([np.zeros(hop - 1), np.repeat(audio[ends], hop)])[:SAMPLES]
    patch = converted(hop)
    assert np.array_equal(play(patch, audio, driver)[:, 0], expected)
    assert latency_of(patch) == 0


@given(hops, st.sampled_from([Offline, Stepper]))
@settings(max_examples=20)
def test_linear_joins_the_ends_of_hops_by_straight_lines(hop, driver):
    audio = noise(SAMPLES)
    ends = np.arange(-1, SAMPLES, hop)
    values = np.concatenate([[0.0], audio[ends[1:]]])
    patch = converted(hop, interpolation="linear")
    expected = np.interp(np.arange(SAMPLES) - hop, ends, values)
    np.testing.assert_allclose(play(patch, audio, driver)[:, 0], expected, atol=1e-7)
    assert latency_of(patch) == hop


@given(hops)
@settings(max_examples=10)
def test_linear_reproduces_a_ramp_exactly(hop):
    audio = np.arange(SAMPLES, dtype=np.float32)
    sound = play(converted(hop, interpolation="linear"), audio)[:, 0]
    np.testing.assert_allclose(sound[2 * hop :], audio[hop:-hop], rtol=1e-6)


@given(hops, st.integers(1, 9), st.sampled_from(["hold", "linear"]))
@settings(max_examples=20)
def test_frames_to_signals_to_frames_are_equal(hop, units, interpolation):
    audio = noise(SAMPLES * units).reshape(SAMPLES, units)
    patch = converted(hop, units, back=units, count=units, interpolation=interpolation)
    _, seen, faults = frames_of(patch, {"in": audio})
    late = latency_of(patch) // hop
    before, after = seen["before_tap"], seen["after_tap"]
    assert np.array_equal(before, audio[hop - 1 :: hop])
    assert np.array_equal(after[late:], before[: len(before) - late])
    assert not after[:late].any() and not faults


@given(st.data())
@settings(max_examples=20)
def test_lanes_are_the_chosen_values_in_their_order(data):
    units = data.draw(st.integers(1, 12))
    indices = data.draw(st.lists(st.integers(0, units - 1), max_size=20))
    first = data.draw(st.integers(0, units - 1))
    count = data.draw(st.integers(1, units - first))
    audio = noise(200 * units).reshape(200, units)
    sound = play(converted(1, units, first=first, count=count, indices=indices), audio)
    assert np.array_equal(sound, audio[:, indices or slice(first, first + count)])


def test_values_of_each_lane_of_the_frames_stay_together():
    patch = patch_of(
        "in.out stft.audio", "stft.spectrum magnitude.spectrum", "magnitude.magnitude signal.values",
        "signal.out out.audio",
        stft=("stft", {"size": 64, "hop": 16}), magnitude="magnitude", signal=("frame_to_signal", {"indices": [9, 4]}),
        out="audio_out", **{"in": ("audio_in", {"channels": 3})},
    )  # fmt: skip
    audio = noise(3 * SAMPLES).reshape(SAMPLES, 3)
    sound = play(patch, audio)
    patch.set("in.channels", 1)
    assert np.array_equal(sound, np.hstack([play(patch, audio[:, lane]) for lane in range(3)]))
    assert sound.shape == (SAMPLES, 6) and np.ptp(sound[-1]) > 0


def test_frames_without_a_wire_give_silent_lanes():
    patch = patch_of("signal.out out.audio", signal=("frame_to_signal", {"count": 3}), out="audio_out")
    sound = Offline(patch.document, RATE).run_samples(QUANTUM)
    assert sound.shape == (QUANTUM, 3) and not sound.any()


def test_parallel_path_is_delayed_to_match_the_ramps():
    patch = converted(16, interpolation="linear")
    patch.add("subtract", id="difference")
    patch.disconnect("signal.out", "out.audio")
    patch.connect("signal.out", "difference.a")
    patch.connect("in.out", "difference.b")
    patch.connect("difference.out", "out.audio")
    sound = play(patch, np.arange(SAMPLES, dtype=np.float32))[:, 0]
    assert np.abs(sound[32:]).max() < 1e-3


def test_knobs_of_signal_to_frame_are_the_units():
    patch = patch_of(
        "code.code signal.values", "signal.out out.audio",
        code=("signal_to_frame", {"values": [0.5, -2.0], "units": 3, "hop": 1}),
        signal=("frame_to_signal", {"count": 3}), out="audio_out",
    )  # fmt: skip
    assert Offline(patch.document, RATE).run_samples(QUANTUM)[-1].tolist() == [0.5, -2.0, 0.0]


@pytest.mark.parametrize(("choice", "last"), [({"first": 30, "count": 4}, 33), ({"indices": [0, 3]}, 3)])
def test_index_beyond_the_frame_is_a_problem(choice, last):
    message = f"indices must be below 3, the number of values in a frame, got {last}. Choose others."
    with pytest.raises(GraphError, match=re.escape(f"frame_to_signal 'signal': {message}")):
        build_graph(converted(16, 3, **choice).document, RATE)


@pytest.mark.parametrize("indices", [[-1], [0.5]])
def test_index_that_is_not_a_whole_number_makes_a_placeholder(indices):
    graph = build_graph(converted(16, 3, indices=indices).document, RATE)
    assert graph.placeholders["signal"] == f"indices must be whole numbers from 0, got {indices[0]:g}"


def test_frame_size_that_is_no_power_of_two_is_a_problem():
    patch = converted(16)
    patch.set("before.size", 100)
    with pytest.raises(GraphError, match=r"size must be a power of two, got 100\. Set it to 64"):
        build_graph(patch.document, RATE)
