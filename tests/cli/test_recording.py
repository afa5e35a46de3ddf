"""What stays of a performance: run --flight, --record, --moves, --keep; replay and keep."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import nodegraph
from nodegraph.recording import keeping


@pytest.fixture(autouse=True)
def a_place_of_its_own(tmp_path, monkeypatch):
    """Nothing is kept in the user's folder."""
    monkeypatch.setattr(keeping, "retrospective_folder", lambda: tmp_path / "kept")


def test_a_flight_is_replayed_as_it_was_recorded(cli, beep):
    run = cli("run", "beep.json", "--null", "-s", "0.5", "--flight", "a.flight", "--record", "a.wav", "--json")
    assert run.status == 0
    assert sorted(run.json["recordings"]) == ["a.flight", "a.wav"]
    again = cli("replay", "a.flight", "-o", "b.wav", "--json")
    assert again.status == 0 and not again.json["notes"]
    first, second = soundfile.read("a.wav")[0], soundfile.read("b.wav")[0]
    fade = 441 + 256
    assert len(first) > 0.3 * 44100
    np.testing.assert_array_equal(first[: len(second) - fade], second[: len(first)][: len(second) - fade])


def test_another_patch_is_played_by_the_same_hand(cli, beep, tmp_path):
    cli("run", "beep.json", "--null", "-s", "0.3", "--flight", "a.flight")
    beep.set("osc.frequency", 882.0)
    beep.save(tmp_path / "other.json")
    assert cli("replay", "a.flight", "-o", "b.wav", "--patch", "other.json").status == 0
    sound = soundfile.read("b.wav", always_2d=True)[0][:4410, 0]
    assert np.argmax(np.abs(np.fft.rfft(sound))) * 10 == 880


def test_the_last_minutes_are_kept_in_a_file(cli, beep):
    assert cli("keep").out.startswith("nothing is kept yet")
    cli("run", "beep.json", "--null", "-s", "0.5")
    listed = cli("keep", "--json").json
    assert len(listed) == 1 and 0.2 < listed[0]["seconds"] < 2.0
    assert cli("keep", "-o", "kept.flac", "--minutes", "0.005").status == 0
    assert soundfile.info("kept.flac").frames == round(0.3 * 44100)
    assert cli("keep", "-o", "kept.flac", "--session", "2").line.startswith("error: there is no session 2")


def test_keeping_nothing_leaves_nothing(cli, beep, tmp_path):
    cli("run", "beep.json", "--null", "-s", "0.2", "--keep", "0")
    assert not (tmp_path / "kept").exists()


def test_moves_that_were_not_made_are_said_and_the_patch_is_left_alone(cli, beep, tmp_path):
    before = (tmp_path / "beep.json").read_bytes()
    run = cli("run", "beep.json", "--null", "-s", "0.2", "--moves", "moved.json")
    assert run.status == 1 and "no parameter changes were recorded" in run.err
    assert not (tmp_path / "moved.json").exists() and (tmp_path / "beep.json").read_bytes() == before


def test_turned_knobs_become_automation_that_renders_the_same(cli, beep, tmp_path, monkeypatch):
    from nodegraph.cli import play_loop

    def turning(live, hands, play=play_loop._StatusDisplay.show):
        live.set_parameter("osc", "frequency", 500.0 + (live.clock // 64) % 200)

    monkeypatch.setattr(play_loop._StatusDisplay, "show", lambda screen, live, hands: turning(live, hands))
    run = cli("run", "beep.json", "--null", "-s", "0.6", "--moves", "moved.json", "--record", "a.wav", "--no-limiter")
    assert run.status == 0
    moved = nodegraph.load(tmp_path / "moved.json")
    assert [record.type for record in moved.document.nodes.values()].count("automation") == 1
    heard = soundfile.read("a.wav", dtype="float32", always_2d=True)[0][:, :1]
    again = nodegraph.render(moved, len(heard) / 44100)
    count = len(heard) - 441 - 256
    np.testing.assert_array_equal(np.asarray(again)[:count, :1], heard[:count])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--record", "nowhere/a.wav"], "there is no folder nowhere"),
        (["--flight", "nowhere/a.flight"], "there is no folder nowhere"),
        (["--record", "a.txt"], "a.txt"),
        (["--moves", "beep.json"], "is the patch itself"),
    ],
)
def test_what_could_not_be_written_is_said_before_it_plays(cli, beep, options, words):
    run = cli("run", "beep.json", "--null", "-s", "0.2", *options)
    assert run.status == 1 and words in run.line


@pytest.mark.parametrize("name", ["missing.flight", "beep.json"])
def test_what_is_no_log_is_refused_in_a_line(cli, beep, name):
    replay = cli("replay", name, "-o", "b.wav")
    assert replay.status == 1 and name in replay.line
