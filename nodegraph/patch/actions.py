"""Edits as data: each action is a small value that makes a new document from an old one.

Actions can be logged, sent and replayed: :func:`to_data` and :func:`from_data` turn them into plain
dicts and back, the field ``do`` telling which one it is. An action that does not fit the document
raises :class:`PatchError` and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from .document import (
    MESSAGES,
    MODES,
    TAKEOVERS,
    Binding,
    Control,
    Document,
    NodeRecord,
    Note,
    Settings,
    Wire,
    no_such_node,
)
from .errors import Fault, PatchError, quote
from .names import check_name, split_end
from .values import plain


class Action(Struct, frozen=True, tag_field="do", omit_defaults=True):
    """Base of every edit."""

    def apply(self, document: Document) -> Document:
        """The edited document; ``document`` itself when there is nothing to change."""
        raise NotImplementedError

    def continues(self, earlier: Action) -> bool:
        """Is this one more step of the same gesture (a slider being dragged) as ``earlier``?"""
        return False


class AddNode(Action, frozen=True, tag="add_node"):
    """A new node at the end of the document; ``at`` places it (pixels at zoom 1)."""

    id: str
    type: str
    version: int = 1
    params: dict[str, Any] = {}
    at: tuple[float, float] | None = None
    extra: dict[str, str] = {}

    def apply(self, document: Document) -> Document:
        _name(self.id)
        if self.id in document.nodes:
            raise PatchError(f"there is a node {quote(self.id)} already. Choose another id.")
        record = _record(self.id, self.type, self.version, self.params, self.extra)
        document = replace(document, nodes={**document.nodes, self.id: record})
        return document if self.at is None else Move(self.id, *self.at).apply(document)


class RemoveNode(Action, frozen=True, tag="remove_node"):
    """A node goes, and with it its wires, its place and the controls that turn it."""

    id: str

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        return replace(
            document,
            nodes=_without(document.nodes, self.id),
            wires=tuple(w for w in document.wires if w.source != self.id and w.target != self.id),
            controls={k: c for k, c in document.controls.items() if _target_node(c) != self.id},
            layout=_without(document.layout, self.id),
        )


class Rename(Action, frozen=True, tag="rename"):
    """Another id for a node, in its wires, controls and place as well."""

    id: str
    new: str

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        if self.new == self.id:
            return document
        _name(self.new)
        if self.new in document.nodes:
            raise PatchError(f"there is a node {quote(self.new)} already. Choose another id.")

        def name(id: str) -> str:
            return self.new if id == self.id else id

        def wire(old: Wire) -> Wire:
            if self.id in (old.source, old.target):
                return replace(old, source=name(old.source), target=name(old.target))
            return old

        def control(old: Control) -> Control:
            node, _, port = old.target.partition(".")
            return replace(old, target=f"{self.new}.{port}") if node == self.id else old

        return replace(
            document,
            nodes={name(id): node for id, node in document.nodes.items()},
            wires=tuple(map(wire, document.wires)),
            controls={key: control(one) for key, one in document.controls.items()},
            layout={name(id): place for id, place in document.layout.items() if id != self.new},
        )


class Replace(Action, frozen=True, tag="replace"):
    """Another type for a node, which keeps its id, place and the wires that fit.

    ``inputs`` and ``outputs`` name the ports of the new type; wires and controls on other ports are
    dropped (``None``: all fit). ``params`` are the new ones (``None``: those it had).
    """

    id: str
    type: str
    version: int = 1
    params: dict[str, Any] | None = None
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None

    def apply(self, document: Document) -> Document:
        old = document.node(self.id)
        params = old.params if self.params is None else self.params
        record = _record(self.id, self.type, self.version, params, old.extra)

        def fits(node: str, port: str, ports: tuple[str, ...] | None) -> bool:
            return node != self.id or ports is None or port in ports

        def stays(wire: Wire) -> bool:
            leaves = fits(wire.source, wire.source_port, self.outputs)
            return leaves and fits(wire.target, wire.target_port, self.inputs)

        def turns(control: Control) -> bool:
            node, _, port = control.target.partition(".")
            return fits(node, port, self.inputs)

        return replace(
            document,
            nodes={**document.nodes, self.id: record},
            wires=tuple(wire for wire in document.wires if stays(wire)),
            controls={key: control for key, control in document.controls.items() if turns(control)},
        )


class Connect(Action, frozen=True, tag="connect"):
    """A wire from ``source`` ("osc1.out") to ``target`` ("lp1.audio")."""

    source: str
    target: str
    feedback: bool = False
    extra: dict[str, str] = {}

    def apply(self, document: Document) -> Document:
        wire = Wire(*_end(self.source, document), *_end(self.target, document), self.feedback, self.extra)
        if _find(wire.start, wire.end, document):
            raise PatchError(
                f"{wire.start} → {wire.end} is wired already. To hear it twice, turn up its gain."
            )
        return replace(document, wires=(*document.wires, wire))


class Disconnect(Action, frozen=True, tag="disconnect"):
    """The wire from ``source`` to ``target`` goes."""

    source: str
    target: str

    def apply(self, document: Document) -> Document:
        wire = _find(self.source, self.target, document)
        if wire is None:
            ends = f"from {quote(self.source)} to {quote(self.target)}"
            raise PatchError(f"no wire runs {ends}. Look at the wires of the patch.")
        return replace(document, wires=tuple(other for other in document.wires if other is not wire))


class SetParam(Action, frozen=True, tag="set_param"):
    """A parameter of a node: the value of an input, or a setting.

    ``merge=True`` makes it one undo step with the setting of the same port right before it: the
    first move of a slider says False, all others until the release True.
    """

    node: str
    port: str
    value: Any
    merge: bool = False

    def apply(self, document: Document) -> Document:
        record = document.node(self.node)
        _name(self.port, "port")
        value = _plain(self.value, f"{self.node}.{self.port}")
        old = record.params.get(self.port)
        if type(old) is type(value) and old == value and isinstance(value, int | float | str):
            return document
        params = {**record.params, self.port: value}
        return replace(document, nodes={**document.nodes, self.node: replace(record, params=params)})

    def continues(self, earlier: Action) -> bool:
        same = isinstance(earlier, SetParam) and (earlier.node, earlier.port) == (self.node, self.port)
        return self.merge and same


class ClearParam(Action, frozen=True, tag="clear_param"):
    """A parameter goes back to its default."""

    node: str
    port: str

    def apply(self, document: Document) -> Document:
        record = document.node(self.node)
        if self.port not in record.params:
            return document
        record = replace(record, params=_without(record.params, self.port))
        return replace(document, nodes={**document.nodes, self.node: record})


class Move(Action, frozen=True, tag="move"):
    """A place for a node, in pixels at zoom 1, kept to a hundredth: finer is noise in a diff."""

    id: str
    x: float
    y: float

    def apply(self, document: Document) -> Document:
        document.node(self.id)
        place = _place(self.x, self.y)
        if document.layout.get(self.id) == place:
            return document
        return replace(document, layout={**document.layout, self.id: place})


class SetSeed(Action, frozen=True, tag="set_seed"):
    """The seed of every random block."""

    seed: int

    def apply(self, document: Document) -> Document:
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or not 0 <= self.seed < 2**63:
            raise PatchError(f"the seed must be a whole number in 0 … 2⁶³ - 1, got {quote(self.seed)}.")
        return replace(document, seed=self.seed) if self.seed != document.seed else document


class SetTitle(Action, frozen=True, tag="set_title"):
    """The title of the patch."""

    title: str

    def apply(self, document: Document) -> Document:
        if not isinstance(self.title, str):
            raise PatchError(f"the title must be a text, got {quote(self.title)}.")
        return replace(document, title=self.title) if self.title != document.title else document


class SetSettings(Action, frozen=True, tag="set_settings"):
    """Settings of the patch as a whole; what is left ``None`` stays, ``rate=0`` means the device's."""

    latency_compensation: bool | None = None
    rate: float | None = None

    def apply(self, document: Document) -> Document:
        old = document.settings
        compensate = self.latency_compensation
        if compensate is None:
            compensate = old.latency_compensation
        rate = old.rate if self.rate is None else (self.rate or None)
        if rate is not None and not 1 <= rate <= 10_000_000:
            raise PatchError(f"the rate must lie in 1–10000000 Hz, got {rate}. 44100 or 48000 are usual.")
        return replace(document, settings=Settings(compensate, rate, old.extra))


