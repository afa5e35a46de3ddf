"""The declarations of a block: what its author writes, and what every other part reads.

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
    quantum) are ints. A block that converts between signals and frames has a ``block`` as well.

A ``block`` gets event ports as lists of :mod:`nodegraph.events`.

All are plain functions without ``self`` and request their arguments by name: any declared port, state or setting,
``sr`` (Hz) and ``dt`` (``1 / sr``, s). They may use floats, ints, arithmetic and the functions of
:mod:`nodegraph.maths`, but not :mod:`math`.

**Values out of range.** One rule holds everywhere, and ``accepts``, ``problem`` and ``clamp`` of :class:`In` and
:class:`Option` implement it. A value that a person or a program states (Python API, ``--set``, JSON file, preset,
snapshot, text typed in the editor) is refused with the sentence of ``problem`` unless the declaration ``accepts`` it.
A value from a continuous control (OSC, MIDI, a slider being dragged) is set to the nearest value in the range by
``clamp``, because a controller cannot read a refusal. NaN and infinity are always refused; a control message that
holds one is dropped.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

Settings = Mapping[str, Any]

MOST_LANES = 1024  # of a signal
MOST_MEMBERS = 65536  # of a bank


@dataclass(frozen=True)
class In:
    """A signal input: a parameter while unconnected, modulated at audio rate when a signal is wired to it.

    ``unit`` is the unit of the signal, ``min``/``max`` the range of the parameter in that unit (a wired signal may
    leave it), ``taper`` the scale of its slider ("linear" or "log"). ``smooth=False`` applies parameter changes as
    steps at the exact sample: for gates, switches and counts.

    ``bank="code"`` makes it a bank: one value for each of its members, as many as the block's frame port ``code`` has
    bins (or as its whole-number option ``code`` says). Members are not lanes. ``frame`` gets them as an array ``name``
    of ``name_size`` numbers, read at the end of the frame; ``block`` gets an array (samples, members). In a patch a
    number sets all members; a list sets the first ones and the others keep the default; so does a wire of one lane or
    of several. Single members are set as lanes are.
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
        """Whether the parameter may be set to ``value``: a number in the range, or a list with one for each lane."""
        return not self.problem(value)

    def problem(self, value: Any) -> str:
        """Why :meth:`accepts` refuses ``value``, as a sentence that begins with the port's name; else ""."""
        if type(value) is float and self.min <= value <= self.max:
            return ""
        if isinstance(value, bool):
            value = float(value)
        values = value if isinstance(value, list | tuple) else [value]
        if not values or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            return f"{self.name} must be a number or a list of numbers, got {_short(value)}."
        most, what = (MOST_MEMBERS, "values") if self.bank else (MOST_LANES, "lanes")
        if len(values) > most:
            return f"{self.name} has {len(values)} {what}; at most {most} are possible."
        for v in values:
            problem = _range_problem(v, self.min, self.max, self.unit)
            if problem:
                return f"{self.name} {problem}. Set it in the patch or wire a signal."
        return ""

    def clamp(self, value: float) -> float:
        """The nearest value in the range. Raises ValueError for NaN and infinity."""
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
        """What a wire to this port carries, in words: ``"spectrum frames"``."""
        return f"{self.kind} frames"


@dataclass(frozen=True)
class FrameOut:
    """A frame output; the block's ``frames`` rule gives its size and clock."""

    kind: str = "spectrum"
    doc: str = ""
    name: str = ""

    @property
    def carries(self) -> str:
        """What a wire from this port carries, in words: ``"spectrum frames"``."""
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
    """An event output. A block ends the notes that it began, also after its settings have changed."""

    kind: ClassVar[str] = "events"
    carries: ClassVar[str] = "events"

    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class State:
    """One number for each lane, kept from sample to sample.

    ``init`` is its first value, a float or an int, which fixes its type; ``seeded=True`` starts every lane at its
    own positive 31-bit int, drawn from the document's seed and the node's id.
    """

    init: float | int = 0.0
    seeded: bool = False
    name: str = ""


