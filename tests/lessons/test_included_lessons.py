"""The included lessons: solutions pass, wrong patches get their hint, files are complete and canonical."""

from __future__ import annotations

import dataclasses
from functools import cache

import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.graph import build_graph
from nodegraph.lessons import lessons_in, load_lesson
from nodegraph.lessons.testing import lesson_problems
from nodegraph.patch import encode_patch, read_patch

FOLDERS = lessons_in()
every_lesson = pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])


@cache
def lesson_of(folder):
    node_types()
    return load_lesson(folder)


def patches_of(lesson):
    return [lesson.start, *lesson.solutions, *lesson.wrong]


def test_lessons_cover_the_curriculum_in_order():
    ids = [lesson_of(folder).id for folder in FOLDERS]
    assert ids == [
        "one_sine", "lanes", "waveforms", "envelopes", "filters", "subtractive_voice", "modulation", "fm", "delay",
        "polyphony", "sequencing", "sampling", "stft", "phase", "latents", "estimation", "graph",
    ]  # fmt: skip


@every_lesson
def test_solutions_pass_and_wrong_patches_get_their_hint(folder):
    assert lesson_problems(lesson_of(folder)) == []


@every_lesson
def test_patches_are_canonical_and_play_without_placeholders(folder):
    lesson = lesson_of(folder)
    for path in patches_of(lesson):
        document = read_patch(path)
        assert encode_patch(dataclasses.replace(document, source=None)) == path.read_bytes()
        assert not build_graph(document, lesson.file.rate, lesson.start).placeholders
        assert set(document.layout) == set(document.nodes)
        assert document.title


@every_lesson
def test_checks_have_a_hint_and_cover_parts_of_the_target(folder):
    lesson = lesson_of(folder)
    document = read_patch(lesson.target)
    graph = build_graph(document, lesson.file.rate, lesson.start)
    for check in lesson.checks:
        assert check.hint and check.covers
        for name in check.covers:
            node, _, port = name.partition(".")
            assert node in document.nodes, f"{check.id}: {name}"
            assert not port or port in graph.node(node).spec.parameters | graph.node(node).spec.input_ports, name


@every_lesson
def test_lesson_has_a_hint_on_the_canvas_two_solutions_and_a_wrong_patch(folder):
    lesson = lesson_of(folder)
    assert read_patch(lesson.start).notes
    assert len(lesson.solutions) >= 2
    assert lesson.wrong
    assert lesson.file.steps


def test_first_lesson_is_complete_in_german():
    lesson = lesson_of(FOLDERS[0])
    assert set(lesson.texts) == {"en", "de"}
    hints = [text for check in lesson.checks for text in (check.hint, check.low, check.high) if text]
    assert all(isinstance(text, dict) and set(text) == {"en", "de"} for text in [*hints, *lesson.file.objectives])
