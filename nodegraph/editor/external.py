"""What plays the open patch from outside: MIDI devices (and the controllers that are known), OSC, the letter keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .desk import Desk, State

if TYPE_CHECKING:
    from nodegraph.control.connections import Connections


PERIOD = 0.05  # s


@dataclass(frozen=True)
class OscEndpoint:
    """Where OSC is listened to, and who is told what changes."""

    port: int = 9000
    host: str = "127.0.0.1"
    send_to: tuple[str, int] | None = None


class ExternalControl(State):
    """Holds the connections of the patch that is open, and moves them to the next one."""

    lasting = True

    def __init__(self) -> None:
        self.connections: Connections | None = None
        self.listening = False
        self.osc: OscEndpoint | None = None
        self._patch: Any = None
        self._time = 0.0

    def attach(self, desk: Desk) -> Connections:
        """The connections of the patch that is open to the engine that plays it."""
        if self.connections is None or self._patch is not desk.patch:
            from nodegraph.control.connections import Connections

            if self.connections is not None:
                self.connections.close()
            self.connections, self._patch = Connections(desk.patch, desk.sound.engine), desk.patch
            if self.listening:
                self.listening = False
                self._tell(desk, self.listen(desk))
            if self.osc is not None:
                self._tell(desk, self.listen_osc(desk, self.osc))
        self.connections.engine = desk.sound.engine
        return self.connections

    def _tell(self, desk: Desk, problem: str) -> None:
        if problem:
            desk.notify(problem, alarm=True)

    def listen(self, desk: Desk) -> str:
        """Open all MIDI inputs; returns why that cannot be, "" if it can."""
        connections = self.attach(desk)
        if self.listening:
            return ""
        from nodegraph.midi.ports import ALL, MidiError

        try:
            connections.open_midi([ALL])
        except MidiError as error:
            return str(error)
        self.listening = True
        return ""

    def listen_osc(self, desk: Desk, place: OscEndpoint) -> str:
        """Listen to OSC; returns why that cannot be, "" if it can."""
        from nodegraph.control.osc import OscError

        self.osc = None
        try:
            self.attach(desk).open_osc(place.port, place.host, place.send_to)
        except OscError as error:
            return str(error)
        self.osc = place
        return ""

    def stop_midi(self) -> None:
        """Listen to no MIDI input any more."""
        self.listening = False
        if self.connections is not None:
            self.connections.close_midi()

    def stop_osc(self) -> None:
        """Listen to OSC no more."""
        self.osc = None
        if self.connections is not None:
            self.connections.close_osc()

    def tick(self, desk: Desk, now: float) -> None:
        """Write down what was turned and learnt, twenty times a second."""
        if self.connections is None or now - self._time < PERIOD:
            return
        self._time = now
        for line in self.attach(desk).update():
            desk.notify(line)

    def close(self) -> None:
        self.listening, self.osc = False, None
        if self.connections is not None:
            self.connections.close()
            self.connections = None


def external_control(desk: Desk) -> ExternalControl:
    """The connections to the outside; asking for them opens none."""
    return desk.state(ExternalControl)
