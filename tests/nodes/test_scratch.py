"""Scratch memory stores nothing between frames: its content does not change the samples."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.engine.offline import Offline
from nodegraph.files.sound_output import write_sound
from nodegraph.kernel import kernel_of
from nodegraph.native.build import KernelError
from nodegraph.node import In, Node, Out, Scratch
from tests.nodes.frame_helpers import RATE, noise, patch_around
from tests.nodes.test_frame_contract import each_choice
from tests.rendering import QUANTUM

QUANTA = 48
USERS = [cls for cls in node_types().values() if cls.spec.scratches]


def sound_with(patch, inputs, fill):
    """Return the sound of a patch whose scratch memory is set to ``fill`` in each quantum, and its size in floats."""
    engine = Offline(patch.document, RATE, inputs=inputs, allow_outside=True)
    sound = []
    for _ in range(QUANTA):
        if fill is not None:
            engine.plan.scratch[:] = fill
        sound.append(engine.run_samples(QUANTUM))
    engine.close()
    return np.concatenate(sound)


@pytest.mark.parametrize("cls", USERS, ids=lambda cls: cls.type)
def test_output_does_not_depend_on_scratch_content(cls, tmp_path):
    """Each quantum has one frame, so that the memory is filled before each frame."""
    size = 64 if cls.family == "neural" else 256
    settings = {}
    if cls.type == "stretch_player":
        write_sound(tmp_path / "noise.wav", noise(4000)[:, None], RATE)
        settings = {"file": str(tmp_path / "noise.wav"), "size": size, "hop": QUANTUM}
    for choices in each_choice(cls):
        tracks = {name: noise(QUANTA * QUANTUM, seed) for seed, name in enumerate(cls.spec.frame_inputs)}
        sources = {"audio": noise(QUANTA * QUANTUM)} if cls.type == "stft" else {}
        sizes = {} if settings else {"size": size, "hop": QUANTUM}
        patch = patch_around(cls.type, sources=sources, **sizes, **settings, **choices)
        inputs = tracks | sources
        plain = sound_with(patch, inputs, None)
        for fill in (np.nan, 1e9):
            assert np.array_equal(sound_with(patch, inputs, fill), plain)
        assert np.isfinite(plain).all() and np.abs(plain).max() > 1e-4


def test_transform_blocks_have_scratch_memory():
    assert {"stft", "inverse_stft", "rtisi_la", "phase_gradient", "encoder"} <= {cls.type for cls in USERS}


def test_scratch_memory_in_a_tick_is_rejected():
    class Hopeful(Node):
        audio = In(0.0, doc="signal")
        out = Out(doc="signal")
        work = Scratch(lambda settings, sr: 8)

        def tick(audio, work):
            return audio

    with pytest.raises(KernelError, match="declare a Line"):
        kernel_of(Hopeful, {})
