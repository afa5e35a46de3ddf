"""MIDI learn: controls of a patch that knobs, keys and wheels of a MIDI device turn.

What a binding says stands in the document (:class:`~nodegraph.patch.Binding`); here is what it does.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodegraph.events import BEND, CONTROL, NOTE_OFF, NOTE_ON, PRESSURE
from nodegraph.patch import Action, Binding, Control, Document, Group, PatchError, RemoveBinding, SetBinding, SetControl

from .changes import Turns
from .parameters import Parameter, control_parameter, parameter

NEAR = 1.5 / 127  # a knob this close to the parameter has picked it up
STEPS = 128  # of an endless encoder from one end to the other
FINE = 32  # a controller's fine part is so many numbers above it


@dataclass(frozen=True)
class Move:
    """A message as the move of something on a device: what and which one, and where it stands now, 0 to 1.

    ``value`` is the position in the 128 steps of MIDI, for encoders and buttons.
    """

    message: str
    number: int
    channel: int
    position: float
    value: int


def move_of(message: bytes) -> Move | None:
    """The move that a message tells of; None for all that is not turned or pressed."""
    if len(message) < 2 or message[0] >= 0xF0:
        return None
    kind, channel, first = message[0] & 0xF0, (message[0] & 15) + 1, message[1]
    second = message[2] if len(message) > 2 else 0
    if kind == CONTROL:
        return Move("control_change", first, channel, second / 127, second)
    if kind in (NOTE_ON, NOTE_OFF):
        velocity = second if kind == NOTE_ON else 0
        return Move("note", first, channel, velocity / 127, velocity)
    if kind == BEND:
        return Move("pitch_bend", 0, channel, (first + 128 * second) / 16383, second)
    if kind == PRESSURE:
        return Move("channel_pressure", 0, channel, first / 127, first)
    return None


def is_meant(binding: Binding, port: str, move: Move) -> bool:
    """Is it the control of this binding that moved?"""
    if binding.channel not in (None, move.channel) or not port.startswith(binding.device):
        return False
    if binding.message == "control_change_14":
        return move.message == "control_change" and move.number in (binding.number, binding.number + FINE)
    if binding.message != move.message:
        return False
    return binding.message in ("pitch_bend", "channel_pressure") or binding.number == move.number


def steps_of(mode: str, value: int) -> int:
    """How far an endless encoder was turned: two's complement, offset from 64, or sign (64) and magnitude."""
    if mode == "relative_twos":
        return value - 128 if value >= 64 else value
    if mode == "relative_offset":
        return value - 64
    return 64 - value if value > 64 else value % 64


def taken_over(takeover: str, value: float, before: float | None, position: float, held: bool) -> float | None:
    """Where a parameter goes that stands at ``value`` when its knob moves from ``before`` to ``position`` (all 0–1).

    ``held``: it was this knob that brought the parameter where it is. None: it stays, the knob is elsewhere.
    """
    if takeover == "jump" or held:
        return position
    if takeover == "pickup":
        crossed = before is not None and min(before, position) <= value <= max(before, position)
        return position if crossed or abs(position - value) <= NEAR else None
    if before is None or position == before:
        return None
    if position > before:
        return value + (position - before) * (1.0 - value) / (1.0 - before)
    return value + (position - before) * value / before


@dataclass
class _Hold:
    """What is remembered of a bound control between two moves."""

    binding: Binding
    before: float | None = None  # where the knob stood
    set: float | None = None  # where it brought the parameter
    coarse: int = 0
    fine: bool = False  # has its fine part come?
    pressed: bool = False


