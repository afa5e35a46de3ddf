"""Edits of controls and their MIDI bindings."""

from __future__ import annotations

from dataclasses import replace

from ..change import LOOK
from ..document import MESSAGES, MODES, TAKEOVERS, Binding, Control, Document, locate
from ..errors import InvalidValue, PatchError, quote
from ..steps import check_steps
from .base import Action, named, parse_port_ref, plain_value, quoted_list, without


class SetControl(Action, frozen=True, tag="set_control"):
    """Add a control, or replace the one with this name, but not its binding. Fields as in :class:`Control`."""

    kind = LOOK

    name: str
    target: str
    min: float | None = None
    max: float | None = None
    taper: str = "linear"
    doc: str = ""
    lane: int | None = None
    steps: int | tuple[float, ...] | None = None
    group: str = ""

    def apply(self, document: Document) -> Document:
        named(self.name, "name")
        node, _ = parse_port_ref(self.target)
        locate(document, node)
        subject = f"control {quote(self.name)}"
        plain_value([self.min, self.max], subject)
        if self.taper not in ("linear", "log"):
            raise PatchError(f"{subject}: taper must be 'linear' or 'log', got {quote(self.taper)}.")
        if self.lane is not None and not 0 <= self.lane < 2**31:
            raise PatchError(f"{subject}: lane must be 0 or more, got {self.lane}.")
        if not isinstance(self.group, str):
            raise PatchError(f"{subject}: the group must be text, got {quote(self.group)}.")
        try:
            steps = check_steps(self.steps, self.min, self.max)
        except InvalidValue as fault:
            raise PatchError(f"{subject}: {fault.text}.") from None
        old = document.controls.get(self.name) or Control(self.name, self.target)
        control = replace(
            old,
            target=self.target,
            min=self.min,
            max=self.max,
            taper=self.taper,
            doc=self.doc,
            lane=self.lane,
            steps=steps,
            group=self.group,
        )
        return replace(document, controls={**document.controls, self.name: control})


class RemoveControl(Action, frozen=True, tag="remove_control"):
    """Remove a control, but not its parameter."""

    kind = LOOK

    name: str

    def apply(self, document: Document) -> Document:
        control_of(self.name, document)
        return replace(document, controls=without(document.controls, self.name))


class SetBinding(Action, frozen=True, tag="set_binding"):
    """Bind a control to a MIDI message. Fields as in :class:`Binding`."""

    kind = LOOK

    name: str
    number: int = 0
    message: str = "control_change"
    channel: int | None = None
    device: str = ""
    mode: str = "absolute"
    takeover: str = "jump"

    def apply(self, document: Document) -> Document:
        old = control_of(self.name, document)
        if not 0 <= self.number <= 127:
            raise PatchError(f"control {quote(self.name)}: the MIDI number must lie in 0–127, got {self.number}.")
        if self.channel is not None and not 1 <= self.channel <= 16:
            raise PatchError(f"control {quote(self.name)}: the MIDI channel must lie in 1–16, got {self.channel}.")
        for name, value, known in (
            ("message", self.message, MESSAGES),
            ("mode", self.mode, MODES),
            ("takeover", self.takeover, TAKEOVERS),
        ):
            if value not in known:
                raise PatchError(
                    f"control {quote(self.name)}: {name} must be {quoted_list(known)}, got {quote(value)}."
                )
        extra = old.midi.extra if old.midi else {}
        midi = Binding(self.number, self.message, self.channel, self.device, self.mode, self.takeover, extra)
        if midi == old.midi:
            return document
        return replace(document, controls={**document.controls, self.name: replace(old, midi=midi)})


class RemoveBinding(Action, frozen=True, tag="remove_binding"):
    """Remove the MIDI binding of a control."""

    kind = LOOK

    name: str

    def apply(self, document: Document) -> Document:
        old = control_of(self.name, document)
        if old.midi is None:
            return document
        return replace(document, controls={**document.controls, self.name: replace(old, midi=None)})


def control_of(name: str, document: Document) -> Control:
    try:
        return document.controls[name]
    except KeyError:
        raise PatchError(f"unknown control {quote(name)}. See the patch's controls.") from None
