"""Depth 2: 1025-256-m-256-1025, all sigmoid, no bias."""

from ..colonel import NOTES, SOURCE, adam, adam_ours, best, momentum
from ..table import Cell, PaperTable

# widths → momentum, Adam
PUBLISHED = {"256-8": (1.84e-2, 1.91e-3), "256-16": (1.84e-2, 1.19e-3), "256-32": (1.84e-2, 7.30e-4)}


def _cell(width: str, by_momentum: float, by_adam: float) -> Cell:
    runs = {
        "momentum": momentum("colonel-2", 25),
        "Adam": adam("colonel-2", 25),
        "Adam, ours": adam_ours("colonel-2", 25),
        "best": best(25),
    }
    return Cell(width, width, {"momentum": by_momentum, "Adam": by_adam}, runs)


TABLE = PaperTable(
    "Colonel, Curro & Keene, table 2: depth 2, 1025-n-m-n-1025",
    SOURCE,
    "bin",
    tuple(_cell(width, *values) for width, values in PUBLISHED.items()),
    None,
    NOTES,
)
