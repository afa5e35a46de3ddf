"""The help patch of a block: a small patch that makes it audible or visible, varies one input, and says so.

It is built from the block's ports by one rule; a block changes it by its ``example``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nodegraph.blocks.registry import node_types
from nodegraph.node import In, InputPort, Node, OutputPort
from nodegraph.patch import Action, AddNode, Document, SetNote
from nodegraph.patch.document import RECEIVE, SEND
from nodegraph.patch.names import unused_id

from .canvas.geometry import size
from .canvas.visuals import node_visual
from .plain import first_line
from .typed import TypedDocument
from .view import Pin
from .wiring import WiringContext, propose_wire

LEFT, TOP, NOTE_TOP = 40.0, 150.0, 40.0  # of the blocks, and of the note above them
ACROSS, DOWN = 240.0, 220.0
BETWEEN = 24.0  # least distance of blocks in a column
KEYS_HINT = "Play notes: Ctrl+Shift+K for the computer keyboard, Tools › MIDI on for MIDI devices."
SIGNAL_INPUTS = ("audio", "a", "b", "signal", "carrier", "input", "original", "resynthesised", "content", "style")
UNVARIED = ("amplitude", "offset", "phase", "fm", "pm", "velocity", "key")  # knobs that explain little
VALUE_FAMILIES = ("values_and_logic", "sequencing", "meters", "automation", "transport")
TONES = (110.0, 165.0, 220.0, 275.0)  # Hz, of the sources
SOURCES: dict[str, tuple[str, dict[str, object]]] = {
    "slow": ("lfo", {"frequency": 0.5}),
    "rise": ("lfo", {"frequency": 0.5, "polarity": "unipolar"}),
    "phasor": ("phasor", {"frequency": 0.5}),
    "noise": ("white_noise", {"amplitude": 0.2}),
    "wide": ("white_noise", {"amplitude": [0.2, 0.2]}),
    "clicks": ("impulse", {"frequency": 2.0, "amplitude": 0.8}),
}
MAX_SWEEP = 300.0  # Hz, of a frequency with a linear range


@dataclass(frozen=True)
class Sweep:
    """The input that a help patch varies, between ``low`` and ``high`` in its unit."""

    port: In
    low: float
    high: float

    def __str__(self) -> str:
        unit = "" if self.port.unit in ("ratio", "gain") else f" {self.port.unit}"
        return f"{float(f'{self.low:.3g}'):g} to {float(f'{self.high:.3g}'):g}{unit}"


def help_patch(type: str) -> Document:
    """Return the help patch of a block. Raises KeyError for an unknown block."""
    builder = _Builder(WiringContext(Document(title=f"Help: {type}")))
    builder.build(node_types()[type])
    return _spaced(builder.wiring)


def _spaced(wiring: WiringContext) -> Document:
    """Return the document with its nodes below each other in each column, as far as their heights need it."""
    layout, free = dict(wiring.document.layout), dict.fromkeys({x for x, _ in wiring.document.layout.values()}, 0.0)
    for id, (x, y) in sorted(layout.items(), key=lambda item: item[1][1]):
        layout[id] = x, max(y, free[x])
        visual = node_visual(id, wiring.document.nodes[id], wiring.spec(id), layout[id], TypedDocument())
        free[x] = layout[id][1] + size(visual)[1] + BETWEEN
    return replace(wiring.document, layout=layout)


def silence_of(cls: type[Node]) -> str:
    """Return why the help patch of a block is silent by itself, or ""."""
    if cls.example.silent:
        return cls.example.silent
    if cls.device == "input":
        return "It plays the sound of a microphone."
    if cls.device == "events":
        return "It plays what a keyboard sends."
    if cls.container and cls.type not in (SEND, RECEIVE):
        return "It computes nothing by itself: it is part of the structure of subpatches."
    return ""


def sweep_of(cls: type[Node]) -> Sweep | None:
    """Return what the help patch of a block varies, or None."""
    named = cls.example.vary
    for name, port in cls.spec.inputs.items():
        if named == name or (named is None and _explains(cls, name, port)):
            found = _sweep(replace(port, default=cls.example.values.get(name, port.default)), named == name)
            if found:
                return found
    return None


def _explains(cls: type[Node], name: str, port: In) -> bool:
    if name in cls.example.inputs:
        return False
    is_knob = port.smooth and not port.bank and port.unit != "gate"
    return is_knob and name not in UNVARIED and not _takes_sound(cls, name, port) and not _takes_place(name, port)


def _sweep(port: In, is_chosen: bool) -> Sweep | None:
    """Return a range around the default: two octaves up and down, half of the room, or a fifth of the value."""
    value, low, high = port.default, port.min, port.max
    if port.taper == "log":
        return Sweep(port, max(low, value / 4.0), min(high, value * 4.0)) if value > 0.0 else None
    limit = {"Hz": MAX_SWEEP, "ratio": 1.0, "gain": 1.0}.get(port.unit, high - low)
    if high - low > 2000.0 and port.unit != "Hz":
        return Sweep(port, 0.8 * value, 1.2 * value) if is_chosen and value else None
    room = min(value - low, high - value)
    if room > 0.0:
        return Sweep(port, value - min(0.5 * room, limit), value + min(0.5 * room, limit))
    reach = min(0.5 * (high - low), limit)
    return Sweep(port, value - reach, value) if value >= high else Sweep(port, value, value + reach)


def _takes_sound(cls: type[Node], name: str, port: InputPort) -> bool:
    """Return whether a signal input is for a sound, or for a value that the block computes with."""
    if not isinstance(port, In) or not port.smooth or port.bank:
        return False
    if name in SIGNAL_INPUTS:
        return not port.unit and (port.default == 0.0 or name == "a")
    return name == "value" and port.default == 0.0 and bool(cls.spec.outputs) and not cls.container


def _takes_place(name: str, port: In) -> bool:
    return name == "position" and port.unit == "s" and port.smooth


@dataclass
class _Builder:
    """A help patch that grows with each action."""

    wiring: WiringContext
    has_source: bool = False

    @property
    def document(self) -> Document:
        return self.wiring.document

    def build(self, cls: type[Node]) -> str:
        """Add the help patch of a block; return the id of the block."""
        self.cls, self.example = cls, cls.example
        self._add_note()
        shown = self.node(cls.type, 3, 0, **self.example.values)
        first_source = ""
        line = 0
        sweep = sweep_of(cls)
        for name, port in cls.spec.input_ports.items():
            source = self._source(name, port, line)
            if not source and sweep and sweep.port.name == name:
                source = self._lfo(sweep, line)
            elif source and not first_source:
                first_source = source
            if source:
                self.wire(source, f"{shown}.{name}")
                line += 1
        self.has_source = bool(first_source)
        heard = self.example.output or next(iter(cls.spec.output_ports), "")
        for row, (name, output) in enumerate(cls.spec.output_ports.items()):
            self._show(f"{shown}.{name}", row, output, name == heard)
        if cls.type in (SEND, RECEIVE):
            self._bus(shown)
        elif cls.type == "notes":
            self._voice(shown, 4, len(cls.spec.output_ports))
        is_display = not cls.spec.output_ports and cls.device != "output"
        if first_source and (is_display or self.example.heard == "source"):
            self._pass(first_source)
        return shown

    # -- nodes and wires -----------------------------------------------------------------------------------

    def add(self, action: Action) -> None:
        self.wiring = self.wiring.with_actions(action)

    def node(self, kind: str, column: int, line: int, **params: object) -> str:
        id = unused_id(kind, self.document.nodes)
        place = (LEFT + ACROSS * column, TOP + DOWN * line)
        self.add(AddNode(id, kind, node_types()[kind].version, params, place))
        return id

    def wire(self, start: str, end: str) -> None:
        (first, out), (second, into) = start.rsplit(".", 1), end.rsplit(".", 1)
        for action in propose_wire(self.wiring, Pin(first, out, True), Pin(second, into, False)).actions:
            self.add(action)

    def _add_note(self) -> None:
        lines = [first_line(self.cls)]
        sweep = sweep_of(self.cls)
        if sweep:
            lines.append(f"An LFO varies {sweep.port.name}, {sweep.port.doc}: {sweep}.")
        elif self.cls.spec.choices:
            choice = next(iter(self.cls.spec.choices.values()))
            lines.append(f"Try the other values of {choice.name}: {', '.join(choice.values[1:6])}.")
        lines += [silence_of(self.cls)] if silence_of(self.cls) else []
        lines += [KEYS_HINT] if self.cls.device == "events" else []
        note = unused_id("note", self.document.notes)
        self.add(SetNote(note, " ".join(lines), LEFT, NOTE_TOP))

    # -- sources -------------------------------------------------------------------------------------------

    def _source(self, name: str, port: InputPort, line: int) -> str:
        """Add a source for an input and return its output; "" if the parameter is enough."""
        named = self.example.inputs.get(name)
        if named == "" or (named is None and name in self.example.values):
            return ""
        if port.kind == "events":
            return self._events(named or "melody", line)
        if not isinstance(port, In):
            return self._frames(port.kind, named or "saw", line)
        if named:
            return self._sound(named, line)
        if name in ("gate", "clock") or (name == "record" and port.default == 0.0):
            return self._sound("gate", line)
        if _takes_place(name, port):
            return f"{self.node('lfo', 2, line, shape='saw', polarity='unipolar')}.out"
        if name == self.example.vary or not _takes_sound(self.cls, name, port):
            return ""
        is_value = name == "value" or (self.cls.family in VALUE_FAMILIES and self.cls.family != "meters")
        return self._sound("slow" if is_value else "saw", line)

    def _sound(self, kind: str, line: int, column: int = 2) -> str:
        """Add a source of a signal and return its output. ``Example.inputs`` lists the kinds."""
        simple = SOURCES.get(kind)
        if simple:
            type, params = simple
            return f"{self.node(type, column, line, **params)}.out"
        if kind == "gate":
            return f"{self.node('clock', column, line, tempo=120.0, division=2.0 + line)}.out"
        tone = TONES[line % len(TONES)]
        if kind == "plucks":
            return self._plucks(tone, line, column)
        saw = self.node("saw", column, line, frequency=tone, amplitude=0.2)
        if kind == "glide":
            lfo = self.node("lfo", column - 1, line, frequency=0.25, amplitude=tone, offset=2.0 * tone)
            self.wire(f"{lfo}.out", f"{saw}.frequency")
        return f"{saw}.out"

    def _plucks(self, tone: float, line: int, column: int) -> str:
        clock = self.node("clock", column - 2, line, tempo=120.0, division=1.0, width=0.05)
        shape = self.node("ar", column - 1, line + 1, attack=0.002, release=0.15)
        saw = self.node("saw", column - 1, line, frequency=tone, amplitude=0.4)
        loud = self.node("vca", column, line, gain=0.0)
        self.wire(f"{clock}.out", f"{shape}.gate")
        self.wire(f"{saw}.out", f"{loud}.audio")
        self.wire(f"{shape}.out", f"{loud}.gain")
        return f"{loud}.out"

    def _frames(self, kind: str, sound: str, line: int) -> str:
        if kind == "latent":
            return ""
        stft = self.node("stft", 1, line)
        self.wire(self._sound(sound, line, 0), f"{stft}.audio")
        if kind == "spectrum":
            return f"{stft}.spectrum"
        polar = self.node("polar", 2, line)
        self.wire(f"{stft}.spectrum", f"{polar}.spectrum")
        return f"{polar}.{'phase' if kind == 'phase' else 'magnitude'}"

    def _events(self, kind: str, line: int) -> str:
        if kind == "controls":
            out = self.node("control_out", 2, line)
            self.wire(self._sound("rise", line, 1), f"{out}.value")
            return f"{out}.out"
        if kind == "clock":
            return f"{self.node('clock_out', 2, line)}.out"
        clock = self.node("clock", 0, line, tempo=120.0, division=2.0)
        steps, notes = self.node("step_sequencer", 1, line), self.node("note_out", 2, line)
        self.wire(f"{clock}.out", f"{steps}.clock")
        self.wire(f"{steps}.gate", f"{notes}.gate")
        self.wire(f"{steps}.out", f"{notes}.pitch")
        if kind == "chords":
            chord = self.node("chord", 2, line + 1)
            self.wire(f"{notes}.out", f"{chord}.events")
            return f"{chord}.out"
        return f"{notes}.out"

    def _lfo(self, sweep: Sweep, line: int) -> str:
        middle, reach = 0.5 * (sweep.low + sweep.high), 0.5 * (sweep.high - sweep.low)
        lfo = self.node("lfo", 2, line, frequency=0.25, amplitude=round(reach, 6), offset=round(middle, 6))
        return f"{lfo}.out"

    # -- outputs -------------------------------------------------------------------------------------------

    def _show(self, output: str, row: int, port: OutputPort, is_heard: bool) -> None:
        """Add a display for an output, and make it audible."""
        how = self.example.heard
        if port.kind == "events":
            if how in ("controls", "clock"):
                self._receive(output, how)
            else:
                self._play(output, row)
        elif port.kind == "signal":
            self.wire(output, f"{self.node('scope_tap', 4, row)}.audio")
            if is_heard and how != "source" and not self.cls.allocates_voices:
                self._hear(output, how or _heard_as(self.cls, port))
        elif port.kind == "spectrum":
            back = self.node("inverse_stft", 4, row)
            self.wire(output, f"{back}.spectrum")
            self._hear(f"{back}.out", "sound", row)
        elif "magnitude" in port.kind:
            self.wire(output, f"{self.node('spectrogram_tap', 4, row)}.magnitude")
            if is_heard and how != "source":
                phase, back = self.node("phase_gradient", 4, row + 1), self.node("inverse_stft", 5, row + 1)
                self.wire(output, f"{phase}.magnitude")
                self.wire(f"{phase}.spectrum", f"{back}.spectrum")
                self._hear(f"{back}.out", "sound", row)

    def _hear(self, output: str, how: str, row: int = 0) -> None:
        """Make a signal audible: as a sound, as the level of a tone, or as its pitch."""
        if how == "sound":
            gain = self.node("multiply", 5, row, b=self.example.gain or (0.8 if self.has_source else 0.3))
            self.wire(output, f"{gain}.a")
            self.wire(f"{gain}.out", f"{self.node('audio_out', 6, row)}.audio")
        elif how == "level":
            self._open(output)
        elif how == "decibels":
            self._open(self._converted(output, "decibels_to_gain", "level"))
        elif how == "gate":
            self._open(self._converted(output, "ar", "gate", attack=0.002, release=0.1))
        elif how == "note":
            self._tone(self._converted(output, "note_to_frequency", "note"))
        elif how == "hertz":
            self._tone(output)
        else:
            scaled = self._converted(output, "multiply", "a", b=110.0)
            self._tone(self._converted(scaled, "add", "a", b=330.0))

    def _converted(self, output: str, type: str, port: str, **params: object) -> str:
        """Wire an output to a new node and return the output of that."""
        node = self.node(type, 4, 1 + (type == "add"), **params)
        self.wire(output, f"{node}.{port}")
        return f"{node}.out"

    def _receive(self, output: str, kind: str) -> None:
        """Make controller messages or a MIDI clock audible, as the pitch of a tone."""
        node = self.node("control_change" if kind == "controls" else "clock_in", 4, 0)
        self.wire(output, f"{node}.events")
        self._hear(f"{node}.{'out' if kind == 'controls' else 'phase'}", "value")

    def _open(self, level: str) -> None:
        saw, loud = self.node("saw", 5, 1, frequency=110.0, amplitude=0.2), self.node("vca", 5, 0, gain=0.0)
        self.wire(f"{saw}.out", f"{loud}.audio")
        self.wire(level, f"{loud}.gain")
        self.wire(f"{loud}.out", f"{self.node('audio_out', 6, 0)}.audio")

    def _tone(self, frequency: str) -> None:
        tone = self.node("sine", 5, 0, amplitude=0.2)
        self.wire(frequency, f"{tone}.frequency")
        self.wire(f"{tone}.out", f"{self.node('audio_out', 6, 0)}.audio")

    def _pass(self, source: str) -> None:
        """Make what the block gets audible: a signal, events, or the sound of which frames are made."""
        while (kind := self._kind(source)) not in ("signal", "events"):
            node = source.partition(".")[0]
            source = next(wire.source_ref for wire in self.document.wires if wire.target == node)
        if kind == "events":
            self._play(source, 0)
        else:
            self.wire(source, f"{self.node('audio_out', 4, 2)}.audio")

    def _kind(self, output: str) -> str:
        node, _, port = output.partition(".")
        return self.wiring.spec(node).output_ports[port].kind

    def _play(self, output: str, row: int) -> None:
        notes = self.node("notes", 4, row)
        self.wire(output, f"{notes}.events")
        self._voice(notes, 5, row)

    def _voice(self, notes: str, column: int, row: int) -> None:
        """Add a voice for a ``notes`` block: a saw with an envelope."""
        saw, shape = self.node("saw", column, row, amplitude=0.2), self.node("adsr", column, row + 1)
        loud, total = self.node("vca", column + 1, row), self.node("sum_lanes", column + 2, row)
        out = self.node("audio_out", column + 3, row)
        for start, into in (
            (f"{notes}.frequency", f"{saw}.frequency"), (f"{notes}.gate", f"{shape}.gate"),
            (f"{saw}.out", f"{loud}.audio"), (f"{shape}.out", f"{loud}.gain"), (f"{loud}.out", f"{total}.audio"),
            (f"{total}.out", f"{out}.audio"),
        ):  # fmt: skip
            self.wire(start, into)

    def _bus(self, shown: str) -> None:
        """Complete a send or a receive to a bus that carries a tone."""
        other = self.node(RECEIVE if self.cls.type == SEND else SEND, 3, 1)
        send, receive = (shown, other) if self.cls.type == SEND else (other, shown)
        self.wire(f"{self.node('saw', 2, 0, frequency=110.0, amplitude=0.2)}.out", f"{send}.value")
        if self.cls.type == SEND:
            self.wire(f"{receive}.out", f"{self.node('audio_out', 4, 1)}.audio")


def _heard_as(cls: type[Node], port: OutputPort) -> str:
    """Return how the first output of a block is made audible, by its unit."""
    unit = getattr(port, "unit", "")
    known = {"gate": "gate", "Hz": "hertz", "ratio": "level", "dB": "decibels", "LUFS": "decibels", "note": "note"}
    if unit or cls.family in VALUE_FAMILIES or "offset" in cls.spec.inputs:
        return known.get(unit, "value")
    return "sound"
