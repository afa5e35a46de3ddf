"""Mutation test of all lessons: ``python -m bench.lessons`` writes the tables in ``docs/LESSONS.md``."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

from nodegraph.lessons import Assessor, lessons_in, load_lesson
from nodegraph.lessons.mutants import MutantResult, broken_results, kept_results
from nodegraph.measures.registry import measures

DOCUMENT = Path(__file__).parent.parent / "docs" / "LESSONS.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="rewirings, and mistakes, of all lessons together")
    parser.add_argument("--lesson", help="only this lesson; writes nothing")
    parser.add_argument("--verbose", action="store_true", help="print every mutant with an unexpected result")
    options = parser.parse_args()
    folders = [folder for folder in lessons_in() if options.lesson in (None, folder.name)]
    each = -(-options.count // len(folders))
    rows: list[tuple[str, list[MutantResult], list[MutantResult]]] = []
    kept: list[MutantResult] = []
    broken: list[MutantResult] = []
    for folder in folders:
        assessor = Assessor(load_lesson(folder))
        one, other = kept_results(assessor, each), broken_results(assessor, each * 2)
        kept, broken = kept + one, broken + other
        rows.append((assessor.lesson.id, one, other))
        print(row(*rows[-1]), flush=True)
        if options.verbose:
            print_unexpected(one, other)
    table = [
        "| lesson | rewirings | accepted | mistakes | rejected | right hint |",
        "|---|---|---|---|---|---|",
        *(row(*one) for one in rows),
        row("**all**", kept, broken),
    ]
    kinds = Counter(result.mutant.kind for result in broken)
    print(row("all", kept, broken), dict(kinds))
    if options.lesson is None:
        write_table("mutants", table)
        write_table("measures", measures_table())


def measures_table() -> list[str]:
    """Return the table of all measures, with the defaults of their options."""
    rows = ["| measure | unit | value | tolerance | options |", "|---|---|---|---|---|"]
    for one in measures().values():
        options = ", ".join(f"`{name} = {value!r}`".replace("'", '"') for name, value in one.options.items())
        rows.append(f"| `{one.name}` | {one.unit} | {one.meaning.replace('``', '`')} | {one.tolerance} | {options} |")
    return rows


def write_table(name: str, lines: list[str]) -> None:
    """Replace a table of the document."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = re.sub(f"{begin}.*{end}", lambda _: "\n".join([begin, *lines, end]), DOCUMENT.read_text(), flags=re.DOTALL)
    DOCUMENT.write_text(text)


def row(name: str, kept: list[MutantResult], broken: list[MutantResult]) -> str:
    accepted = sum(result.assessment.accepted for result in kept)
    rejected = sum(not result.assessment.accepted for result in broken)
    right = sum(result.right_hint for result in broken)
    parts = [str(len(kept)), share(accepted, len(kept)), str(len(broken)), share(rejected, len(broken))]
    return f"| {name} | {' | '.join(parts)} | {share(right, len(broken))} |"


def share(part: int, whole: int) -> str:
    return f"{100.0 * part / whole:.1f} %" if whole else "–"


def print_unexpected(kept: list[MutantResult], broken: list[MutantResult]) -> None:
    for result in kept:
        if not result.assessment.accepted:
            print("  refused", result.mutant.description, result.assessment.problem, failed(result))
    for result in broken:
        if result.assessment.accepted or not result.right_hint:
            print(
                "  " + ("accepted" if result.assessment.accepted else "hint"), result.mutant.description, failed(result)
            )


def failed(result: MutantResult) -> str:
    return ", ".join(f"{verdict.check.id}={verdict.value_text}" for verdict in result.assessment.failed[:3])


if __name__ == "__main__":
    main()
