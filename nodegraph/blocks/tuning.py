"""The tuning of blocks that turn notes into frequencies: Scala files as settings, and a table of all keys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from nodegraph.files.scala import EQUAL, KEYS, KeyboardMapping, TuningError, read_mapping, read_scale, tuned_keys
from nodegraph.maths import clip, lerp, read_double
from nodegraph.node import Option

SCALE = Option("", kind="file", doc="Scala scale (.scl) that tunes the keys; none: equal temperament")
KEYBOARD = Option("", kind="file", doc="Scala keyboard mapping (.kbm); none: degree 0 is middle C, 261.63 Hz")


def tuning_table(settings: Mapping[str, Any], sr: float) -> list[float]:
    """Return how much each key is higher than in equal temperament, in semitones; one number for none.

    ``settings`` has the files ``scale`` and ``keyboard``.
    """
    return _tuning(*_key(settings))[0]


def tuning_problem(settings: Mapping[str, Any]) -> str:
    """Return why the files are no tuning, in one line, or ""."""
    return _tuning(*_key(settings))[1]


def tuned_note(note, tuning, size):
    """Return the pitch of a note in semitones; between two keys it is interpolated."""
    if size <= 1:
        return note
    place = clip(note, 0.0, size - 1.0)
    key = min(int(place), size - 2)
    return note + lerp(read_double(tuning, key), read_double(tuning, key + 1), place - key)


def _key(settings: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(settings.get(name) for name in ("scale", "keyboard", "scale_changed", "keyboard_changed"))


@lru_cache(maxsize=64)
def _tuning(scale: str, keyboard: str, *changed: Any) -> tuple[list[float], str]:
    if not scale and not keyboard:
        return [0.0], ""
    try:
        cents = read_scale(Path(scale)) if scale else EQUAL
        mapping = read_mapping(Path(keyboard)) if keyboard else KeyboardMapping()
        pitches = tuned_keys(cents, mapping)
    except TuningError as error:
        return [0.0], str(error)
    return [pitches[key] - key for key in range(KEYS)], ""
