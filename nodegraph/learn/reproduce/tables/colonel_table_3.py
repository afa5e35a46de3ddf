"""Depth 4: 1025-512-256-128-64 and back, with three choices of activations."""

from ..colonel import NOTES, SOURCE, adam, adam_ours, best, momentum
from ..table import Cell, PaperTable

# recipe → label, error
PUBLISHED = {
    "colonel-4-sigmoid": ("all sigmoid", 1.72e-3),
    "colonel-4-relu": ("all ReLU", 8.00e-2),
    "colonel-4-hybrid": ("hybrid", 4.91e-4),
}
WIDTH = "512-256-128-64"


def _cell(recipe: str, label: str, published: float) -> Cell:
    runs = {"momentum": momentum(recipe, 40), "Adam": adam(recipe, 40), "Adam, ours": adam_ours(recipe, 40)}
    if recipe == "colonel-4-hybrid":
        runs["best"] = best(40)
    return Cell(label, WIDTH, {"Adam": published}, runs)


TABLE = PaperTable(
    "Colonel, Curro & Keene, table 3: depth 4, 512-256-128-64",
    SOURCE,
    "bin",
    tuple(_cell(recipe, *values) for recipe, values in PUBLISHED.items()),
    None,
    NOTES,
)
