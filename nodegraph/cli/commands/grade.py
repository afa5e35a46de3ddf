"""``nodegraph grade``: assess a folder of hand-ins."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..options import Json
from ..output import plural, print_json, print_line
from ..output_files import make_folder
from ..progress import Progress

if TYPE_CHECKING:
    from nodegraph.lessons.grades import Grades


def grade(
    lesson: Annotated[
        str, typer.Argument(metavar="LESSON", show_default=False, help="Id of a lesson, or a folder with lesson.toml.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", show_default=False, help="Folder with a patch for each student.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the results.")] = Path(
        "grades"
    ),
    language: Annotated[
        str, typer.Option("--language", metavar="CODE", help="Language of reports, such as de.")
    ] = "en",
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="S", min=0.1, help="Seconds for each hand-in.")
    ] = 2.0,
    memory_limit: Annotated[
        int, typer.Option("--memory-limit", metavar="MB", min=64, help="Megabytes for each hand-in.")
    ] = 1024,
    jobs: Annotated[int, typer.Option("--jobs", metavar="N", min=0, help="Hand-ins at a time; 0: one per core.")] = 0,
    json: Json = False,
) -> None:
    """Grade the hand-ins in a folder by the sound of each patch.

    A hand-in is a file, named by the id of the student, or a folder with one patch; roster.csv has lines "id,name". The
    results are grades.csv, a JSON for each hand-in in the shape of Gradescope (results/), a report for each student
    (reports/), and class.md with the typical mistakes. A hand-in that is damaged, endless or too large is one line in
    them. The files of patches are those of the lesson.
    """
    from nodegraph.lessons import find_lesson
    from nodegraph.lessons.grader import Limits
    from nodegraph.lessons.grades import class_data
    from nodegraph.lessons.grading import grade_folder

    found = find_lesson(lesson)
    make_folder(output)
    limits = Limits(time_limit, memory_limit, jobs or os.cpu_count() or 1)
    with Progress("grading", 1.0) as bar:
        grades = grade_folder(found, folder, limits, lambda done, all: bar.to(done / all, f"{done} of {all}"))
    _write(grades, output, language)
    data = class_data(grades)
    if json:
        print_json(data | {"output": str(output)})
        return
    print_line(
        f"{found.id}: {plural(len(grades.grades), 'hand-in')}, {data['accepted']} with all points, "
        f"{len(data['refused'])} not assessed. Saved {output}."
    )
    for id, problem in data["refused"].items():
        print_line(f"{id}: {problem}")


def _write(grades: Grades, output: Path, language: str) -> None:
    """Write all results; each file replaces that of an earlier run."""
    import json

    from nodegraph.files.atomic import write_atomic
    from nodegraph.lessons.assessment import student_markdown
    from nodegraph.lessons.grades import class_data, class_markdown
    from nodegraph.lessons.hand_ins import file_name_of
    from nodegraph.lessons.reports import grades_csv, gradescope

    for name in ("results", "reports"):
        make_folder(output / name)
    for one in grades.grades:
        name = file_name_of(one.hand_in.id)
        results = json.dumps(gradescope(one.assessment, language), indent=2, ensure_ascii=False)
        write_atomic(output / "results" / f"{name}.json", f"{results}\n".encode())
        report = student_markdown(one.assessment, one.hand_in.name, language)
        write_atomic(output / "reports" / f"{name}.md", report.encode())
    write_atomic(output / "grades.csv", grades_csv(grades).encode())
    write_atomic(output / "class.md", class_markdown(grades).encode())
    write_atomic(output / "class.json", json.dumps(class_data(grades), indent=2, ensure_ascii=False).encode())