@dataclass(frozen=True)
class Memory:
    """Numbers that a ``block`` keeps for all its lanes together: an array of doubles, initially zero.

    ``length(settings)`` gives their number.
    """

    length: Callable[[Settings], int]
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A float32 delay line for each lane, passed as ``name`` (indexable) and ``name_size`` (int).

    ``length(settings, sr)`` gives its length in samples.
    """

    length: Callable[[Settings, float], int]
    name: str = ""


@dataclass(frozen=True)
class Scratch:
    """Working memory of a ``frame``: float32 numbers, passed as ``name`` (indexable) and ``name_size`` (int).

    Its content is undefined when the equation begins, because all frames, lanes and blocks use the same memory.
    ``length(settings, sr)`` gives the numbers. What must last until the next frame belongs in a ``Line``.
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
    """The Fourier transform of a frame block, passed as ``name`` to ``spectral.transform.rfft`` and ``irfft``."""

    name: str = ""


@dataclass(frozen=True)
class Choice:
    """A setting with named values. ``tick`` and ``block`` get its index, as a constant."""

    values: tuple[str, ...]
    doc: str = ""
    name: str = ""

    def __init__(self, *values: str, doc: str = "", name: str = "") -> None:
        object.__setattr__(self, "values", tuple(values))
        object.__setattr__(self, "doc", doc)
        object.__setattr__(self, "name", name)

    @property
    def default(self) -> str:
        return self.values[0]

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` is one of the named values."""
        return not self.problem(value)

    def problem(self, value: Any) -> str:
        """Why :meth:`accepts` refuses ``value``, as a sentence that begins with the setting's name; else ""."""
        if isinstance(value, str) and value in self.values:
            return ""
        return f"{self.name} must be one of {', '.join(self.values)}, got {_short(value)}."


@dataclass(frozen=True)
class Option:
    """A setting that is not a signal: a size, a count, a text, a list or a file (``kind="file"``).

    Its type is that of its default; ``min``/``max`` are the range of a number, in ``unit`` (None: no limit).
    Numbers and booleans reach ``tick`` and ``block`` as constants.
    """

    default: int | float | bool | str | tuple[Any, ...]
    unit: str = ""
    min: float | None = None
    max: float | None = None
    kind: str = ""
    doc: str = ""
    name: str = ""

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` has the type of the default and lies in the range."""
        return not self.problem(value)

    def problem(self, value: Any) -> str:
        """Why :meth:`accepts` refuses ``value``, as a sentence that begins with the setting's name; else ""."""
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
        """An accepted value in the type of the default: integers become floats and lists tuples where it is so."""
        if isinstance(self.default, float):
            return float(value)
        if isinstance(self.default, tuple):
            return tuple(tuple(v) if isinstance(v, list) else v for v in value)
        return value

    def clamp(self, value: float) -> float:
        """The nearest number in the range; a whole one if the default is. Raises ValueError for NaN and infinity."""
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
class Helper:
    """A helper object outside the audio thread that owns memory which it shares with the block.

    ``open(context)`` returns an object with ``arrays`` (name → one-dimensional numpy array; passed to
    ``block`` as ``name`` if it has an argument of that name), ``service()`` (called regularly, never by the audio
    thread, and between blocks when rendering offline) and ``close()``. See :mod:`nodegraph.blocks.helper`.
    """

    open: Callable[[Any], Any]
    name: str = ""


