"""``nodegraph challenge``: the dialogue, the sound files, and the headless check."""

from __future__ import annotations

import io
import json

import pytest
import soundfile

from nodegraph.challenges import make_challenge

GRADE, SEED = 3, 5  # of the challenge in these tests


@pytest.fixture
def made():
    return make_challenge(GRADE, SEED)


@pytest.fixture
def typed(cli, monkeypatch):
    """Run the dialogue with lines typed into it; sounds are written to ``sounds``."""

    def run(*lines, options=()):
        monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines) + "\n"))
        return cli("challenge", "--grade", GRADE, "--seed", SEED, "-o", "sounds", *options)

    return run


def solution(made):
    return [f"{knob.name}={target:.6g}" for knob, target in zip(made.knobs, made.target, strict=True)]


def test_dialogue_ends_when_all_knobs_are_right(typed, made):
    outcome = typed("c", *solution(made), "c", "never read")
    assert outcome.status == 0
    assert "0 of 3 knobs right." in outcome.out and outcome.out.endswith("3 of 3 knobs right.\n")
    assert "±40 cents" in outcome.out


def test_sounds_follow_the_values(typed, made):
    typed("q")
    first, target = soundfile.read("sounds/mine.wav")[0], soundfile.read("sounds/target.wav")[0]
    typed(*solution(made))
    second = soundfile.read("sounds/mine.wav")[0]
    assert abs(first - target).max() > 0.01 and abs(second - target).max() < 0.001


def test_mistyped_line_is_explained_and_changes_nothing(typed, made):
    knob = made.knobs[0]
    outcome = typed("nothing=3", f"{knob.name}=1e9", f"{knob.name}=x", "hello", "s")
    assert outcome.status == 1
    for text in ("unknown knob 'nothing'", "must lie in", f"knob '{knob.name}'", "KNOB=VALUE sets a knob"):
        assert text in outcome.out
    assert f"{made.target[0]:.4g}" in outcome.out


def test_check_judges_a_text_a_file_and_a_patch(cli, typed, made, tmp_path):
    cli_check = ("challenge", "-g", GRADE, "-s", SEED, "--json", "--check")
    outcome = cli(*cli_check, ",".join(solution(made)))
    assert outcome.status == 0 and outcome.json["solved"]
    (tmp_path / "answers.txt").write_text("\n".join(solution(made)[:-1]))
    outcome = cli(*cli_check, "answers.txt")
    assert outcome.status == 1
    assert [knob["right"] for knob in outcome.json["knobs"]] == [True, True, False]
    typed(*solution(made))
    assert cli(*cli_check, "sounds/mine.json").json["solved"]


def test_patch_without_the_blocks_of_the_knobs_is_one_line(cli, beep):
    assert cli("challenge", "-g", GRADE, "-s", SEED, "--check", "beep.json").line.startswith("error: ")
    assert "not KNOB=VALUE" in cli("challenge", "-g", GRADE, "-s", SEED, "--check", "nothing").line


def test_json_lists_the_knobs_without_the_target(cli, made):
    found = cli("challenge", "-g", GRADE, "-s", SEED, "-o", "sounds", "--json").json
    assert [knob["name"] for knob in found["knobs"]] == [knob.name for knob in made.knobs]
    assert found["files"] == ["sounds/target.wav", "sounds/mine.wav", "sounds/mine.json"]
    assert "target" not in json.dumps(found["knobs"])


def test_target_and_own_sound_are_played_on_a_device(cli, monkeypatch, made):
    played = []

    class Player:
        def __init__(self, document, rate):
            assert rate == 44100.0

        def start(self):
            return self

        def preview(self, samples):
            played.append(samples)

        def stop(self):
            played.append("stopped")

    monkeypatch.setattr("nodegraph.cli.commands.challenge.playback_problem", lambda: "")
    monkeypatch.setattr("nodegraph.engine.live.Live", Player)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr("sys.stdin", io.StringIO("t\nm\nq\n"))
    assert cli("challenge", "-g", GRADE, "-s", SEED).status == 1
    target, mine, again, own, last = played
    assert (target == again).all() and (mine == own).all() and (target != mine).any() and last == "stopped"
    assert len(target) == 88200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--check", "{knob}=1,5"], "'5' is not KNOB=VALUE. A comma separates knobs: write decimals with a point"),
        (["--check", "answers.txt"], "answers.txt: file not found. Check the name, or write KNOB=VALUE."),
        (["-o", "taken"], "taken: is a file, not a folder. Name another one."),
    ],
)
def test_wrong_answers_and_folders_are_one_line(cli, made, tmp_path, arguments, message):
    (tmp_path / "taken").write_text("")
    arguments = [text.format(knob=made.knobs[0].name) for text in arguments]
    outcome = cli("challenge", "--grade", GRADE, "--seed", SEED, *arguments)
    assert outcome.status == 1 and message in outcome.line
