"""Patches with a frame block between an stft and blocks that make its frames audible and visible."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from nodegraph.api import Patch
from nodegraph.blocks.registry import node_types
from nodegraph.engine.offline import Offline
from nodegraph.frame_types import EITHER
from nodegraph.models.autoencoder import Autoencoder, Features, Layer

RATE = 8000.0
LEVELS = ("level", "peak", "adjusted_level")  # frame outputs of one number


def noise(samples=2000, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, samples).astype(np.float32)


def random_model(widths=(12, 5), activations=("relu", "sigmoid"), bias=False, seed=0, **features):
    """Return an untrained autoencoder: an encoder of these layers and a decoder with the reverse layers."""
    features = Features(**{"rate": RATE, "size": 64, "hop": 16} | features)
    rng = np.random.default_rng(seed)

    def layers(widths, activations):
        for before, after, activation in zip(widths, widths[1:], activations):
            weight = rng.standard_normal((after, before)) / np.sqrt(before)
            offset = 0.1 * rng.standard_normal(after) if bias else None
            yield Layer(weight.astype(np.float32), offset if offset is None else offset.astype(np.float32), activation)

    widths = (features.width, *widths)
    encoder = tuple(layers(widths, activations))
    return Autoencoder(features, encoder, tuple(layers(widths[::-1], (*activations[-2::-1], "relu"))))


@cache
def model_file():
    """Return the path of a small model file, for blocks that need one."""
    path = Path(tempfile.mkdtemp()) / "model.safetensors"
    random_model().save(path)
    return str(path)


def patch_around(type, size=64, hop=16, window="hann", alignment="causal", sources=None, **params):
    """Return a patch with ``type`` as node "block"; each frame input is fed by an ``audio_in`` of the same name.

    Frame outputs go to taps named after them (magnitudes and phases of spectra apart), spectra and whole
    magnitudes to ``audio_out`` too. All windows are ``window``. Signal inputs are knobs, or ``audio_in`` where
    ``sources`` names them.
    """
    cls = node_types()[type]
    patch = Patch()
    patch.add("audio_out", id="heard")
    model = {"file": model_file()} if type in ("encoder", "decoder") else {}
    same = {"window": window} if "window" in cls.spec.choices and cls.spec.frame_inputs else {}
    params = model | same | params
    patch.add(type, id="block", **params)
    for name, port in cls.spec.frame_inputs.items():
        patch.add("audio_in", id=name)
        patch.add("stft", id=f"{name}_stft", size=size, hop=hop, window=window, alignment=alignment)
        patch.connect(f"{name}.out", f"{name}_stft.audio")
        end = f"{name}_stft.spectrum"
        if port.kind != "spectrum":
            patch.add("polar", id=f"{name}_polar")
            patch.connect(end, f"{name}_polar.spectrum")
            end = f"{name}_polar.{'phase' if port.kind == 'phase' else 'magnitude'}"
        if port.kind == "latent":
            patch.add("encoder", id=f"{name}_encoder", **model)
            patch.connect(end, f"{name}_encoder.magnitude")
            end = f"{name}_encoder.{'level' if name == 'level' else 'code'}"
        show(patch, port.kind, end, f"in_{name}")
        patch.connect(end, f"block.{name}")
    for name, track in (sources or {}).items():
        patch.add("audio_in", id=name, channels=np.shape(track)[1] if np.ndim(track) > 1 else 1)
        patch.connect(f"{name}.out", f"block.{name}")
    for name, port in cls.spec.frame_outputs.items():
        show(patch, port.kind, f"block.{name}", f"out_{name}")
        if type in ("mel", "log_frequency") or port.kind == "phase":
            continue
        end = f"block.{name}"
        if "latent" in (port.kind, params.get("gives")):
            if name in LEVELS or not cls.spec.frame_inputs:
                continue
            patch.add("decoder", id=f"{name}_decoder", **model)
            patch.connect(end, f"{name}_decoder.code")
            for level in {"level", "adjusted_level"} & set(cls.spec.frame_outputs):
                patch.connect(f"block.{level}", f"{name}_decoder.level")
            end = f"{name}_decoder.magnitude"
        if port.kind in ("magnitude", "latent", EITHER):
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
    if end.endswith(".phase"):  # a tap takes magnitudes; phases are converted by from_polar
        return
    patch.add("spectrogram_tap", id=name, seconds=10.0)
    patch.connect(end, f"{name}.magnitude")


def frames_of(patch, inputs, samples=None, rate=RATE):
    """Return the sound (samples, channels), the frames of each tap (frames, bins), and the faults."""
    samples = samples or max(len(track) for track in inputs.values())
    engine = Offline(patch.document, rate, inputs=inputs, allow_outside=True)
    try:
        sound = engine.run_samples(samples)
        seen = {}
        for (node, *_), helper in engine.plan.helpers.items():
            if hasattr(helper, "decibels"):
                seen[node] = helper.latest(int(helper.marks[0]))
        return sound, seen, engine.faults()
    finally:
        engine.close()


def through(type, audio=None, samples=None, sources=None, **settings):
    """Return input and output frames of a block fed with ``audio`` (one track, or one per frame input)."""
    cls = node_types()[type]
    audio = noise() if audio is None else audio
    tracks = audio if isinstance(audio, dict) else dict.fromkeys(cls.spec.frame_inputs, audio)
    patch = patch_around(type, sources=sources, **settings)
    return frames_of(patch, tracks | (sources or {}), samples)
