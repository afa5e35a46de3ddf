"""Helpers that build small patches in one line, and run them in an engine."""

from __future__ import annotations

import numpy as np

from nodegraph.api import Patch
from nodegraph.engine.offline import Offline, Stepper
from nodegraph.patch import Patch as Session

QUANTUM = 64


class UncheckedPatch(Patch):
    """A patch whose edits are not checked against the blocks, as in a loaded file."""

    _edit = Session._edit


def patch_of(*wires, seed=0, checked=True, **nodes):
    """Build a patch of nodes ``id=type`` or ``id=(type, params)`` and wires "a.out b.in" ("a.out ~ b.in": feedback)."""
    patch = Patch() if checked else UncheckedPatch()
    for id, node in nodes.items():
        type, params = node if isinstance(node, tuple) else (node, {})
        patch.add(type, id=id, **params)
    for wire in wires:
        source, *mark, target = wire.split()
        patch.connect(source, target, feedback=bool(mark))
    return patch


def listening_patch(block, output, frames, size, hop, **params):
    """Return a patch whose block gets the frames, "spectrum" or "magnitude", of the input ``x``."""
    nodes = {
        "x": "audio_in",
        "stft": ("stft", {"size": size, "hop": hop}),
        "block": (block, params),
        "out": "audio_out",
    }
    wires = ["x.out stft.audio", f"block.{output} out.audio"]
    if frames == "magnitude":
        nodes["magnitude"] = "magnitude"
        wires += ["stft.spectrum magnitude.spectrum", "magnitude.magnitude block.magnitude"]
    else:
        wires.append("stft.spectrum block.spectrum")
    return patch_of(*wires, **nodes)


def engine_of(patch, driver=Offline, **options):
    """Return an engine that follows every edit of a patch."""
    engine = driver(patch.document, path=patch.path, **options)
    engine.follow(patch)
    return engine


def sound_of(patch, samples, driver=Offline, **options):
    """Render the first samples of a patch: (samples, channels)."""
    engine = driver(patch.document, path=patch.path, **options)
    try:
        return engine.run_samples(samples)
    finally:
        engine.close()


def ramp(samples, lanes=1):
    """Return a signal with a unique value for each sample and lane, exact in float32."""
    return (1.0 + np.arange(samples)[:, None] + 4096.0 * np.arange(lanes)).astype(np.float32)


def largest_step(sound):
    """Return the largest difference between two adjacent samples."""
    return float(np.abs(np.diff(sound, axis=0)).max(initial=0.0))


__all__ = [
    "QUANTUM",
    "Offline",
    "Stepper",
    "UncheckedPatch",
    "engine_of",
    "largest_step",
    "listening_patch",
    "patch_of",
    "ramp",
    "sound_of",
]
