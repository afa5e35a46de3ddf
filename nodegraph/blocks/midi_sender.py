"""The helper of the block ``midi_out``: sends messages of the audio thread to MIDI ports.

The audio thread computes in bursts. Each message is delayed so that it leaves as long after its sample as all others;
a clock therefore stays even.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.midi.messages import is_complete, length_of

from .helper import HelperContext

if TYPE_CHECKING:
    from nodegraph.midi.ports import MidiOutputs

RING = 4096  # messages
# Marks: messages written and read, samples computed so far, messages dropped because the ring was full.
PUT, TAKEN, NOW, LOST = range(4)
# A message in the ring: its sample, and its bytes as a word (first byte lowest).
SAMPLE, MESSAGE = range(2)

POLL = 0.002  # seconds between two checks of the ring
BURST_RESET = 0.002  # per burst, fraction by which an unusually long delay falls towards the current one
MAX_SENT = 1 << 16  # messages stored for ``take_sent``


class MidiSender:
    """A sender of the messages that a block writes into its ring.

    Live, it sends to the ports whose name contains the setting ``port``, or to a virtual port named after the node.
    """

    array_types = {"ring": "i8", "marks": "i8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = ""
        self.ring, self.marks = np.zeros(2 * RING, np.int64), np.zeros(4, np.int64)
        self.arrays = {"ring": self.ring, "marks": self.marks}
        self._rate = context.rate
        self._outputs: MidiOutputs | None = None
        self._seen, self._delay = 0, float("-inf")
        self._sounding: dict[tuple[int, int], bytes] = {}
        self._sent: deque[tuple[int, bytes]] = deque(maxlen=MAX_SENT)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        if context.realtime:
            self._open(str(context.settings["port"]), context.node)

    def _open(self, port: str, node: str) -> None:
        from nodegraph.midi import ports

        try:
            outputs = ports.MidiOutputs([port] if port else [], self._report, "" if port else node)
            outputs.start()
        except ports.MidiError as error:
            self.problem = str(error).rstrip(".")
            return
        self._outputs = outputs
        self._thread = threading.Thread(target=self._run, name="nodegraph-midi-out", daemon=True)
        self._thread.start()

    def _report(self, line: str) -> None:
        self.problem = line.rstrip(".")

    def _run(self) -> None:
        while not self._stopping.wait(POLL):
            self.send_due(time.perf_counter())

    def send_due(self, now: float) -> None:
        """Send the messages due at ``now``, in seconds of any monotonic clock."""
        computed = int(self.marks[NOW])
        if computed != self._seen:
            delay = now - self._seen / self._rate  # the first message of this burst could not be sent earlier
            self._delay = delay if delay > self._delay else self._delay + (delay - self._delay) * BURST_RESET
            self._seen = computed
        for _, message in self._taken(due=(now - self._delay) * self._rate):
            self._send(message)

    def _taken(self, due: float = float("inf")) -> Iterator[tuple[int, bytes]]:
        """Yield the messages up to sample ``due`` and remove them from the ring."""
        while self.marks[TAKEN] < self.marks[PUT]:
            at = 2 * (int(self.marks[TAKEN]) % RING)
            sample, word = int(self.ring[at + SAMPLE]), int(self.ring[at + MESSAGE]).to_bytes(3, "little")
            if sample > due:
                return
            self.marks[TAKEN] += 1
            message = word[: length_of(word[0])]
            if is_complete(message):
                self._sent.append((sample, message))
                yield sample, message

    def _send(self, message: bytes) -> None:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0x90 and message[2] > 0:
            self._sounding[channel, message[1]] = bytes((0x80 | channel, message[1], 64))
        elif kind in (0x80, 0x90):
            self._sounding.pop((channel, message[1]), None)
        if self._outputs is not None:
            self._outputs.send(message)

    def take_sent(self) -> list[tuple[int, bytes]]:
        """Return the messages sent since the last call, each with its sample; at most the last 65,536."""
        return [self._sent.popleft() for _ in range(len(self._sent))]

    def service(self) -> None:
        """Empty the ring if no thread does, as in offline rendering."""
        if self.marks[LOST]:
            self.problem = f"{self.marks[LOST]} messages were dropped: too many at the same time. Send fewer"
        if self._thread is None:
            deque(self._taken(), maxlen=0)

    def close(self) -> None:
        """End the sounding notes and close the port."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(1.0)
        if self._outputs is not None:
            for end in self._sounding.values():
                self._outputs.send(end)
            self._outputs.close()
            self._outputs = None
