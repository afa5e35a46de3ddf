"""The synthesizer of the paper: a patch of this project with its 23 parameters."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from nodegraph.files.demos import demo_patch
from nodegraph.patch import read_patch

from ..matching import Matcher
from ..parameters import Parameter

PATCH = "fm_single_note"
SECONDS, RATE = 1.0, 16384.0


class Renderer(Protocol):
    """Renders settings (N, P) of ``parameters`` to sounds, float32 (N, samples) at ``rate`` Hz."""

    @property
    def parameters(self) -> tuple[Parameter, ...]: ...
    @property
    def rate(self) -> float: ...
    def render(self, values: np.ndarray) -> np.ndarray: ...


def paper_matcher(threads: int = 2) -> Matcher:
    """Return a matcher of the 23 parameters, with its renderer: a note of 16384 samples, its key held for 0.25 s.

    It has no table: the nearest example is a baseline of its own.
    """
    path = demo_patch(PATCH)
    return Matcher(read_patch(path), None, path, SECONDS, RATE, threads, table_rows=0)
