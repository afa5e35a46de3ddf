"""All measures together."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.measures import pitch
from nodegraph.measures.comparison import GROUPS, compare
from nodegraph.measures.librosa_import import LibrosaMissingError
from nodegraph.measures.mono import UnusableSoundError, mono_of
from tests.measures.sounds import RATE, clicks, noise, tone


def test_equal_sounds_have_the_stated_values():
    sound = mono_of(clicks([0.2, 0.7, 1.1]) + tone(440.0, 2.0) + 0.1 * noise(0, 2.0), RATE)
    found = compare(sound, sound, sound)
    for group, measures in GROUPS.items():
        values = getattr(found, group)
        assert list(values) == [measure.name for measure in measures]
        for measure in measures:
            if measure.equal:
                assert values[measure.name] == pytest.approx(float(measure.equal), abs=1e-6), measure.name
    assert found.style["copying_lag"] == 0.0 and found.notes == ()
    assert found.spectrum["flatness"] == found.spectrum["reference_flatness"]


def test_mixture_moves_from_the_content_to_the_style():
    melody = np.concatenate([tone(hz, 0.4) for hz in (262.0, 330.0, 392.0, 523.0, 440.0)])
    rain = noise(0, 2.0) + clicks([0.1, 0.53, 0.9, 1.21, 1.6])
    found = [
        compare(
            mono_of(melody[: len(rain)] * (1.0 - part) + part * rain, RATE), mono_of(melody, RATE), mono_of(rain, RATE)
        )
        for part in (0.02, 0.3, 0.95)
    ]
    for name, order in (("pitch", -1), ("chroma", -1)):
        assert (np.diff([one.content[name] for one in found]) * order > 0.0).all(), name
    assert (np.diff([one.spectrum["correlation"] for one in found]) < 0.0).all()
    for name, order in (("texture", -1), ("gram", -1), ("copying", 1)):
        assert (np.diff([one.style[name] for one in found]) * order > 0.0).all(), name


def test_style_is_left_out_without_a_style():
    assert compare(mono_of(noise(0), RATE), mono_of(noise(1), RATE)).style == {}


def test_values_of_any_usable_sounds_are_finite():
    sounds = [noise(0), tone(440.0), clicks([0.5]), np.ones(44100), 1e5 * noise(1), 4e-3 * tone(60.0)]
    for index, samples in enumerate(sounds):
        other = mono_of(sounds[index - 1], [8000.0, 16000.0][index % 2])
        found = compare(mono_of(samples, RATE), other, other)
        assert np.isfinite([*found.content.values(), *found.spectrum.values(), *found.style.values()]).all()


def test_unequal_durations_are_noted():
    found = compare(mono_of(noise(0), RATE, "a.wav"), mono_of(noise(0, 2.0), RATE, "b.wav"))
    assert found.notes == ("a.wav lasts 1 s, b.wav 2 s; a.wav is continued with silence",)


def test_unsuitable_durations_are_refused():
    short, fit, long = (
        mono_of(noise(0, seconds), rate, "x.wav") for seconds, rate in ((0.5, RATE), (1, RATE), (20, 1000))
    )
    with pytest.raises(UnusableSoundError, match=r"^x\.wav: must last at least 1 s to compare styles, got 0\.5 s"):
        compare(fit, fit, short)
    with pytest.raises(UnusableSoundError, match=r"^x\.wav: must last at most 300 s, got 441 s"):
        compare(fit, long)


def test_content_is_none_with_a_note_without_librosa(monkeypatch):
    def fail():
        raise LibrosaMissingError("measures of content need librosa. Install it: pip install 'nodegraph[learn]'")

    monkeypatch.setattr(pitch, "import_librosa", fail)
    found = compare(mono_of(noise(0), RATE), mono_of(noise(0), RATE))
    assert set(found.content.values()) == {None} and found.spectrum["level"] == 0.0
    assert "pip install 'nodegraph[learn]'" in found.notes[0]
