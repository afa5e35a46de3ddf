"""Errors as lines: what is wrong and how to mend it on stderr, never a traceback unless one is asked for."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

from .output import print_json, print_note, printable

TRACEBACK = "NODEGRAPH_TRACEBACK"
INTERRUPTED = 130  # the status by which shells know Ctrl-C


class CommandError(Exception):
    """A command cannot do what was asked; one line says why and how to mend it."""


def report(error: BaseException, json: bool = False) -> int:
    """Print what the user should know of an error; returns the exit status."""
    if isinstance(error, BrokenPipeError):
        _close_stdout()
        return 1
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    lines, status = describe(error)
    for line in lines:
        print_note(f"error: {line}")
    if json:
        print_json({"error": lines[0], "problems": lines})
    return status


def describe(error: BaseException) -> tuple[list[str], int]:
    """An error as lines for the user, and the exit status."""
    if hasattr(error, "format_message"):  # click's errors: wrong usage
        return [_usage(error)], getattr(error, "exit_code", 2)
    if isinstance(error, KeyboardInterrupt):
        return ["interrupted."], INTERRUPTED
    problems = getattr(error, "problems", None)
    if isinstance(problems, list) and problems:
        return [_line(str(problem)) for problem in problems], 1
    if _is_user_error(error):
        return [_line(str(error))], 1
    if isinstance(error, OSError):
        what = error.strerror or str(error) or type(error).__name__
        return [_line(f"{error.filename}: {what}." if error.filename else f"{what}.")], 1
    if isinstance(error, MemoryError):
        return ["not enough memory. Close other programs, or render less at once."], 1
    bug = f"{type(error).__name__}: {error}".strip().rstrip(".:")
    return [_line(f"a bug, please report it ({bug}). Run it again with {TRACEBACK}=1 to see where.")], 1


def _is_user_error(error: BaseException) -> bool:
    """The error classes of this project speak to the user; all others speak to programmers."""
    return type(error).__module__.partition(".")[0] in ("nodegraph", "nodes")


def _usage(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    where = f" See `{context.command_path} --help`." if context else ""
    return _line(error.format_message().rstrip(".") + "." + where)  # type: ignore[attr-defined]


def _line(text: str) -> str:
    return printable(" ".join(text.split()))


def _close_stdout() -> None:
    """Whoever read our output has left: nobody is to be told, not even at exit."""
    with suppress(Exception):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
