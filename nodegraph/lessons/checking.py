"""Assessment of a patch: each check listens to its sound."""

from __future__ import annotations

import os

import numpy as np

from nodegraph.graph import Graph, GraphError
from nodegraph.measures.registry import Audition, MeasureError, measures
from nodegraph.patch import Document, Patch, PatchError

from .assessment import Assessment, Verdict, refused
from .errors import LessonError
from .lesson import Check, Lesson
from .rendering import audition, read_document, typed

ROUNDING = 1e-9


class Assessor:
    """Assesses patches by the checks of one lesson; the sounds of its target are rendered once."""

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self._targets: dict[str, Audition] = {}

    def assess_file(self, path: str | os.PathLike[str]) -> Assessment:
        """Assess the patch in a file; a file that cannot be read is an assessment with a problem."""
        try:
            return self.assess(read_document(path))
        except PatchError as error:
            return refused(self.lesson, str(error))

    def assess(self, patch: Patch | Document) -> Assessment:
        """Assess a patch. Files in it are those of the lesson."""
        document = patch.document if isinstance(patch, Patch) else patch
        try:
            graph = self.typed(document)
        except (GraphError, PatchError) as error:
            return refused(self.lesson, _first_line(error))
        return self.assess_graph(document, graph)

    def typed(self, document: Document) -> Graph:
        """Return the graph of a document in the folder of the lesson. Raises GraphError or PatchError."""
        return typed(document, self.lesson.file.rate, self.lesson.start)

    def assess_graph(self, document: Document, graph: Graph) -> Assessment:
        """Assess a patch whose graph is known."""
        heard: dict[str, Audition | str] = {}
        verdicts = []
        for check in self.lesson.checks:
            name, stimulus = self.lesson.stimulus_of(check)
            if name not in heard:
                try:
                    heard[name] = audition(document, stimulus, graph.rate, self.lesson.start, graph)
                except (GraphError, PatchError, MeasureError) as error:
                    heard[name] = _first_line(error)
            verdicts.append(self._verdict(check, name, heard[name]))
        silent = [problem for problem in heard.values() if isinstance(problem, str)]
        if len(silent) == len(heard):
            return refused(self.lesson, f"{silent[0].rstrip('.')}.")
        return Assessment(self.lesson, tuple(verdicts))

    def target(self, stimulus: str) -> Audition | None:
        """Return the sound of the target under a stimulus; None without a target. Raises LessonError."""
        if self.lesson.target is None:
            return None
        if stimulus not in self._targets:
            rate, home = self.lesson.file.rate, self.lesson.start
            try:
                document = read_document(self.lesson.target)
                self._targets[stimulus] = audition(document, self.lesson.stimuli[stimulus], rate, home)
            except (GraphError, PatchError, MeasureError) as error:
                path = self.lesson.target
                raise LessonError(f"{path}: {_first_line(error).removeprefix(f'{path}: ')}") from None
        return self._targets[stimulus]

    def _verdict(self, check: Check, stimulus: str, heard: Audition | str) -> Verdict:
        if isinstance(heard, str):
            return Verdict(check, False, problem=heard)
        target = self.target(stimulus)
        if target is not None:
            heard = Audition(heard.sound, heard.rate, heard.source, target.sound)
        try:
            value = measures()[check.measure].of(heard.section(check.start, check.end), check.options)
        except MeasureError as error:
            return Verdict(check, False, problem=f"{str(error).rstrip('.')}.")
        low, high = check.range
        rounding = ROUNDING * max(abs(value), 1.0)
        return Verdict(check, low - rounding <= value <= high + rounding, float(np.round(value, 9)))


def _first_line(error: Exception) -> str:
    problems = getattr(error, "problems", None)
    return " ".join(str(problems[0] if problems else error).split())
