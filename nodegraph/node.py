"""The declarations of a block: ports, settings, state and equation.

A block is a subclass of :class:`Node` whose class attributes declare ports, state and settings. Its equation is one
of these functions:

``tick``
    computes one sample: takes floats, returns ``(outputs…, new states…)`` in order of declaration;
``block``
    computes a block of samples: takes arrays of shape ``(samples, lanes)`` and writes the outputs in place;
``frame``
    computes one frame of one lane each time the frame clock fires. Frame ports are arrays of ``bins`` numbers
    (``name_re`` and ``name_im`` for a spectrum), signal inputs and settings are floats, states and lines are arrays
    of this lane; ``bins``, ``size``, ``hop`` and ``age`` (samples from the end of the frame to the end of the
    quantum) are ints. A block that converts between signals and frames also has a ``block``.

A ``block`` gets event ports as lists of :mod:`nodegraph.events`.

Equations are plain functions without ``self`` and request their arguments by name: any declared port, state or setting,
``sr`` (Hz) and ``dt`` (``1 / sr``, s). They may use floats, ints, arithmetic and the functions of
:mod:`nodegraph.maths`, not those of :mod:`math`.

**Values out of range.** ``accepts``, ``problem`` and ``clamp`` of :class:`In` and :class:`Option` implement one rule. A
stated value (Python API, ``--set``, JSON file, preset, snapshot, text typed in the editor) is refused with the message
of ``problem`` unless the declaration ``accepts`` it. A value from a continuous control (OSC, MIDI, a dragged slider) is
clamped to the range, because a controller cannot show an error. NaN and infinity are always refused; a control message
that contains them is dropped.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

Settings = Mapping[str, Any]

MAX_LANES = 1024  # maximum lanes of a signal
MAX_MEMBERS = 65536  # maximum members of a bank


@dataclass(frozen=True)
class In:
    """A signal input: a parameter while unconnected, modulated at audio rate when a signal is wired to it.

    ``unit`` is the unit of the signal, ``min``/``max`` the range of the parameter in that unit (a wired signal may
    exceed it), ``taper`` the scale of its slider ("linear" or "log"). ``smooth=False`` applies parameter changes as
    steps at the exact sample: for gates, switches and counts.

    ``bank="code"`` makes it a bank: one value per member. The number of members is the number of bins of the block's
    frame port ``code``, or the value of its integer option ``code``. Members are not lanes. ``frame`` gets them as an
    array ``name`` of ``name_size`` numbers, read at the end of the frame; ``block`` gets an array (samples, members).
    In a patch, a number sets all members; a list sets the first members, the others have the default. A wire of one
    lane sets all members, a wire of several lanes the first ones. A message can set a single member, as it can a lane.
    """

    kind: ClassVar[str] = "signal"
    carries: ClassVar[str] = "signal"

    default: float = 0.0
    unit: str = ""
    min: float = -1.0
    max: float = 1.0
    taper: str = "linear"
    smooth: bool = True
    doc: str = ""
    bank: str = ""
    name: str = ""

    def accepts(self, value: Any) -> bool:
        """Return whether ``value`` is valid: a number in the range, or a list with one number per lane."""
        return not self.problem(value)

    def problem(self, value: Any) -> str:
        """Return why :meth:`accepts` refuses ``value``, a message that begins with the port's name; else ""."""
        if type(value) is float and self.min <= value <= self.max:
            return ""
        if isinstance(value, bool):
            value = float(value)
        values = value if isinstance(value, list | tuple) else [value]
        if not values or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            return f"{self.name} must be a number or a list of numbers, got {_short(value)}."
        limit, noun = (MAX_MEMBERS, "values") if self.bank else (MAX_LANES, "lanes")
        if len(values) > limit:
            return f"{self.name} has {len(values)} {noun}; at most {limit} are possible."
        for v in values:
            problem = _range_problem(v, self.min, self.max, self.unit)
            if problem:
                return f"{self.name} {problem}. Set it in the patch or wire a signal."
        return ""

    def clamp(self, value: float) -> float:
        """Return the nearest value in the range. Raises ValueError for NaN and infinity."""
        return _clamp(value, self.min, self.max)


