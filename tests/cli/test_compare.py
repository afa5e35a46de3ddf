"""``nodegraph compare``: table, JSON, and errors for unusable sounds."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
import soundfile

from nodegraph.measures.comparison import GROUPS
from tests.measures.sounds import noise, tone


@pytest.fixture
def write(tmp_path):
    """A function that writes samples to a file."""

    def write(name, samples, rate=22050):
        soundfile.write(tmp_path / name, samples, rate, subtype="FLOAT")

    return write


def test_json_has_all_measures(cli, write):
    write("a.wav", 0.5 * tone(440.0))
    write("b.wav", np.repeat(tone(440.0, rate=44100.0)[:, None], 2, axis=1), 44100)
    write("s.wav", noise(0, 2.0))
    outcome = cli("compare", "a.wav", "b.wav", "--style", "s.wav", "--json")
    assert outcome.status == 0, outcome.err
    found = outcome.json
    assert found["files"] == {"sound": "a.wav", "reference": "b.wav", "style": "s.wav"} and found["notes"] == []
    for group, measures in GROUPS.items():
        assert list(found[group]) == [measure.name for measure in measures]
    assert found["content"] == {"pitch": 1.0, "chroma": 1.0, "onsets": 1.0}
    assert found["spectrum"]["level"] == pytest.approx(20.0 * np.log10(0.5), abs=0.01)
    assert found["style"]["copying"] < 0.1 < 0.7 < found["style"]["texture"]


def test_table_describes_each_measure_in_80_columns(cli, write):
    write("a.wav", noise(0))
    outcome = cli("compare", "a.wav", "a.wav", "--style", "a.wav")
    assert outcome.status == 0 and outcome.err == ""
    lines = outcome.out.splitlines()
    assert max(map(len, lines)) <= 80
    for measures in GROUPS.values():
        for measure in measures:
            line = next(line for line in lines if line.startswith(f"  {measure.name.replace('_', ' ')} "))
            assert measure.meaning in line
    assert "style" not in cli("compare", "a.wav", "a.wav").out.splitlines()


def test_difference_in_duration_is_a_warning(cli, write):
    write("a.wav", noise(0))
    write("b.wav", noise(0, 2.0))
    outcome = cli("compare", "a.wav", "b.wav", "--json")
    assert outcome.line == "warning: a.wav lasts 1 s, b.wav 2 s; a.wav is continued with silence"
    assert outcome.json["notes"] == [outcome.line.removeprefix("warning: ")]


@pytest.mark.parametrize(
    ("name", "samples", "rule"),
    [
        ("silent.wav", np.zeros(22050), "the sound is silent"),
        ("short.wav", noise(0, 0.01), "must last at least 0.05 s"),
        ("nan.wav", np.where(np.arange(22050) == 5, np.nan, noise(0)), "must not contain NaN"),
        ("text.wav", None, "not a sound file"),
        ("missing.wav", None, "file not found"),
    ],
)
def test_unusable_sound_is_one_line_in_any_place(cli, write, tmp_path, name, samples, rule):
    write("a.wav", noise(0))
    if samples is not None:
        write(name, samples)
    (tmp_path / "text.wav").write_text("not a sound")
    for arguments in ([name, "a.wav"], ["a.wav", name], ["a.wav", "a.wav", "--style", name]):
        outcome = cli("compare", *arguments)
        assert outcome.status == 1 and outcome.out == ""
        assert outcome.line.startswith(f"error: {name}: ") and rule in outcome.line
    assert list(json.loads(cli("compare", name, "a.wav", "--json").out)) == ["error", "problems"]


def test_missing_librosa_is_a_warning_with_the_fix(cli, write, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    write("a.wav", noise(0))
    outcome = cli("compare", "a.wav", "a.wav", "--json")
    assert outcome.status == 0
    assert outcome.json["content"] == {"pitch": None, "chroma": None, "onsets": None}
    assert "pip install 'nodegraph[learn]'" in outcome.line
    line = next(line for line in cli("compare", "a.wav", "a.wav").out.splitlines() if line.startswith("  pitch "))
    assert line.split()[1:3] == ["–", "1"]
