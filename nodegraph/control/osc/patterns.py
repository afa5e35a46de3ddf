"""Address patterns of OSC 1.0: ``?``, ``*``, ``[a-z]``, ``[!a-z]`` and ``{one,two}`` within one part of an address.

The positions that a pattern can have reached in an address are followed together, so that the time grows with the
product of both lengths. A regular expression tries one position after the other, for years with 60 stars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

SEPARATOR = "/"


@dataclass(frozen=True)
class _Character:
    """One character that satisfies ``accepts``."""

    accepts: Callable[[str], bool]

    def step(self, address: str, positions: set[int]) -> set[int]:
        return {at + 1 for at in positions if at < len(address) and self.accepts(address[at])}


@dataclass(frozen=True)
class _AnyText:
    """Any number of characters of one part of an address."""

    def step(self, address: str, positions: set[int]) -> set[int]:
        found: set[int] = set()
        for start in positions:
            at = start
            while at not in found:
                found.add(at)
                if at < len(address) and address[at] != SEPARATOR:
                    at += 1
        return found


@dataclass(frozen=True)
class _Choice:
    """One of several patterns."""

    patterns: tuple[Pattern, ...]

    def step(self, address: str, positions: set[int]) -> set[int]:
        return set().union(*(_reached(pattern, address, positions) for pattern in self.patterns))


Pattern = Sequence[_Character | _AnyText | _Choice]


def parse_pattern(pattern: str) -> Pattern:
    """Return the elements of a pattern. Raises ValueError for a bracket that is not closed."""
    found: list[_Character | _AnyText | _Choice] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character in "[{":
            end = pattern.index("]" if character == "[" else "}", at)
            inside = pattern[at + 1 : end]
            found.append(_characters(inside) if character == "[" else _choice(inside))
            at = end
        elif character == "*":
            found.append(_AnyText())
        elif character == "?":
            found.append(_Character(lambda other: other != SEPARATOR))
        else:
            found.append(_Character(character.__eq__))
        at += 1
    return found


def matches(pattern: Pattern, address: str) -> bool:
    """Return whether a pattern matches a whole address."""
    return len(address) in _reached(pattern, address, {0})


def _reached(pattern: Pattern, address: str, positions: set[int]) -> set[int]:
    """Return the positions behind a pattern that begins at one of ``positions``."""
    for element in pattern:
        positions = element.step(address, positions)
        if not positions:
            break
    return positions


def _choice(inside: str) -> _Choice:
    return _Choice(tuple(parse_pattern(text) for text in inside.split(",")))


def _characters(inside: str) -> _Character:
    """Return the element for the text in ``[]``: characters and ranges, excluded after ``!``."""
    is_negated = inside.startswith("!")
    text, ranges = inside.removeprefix("!"), []
    while text:
        if text[1:2] == "-" and len(text) > 2:
            ranges.append((text[0], text[2]))
            text = text[3:]
        else:
            ranges.append((text[0], text[0]))
            text = text[1:]
    return _Character(
        lambda other: other != SEPARATOR and any(low <= other <= high for low, high in ranges) != is_negated
    )
