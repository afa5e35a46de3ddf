"""The synthesizer of the paper: a patch of this project with its 23 parameters."""

from __future__ import annotations

from nodegraph.files.demos import demo_patch
from nodegraph.patch import read_patch

from ..parameters import parameters_of
from ..rendering import BatchRenderer

PATCH = "fm_subtractive"
SECONDS, RATE = 1.0, 16384.0


def paper_renderer(threads: int = 1) -> BatchRenderer:
    """Return a renderer of the 23 parameters: the first note of the patch, 16384 samples, its key held for 0.25 s."""
    path = demo_patch(PATCH)
    document = read_patch(path)
    return BatchRenderer(document, parameters_of(document, path=path), SECONDS, RATE, path, threads)