@dataclass(frozen=True)
class Out:
    """A signal output."""

    kind: ClassVar[str] = "signal"
    carries: ClassVar[str] = "signal"

    unit: str = ""
    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class FrameIn:
    """A frame input: vectors of one ``kind`` ("spectrum", "magnitude", "phase", "latent") at a hop clock.

    ``kind=EITHER`` of :mod:`nodegraph.frame_types` accepts both magnitudes and latents.
    """

    kind: str = "spectrum"
    doc: str = ""
    optional: bool = False
    name: str = ""

    @property
    def carries(self) -> str:
        """Description of a wire to this port: ``"spectrum frames"``."""
        return f"{self.kind} frames"


@dataclass(frozen=True)
class FrameOut:
    """A frame output; the block's ``frames`` rule defines its size and clock."""

    kind: str = "spectrum"
    doc: str = ""
    name: str = ""

    @property
    def carries(self) -> str:
        """Description of a wire from this port: ``"spectrum frames"``."""
        return f"{self.kind} frames"


@dataclass(frozen=True)
class EventIn:
    """An event input: notes and controller messages with sample offsets. Several wires are merged in order of time."""

    kind: ClassVar[str] = "events"
    carries: ClassVar[str] = "events"

    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class EventOut:
    """An event output. A block must end all notes that it starts, even if its settings change."""

    kind: ClassVar[str] = "events"
    carries: ClassVar[str] = "events"

    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class State:
    """One number per lane, stored from sample to sample.

    ``init`` is the initial value; its type, float or int, is that of the state. ``seeded=True`` initialises every
    lane with a different positive 31-bit int, derived from the document's seed and the node's id.
    """

    init: float | int = 0.0
    seeded: bool = False
    name: str = ""


@dataclass(frozen=True)
class Memory:
    """State of a ``block`` or ``frame`` that all its lanes share: an array of doubles, initially zero.

    A ``frame`` is called for one lane after the other, the first one first.

    ``length(settings)`` returns its length.
    """

    length: Callable[[Settings], int]
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A float32 delay line per lane, passed as ``name`` (indexable) and ``name_size`` (int).

    ``length(settings, sr)`` returns its length in samples.
    """

    length: Callable[[Settings, float], int]
    name: str = ""


@dataclass(frozen=True)
class Scratch:
    """Working memory of a ``frame``: float32 numbers, passed as ``name`` (indexable) and ``name_size`` (int).

    Its initial content is undefined, because all frames, lanes and blocks use the same memory.
    ``length(settings, sr)`` returns its length. Use a ``Line`` for values that the next frame needs.
    """

    length: Callable[[Settings, float], int]
    name: str = ""


@dataclass(frozen=True)
class Table:
    """A read-only array of float32 shared by all lanes, passed as ``name`` and ``name_size``.

    ``make(settings, sr)`` computes it when the patch is compiled.
    """

    make: Callable[[Settings, float], Any]
    name: str = ""


@dataclass(frozen=True)
class Transform:
    """A Fourier transform of real samples: its ``name`` is the argument of ``rfft`` and ``irfft``.

    ``length(settings)`` returns its number of samples, a power of two from 8 on; without it, it is the ``size`` of the
    block's frames.
    """

    length: Callable[[Settings], int] | None = None
    name: str = ""


@dataclass(frozen=True)
class Choice:
    """A setting with named values. Equations get the index of the value as a constant.

    ``in_unison`` is the default in subpatches that run several copies of each voice, if it is another one.
    """

    values: tuple[str, ...]
    doc: str = ""
    name: str = ""
    in_unison: str = ""

    def __init__(self, *values: str, doc: str = "", name: str = "", in_unison: str = "") -> None:
        object.__setattr__(self, "values", tuple(values))
        object.__setattr__(self, "doc", doc)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "in_unison", in_unison)

    @property
    def default(self) -> str:
        return self.values[0]

    def accepts(self, value: Any) -> bool:
        """Return whether ``value`` is one of the named values."""
        return not self.problem(value)

    def problem(self, value: Any) -> str:
        """Return why :meth:`accepts` refuses ``value``, a message that begins with the setting's name; else ""."""
        if isinstance(value, str) and value in self.values:
            return ""
        return f"{self.name} must be one of {', '.join(self.values)}, got {_short(value)}."


OVERSAMPLING = "oversampling"
OVERSAMPLING_CHOICE = Choice(
    "1", "2", "4", "8", doc="samples that the block computes per sample, to reduce aliasing", name=OVERSAMPLING
)


