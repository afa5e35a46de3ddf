"""The synthesizer of the paper: a patch of this project with its 23 parameters."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from nodegraph.files.demos import demo_patch
from nodegraph.patch import read_patch

from ..parameters import Parameter, parameters_of
from ..rendering import BatchRenderer

PATCH = "fm_single_note"
SECONDS, RATE = 1.0, 16384.0


class Renderer(Protocol):
    """Renders settings (N, P) of ``parameters`` to sounds, float32 (N, samples) at ``rate`` Hz."""

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...
    @property
    def rate(self) -> float: ...
    def render(self, values: np.ndarray) -> np.ndarray: ...


def paper_renderer(threads: int = 1) -> BatchRenderer:
    """Return a renderer of the 23 parameters: 16384 samples of a note whose key is held for 0.25 s."""
    path = demo_patch(PATCH)
    document = read_patch(path)
    return BatchRenderer(document, parameters_of(document, path=path), SECONDS, RATE, path, threads)
