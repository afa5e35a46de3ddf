"""Which keys and pedals are down, port by port: what has to be let go when a device is pulled out."""

from __future__ import annotations

from nodegraph.events import CONTROL, NOTE_OFF, NOTE_ON, PEDAL


class Held:
    """Keeps count of one message after the other. Times are samples."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, int, int], int] = {}
        self._pedals: set[tuple[str, int]] = set()

    def hear(self, port: str, message: bytes, at: int, shortest: int = 0) -> int:
        """Take in a message for sample ``at``; returns when it is to be heard.

        That is ``at``, but a key is down for ``shortest`` samples at least: some drivers give a key and its release
        the same time, and such a note would not be heard.
        """
        kind, channel = message[0] & 0xF0, message[0] & 15
        if kind == NOTE_ON and message[2]:
            self._keys[port, channel, message[1]] = at
        elif kind in (NOTE_ON, NOTE_OFF):
            began = self._keys.pop((port, channel, message[1]), None)
            return at if began is None else max(at, began + shortest)
        elif kind == CONTROL and message[1] == PEDAL:
            (self._pedals.add if message[2] >= 64 else self._pedals.discard)((port, channel))
        return at

    def let_go(self, port: str) -> list[bytes]:
        """The messages after which nothing of ``port`` is down any more."""
        keys = [(channel, key) for where, channel, key in list(self._keys) if where == port]
        pedals = [channel for where, channel in list(self._pedals) if where == port]
        up = [bytes((NOTE_OFF + channel, key, 64)) for channel, key in keys]
        return up + [bytes((CONTROL + channel, PEDAL, 0)) for channel in pedals]
