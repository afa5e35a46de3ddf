"""The programs in a patch: on a terminal, the user is asked once whether they may run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .output import print_note, print_warning, printable

if TYPE_CHECKING:
    from nodegraph.patch import Document, Patch


def ask_about_programs(patch: Patch, allow_outside: bool = False, json: bool = False) -> None:
    """Ask whether the untrusted programs of a patch may run, from now on; without a terminal do nothing."""
    if json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    from nodegraph.files.trust import trust
    from nodegraph.graph.ports import PatchLocation
    from nodegraph.graph.programs import untrusted_programs

    found = untrusted_programs(patch.document, PatchLocation(patch.path, allow_outside))
    for path, title in found.items():
        print_note(f"{printable(title)} runs {printable(str(path))}, a program that is not trusted.")
    if found and typer.confirm("Do you trust its author, from now on?", err=True):
        for path in found:
            trust(path)


def warn_about_programs(document: Document, path: Path | None, allow_outside: bool = False) -> None:
    """Print a warning for each untrusted program of a patch."""
    from nodegraph.files.trust import untrusted_problem
    from nodegraph.graph.ports import PatchLocation
    from nodegraph.graph.programs import untrusted_programs

    for program, title in untrusted_programs(document, PatchLocation(path, allow_outside)).items():
        print_warning(f"{printable(title)} is silent: {untrusted_problem(program)}")
