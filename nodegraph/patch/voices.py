"""Voice settings of a subpatch or of a patch: number of voices, unison, mix and width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import InvalidValue, quote

MAX_VOICES = 128
MAX_UNISON = 16
MIXES = ("sum", "stereo", "lanes")
"""Ways to combine the voices at the outputs: summed, spread over left and right, or as adjacent lanes."""


def check_voices(given: Mapping[str, Any]) -> None:
    """Raise :class:`InvalidValue` if ``voices``, ``unison``, ``mix`` or ``width`` is given and invalid."""
    for name, maximum in (("voices", MAX_VOICES), ("unison", MAX_UNISON)):
        value = given.get(name, 1)
        if type(value) is not int or not 1 <= value <= maximum:
            raise InvalidValue(f"must be a whole number in 1–{maximum}, got {quote(value)}", f".{name}")
    if given.get("mix", "sum") not in MIXES:
        raise InvalidValue(f"must be one of {', '.join(MIXES)}, got {quote(given['mix'])}", ".mix")
    width = given.get("width", 1.0)
    if isinstance(width, bool) or not isinstance(width, int | float) or not 0.0 <= width <= 1.0:
        raise InvalidValue(f"must lie in 0–1, got {quote(width)}", ".width")
