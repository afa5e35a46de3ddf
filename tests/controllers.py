"""A patch with MIDI and OSC connections in an offline engine: messages in, values out."""

from __future__ import annotations

import time

from nodegraph.control.connections import Connections
from tests.rendering import engine_of

QUANTUM = 64


class Played:
    """A patch with its connections and an engine that follows it."""

    def __init__(self, patch, controller=None):
        self.patch, self.engine = patch, engine_of(patch)
        self.connections = Connections(patch, self.engine)
        if controller is not None:
            self.connections.use_controller(controller)

    def send(self, *message, port="keys"):
        """Receive a MIDI message."""
        self.connections.on_message(port, bytes(message), time.perf_counter())

    def control(self, number, value, port="keys", channel=1):
        """Receive a control change."""
        self.send(0xB0 + channel - 1, number, value, port=port)

    def output_values(self, node, port="out", quanta=60):
        """Return the values of an output, one per lane, after ``quanta`` (knobs are smoothed)."""
        self.engine.run_samples(quanta * QUANTUM)
        return [float(value) for value in self.engine.value(node, port)]

    def param(self, port_ref):
        """Commit all changes, and return a parameter of the document."""
        self.lines = self.connections.update()
        node, _, port = port_ref.partition(".")
        return self.patch.document.nodes[node].params.get(port)
