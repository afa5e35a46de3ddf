"""Recording of a performance: run --flight, --record, --moves, --keep; replay and keep."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.recording import keeping


@pytest.fixture(autouse=True)
def temporary_storage(tmp_path, monkeypatch):
    """Store retrospective recordings in a temporary folder."""
    monkeypatch.setattr(keeping, "retrospective_folder", lambda: tmp_path / "kept")


def test_replay_reproduces_the_recorded_output(cli, beep):
    run = cli("run", "beep.json", "--null", "-s", "0.5", "--flight", "a.flight", "--record", "a.wav", "--json")
    assert run.status == 0
    assert sorted(run.json["recordings"]) == ["a.flight", "a.wav"]
    again = cli("replay", "a.flight", "-o", "b.wav", "--json")
    assert again.status == 0 and not again.json["notes"]
    first, second = soundfile.read("a.wav")[0], soundfile.read("b.wav")[0]
    fade = 441 + 256
    assert len(first) > 0.3 * 44100
    np.testing.assert_array_equal(first[: len(second) - fade], second[: len(first)][: len(second) - fade])


def test_replay_with_another_patch_uses_the_same_events(cli, beep, tmp_path):
    cli("run", "beep.json", "--null", "-s", "0.3", "--flight", "a.flight")
    beep.set("osc.frequency", 882.0)
    beep.save(tmp_path / "other.json")
    assert cli("replay", "a.flight", "-o", "b.wav", "--patch", "other.json").status == 0
    sound = soundfile.read("b.wav", always_2d=True)[0][:4410, 0]
    assert np.argmax(np.abs(np.fft.rfft(sound))) * 10 == 880


def test_keep_saves_the_last_minutes(cli, beep):
    assert cli("keep").out.startswith("no sessions are stored")
    cli("run", "beep.json", "--null", "-s", "0.5")
    listed = cli("keep", "--json").json
    assert len(listed) == 1 and 0.2 < listed[0]["seconds"] < 2.0
    assert cli("keep", "-o", "kept.flac", "--minutes", "0.005").status == 0
    assert soundfile.info("kept.flac").frames == round(0.3 * 44100)
    assert cli("keep", "-o", "kept.flac", "--session", "2").line.startswith("error: unknown session 2: 1 stored")


def test_keep_0_stores_nothing(cli, beep, tmp_path):
    cli("run", "beep.json", "--null", "-s", "0.2", "--keep", "0")
    assert not (tmp_path / "kept").exists()


def test_moves_without_changes_is_reported_and_writes_nothing(cli, beep, tmp_path):
    before = (tmp_path / "beep.json").read_bytes()
    run = cli("run", "beep.json", "--null", "-s", "0.2", "--moves", "automated.json")
    assert run.status == 1 and "no parameter changes were recorded" in run.err
    assert not (tmp_path / "automated.json").exists() and (tmp_path / "beep.json").read_bytes() == before


def test_parameter_changes_become_automation_that_renders_the_same(cli, beep, tmp_path, monkeypatch):
    from nodegraph.cli import play_loop

    def set_frequency(live):
        live.set_parameter("osc", "frequency", 500.0 + (live.clock // 64) % 200)

    monkeypatch.setattr(play_loop._StatusDisplay, "show", lambda screen, live, connections: set_frequency(live))
    run = cli(
        "run", "beep.json", "--null", "-s", "0.6", "--moves", "automated.json", "--record", "a.wav", "--no-limiter"
    )
    assert run.status == 0
    automated = nodegraph.load(tmp_path / "automated.json")
    assert [record.type for record in automated.document.nodes.values()].count("automation") == 1
    recorded = soundfile.read("a.wav", dtype="float32", always_2d=True)[0][:, :1]
    again = nodegraph.render(automated, len(recorded) / 44100)
    count = len(recorded) - 441 - 256
    np.testing.assert_array_equal(np.asarray(again)[:count, :1], recorded[:count])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--record", "nowhere/a.wav"], "folder nowhere not found"),
        (["--flight", "nowhere/a.flight"], "folder nowhere not found"),
        (["--record", "a.txt"], "a.txt"),
        (["--moves", "beep.json"], "the automation would overwrite the patch"),
    ],
)
def test_unwritable_file_is_reported_before_playing(cli, beep, options, words):
    run = cli("run", "beep.json", "--null", "-s", "0.2", *options)
    assert run.status == 1 and words in run.line


@pytest.mark.parametrize("name", ["missing.flight", "beep.json"])
def test_invalid_flight_log_is_reported_in_one_line(cli, beep, name):
    replay = cli("replay", name, "-o", "b.wav")
    assert replay.status == 1 and name in replay.line