@dataclass(frozen=True)
class Option:
    """A setting without named values: a size, a count, text, a list or a file (``kind="file"``).

    Its type is that of its default; ``min``/``max`` are the range of a number, in ``unit`` (None: no limit).
    Numbers and booleans reach ``tick`` and ``block`` as constants. A file that ``is_program`` must be trusted by the
    user; a helper reads it by ``nodegraph.files.trust.read_trusted``.
    """

    default: int | float | bool | str | tuple[Any, ...]
    unit: str = ""
    min: float | None = None
    max: float | None = None
    kind: str = ""
    doc: str = ""
    name: str = ""
    is_program: bool = False

    def accepts(self, value: Any) -> bool:
        """Return whether ``value`` has the type of the default and is in the range."""
        return not self.problem(value)

    def problem(self, value: Any) -> str:
        """Return why :meth:`accepts` refuses ``value``, a message that begins with the setting's name; else ""."""
        kind: Any = type(self.default)
        fitting = (int, float) if kind is float else kind
        if kind is tuple:
            problem = self._list_problem(value)
        elif not isinstance(value, fitting) or isinstance(value, bool) != (kind is bool):
            problem = f"must be {_TYPES_IN_WORDS[kind]}, got {_short(value)}"
        elif kind in (int, float):
            problem = _range_problem(value, self.min, self.max, self.unit)
        else:
            problem = ""
        return f"{self.name} {problem}." if problem else ""

    def convert(self, value: Any) -> Any:
        """Return an accepted value in the type of the default: an int as a float, a list as a tuple."""
        if isinstance(self.default, float):
            return float(value)
        if isinstance(self.default, tuple):
            return tuple(tuple(v) if isinstance(v, list) else v for v in value)
        return value

    def clamp(self, value: float) -> float:
        """Return the nearest number in the range, an int if the default is. Raises ValueError for NaN and infinity."""
        low = -math.inf if self.min is None else self.min
        high = math.inf if self.max is None else self.max
        nearest = _clamp(value, low, high)
        return round(nearest) if isinstance(self.default, int) else nearest

    def _list_problem(self, value: Any) -> str:
        kind, words = _MEMBERS[type(self.default[0])] if isinstance(self.default, tuple) and self.default else _NUMBERS
        if isinstance(value, list | tuple) and all(_is_plain(v, kind) for v in value):
            return ""
        return f"must be a list of {words}, got {_short(value)}"


@dataclass(frozen=True)
class DrawnCurve:
    """The text setting ``points`` of a block, a list such as ``0:0, 0.5:1, 1:0.2``, that is drawn with the mouse.

    ``x`` and ``y`` are the shown ranges: for None the x axis ends a quarter after the last point. ``numbers`` names
    settings that are numbers of points, from 1 (0: none): they follow when points are added or removed before them. At
    least ``min_points`` remain, ``gap`` apart in x. A point may have more fields than x and y, which are kept.
    """

    points: str
    x: tuple[float, float | None]
    y: tuple[float, float]
    unit: str = ""
    numbers: tuple[str, ...] = ()
    min_points: int = 1
    gap: float = 0.0


@dataclass(frozen=True)
class Axis:
    """An axis of a drawing: its name, and its range in ``unit``."""

    name: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Curves:
    """Curves that show what a block does with its parameters, returned by the rule ``drawing``.

    ``places`` (points,) rise along ``x``; two equal ones make a jump. ``curves`` are values (points,) by name, ""
    for a single one; values outside of ``y`` are cut off.
    """

    x: Axis
    y: Axis
    places: Any
    curves: Mapping[str, Any]


@dataclass(frozen=True)
class Gauge:
    """A bar beside the drawing of a block: the latest value of ``output``, from the top down to ``full``."""

    output: str
    full: float
    unit: str = ""


@dataclass(frozen=True)
class Bars:
    """The list setting ``values`` of a block, which is drawn as bars that are dragged with the mouse.

    ``levels`` names the list setting that switches each bar on (1) or off (0), 1 where it ends. ``playing`` names the
    output with the number of the current bar, from 0.
    """

    values: str
    levels: str = ""
    playing: str = ""


@dataclass(frozen=True)
class Wired:
    """Whether an input is wired: 1 or 0, a constant of the equation, which is compiled for each case."""

    port: str
    name: str = ""


