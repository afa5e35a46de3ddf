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
        self.hands = Connections(patch, self.engine)
        if controller is not None:
            self.hands.use_controller(controller)

    def send(self, *message, port="keys"):
        """Send a MIDI message to the patch."""
        self.hands.on_message(port, bytes(message), time.perf_counter())

    def control(self, number, value, port="keys", channel=1):
        """Send a control change to the patch."""
        self.send(0xB0 + channel - 1, number, value, port=port)

    def heard(self, node, port="out", quanta=60):
        """Return the value of an output, one per lane, after ``quanta`` quanta: knobs are smoothed."""
        self.engine.run_samples(quanta * QUANTUM)
        return [float(value) for value in self.engine.value(node, port)]

    def param(self, end):
        """Commit all changes and return a parameter of the document."""
        self.lines = self.hands.update()
        node, _, port = end.partition(".")
        return self.patch.document.nodes[node].params.get(port)
