"""Fuzzy search for names, best match first.

A name is found by itself, by its other words (``aliases``) and by its text. Case, accents, spaces, hyphens and a final
``~`` as in Pure Data do not count, and neither do plurals and other endings. Single names may have one extra, missing,
wrong or swapped letter. Of a query of several words, each is searched by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

EXACT, ALIAS, PREFIX, STEM, WORD, INITIALS, INSIDE, KIND, ALIAS_START = 1000, 950, 900, 850, 800, 750, 600, 500, 450
NAME_TYPO, SCATTERED, ALIAS_TYPO, TYPO, SENTENCE, ELSEWHERE = 430, 400, 380, 300, 260, 200
USUAL = 12.0  # score of the most usual of several equal matches
SPELLED_ALIKE = 0.5  # share of the pairs of letters that two names must have in common if nothing else matches
MIN_TYPO = 4  # letters of a word of which one may be wrong
FILLERS = frozenset(
    "a an the of for to with and my some block module effect fx generator object ugen plugin unit".split()
)
ENDINGS = (
    "ations ation ators ating ator ates ate ings ing ions ion ers ors ies er or ed es s e y".split()
)  # longest first where one ends with another


@dataclass(frozen=True)
class Match:
    """A match: its ``score`` (higher is better) and the indices of the matching letters (``hits``)."""

    score: float
    hits: tuple[int, ...] = ()


@lru_cache(maxsize=8192)
def key_of(text: str) -> str:
    """Return a name without case, accents, spaces, hyphens and final ``~``: ``Low-Pass`` → ``lowpass``."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    short = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter not in " -_\t")
    return short.removesuffix("~").removesuffix(".ar").removesuffix(".kr") or plain.strip()


@lru_cache(maxsize=8192)
def stem_of(key: str) -> str:
    """Return a word without its endings, the same for ``filter``, ``filters`` and ``filtering``."""
    stem = key.replace("iz", "is")
    while True:
        ending = next((e for e in ENDINGS if stem.endswith(e) and len(stem) - len(e) >= 3 + (e[0] in "ey")), "")
        shorter = stem.removesuffix(ending)
        if len(shorter) > 3 and shorter[-1] == shorter[-2]:
            shorter = shorter[:-1]
        if shorter == stem:
            return stem
        stem = shorter


@dataclass(frozen=True)
class _Name:
    """A name with everything by which it is found."""

    name: str
    text: str = ""
    kind: str = ""
    aliases: tuple[str, ...] = ()

    @cached_property
    def lower(self) -> str:
        return self.name.lower()

    @cached_property
    def key(self) -> str:
        return key_of(self.name)

    @cached_property
    def keys(self) -> dict[str, int]:
        """The key of each alias, with its place."""
        return {key: i for i, key in reversed(list(enumerate(map(key_of, self.aliases))))}

    @cached_property
    def spelled(self) -> frozenset[str]:
        """The aliases with a sign of another program, such as the ``~`` of Pure Data."""
        return frozenset(alias.lower() for alias in self.aliases if not alias.isalnum())

    @cached_property
    def stems(self) -> dict[str, int]:
        """The stem of the name and of each alias, with its place."""
        found = {stem_of(key): i for key, i in reversed(self.keys.items())}
        return {**found, stem_of(self.key): 0}

    @cached_property
    def parts(self) -> dict[str, float]:
        """The stems of all words by which a part of a query is found, each with its weight."""
        first, _, rest = self.text.partition("\n")
        found: dict[str, float] = {}
        for weight, words in (
            (0.2, rest),
            (0.45, first),
            (0.7, " ".join(self.aliases)),
            (0.8, " ".join(self.keys)),
            (1.0, f"{self.lower.replace('_', ' ')} {self.key}"),
        ):
            found.update((stem_of(key_of(word)), weight) for word in re.findall(r"[^\W_]+", words))
        return found


_name = lru_cache(maxsize=4096)(_Name)


def match(query: str, name: str, text: str = "", kind: str = "", aliases: tuple[str, ...] = ()) -> Match | None:
    """Match ``query`` with ``name``, its family ``kind``, more ``text`` and aliases; None if nothing fits."""
    entry = _name(name, text, kind, aliases)
    typed = query.lower().strip().replace(" ", "_")
    if not typed:
        return Match(0.0)
    short = -0.1 * len(entry.lower)  # prefers the shorter of two equal matches
    return _spelled(typed, entry, short) or _similar(typed, entry, short) or _sentence(query, entry, short)