class Bindings:
    """Turns the controls of a patch as their bindings say, and binds the next control that is moved.

    ``hear`` is for the thread that MIDI comes in by, all else for the one that the session belongs to.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._bound_in: Any = None
        self._bound: list[tuple[Control, Binding]] = []
        self._holds: dict[str, _Hold] = {}
        self._learning: deque[Learning] = deque()
        self._moved: deque[tuple[Learning, str, Move]] = deque()
        self._last: tuple[str, str, int, int] | None = None
        self.learnt: list[Action] = []

    def hear(self, port: str, message: bytes, at: int = 0) -> bool:
        """Take in a message that came from ``port``, to be heard at sample ``at``; True if it turned something."""
        move = move_of(message)
        if move is None:
            return False
        if self._learning and (move.message != "note" or move.value):
            self._learn_from(port, move)
            return True
        turned = False
        for control, binding in self._bound_now():
            if is_meant(binding, port, move):
                turned |= self._turn(control, binding, move, at)
        return turned

    def _bound_now(self) -> list[tuple[Control, Binding]]:
        controls = self._turns.patch.document.controls
        if controls is not self._bound_in:
            self._bound = [(one, one.midi) for one in controls.values() if one.midi is not None]
            self._bound_in = controls
        return self._bound

    def _turn(self, control: Control, binding: Binding, move: Move, at: int) -> bool:
        try:
            patch = self._turns.patch
            knob = control_parameter(patch.document, control, patch.path, self._turns.allow_outside)
        except PatchError:  # its block is not there
            return False
        hold = self._holds.get(control.name)
        if hold is None or hold.binding is not binding:
            hold = self._holds[control.name] = _Hold(binding)
        now = knob.position(self._turns.value(knob))
        position = _position(binding, move, hold, now)
        if position is None:
            return False
        if binding.mode == "absolute":
            held = hold.set is not None and abs(hold.set - now) <= NEAR
            before, hold.before = hold.before, position
            position = taken_over(binding.takeover, now, before, position, held and binding.takeover == "pickup")
            if position is None:
                return False
            hold.set = position
        return self._turns.turn(knob, knob.value(position), at)

    # -- learning ----------------------------------------------------------------------------------------------

    @property
    def learning(self) -> Learning | None:
        """What waits for a control to be moved."""
        return self._learning[0] if self._learning else None

    def learn(self, *learning: Learning) -> None:
        """Bind what is moved next, one control after the other; without any, forget those that wait.

        Raises PatchError where nothing can be turned.
        """
        patch = self._turns.patch
        for one in learning:
            parameter(patch.document, one.target, one.lane, patch.path, self._turns.allow_outside)
        self._learning = deque(learning)
        self._last = None

    def settle(self) -> list[str]:
        """Write bindings that were learnt into the patch; returns a line on each.

        ``learnt`` has the edits of all that were learnt. Raises PatchError where a node has gone meanwhile.
        """
        lines = []
        while self._moved:
            learning, port, move = self._moved.popleft()
            patch = self._turns.patch
            name, action = bind(patch.document, learning, port, move, patch.path, self._turns.allow_outside)
            patch.do(action)
            self.learnt.append(action)
            binding = patch.document.controls[name].midi
            lines.append(f"{said(binding) if binding else ''} of '{port}' turns {learning.target}.")
        return lines

    def _learn_from(self, port: str, move: Move) -> None:
        """A knob sends many messages while it moves: they are all of one control."""
        control = (port, move.message, move.channel, move.number)
        if control != self._last:
            self._last = control
            self._moved.append((self._learning.popleft(), port, move))


@dataclass(frozen=True)
class Learning:
    """What a learnt control is to turn: ``target`` is ``"node.port"``; the rest as in Control and Binding.

    ``low`` and ``high`` are the range it travels, in the parameter's unit (None: its own).
    """

    target: str
    lane: int | None = None
    low: float | None = None
    high: float | None = None
    taper: str = ""
    mode: str = "absolute"
    takeover: str = "jump"
    fine: bool = False
    any_device: bool = True


def bind(
    document: Document,
    learning: Learning,
    port: str,
    move: Move,
    patch_path: Path | None = None,
    allow_outside: bool = False,
) -> tuple[str, Action]:
    """The control's name, and the edit that lets what moved turn the target."""
    knob = parameter(document, learning.target, learning.lane, patch_path, allow_outside)
    old = next((one for one in document.controls.values() if (one.target, one.lane) == (knob.end, knob.lane)), None)
    name = old.name if old else _free_name(knob, document)
    low = learning.low if learning.low is not None else old.min if old else None
    high = learning.high if learning.high is not None else old.max if old else None
    taper = learning.taper or (old.taper if old else knob.taper)
    message = move.message
    if learning.fine and message == "control_change" and move.number < FINE:
        message = "control_change_14"
    device = "" if learning.any_device else port
    return name, Group(
        (
            SetControl(name, learning.target, low, high, taper, old.doc if old else "", learning.lane),
            SetBinding(name, move.number, message, move.channel, device, learning.mode, learning.takeover),
        )
    )


def unbind(document: Document, target: str, lane: int | None = None) -> Action | None:
    """The edit after which no MIDI turns a parameter; None where none does."""
    found = [one for one in document.controls.values() if (one.target, one.lane) == (target, lane) and one.midi]
    return Group(tuple(RemoveBinding(one.name) for one in found)) if found else None


def said(binding: Binding) -> str:
    """A binding in a few words: ``CC 74``, ``CC 74, channel 2``, ``note 60``."""
    words = {
        "control_change": f"CC {binding.number}",
        "control_change_14": f"CC {binding.number}/{binding.number + FINE}",
        "note": f"note {binding.number}",
        "pitch_bend": "pitch bend",
        "channel_pressure": "pressure",
    }
    channel = f", channel {binding.channel}" if binding.channel is not None else ""
    return words[binding.message] + channel


def _position(binding: Binding, move: Move, hold: _Hold, now: float) -> float | None:
    """Where the knob stands after a move; None where it says nothing yet."""
    if binding.mode == "toggle":
        pressed, was = move.value >= 64 or (binding.message == "note" and move.value > 0), hold.pressed
        hold.pressed = pressed
        return float(now < 0.5) if pressed and not was else None
    if binding.mode != "absolute":
        return min(max(now + steps_of(binding.mode, move.value) / STEPS, 0.0), 1.0)
    if binding.message == "control_change_14":
        if move.number == binding.number:
            hold.coarse = move.value
            return hold.coarse * 128 / 16383 if hold.fine else move.position
        hold.fine = True
        return (hold.coarse * 128 + move.value) / 16383
    return move.position


def _free_name(knob: Parameter, document: Document) -> str:
    stem = f"{knob.node} {knob.port}".replace("/", " ") + (f" {knob.lane + 1}" if knob.lane is not None else "")
    names = [stem[:90], *(f"{stem[:90]} {k}" for k in range(2, len(document.controls) + 3))]
    return next(name for name in names if name not in document.controls)
