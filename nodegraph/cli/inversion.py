"""Methods that turn magnitudes into sound, by name: offline functions, and all live phase blocks.

A method is ``method(magnitudes, size, hop, window, iterations, seed) -> samples``: magnitudes float32 (bins,
frames), samples float32 (frames × hop), aligned as in ``stft``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from nodegraph.node import Node
from nodegraph.spectral.griffin_lim import fast_griffin_lim, griffin_lim

Method = Callable[[np.ndarray, int, int, str, int, int], np.ndarray]

OFFLINE: dict[str, Method] = {"griffin_lim": griffin_lim, "fast_griffin_lim": fast_griffin_lim}


def methods() -> dict[str, Method]:
    """Return all methods by name: the offline ones first, then the blocks of family ``phase_reconstruction``."""
    from nodegraph.blocks.registry import node_types

    found = dict(OFFLINE)
    for name, cls in node_types().items():
        if cls.family == "phase_reconstruction" and [port.kind for port in cls.spec.frame_inputs.values()] == [
            "magnitude"
        ]:
            found[name] = partial(invert_with_block, cls)
    if "rtisi_la" in found:
        found["rtisi"] = partial(invert_with_block, node_types()["rtisi_la"], look_ahead=0)
        found["rtisi_la_in_turn"] = partial(invert_with_block, node_types()["rtisi_la"], updates="in_turn")
    return found


def with_look_ahead(method: Method, frames: int) -> Method | None:
    """Return a method of :func:`methods` with a look-ahead of ``frames`` (0–15), or None if it has no look-ahead."""
    if not isinstance(method, partial) or method.func is not invert_with_block or "look_ahead" in method.keywords:
        return None
    has_look_ahead = "look_ahead" in method.args[0].spec.options
    return partial(method, look_ahead=frames) if has_look_ahead else None


def invert_with_block(
    cls: type[Node],
    magnitudes: np.ndarray,
    size: int,
    hop: int,
    window: str,
    iterations: int,
    seed: int,
    **params: object,
) -> np.ndarray:
    """Render a spectrogram through a block that computes its phases, as a live patch does."""
    from nodegraph.api import Patch
    from nodegraph.engine.offline import Offline
    from nodegraph.patch import SetSeed

    frames = magnitudes.shape[1]
    if "iterations" in cls.spec.options:
        limit = cls.spec.options["iterations"].max or iterations
        params["iterations"] = int(min(iterations, limit))
    if "window" in cls.spec.choices:
        params["window"] = window
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "magnitudes.npz", magnitudes=magnitudes, size=size, hop=hop)
        patch = Patch()
        patch.add("spectrogram_player", id="source", file="magnitudes.npz", loop=False)
        patch.add(cls.type, id="method", **params)
        patch.connect("source.magnitude", f"method.{next(iter(cls.spec.frame_inputs))}")
        patch.add("audio_out", id="out")
        if cls.spec.frame_outputs:
            patch.add("inverse_stft", id="inverse", window=window)
            patch.connect(f"method.{next(iter(cls.spec.frame_outputs))}", "inverse.spectrum")
            patch.connect("inverse.out", "out.audio")
        else:
            patch.connect(f"method.{next(iter(cls.spec.outputs))}", "out.audio")
        document = SetSeed(seed).apply(patch.document)
        engine = Offline(document, 44100.0, Path(folder) / "patch.json")
        try:
            latency = engine.latency
            sound = engine.run_samples(frames * hop + latency)
        finally:
            engine.close()
    return np.ascontiguousarray(sound[latency:, 0])
