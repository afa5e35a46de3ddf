"""``nodegraph measure``: the list of measures, values of a recording, and responses to an input."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tests.measures.sounds import noise, tone


def write(path, samples, rate=22050):
    soundfile.write(path, samples, rate, subtype="FLOAT")


def test_list_has_options_and_tolerances(cli):
    found = {one["name"]: one for one in cli("measure", "--json").json}
    assert found["cutoff"]["options"] == {"kind": "low", "source": "input"}
    assert all(one["tolerance"] and one["meaning"] for one in found.values())
    assert "cutoff" in cli("measure").out


def test_values_of_a_tone_have_units(cli, tmp_path):
    write(tmp_path / "a.wav", tone(440.0))
    found = cli("measure", "a.wav", "--json").json
    assert found["pitch"]["value"] == pytest.approx(440.0, rel=5e-4) and found["pitch"]["unit"] == "Hz"
    assert "input" in found["latency"]["problem"]
    assert "dBFS" in cli("measure", "a.wav").out


def test_input_and_target_are_used(cli, tmp_path):
    source = noise(1)
    write(tmp_path / "in.wav", source)
    write(tmp_path / "out.wav", np.concatenate([np.zeros(441), source])[: len(source)])
    found = cli("measure", "out.wav", "--input", "in.wav", "--target", "out.wav", "--json").json
    assert found["latency"]["value"] == pytest.approx(0.02, abs=1e-4)
    assert found["spectral_distance"]["value"] == 0.0


def test_other_sample_rate_is_one_line(cli, tmp_path):
    write(tmp_path / "a.wav", tone(440.0))
    write(tmp_path / "b.wav", tone(440.0), 44100)
    outcome = cli("measure", "a.wav", "--target", "b.wav")
    assert outcome.status == 1
    assert outcome.err.strip() == "error: b.wav: sample rate must be 22050 Hz, got 44100. Resample it."


def test_named_measures_are_applied_with_options(cli, tmp_path):
    write(tmp_path / "a.wav", tone(440.0))
    assert list(cli("measure", "a.wav", "pitch", "level", "--json").json) == ["pitch", "level"]
    partials = [
        cli("measure", "a.wav", "partial", "--option", f"number={number}", "--json").json["partial"]["value"]
        for number in (1, 2)
    ]
    assert partials[0] == pytest.approx(0.0, abs=0.1) and partials[1] < -40.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["pich"], "unknown measure 'pich'. Did you mean 'pitch'?"),
        (["pitch", "--option", "number=3"], "measure 'pitch': unknown option 'number'. It has no options."),
        (["partial", "--option", "number=x"], "measure 'partial': option 'number' must be a number, got 'x'. Correct"),
        (["partial", "--option", "number"], "--option number: must be NAME=VALUE, such as number=3."),
        (["--option", "number=3"], "--option number=3: no measure is named. Write MEASURE after the sound."),
    ],
)
def test_wrong_measure_or_option_is_one_line(cli, tmp_path, arguments, message):
    write(tmp_path / "a.wav", tone(440.0))
    outcome = cli("measure", "a.wav", *arguments)
    assert outcome.status == 1 and outcome.line.startswith(f"error: {message}")


def test_named_measure_that_does_not_apply_fails(cli, tmp_path):
    write(tmp_path / "a.wav", noise(1))
    assert cli("measure", "a.wav", "latency").status == 1
    assert cli("measure", "a.wav").status == 0
