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

from .changes import ParameterChanges
from .parameters import Parameter, control_parameter, parameter

PICKUP_TOLERANCE = 1.5 / 127  # a knob this close to the parameter has picked it up
STEPS = 128  # of an endless encoder from one end to the other
FINE = 32  # a controller's fine part is so many numbers above it


@dataclass(frozen=True)
class ControllerInput:
    """A message as the move of something on a device: what and which one, and where it stands now, 0 to 1.

    ``value`` is the position in the 128 steps of MIDI, for encoders and buttons.
    """

    message: str
    number: int
    channel: int
    position: float
    value: int


def controller_input_of(message: bytes) -> ControllerInput | None:
    """The move that a message tells of; None for all that is not turned or pressed."""
    if len(message) < 2 or message[0] >= 0xF0:
        return None
    kind, channel, first = message[0] & 0xF0, (message[0] & 15) + 1, message[1]
    second = message[2] if len(message) > 2 else 0
    if kind == CONTROL:
        return ControllerInput("control_change", first, channel, second / 127, second)
    if kind in (NOTE_ON, NOTE_OFF):
        velocity = second if kind == NOTE_ON else 0
        return ControllerInput("note", first, channel, velocity / 127, velocity)
    if kind == BEND:
        return ControllerInput("pitch_bend", 0, channel, (first + 128 * second) / 16383, second)
    if kind == PRESSURE:
        return ControllerInput("channel_pressure", 0, channel, first / 127, first)
    return None


def matches_binding(binding: Binding, port: str, controller_input: ControllerInput) -> bool:
    """Is it the control of this binding that moved?"""
    if binding.channel not in (None, controller_input.channel) or not port.startswith(binding.device):
        return False
    if binding.message == "control_change_14":
        return controller_input.message == "control_change" and controller_input.number in (
            binding.number,
            binding.number + FINE,
        )
    if binding.message != controller_input.message:
        return False
    return binding.message in ("pitch_bend", "channel_pressure") or binding.number == controller_input.number


def encoder_steps(mode: str, value: int) -> int:
    """How far an endless encoder was turned: two's complement, offset from 64, or sign (64) and magnitude."""
    if mode == "relative_twos":
        return value - 128 if value >= 64 else value
    if mode == "relative_offset":
        return value - 64
    return 64 - value if value > 64 else value % 64


def apply_takeover(takeover: str, value: float, previous: float | None, position: float, held: bool) -> float | None:
    """Where a parameter goes that stands at ``value`` when its knob moves from ``previous`` to ``position`` (all 0–1).

    ``held``: it was this knob that brought the parameter where it is. None: it stays, the knob is elsewhere.
    """
    if takeover == "jump" or held:
        return position
    if takeover == "pickup":
        crossed = previous is not None and min(previous, position) <= value <= max(previous, position)
        return position if crossed or abs(position - value) <= PICKUP_TOLERANCE else None
    if previous is None or position == previous:
        return None
    if position > previous:
        return value + (position - previous) * (1.0 - value) / (1.0 - previous)
    return value + (position - previous) * value / previous


@dataclass
class _ControlState:
    """What is remembered of a bound control between two moves."""

    binding: Binding
    before: float | None = None  # where the knob stood
    set: float | None = None  # where it brought the parameter
    coarse: int = 0
    high_resolution: bool = False  # has its fine part come?
    pressed: bool = False


