"""External events to the audio thread: a ring, and a heap of events that are due later.

Any thread may send events. The audio thread moves those that are due in its quantum, each at its sample, to one list
that all blocks for external events read (see :mod:`nodegraph.events`).
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
MAX_AT_ONCE = 64  # events delivered in one quantum; the others follow in the next
MAX_PORTS = 63
FULL_TIMEOUT = 2.0  # seconds to wait for room in a full ring

# The words of the ring.
RING, HEAD, TAIL, LIST = range(4)
# An event in the ring. On delivery, TIME is set to the actual sample and STATUS is inverted (~status) for flight logs.
TIME, PORT, STATUS, DATA1, DATA2 = range(5)
EVENT_WORDS = 5


def receive_events(arrivals: int, clock: int) -> None:
    """Deliver the events that are due in this quantum, each at its sample. Later events stay in the ring."""
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
    """The sending side of the ring. ``address`` is that of its words, ``list_address`` that of the delivery list."""

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
        """Schedule a complete message (see ``midi.messages.bytes_of``) for sample ``at``.

        Messages due after sample ``horizon`` stay in the heap. ``is_realtime`` returns whether the audio device is
        running; if so, a full ring is waited for. Raises BufferError if the ring stays full.
        """
        if message[0] == SYSEX:
            return  # no block reads system exclusive messages
        with self._lock:
            number = self._number_of(port)
            if at <= horizon:
                self._deliver_scheduled(horizon, is_realtime)
                self._put(message, at, number, is_realtime)
            else:
                heapq.heappush(self._scheduled, (at, next(self._numbers), message, number))

    def deliver(self, horizon: int, is_realtime: Callable[[], bool]) -> None:
        """Move scheduled events due up to sample ``horizon`` to the ring. Raises BufferError if it stays full."""
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
        end = time.monotonic() + FULL_TIMEOUT
        while head - int(self._words[TAIL]) >= RING_SIZE:
            if not is_realtime() or time.monotonic() > end:
                raise BufferError
            time.sleep(0.001)
        status, data1, data2 = (*message, 0, 0)[:3]
        self._ring[head % RING_SIZE] = (at, number, status, data1, data2)
        self._words[HEAD] = head + 1

    @property
    def delivered_count(self) -> int:
        """Number of events delivered, up to the first one that is still queued."""
        return int(self._words[TAIL])

    @property
    def pending_count(self) -> int:
        """Number of events not delivered yet."""
        return len(self._scheduled) + int(self._words[HEAD] - self._words[TAIL])

    def delivered_since(self, since: int) -> list[tuple[int, bytes, str]]:
        """Return the delivered events from number ``since``: (sample, message, port)."""
        return self._between(since, int(self._words[TAIL]))

    def undelivered_since(self, since: int) -> list[tuple[int, bytes, str]]:
        """Return events delivered before an earlier one that is still queued, from number ``since``. Call it last."""
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
        """Return the address of a word with a bit for each port whose name contains ``name`` (all ports for "")."""
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