def _spelled(typed: str, entry: _Name, short: float) -> Match | None:
    """Match the whole query with the name, an alias, or the beginning of either."""
    name, key = entry.lower, key_of(typed)
    if typed == name or key == entry.key:
        return Match(EXACT, tuple(range(len(name))))
    if typed in entry.spelled:
        return Match(ALIAS + 20 - _rank(entry.keys[key]) + short)
    if key in entry.keys:
        return Match(ALIAS - _rank(entry.keys[key]) + short)
    singular = key.removesuffix("s")
    if len(singular) > 2 and (singular == entry.key or singular in entry.keys):
        return Match(ALIAS - 15 - _rank(entry.keys.get(singular, 0)) + short)
    if name.startswith(typed):
        return Match(PREFIX + short, tuple(range(len(typed))))
    stem = stem_of(key)
    if len(key) > 3 and stem in entry.stems:
        return Match(STEM - _rank(entry.stems[stem]) + short)
    starts = _starts(name)
    for start in starts:
        if name.startswith(typed, start):
            return Match(WORD + short, tuple(range(start, start + len(typed))))
    letters = typed.replace("_", "")
    if len(letters) > 1 and "".join(name[i] for i in starts).startswith(letters):
        return Match(INITIALS + short, tuple(starts[: len(letters)]))
    found = name.find(typed)
    if found >= 0:
        return Match(INSIDE - found + short, tuple(range(found, found + len(typed))))
    if entry.kind.lower().startswith(typed) or (len(letters) > 1 and letters in _compounds(entry.text)):
        return Match(KIND + short)
    places = [i for other, i in entry.keys.items() if other.startswith(key)] if len(key) > 2 else []
    return Match(ALIAS_START - _rank(min(places)) + short) if places else None


def _similar(typed: str, entry: _Name, short: float) -> Match | None:
    """Match the letters of the query in order, or the query with a wrong letter."""
    name, key, starts = entry.lower, key_of(typed), set(_starts(entry.lower))
    if len(key) >= MIN_TYPO and _within_one_edit(typed, name):
        return Match(NAME_TYPO + short)
    hits = _scattered(typed.replace("_", ""), name, starts)
    typo = len(key) >= MIN_TYPO and any(_within_one_edit(key, other) for other in entry.keys)
    if hits:
        gaps = hits[-1] - hits[0] + 1 - len(hits)
        return Match(SCATTERED + 20 * sum(i in starts for i in hits) - 5 * gaps + short, hits)
    if typo:
        return Match(ALIAS_TYPO + short)
    if len(typed) >= 3:
        parts = [name, *name.split("_"), entry.kind.lower()]
        if any(_within_one_edit(typed, part[: len(typed) + d]) for part in parts for d in (-1, 0, 1)):
            return Match(TYPO + short)
    return None


def _sentence(query: str, entry: _Name, short: float) -> Match | None:
    """Match each word of the query with the words of the name, of its aliases and of its text."""
    words = [key_of(word) for word in re.findall(r"[^\W_]+", query.lower())]
    words = [word for word in words if word not in FILLERS] or words
    if not words or (len(words) == 1 and len(words[0]) < 2):
        return None
    whole = "".join(words)
    if len(words) > 1 and (whole == entry.key or whole in entry.keys):
        return Match(WORD - 10 + short)
    weights, i = [], 0
    while i < len(words):
        pair = "".join(words[i : i + 2])
        both = len(words) > i + 1 and (pair == entry.key or pair in entry.keys)
        weights += [0.9, 0.9] if both else [entry.parts.get(stem_of(words[i]), 0.0)]
        i += 2 if both else 1
    found = sum(weights) / len(weights)
    if len(words) == 1:
        if found or (len(words[0]) > 2 and words[0] in entry.text.lower()):
            return Match(ELSEWHERE + 120 * found + short)
        return None
    named = 170 if weights[-1] >= 0.9 else 0  # the last word of a name says what a thing is: "stereo delay"
    if all(weights):
        return Match((SENTENCE if min(weights) >= 0.7 else 150 + named / 2) + 120 * found + short)
    return Match(100 * found + named + short) if max(weights) >= 0.7 else None


def search(query: str, names: Iterable[tuple[Any, ...]], usual: Sequence[float] = ()) -> list[tuple[int, Match]]:
    """Return (index, match) of the matching arguments of :func:`match`, best first; equal scores keep their order.

    ``usual`` says how usual each name is, 0 to 1: of names that match equally well the more usual comes first.
    """
    names = list(names)
    found = [(i, m) for i, name in enumerate(names) if (m := match(query, *name))]
    found = found or [(i, Match(100 * share)) for i, share in nearest(query, names) if share >= SPELLED_ALIKE]
    weight = {i: USUAL * usual[i] for i, _ in found} if usual else {}
    return sorted(found, key=lambda pair: -pair[1].score - weight.get(pair[0], 0.0))


def nearest(query: str, names: Iterable[tuple[Any, ...]], count: int = 5) -> list[tuple[int, float]]:
    """Return (index, share) of the names that share most pairs of letters with ``query``, best first."""
    wanted = _pairs(key_of(query))
    likeness = []
    for i, name in enumerate(names):
        entry = _name(*name)
        keys = [key for key in (entry.key, *entry.keys) if len(key) >= MIN_TYPO]
        likeness.append((max((_likeness(wanted, _pairs(key)) for key in keys), default=0.0), -i))
    return [(-i, share) for share, i in sorted(likeness, reverse=True)[:count] if share > 0.25]


@lru_cache(maxsize=16384)
def _pairs(key: str) -> frozenset[str]:
    return frozenset(f"^{key}"[i : i + 2] for i in range(len(key)))


def _likeness(a: frozenset[str], b: frozenset[str]) -> float:
    """Return the share of common pairs of letters (Dice's coefficient)."""
    return 2.0 * len(a & b) / (len(a) + len(b)) if a or b else 0.0


def _rank(place: int) -> float:
    """Return how much an alias counts less than the first one, which names the block best."""
    return 6.0 + 0.5 * min(place, 24) if place else 0.0


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
