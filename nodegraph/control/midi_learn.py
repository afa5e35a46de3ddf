"""MIDI bindings: controls of a patch that are set by knobs, keys and wheels of a MIDI device, and MIDI learn.

The document stores bindings (:class:`~nodegraph.patch.Binding`); this module applies them.
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

PICKUP_TOLERANCE = 1.5 / 127  # a hardware control this close to the parameter picks it up
STEPS = 128  # encoder steps over the full range
FINE = 32  # offset from the number of a 14-bit controller to that of its low 7 bits


@dataclass(frozen=True)
class ControllerInput:
    """A MIDI message as the move of a hardware control to ``position``, 0 to 1.

    ``value`` is the raw data byte (0–127), for encoders and buttons.
    """

    message: str
    number: int
    channel: int
    position: float
    value: int


def controller_input_of(message: bytes) -> ControllerInput | None:
    """Decode a message as a move of a hardware control; return None for all other messages."""
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
    """Return True if a message from ``port`` belongs to a binding."""
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
    """Decode the steps of an endless encoder: two's complement, offset from 64, or sign (64) and magnitude."""
    if mode == "relative_twos":
        return value - 128 if value >= 64 else value
    if mode == "relative_offset":
        return value - 64
    return 64 - value if value > 64 else value % 64


def apply_takeover(takeover: str, value: float, previous: float | None, position: float, held: bool) -> float | None:
    """Return the new parameter value when a hardware control moves from ``previous`` to ``position`` (all 0–1).

    ``held`` is True if this control set the current ``value``. None means that the parameter does not change.
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
    """The state of a bound control between two messages."""

    binding: Binding
    previous: float | None = None  # last position of the hardware control
    set: float | None = None  # position that it set the parameter to
    coarse: int = 0
    high_resolution: bool = False  # True once the low 7 bits were received
    pressed: bool = False


class Bindings:
    """Applies the MIDI bindings of a patch, and binds the next hardware control that is moved.

    ``on_message`` is called in the MIDI thread, all other methods in the thread that owns the patch.
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
        """Apply a message from ``port`` at sample ``at``; return True if it set or bound a parameter."""
        controller_input = controller_input_of(message)
        if controller_input is None:
            return False
        if self._learning and (controller_input.message != "note" or controller_input.value):
            self._learn_from(port, controller_input)
            return True
        handled = False
        for control, binding in self._active_bindings():
            if matches_binding(binding, port, controller_input):
                handled |= self._set_parameter(control, binding, controller_input, at)
        return handled

    def _active_bindings(self) -> list[tuple[Control, Binding]]:
        controls = self._parameter_changes.patch.document.controls
        if controls is not self._bound_in:
            self._bound = [(control, control.midi) for control in controls.values() if control.midi is not None]
            self._bound_in = controls
        return self._bound

    def _set_parameter(self, control: Control, binding: Binding, controller_input: ControllerInput, at: int) -> bool:
        try:
            patch = self._parameter_changes.patch
            target = control_parameter(patch.document, control, patch.path, self._parameter_changes.allow_outside)
        except PatchError:  # the block is missing
            return False
        state = self._control_states.get(control.name)
        if state is None or state.binding is not binding:
            state = self._control_states[control.name] = _ControlState(binding)
        now = target.position(self._parameter_changes.value(target))
        position = _control_position(binding, controller_input, state, now)
        if position is None:
            return False
        if binding.mode == "absolute":
            held = state.set is not None and abs(state.set - now) <= PICKUP_TOLERANCE
            previous, state.previous = state.previous, position
            position = apply_takeover(binding.takeover, now, previous, position, held and binding.takeover == "pickup")
            if position is None:
                return False
            state.set = position
        return self._parameter_changes.set_parameter(target, target.value(position), at)

    # -- learning ----------------------------------------------------------------------------------------------

    @property
    def learning(self) -> LearnRequest | None:
        """The next parameter to be bound, or None."""
        return self._learning[0] if self._learning else None

    def learn(self, *learning: LearnRequest) -> None:
        """Bind the next controls that are moved to the requested parameters, in order; no request cancels learning.

        Raises PatchError if a parameter does not exist.
        """
        patch = self._parameter_changes.patch
        for request in learning:
            parameter(patch.document, request.target, request.lane, patch.path, self._parameter_changes.allow_outside)
        self._learning = deque(learning)
        self._last = None

    def commit(self) -> list[str]:
        """Commit learned bindings to the patch; return one line for each.

        ``learned_actions`` collects all these edits. Raises PatchError if a node was removed in the meantime.
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
            lines.append(f"{describe_binding(binding) if binding else ''} of '{port}' sets {learning.target}.")
        return lines

    def _learn_from(self, port: str, controller_input: ControllerInput) -> None:
        """Queue a binding; further messages of the same control are skipped, because a knob sends many."""
        control = (port, controller_input.message, controller_input.channel, controller_input.number)
        if control != self._last:
            self._last = control
            self._moved.append((self._learning.popleft(), port, controller_input))


@dataclass(frozen=True)
class LearnRequest:
    """A parameter to bind: ``target`` is ``"node.port"``; the other fields are those of Control and Binding.

    ``low`` and ``high`` are the range of the control, in the parameter's unit (None: that of the parameter).
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
    """Return the name of the control, and the edit that binds ``controller_input`` to the target."""
    target = parameter(document, learning.target, learning.lane, patch_path, allow_outside)
    old = next(
        (
            control
            for control in document.controls.values()
            if (control.target, control.lane) == (target.port_ref, target.lane)
        ),
        None,
    )
    name = old.name if old else _free_name(target, document)
    low = learning.low if learning.low is not None else old.min if old else None
    high = learning.high if learning.high is not None else old.max if old else None
    taper = learning.taper or (old.taper if old else target.taper)
    same_range = old is not None and (old.min, old.max) == (low, high)
    steps = old.steps if old and (same_range or isinstance(old.steps, int)) else None
    group = old.group if old else ""
    message = controller_input.message
    if learning.high_resolution and message == "control_change" and controller_input.number < FINE:
        message = "control_change_14"
    device = "" if learning.any_device else port
    return name, Group(
        (
            SetControl(name, learning.target, low, high, taper, old.doc if old else "", learning.lane, steps, group),
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
    """Return the edit that removes the bindings of a parameter, or None if it has none."""
    found = [
        control
        for control in document.controls.values()
        if (control.target, control.lane) == (target, lane) and control.midi
    ]
    return Group(tuple(RemoveBinding(control.name) for control in found)) if found else None


def describe_binding(binding: Binding) -> str:
    """Describe a binding: ``CC 74``, ``CC 74, channel 2``, ``note 60``."""
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
    """Return the position of a control after an input, or None if the input has no effect."""
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


def _free_name(target: Parameter, document: Document) -> str:
    stem = f"{target.node} {target.port}".replace("/", " ") + (f" {target.lane + 1}" if target.lane is not None else "")
    names = [stem[:90], *(f"{stem[:90]} {k}" for k in range(2, len(document.controls) + 3))]
    return next(name for name in names if name not in document.controls)
