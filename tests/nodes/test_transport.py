"""Musical time: the position of a transport, and blocks that follow its bars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.engine.offline import Offline
from nodes.transport import Transport
from tests.nodes.stepping import run
from tests.rendering import patch_of

RATE = 44100.0


def signals(patch, samples, turns=()):
    """Return the channels of a patch, with knobs set at the given samples."""
    engine = Offline(patch.document)
    for node, port, value, at in turns:
        engine.set_parameter(node, port, value, at)
    return engine.run_samples(samples).astype(np.float64)


def watched(output, samples, turns=(), **params):
    """Return one output of a transport."""
    patch = patch_of(f"t.{output} out.audio", t=("transport", params), out="audio_out")
    return signals(patch, samples, turns)[:, 0]


@settings(max_examples=25, deadline=None)
@given(st.floats(20.0, 300.0), st.integers(1, 16))
def test_transport_position_follows_tempo_and_time(tempo, meter):
    n = np.arange(3000)
    beats = n * tempo / 60.0 / RATE
    np.testing.assert_allclose(watched("beat", 3000, tempo=tempo, meter=meter), beats, atol=1e-6)
    np.testing.assert_allclose(watched("phase", 3000, tempo=tempo, meter=meter), beats / meter % 1.0, atol=1e-6)
    np.testing.assert_allclose(watched("seconds", 3000, tempo=tempo, meter=meter), n / RATE, atol=1e-6)


def test_pause_holds_the_position_and_play_resumes():
    beat = watched("beat", 4000, [("t", "play", 0.0, 1000), ("t", "play", 1.0, 3000)])
    assert np.all(beat[1000:3000] == beat[1000])
    np.testing.assert_allclose(beat[3000:] - beat[1000], np.arange(1000) * 2.0 / RATE, atol=1e-6)


def test_rewind_jumps_and_raises_jump_for_one_sample():
    turns = [("t", "rewind", 1.0, 1000)]
    beat, jump = (watched(name, 2000, turns, position=7.5) for name in ("beat", "jump"))
    assert beat[1000] == 7.5
    assert np.flatnonzero(jump).tolist() == [0, 1000]


def test_loop_keeps_fractions_of_a_sample():
    tempo, start, end = 137.0, 0.5, 0.9
    beat = watched("beat", 100_000, tempo=tempo, loop_start=start, loop_end=end)
    n = np.arange(100_000) * tempo / 60.0 / RATE
    expected = np.where(n < end, n, start + (n - end) % (end - start))
    assert np.quantile(np.abs(beat - expected), 0.9999) < 1e-5


def test_beat_blocks_are_in_time_after_a_jump():
    patch = patch_of(
        "t.bar clock.bar",
        "t.phase clock.phase",
        "clock.out out.audio",
        t=("transport", {"tempo": 150.0, "position": 3.0}),
        clock=("beat_clock", {"division": 8.0}),
        out="audio_out",
    )
    gate = signals(patch, 60_000, [("t", "rewind", 1.0, 33_001)])[:, 0]
    rises = np.flatnonzero(np.diff(np.concatenate([[0.0], gate])) > 0.5)
    period = RATE * 60.0 / 150.0 / 2.0  # eighths of a 4/4 bar
    before, after = rises[rises < 33_001], rises[rises >= 33_001]
    np.testing.assert_allclose(before, np.arange(len(before)) * period, atol=1.0)
    np.testing.assert_allclose(after, 33_001 + np.arange(len(after)) * period, atol=1.0)


@pytest.mark.parametrize("at", [200, 4000, 9000, 13_000])
def test_rewind_starts_a_sequencer_again_at_once(at):
    patch = patch_of(
        "t.bar clock.bar", "t.phase clock.phase", "t.jump steps.reset", "clock.out steps.clock", "steps.out out.audio",
        t=("transport", {"tempo": 150.0}),
        clock=("beat_clock", {"division": 16.0, "width": 0.9}),
        steps=("step_sequencer", {"steps": [1.0, 2.0, 3.0, 4.0, 5.0]}),
        out="audio_out",
    )  # fmt: skip
    value = signals(patch, 20_000, [("t", "rewind", 1.0, at)])[:, 0]
    changes = np.flatnonzero(np.diff(value)) + 1
    period = RATE * 60.0 / 150.0 / 4.0
    later = changes[changes > at + 1]
    assert value[at + 1] == 1.0
    np.testing.assert_allclose(later, at + period * np.arange(1, len(later) + 1), atol=1.0)


def test_clock_stays_exact_for_hours():
    patch = patch_of(
        "bar.out clock.bar", "ramp.out clock.phase", "clock.out out.audio",
        bar=("constant", {"value": 7200.0}), ramp=("phasor", {"frequency": 1.0}),
        clock=("beat_clock", {"division": 16.0}), out="audio_out",
    )  # fmt: skip
    gate = signals(patch, 44_100)[:, 0]
    rises = np.flatnonzero(np.diff(np.concatenate([[0.0], gate])) > 0.5)
    np.testing.assert_allclose(rises, np.arange(16) * RATE / 16.0, atol=1.0)


@pytest.mark.parametrize("cycles", [0.25, 1.0, 3.0])
def test_beat_lfo_matches_the_wave_at_its_bar_phase(cycles):
    patch = patch_of(
        "t.bar lfo.bar",
        "t.phase lfo.phase",
        "lfo.out out.audio",
        t=("transport", {"tempo": 240.0}),
        lfo=("beat_lfo", {"cycles": cycles, "amplitude": 0.5, "offset": 0.25}),
        out="audio_out",
    )
    bars = np.arange(80_000) * 240.0 / 60.0 / RATE / 4.0
    expected = 0.25 + 0.5 * np.sin(2.0 * np.pi * cycles * bars)
    np.testing.assert_allclose(signals(patch, 80_000)[:, 0], expected, atol=2e-6)


def test_note_length_follows_its_beats():
    patch = patch_of("n.seconds out.audio", n=("note_length", {"tempo": 90.0, "beats": 0.75}), out="audio_out")
    assert signals(patch, 64)[-1, 0] == pytest.approx(0.5, rel=1e-6)


def test_transport_keeps_time_far_from_zero():
    play, rewind = 1.0, np.r_[np.zeros(1), np.ones(199_999)]
    found = run(Transport, 200_000, play=play, rewind=rewind, position=1_000_000.0, tempo=123.0, meter=4.0)["beat"]
    expected = 1_000_000.0 + 123.0 / 60.0 * (np.arange(199_999)) / RATE
    assert np.abs(found[1:] - expected).max() < 1e-9
