"""What a block does in its help patch: the sound, and the signals and frames of its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.editor.help_patch import help_document
from nodegraph.engine.offline import Offline
from nodegraph.patch import Document
from nodes.meters import TapBuffer

RATE = 44100.0
SECONDS = 4.0  # one period of the LFO of help patches
RECEIVED = {"notes": ("pitch", "gate"), "control_change": ("out",), "clock_in": ("phase",)}  # what events become
CHUNK = 1 << 13  # samples: whole quanta, and less than a probe stores


@dataclass
class Measured:
    """A rendered help patch.

    ``sound`` is (samples, channels), ``signals`` are (samples, lanes), ``frames`` (frames, bins), and ``sizes`` (size,
    hop) by output.
    """

    document: Document
    node: str
    sound: np.ndarray
    signals: dict[str, np.ndarray] = field(default_factory=dict)
    frames: dict[str, np.ndarray] = field(default_factory=dict)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def source_of(self, port: str) -> str:
        """Return the output that is wired to an input of the block, or ""."""
        wires = self.document.wires
        return next((w.source_ref for w in wires if w.target == self.node and w.target_port == port), "")


def measure(type: str, seconds: float = SECONDS) -> Measured:
    """Render the help patch of a block and record the signals and frames at its ports."""
    document = help_document(type)
    node = next(id for id, record in document.nodes.items() if record.type == type)
    engine = Offline(document, RATE)
    try:
        watched = [w.source_ref for w in document.wires if w.target == node]
        watched += [f"{node}.{name}" for name in node_types()[type].spec.output_ports]
        watched += [f"{id}.{p}" for id, record in document.nodes.items() for p in RECEIVED.get(record.type, ())]
        engine.watch(watched)
        found = Measured(document, node, np.zeros((0, 1), np.float32))
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
