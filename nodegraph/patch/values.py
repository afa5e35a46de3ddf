"""Plain values: the values that a parameter can have, which JSON represents exactly."""

from __future__ import annotations

import os
from math import isfinite
from numbers import Real
from typing import Any, TypeGuard

from .errors import InvalidValue, quote

MAX_VALUE_DEPTH = 32
MIN_RATE, MAX_RATE = 1.0, 10_000_000.0  # Hz


def plain(value: Any, depth: int = 0) -> Any:
    """Return a copy of ``value`` that consists of numbers, strings, booleans, ``None``, lists and dicts.

    Tuples become lists, NumPy numbers and arrays become Python values, paths become strings. Raises
    :class:`InvalidValue` for values without a JSON form: NaN, infinity, integers beyond 64 bits, other objects.
    """
    kind = type(value)
    if kind is float:
        if isfinite(value):
            return value
        raise InvalidValue(f"{value} is not a finite number. Write a number between -1.8e308 and 1.8e308")
    if kind is int:
        if -(2**63) <= value < 2**63:
            return value
        raise InvalidValue("a whole number must fit 64 bits. Write it with a decimal point to mean a float")
    if kind is str or kind is bool or value is None:
        return value
    if depth >= MAX_VALUE_DEPTH:
        raise InvalidValue(f"values are nested more than {MAX_VALUE_DEPTH} deep. Flatten them")
    if kind is list or kind is tuple:
        return _plain_list(value, depth + 1)
    if kind is dict:
        return _plain_dict(value, depth + 1)
    if hasattr(value, "tolist"):
        return plain(value.tolist(), depth + 1)
    if isinstance(value, os.PathLike):
        return plain(os.fspath(value), depth + 1)
    raise InvalidValue(f"a patch cannot store a {quote(kind.__name__)}. Give a number, text, a boolean or a list")


def _plain_list(items: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    copy: list[Any] = []
    try:
        for item in items:
            copy.append(plain(item, depth))
    except InvalidValue as fault:
        raise fault.at(f"[{len(copy)}]") from None
    return copy


def _plain_dict(members: dict[Any, Any], depth: int) -> dict[str, Any]:
    copy: dict[str, Any] = {}
    for key, value in members.items():
        if type(key) is not str:
            raise InvalidValue(f"the key {quote(key)} must be text. Put it in quotes")
        try:
            copy[key] = plain(value, depth)
        except InvalidValue as fault:
            raise fault.at(step(key)) from None
    return copy


def step(key: str) -> str:
    """Return one step of a JSON path: ``.key``, or ``['odd key']`` if the key is not an identifier."""
    return f".{key}" if key.isidentifier() and len(key) <= 60 else f"[{quote(key)}]"


def rate_problem(rate: object) -> str:
    """Return why a value is no sample rate in Hz, or ""."""
    if is_number(rate) and MIN_RATE <= rate <= MAX_RATE:
        return ""
    return f"the rate must lie in {MIN_RATE:.0f}–{MAX_RATE:.0f} Hz, got {rate!r}. 44100 or 48000 are usual."


def number_of(value: object, default: float = 0.0) -> float:
    """Return a parameter of a patch as a number; ``default`` for anything else, which is a problem of the patch."""
    return float(value) if is_number(value) and isfinite(value) else default


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a number of Python or NumPy, and not true or false."""
    return isinstance(value, Real) and not isinstance(value, bool)
