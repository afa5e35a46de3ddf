"""Lessons: folders of plain data whose checks listen to the sound of a patch.

    lesson.toml, text.en.md, start.json, solutions/, wrong/
        │ loading
        ▼
    Lesson ──► stimuli ──► auditions (rendering) ──► measures ──► Assessment (checking) ──► reports, grading

``grading`` assesses a folder of hand-ins in processes of their own, with limits of time and memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nodegraph.lazy import lazy_names

from .errors import LessonError

if TYPE_CHECKING:
    from .assessment import Assessment
    from .checking import Assessor
    from .grading import grade
    from .lesson import Lesson
    from .loading import find_lesson, lessons_in, load_lesson

__all__ = ["Assessment", "Assessor", "Lesson", "LessonError", "find_lesson", "grade", "lessons_in", "load_lesson"]

# the list of lessons needs no engine
__getattr__ = lazy_names(
    __name__,
    {
        "Assessment": "assessment",
        "Assessor": "checking",
        "Lesson": "lesson",
        "find_lesson": "loading",
        "grade": "grading",
        "lessons_in": "loading",
        "load_lesson": "loading",
    },
)
