"""Scan JSON into values together with their text, so that unedited members are written back unchanged.

The standard library parses the values; this module walks only the two outer levels, to find where each record begins
and ends. It is stricter than JSON parsers usually are: no duplicate keys, no NaN or Infinity.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sized
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any

from .errors import InvalidValue, quote
from .values import step


@dataclass(frozen=True, slots=True)
class JsonPiece:
    """A JSON value, its text, and for the outer levels of lists and objects the pieces in it."""

    value: Any
    text: str
    items: tuple[JsonPiece, ...] = ()
    members: dict[str, JsonPiece] | None = None


class JsonSyntaxError(Exception):
    """Invalid JSON; ``at`` is the index of the character where parsing stopped."""

    def __init__(self, text: str, at: int) -> None:
        super().__init__(text)
        self.text = text
        self.at = at


MAX_PIECES = 200_000
"""Maximum records of one section, so that a larger file is refused within a second or two."""


def scan(text: str, sections: Container[str] = ()) -> JsonPiece:
    """Scan ``text`` into pieces: its members, and the items of the members named in ``sections``.

    Raises :class:`JsonSyntaxError` if the text is not JSON, :class:`InvalidValue` if it is JSON that is not valid in
    a patch.
    """
    try:
        piece, end = _piece(text, _skip(text, 0), sections)
    except InvalidValue as fault:
        raise fault.at("$") from None
    if _skip(text, end) < len(text):
        raise JsonSyntaxError("something follows the end of the patch", _skip(text, end))
    return piece


def _piece(text: str, at: int, sections: Container[str] | None) -> tuple[JsonPiece, int]:
    """Return the piece at ``at`` and its end; ``sections=None`` means a single piece, without items."""
    opening = text[at : at + 1]
    if sections is not None and opening == "{":
        return _object(text, at, sections)
    if sections is not None and opening == "[":
        return _list(text, at)
    value, end = _value(text, at)
    return JsonPiece(value, text[at:end]), end


def _object(text: str, start: int, sections: Container[str]) -> tuple[JsonPiece, int]:
    members: dict[str, JsonPiece] = {}
    at = _skip(text, start + 1)
    more = text[at : at + 1] != "}"
    while more:
        if text[at : at + 1] != '"':
            raise JsonSyntaxError("expecting a key in double quotes", at)
        key, at = _value(text, at)
        at = _expect(text, _skip(text, at), ":")
        if key in members:
            raise InvalidValue(f"duplicate key {quote(key)}. Remove one of them")
        try:
            members[key], at = _piece(text, at, () if key in sections else None)
        except InvalidValue as fault:
            raise fault.at(step(key)) from None
        _count(members)
        at = _skip(text, at)
        more = text[at : at + 1] == ","
        if more:
            at = _skip(text, at + 1)
    end = _expect(text, at, "}", "expecting ',' or '}'", skip=False)
    value = {key: piece.value for key, piece in members.items()}
    return JsonPiece(value, text[start:end], members=members), end


def _list(text: str, start: int) -> tuple[JsonPiece, int]:
    items: list[JsonPiece] = []
    at = _skip(text, start + 1)
    more = text[at : at + 1] != "]"
    while more:
        try:
            item, at = _piece(text, at, None)
        except InvalidValue as fault:
            raise fault.at(f"[{len(items)}]") from None
        items.append(item)
        _count(items)
        at = _skip(text, at)
        more = text[at : at + 1] == ","
        if more:
            at = _skip(text, at + 1)
    end = _expect(text, at, "]", "expecting ',' or ']'", skip=False)
    return JsonPiece([item.value for item in items], text[start:end], items=tuple(items)), end


def _count(found: Sized) -> None:
    if len(found) > MAX_PIECES:
        raise InvalidValue(f"more than {MAX_PIECES} entries. Split it into several patches")


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _decoder.raw_decode(text, at)
    except JSONDecodeError as error:
        unfinished = error.msg.startswith("Unterminated string")
        raise JsonSyntaxError(error.msg, len(text) if unfinished else error.pos) from None
    except RecursionError:
        raise InvalidValue("values are nested too deeply. Flatten them") from None
    except ValueError:  # Python limits the digits of an integer
        raise InvalidValue("a number has thousands of digits. Write it with an exponent") from None


def _expect(text: str, at: int, mark: str, message: str = "", skip: bool = True) -> int:
    if text[at : at + 1] != mark:
        raise JsonSyntaxError(message or f"expecting {mark!r}", at)
    return _skip(text, at + 1) if skip else at + 1


def _skip(text: str, at: int) -> int:
    match = _blank.match(text, at)
    assert match is not None
    return match.end()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        duplicate = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise InvalidValue(f"duplicate key {quote(duplicate)}. Remove one of them")
    return members


def _reject_literal(literal: str) -> Any:
    raise InvalidValue(f"{literal} is not a finite number. Write a finite number")


_blank = re.compile(r"[ \t\n\r]*")
_decoder = JSONDecoder(object_pairs_hook=_unique, parse_constant=_reject_literal)
