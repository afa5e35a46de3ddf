"""Listening pages: blind comparisons of two sounds each, in one HTML file that needs no network.

A page holds its sounds as FLAC, and the order of the comparisons for many listeners. Each pair of sounds is heard
twice, once with either sound first, because listeners tend to prefer the first or the second sound of a pair; only a
pair that gets the same answer both times decides. The target, if there is one, is played before each of the two sounds.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nodegraph.files.atomic import write_atomic

TEMPLATE = Path(__file__).with_suffix(".html")
LISTENERS = 64  # listener numbers with an order of their own; the next one has the order of listener 0
QUESTION = "Which sound is closer to the target?"


@dataclass(frozen=True, eq=False)
class Trial:
    """A comparison of two sounds: float arrays (samples,) or (samples, channels), ±1 is full scale.

    ``label_a`` and ``label_b`` name the sounds in the results, such as the systems that made them; listeners do not see
    them. ``target`` is an optional sound that both are compared with.
    """

    name: str
    a: np.ndarray
    b: np.ndarray
    label_a: str
    label_b: str
    target: np.ndarray | None = None


class Hearing(NamedTuple):
    """A presentation of a trial, by its index: whether sound a is played first."""

    trial: int
    a_first: bool


def hearings(trials: int, listener: int, seed: int = 0) -> list[Hearing]:
    """Return the hearings of a listener, in order: each trial twice, once with either sound first.

    The order is random. At least half of the trials (rounded down) lie between the two hearings of a trial. Listener
    2k + 1 hears the same trials as listener 2k, but each with the other sound first.
    """
    pair, mirrored = divmod(listener, 2)
    rng = np.random.default_rng([seed, pair])
    order = rng.permutation(trials)
    a_first = rng.permutation(np.arange(trials) % 2 == mirrored)
    half = (trials + 1) // 2
    again = [*rng.permutation(order[:half]), *rng.permutation(order[half:])]
    return [Hearing(int(trial), bool(a_first[trial])) for trial in order] + [
        Hearing(int(trial), not a_first[trial]) for trial in again
    ]


def listening_page(
    trials: Sequence[Trial], rate: float, title: str = "Listening test", question: str = QUESTION, seed: int = 0
) -> str:
    """Return the HTML of a page that plays ``trials`` (at ``rate`` Hz) and saves the answers as CSV or JSON.

    Labels and names are encoded in the page, so that its source does not show them at a glance. Raises ValueError if
    there are no trials, or if a sound is empty, not finite, or has an invalid shape.
    """
    if not trials:
        raise ValueError("a listening page needs at least one trial.")
    sounds, indices = _shuffled_sounds(trials, rate, seed)
    sessions = [hearings(len(trials), listener, seed) for listener in range(LISTENERS)]
    data = {
        "sounds": sounds,
        "sessions": [[_presented(indices[hearing.trial], hearing) for hearing in session] for session in sessions],
    }
    key = {
        "title": title,
        "question": question,
        "names": [trial.name for trial in trials],
        "labels": [[trial.label_a, trial.label_b] for trial in trials],
        "hearings": [[[hearing.trial, int(hearing.a_first)] for hearing in session] for session in sessions],
    }
    texts = {
        "title": escape(title),
        "question": escape(question),
        "data": json.dumps(data),
        "key": base64.b64encode(json.dumps(key).encode()).decode(),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: texts[found[1]], TEMPLATE.read_text(encoding="utf-8"))


def write_listening_page(path: str | os.PathLike[str], trials: Sequence[Trial], rate: float, **texts: Any) -> None:
    """Write :func:`listening_page` to a file, atomically. Raises ValueError as there, and OSError."""
    write_atomic(Path(path), listening_page(trials, rate, **texts).encode())


def _presented(sounds: tuple[int | None, int, int], hearing: Hearing) -> list[int | None]:
    """Return the indices of target, first and second sound."""
    target, a, b = sounds
    return [target, a, b] if hearing.a_first else [target, b, a]


def _shuffled_sounds(
    trials: Sequence[Trial], rate: float, seed: int
) -> tuple[list[str], list[tuple[int | None, int, int]]]:
    """Return all sounds as base64 in random order, and the indices of target, a and b of each trial."""
    parts = [part for trial in trials for part in _encoded(trial, rate)]
    different = sorted({part for part in parts if part is not None})
    order = np.random.default_rng([seed, len(different)]).permutation(len(different))
    place = {different[source]: index for index, source in enumerate(order)}
    found = [None if part is None else place[part] for part in parts]
    return list(place), list(zip(found[0::3], found[1::3], found[2::3]))  # type: ignore[arg-type]


def _encoded(trial: Trial, rate: float) -> list[str | None]:
    """Return target, a and b as FLAC in base64, with a common gain if one of them exceeds full scale."""
    sounds = [None if sound is None else np.asarray(sound, np.float64) for sound in (trial.target, trial.a, trial.b)]
    for name, sound in zip(("the target", "sound a", "sound b"), sounds):
        if sound is not None and not (sound.ndim in (1, 2) and sound.size and np.isfinite(sound).all()):
            raise ValueError(f"trial '{trial.name}': {name} must be finite samples, (samples,) or (samples, channels).")
    peak = max(np.abs(sound).max() for sound in sounds if sound is not None)
    return [None if sound is None else _flac(sound / max(peak, 1.0), rate) for sound in sounds]


def _flac(sound: np.ndarray, rate: float) -> str:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, sound, round(rate), format="FLAC", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()
