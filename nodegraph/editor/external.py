"""External control of the open patch: MIDI devices and controllers, OSC, the computer keyboard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .desk import Desk, State

if TYPE_CHECKING:
    from nodegraph.control.connections import Connections


PERIOD = 0.05  # seconds between two commits of external changes


@dataclass(frozen=True)
class OscEndpoint:
    """Address of the OSC server, and the (host, port) that receives changes."""

    port: int = 9000
    host: str = "127.0.0.1"
    send_to: tuple[str, int] | None = None


class ExternalControl(State):
    """The connections to the open patch; they are reopened when another patch is opened."""

    is_per_patch = False

    def __init__(self) -> None:
        self.connections: Connections | None = None
        self.listening = False
        self.osc: OscEndpoint | None = None
        self._patch: Any = None
        self._time = 0.0

    def attach(self, desk: Desk) -> Connections:
        """Return the connections of the open patch to its engine."""
        if self.connections is None or self._patch is not desk.patch:
            from nodegraph.control.connections import Connections

            if self.connections is not None:
                self.connections.close()
            self.connections, self._patch = Connections(desk.patch, desk.sound.engine), desk.patch
            if self.listening:
                self.listening = False
                self._report(desk, self.listen(desk))
            if self.osc is not None:
                self._report(desk, self.listen_osc(desk, self.osc))
        self.connections.engine = desk.sound.engine
        return self.connections

    def _report(self, desk: Desk, problem: str) -> None:
        if problem:
            desk.notify(problem, alarm=True)

    def listen(self, desk: Desk) -> str:
        """Open all MIDI inputs; return the problem, or ""."""
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
        """Start the OSC server; return the problem, or ""."""
        from nodegraph.control.osc import OscError

        self.osc = None
        try:
            self.attach(desk).open_osc(place.port, place.host, place.send_to)
        except OscError as error:
            return str(error)
        self.osc = place
        return ""

    def stop_midi(self) -> None:
        """Close all MIDI inputs."""
        self.listening = False
        if self.connections is not None:
            self.connections.close_midi()

    def stop_osc(self) -> None:
        """Stop the OSC server."""
        self.osc = None
        if self.connections is not None:
            self.connections.close_osc()

    def tick(self, desk: Desk, now: float) -> None:
        """Commit external parameter changes and learned bindings, 20 times per second."""
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
    """Return the external control of the desk; this opens no connection."""
    return desk.state(ExternalControl)
