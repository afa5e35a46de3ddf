"""Keys and pedals that are down, by port: they are released when a device is unplugged."""

from __future__ import annotations

from nodegraph.events import CONTROL, NOTE_OFF, NOTE_ON, PEDAL


class HeldKeys:
    """Tracks the messages of all ports. Times are samples."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, int, int], int] = {}
        self._pedals: set[tuple[str, int]] = set()

    def on_message(self, port: str, message: bytes, at: int, min_samples: int = 0) -> int:
        """Record a message that is due at sample ``at``; return the sample at which it takes effect.

        That is ``at``, or later for a note-off, as a key is down for at least ``min_samples`` samples: some drivers
        give a note-on and its note-off the same time.
        """
        kind, channel = message[0] & 0xF0, message[0] & 15
        if kind == NOTE_ON and message[2]:
            self._keys[port, channel, message[1]] = at
        elif kind in (NOTE_ON, NOTE_OFF):
            began = self._keys.pop((port, channel, message[1]), None)
            return at if began is None else max(at, began + min_samples)
        elif kind == CONTROL and message[1] == PEDAL:
            (self._pedals.add if message[2] >= 64 else self._pedals.discard)((port, channel))
        return at

    def release_all(self, port: str) -> list[bytes]:
        """Return the messages that release all keys and pedals of a port."""
        keys = [(channel, key) for name, channel, key in list(self._keys) if name == port]
        pedals = [channel for name, channel in list(self._pedals) if name == port]
        note_offs = [bytes((NOTE_OFF + channel, key, 64)) for channel, key in keys]
        return note_offs + [bytes((CONTROL + channel, PEDAL, 0)) for channel in pedals]