@dataclass(frozen=True)
class Spec:
    """Everything that a block declares, by name, in order of declaration.

    ``input_ports`` and ``output_ports`` are the one answer to which ports a node has; each port has a ``kind``
    ("signal", "events" or the kind of its frames) and says in words what it ``carries``.
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
    hosts: dict[str, Helper] = field(default_factory=dict)

    @cached_property
    def input_ports(self) -> dict[str, InputPort]:
        """All ports that a wire can go to: signals, frames, events."""
        return {**self.inputs, **self.frame_inputs, **self.event_inputs}

    @cached_property
    def output_ports(self) -> dict[str, OutputPort]:
        """All ports that a wire can come from: signals, frames, events."""
        return {**self.outputs, **self.frame_outputs, **self.event_outputs}

    @cached_property
    def settings(self) -> dict[str, Choice | Option]:
        """Choices and options: parameters that no wire can go to."""
        return {**self.choices, **self.options}

    @cached_property
    def parameters(self) -> dict[str, In | Choice | Option]:
        """All that a patch can set: signal inputs and settings."""
        return {**self.inputs, **self.settings}


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
    Helper: "hosts",
}


class Node:
    """Base class of all blocks. Subclassing registers a block; nothing else is needed.

    Class keywords: ``version`` (raise it when the meaning of saved parameters changes) and ``hidden``
    (not offered in the palette). ``device = "output"`` marks the block whose input is played,
    ``device = "input"`` one whose ``block`` gets the device's samples (``device``) and the first ``column`` that it
    reads, ``device = "events"`` one that gets the events from outside (``arrivals``, whose values are port numbers)
    and the ``ports`` that its setting ``port`` selects (a bit for each, in an array of one number).
    ``container`` marks a block that says how one patch lies in another and computes nothing. ``allocates_voices`` names
    the option of a block that allocates notes to voices, one lane for each: in a subpatch of several voices such a
    block exists once and gives each voice its lane.
    ``display`` names what the editor draws in the block: "wave", "spectrum", "spectrogram", "meter", "bars".
    A block may define these rules as plain functions:

    ``lanes(inputs, settings) -> {output: lanes}``
        for outputs that differ from the widest input (``inputs`` maps input names to lanes);
    ``latency(settings, sr) -> int``
        samples by which the outputs lag behind the inputs;
    ``frames(inputs, settings) -> {output: FrameType}``
        for frame outputs that differ from the frame inputs (settings hold ``sr`` too, and after this call ``bins``,
        ``size`` and ``hop``);
    ``check(settings) -> str``
        what is wrong with the settings ("" if nothing): the node becomes a silent placeholder;
    ``formula(settings) -> function``
        builds ``tick`` (or ``frame``, if the class has one as a stand-in) from settings, for blocks whose
        equation the user types.
    """

    spec: ClassVar[Spec] = Spec()
    type: ClassVar[str] = ""  # its name in a patch
    family: ClassVar[str] = ""
    version: ClassVar[int] = 1
    hidden: ClassVar[bool] = False
    container: ClassVar[bool] = False
    allocates_voices: ClassVar[str] = ""
    device: ClassVar[str] = ""
    display: ClassVar[str] = ""

    tick: ClassVar[Callable[..., Any] | None] = None
    block: ClassVar[Callable[..., Any] | None] = None
    frame: ClassVar[Callable[..., Any] | None] = None
    frames: ClassVar[Callable[..., dict[str, Any]] | None] = None
    lanes: ClassVar[Callable[..., dict[str, int]] | None] = None
    latency: ClassVar[Callable[..., int] | None] = None
    check: ClassVar[Callable[..., str] | None] = None
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
        for rule in ("tick", "block", "frame", "frames", "lanes", "latency", "check", "formula"):
            function = cls.__dict__.get(rule)
            if callable(function) and not isinstance(function, staticmethod):
                setattr(cls, rule, staticmethod(function))
        cls.spec = spec
        cls.type = snake_case(cls.__name__)
        cls.family = cls.__module__.rpartition(".")[2]
        cls.version = version
        cls.hidden = hidden


def snake_case(name: str) -> str:
    """``LowPass`` → ``low_pass``: the type, as it stands in a patch, of a class."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


# -- values ----------------------------------------------------------------------------------------------------

_TYPES_IN_WORDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "a text",
    bool: "true or false",
}
_NUMBERS = ((int, float), "numbers")
_MEMBERS: dict[type, tuple[tuple[type, ...], str]] = {
    int: _NUMBERS,
    float: _NUMBERS,
    str: ((str,), "texts"),
    tuple: ((list, tuple), "lists"),
}


def _range_problem(value: float, low: float | None, high: float | None, unit: str) -> str:
    """How a number violates a range: ``"must lie in 0–20000 Hz, got -3"``; "" if it does not."""
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
    """Whether a value is of a kind, and finite if it is a number; a boolean is no number."""
    finite = not isinstance(value, float) or math.isfinite(value)
    return isinstance(value, kind) and not isinstance(value, bool) and finite


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 40 else text[:37] + "…"
