"""Error messages: one line on stderr with the cause and the fix; tracebacks only on request."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress

from .output import print_json, print_note, printable

TRACEBACK = "NODEGRAPH_TRACEBACK"
INTERRUPTED = 130  # exit status of Ctrl-C in shells
NUMBER_WORDS = {  # the words of typer's parser, and those for users
    "Input should be a valid number, unable to parse string as a number": "must be a number, such as 0.5",
    "Input should be a valid integer, unable to parse string as an integer": "must be a whole number, such as 3",
}


class CommandError(Exception):
    """A command cannot be carried out; the message is one line with the cause and the fix."""


def report(error: BaseException, json: bool = False) -> int:
    """Print an error for the user; return the exit status."""
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
    """Return the lines that describe an error, and the exit status."""
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
        reason = error.strerror or str(error) or type(error).__name__
        return [_line(f"{error.filename}: {reason}." if error.filename else f"{reason}.")], 1
    if isinstance(error, MemoryError):
        return ["not enough memory. Close other programs, or render a shorter sound."], 1
    bug = f"{type(error).__name__}: {error}".strip().rstrip(".:")
    return [_line(f"internal error ({bug}). Please report it with the output of {TRACEBACK}=1.")], 1


def _is_user_error(error: BaseException) -> bool:
    """Return True for an error class of this project: its messages are written for users."""
    return type(error).__module__.partition(".")[0] in ("nodegraph", "nodes")


def _usage(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" See `{context.command_path} --help`." if context else ""
    text: str = error.format_message()  # type: ignore[attr-defined]
    for parser_words, words in NUMBER_WORDS.items():
        text = text.replace(parser_words, words)
    return _line(text.rstrip(".") + "." + hint)


def _line(text: str) -> str:
    return printable(" ".join(text.split()))


def _close_stdout() -> None:
    """Redirect stdout to the null device: its reader closed it, and Python would report that at exit."""
    with suppress(Exception):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
