"""The tables of the papers as plain data, and their lookup by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Run:
    """One training: a recipe, by name or as plain data, and changes to it.

    ``epochs`` is the maximum per stage of a full run, ``quick`` that of a quick run. ``stage`` selects the reported
    error: "" is that of the complete network in units of the input, "layer 2" that of the second layer in units of the
    activations of the first, times bins / units (adjusted as by Sarroff & Casey).
    """

    recipe: str | Mapping[str, Any]
    epochs: int
    quick: int
    sets: Mapping[str, Any] = field(default_factory=dict)
    stage: str = ""


@dataclass(frozen=True)
class Cell:
    """A row of a table: a network of ``width``, published errors by column, and runs by column."""

    label: str
    width: str
    published: Mapping[str, float]
    runs: Mapping[str, Run]


@dataclass(frozen=True)
class PaperTable:
    """A table of a paper.

    ``unit`` is "sum" (squared error summed over bins), "adjusted" (that of activations, times bins / units) or "bin"
    (mean over bins). ``scale`` is the error of predicting the mean, summed over bins, that all frames are scaled to by
    one factor; None scales every frame to a maximum of 1. ``splits`` are the reported parts.
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
        """The normalisation of the features; "none" if all frames are scaled by one factor."""
        return "frame" if self.scale is None else "none"

    @property
    def columns(self) -> list[str]:
        """The names of the runs, in order."""
        return list(dict.fromkeys(name for cell in self.cells for name in cell.runs))


@cache
def table_names() -> list[str]:
    """Return the names of all tables (``sarroff-table-1`` …), one for each file in ``tables``."""
    from . import tables

    return sorted(info.name.replace("_", "-") for info in pkgutil.iter_modules(tables.__path__))


def table_of(name: str) -> PaperTable:
    """Return a table by name. Raises LearnError if there is none."""
    from nodegraph.patch.errors import suggest

    from ..errors import LearnError

    if name not in table_names():
        raise LearnError(
            f"unknown table '{name}'.{suggest(name, table_names())} Tables are {', '.join(table_names())}."
        )
    return importlib.import_module(f"{__package__}.tables.{name.replace('-', '_')}").TABLE


def select_rows(table: PaperTable, labels: Sequence[str]) -> PaperTable:
    """Return the table with only the rows of these labels, or all rows if ``labels`` is empty. Raises LearnError."""
    from ..errors import LearnError

    known = [cell.label for cell in table.cells]
    for label in labels:
        if label not in known:
            raise LearnError(f"unknown row '{label}'. Rows are {'; '.join(known)}.")
    return replace(table, cells=tuple(cell for cell in table.cells if not labels or cell.label in labels))


def select_columns(table: PaperTable, names: Sequence[str]) -> PaperTable:
    """Return the table with only the runs of these columns, or all if ``names`` is empty. Raises LearnError."""
    from ..errors import LearnError

    for name in names:
        if name not in table.columns:
            raise LearnError(f"unknown column '{name}'. Columns are {'; '.join(table.columns)}.")
    if not names:
        return table
    chosen = (replace(cell, runs={n: run for n, run in cell.runs.items() if n in names}) for cell in table.cells)
    return replace(table, cells=tuple(cell for cell in chosen if cell.runs))
