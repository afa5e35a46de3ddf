"""Parameter messages to the audio thread: a ring of messages, marked when they are applied.

A message has a sample, the handle of a knob, a lane and a value. After applying it, the audio thread stores the actual
sample and inverts the handle (``~handle``), so that readers can log the message.
"""

from __future__ import annotations

import threading

import numpy as np

from nodegraph.plan.memory import Memory, bits, view

from . import walk

RING_SIZE = 1 << 14

AppliedMessage = tuple[int, int, int, float]
"""Sample, handle, lane (−1: all) and value of a message that was applied."""


class MessageQueue:
    """The message ring. Any thread may send; only the audio thread applies messages."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory  # a reader may outlive the engine
        self.address = memory.reserve(8 * walk.MESSAGE_WORDS * RING_SIZE)
        self._ring = view(self.address, walk.MESSAGE_WORDS * RING_SIZE, np.int64).reshape(RING_SIZE, -1)
        self._head = 0
        self._lock = threading.Lock()
        self._readers: list[MessageReader] = []

    def attach(self, words: np.ndarray) -> None:
        """Set the engine's words, which hold the head and the tail of the ring."""
        self._words = words

    @property
    def applied(self) -> int:
        """Number of messages applied, up to the first one that is still queued."""
        return int(self._words[walk.ENGINE_TAIL])

    @property
    def sent(self) -> int:
        """Number of messages sent."""
        return self._head

    def send(self, messages: list[AppliedMessage]) -> None:
        """Write messages to the ring. Raises BufferError if it is full; the first messages may then be in it."""
        with self._lock:
            oldest = min([self.applied, *(reader.position for reader in self._readers)])
            for at, handle, lane, value in messages:
                if self._head - oldest >= RING_SIZE:
                    raise BufferError
                self._ring[self._head % RING_SIZE] = (at, handle, lane, bits(value))
                self._head += 1
                self._words[walk.ENGINE_HEAD] = self._head

    def reader(self) -> MessageReader:
        """Register a reader for all future messages; unread messages are not overwritten."""
        with self._lock:
            reader = MessageReader(self, self.applied)
            self._readers.append(reader)
            return reader

    def remove_reader(self, reader: MessageReader) -> None:
        """Unregister a reader."""
        with self._lock:
            self._readers.remove(reader)

    def between(self, start: int, stop: int) -> list[AppliedMessage]:
        """Return the messages ``start`` … ``stop``; all must be applied."""
        found = self._ring[np.arange(start, stop) % RING_SIZE]
        values = found[:, walk.MESSAGE_VALUE].copy().view(np.float64)
        return [
            (int(at), ~int(handle), int(lane), float(value))
            for (at, handle, lane, _), value in zip(found, values, strict=True)
        ]


class MessageReader:
    """A reader of applied messages."""

    def __init__(self, messages: MessageQueue, position: int) -> None:
        self._messages, self.position = messages, position

    def read(self) -> list[AppliedMessage]:
        """Return the messages applied since the last call, in the order of sending."""
        end = self._messages.applied
        found = self._messages.between(self.position, end)
        self.position = end
        return found

    def read_out_of_order(self) -> list[AppliedMessage]:
        """Return messages applied before an earlier message that is still queued. Call it last."""
        found = self._messages.between(self.position, self._messages.sent)
        return [message for message in found if message[1] >= 0]

    def close(self) -> None:
        self._messages.remove_reader(self)
