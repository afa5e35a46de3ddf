"""Differences of patches in words and in sound."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.patch import (
    AddNode,
    Connect,
    Encapsulate,
    Move,
    RemoveNode,
    Rename,
    SetControl,
    SetNote,
    SetParam,
    SetSeed,
    SetSettings,
    SetTitle,
    Within,
)
from nodegraph.text.sounds import difference_in_sound
from nodegraph.text.words import difference_in_words
from tests.patch.arbitrary import applied
from tests.rendering import patch_of

BASE = patch_of(
    "osc.out filter.audio", "filter.out out.audio",
    osc=("saw", {"frequency": 110.0}), filter=("ladder", {"cutoff": 800.0}), out="audio_out",
).document  # fmt: skip


def words(*actions, base=BASE):
    return difference_in_words(base, applied(list(actions), base))


@pytest.mark.parametrize(
    ("actions", "lines"),
    [
        ([], []),
        ([SetParam("filter", "cutoff", 1200.0)], ["filter.cutoff 800 → 1200 Hz"]),
        ([SetParam("filter", "resonance", 0.5)], ["filter.resonance default 0.3 → 0.5 ratio"]),
        (
            [AddNode("lfo", "lfo", params={"frequency": 6.0}), Connect("lfo.out", "filter.cutoff")],
            ["lfo 'lfo' added (frequency 6)", "wire lfo.out → filter.cutoff added"],
        ),
        ([RemoveNode("osc")], ["saw 'osc' removed"]),
        ([Rename("osc", "tone")], ["osc renamed to tone"]),
        ([SetTitle("Bells"), SetSeed(3)], ["title '' → 'Bells'", "seed 0 → 3"]),
        ([SetSettings(latency_compensation=False)], ["setting latency_compensation True → False"]),
        ([SetControl("cut", "filter.cutoff"), SetNote("n", "hi")], ["control 'cut' added", "comment 'n' added"]),
        ([Move("osc", 3.0, 4.0)], ["1 block moved or recoloured"]),
    ],
)
def test_difference_is_said_in_one_line_each(actions, lines):
    assert words(*actions) == lines


def test_nested_values_are_named_with_their_path():
    base = applied([Encapsulate(("filter",), "tone")], BASE)
    assert words(Within(("tone",), SetParam("filter", "cutoff", 90.0)), base=base) == ["tone/filter.cutoff 800 → 90 Hz"]


def test_equal_sounds_are_called_the_same():
    sound = np.sin(np.arange(44100) * 0.05)[:, None]
    assert difference_in_sound(sound, sound, 44100.0).lines() == ["the same sound, sample by sample"]


def test_sounds_differ_in_level_and_time():
    sound = np.sin(np.arange(44100) * 0.05)[:, None]
    other = np.concatenate([sound[:22050], 0.5 * sound[22050:]])
    found = difference_in_sound(sound, other, 44100.0)
    assert found.first == pytest.approx(0.5, abs=1e-3)
    assert found.values["level"][1] - found.values["level"][0] == pytest.approx(10 * np.log10(0.625), abs=0.01)
    assert found.lines()[0].startswith("sounds differ from 0.5 s on; spectral distance ")
