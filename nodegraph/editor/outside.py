"""What plays the open patch from outside: MIDI devices (and the controllers that are known), OSC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nodegraph.connections import Connections

    from .desk import Desk

PERIOD = 0.05  # s


class Outside:
    """Holds the connections of the patch that is open, and moves them to the next one."""

    def __init__(self) -> None:
        self.connections: Connections | None = None
        self._patch: Any = None
        self._time = 0.0

    @property
    def listening(self) -> bool:
        return self.connections is not None

    def listen(self, desk: Desk) -> str:
        """Open all MIDI inputs; returns why that cannot be, "" if it can."""
        if self.connections is not None and self._patch is desk.patch:
            return ""
        self.close()
        from nodegraph.connections import Connections
        from nodegraph.midi.ports import ALL, MidiError

        connections = Connections(desk.patch, desk.sound.engine)
        try:
            connections.open_midi([ALL])
        except MidiError as error:
            connections.close()
            return str(error)
        self.connections, self._patch = connections, desk.patch
        return ""

    def tick(self, desk: Desk, now: float) -> None:
        """Write down what was turned and learnt, twenty times a second."""
        if self.connections is None or now - self._time < PERIOD:
            return
        self._time = now
        if self._patch is not desk.patch:
            self.listen(desk)
        if self.connections is not None:
            self.connections.engine = desk.sound.engine
            for line in self.connections.service():
                desk.say(line)

    def close(self) -> None:
        if self.connections is not None:
            self.connections.close()
            self.connections = None
