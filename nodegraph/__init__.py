"""nodegraph: a patching environment for sound in which neural networks are ordinary blocks.

import nodegraph

patch = nodegraph.load("patches/demo.json")
sound = nodegraph.render(patch, seconds=4)      # float32, (samples, channels)
with nodegraph.play(patch) as live:             # edits of `patch` take effect immediately
    patch.set("filter.cutoff", 2000.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

_HOME = {
    "GraphError": "graph",
    "Patch": "api",
    "PatchError": "patch",
    "Sound": "api",
    "Spectrogram": "api",
    "grade": "lessons",
    "load": "api",
    "trust": "api",
    "play": "api",
    "render": "api",
    "widget": "widgets",
}


def __getattr__(name: str) -> Any:
    """Import a name on first use, so that ``nodegraph --help`` loads no compiler."""
    if name not in _HOME:
        raise AttributeError(f"module 'nodegraph' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f".{_HOME[name]}", __name__), name)
