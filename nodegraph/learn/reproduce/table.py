"""What a table of a paper says, as plain data, and where the tables are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Run:
    """One training: a recipe, by name or as plain data, and what is changed in it.

    ``epochs`` is the most of a full run, ``quick`` that of a quick one, for every stage. ``stage`` is what is reported:
    "" the whole network in units of the input, "layer 2" the second layer in units of the first one's activations,
    times bins / units (as Sarroff & Casey adjusted theirs).
    """

    recipe: str | Mapping[str, Any]
    epochs: int
    quick: int
    sets: Mapping[str, Any] = field(default_factory=dict)
    stage: str = ""


@dataclass(frozen=True)
class Cell:
    """A row of a table: a network of ``width``, figures printed in the paper by column, and our runs by column."""

    label: str
    width: str
    published: Mapping[str, float]
    runs: Mapping[str, Run]


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper.

    ``unit`` is "sum" (squared error summed over bins), "adjusted" (that of activations, times bins / units) or "bin"
    (mean over bins). ``scale`` is what predicting the mean shall leave of the frames, summed over bins: they are
    multiplied by one number; None: every frame is scaled to a maximum of 1. ``splits`` are the parts reported.
    """

    title: str
    source: str
    unit: str
    cells: tuple[Cell, ...]
    scale: float | None = None
    notes: tuple[str, ...] = ()
    hop: int = 512
    splits: tuple[str, ...] = ("valid",)

    @property
    def normalise(self) -> str:
        """Of the features: frames that are scaled as a whole are taken as they are."""
        return "frame" if self.scale is None else "none"

    @property
    def columns(self) -> list[str]:
        """The names of our runs, in order."""
        return list(dict.fromkeys(name for cell in self.cells for name in cell.runs))


@cache
def table_names() -> list[str]:
    """``sarroff-table-1`` …: one for each file in ``tables``."""
    from . import tables

    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(tables.__path__))


def table_of(name: str) -> PaperTable:
    """The table of a name. Raises LearnError."""
    from nodegraph.patch.errors import suggest

    from ..errors import LearnError

    if name not in table_names():
        raise LearnError(
            f"there is no table '{name}'.{suggest(name, table_names())} Tables are {', '.join(table_names())}."
        )
    return importlib.import_module(f"{__package__}.tables.{name.replace('-', '_')}").TABLE


def select_rows(table: PaperTable, labels: Sequence[str]) -> PaperTable:
    """The table with only the rows of these labels; all, if there are none. Raises LearnError."""
    from ..errors import LearnError

    known = [cell.label for cell in table.cells]
    for label in labels:
        if label not in known:
            raise LearnError(f"the table has no row '{label}'. Rows are: {'; '.join(known)}.")
    return replace(table, cells=tuple(cell for cell in table.cells if not labels or cell.label in labels))
