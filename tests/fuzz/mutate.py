"""Random changes of valid input: of bytes, of text and of JSON data."""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Any

NUMBERS = (0, -1, 1, 3, 64, 2**31, 2**63, -(2**63), 10**30, 0.5, -0.0, 1e-320, 1e308, -1e308, 1e39)
TEXTS = (
    "",
    "a",
    "a.b",
    "../outside/secret.wav",
    "/etc/passwd",
    "\0",
    "ø" * 300,
    "a/b",
    "%n%s",
    "1e999",
    "NaN",
    "x" * 5000,
)
WORDS = (
    *map(repr, NUMBERS),
    "NaN",
    "Infinity",
    "null",
    "true",
    '""',
    "[]",
    "{}",
    "[[[[",
    '{"":',
    '"\\ud800"',
    "\0",
    "'",
)


def some_value(rng: random.Random, depth: int = 0) -> Any:
    """Return a value of any JSON type, extreme more often than not."""
    pick = rng.randrange(8 if depth < 3 else 6)
    if pick < 3:
        return rng.choice(NUMBERS)
    if pick < 5:
        return rng.choice(TEXTS)
    if pick == 5:
        return rng.choice((None, True, False, [], {}))
    if pick == 6:
        return [some_value(rng, depth + 1) for _ in range(rng.choice((1, 2, 3, 300 >> 3 * depth)))]
    return {rng.choice(TEXTS): some_value(rng, depth + 1)}


def bytes_of(data: bytes, rng: random.Random, words: Sequence[bytes] = ()) -> bytes:
    """Return bytes with one to eight changes: cut, flipped, inserted, repeated, or replaced by extreme numbers."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(changed) + 1)
        pick = rng.randrange(8)
        if pick == 0:
            del changed[at:]
        elif pick == 1 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif pick == 2:
            changed[at : at + 4] = rng.choice(
                (b"\0" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\x7f")
            )
        elif pick == 3:
            changed[at:at] = rng.randbytes(rng.choice((1, 4, 100)))
        elif pick == 4:
            end = min(at + rng.choice((1, 8, 64, 512)), len(changed))
            changed[at:at] = changed[at:end] * rng.choice((1, 1, 20))
        elif pick == 5:
            del changed[at : at + rng.choice((1, 4, 64))]
        elif pick == 6 and words:
            word = rng.choice(words)
            changed[at : at + rng.choice((0, len(word)))] = word
        elif at < len(changed):
            changed[at] = rng.randrange(256)
    return bytes(changed)


def text_of(text: str, rng: random.Random) -> str:
    """Return text with some changes, of its words more often than of its characters."""
    return bytes_of(text.encode(), rng, [word.encode() for word in WORDS]).decode("utf-8", "replace")


def data_of(data: Any, rng: random.Random) -> Any:
    """Return JSON data with one to six entries replaced, removed, repeated, renamed or nested."""
    changed = copy.deepcopy(data)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        parents = list(_parents(changed))
        if not parents:
            return some_value(rng)
        parent = rng.choice(parents)
        key = rng.choice(list(parent)) if isinstance(parent, dict) else rng.randrange(len(parent))
        pick = rng.randrange(7)
        if pick < 2:
            parent[key] = some_value(rng)
        elif pick == 2:
            del parent[key]
        elif pick == 3:
            parent[key] = copy.deepcopy(rng.choice(parents)) if len(parents) < 500 else []
        elif pick == 4 and isinstance(parent, dict):
            parent[rng.choice((*TEXTS[:4], *parent))] = parent.pop(key)
        elif pick == 5 and isinstance(parent, list):
            parent.extend(copy.deepcopy(parent[key]) for _ in range(rng.choice((1, 1, 50))))
        else:
            parent[key] = rng.choice(
                (copy.deepcopy(parent[key]), [parent[key]], {"": parent[key]}, str(parent[key])[:5000])
            )
    return changed


def _parents(data: Any) -> Any:
    stack = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, dict | list) and value:
            yield value
            stack += value.values() if isinstance(value, dict) else value
