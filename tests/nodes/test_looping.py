"""Buffers and loopers against closed forms."""

import numpy as np
import pytest

from nodes.looping import FADE_SECONDS, Buffer, Looper
from tests.nodes.stepping import SR, run
from tests.rendering import largest_step

FADE = int(FADE_SECONDS * SR)
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, 12000).astype(np.float32).astype(float)


def gate(samples, *spans):
    """Return a gate that is high in some spans (first sample, end)."""
    found = np.zeros(samples)
    for first, end in spans:
        found[first:end] = 1.0
    return found


def looped(x, start, end):
    """Return the loop of a signal recorded from ``start`` to ``end``: its end fades into what preceded it."""
    loop, t = x[start:end].copy(), (np.arange(FADE) + 0.5) / FADE
    lead = x[start - FADE : start] if start >= FADE else x[start + FADE : start : -1]
    loop[-FADE:] += t * t * (3 - 2 * t) * (lead - loop[-FADE:])
    return loop


def play(samples, audio=NOISE, **gates):
    return run(Looper, samples, audio=audio[:samples], max_time=0.5, **gates)


# -- buffer ------------------------------------------------------------------------------------------------------


def test_buffer_reads_what_it_has_written_at_any_position():
    size, n = 400, np.arange(4000)
    found = run(Buffer, 4000, audio=NOISE[:4000], record=gate(4000, (0, 1234)), position=n / SR, length=size / SR)
    ring = np.array([NOISE[max(range(k, 1234, size))] for k in range(size)])
    assert np.abs(found["out"][1300:] - ring[n[1300:] % size]).max() < 1e-2  # positions are float32
    assert found["written"][-1] == pytest.approx(1234 % size / SR)


def test_buffer_restart_returns_the_write_head_to_the_start():
    found = run(Buffer, 900, audio=NOISE[:900], record=1.0, restart=gate(900, (300, 310)), position=0.0, length=0.1)
    expected = np.repeat([0.0, NOISE[0], NOISE[300]], [1, 300, 599])
    assert np.abs(found["out"] - expected).max() < 1e-6


# -- looper ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gates", [{"record": gate(12000, (0, 3001))}, {"capture": gate(12000, (3001, 3100))}])
@pytest.mark.parametrize("start", [0, 700])
def test_loop_repeats_the_recorded_samples_exactly(gates, start):
    gates = {name: values * (np.arange(12000) >= start) for name, values in gates.items()}
    found = play(12000, **gates, seconds=(3001 - start) / SR)["out"][:, 0]
    expected = np.resize(looped(NOISE, start, 3001), 9000 - 1)
    expected[:FADE] -= expected[0] * np.arange(FADE, 0, -1) / (FADE + 1)  # the step from silence fades
    assert not found[:3001].any() and np.abs(found[3001:] - expected).max() < 1e-6


def test_capture_takes_no_more_than_was_recorded():
    found = play(6000, capture=gate(6000, (1000, 1001)), seconds=4.0)
    assert np.flatnonzero(found["begins"]).tolist() == list(range(1000, 6000, 1000))


def test_reverse_plays_the_same_loop_backwards():
    found = play(9000, record=gate(9000, (700, 3001)), reverse=1.0)["out"][3001 + FADE :, 0]
    loop = looped(NOISE, 700, 3001)
    assert np.abs(found - loop[-np.arange(FADE, FADE + len(found)) % 2301]).max() < 1e-6


def test_half_speed_halves_the_frequency_without_an_image():
    n = np.arange(12000)
    tone = 0.5 * np.sin(2 * np.pi * n / 4)  # 11 kHz, in a loop of whole cycles
    found = play(12000, tone, record=gate(12000, (2000, 4000)), half=1.0)["out"][4000:, 0]
    assert np.abs(found - 0.5 * np.sin(2 * np.pi * n[:8000] / 8)).max() < 1e-3


def test_overdub_adds_the_input_to_the_loop_times_feedback():
    level = np.where(np.arange(12000) < 3000, 0.5, 0.25)
    gates = {"record": gate(12000, (1000, 3000)), "overdub": gate(12000, (3000, 12000))}
    found = play(12000, level, feedback=0.5, **gates)["out"][:, 0]
    passes = [0.5]
    for _ in range(4):
        passes.append(0.5 * passes[-1] + 0.25)
    heights = found[np.arange(4000, 12000, 2000)]
    assert np.allclose(heights, passes[:4], atol=1e-6)


def test_overdub_at_half_speed_is_heard_at_the_same_place():
    level = gate(12000, (0, 3000), (4500, 4600)) * 0.25
    gates = {"record": gate(12000, (1000, 3000)), "overdub": gate(12000, (3600, 6000)), "half": 1.0}
    found = play(12000, level, **gates)["out"][:, 0]
    assert np.allclose(found[8520:8580], 0.5, atol=0.01)


def test_looper_has_no_step_that_its_loop_does_not_have():
    rng, samples = np.random.default_rng(2), 44100
    tone = 0.5 * np.cos(2 * np.pi * 300.3 * np.arange(samples) / SR)
    pulses = {
        name: gate(samples, *[(at, at + 500) for at in rng.integers(9000, samples, 8)])
        for name in ("restart", "play", "reverse", "half", "overdub")
    }
    gates = {"record": gate(samples, (1000, 7001), (20000, 23000)), "capture": gate(samples, (30000, 30001))} | pulses
    found = play(samples, tone, feedback=0.5, **gates)["out"]
    assert np.abs(found).max() > 0.4
    fastest = 4 * 0.5 * 2 * np.pi * 300.3 / SR  # an overdub at half speed, played at full speed, of one that was such
    assert largest_step(found) < 1.1 * fastest + 2 * 1.0 / FADE


def test_record_and_clear_replace_and_remove_the_loop():
    gates = {"record": gate(9000, (500, 1500), (4000, 4700)), "clear": gate(9000, (7000, 7001))}
    found = play(9000, **gates)
    starts = np.flatnonzero(found["begins"])
    assert starts.tolist() == [1500, 2500, 3500, 4500, 4700, 5400, 6100, 6800]
    assert not found["out"][7000 + FADE :].any()