class Bindings:
    """Turns the controls of a patch as their bindings say, and binds the next control that is moved.

    ``on_message`` is for the thread that MIDI comes in by, all else for the one that the session belongs to.
    """

    def __init__(self, parameter_changes: ParameterChanges) -> None:
        self._parameter_changes = parameter_changes
        self._bound_in: Any = None
        self._bound: list[tuple[Control, Binding]] = []
        self._control_states: dict[str, _ControlState] = {}
        self._learning: deque[LearnRequest] = deque()
        self._moved: deque[tuple[LearnRequest, str, ControllerInput]] = deque()
        self._last: tuple[str, str, int, int] | None = None
        self.learned_actions: list[Action] = []

    def on_message(self, port: str, message: bytes, at: int = 0) -> bool:
        """Take in a message that came from ``port``, to be heard at sample ``at``; True if it turned something."""
        controller_input = controller_input_of(message)
        if controller_input is None:
            return False
        if self._learning and (controller_input.message != "note" or controller_input.value):
            self._learn_from(port, controller_input)
            return True
        turned = False
        for control, binding in self._active_bindings():
            if matches_binding(binding, port, controller_input):
                turned |= self._set_parameter(control, binding, controller_input, at)
        return turned

    def _active_bindings(self) -> list[tuple[Control, Binding]]:
        controls = self._parameter_changes.patch.document.controls
        if controls is not self._bound_in:
            self._bound = [(one, one.midi) for one in controls.values() if one.midi is not None]
            self._bound_in = controls
        return self._bound

    def _set_parameter(self, control: Control, binding: Binding, controller_input: ControllerInput, at: int) -> bool:
        try:
            patch = self._parameter_changes.patch
            knob = control_parameter(patch.document, control, patch.path, self._parameter_changes.allow_outside)
        except PatchError:  # its block is not there
            return False
        state = self._control_states.get(control.name)
        if state is None or state.binding is not binding:
            state = self._control_states[control.name] = _ControlState(binding)
        now = knob.position(self._parameter_changes.value(knob))
        position = _control_position(binding, controller_input, state, now)
        if position is None:
            return False
        if binding.mode == "absolute":
            held = state.set is not None and abs(state.set - now) <= PICKUP_TOLERANCE
            before, state.before = state.before, position
            position = apply_takeover(binding.takeover, now, before, position, held and binding.takeover == "pickup")
            if position is None:
                return False
            state.set = position
        return self._parameter_changes.set_parameter(knob, knob.value(position), at)

    # -- learning ----------------------------------------------------------------------------------------------

    @property
    def learning(self) -> LearnRequest | None:
        """What waits for a control to be moved."""
        return self._learning[0] if self._learning else None

    def learn(self, *learning: LearnRequest) -> None:
        """Bind what is moved next, one control after the other; without any, forget those that wait.

        Raises PatchError where nothing can be turned.
        """
        patch = self._parameter_changes.patch
        for one in learning:
            parameter(patch.document, one.target, one.lane, patch.path, self._parameter_changes.allow_outside)
        self._learning = deque(learning)
        self._last = None

    def commit(self) -> list[str]:
        """Write bindings that were learnt into the patch; returns a line on each.

        ``learned_actions`` has the edits of all that were learnt. Raises PatchError where a node has gone meanwhile.
        """
        lines = []
        while self._moved:
            learning, port, controller_input = self._moved.popleft()
            patch = self._parameter_changes.patch
            name, action = bind(
                patch.document, learning, port, controller_input, patch.path, self._parameter_changes.allow_outside
            )
            patch.do(action)
            self.learned_actions.append(action)
            binding = patch.document.controls[name].midi
            lines.append(f"{describe_binding(binding) if binding else ''} of '{port}' turns {learning.target}.")
        return lines

    def _learn_from(self, port: str, controller_input: ControllerInput) -> None:
        """A knob sends many messages while it moves: they are all of one control."""
        control = (port, controller_input.message, controller_input.channel, controller_input.number)
        if control != self._last:
            self._last = control
            self._moved.append((self._learning.popleft(), port, controller_input))


@dataclass(frozen=True)
class LearnRequest:
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
    high_resolution: bool = False
    any_device: bool = True


def bind(
    document: Document,
    learning: LearnRequest,
    port: str,
    controller_input: ControllerInput,
    patch_path: Path | None = None,
    allow_outside: bool = False,
) -> tuple[str, Action]:
    """The control's name, and the edit that lets what moved turn the target."""
    knob = parameter(document, learning.target, learning.lane, patch_path, allow_outside)
    old = next(
        (one for one in document.controls.values() if (one.target, one.lane) == (knob.port_ref, knob.lane)), None
    )
    name = old.name if old else _free_name(knob, document)
    low = learning.low if learning.low is not None else old.min if old else None
    high = learning.high if learning.high is not None else old.max if old else None
    taper = learning.taper or (old.taper if old else knob.taper)
    message = controller_input.message
    if learning.high_resolution and message == "control_change" and controller_input.number < FINE:
        message = "control_change_14"
    device = "" if learning.any_device else port
    return name, Group(
        (
            SetControl(name, learning.target, low, high, taper, old.doc if old else "", learning.lane),
            SetBinding(
                name,
                controller_input.number,
                message,
                controller_input.channel,
                device,
                learning.mode,
                learning.takeover,
            ),
        )
    )


def unbind(document: Document, target: str, lane: int | None = None) -> Action | None:
    """The edit after which no MIDI turns a parameter; None where none does."""
    found = [one for one in document.controls.values() if (one.target, one.lane) == (target, lane) and one.midi]
    return Group(tuple(RemoveBinding(one.name) for one in found)) if found else None


def describe_binding(binding: Binding) -> str:
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


def _control_position(
    binding: Binding, controller_input: ControllerInput, state: _ControlState, now: float
) -> float | None:
    """Where the knob stands after a move; None where it says nothing yet."""
    if binding.mode == "toggle":
        pressed, was = (
            controller_input.value >= 64 or (binding.message == "note" and controller_input.value > 0),
            state.pressed,
        )
        state.pressed = pressed
        return float(now < 0.5) if pressed and not was else None
    if binding.mode != "absolute":
        return min(max(now + encoder_steps(binding.mode, controller_input.value) / STEPS, 0.0), 1.0)
    if binding.message == "control_change_14":
        if controller_input.number == binding.number:
            state.coarse = controller_input.value
            return state.coarse * 128 / 16383 if state.high_resolution else controller_input.position
        state.high_resolution = True
        return (state.coarse * 128 + controller_input.value) / 16383
    return controller_input.position


def _free_name(knob: Parameter, document: Document) -> str:
    stem = f"{knob.node} {knob.port}".replace("/", " ") + (f" {knob.lane + 1}" if knob.lane is not None else "")
    names = [stem[:90], *(f"{stem[:90]} {k}" for k in range(2, len(document.controls) + 3))]
    return next(name for name in names if name not in document.controls)
