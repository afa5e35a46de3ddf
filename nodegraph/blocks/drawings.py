"""The drawing of a block, from the rules in its class: the same for the editor, its help and the documentation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from nodegraph.node import Curves, Node


@lru_cache(maxsize=512)
def names_in(rule: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names that a rule requests."""
    return tuple(inspect.signature(rule).parameters)


def curves_of(cls: type[Node], values: Mapping[str, float], settings: Mapping[str, Any], rate: float) -> Curves | None:
    """Return the curves of a block that declares some, for ``values`` of its inputs and settings as in a patch.

    Missing ones have their defaults; ``rate`` is in Hz. None if these values have no drawing.
    """
    assert cls.drawing is not None
    return cls.drawing(**_arguments(cls, cls.drawing, values, settings, {"sr": rate, "dt": 1.0 / rate}))


def dot_of(
    cls: type[Node], values: Mapping[str, float], settings: Mapping[str, Any], latest: Mapping[str, float]
) -> tuple[float, float] | None:
    """Return where a lane is in the drawing of a block; ``latest`` are the requested states and outputs."""
    assert cls.dot is not None
    return cls.dot(**_arguments(cls, cls.dot, values, settings, latest))


def _arguments(
    cls: type[Node],
    rule: Callable[..., Any],
    values: Mapping[str, float],
    settings: Mapping[str, Any],
    others: Mapping[str, float],
) -> dict[str, Any]:
    """Return the arguments of a rule: choices as their index, like in an equation."""
    known: dict[str, Any] = {**cls.spec.default_values, **cls.spec.default_settings, **settings, **values, **others}
    choices = cls.spec.choices
    return {
        name: choices[name].values.index(known[name]) if name in choices else known[name] for name in names_in(rule)
    }
