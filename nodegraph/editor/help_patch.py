"""The help patch of a block: a minimal patch that makes it audible or visible, built from its ports."""

from __future__ import annotations

from collections.abc import Callable

from nodegraph.blocks.registry import node_types
from nodegraph.node import In, InputPort, Node
from nodegraph.patch import Action, AddNode, Document, SetNote
from nodegraph.patch.document import RECEIVE, SEND
from nodegraph.patch.names import unused_id

from .plain import first_line
from .view import Pin
from .wiring import WiringContext, propose_wire

ACROSS = 240.0
KEYS_HINT = "Play notes: Ctrl+Shift+K for the computer keyboard, Tools › MIDI on for MIDI devices."
MakeNode = Callable[..., str]
MakeWire = Callable[[str, str], None]


def help_patch(type: str) -> Document:
    """Return a patch that makes a block audible or visible: the block with sources and displays."""
    cls = node_types()[type]
    origin = (40.0, 90.0)
    document = Document(title=f"Help: {type}")

    def add(action: Action) -> None:
        nonlocal document
        document = action.apply(document)

    def node(kind: str, column: int, line: int, **params: object) -> str:
        id = unused_id(kind, document.nodes)
        place = (origin[0] + ACROSS * column, origin[1] + 220.0 * line)
        add(AddNode(id, kind, node_types()[kind].version, params, place))
        return id

    def wire(start: str, end: str) -> None:
        (first, out), (second, into) = start.split("."), end.split(".")
        for action in propose_wire(WiringContext(document), Pin(first, out, True), Pin(second, into, False)).actions:
            add(action)

    doc = first_line(cls)
    doc = f"{doc} {KEYS_HINT}" if cls.device == "events" else doc
    add(SetNote("note1", doc, origin[0], origin[1] - 50.0))
    line = 0
    shown = node(type, 3, 0)
    for name, port in cls.spec.input_ports.items():
        start = _source(port.kind, port, name, line, node, wire)
        if start:
            wire(start, f"{shown}.{name}")
            line += 1
    for row, (name, output) in enumerate(cls.spec.output_ports.items()):
        if output.kind == "events":
            _play(f"{shown}.{name}", 4, row, node, wire)
        else:
            _sink(output.kind, f"{shown}.{name}", row, cls, node, wire)
    if type in (SEND, RECEIVE):
        _bus(type, shown, node, wire)
    if type == "notes":
        _voice(shown, 4, len(cls.spec.output_ports), node, wire)
    return document


def _bus(type: str, shown: str, node: MakeNode, wire: MakeWire) -> None:
    """Complete a send or a receive to a bus that carries a tone."""
    other = node(RECEIVE if type == SEND else SEND, 3, 1)
    send, receive = (shown, other) if type == SEND else (other, shown)
    wire(f"{node('saw', 2, 0, frequency=110.0, amplitude=0.2)}.out", f"{send}.value")
    if type == SEND:
        wire(f"{receive}.out", f"{node('audio_out', 4, 1)}.audio")


def _source(kind: str, port: InputPort, name: str, line: int, node: MakeNode, wire: MakeWire) -> str:
    """Add a source for an input and return its output; "" if the parameter is enough."""
    if kind == "signal":
        if name in ("gate", "clock") or (name == "record" and isinstance(port, In) and port.default == 0.0):
            return f"{node('clock', 2, line, tempo=120.0, division=2.0)}.out"
        if name == "position" and isinstance(port, In) and port.unit == "s" and port.smooth:
            return f"{node('lfo', 2, line, shape='saw', polarity='unipolar')}.out"
        plain = isinstance(port, In) and not port.unit and port.default == 0.0
        if not plain or name not in ("audio", "a", "signal", "carrier", "input"):
            return ""
        return f"{node('saw', 2, line, frequency=110.0, amplitude=0.2)}.out"
    if kind == "events":
        return _melody(line, node, wire)
    if kind not in ("spectrum", "magnitude", "phase"):
        return ""
    source, stft = node("saw", 0, line, frequency=110.0, amplitude=0.2), node("stft", 1, line)
    wire(f"{source}.out", f"{stft}.audio")
    if kind == "spectrum":
        return f"{stft}.spectrum"
    polar = node("polar", 2, line)
    wire(f"{stft}.spectrum", f"{polar}.spectrum")
    return f"{polar}.{kind}"


def _melody(line: int, node: MakeNode, wire: MakeWire) -> str:
    """Add a repeating melody and return its event output."""
    clock = node("clock", 0, line, tempo=120.0, division=2.0)
    steps, notes = node("step_sequencer", 1, line), node("note_out", 2, line)
    wire(f"{clock}.out", f"{steps}.clock")
    wire(f"{steps}.gate", f"{notes}.gate")
    wire(f"{steps}.out", f"{notes}.pitch")
    return f"{notes}.out"


def _play(port_ref: str, column: int, row: int, node: MakeNode, wire: MakeWire) -> None:
    """Add voices that play an event output."""
    notes = node("notes", column, row)
    wire(port_ref, f"{notes}.events")
    _voice(notes, column + 1, row, node, wire)


def _voice(notes: str, column: int, row: int, node: MakeNode, wire: MakeWire) -> None:
    """Add a voice for a ``notes`` block: a saw with an envelope."""
    saw, shape = node("saw", column, row, amplitude=0.2), node("adsr", column, row + 1)
    loud, total = node("vca", column + 1, row), node("sum_lanes", column + 2, row)
    out = node("audio_out", column + 3, row)
    for start, into in (
        (f"{notes}.frequency", f"{saw}.frequency"), (f"{notes}.gate", f"{shape}.gate"), (f"{saw}.out", f"{loud}.audio"),
        (f"{shape}.out", f"{loud}.gain"), (f"{loud}.out", f"{total}.audio"), (f"{total}.out", f"{out}.audio"),
    ):  # fmt: skip
        wire(start, into)


def _shape_tone(envelope: str, node: MakeNode, wire: MakeWire) -> None:
    """Add a tone whose volume follows an envelope."""
    saw, loud, out = node("saw", 4, 2, frequency=110.0, amplitude=0.2), node("vca", 5, 0), node("audio_out", 6, 0)
    wire(f"{saw}.out", f"{loud}.audio")
    wire(envelope, f"{loud}.gain")
    wire(f"{loud}.out", f"{out}.audio")


def _sink(kind: str, port_ref: str, row: int, cls: type[Node], node: MakeNode, wire: MakeWire) -> None:
    """Add a display for an output; the first output is also made audible."""
    if kind == "signal":
        wire(port_ref, f"{node('scope_tap', 4, row)}.audio")
        if row == 0 and cls.family == "envelopes" and "gate" in cls.spec.inputs:
            _shape_tone(port_ref, node, wire)
        elif row == 0 and cls.family not in ("values_and_logic", "sequencing", "envelopes", "meters"):
            out = node("audio_out", 5, row)
            gain = node("multiply", 4, row + 1, b=0.3)
            wire(port_ref, f"{gain}.a")
            wire(f"{gain}.out", f"{out}.audio")
    elif kind == "magnitude":
        wire(port_ref, f"{node('spectrogram_tap', 4, row)}.magnitude")
    elif kind == "spectrum":
        back, out = node("inverse_stft", 4, row), node("audio_out", 5, row)
        wire(port_ref, f"{back}.spectrum")
        wire(f"{back}.out", f"{out}.audio")
