"""Records that users write by hand as TOML or JSON; a mistake is one line with the place and the fix."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from .syntax import json_mistake, toml_mistake
from .wording import quote, suggest

MAX_BYTES = 1 << 20
NAMES = {
    "float": "a number", "int": "a whole number", "str": "text", "bool": "true or false", "array": "a list",
    "object": "a table", "null": "nothing",
}  # fmt: skip
WRONG_LENGTH = re.compile(r"Expected `array` of length (.*), got (\d+)$")
WRONG_TYPE = re.compile(r"Expected `(.*?)`(?: (.*?))?(?:, got `(.*)`)?$")
UNKNOWN = re.compile(r"Object contains unknown field `(.*)`$")
MISSING = re.compile(r"Object missing required field `(.*)`$")
STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")

R = TypeVar("R", bound=msgspec.Struct)
Step = str | int | None
"""A key or an index; None: an unknown key."""


class RecordError(Exception):
    """A file or data cannot be used; the message is one line for the user."""


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file of at most 1 MiB. Raises RecordError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RecordError(f"{path}: cannot be read ({reason}). Check the name.") from None
    if len(data) > MAX_BYTES:
        raise RecordError(f"{path}: larger than {MAX_BYTES} bytes. Choose another file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RecordError(f"{path}: line {line}: not UTF-8. Save the file as text in UTF-8.") from None


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises RecordError, with the line of a mistake."""
    return _toml(path, read_text(path))


def read_json(path: Path) -> Any:
    """Return the content of a JSON file. Raises RecordError, with the line of a mistake."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise RecordError(f"{path}: {place}: {json_mistake(error.msg, error.doc, error.pos)}") from None
    except (ValueError, RecursionError):
        raise RecordError(f"{path}: numbers too long, or nested too deeply. Correct the file.") from None


def read_record(path: Path, kind: type[R]) -> R:
    """Return a record from a TOML file. Raises RecordError, with the line of a mistake."""
    text = read_text(path)
    data = _toml(path, text)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        steps, problem = _explained(error, data, kind)
        line = _line_of(text, steps)
        raise RecordError(f"{path}: {f'line {line}: ' if line else ''}{problem}") from None
    except RecursionError:
        raise RecordError(f"{path}: nested too deeply. Correct the file.") from None


def record_of(data: Any, kind: type[R]) -> R:
    """Return a record from plain data. Raises RecordError: ``training.rate: must be a number, got text. …``"""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise RecordError(_explained(error, data, kind)[1]) from None


def _toml(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, problem = toml_mistake(str(error), text)
        raise RecordError(f"{path}: line {line}: {problem}") from None
    except (ValueError, RecursionError):
        raise RecordError(f"{path}: numbers too long, or nested too deeply. Correct the file.") from None


def _explained(error: msgspec.ValidationError, data: Any, kind: type[msgspec.Struct]) -> tuple[list[Step], str]:
    """Return the place of a wrong value, and one line: the place in words, what is wrong, the fix."""
    problem, _, place = str(error).partition(" - at ")
    steps = [_step(*found.groups()) for found in STEP.finditer(place.strip("`").removeprefix("$"))]
    where = "".join(f"[{step}]" if isinstance(step, int) else f".{step or '…'}" for step in steps).removeprefix(".")
    subject = f"{where}: " if where else ""
    if unknown := UNKNOWN.match(problem):
        fix = suggest(unknown[1], [name for hints in _records_in(kind) for name in hints]) or " Remove it."
        return [*steps, unknown[1]], f"{subject}unknown entry {quote(unknown[1])}.{fix}"
    if missing := MISSING.match(problem):
        return steps, f"{subject}missing entry {quote(missing[1])}. Add it."
    return steps, f"{subject}{_rule(problem, steps, kind)}{_got(problem, steps, data)}. {_fix(problem)}"


def _rule(problem: str, steps: Sequence[Step], kind: type[msgspec.Struct]) -> str:
    """Return what msgspec expects, in words: ``must be a number >= 0.0``."""
    if problem.startswith("Invalid enum value"):
        return f"must be one of {', '.join(map(str, _choices(kind, steps)))}"
    if length := WRONG_LENGTH.match(problem):
        return f"must be a list of {length[1]}"
    if wrong := WRONG_TYPE.match(problem):
        if "matching regex" in (wrong[2] or ""):  # only names have one
            return "must be a name of letters A–Z, digits, _ and -"
        names = " or ".join(NAMES.get(name, name) for name in wrong[1].split(" | "))
        return f"must be {names}{f' {wrong[2]}' if wrong[2] else ''}"
    return f"{problem[:1].lower()}{problem[1:]}"


def _got(problem: str, steps: Sequence[Step], data: Any) -> str:
    """Return the value that was found: ``, got -3``."""
    if length := WRONG_LENGTH.match(problem):
        return f", got {length[2]}"
    value = data
    for step in steps:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):  # an unknown key
            found = WRONG_TYPE.match(problem)
            return f", got {NAMES.get(found[3], found[3])}" if found and found[3] else ""
    if isinstance(value, dict | list):
        return f", got {NAMES['object' if isinstance(value, dict) else 'array']}"
    return f", got {quote(value) if isinstance(value, str) else json.dumps(value, default=str)}"


def _fix(problem: str) -> str:
    is_list = WRONG_LENGTH.match(problem) is not None
    return "Decimals have a point, such as 0.5, and a comma separates values." if is_list else "Correct it."


def _choices(kind: type[msgspec.Struct], steps: Sequence[Step]) -> list[object]:
    """Return the values of entries that are one of a few, by the name of the entry."""
    hints = [hints[step] for hints in _records_in(kind) for step in steps[-2:] if step in hints]
    return [value for hint in hints for part in _parts(hint) if get_origin(part) is Literal for value in get_args(part)]


def _records_in(hint: Any) -> Iterator[dict[Step, Any]]:
    """Yield the types of the entries of each record in a type, by name."""
    for part in _parts(hint):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            hints = get_type_hints(part)
            yield {name: hints[field] for name, field in zip(part.__struct_encode_fields__, part.__struct_fields__)}
            for inner in hints.values():
                yield from _records_in(inner)


def _parts(hint: Any) -> Iterator[Any]:
    """Yield a type and the types in it."""
    yield hint
    for part in get_args(hint):
        yield from _parts(part)


def _step(key: str | None, index: str | None, unknown: str | None) -> Step:
    return key if key else int(index) if index else None


def _line_of(text: str, steps: Sequence[Step]) -> int:
    """Return the line of an entry of a TOML text, or the nearest one around it that is found; 0 for none."""
    best, depth = 0, 0
    table: list[Step] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*(\[\[?)([^\]]+)\]", line)
        if header:
            names = [name.strip(" \"'") for name in header[2].split(".")]
            table = [*names]
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], -1) + 1
                table.append(counts[header[2]])
            place = table
        else:
            place = [*table, line.partition("=")[0].strip(" \t\"'")]
        length = len(place)
        if depth < length <= len(steps) and all(b is None or a == b for a, b in zip(place, steps)):
            best, depth = number, length
    return best
