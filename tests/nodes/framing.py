"""Puts a frame block between an stft and whatever makes its frames audible and visible."""

from __future__ import annotations

import numpy as np

from nodegraph.api import Patch
from nodegraph.engine.offline import Offline
from nodegraph.registry import node_types

RATE = 8000.0


def noise(samples=2000, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


def patch_around(type, size=64, hop=16, window="hann", alignment="causal", sources=None, **params):
    """A patch with ``type`` as node "block": every frame input is fed from an ``audio_in`` of its name.

    Frame outputs go to taps named after them (magnitudes and phases of spectra apart), spectra and whole
    magnitudes to ``audio_out`` too. Signal inputs are knobs, or ``audio_in`` where ``sources`` names them.
    """
    cls = node_types()[type]
    patch = Patch()
    patch.add("audio_out", id="heard")
    patch.add(type, id="block", **params)
    for name, port in cls.spec.frame_inputs.items():
        patch.add("audio_in", id=name)
        patch.add("stft", id=f"{name}_stft", size=size, hop=hop, window=window, alignment=alignment)
        patch.connect(f"{name}.out", f"{name}_stft.audio")
        end = f"{name}_stft.spectrum"
        if port.kind != "spectrum":
            patch.add("polar", id=f"{name}_polar")
            patch.connect(end, f"{name}_polar.spectrum")
            end = f"{name}_polar.{port.kind}"
        show(patch, port.kind, end, f"in_{name}")
        patch.connect(end, f"block.{name}")
    for name in sources or ():
        patch.add("audio_in", id=name)
        patch.connect(f"{name}.out", f"block.{name}")
    for name, port in cls.spec.frame_outputs.items():
        show(patch, port.kind, f"block.{name}", f"out_{name}")
        if type in ("mel", "log_frequency") or port.kind == "phase":
            continue
        end = f"block.{name}"
        if port.kind == "magnitude":
            patch.add("from_polar", id=f"{name}_from")
            patch.connect(end, f"{name}_from.magnitude")
            end = f"{name}_from.spectrum"
        patch.add("inverse_stft", id=f"{name}_back", window=window)
        patch.connect(end, f"{name}_back.spectrum")
        patch.connect(f"{name}_back.out", "heard.audio")
    for name in cls.spec.outputs:
        patch.connect(f"block.{name}", "heard.audio")
    return patch


def show(patch, kind, end, name):
    if kind == "spectrum":
        patch.add("polar", id=f"{name}_shown")
        patch.connect(end, f"{name}_shown.spectrum")
        for part in ("magnitude", "phase"):
            tap(patch, f"{name}_shown.{part}", f"{name}_{part}")
    else:
        tap(patch, end, name)


def tap(patch, end, name):
    if end.endswith(".phase"):  # a tap takes magnitudes; phases are heard through from_polar
        return
    patch.add("spectrogram_tap", id=name, seconds=10.0)
    patch.connect(end, f"{name}.magnitude")


def frames_of(patch, inputs, samples=None, rate=RATE):
    """The sound (samples, channels), the frames seen by every tap (frames, bins), and the faults."""
    samples = samples or max(len(track) for track in inputs.values())
    engine = Offline(patch.document, rate, inputs=inputs)
    try:
        sound = engine.run_samples(samples)
        seen = {}
        for (node, *_), helper in engine.plan.hosts.items():
            if hasattr(helper, "decibels"):
                seen[node] = helper.latest(int(helper.marks[0]))
        return sound, seen, engine.faults()
    finally:
        engine.close()


def through(type, audio=None, samples=None, sources=None, **settings):
    """Frames into and out of a block that is fed with ``audio`` (one track, or one for each frame input)."""
    cls = node_types()[type]
    audio = noise() if audio is None else audio
    tracks = audio if isinstance(audio, dict) else dict.fromkeys(cls.spec.frame_inputs, audio)
    patch = patch_around(type, sources=sources, **settings)
    return frames_of(patch, tracks | (sources or {}), samples)