class SetControl(Action, frozen=True, tag="set_control"):
    """A control, new or instead of the one of that name, whose binding it keeps. Fields as in :class:`Control`."""

    name: str
    target: str
    min: float | None = None
    max: float | None = None
    taper: str = "linear"
    doc: str = ""
    lane: int | None = None

    def apply(self, document: Document) -> Document:
        _name(self.name, "name")
        _end(self.target, document)
        what = f"control {quote(self.name)}"
        _plain([self.min, self.max], what)
        if self.taper not in ("linear", "log"):
            raise PatchError(f"{what}: taper must be 'linear' or 'log', got {quote(self.taper)}.")
        if self.lane is not None and not 0 <= self.lane < 2**31:
            raise PatchError(f"{what}: lanes are counted from 0, got {self.lane}.")
        old = document.controls.get(self.name) or Control(self.name, self.target)
        control = replace(
            old,
            target=self.target,
            min=self.min,
            max=self.max,
            taper=self.taper,
            doc=self.doc,
            lane=self.lane,
        )
        return replace(document, controls={**document.controls, self.name: control})


class RemoveControl(Action, frozen=True, tag="remove_control"):
    """A control goes; the parameter it turned stays."""

    name: str

    def apply(self, document: Document) -> Document:
        _control(self.name, document)
        return replace(document, controls=_without(document.controls, self.name))


