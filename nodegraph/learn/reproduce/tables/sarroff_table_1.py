"""Shallow autoencoders of 8 to 3500 units, with and without noise, and the tied ReLU model of the text."""

from ..sarroff import MEAN, NOTES, SOURCE, WIDE, adam, best, momentum, momentum_from_pca
from ..table import Cell, PaperTable

# (units, standard deviation of the noise) → validation error, summed over bins
PUBLISHED = {
    (8, 0.0): 0.0440, (16, 0.0): 0.0414, (64, 0.0): 0.0276, (256, 0.0): 0.0187,
    (512, 0.0): 0.0198, (512, 0.10): 0.0664, (512, 0.25): 0.0854, (512, 0.50): 0.0921,
    (1024, 0.0): 0.0352, (1024, 0.10): 0.0711, (1024, 0.25): 0.0927, (1024, 0.50): 0.0980,
    (1500, 0.0): 0.0371, (1500, 0.01): 0.0360, (1500, 0.02): 0.0405, (1500, 0.05): 0.0547,
    (2048, 0.0): 0.0983, (2048, 0.10): 0.1798, (2048, 0.25): 0.2114, (2048, 0.50): 0.0972,
    (2500, 0.0): 0.0951, (2500, 0.01): 0.0951, (2500, 0.02): 0.0951, (2500, 0.05): 0.0951,
    (3500, 0.0): 0.0951, (3500, 0.01): 0.0951, (3500, 0.02): 0.0951, (3500, 0.05): 0.0951,
}  # fmt: skip

MAX_COMPONENTS = 1025


def _cell(units: int, noise: float, published: float) -> Cell:
    quick = 3 if units >= WIDE else 8 if units > 256 else 20
    sets = {"layers.0.corruption": "gaussian", "layers.0.noise": noise} if noise else {}
    runs = {"momentum": momentum("sarroff-shallow-literal", quick, sets)}
    if units <= MAX_COMPONENTS:
        runs["momentum from PCA"] = momentum_from_pca("sarroff-shallow", quick, sets)
    runs["Adam"] = adam("sarroff-shallow", quick, sets)
    if not noise and units <= 512:
        runs["best"] = best(quick)
    label = f"{units}, noise {noise:g}" if noise else str(units)
    return Cell(label, str(units), {"momentum": published}, runs)


def _tied() -> Cell:
    runs = {
        "momentum": momentum("sarroff-tied-relu-literal", 20),
        "momentum from PCA": momentum_from_pca("sarroff-tied-relu", 20),
        "Adam": adam("sarroff-tied-relu", 20),
    }
    return Cell("16, tied, ReLU", "16", {"momentum": 0.0310}, runs)


TABLE = PaperTable(
    "Sarroff & Casey, table 1: shallow autoencoders, 1025-n-1025",
    SOURCE,
    "sum",
    (*(_cell(*key, value) for key, value in PUBLISHED.items()), _tied()),
    MEAN,
    NOTES,
    hop=1024,
)
