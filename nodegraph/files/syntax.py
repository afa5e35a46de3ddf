"""Syntax errors of TOML and JSON in words: what is wrong in a line, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable

PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
CURLY_QUOTES = re.compile("[“”„‟‘’]")
COMMA_NUMBER = re.compile(r"(?<![\w.,])[-+]?\d+,\d+(?![\w.])")
LOGIC = {"true", "false", "yes", "no", "on", "off"}
QUOTES = "\"'"
NOTHING = {"none", "null", "nil"}


def toml_mistake(problem: str, text: str) -> tuple[int, str]:
    """Return the line of a syntax error, and one sentence with its fix.

    ``problem`` is the message of tomllib, ``text`` the content of the file.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    place = PLACE.search(problem)
    cause = PLACE.sub("", problem)
    if place is None or place[1] is None:
        mark = "'" if cause.startswith("Expected") else '"""' if cause.startswith("Unterminated") else None
        found = [k for k, line in enumerate(lines, 1) if (line.count(mark) % 2 if mark else line.strip())]
        number = found[-1] if found else 1
        return number, _explained(cause, lines[number - 1], len(lines[number - 1]))
    number, at = int(place[1]), int(place[2]) - 1
    while cause.startswith("Unclosed") and number > 1 and not lines[number - 1][:at].strip():
        number -= 1  # the parser stopped at the next entry
        at = len(lines[number - 1])
    return number, _explained(cause, lines[number - 1], at)


def json_mistake(problem: str, text: str, at: int) -> str:
    """Return one sentence with the fix of a syntax error of JSON; the parser stopped at the character ``at``."""
    start = text.rfind("\n", 0, at) + 1
    if number := _comma_number(text[start:].partition("\n")[0], at - start):
        return number
    cause = problem.removesuffix(" at").removesuffix(" starting at")
    return f"invalid JSON, {cause[:1].lower()}{cause[1:]}. Correct that line."


def _comma_number(line: str, at: int) -> str:
    """Return the explanation of a number with a decimal comma that contains the character ``at``, or ""."""
    for found in COMMA_NUMBER.finditer(line):
        if found.start() < at <= found.end() + 1:
            return f"comma in a number. Write {found[0].replace(',', '.')}."
    return ""


def _explained(cause: str, line: str, at: int) -> str:
    """Return what is wrong in a line, where the parser stopped at the character ``at``, and the fix."""
    for begins, explain in EXPLANATIONS:
        if cause.startswith(begins):
            return explain(line, at)
    return f"{cause[:1].lower()}{cause[1:]}. Correct it."


def _statement(line: str, at: int) -> str:
    """Explain text after a complete value."""
    if number := _comma_number(line, at):
        return number
    rest = line[at:].partition("#")[0].strip()
    before = line[:at].rstrip()
    if rest[:1].isdigit() and before.endswith(("0", "-0", "+0")):
        return "number with leading zeros. Delete them."
    if rest.startswith(".") and before[-1:].isdigit():
        return f"number without digits after the point. Write {re.split(r'[^0-9]', before)[-1]}.0."
    return f"{_shown(rest)} after the value. Put text in quotes, and each entry on a line of its own."


def _value(line: str, at: int) -> str:
    """Explain a value that is none."""
    if CURLY_QUOTES.match(line, at):
        return 'typographic quotes. Write straight ones: "…".'
    found = re.split(r"[,\]}#]", line[at:])[0].strip()
    if not found and line.rstrip().endswith((",", "[")):
        return _list(line, at)
    if not found:
        return "missing value. Write one after the =, or delete the line."
    if found.lower() in LOGIC:
        return f"{_shown(found)} is no value. Write true or false."
    if found.lower() in NOTHING:
        return f"{_shown(found)} is no value. Delete the line."
    if re.fullmatch(r"[-+]?\.\d+", found):
        return f"number without digits before the point. Write {found.replace('.', '0.')}."
    if found[0].isalpha():
        return f'text without quotes. Write "{found.strip(QUOTES)}".'
    return f"{_shown(found)} is no value. Write a number, true, false, or text in quotes."


def _key(line: str, at: int) -> str:
    """Explain an entry without name or without "="."""
    if number := _comma_number(line, at):
        return number
    rest = line[at:].strip()
    if rest.startswith(":"):
        return "colon after a name. Write = instead."
    if rest.startswith("}"):
        return "comma before }. Delete it."
    if rest and rest[0].isalpha() and not rest.isascii():
        return "name with other characters than A–Z, a–z, 0–9, _ and -. Write it in quotes, or rename it."
    if line.count("{") > line.count("}"):
        return "table in { } over several lines. Write it on one line."
    return "not an entry. Write NAME = VALUE, or begin a comment with #."


def _text(line: str, at: int) -> str:
    """Explain text that does not end on its line."""
    if CURLY_QUOTES.search(line):
        return 'typographic quotes. Write straight ones: "…".'
    return 'text without a closing quote. Close it on this line, or write """…""" for several lines.'


def _escape(line: str, at: int) -> str:
    return "backslash in text. Write \\\\ instead, or use single quotes: '…'."


def _duplicate(line: str, at: int) -> str:
    name = line.split("#")[0].strip()
    if name.startswith("["):
        entry = name.strip("[] ")
        return f"duplicate table {entry}. Join them, or write [[{entry}]] above each if it is a list of tables."
    return f"duplicate entry {name.partition('=')[0].strip()}. Remove one of them."


def _list(line: str, at: int) -> str:
    return _comma_number(line, at) or "missing comma or ] in a list. Add it."


def _table(line: str, at: int) -> str:
    return _comma_number(line, at) or "missing comma or } in a table, which must stand on one line. Add it."


def _header(line: str, at: int) -> str:
    return "missing ] after the name of a table. Write [name], or [[name]] for one of several."


def _shown(text: str) -> str:
    return f"'{text[:40]}'" if text.isprintable() else "an unprintable character"


EXPLANATIONS: tuple[tuple[str, Callable[[str, int], str]], ...] = (
    ("Expected newline", _statement),
    ("Invalid value", _value),
    ("Invalid statement", _key),
    ("Invalid initial character", _key),
    ("Expected '='", _key),
    ("Unterminated string", _text),
    ("Illegal character", _text),
    ("Found invalid character", _text),
    ('Expected "', _text),
    ("Unescaped", _escape),
    ("Invalid hex", _escape),
    ("Escaped character", _escape),
    ("Cannot", _duplicate),
    ("Duplicate", _duplicate),
    ("Unclosed array", _list),
    ("Unclosed inline", _table),
    ("Expected ']", _header),
)
