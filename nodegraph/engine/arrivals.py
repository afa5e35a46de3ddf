"""Events from outside on their way to the audio thread: a ring, and what is not due for a while yet.

Any thread may put events in; the audio thread takes out what falls into its quantum, each at its sample, into one
list that all blocks for events from outside read (see :mod:`nodegraph.events`).
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.events import BYTES, HELD, READY, send
from nodegraph.midi.messages import SYSEX, length_of
from nodegraph.native.words import as_f64, as_i64, load_acquire, store_release
from nodegraph.plan.memory import view
from nodegraph.quantum import QUANTUM

if TYPE_CHECKING:
    from collections.abc import Callable

    from nodegraph.plan.memory import Memory

RING_SIZE = 1 << 15
MAX_AT_ONCE = 64  # events that arrive in one quantum; more of them wait for the next
MAX_PORTS = 63
FULL_FOR = 2.0  # s without room after which nobody is there to take events out

# The words of the ring.
RING, HEAD, TAIL, LIST = range(4)
# An event in it. Once it has arrived, time says at which sample, and status is turned over (~status): who keeps a
# log reads it there.
TIME, PORT, STATUS, DATA1, DATA2 = range(5)
EVENT_WORDS = 5


def receive_events(arrivals: int, clock: int) -> None:
    """Take out what falls into this quantum, in order of time; what is due later waits and blocks nobody."""
    w = as_i64(arrivals)
    ring, events = as_i64(w[RING]), as_f64(w[LIST])
    events[READY] = events[HELD] = 0.0
    head, tail = load_acquire(arrivals + 8 * HEAD), w[TAIL]
    for number in range(tail, head):
        at = (number & (RING_SIZE - 1)) * EVENT_WORDS
        offset, status = ring[at + TIME] - clock, ring[at + STATUS]
        if offset >= QUANTUM or status < 0:
            continue
        if events[HELD] == MAX_AT_ONCE:
            break
        offset = max(offset, 0)
        send(events, offset, status, ring[at + DATA1], ring[at + DATA2], float(ring[at + PORT]))
        ring[at + TIME], ring[at + STATUS] = clock + offset, ~status
    while tail < head and ring[(tail & (RING_SIZE - 1)) * EVENT_WORDS + STATUS] < 0:
        tail += 1
    events[READY] = events[HELD]
    store_release(arrivals + 8 * TAIL, tail)


class EventQueue:
    """The near side of the ring. ``address`` is that of its words, ``list_address`` that of the list that is read."""

    def __init__(self, memory: Memory) -> None:
        self._memory, self._lock = memory, threading.Lock()
        self.list_address = memory.reserve(BYTES)
        ring = memory.reserve(8 * EVENT_WORDS * RING_SIZE)
        self.address = memory.words([ring, 0, 0, self.list_address])
        self._words = view(self.address, 4, np.int64)
        self._ring = view(ring, EVENT_WORDS * RING_SIZE, np.int64).reshape(RING_SIZE, EVENT_WORDS)
        self._scheduled: list[tuple[int, int, bytes, int]] = []
        self._numbers = itertools.count()
        self.ports: list[str] = []
        self._masks: dict[str, int] = {}

    def send(self, message: bytes, at: int, port: str, horizon: int, is_realtime: Callable[[], bool]) -> None:
        """Let a message arrive at sample ``at``; those due after sample ``horizon`` are kept here for now.

        ``is_realtime`` says whether somebody takes events out in time, so that a full ring is worth a moment's wait.
        The message must be complete (see ``midi.messages.bytes_of``). Raises BufferError if there is no room.
        """
        if message[0] == SYSEX:
            return  # no block takes messages of a maker's own
        with self._lock:
            number = self._number_of(port)
            if at <= horizon:
                self._deliver_scheduled(horizon, is_realtime)
                self._put(message, at, number, is_realtime)
            else:
                heapq.heappush(self._scheduled, (at, next(self._numbers), message, number))

    def deliver(self, horizon: int, is_realtime: Callable[[], bool]) -> None:
        """Put in what is due up to sample ``horizon``."""
        if self._scheduled and self._scheduled[0][0] <= horizon:
            with self._lock:
                self._deliver_scheduled(horizon, is_realtime)

    def _deliver_scheduled(self, horizon: int, is_realtime: Callable[[], bool]) -> None:
        while self._scheduled and self._scheduled[0][0] <= horizon:
            at, _, message, number = self._scheduled[0]
            self._put(message, at, number, is_realtime)
            heapq.heappop(self._scheduled)

    def _put(self, message: bytes, at: int, number: int, is_realtime: Callable[[], bool]) -> None:
        head = int(self._words[HEAD])
        end = time.monotonic() + FULL_FOR
        while head - int(self._words[TAIL]) >= RING_SIZE:
            if not is_realtime() or time.monotonic() > end:
                raise BufferError
            time.sleep(0.001)
        status, data1, data2 = (*message, 0, 0)[:3]
        self._ring[head % RING_SIZE] = (at, number, status, data1, data2)
        self._words[HEAD] = head + 1

    @property
    def delivered_count(self) -> int:
        """Events that have arrived so far."""
        return int(self._words[TAIL])

    @property
    def pending_count(self) -> int:
        """Events that have not arrived yet."""
        return len(self._scheduled) + int(self._words[HEAD] - self._words[TAIL])

    def delivered_since(self, since: int) -> list[tuple[int, bytes, str]]:
        """Events from number ``since`` on that have arrived: sample, message, port."""
        return self._between(since, int(self._words[TAIL]))

    def undelivered_since(self, since: int) -> list[tuple[int, bytes, str]]:
        """For the end: those from number ``since`` on that have arrived while earlier ones wait for their time."""
        return self._between(since, int(self._words[HEAD]))

    def _between(self, since: int, stop: int) -> list[tuple[int, bytes, str]]:
        found = self._ring[np.arange(since, stop) % RING_SIZE].tolist()
        return [
            (at, bytes((~status, data1, data2)[: length_of(~status)]), self.ports[port])
            for at, port, status, data1, data2 in found
            if status < 0
        ]

    # -- ports -----------------------------------------------------------------------------------------------

    def port_mask(self, name: str) -> int:
        """Address of a word with a bit for each port whose name has ``name`` in it: all of them for ""."""
        with self._lock:
            if name not in self._masks:
                self._masks[name] = self._memory.words([-1 if not name else 0])
                for number in range(len(self.ports)):
                    self._mark(name, number)
            return self._masks[name]

    def _number_of(self, port: str) -> int:
        if port not in self.ports:
            if len(self.ports) == MAX_PORTS:
                return MAX_PORTS - 1
            self.ports.append(port)
            for name in self._masks:
                self._mark(name, len(self.ports) - 1)
        return self.ports.index(port)

    def _mark(self, name: str, number: int) -> None:
        if name.lower() in self.ports[number].lower():
            view(self._masks[name], 1, np.int64)[0] |= 1 << number
