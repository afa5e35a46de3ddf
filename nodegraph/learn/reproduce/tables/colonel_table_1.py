"""Depth 1: 1025-n-1025, all sigmoid, no bias."""

from ..colonel import NOTES, SOURCE, adam, adam_ours, best, momentum
from ..table import Cell, PaperTable

# units → momentum, Adam
PUBLISHED = {
    8: (4.40e-2, 5.30e-3),
    16: (4.14e-2, 5.28e-3),
    64: (2.76e-2, 7.10e-4),
    256: (1.87e-2, 1.64e-4),
    512: (1.98e-2, 9.62e-4),
    1024: (3.52e-2, 7.13e-5),
}


def _cell(units: int, by_momentum: float, by_adam: float) -> Cell:
    quick = 10 if units > 256 else 20
    runs = {
        "momentum": momentum("colonel-1", quick),
        "Adam": adam("colonel-1", quick),
        "Adam, ours": adam_ours("colonel-1", quick),
        "best": best(quick),
    }
    return Cell(str(units), str(units), {"momentum": by_momentum, "Adam": by_adam}, runs)


TABLE = PaperTable(
    "Colonel, Curro & Keene, table 1: depth 1, 1025-n-1025",
    SOURCE,
    "bin",
    tuple(_cell(units, *values) for units, values in PUBLISHED.items()),
    None,
    NOTES,
)
