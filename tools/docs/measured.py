"""What a block does in its help patch: the sound, and the signals and frames of its inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.editor.help_patch import help_document
from nodegraph.engine.offline import Offline
from nodegraph.patch import Document

RATE = 44100.0
SECONDS = 4.0  # one period of the LFO of help patches
RECEIVED = {"notes": ("pitch", "gate"), "control_change": ("out",), "clock_in": ("phase",)}  # what events become
CHUNK = 0.25  # seconds, less than a probe stores


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
        streams = {ref: ([], 0) for ref, ring in rings.items() if hasattr(ring, "read_from")}
        for _ in range(round(seconds / CHUNK)):
            parts.append(engine.run(CHUNK))
            for ref, (values, place) in streams.items():
                new, _ = rings[ref].read_from(place)
                values.append(new)
                streams[ref] = values, rings[ref].written
        found.sound = np.concatenate(parts)
        found.signals = {ref: np.concatenate(values) for ref, (values, _) in streams.items()}
        for ref, ring in rings.items():
            if not hasattr(ring, "read_from"):
                found.frames[ref] = ring.latest().copy()
                found.sizes[ref] = ring.size, ring.hop
        return found
    finally:
        engine.close()