@dataclass(frozen=True)
class Helper:
    """A helper object outside the audio thread that shares memory with the block.

    ``open(context)`` returns an object with ``arrays`` (name → one-dimensional numpy array; passed to
    ``block`` as ``name`` if it has an argument of that name), ``service()`` (called regularly outside the audio
    thread, and between chunks when rendering offline) and ``close()``. See :mod:`nodegraph.blocks.helper`.
    """

    open: Callable[[Any], Any]
    name: str = ""


@dataclass(frozen=True)
class Example:
    """What differs in the help patch and the plot of a block from those that follow from its ports.

    ``vary`` names the input that the help patch varies ("": none; None: the first that explains something), ``values``
    are the block's parameters in it. ``inputs`` says what is wired to an input: "saw", "plucks", "clicks", "noise",
    "wide" (stereo noise), "glide" (a saw whose pitch an LFO varies), "slow" (an LFO), "rise" (an LFO from 0 to 1),
    "phasor", "gate", "controls" (controller messages), "clock" (MIDI clock), "chords", or "" for nothing. The output
    ``output`` (the first) is heard as ``heard``: "sound", "level", "decibels" or "gate" (of a tone), "note", "hertz"
    or "value" (the pitch of a tone), "controls" or "clock" (received messages), "source" (what the input gets),
    ``gain`` times as loud. ``silent`` says why the help patch makes no sound by itself. ``plot`` chooses the plot in
    the documentation: "wave" or "spectrum" of the help patch.
    """

    vary: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    heard: str = ""
    gain: float = 0.0
    silent: str = ""
    plot: str = ""


@dataclass(frozen=True)
class Spec:
    """All declarations of a block, by name, in order of declaration.

    ``input_ports`` and ``output_ports`` are all ports of a node. Each port has a ``kind`` ("signal", "events" or the
    kind of its frames) and a description of it, ``carries``. ``oversampling`` is the setting of a block that computes
    signals only.
    """

    inputs: dict[str, In] = field(default_factory=dict)
    outputs: dict[str, Out] = field(default_factory=dict)
    frame_inputs: dict[str, FrameIn] = field(default_factory=dict)
    frame_outputs: dict[str, FrameOut] = field(default_factory=dict)
    event_inputs: dict[str, EventIn] = field(default_factory=dict)
    event_outputs: dict[str, EventOut] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    scratches: dict[str, Scratch] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    transforms: dict[str, Transform] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    options: dict[str, Option] = field(default_factory=dict)
    helpers: dict[str, Helper] = field(default_factory=dict)
    wired: dict[str, Wired] = field(default_factory=dict)
    oversampling: Choice | None = None

    @cached_property
    def input_ports(self) -> dict[str, InputPort]:
        """All ports that accept wires: signals, frames, events."""
        return {**self.inputs, **self.frame_inputs, **self.event_inputs}

    @cached_property
    def output_ports(self) -> dict[str, OutputPort]:
        """All ports that wires start from: signals, frames, events."""
        return {**self.outputs, **self.frame_outputs, **self.event_outputs}

    @cached_property
    def settings(self) -> dict[str, Choice | Option]:
        """Choices, options and oversampling: parameters that accept no wires."""
        common = {OVERSAMPLING: self.oversampling} if self.oversampling else {}
        return {**self.choices, **self.options, **common}

    def shown_settings(self, params: Mapping[str, Any]) -> dict[str, Choice | Option]:
        """The settings to show for a node with these parameters: oversampling only if it is set."""
        return {name: one for name, one in self.settings.items() if one is not self.oversampling or name in params}

    @cached_property
    def banks(self) -> list[str]:
        """Inputs with one value per member of a frame port or setting."""
        return [name for name, port in self.inputs.items() if port.bank]

    @cached_property
    def parameters(self) -> dict[str, In | Choice | Option]:
        """All parameters that a patch can set: signal inputs and settings."""
        return {**self.inputs, **self.settings}

    @cached_property
    def default_values(self) -> dict[str, float]:
        """The default of each signal input."""
        return {name: float(port.default) for name, port in self.inputs.items()}

    @cached_property
    def default_settings(self) -> dict[str, Any]:
        """The default of each setting."""
        return {name: setting.default for name, setting in self.settings.items()}


InputPort = In | FrameIn | EventIn
OutputPort = Out | FrameOut | EventOut
Port = InputPort | OutputPort

