"""External control of a playing patch: MIDI devices, a controller, OSC.

MIDI and OSC are received in separate threads and take effect immediately. The thread that owns the patch calls
:meth:`Connections.update` about twenty times a second; it commits the changes to the document.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from nodegraph.engine.core import Engine, EngineError
from nodegraph.midi.held import HeldKeys
from nodegraph.midi.ports import MidiError, MidiInputs, MidiOutputs
from nodegraph.patch import Patch, PatchError

from .changes import ParameterChanges
from .controllers import Controller, is_port_of
from .gain_bank import GainBankController
from .midi_learn import Bindings, controller_input_of
from .notices import Notices
from .osc import OscServer

MAX_ARRIVED = 6  # messages that are remembered for display
MIN_KEY_SECONDS = 0.002  # minimum seconds between a note-on and its note-off


class Connections:
    """The MIDI, controller and OSC inputs of ``patch`` in ``engine`` (None: they change the document only).

    ``bindings`` apply and learn MIDI bindings; ``player`` plays the gain bank if a controller is in use.
    """

    def __init__(self, patch: Patch, engine: Engine | None = None) -> None:
        self.patch = patch
        self.notices = Notices()
        self.parameter_changes = ParameterChanges(patch, engine, self.notices.add)
        self.bindings = Bindings(self.parameter_changes)
        self.player: GainBankController | None = None
        self.osc: OscServer | None = None
        self._inputs: MidiInputs | None = None
        self._lamp_output: MidiOutputs | None = None
        self._port_filters: tuple[str, ...] = ()
        self._held = HeldKeys()
        self.arrived: deque[tuple[str, bytes]] = deque(maxlen=MAX_ARRIVED)  # port and message, the latest last

    @property
    def engine(self) -> Engine | None:
        return self.parameter_changes.engine

    @engine.setter
    def engine(self, engine: Engine | None) -> None:
        self.parameter_changes.engine = engine

    # -- opening -----------------------------------------------------------------------------------------------

    def use_controller(self, controller: Controller) -> None:
        """Play the gain bank of the patch with a controller, and drive its lamps."""
        self.player = GainBankController(controller, self.parameter_changes, self._send_lamp)

    def open_midi(self, name_filters: Iterable[str] = (), virtual: str = "") -> None:
        """Open the MIDI inputs whose names contain a filter, the controller's, and a virtual one named ``virtual``.

        Raises MidiError if MIDI is unavailable.
        """
        self.close_midi()
        controller_ports = [self.player.controller.ports] if self.player and self.player.controller.ports else []
        self._port_filters = tuple(name_filters)
        self._inputs = MidiInputs(
            self.on_message, [*self._port_filters, *controller_ports], self.notices.add, virtual, self._on_disconnect
        )
        self._inputs.start()
        if controller_ports:
            try:
                self._lamp_output = MidiOutputs(controller_ports, self._on_lamp_port_notice)
                self._lamp_output.start()
            except MidiError:
                self._lamp_output = None

    def open_osc(self, port: int, host: str = "127.0.0.1", send_to: tuple[str, int] | None = None) -> None:
        """Start an OSC server on a UDP port of ``host``; send changes to ``send_to``.

        Raises OscError if the port or an address is unavailable.
        """
        self.close_osc()
        self.osc = OscServer(self.parameter_changes, port, host, send_to, self.notices.add)
        self.osc.start()

    def close(self) -> None:
        """Close all inputs and commit the last changes."""
        self.close_midi()
        self.close_osc()
        self.update()

    @property
    def midi_inputs(self) -> list[str]:
        """The names of the open MIDI inputs."""
        return self._inputs.names if self._inputs is not None else []

    def close_osc(self) -> None:
        """Stop the OSC server."""
        if self.osc is not None:
            self.osc.close()
            self.osc = None

    def close_midi(self) -> None:
        """Close the MIDI ports and release all keys that are held on them."""
        if self._inputs is not None:
            for name in self._inputs.names:
                self._on_disconnect(name)
        for ports in (self._inputs, self._lamp_output):
            if ports is not None:
                ports.close()
        self._inputs = self._lamp_output = None

    # -- receiving ---------------------------------------------------------------------------------------------

    def on_message(self, port: str, message: bytes, arrived: float) -> None:
        """Handle a MIDI message from ``port``, received at ``arrived`` (``time.perf_counter``)."""
        at = 0
        self.arrived.append((port, message))
        if self.engine is not None:
            at = self._held.on_message(
                port, message, self.engine.midi_time(arrived), round(MIN_KEY_SECONDS * self.engine.rate)
            )
            try:
                self.engine.send(message, at, port)
            except EngineError as error:
                self.notices.add(str(error))
        if self.bindings.on_message(port, message, at) or self.player is None:
            return
        virtual = self._inputs.virtual_name if self._inputs is not None else port
        controller_input = controller_input_of(message)
        if controller_input is not None and is_port_of(self.player.controller, port, self._port_filters, virtual):
            self.player.on_input(controller_input, at)

    def _on_disconnect(self, port: str) -> None:
        """Release all keys of a disconnected device."""
        for message in self._held.release_all(port):
            self.on_message(port, message, time.perf_counter())

    def _send_lamp(self, message: bytes) -> None:
        if self._lamp_output is not None:
            self._lamp_output.send(message)

    def _on_lamp_port_notice(self, line: str) -> None:
        """Reset the lamp states; the input of the same device already reports the notice."""
        if self.player is not None:
            self.player.invalidate_lamps()

    # -- committing --------------------------------------------------------------------------------------------

    def update(self) -> list[str]:
        """Commit changes and learned bindings, update lamps, send OSC; return lines for the user."""
        try:
            for line in self.bindings.commit():
                self.notices.add(line)
        except PatchError as error:  # the node to bind was removed
            self.notices.add(str(error))
        self.parameter_changes.commit()
        if self.player is not None:
            self.player.update_lamps()
        if self.osc is not None:
            self.osc.send_changes()
        return self.notices.pop_due()

    @property
    def quit_requested(self) -> bool:
        """True after the quit button of the controller was pressed."""
        return self.player is not None and self.player.quit_requested
