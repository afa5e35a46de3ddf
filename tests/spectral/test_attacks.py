"""Attacks of a sound."""

import numpy as np

from nodegraph.spectral.attacks import attacks_of

RATE = 44100.0


def test_strokes_are_found_to_4_ms_and_a_steady_sound_has_none():
    t = np.arange(int(2 * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 440 * t)
    times = np.array([0.25, 0.5, 0.61, 1.4])
    noise = np.random.default_rng(0).normal(0, 0.2, len(t))
    strokes = sum(np.where(t >= time, np.exp(-np.maximum(t - time, 0) / 0.02), 0.0) for time in times) * noise
    found = attacks_of((tone + strokes)[:, None], RATE) / RATE
    assert len(found) == len(times)
    np.testing.assert_allclose(found, times, atol=0.004)
    assert attacks_of(np.column_stack([tone, noise]), RATE).tolist() == [0]  # its start


def test_short_or_silent_sound_has_no_attacks():
    assert len(attacks_of(np.zeros((0, 1)), RATE)) == 0
    assert len(attacks_of(np.zeros((44100, 2)), RATE)) == 0
