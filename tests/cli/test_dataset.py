"""``nodegraph dataset``: the command, its result and its errors."""

from __future__ import annotations

import pytest

from nodegraph.estimator.dataset import Dataset
from nodegraph.patch import SetControl

SMALL = ("-n", 20, "-o", "set", "--seconds", 0.1, "--jobs", 1)


@pytest.fixture
def varied(beep):
    beep.do(SetControl("pitch", "osc.frequency", 100.0, 1600.0, "log", steps=5))
    beep.do(SetControl("loudness", "osc.amplitude", 0.1, 1.0))
    beep.save()
    return beep


def test_command_makes_a_complete_data_set_once(cli, varied, tmp_path):
    found = cli("dataset", "beep.json", *SMALL, "--json").json
    assert (found["examples"], found["made"], found["missing_shards"]) == (20, 20, 0)
    assert len(Dataset(tmp_path / "set")) == 20
    again = cli("dataset", "beep.json", *SMALL, "--json").json
    assert again["made"] == 0
    assert again["manifest_sha256"] == found["manifest_sha256"]


def test_parts_report_what_is_missing(cli, varied):
    parts = ("--shard-rows", 5)
    first = cli("dataset", "beep.json", *SMALL, *parts, "--only", "2/4")
    assert "3 of 4 files are missing. Make the other parts." in first.out
    rest = cli("dataset", "beep.json", *SMALL, *parts)
    assert "20 examples in 4 files, complete" in rest.out
    assert "manifest " in rest.out


def test_named_parameters_vary_alone(cli, varied, tmp_path):
    assert cli("dataset", "beep.json", *SMALL, "--parameters", "pitch", "--only-classes").status == 0
    data = Dataset(tmp_path / "set")
    assert [parameter.name for parameter in data.parameters] == ["pitch"]
    values = data.rows(range(20))["values"]
    assert {round(value) for value in values[:, 0]} <= {100, 200, 400, 800, 1600}


def test_verify_finds_a_changed_file(cli, varied, tmp_path):
    cli("dataset", "beep.json", *SMALL)
    assert "all files agree with the manifest" in cli("dataset", "-o", "set", "--verify").out
    path = tmp_path / "set" / "shard-00000.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    changed = cli("dataset", "-o", "set", "--verify")
    assert changed.status == 1
    assert "differs from the manifest. Delete it" in changed.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("beep.json", *SMALL, "--parameters", "ptch"), "there is no control 'ptch'. Did you mean 'pitch'?"),
        (("beep.json", *SMALL, "--only", "5/4"), "--only must be a part and the number of parts"),
        (("beep.json", *SMALL, "--form", "mp3"), "form must be log-mel, stft, audio-wav or audio-flac, got 'mp3'."),
        (("beep.json", "-o", "set"), "the patch or the number of examples is missing."),
        (("beep.json", "-n", 5), "the folder of the data set is missing."),
        (("-o", "set", "--verify"), "has no manifest"),
        (("beep.json", *SMALL, "--set", "osc.amplitude=7"), "amplitude must lie in 0–1"),
    ],
)
def test_wrong_use_is_one_line(cli, varied, options, message):
    found = cli("dataset", *options)
    assert found.status != 0
    assert message in found.err
    assert len(found.err.strip().splitlines()) == 1


def test_patch_without_controls_is_one_line(cli, beep):
    found = cli("dataset", "beep.json", *SMALL)
    assert found.status == 1
    assert found.err.strip() == "error: the patch has no controls. Add one for each input that varies."
