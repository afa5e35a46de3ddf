"""The helper of the block ``midi_out``: events on their way from the audio thread to MIDI ports.

The audio thread computes in bursts; what it sends is held back until as long after the burst as it came after the
burst's first sample, so that a clock arrives as even as it left.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from nodegraph.midi.messages import length_of

from .helper import HostContext

RING = 4096  # messages
# The marks: messages put in and taken out, samples computed so far, messages that found no room.
PUT, TAKEN, NOW, LOST = range(4)
# A message in the ring: its sample, and its bytes as a word (first byte lowest).
SAMPLE, MESSAGE = range(2)

LOOK_EVERY = 0.002  # s
FORGET = 0.002  # part of the distance by which an unusual delay is forgotten at each burst


class MidiSender:
    """Sends what a block puts into its ring: live to the ports whose name has the setting ``port`` in it, or to a
    port of our own, called like the node, that other programs can be wired to."""

    array_types = {"ring": "i8", "marks": "i8"}

    def __init__(self, context: HostContext) -> None:
        self.problem = ""
        self.ring, self.marks = np.zeros(2 * RING, np.int64), np.zeros(4, np.int64)
        self.arrays = {"ring": self.ring, "marks": self.marks}
        self._rate, self._outputs = context.rate, None
        self._seen, self._late = 0, float("-inf")
        self._sounding: dict[tuple[int, int], bytes] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        if context.realtime:
            self._open(str(context.settings["port"]), context.node)

    def _open(self, port: str, node: str) -> None:
        from nodegraph.midi import ports

        try:
            outputs = ports.MidiOutputs([port] if port else [], self._tell, "" if port else node)
            outputs.start()
        except ports.MidiError as error:
            self.problem = str(error).rstrip(".")
            return
        self._outputs: Any = outputs
        self._thread = threading.Thread(target=self._run, name="nodegraph-midi-out", daemon=True)
        self._thread.start()

    def _tell(self, line: str) -> None:
        self.problem = line.rstrip(".")

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            self.send_due(time.perf_counter())

    def send_due(self, now: float) -> None:
        """Send what is due at ``now``, in s of any clock that goes on."""
        computed = int(self.marks[NOW])
        if computed != self._seen:
            late = now - self._seen / self._rate  # what came out of this burst first could not be sent before now
            self._late = late if late > self._late else self._late + (late - self._late) * FORGET
            self._seen = computed
        while self.marks[TAKEN] < self.marks[PUT]:
            at = 2 * (int(self.marks[TAKEN]) % RING)
            if self.ring[at + SAMPLE] / self._rate + self._late > now:
                return
            self._send(int(self.ring[at + MESSAGE]).to_bytes(3, "little"))
            self.marks[TAKEN] += 1

    def _send(self, word: bytes) -> None:
        message = word[: length_of(word[0])]
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0x90 and message[2] > 0:
            self._sounding[channel, message[1]] = bytes((0x80 | channel, message[1], 64))
        elif kind in (0x80, 0x90):
            self._sounding.pop((channel, message[1]), None)
        if self._outputs is not None:
            self._outputs.send(message)

    def service(self) -> None:
        """Where nobody listens, what is sent is gone; where somebody does, a thread of our own sends it."""
        if self.marks[LOST]:
            self.problem = f"{self.marks[LOST]} messages were lost, more came than can be sent. Send fewer at once"
        if self._thread is None:
            self.marks[TAKEN] = self.marks[PUT]

    def close(self) -> None:
        """End the notes that sound, and close the port."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1.0)
        if self._outputs is not None:
            for end in self._sounding.values():
                self._outputs.send(end)
            self._outputs.close()
            self._outputs = None
