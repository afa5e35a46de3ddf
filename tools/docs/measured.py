"""What a block does in its help patch or another one: the sound, and the signals and frames at its ports."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.editor.help_patch import help_patch
from nodegraph.engine.offline import Offline
from nodegraph.midi.files import score_of
from nodegraph.patch import Document
from nodes.meters import TapBuffer

from .shipped import documents, patches
from .sounds import played

RATE = 44100.0
HELP = "the help patch"
SECONDS = 4.0  # one period of the LFO of help patches
RECEIVED = {"notes": ("pitch", "gate"), "control_change": ("out",), "clock_in": ("phase",)}  # what events become
CHUNK = 1 << 13  # samples: whole quanta, and less than a probe stores


@dataclass
class Measured:
    """A rendered patch with the block ``node``.

    ``sound`` is (samples, channels), ``signals`` are (samples, lanes), ``frames`` (frames, bins), and ``sizes`` (size,
    hop) by output.
    """

    document: Document
    node: str
    where: str
    sound: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    signals: dict[str, np.ndarray] = field(default_factory=dict)
    frames: dict[str, np.ndarray] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def source_of(self, port: str) -> str:
        """Return the output that is wired to an input of the block, or ""."""
        wires = self.document.wires
        return next((w.source_ref for w in wires if w.target == self.node and w.target_port == port), "")


def measure(type: str, seconds: float = SECONDS) -> Measured:
    """Render the help patch of a block and record the signals and frames at its ports."""
    document = help_patch(type)
    node = next(id for id, record in document.nodes.items() if record.type == type)
    return _measured(Offline(document, RATE), Measured(document, node, HELP), seconds)


def measure_shipped(name: str, node: str, seconds: float = SECONDS) -> Measured:
    """Do the same in a patch of the gallery, in which a guitar and a keyboard play."""
    path, document = patches()[name], documents()[name]
    inputs, midi = played(document)
    engine = Offline(document, RATE, path, inputs)
    if midi is not None:
        score_of(midi).play(engine)
    return _measured(engine, Measured(document, node, f"the patch {name}"), seconds)


def _measured(engine: Offline, found: Measured, seconds: float) -> Measured:
    document, node = found.document, found.node
    try:
        watched = [w.source_ref for w in document.wires if w.target == node]
        watched += [f"{node}.{name}" for name in node_types()[document.nodes[node].type].spec.output_ports]
        watched += [f"{id}.{p}" for id, record in document.nodes.items() for p in RECEIVED.get(record.type, ())]
        engine.watch(watched)
        parts: list[np.ndarray] = []
        rings = {ref: ring for ref in watched if (ring := engine.probe(ref)) is not None}
        taps = {ref: ring for ref, ring in rings.items() if isinstance(ring, TapBuffer)}
        values: dict[str, list[np.ndarray]] = {ref: [] for ref in taps}
        for start in range(0, round(seconds * RATE), CHUNK):
            parts.append(engine.run_samples(CHUNK))
            for ref, tap in taps.items():
                values[ref].append(tap.read_from(start)[0])
        found.sound = np.concatenate(parts)
        found.signals = {ref: np.concatenate(several) for ref, several in values.items()}
        for ref, ring in rings.items():
            if ref not in taps:
                found.frames[ref] = ring.latest().copy()
                found.sizes[ref] = ring.size, ring.hop
        return found
    finally:
        engine.close()
