"""What reaches a playing patch from outside: MIDI devices, a controller, OSC.

MIDI and OSC come in by threads of their own and are heard at once. :meth:`Connections.service`, called some twenty
times a second by the thread that the patch session belongs to, writes down what was turned.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from nodegraph.engine.core import Engine, EngineError
from nodegraph.midi.held import Held
from nodegraph.midi.ports import MidiError, MidiInputs, MidiOutputs
from nodegraph.patch import Patch, PatchError

from .changes import Turns
from .controllers import Controller, is_port_of
from .gain_bank import BankPlayer
from .midi_learn import Bindings, move_of
from .notices import Notices
from .osc import OscServer

SHORTEST = 0.002  # s that a key is down at least


class Connections:
    """Everything from outside that plays ``patch`` in ``engine`` (None: only the patch is turned).

    ``bindings`` turn controls and learn them, ``player`` is the controller's gain bank, if one was taken.
    """

    def __init__(self, patch: Patch, engine: Engine | None = None) -> None:
        self.patch = patch
        self.notices = Notices()
        self.turns = Turns(patch, engine, self.notices.tell)
        self.bindings = Bindings(self.turns)
        self.player: BankPlayer | None = None
        self.osc: OscServer | None = None
        self._inputs: MidiInputs | None = None
        self._lights: MidiOutputs | None = None
        self._wanted: tuple[str, ...] = ()
        self._held = Held()

    @property
    def engine(self) -> Engine | None:
        return self.turns.engine

    @engine.setter
    def engine(self, engine: Engine | None) -> None:
        self.turns.engine = engine

    # -- opening -----------------------------------------------------------------------------------------------

    def use_controller(self, controller: Controller) -> None:
        """Let a controller play the patch's gain bank; its lamps are lit if it has some."""
        self.player = BankPlayer(controller, self.turns, self._light)

    def open_midi(self, wanted: Iterable[str] = (), virtual: str = "") -> None:
        """Listen to MIDI inputs by parts of their names, and to the controller's; ``virtual`` names one of our own.

        Raises MidiError where there is no MIDI.
        """
        self.close_midi()
        own = [self.player.controller.ports] if self.player and self.player.controller.ports else []
        self._wanted = tuple(wanted)
        self._inputs = MidiInputs(self.hear, [*self._wanted, *own], self.notices.tell, virtual, self._has_gone)
        self._inputs.start()
        if own:
            try:
                self._lights = MidiOutputs(own, self._lights_say)
                self._lights.start()
            except MidiError:
                self._lights = None

    def open_osc(self, port: int, host: str = "127.0.0.1", send_to: tuple[str, int] | None = None) -> None:
        """Listen to OSC at a UDP port of one of this machine's addresses; send what changes to ``send_to``.

        Raises OscError where that cannot be.
        """
        self.close_osc()
        self.osc = OscServer(self.turns, port, host, send_to, self.notices.tell)
        self.osc.start()

    def close(self) -> None:
        """Close everything, and write down what was turned last."""
        self.close_midi()
        self.close_osc()
        self.service()

    def close_osc(self) -> None:
        """Listen to OSC no more."""
        if self.osc is not None:
            self.osc.close()
            self.osc = None

    def close_midi(self) -> None:
        """Listen to MIDI no more; what is held down there is let go."""
        if self._inputs is not None:
            for name in self._inputs.names:
                self._has_gone(name)
        for part in (self._inputs, self._lights):
            if part is not None:
                part.close()
        self._inputs = self._lights = None

    # -- hearing -----------------------------------------------------------------------------------------------

    def hear(self, port: str, message: bytes, arrived: float) -> None:
        """Take in a MIDI message that came from ``port`` at ``arrived`` (``time.perf_counter``)."""
        at = 0
        if self.engine is not None:
            at = self._held.on_message(
                port, message, self.engine.midi_time(arrived), round(SHORTEST * self.engine.rate)
            )
            try:
                self.engine.send(message, at, port)
            except EngineError as error:
                self.notices.tell(str(error))
        if self.bindings.hear(port, message, at) or self.player is None:
            return
        virtual = self._inputs.virtual_name if self._inputs is not None else port
        move = move_of(message)
        if move is not None and is_port_of(self.player.controller, port, self._wanted, virtual):
            self.player.hear(move, at)

    def _has_gone(self, port: str) -> None:
        """A device was pulled out: nobody will let go its keys but us."""
        for message in self._held.release_all(port):
            self.hear(port, message, time.perf_counter())

    def _light(self, message: bytes) -> None:
        if self._lights is not None:
            self._lights.send(message)

    def _lights_say(self, line: str) -> None:
        """The input of the same device says the same; lamps must be lit again when it is back."""
        if self.player is not None:
            self.player.forget_lamps()

    # -- writing down ------------------------------------------------------------------------------------------

    def service(self) -> list[str]:
        """Write what was turned and learnt into the patch, light lamps, send OSC; returns lines for the user."""
        try:
            for line in self.bindings.settle():
                self.notices.tell(line)
        except PatchError as error:  # what was to be learnt has gone meanwhile
            self.notices.tell(str(error))
        self.turns.settle()
        if self.player is not None:
            self.player.show()
        if self.osc is not None:
            self.osc.send_changes()
        return self.notices.take()

    @property
    def quits(self) -> bool:
        """Was the controller's button pressed that ends the program?"""
        return self.player is not None and self.player.quits
