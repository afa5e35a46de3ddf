"""MIDI clock, received and sent."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nodes.sending import sent
from tests.rendering import Offline, patch_of

SR = 44100


def clocks(bpm, beats, start=0.0, jitter=0.0, seed=0):
    """Return a start message and clocks, with their samples."""
    rng = np.random.default_rng(seed)
    ticks = (
        start + np.arange(round(24 * beats)) * 60 / bpm / 24 * SR + jitter * SR * rng.uniform(-1, 1, round(24 * beats))
    )
    return [(round(start), "fa"), *((max(round(t), round(start)), "f8") for t in ticks)]


def following(port, messages, samples, **params):
    patch = patch_of("midi.out clock.events", f"clock.{port} out.audio",
                     midi="midi_in", clock=("clock_in", params), out="audio_out")  # fmt: skip
    engine = Offline(patch.document)
    for at, message in messages:
        engine.send(bytes.fromhex(message), at)
    return engine.run_samples(samples)[:, 0].astype(float)


@pytest.mark.parametrize("bpm", [40, 97, 120, 250])
def test_clock_gives_tempo_and_position(bpm):
    messages, samples = clocks(bpm, 8, start=1000), 1000 + int(7.9 * 60 / bpm * SR)
    tempo, beat, run = (following(port, messages, samples) for port in ("bpm", "beat", "run"))
    assert np.allclose(tempo[samples // 2 :], bpm, rtol=2e-3)
    exact = np.maximum(np.arange(samples) - 1000, 0) / SR * bpm / 60
    assert np.abs(beat - exact).max() < 1 / 24 + 1e-3  # the position is constant until the second clock
    assert np.abs(beat - exact)[samples // 4 :].max() < 2e-3
    assert not run[:1000].any() and run[1000:].all()


def test_clock_with_a_millisecond_of_jitter_gives_a_steady_tempo():
    messages, samples = clocks(120, 16, jitter=0.001), 15 * SR // 2
    tempo = following("bpm", messages, samples)[samples // 2 :]
    beat = following("beat", messages, samples)
    assert np.abs(tempo / 120 - 1).max() < 0.03
    assert (np.diff(beat) >= 0).all()
    assert np.abs(beat - np.arange(samples) / SR * 2)[SR:].max() < 0.01


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.9])
def test_clocks_of_a_standstill_are_counted_and_leave_the_tempo(phase):
    """The engine stands still for 3 s, as if the computer slept; the clocks of that time arrive together after it."""
    begin = 2 * SR + round(phase * SR / 48)
    late = [(at if at < begin else max(at - 3 * SR, begin), message) for at, message in clocks(120, 16)]
    tempo, beat = (following(port, late, 4 * SR) for port in ("bpm", "beat"))
    assert np.allclose(tempo[SR:], 120.0, rtol=0.03)  # each clock weighs a tenth
    assert (np.diff(beat) >= 0).all()
    exact = np.arange(4 * SR) / SR * 2 + np.where(np.arange(4 * SR) < begin, 0.0, 6.0)
    far = np.abs(beat - exact)
    far[begin : begin + 256] = 0.0  # 144 clocks are too many for one quantum
    assert far[SR:].max() < 1 / 24 + 1e-3


def test_clock_position_has_bars():
    messages, samples = clocks(120, 12), 5 * SR
    bar, phase = (following(port, messages, samples, meter=3.0) for port in ("bar", "phase"))
    assert bar[int(1.6 * SR)] == 1 and bar[int(3.1 * SR)] == 2
    assert phase[int(1.5 * SR) + SR // 4] == pytest.approx(1 / 6, abs=0.01)


def test_stop_continue_and_song_position():
    first = clocks(120, 4)
    later = [(at + 3 * SR, "f8") for at, message in clocks(120, 4) if message == "f8"]
    messages = [*first, (2 * SR, "fc"), (int(2.5 * SR), "f2 10 00"), (3 * SR, "fb"), *later]
    run, beat, jump = (following(port, messages, 4 * SR) for port in ("run", "beat", "jump"))
    assert run[2 * SR - 1] == 1 and not run[2 * SR : 3 * SR].any() and run[3 * SR :].all()
    assert beat[int(2.4 * SR)] == pytest.approx(4, abs=0.05)
    assert beat[3 * SR] == 4.0 and beat[int(3.5 * SR)] == pytest.approx(5, abs=0.01)
    assert np.flatnonzero(jump).tolist() == [0, 3 * SR]


# -- sent ----------------------------------------------------------------------------------------------------


def test_sent_clocks_are_evenly_spaced():
    patch = patch_of("clock.out out.events", clock=("clock_out", {"tempo": 130.0}), out="midi_out")
    found = sent(patch, samples=4 * SR)
    assert found[0] == (0, "fa")
    ticks = np.array([at for at, message in found if message == "f8"])
    assert np.abs(ticks - np.arange(len(ticks)) * 60 / 130 / 24 * SR).max() <= 1.0
    assert len(ticks) == int(4 * 130 / 60 * 24) + 1


def test_transport_sends_start_stop_and_continue():
    patch = patch_of("time.bpm clock.tempo", "time.run clock.run", "time.jump clock.jump", "time.beat clock.beat",
                     "clock.out out.events", time="transport", clock="clock_out", out="midi_out")  # fmt: skip
    found = sent(patch, samples=3 * SR, turns=[(SR, "time.play", 0.0), (2 * SR, "time.play", 1.0)])
    events = [(at, message) for at, message in found if message != "f8"]
    assert events[0] == (0, "fa")
    assert events[1:] == [(SR, "fc"), (2 * SR, "f2 08 00"), (2 * SR, "fb")]


def test_jump_is_sent_as_a_song_position():
    patch = patch_of(
        "time.bpm clock.tempo",
        "time.run clock.run",
        "time.jump clock.jump",
        "time.beat clock.beat",
        "clock.out out.events",
        time=("transport", {"position": 16.0}),
        clock="clock_out",
        out="midi_out",
    )
    found = sent(patch, samples=2 * SR, turns=[(1000, "time.position", 0.0), (SR, "time.rewind", 1.0)])
    at_jump = [message for at, message in found if at == SR]
    assert at_jump == ["fc", "fa", "f8"]


def test_sent_clock_is_received_with_its_tempo_and_position():
    patch = patch_of("ours.out theirs.events", "theirs.beat out.audio",
                     ours=("clock_out", {"tempo": 90.0}), theirs="clock_in", out="audio_out")  # fmt: skip
    beat = Offline(patch.document).run(10)[:, 0]
    assert beat[-1] == pytest.approx(15, abs=0.01)