_KINDS: dict[type, str] = {
    In: "inputs",
    Out: "outputs",
    FrameIn: "frame_inputs",
    FrameOut: "frame_outputs",
    EventIn: "event_inputs",
    EventOut: "event_outputs",
    State: "states",
    Memory: "memories",
    Line: "lines",
    Scratch: "scratches",
    Table: "tables",
    Transform: "transforms",
    Choice: "choices",
    Option: "options",
    Helper: "helpers",
    Wired: "wired",
}


class Node:
    """Base class of all blocks. Subclassing registers a block.

    Class keywords: ``version`` (increase it when the meaning of saved parameters changes) and ``hidden``
    (not in the palette). ``device = "output"`` marks the block whose input is played,
    ``device = "input"`` one whose ``block`` gets the device's samples (``device``) and the first ``column`` that it
    reads, ``device = "events"`` one that gets external events (``arrivals``, whose values are port numbers) and the
    ``ports`` that its setting ``port`` selects (a bit for each, in an array of one number).
    ``container`` marks a block of the subpatch structure (subpatch, outlet), which computes nothing.
    ``allocates_voices`` names the voice count option of a block that allocates notes to voices, one lane per voice: a
    subpatch of several voices contains such a block once, and each voice gets one of its lanes.
    ``display`` is the drawing that the editor shows in the node: "wave", "scope" (of settings ``time``,
    ``trigger`` and ``level``), "spectrum", "spectrogram", "meter", "master" (the level of the output), "bars",
    "response", the magnitudes of a block with a rule ``response``, "curve", the points of ``drawn`` and the rule
    ``curve_at``, "curves", those of the rule ``drawing`` with ``gauge`` beside them, "cycle", the same without labels,
    "steps", the bars of ``drawn_bars``, or "tuner", whose rule ``dot`` returns cents and the MIDI number of a note.
    ``words`` are other words for the block, separated by commas, by which the palette and ``nodegraph nodes --search``
    find it, the best first: what musicians say, names in other programs, operators, abbreviations, common words of
    other languages. Case, accents, spaces, hyphens, plurals and a final "~" do not count.
    ``interchangeable`` lists groups of inputs that can change places without changing an output, up to rounding:
    ``(("a", "b"),)`` for ``a + b``; an entry is a tuple for inputs that move together, as in
    ``((("a", "gain_a"), ("b", "gain_b")),)`` for ``gain_a a + gain_b b``.
    ``lane_by_lane`` names inputs of a block with ``lanes`` whose lanes are used together: equal numbers, or 1. In a
    block with a rule ``frame`` these are all inputs.
    ``example`` changes its help patch and its plot in the documentation.
    ``linked_by`` names the choice of a block without ``lanes`` whose option "linked" lets its lanes share a value. With
    "separate", as in all other blocks without ``lanes``, no lane depends on another.
    A block may define these rules as plain functions:

    ``lanes(inputs, settings) -> {output: lanes}``
        for outputs that differ from the widest input (``inputs`` maps input names to lanes);
    ``latency(settings, sr) -> int``
        samples by which the outputs lag behind the inputs;
    ``frames(inputs, settings) -> {output: FrameType}``
        for frame outputs that differ from the frame inputs (settings also contain ``sr``, and after this call
        ``bins``, ``size`` and ``hop``);
    ``response(frequencies, values, settings, sr) -> gains``
        complex gains (outputs, frequencies) from the first input to outputs, for small signals and constant ``values``
        of the other inputs (numbers, arrays of a bank's members), at frequencies in Hz, an array;
    ``curve_at(settings, x) -> y``
        the curve through the points of ``drawn``, at an array of places;
    ``drawing(…) -> Curves | None``
        the curves that show what the block does. It requests inputs and settings by name, like an equation, and gets
        those of the first lane; ``sr`` as well;
    ``dot(…) -> (x, y) | None``
        where a lane is in the drawing, as a running dot. It also requests states and outputs by name, and gets their
        latest values;
    ``check(settings) -> str``
        an error in the settings, which makes the node a placeholder, or "";
    ``member_names(settings) -> names``
        the name of each member of its banks; () shows their numbers;
    ``formula(settings) -> function``
        builds ``tick`` (or ``frame``, if the class defines a default one) from settings, for blocks whose
        equation the user types.
    """

    spec: ClassVar[Spec] = Spec()
    type: ClassVar[str] = ""  # name in patch files
    family: ClassVar[str] = ""
    version: ClassVar[int] = 1
    hidden: ClassVar[bool] = False
    container: ClassVar[bool] = False
    allocates_voices: ClassVar[str] = ""
    device: ClassVar[str] = ""
    display: ClassVar[str] = ""
    drawn: ClassVar[DrawnCurve | None] = None
    drawn_bars: ClassVar[Bars | None] = None
    gauge: ClassVar[Gauge | None] = None
    words: ClassVar[str] = ""
    interchangeable: ClassVar[tuple[tuple[str | tuple[str, ...], ...], ...]] = ()
    lane_by_lane: ClassVar[tuple[str, ...]] = ()
    linked_by: ClassVar[str] = ""
    example: ClassVar[Example] = Example()

    tick: ClassVar[Callable[..., Any] | None] = None
    block: ClassVar[Callable[..., Any] | None] = None
    frame: ClassVar[Callable[..., Any] | None] = None
    frames: ClassVar[Callable[..., dict[str, Any]] | None] = None
    lanes: ClassVar[Callable[..., dict[str, int]] | None] = None
    latency: ClassVar[Callable[..., int] | None] = None
    response: ClassVar[Callable[..., Any] | None] = None
    curve_at: ClassVar[Callable[..., Any] | None] = None
    drawing: ClassVar[Callable[..., Curves | None] | None] = None
    dot: ClassVar[Callable[..., tuple[float, float] | None] | None] = None
    check: ClassVar[Callable[..., str] | None] = None
    member_names: ClassVar[Callable[..., tuple[str, ...]] | None] = None
    formula: ClassVar[Callable[..., Any] | None] = None

    def __init_subclass__(cls, version: int = 1, hidden: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        spec = Spec()
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                kind = _KINDS.get(type(value))
                if kind is not None:
                    named = copy.copy(value)
                    object.__setattr__(named, "name", name)
                    getattr(spec, kind)[name] = named
        for rule in (
            "tick",
            "block",
            "frame",
            "frames",
            "lanes",
            "latency",
            "response",
            "curve_at",
            "drawing",
            "dot",
            "check",
            "member_names",
            "formula",
        ):
            function = cls.__dict__.get(rule)
            if callable(function) and not isinstance(function, staticmethod):
                setattr(cls, rule, staticmethod(function))
        declared = spec.choices.pop(OVERSAMPLING, None)
        cls.spec = replace(spec, oversampling=declared or (OVERSAMPLING_CHOICE if _maps_signals(cls, spec) else None))
        cls.type = snake_case(cls.__name__)
        cls.family = cls.__module__.rpartition(".")[2]
        cls.version = version
        cls.hidden = hidden


def _maps_signals(cls: type[Node], spec: Spec) -> bool:
    """Return whether a block computes signals, from signals or from nothing else."""
    others = spec.frame_inputs or spec.frame_outputs or spec.event_inputs or spec.event_outputs or spec.helpers
    computes = cls.tick or cls.block or cls.formula
    return bool(computes and spec.outputs) and not (cls.frame or others or spec.banks or cls.device)


def snake_case(name: str) -> str:
    """Return the type of a class in patch files: ``LowPass`` → ``low_pass``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


# -- values ----------------------------------------------------------------------------------------------------

_TYPES_IN_WORDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
}
_NUMBERS = ((int, float), "numbers")
_MEMBERS: dict[type, tuple[tuple[type, ...], str]] = {
    int: _NUMBERS,
    float: _NUMBERS,
    str: ((str,), "strings"),
    tuple: ((list, tuple), "lists"),
}


def _range_problem(value: float, low: float | None, high: float | None, unit: str) -> str:
    """Return how a number violates a range, ``"must lie in 0–20000 Hz, got -3"``, or ""."""
    if not math.isfinite(value):
        return f"must be a finite number, got {value}"
    if (low is None or value >= low) and (high is None or value <= high):
        return ""
    end = f" {unit}, got {value:.12g}" if unit else f", got {value:.12g}"
    if low is None:
        return f"must be at most {high:g}{end}"
    if high is None:
        return f"must be at least {low:g}{end}"
    return f"must lie in {low:g}–{high:g}{end}"


def _clamp(value: float, low: float, high: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return min(max(value, low), high)


def _is_plain(value: Any, kind: tuple[type, ...]) -> bool:
    """Return whether a value is of a kind, and finite if it is a number; a boolean is not a number."""
    finite = not isinstance(value, float) or math.isfinite(value)
    return isinstance(value, kind) and not isinstance(value, bool) and finite


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 40 else text[:37] + "…"
