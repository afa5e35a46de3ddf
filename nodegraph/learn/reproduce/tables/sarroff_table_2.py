"""Second layers, trained on the units of a first layer."""

from ..sarroff import ADAM, MEAN, NOTES, SOURCE, WIDE, adam, momentum, momentum_from_pca
from ..table import Cell, PaperTable

# (units of the first layer, of the second) → validation error × 1025 / first, by standard deviation of the noise
PUBLISHED = {
    (256, 8): {0.0: 0.0737, 0.10: 0.0737, 0.25: 0.0737},
    (256, 16): {0.0: 0.0737, 0.10: 0.0737, 0.25: 0.0737},
    (256, 32): {0.0: 0.0737, 0.10: 0.0737, 0.25: 0.0737},
    (1500, 8): {0.0: 0.0331, 0.10: 0.0331, 0.25: 0.0329},
    (1500, 16): {0.0: 0.0348, 0.10: 0.0346, 0.25: 0.0344},
    (1500, 32): {0.0: 0.0356, 0.10: 0.0369, 0.25: 0.0384},
}


def _cell(first: int, second: int, noise: float, published: float) -> Cell:
    quick = 2 if first >= WIDE else 10
    sets: dict[str, object] = {}
    if noise:
        sets |= {"layers.1.corruption": "gaussian", "layers.1.noise": noise}
    if first >= WIDE:  # as in the paper, where a little noise was best for the widest first layers
        sets |= {"layers.0.corruption": "gaussian", "layers.0.noise": 0.01}
    by_adam = {key.replace("training", "pretraining"): value for key, value in ADAM.items()}
    to_the_end = {**sets, "pretraining.patience": 0}
    runs = {
        "momentum": momentum("sarroff-second-literal", quick, sets, "layer 2"),
        "momentum from PCA": momentum_from_pca("sarroff-second", quick, to_the_end, "layer 2"),
        "Adam": adam("sarroff-second", quick, {**to_the_end, **by_adam}, "layer 2"),
    }
    label = f"{first}-{second}" + (f", noise {noise:g}" if noise else "")
    return Cell(label, f"{first}-{second}", {"momentum": published}, runs)


TABLE = PaperTable(
    "Sarroff & Casey, table 2: second layers, n-m-n on the units of the first",
    SOURCE,
    "adjusted",
    tuple(_cell(*widths, *entry) for widths, row in PUBLISHED.items() for entry in row.items()),
    MEAN,
    (
        "Errors are those of the first layer's activations, summed over them and times 1025 / n, as in the paper. "
        "Activations depend on the first layer: compare with the error of predicting their mean, in the last column. "
        "The paper's three figures for 256 are equal, so those nets predicted the mean.",
        *NOTES[1:2],
    ),
    hop=1024,
)
