"""Loading of lessons: each mistake is one line that names the file and the fix."""

from __future__ import annotations

import pytest

from nodegraph.lessons import LessonError, find_lesson, load_lesson


def problems(folder):
    with pytest.raises(LessonError) as caught:
        load_lesson(folder)
    found = caught.value.problems or [str(caught.value)]
    assert all("\n" not in line for line in found)
    return found


def test_template_loads_with_its_text(folder):
    lesson = load_lesson(folder)
    assert (lesson.id, lesson.max_score) == ("tuning", 3.0)
    assert lesson.text().title == "A new lesson"
    assert [heading for heading, _ in lesson.text("fr").steps] == ["Pitch"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('measure = "pitch"', 'measure = "pich"', "check 'pitch': unknown measure 'pich'. Did you mean 'pitch'?"),
        ("[327.0, 333.0]", "[333.0, 327.0]", "check 'pitch': range must be [low, high], got [333, 327]. Correct it."),
        ("points = 2", "points = 2\nstimulus = 'loud'", "check 'pitch': unknown stimulus 'loud'. Declare it."),
        ("points = 2", "points = 2\noptions = {hz = 3}", "measure 'pitch': unknown option 'hz'. It has no options."),
        ("points = 2", "points = 2\nend = 9.0", "start and end must lie within the stimulus of 2 s. Correct them."),
        ("points = 2", "points = 2\nstart = 1.0\nend = 0.5", "end must be after start, got 0.5. Correct it."),
        ('step = "pitch"', 'step = "pith"', "check 'pitch': unknown step 'pith'. Did you mean 'pitch'?"),
        ('id = "pitch"', 'id = "sound"', "duplicate check 'sound'. Rename one of them."),
        (
            'too_low = "pitch.low"',
            'too_low = "pitsch"',
            "[wrong] too_low: unknown check 'pitsch'. Did you mean 'pitch'?",
        ),
        ('too_low = "pitch.low"', "", "wrong/too_low.json has no entry in [wrong]. Name the check that it must fail."),
        ('too_low = "pitch.low"', 'low = "pitch"\ntoo_low = "pitch"', "[wrong] low: wrong/low.json not found."),
        ("solutions/reference.json", "solu\\ntions.json", "solu tions.json not found. Save a patch there."),
        ("solutions/reference.json", "solutions/other.json", "solutions/other.json not found. Save a patch there."),
        ("points = 2", "points = 'two'", "checks[1].points: must be a number, got 'two'. Correct it."),
        ("minutes = 10", "minuts = 10", "line 4: unknown entry 'minuts'. Did you mean 'minutes'?"),
        ("[[checks]]", "[[check]]", "unknown entry 'check'. Did you mean 'checks'?"),
        ("version = 1", "version = ", "line 3: missing value. Write one after the =, or delete the line."),
        ("[327.0, 333.0]", "[327,5, 333,5]", "checks[1].range: must be a list of 2, got 4. Decimals have a point"),
        (
            'id = "pitch"',
            'id = "the pitch"',
            "checks[1].id: must be a name of letters A–Z, digits, _ and -, got 'the pitch'.",
        ),
        ("points = 2", "points = 2,5", "comma in a number. Write 2.5."),
        ('"pitch.low"', '"pitch.lo"', "[wrong] too_low: check 'pitch' has no text 'lo'. Write it, or name pitch.hint"),
    ],
)
def test_mistake_is_one_line_with_the_fix(folder, edit, old, new, message):
    edit(old, new)
    (line,) = [line for line in problems(folder) if message in line]
    assert line.startswith(f"{folder / 'lesson.toml'}: ")


def test_texts_must_have_a_title_and_a_part_for_each_step(folder):
    (folder / "text.de.md").write_text("# Stimmen\n\n## Eins\n\n## Zwei\n")
    assert problems(folder) == [
        f"{folder / 'text.de.md'}: 2 headings '## …' for 1 steps. Write one for each.",
    ]
    (folder / "text.de.md").write_text("Stimmen")
    assert "the first line must be the title" in problems(folder)[0]
    (folder / "text.de.md").unlink()
    (folder / "text.en.md").unlink()
    assert problems(folder) == [f"{folder / 'text.en.md'}: missing. Write the text of the lesson."]


def test_stimulus_with_a_missing_sound_is_refused(folder, edit):
    edit("[wrong]", '[stimuli.voice]\ninput = {wave = "file", file = "voice.wav"}\n\n[wrong]')
    assert "file 'voice.wav' not found" in problems(folder)[0]


def test_lesson_is_found_by_id_folder_name_and_path(folder):
    assert find_lesson("filters").folder == find_lesson("05_filters").folder
    assert find_lesson(str(folder)).id == "tuning"
    with pytest.raises(LessonError, match=r"lesson 'filter': not found\. Did you mean 'filters'\?"):
        find_lesson("filter")


def test_copy_for_students_needs_neither_solutions_nor_wrong_patches(folder, edit):
    (folder / "solutions" / "reference.json").rename(folder / "target.json")
    edit("solutions/reference.json", "target.json")
    (folder / "solutions").rmdir()
    with pytest.raises(LessonError, match="no patch in solutions/"):
        load_lesson(folder)
    (folder / "wrong" / "too_low.json").unlink()
    (folder / "wrong").rmdir()
    lesson = load_lesson(folder)
    assert lesson.is_hand_out and len(lesson.file.checks) == 2
