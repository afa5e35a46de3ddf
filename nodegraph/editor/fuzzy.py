"""Fuzzy search for names, best match first.

A name matches if it contains all letters of the query in order. Queries of three or more letters may have one extra,
missing, wrong or swapped letter, with a lower score. Aliases of a name match only without typing
errors; spaces and hyphens in the query are ignored there, and a final "~" as in Pure Data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

EXACT, ALIAS, PREFIX, WORD, INITIALS, INSIDE, KIND, ALIAS_START, SCATTERED, TYPO, ELSEWHERE = (
    1000,
    950,
    900,
    800,
    750,
    600,
    500,
    450,
    400,
    300,
    200,
)


@dataclass(frozen=True)
class Match:
    """A match: its ``score`` (higher is better) and the indices of the matching letters (``hits``)."""

    score: float
    hits: tuple[int, ...] = ()


def match(query: str, name: str, words: str = "", kind: str = "", aliases: tuple[str, ...] = ()) -> Match | None:
    """Match ``query`` with ``name``, its family ``kind``, more text (``words``) and aliases; None if nothing fits."""
    query_text, text = query.lower().strip().replace(" ", "_"), name.lower()
    if not query_text:
        return Match(0.0)
    short = -0.1 * len(text)  # prefers the shorter of two equal matches
    if query_text == text:
        return Match(EXACT, tuple(range(len(text))))
    if query_text in aliases:
        return Match(ALIAS + short)
    alias = _alias(query_text)
    if alias in aliases:
        return Match(ALIAS - 10 + short)
    if text.startswith(query_text):
        return Match(PREFIX + short, tuple(range(len(query_text))))
    starts = _starts(text)
    for start in starts:
        if text.startswith(query_text, start):
            return Match(WORD + short, tuple(range(start, start + len(query_text))))
    letters = query_text.replace("_", "")
    if len(letters) > 1 and "".join(text[i] for i in starts).startswith(letters):
        return Match(INITIALS + short, tuple(starts[: len(letters)]))
    found = text.find(query_text)
    if found >= 0:
        return Match(INSIDE - found + short, tuple(range(found, found + len(query_text))))
    if kind.lower().startswith(query_text) or (len(letters) > 1 and letters in _compounds(words)):
        return Match(KIND + short)
    if len(alias) > 2 and any(other.startswith(alias) for other in aliases):
        return Match(ALIAS_START + short)
    hits = _scattered(letters, text, set(starts))
    if hits:
        gaps = hits[-1] - hits[0] + 1 - len(hits)
        return Match(SCATTERED + 20 * sum(i in starts for i in hits) - 5 * gaps + short, hits)
    if len(query_text) >= 3:
        parts = [text, *text.split("_"), kind.lower()]
        if any(_within_one_edit(query_text, part[: len(query_text) + d]) for part in parts for d in (-1, 0, 1)):
            return Match(TYPO + short)
    if len(letters) > 1 and all(part in words.lower() for part in query_text.split("_")):
        return Match(ELSEWHERE + short)
    return None


def search(query: str, names: Iterable[tuple[Any, ...]]) -> list[tuple[int, Match]]:
    """Return (index, match) of the matching arguments of :func:`match`, best first; equal scores keep their order."""
    found = [(i, m) for i, name in enumerate(names) if (m := match(query, *name))]
    return sorted(found, key=lambda pair: -pair[1].score)


def _alias(query: str) -> str:
    """Return a query as an alias is written: ``low-pass`` and ``low_pass`` → ``lowpass``, ``lop~`` → ``lop``."""
    return re.sub("[-_]", "", query).removesuffix("~") or query.removesuffix("~")


def _starts(text: str) -> list[int]:
    return [i for i, letter in enumerate(text) if letter not in "_/ " and (i == 0 or text[i - 1] in "_/ ")]


def _compounds(words: str) -> set[str]:
    """Return the initials of hyphenated words: "lp" for low-pass."""
    return {"".join(part[0] for part in found.split("-")) for found in re.findall(r"[a-z]+(?:-[a-z]+)+", words.lower())}


def _scattered(letters: str, text: str, starts: set[int]) -> tuple[int, ...]:
    """Return ascending indices of the letters, starting at the beginning of a word; empty if not all occur."""

    def find(at: int, query_text: str) -> tuple[int, ...] | None:
        if not query_text:
            return ()
        places = [i for i in range(at, len(text)) if text[i] == query_text[0]]
        for i in sorted(places, key=lambda i: (i not in starts, i)):
            rest = find(i + 1, query_text[1:])
            if rest is not None:
                return (i, *rest)
            if i not in starts:
                return None
        return None

    if not 0 < len(letters) <= len(text):
        return ()
    begins = (start for start in sorted(starts) if text[start] == letters[0])
    return next(((i, *rest) for i in begins if (rest := find(i + 1, letters[1:])) is not None), ())


def _within_one_edit(word: str, other: str) -> bool:
    """Return whether two words differ by one inserted, deleted, replaced or swapped letter."""
    if abs(len(word) - len(other)) > 1 or word[:1] != other[:1]:
        return False
    first = next((i for i, (a, b) in enumerate(zip(word, other)) if a != b), min(len(word), len(other)))
    swapped = word[first + 1 : first + 2] + word[first : first + 1] + word[first + 2 :]
    return (
        word[first + 1 :] == other[first + 1 :]
        or word[first + 1 :] == other[first:]
        or word[first:] == other[first + 1 :]
        or swapped == other[first:]
    )
