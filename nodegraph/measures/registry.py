"""Registry of absolute measures: each is a function of one sound, with its unit and its tolerance.

A module in :mod:`nodegraph.measures.absolute` adds measures by the decorator :func:`measure`; nothing else lists them.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

MIN_SAMPLES = 256


class MeasureError(ValueError):
    """A sound that a measure does not apply to, or an unknown measure or option; the message is one line."""


@dataclass(frozen=True)
class Audition:
    """A sound that is measured: float64 (samples, channels) at ``rate`` Hz.

    ``source`` (samples,) was played into the patch meanwhile; ``target`` (samples, channels) is the sound to be
    reached, at the same rate. Both are None if there is none.
    """

    sound: np.ndarray
    rate: float
    source: np.ndarray | None = None
    target: np.ndarray | None = None

    @property
    def mono(self) -> np.ndarray:
        """The mean of the channels, (samples,)."""
        mean: np.ndarray = self.sound.mean(axis=1)
        return mean

    def section(self, start: float = 0.0, end: float | None = None) -> Audition:
        """Return the part from ``start`` to ``end`` in seconds, with those of source and target."""
        part = slice(round(start * self.rate), None if end is None else round(end * self.rate))
        source = None if self.source is None else self.source[part]
        target = None if self.target is None else self.target[part]
        return replace(self, sound=self.sound[part], source=source, target=target)


def audition_of(sound: np.ndarray, rate: float, **others: np.ndarray) -> Audition:
    """Return the audition of a sound (samples,) or (samples, channels). Raises MeasureError for NaN or infinity."""
    channels = np.asarray(sound, np.float64)
    channels = channels[:, None] if channels.ndim == 1 else channels
    if not np.isfinite(channels).all():
        raise MeasureError("the sound contains NaN or infinity")
    return Audition(channels, rate, **others)


@dataclass(frozen=True)
class AbsoluteMeasure:
    """A measure: its function of an :class:`Audition` and options, the unit of its value, and its tolerance.

    ``tolerance`` is a sentence: how far the value may be from that of the closed form, and for which sounds.
    """

    name: str
    unit: str
    tolerance: str
    function: Callable[..., float]

    @property
    def meaning(self) -> str:
        """The first line of the docstring, without "Return"."""
        line = (self.function.__doc__ or "").partition("\n")[0].removeprefix("Return ").rstrip(".")
        return line.removeprefix("the ")

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        return {parameter.name: parameter.default for parameter in parameters}

    def of(self, audition: Audition, options: Mapping[str, Any] | None = None) -> float:
        """Return the value. Raises MeasureError if the sound does not have it, or an option is unknown or invalid."""
        options = options or {}
        if problem := self.option_problem(options):
            raise MeasureError(problem)
        if len(audition.sound) < MIN_SAMPLES:
            raise MeasureError(f"the sound lasts less than {MIN_SAMPLES} samples")
        return float(self.function(audition, **options))

    def option_problem(self, options: Mapping[str, Any]) -> str:
        """Return why options do not fit this measure, in one line, or ""."""
        known = self.options
        for name, value in options.items():
            if name not in known:
                listed = f"Use {', '.join(known)}" if known else "It has no options"
                return f"measure '{self.name}': unknown option '{name}'. {listed}."
            default = known[name]
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if isinstance(default, str) != isinstance(value, str) or not (is_number or isinstance(value, str)):
                rule = "a text" if isinstance(default, str) else "a number"
                return f"measure '{self.name}': option '{name}' must be {rule}, got {value!r}. Correct it."
        return ""


_measures: dict[str, AbsoluteMeasure] = {}


def measure(unit: str, tolerance: str) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Register the decorated function as the measure of its name."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        _measures[function.__name__] = AbsoluteMeasure(function.__name__, unit, tolerance, function)
        return function

    return register


@cache
def measures() -> Mapping[str, AbsoluteMeasure]:
    """Return all absolute measures by name."""
    from . import absolute

    for info in pkgutil.iter_modules(absolute.__path__, f"{absolute.__name__}."):
        importlib.import_module(info.name)
    return dict(sorted(_measures.items()))
