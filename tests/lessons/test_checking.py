"""Assessment of patches: values, hints, stimuli, and patches that cannot be assessed."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph import Patch, grade
from nodegraph.blocks.registry import node_types
from nodegraph.lessons import Assessor, LessonError, load_lesson
from nodegraph.lessons.lesson import Played
from nodegraph.lessons.rendering import played_samples
from nodegraph.lessons.testing import lesson_problems
from nodegraph.patch import read_patch
from nodegraph.patch.migrations import NodeMigration, node_migrations
from tests.rendering import patch_of


def tone(hz=330.0, **params):
    return patch_of("osc.out out.audio", osc=("sine", {"frequency": hz, "amplitude": 0.25, **params}), out="audio_out")


def assessed(folder, patch):
    return Assessor(load_lesson(folder)).assess(patch)


def test_solution_has_all_points_and_the_measured_values(folder):
    found = assessed(folder, read_patch(folder / "solutions" / "reference.json"))
    assert found.accepted and found.score == 3.0
    assert [verdict.value for verdict in found.verdicts] == pytest.approx([-15.05, 330.0], rel=1e-3)
    assert found.summary() == "2 of 2 checks passed."


def test_wrong_pitch_loses_its_points_and_gets_the_hint_for_its_side(folder):
    found = assessed(folder, tone(220.0))
    assert not found.accepted and found.score == 1.0
    assert found.failed[0].hint() == "Too low: raise the frequency to 330 Hz."
    assert assessed(folder, tone(440.0)).failed[0].hint() == "Too high: lower the frequency to 330 Hz."


def test_limits_of_a_range_are_inside(folder, edit):
    edit("[-60.0, 0.0]", "[-inf, inf]")
    edit("[327.0, 333.0]", "[330.0, inf]")
    found = assessed(folder, tone(330.5))
    assert found.accepted
    assert found.verdicts[0].check.range_text("dB") == "any value"
    assert found.verdicts[1].check.range_text("Hz") == "at least 330 Hz"


def test_silence_fails_with_a_reason_instead_of_a_value(folder):
    found = assessed(folder, patch_of(osc="sine", out="audio_out"))
    assert [verdict.passed for verdict in found.verdicts] == [False, False]
    assert found.verdicts[1].value is None
    assert found.verdicts[1].problem == "the sound has no clear pitch."
    assert found.verdicts[1].hint() == "The pitch must be 330 Hz. Set the frequency of the oscillator."


def test_hidden_checks_are_never_called_passed(folder, edit):
    edit("points = 2", 'points = 2\nvisibility = "hidden"')
    found = assessed(folder, tone())
    assert found.accepted
    assert found.summary() == "1 of 1 checks passed; 1 more is assessed by the teacher."
    assert [verdict.check.id for verdict in found.visible()] == ["sound"]
    assert "pitch" not in found._repr_markdown_().replace("no pitch", "")


def test_patch_with_problems_is_refused_with_the_first(folder):
    broken = patch_of("osc.out out.audio", osc=("sine", {"frequency": -3.0}), out="audio_out", checked=False)
    found = assessed(folder, broken)
    assert found.score == 0.0 and not found.accepted
    assert found.problem.startswith("sine 'osc': frequency must lie in")


def test_endless_feedback_is_refused(folder):
    patch = patch_of(
        "osc.out sum.a", "sum.out grow.a", "grow.out ~ sum.b", "sum.out out.audio",
        osc="sine", sum="add", grow=("multiply", {"b": 5.0}), out="audio_out",
    )  # fmt: skip
    found = assessed(folder, patch)
    assert "outputs NaN or infinity, and is muted" in found.problem


def test_missing_control_of_a_stimulus_is_named(folder, edit):
    edit("[wrong]", "[stimuli.high]\ncontrols = {pitch = 330.0}\n\n[wrong]")
    found = assessed(folder, tone())
    assert found.problem == "the patch has no control 'pitch'. Restore it, as in the start patch."


def test_section_and_notes_select_what_is_measured(folder, edit):
    edit("points = 2", "points = 2\nstart = 0.6\nend = 1.0")
    edit("[wrong]", "[stimuli.keys]\nnotes = [{note = 76, at = 0.5, seconds = 1.0}]\n\n[wrong]")
    edit("[327.0, 333.0]", "[658.0, 661.0]")
    patch = patch_of(
        "keys.out voice.events", "voice.frequency osc.frequency", "voice.gate vca.gain", "osc.out vca.audio",
        "vca.out out.audio",
        keys="midi_in", voice=("notes", {"play": "mono"}), osc="sine", vca="vca", out="audio_out",
    )  # fmt: skip
    assert assessed(folder, patch).accepted


@pytest.mark.parametrize("wave", ["impulse", "noise", "sine", "saw", "sweep"])
def test_inputs_have_their_level_and_end_before_the_sound(folder, wave):
    samples = played_samples(Played(wave=wave, level=-6.0206, hz=441.0), 44100, 44100.0, folder / "start.json")
    assert np.abs(samples).max() == pytest.approx(0.5, rel=0.2 if wave == "saw" else 0.01)
    assert not samples[33075:].any()


def test_lesson_test_names_rejected_solutions_and_other_hints(folder, edit):
    edit("[327.0, 333.0]", "[439.0, 441.0]")
    edit('too_low = "pitch.low"', 'too_low = "sound"')
    assert lesson_problems(load_lesson(folder)) == [
        "solutions/reference.json: check 'pitch' got 330 Hz, must be 439 to 441 Hz.",
        "wrong/too_low.json: first gets 'pitch.low', must get 'sound'. Correct [wrong] or the checks.",
    ]


def test_wrong_patch_may_name_its_check_or_its_hint(folder, edit):
    edit('"pitch.low"', '"pitch"')
    assert lesson_problems(load_lesson(folder)) == []
    edit('too_low = "pitch"', 'too_low = "pitch.high"')
    assert lesson_problems(load_lesson(folder)) == [
        "wrong/too_low.json: first gets 'pitch.low', must get 'pitch.high'. Correct [wrong] or the checks."
    ]


def test_covers_must_name_blocks_or_ports_of_the_target(folder, edit):
    edit('covers = ["sine.frequency"]', 'covers = ["sine.frequenzy", "osc"]')
    assert lesson_problems(load_lesson(folder)) == [
        "lesson.toml: check 'pitch': covers 'sine.frequenzy': not found in solutions/reference.json. "
        "Did you mean 'sine.frequency'?",
        "lesson.toml: check 'pitch': covers 'osc': not found in solutions/reference.json. Correct it.",
    ]
    edit('target = "solutions/reference.json"', "")
    assert lesson_problems(load_lesson(folder)) == [
        'lesson.toml: covers needs a target. Add the line target = "solutions/reference.json".'
    ]


def test_broken_patch_of_a_lesson_is_named_once(folder):
    for name in ("solutions/other.json", "wrong/too_low.json"):
        (folder / name).write_text('{"seed": 1,5}')
    assert lesson_problems(load_lesson(folder)) == [
        "solutions/other.json: line 1, column 12: comma in a number. Write 1.5.",
        "wrong/too_low.json: line 1, column 12: comma in a number. Write 1.5.",
    ]
    target = folder / "solutions" / "reference.json"
    target.write_text("{")
    with pytest.raises(LessonError) as caught:
        assessed(folder, tone())
    assert str(caught.value) == f"{target}: the file is truncated. Restore it from a copy."


def test_grade_takes_a_patch_in_a_notebook(folder):
    patch = Patch()
    patch.add("sine", id="osc", frequency=220.0, amplitude=0.25)
    patch.add("audio_out", id="out")
    patch.connect("osc.out", "out.audio")
    assert grade(folder, patch).score == 1.0
    patch.set("osc.frequency", 330.0)
    assert grade(str(folder), patch).accepted
    assert "2 of 2 checks passed" in grade(folder, folder / "solutions" / "reference.json")._repr_markdown_()


def test_patch_of_an_older_block_is_migrated(folder, monkeypatch):
    monkeypatch.setattr(node_types()["sine"], "version", 2)
    migration = NodeMigration(lambda old: {**old, "frequency": 330.0}, "sine")
    monkeypatch.setitem(node_migrations, ("sine", 1), migration)
    found = Assessor(load_lesson(folder)).assess_file(folder / "wrong" / "too_low.json")
    assert found.accepted
