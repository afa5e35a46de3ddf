"""Deep autoencoders: two layers trained separately, joined and fine-tuned."""

from ..sarroff import ADAM, MEAN, NOTES, SOURCE, adam, best, momentum, momentum_from_pca
from ..table import Cell, PaperTable

# The paper joins the best nets of tables 1 and 2, bold there: with 256 units those without noise, with 1500 those with
# noise of 0.01 on the frames and of 0.25 on the units.
NOISE = {"256-8": {}, "1500-8": {0: 0.01, 1: 0.25}}
PUBLISHED = {"256-8": (0.0723, 0.1006), "1500-8": (0.0953, 0.1333)}  # validation, test


def _cell(width: str, valid: float, test: float) -> Cell:
    quick = 15 if width == "256-8" else 3
    noise = {
        f"layers.{layer}.{key}": value
        for layer, amount in NOISE[width].items()
        for key, value in (("corruption", "gaussian"), ("noise", amount))
    }
    to_the_end = {**noise, "pretraining.patience": 0}
    by_adam = {key.replace("training", "pretraining"): value for key, value in ADAM.items()}
    runs = {
        "momentum": momentum("sarroff-deep-literal", quick, noise),
        "momentum from PCA": momentum_from_pca("sarroff-deep", quick, noise),
        "Adam": adam("sarroff-deep", quick, {**to_the_end, **by_adam}),
    }
    if width == "256-8":
        runs["best"] = best(quick)
    return Cell(width, width, {"momentum": valid, "momentum, test": test}, runs)


TABLE = PaperTable(
    "Sarroff & Casey, table 3: deep autoencoders, 1025-n-m-n-1025",
    SOURCE,
    "sum",
    tuple(_cell(width, *values) for width, values in PUBLISHED.items()),
    MEAN,
    (*NOTES, 'The net of "ours, best" has 8 units too, but different outer layers.'),
    splits=("valid", "test"),
    hop=1024,
)
