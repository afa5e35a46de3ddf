"""Drawing of challenges, and verdicts on planted values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.challenges import agreement, compared
from nodegraph.challenges import (
    GRADES,
    ChallengeError,
    ChallengeListener,
    challenge_patches,
    make_challenge,
    patch_values,
)
from nodegraph.patch import Control, SetControl, SetParam, read_patch, write_patch
from tests.rendering import patch_of


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A challenge with two interchangeable sines, a filter that is heard, and a knob of a muted sine."""
    patch = patch_of(
        "one.out mixer.a", "two.out mixer.b", "muted.out mixer.c", "mixer.out filter.audio", "filter.out out.audio",
        one=("saw", {"frequency": 220.0, "amplitude": 0.2}), two=("saw", {"frequency": 330.0, "amplitude": 0.2}),
        muted=("sine", {"amplitude": 0.0}), mixer="mixer", filter=("one_pole", {"cutoff": 2000.0}), out="audio_out",
    )  # fmt: skip
    for control in (
        Control("pitch_1", "one.frequency", 110.0, 880.0, "log"),
        Control("pitch_2", "two.frequency", 110.0, 880.0, "log"),
        Control("muted", "muted.frequency", 110.0, 880.0, "log"),
        Control("cutoff", "filter.cutoff", 100.0, 8000.0, "log"),
    ):
        patch.do(SetControl(control.name, control.target, control.min, control.max, control.taper))
    path = tmp_path_factory.mktemp("challenge") / "planted.json"
    write_patch(patch.document, path)
    made = make_challenge(5, 1, path)
    return replace(made, target=np.array([262.0, 392.0, 500.0, 800.0]))


def reasons(challenge, *values):
    with ChallengeListener(challenge) as listener:
        return [verdict.reason for verdict in listener.judge(np.array(values)).verdicts]


@pytest.mark.parametrize("grade", GRADES)
def test_grade_sets_knobs_and_their_distance_from_the_target(grade):
    made = make_challenge(grade, 7)
    assert len(made.knobs) == GRADES[grade].knobs
    for knob, start, target in zip(made.knobs, made.start, made.target, strict=True):
        assert knob.parameter.low <= target <= knob.parameter.high
        assert knob.tolerance.units(target, start) > 1.0


def test_equal_seeds_give_equal_challenges():
    one, same, other = make_challenge(3, 11), make_challenge(3, 11), make_challenge(3, 12)
    assert (one.path, one.parameters) == (same.path, same.parameters)
    assert np.array_equal(one.target, same.target)
    assert one.path != other.path or not np.array_equal(one.target, other.target)


@pytest.mark.parametrize("path", challenge_patches(), ids=lambda path: path.stem)
def test_included_patch_is_solved_by_its_target_only(path):
    made = make_challenge(2, 3, path)
    with ChallengeListener(made) as listener:
        assert listener.judge(made.target).solved
        assert not any(verdict.right for verdict in listener.judge(made.start).verdicts)
        sound = listener.sound(made.target)
    assert sound.shape[0] == 88200 and 0.01 < np.abs(sound).max() <= 1.0


def test_verdict_is_per_knob(planted):
    assert reasons(planted, 262.0, 392.0, 500.0, 800.0) == ["within"] * 4
    assert reasons(planted, 262.0, 392.0 * 2 ** (14 / 1200), 500.0, 1000.0) == ["within", "within", "within", "off"]
    assert reasons(planted, 262.0, 392.0 * 2 ** (16 / 1200), 500.0, 820.0) == ["within", "off", "within", "within"]


def test_interchangeable_knobs_may_change_places(planted):
    assert reasons(planted, 392.0, 262.0, 500.0, 800.0) == ["swapped", "swapped", "within", "within"]
    assert reasons(planted, 392.0, 300.0, 500.0, 800.0) == ["swapped", "off", "within", "within"]


def test_knob_that_is_not_heard_is_right_at_any_value(planted):
    assert reasons(planted, 262.0, 500.0, 120.0, 800.0) == ["within", "off", "inaudible", "within"]


def test_knobs_that_compensate_each_other_are_right_together(tmp_path):
    patch = patch_of(
        "osc.out one.audio", "one.out two.audio", "two.out out.audio",
        osc=("saw", {"frequency": 220.0}), one=("vca", {"gain": 0.5}), two=("vca", {"gain": 0.5}), out="audio_out",
    )  # fmt: skip
    for name in ("one", "two"):
        patch.do(SetControl(name, f"{name}.gain", 0.05, 1.0, "log"))
    write_patch(patch.document, tmp_path / "gains.json")
    made = replace(make_challenge(2, 0, tmp_path / "gains.json"), target=np.array([0.8, 0.1]))
    assert reasons(made, 0.2, 0.4) == ["inaudible", "inaudible"]
    assert reasons(made, 0.2, 0.1) == ["off", "within"]


def test_values_of_an_edited_patch_are_read(planted):
    document = SetParam("filter", "cutoff", 777.0).apply(read_patch(planted.path))
    assert patch_values(planted, document, planted.path) == pytest.approx([220.0, 330.0, 440.0, 777.0])


@pytest.mark.parametrize(
    ("control", "message"),
    [
        ((), "the patch has no controls"),
        (("k", "osc.frequency", 500.0, 900.0), "starts outside its range"),
        (("k", "lost.frequency", 100.0, 900.0, "log"), "no control is heard to move"),
    ],
)
def test_patch_without_fitting_controls_is_refused_in_one_line(tmp_path, control, message):
    patch = patch_of("osc.out out.audio", osc=("sine", {"frequency": 440.0}), lost="sine", out="audio_out")
    if control:
        patch.do(SetControl(*control))
    write_patch(patch.document, tmp_path / "bad.json")
    with pytest.raises(ChallengeError, match=message) as error:
        make_challenge(1, 0, tmp_path / "bad.json")
    assert "\n" not in str(error.value)


def test_verdicts_agree_with_the_sound():
    assert agreement(compared(5, answers=2)) >= 0.9
