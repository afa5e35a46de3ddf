"""nodegraph: a patching environment for sound in which neural networks are ordinary blocks.

import nodegraph

patch = nodegraph.load("patches/demo.json")
sound = nodegraph.render(patch, seconds=4)      # float32, (samples, channels)
with nodegraph.play(patch) as live:             # edits of `patch` take effect immediately
    patch.set("filter.cutoff", 2000.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazy_names
from .version import __version__

if TYPE_CHECKING:
    from nodegraph.graph import GraphError
    from nodegraph.patch import Patch, PatchError

    from .api import Sound, Spectrogram, load, play, render, trust
    from .lessons import grade
    from .widgets import widget

__all__ = [
    "GraphError",
    "Patch",
    "PatchError",
    "Sound",
    "Spectrogram",
    "__version__",
    "grade",
    "load",
    "play",
    "render",
    "trust",
    "widget",
]

# so that ``nodegraph --help`` loads no compiler
__getattr__ = lazy_names(
    __name__,
    {
        "GraphError": "graph",
        "Patch": "api",
        "PatchError": "patch",
        "Sound": "api",
        "Spectrogram": "api",
        "grade": "lessons",
        "load": "api",
        "play": "api",
        "render": "api",
        "trust": "api",
        "widget": "widgets",
    },
)
