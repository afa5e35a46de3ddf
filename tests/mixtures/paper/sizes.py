"""A size for tests: seconds instead of minutes."""

from nodegraph.mixtures.paper.pairs import PAIRS
from nodegraph.mixtures.paper.sizes import PaperSize

TINY = PaperSize("tiny", 11025.0, 1.2, 0.6, 128, 1024, 3, 1 / 32)
PAIR = next(pair for pair in PAIRS if pair.name == "piano-shoegaze")