class SetBinding(Action, frozen=True, tag="set_binding"):
    """A control is turned by MIDI from now on. Fields as in :class:`Binding`."""

    name: str
    number: int = 0
    message: str = "control_change"
    channel: int | None = None
    device: str = ""
    mode: str = "absolute"
    takeover: str = "jump"

    def apply(self, document: Document) -> Document:
        old = _control(self.name, document)
        if not 0 <= self.number <= 127:
            raise PatchError(f"control {quote(self.name)}: a MIDI number lies in 0–127, got {self.number}.")
        if self.channel is not None and not 1 <= self.channel <= 16:
            raise PatchError(f"control {quote(self.name)}: a MIDI channel lies in 1–16, got {self.channel}.")
        for what, said, known in (
            ("message", self.message, MESSAGES),
            ("mode", self.mode, MODES),
            ("takeover", self.takeover, TAKEOVERS),
        ):
            if said not in known:
                raise PatchError(f"control {quote(self.name)}: {what} must be {_or(known)}, got {quote(said)}.")
        extra = old.midi.extra if old.midi else {}
        midi = Binding(self.number, self.message, self.channel, self.device, self.mode, self.takeover, extra)
        if midi == old.midi:
            return document
        return replace(document, controls={**document.controls, self.name: replace(old, midi=midi)})


class RemoveBinding(Action, frozen=True, tag="remove_binding"):
    """MIDI turns a control no more."""

    name: str

    def apply(self, document: Document) -> Document:
        old = _control(self.name, document)
        if old.midi is None:
            return document
        return replace(document, controls={**document.controls, self.name: replace(old, midi=None)})


class SetNote(Action, frozen=True, tag="set_note"):
    """A comment, new or instead of the one with that id."""

    id: str
    text: str
    x: float = 0.0
    y: float = 0.0

    def apply(self, document: Document) -> Document:
        old = document.notes.get(_name(self.id))
        note = Note(self.id, self.text, _place(self.x, self.y), old.extra if old else {})
        return replace(document, notes={**document.notes, self.id: note})


class RemoveNote(Action, frozen=True, tag="remove_note"):
    """A comment goes."""

    id: str

    def apply(self, document: Document) -> Document:
        if self.id not in document.notes:
            raise PatchError(f"there is no note {quote(self.id)}. See the patch's notes.")
        return replace(document, notes=_without(document.notes, self.id))


