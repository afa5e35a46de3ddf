"""Lessons: folders of plain data whose checks listen to the sound of a patch.

    lesson.toml, text.en.md, start.json, solutions/, wrong/
        │ loading
        ▼
    Lesson ──► stimuli ──► auditions (rendering) ──► measures ──► Assessment (checking) ──► reports, grading

``grading`` assesses a folder of hand-ins in processes of their own, with limits of time and memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import LessonError

if TYPE_CHECKING:
    from .assessment import Assessment
    from .checking import Assessor
    from .grading import grade
    from .lesson import Lesson
    from .loading import find_lesson, lessons_in, load_lesson

__all__ = ["Assessment", "Assessor", "Lesson", "LessonError", "find_lesson", "grade", "lessons_in", "load_lesson"]

_HOME = {
    "Assessment": "assessment",
    "Assessor": "checking",
    "Lesson": "lesson",
    "find_lesson": "loading",
    "grade": "grading",
    "lessons_in": "loading",
    "load_lesson": "loading",
}


def __getattr__(name: str) -> Any:
    """Import a name on first use: the list of lessons needs no engine."""
    if name not in _HOME:
        raise AttributeError(f"module 'nodegraph.lessons' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
