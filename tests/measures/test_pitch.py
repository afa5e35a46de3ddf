"""Shared pitches and pitch classes."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures.pitch import active_pitches, jaccard, pitch_overlap
from tests.measures.sounds import RATE, noise, tone


def note(semitones, seconds=1.0):
    """A tone that many semitones above A4."""
    return tone(440.0 * 2.0 ** (semitones / 12.0), seconds)


def test_equal_sounds_share_all_pitches_at_any_gain():
    for sound in (note(0) + note(4), noise(0)):
        assert pitch_overlap(sound, sound, RATE) == (1.0, 1.0)
        assert pitch_overlap(0.25 * sound, sound, RATE) == (1.0, 1.0)


def test_active_pitch_is_the_nearest_semitone():
    for semitones in (-20, 0, 13.2):
        found = active_pitches(note(semitones), RATE)
        assert np.flatnonzero(found[:, 20]).tolist() == [33 + round(semitones)]  # A4 is 33 semitones above C2


@pytest.mark.parametrize("semitones", [-5, 1, 3, 7])
def test_transposed_tone_shares_no_pitch(semitones):
    assert pitch_overlap(note(semitones), note(0), RATE) == (0.0, 0.0)


def test_octave_shares_the_pitch_class_only():
    assert pitch_overlap(note(12), note(0), RATE) == (0.0, 1.0)


def test_chord_shares_one_of_three_notes():
    found = pitch_overlap(note(0) + note(4), note(0) + note(7), RATE)
    assert found.pitch == pytest.approx(1.0 / 3.0, abs=0.08)
    assert found.chroma == pytest.approx(1.0 / 3.0, abs=0.08)


def test_half_of_a_tone_shares_half_of_the_frames():
    assert pitch_overlap(note(0), note(0, 2.0), RATE).pitch == pytest.approx(0.5, abs=0.06)


def test_jaccard_counts_all_frames_together():
    first = np.array([[True, False], [True, True]])
    second = np.array([[True, False], [False, True]])
    assert jaccard(first, second) == pytest.approx(2.0 / 3.0)
    assert jaccard(~first & first, ~first & first) == 1.0


def test_silence_and_short_sounds_have_defined_values():
    assert pitch_overlap(np.zeros(1000), np.zeros(1000), RATE) == (1.0, 1.0)
    assert pitch_overlap(np.zeros(22050), note(0), RATE) == (0.0, 0.0)
    assert pitch_overlap(note(0, 0.05), note(0, 0.05), RATE) == (1.0, 1.0)


def test_rate_does_not_change_the_pitches():
    low = tone(440.0, rate=8000.0)
    assert np.flatnonzero(active_pitches(low, 8000.0)[:, 20]).tolist() == [33]
