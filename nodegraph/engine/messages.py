"""Turned knobs on their way to the audio thread: a ring of messages, and what became of them.

A message says when (in samples), what, which lane and to which value. Once it was applied, the audio thread writes
the sample at which that was and turns what is turned over (``~what``): readers learn from it what really happened.
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
    """The ring. Anybody may send; only one thread, the audio thread, applies."""

    def __init__(self, memory: Memory) -> None:
        self.address = memory.reserve(8 * walk.MESSAGE_WORDS * RING_SIZE)
        self._ring = view(self.address, walk.MESSAGE_WORDS * RING_SIZE, np.int64).reshape(RING_SIZE, -1)
        self._head = 0
        self._lock = threading.Lock()
        self._readers: list[MessageReader] = []

    def attach(self, words: np.ndarray) -> None:
        """Take the engine's words, in which the audio thread is told how far the ring is filled."""
        self._words = words

    @property
    def applied(self) -> int:
        """Messages of which all were applied, counted from the first."""
        return int(self._words[walk.ENGINE_TAIL])

    @property
    def sent(self) -> int:
        """Messages that were put into the ring, counted from the first."""
        return self._head

    def send(self, messages: list[AppliedMessage]) -> None:
        """Put messages into the ring. Raises BufferError where it is full: then some of them are in it."""
        with self._lock:
            kept = min([self.applied, *(reader.place for reader in self._readers)])
            for at, handle, lane, value in messages:
                if self._head - kept >= RING_SIZE:
                    raise BufferError
                self._ring[self._head % RING_SIZE] = (at, handle, lane, bits(value))
                self._head += 1
                self._words[walk.ENGINE_HEAD] = self._head

    def reader(self) -> MessageReader:
        """Somebody who learns of all messages from now on; what was not read is not written over."""
        with self._lock:
            reader = MessageReader(self, self.applied)
            self._readers.append(reader)
            return reader

    def remove_reader(self, reader: MessageReader) -> None:
        """A reader reads no more."""
        with self._lock:
            self._readers.remove(reader)

    def between(self, start: int, stop: int) -> list[AppliedMessage]:
        """Messages by number, all of them applied."""
        found = self._ring[np.arange(start, stop) % RING_SIZE]
        values = found[:, walk.MESSAGE_VALUE].copy().view(np.float64)
        return [
            (int(at), ~int(handle), int(lane), float(value))
            for (at, handle, lane, _), value in zip(found, values, strict=True)
        ]


class MessageReader:
    """One reader's place in the ring."""

    def __init__(self, messages: MessageQueue, place: int) -> None:
        self._messages, self.place = messages, place

    def read(self) -> list[AppliedMessage]:
        """What was applied since the last call, in the order in which the audio thread applied it."""
        end = self._messages.applied
        found = self._messages.between(self.place, end)
        self.place = end
        return found

    def read_out_of_order(self) -> list[AppliedMessage]:
        """For the end: what was applied already while earlier messages still wait for their time."""
        found = self._messages.between(self.place, self._messages.sent)
        return [message for message in found if message[1] >= 0]

    def close(self) -> None:
        self._messages.remove_reader(self)