class Group(Action, frozen=True, tag="group"):
    """Several edits as one step: all of them happen, or none.

    Groups of one ``gesture`` (any name but an empty one) right behind one another are one undo step.
    """

    actions: tuple[AnyAction, ...]
    gesture: str = ""

    def apply(self, document: Document) -> Document:
        for action in self.actions:
            document = action.apply(document)
        return document

    def continues(self, earlier: Action) -> bool:
        return bool(self.gesture) and isinstance(earlier, Group) and earlier.gesture == self.gesture


AnyAction: TypeAlias = (
    AddNode
    | RemoveNode
    | Rename
    | Replace
    | Connect
    | Disconnect
    | SetParam
    | ClearParam
    | Move
    | SetSeed
    | SetTitle
    | SetSettings
    | SetControl
    | RemoveControl
    | SetBinding
    | RemoveBinding
    | SetNote
    | RemoveNote
    | Group
)


def to_data(action: Action) -> dict[str, Any]:
    """``action`` as a dict of JSON values, such as ``{"do": "connect", "source": …, "target": …}``."""
    data: dict[str, Any] = _plain(msgspec.to_builtins(action), "action")
    return data


def from_data(data: Any) -> Action:
    """The action that ``data`` describes. Raises :class:`PatchError` when it describes none."""
    try:
        action: Action = msgspec.convert(data, AnyAction)
    except (msgspec.ValidationError, RecursionError) as error:
        raise PatchError(f"this is no action: {str(error).replace('`', '')}.") from None
    return action


def _record(id: str, type: str, version: int, params: dict[str, Any], extra: dict[str, str]) -> NodeRecord:
    if not type or len(type) > 200 or not type.isprintable():
        raise PatchError(f"node {quote(id)}: {quote(type)} is no type of node. Name one such as 'sine'.")
    if version < 1:
        raise PatchError(f"node {quote(id)}: the version of a type is 1 or more, got {version}.")
    return NodeRecord(type, version, _plain(params, id), extra)


def _plain(value: Any, where: str) -> Any:
    try:
        return plain(value)
    except Fault as fault:
        raise PatchError(f"{where}{fault.path}: {fault.text}.") from None


def _name(name: str, what: str = "id") -> str:
    try:
        return check_name(name, what)
    except Fault as fault:
        raise PatchError(f"{fault.text}.") from None


def node_and_port(end: str) -> tuple[str, str]:
    """``"osc1.out"`` → ``("osc1", "out")``. Raises :class:`PatchError` when it is not written so."""
    try:
        return split_end(end)
    except Fault as fault:
        raise PatchError(f"{fault.text}.") from None


def _end(end: str, document: Document) -> tuple[str, str]:
    node, port = node_and_port(end)
    if node not in document.nodes:
        raise PatchError(f"{quote(end)}: {no_such_node(node, document)}")
    return node, port


def _find(start: str, end: str, document: Document) -> Wire | None:
    source, _, source_port = start.partition(".")
    target, _, target_port = end.partition(".")
    for wire in document.wires:
        # the nodes first: it is they that differ, and this line runs for every wire of every edit
        if wire.target != target or wire.source != source:
            continue
        if wire.target_port == target_port and wire.source_port == source_port:
            return wire
    return None


def _place(x: float, y: float) -> tuple[float, float]:
    if not (isfinite(x) and isfinite(y)):
        raise PatchError(f"a position must be two finite numbers, got {x}, {y}.")
    return round(float(x), 2), round(float(y), 2)


def _control(name: str, document: Document) -> Control:
    try:
        return document.controls[name]
    except KeyError:
        raise PatchError(f"there is no control {quote(name)}. See the patch's controls.") from None


def _or(words: tuple[str, ...]) -> str:
    return ", ".join(map(repr, words[:-1])) + f" or {words[-1]!r}"


def _target_node(control: Control) -> str:
    return control.target.partition(".")[0]


def _without(items: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in items.items() if name != key}
