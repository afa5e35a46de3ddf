"""What reaches a playing patch from outside: MIDI devices, a controller, OSC.

MIDI and OSC come in by threads of their own and are heard at once. :meth:`Connections.update`, called some twenty
times a second by the thread that the patch session belongs to, writes down what was turned.
"""

from __future__ import annotations

import time
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

MIN_KEY_SECONDS = 0.002  # s that a key is down at least


class Connections:
    """Everything from outside that plays ``patch`` in ``engine`` (None: only the patch is turned).

    ``bindings`` turn controls and learn them, ``player`` is the controller's gain bank, if one was taken.
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

    @property
    def engine(self) -> Engine | None:
        return self.parameter_changes.engine

    @engine.setter
    def engine(self, engine: Engine | None) -> None:
        self.parameter_changes.engine = engine

    # -- opening -----------------------------------------------------------------------------------------------

    def use_controller(self, controller: Controller) -> None:
        """Let a controller play the patch's gain bank; its lamps are lit if it has some."""
        self.player = GainBankController(controller, self.parameter_changes, self._send_lamp)

    def open_midi(self, name_filters: Iterable[str] = (), virtual: str = "") -> None:
        """Listen to MIDI inputs by parts of their names, and to the controller's; ``virtual`` names one of our own.

        Raises MidiError where there is no MIDI.
        """
        self.close_midi()
        own = [self.player.controller.ports] if self.player and self.player.controller.ports else []
        self._port_filters = tuple(name_filters)
        self._inputs = MidiInputs(
            self.on_message, [*self._port_filters, *own], self.notices.add, virtual, self._on_disconnect
        )
        self._inputs.start()
        if own:
            try:
                self._lamp_output = MidiOutputs(own, self._on_lamp_port_notice)
                self._lamp_output.start()
            except MidiError:
                self._lamp_output = None

    def open_osc(self, port: int, host: str = "127.0.0.1", send_to: tuple[str, int] | None = None) -> None:
        """Listen to OSC at a UDP port of one of this machine's addresses; send what changes to ``send_to``.

        Raises OscError where that cannot be.
        """
        self.close_osc()
        self.osc = OscServer(self.parameter_changes, port, host, send_to, self.notices.add)
        self.osc.start()

    def close(self) -> None:
        """Close everything, and write down what was turned last."""
        self.close_midi()
        self.close_osc()
        self.update()

    def close_osc(self) -> None:
        """Listen to OSC no more."""
        if self.osc is not None:
            self.osc.close()
            self.osc = None

    def close_midi(self) -> None:
        """Listen to MIDI no more; what is held down there is let go."""
        if self._inputs is not None:
            for name in self._inputs.names:
                self._on_disconnect(name)
        for part in (self._inputs, self._lamp_output):
            if part is not None:
                part.close()
        self._inputs = self._lamp_output = None

    # -- hearing -----------------------------------------------------------------------------------------------

    def on_message(self, port: str, message: bytes, arrived: float) -> None:
        """Take in a MIDI message that came from ``port`` at ``arrived`` (``time.perf_counter``)."""
        at = 0
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
        """A device was pulled out: nobody will let go its keys but us."""
        for message in self._held.release_all(port):
            self.on_message(port, message, time.perf_counter())

    def _send_lamp(self, message: bytes) -> None:
        if self._lamp_output is not None:
            self._lamp_output.send(message)

    def _on_lamp_port_notice(self, line: str) -> None:
        """The input of the same device says the same; lamps must be lit again when it is back."""
        if self.player is not None:
            self.player.invalidate_lamps()

    # -- writing down ------------------------------------------------------------------------------------------

    def update(self) -> list[str]:
        """Write what was turned and learnt into the patch, light lamps, send OSC; returns lines for the user."""
        try:
            for line in self.bindings.commit():
                self.notices.add(line)
        except PatchError as error:  # what was to be learnt has gone meanwhile
            self.notices.add(str(error))
        self.parameter_changes.commit()
        if self.player is not None:
            self.player.update_lamps()
        if self.osc is not None:
            self.osc.send_changes()
        return self.notices.pop_due()

    @property
    def quit_requested(self) -> bool:
        """Was the controller's button pressed that ends the program?"""
        return self.player is not None and self.player.quit_requested
