"""What a block looks like: the declarations a block's author writes, and nothing else.

A block is a subclass of :class:`Node` whose class attributes are ports, state and settings, and
whose equation is either

``tick``
    one sample: floats in, ``(outputs…, new states…)`` out, in the order of declaration; or
``block``
    a whole block of samples: arrays of shape ``(samples, lanes)`` in, outputs written in place; or
``frame``
    one frame of one lane, whenever the frame clock fires: frame ports are arrays of ``bins`` numbers
    (``name_re`` and ``name_im`` for a spectrum), signal inputs and settings floats, states and lines
    arrays of this lane; ``bins``, ``size``, ``hop`` and ``age`` (samples from the frame's end to that of
    the quantum) are ints. A block that goes between signals and frames has a ``block`` as well.

Event ports reach a ``block`` as lists of :mod:`nodegraph.events`.

All are plain functions without ``self``; they ask for what they need by parameter name: any
declared port, state or setting, ``sr`` (Hz) and ``dt`` (``1 / sr``, s). They may use floats, ints,
``math``-free arithmetic and the functions of :mod:`nodegraph.maths`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class In:
    """A signal input: a knob while nothing is wired to it, modulation at audio rate when something is.

    ``unit`` is the unit of the signal, ``min``/``max`` the range a knob offers, ``taper`` how the
    knob travels it ("linear" or "log"). ``smooth=False`` makes knob moves arrive as steps, at the
    exact sample: for gates, switches and counts.

    ``bank="code"`` makes it a bank: one value for each of its members, as many as the block's frame port
    ``code`` has bins (or as its whole-number option of that name says). Members are no lanes of the sound;
    ``frame`` gets them as an array ``name`` of ``name_size`` numbers, at the end of the frame, ``block`` as
    (samples, members). In a patch a number serves all of them, a list gives the first ones and the others keep the
    default; so does a wire of one lane or of several. Single members are turned as lanes are.
    """

    default: float = 0.0
    unit: str = ""
    min: float = -1.0
    max: float = 1.0
    taper: str = "linear"
    smooth: bool = True
    doc: str = ""
    bank: str = ""
    name: str = ""


@dataclass(frozen=True)
class Out:
    """A signal output."""

    unit: str = ""
    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class FrameIn:
    """A frame input: vectors of one ``kind`` ("spectrum", "magnitude", "phase", "latent") at a hop clock.

    ``kind=EITHER`` of :mod:`nodegraph.frame_types` takes magnitudes and latents alike.
    """

    kind: str = "spectrum"
    doc: str = ""
    optional: bool = False
    name: str = ""


@dataclass(frozen=True)
class FrameOut:
    """A frame output; its size and clock are said by the block's ``frames`` rule."""

    kind: str = "spectrum"
    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class EventIn:
    """An event input: notes and controller messages with sample offsets. Several wires are merged in order of time."""

    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class EventOut:
    """An event output. A block ends the notes that it has begun itself, also after its settings were changed."""

    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class State:
    """One number a lane remembers from sample to sample.

    ``init`` is a float or an int (which fixes its type); ``seeded=True`` starts every lane at its
    own positive 31-bit int, drawn from the document's seed and the node's id.
    """

    init: float | int = 0.0
    seeded: bool = False
    name: str = ""


@dataclass(frozen=True)
class Memory:
    """Numbers that a ``block`` remembers for all its lanes together, as an array of doubles that starts with zeros.

    ``length(settings)`` gives how many.
    """

    length: Callable[[Settings], int]
    name: str = ""


@dataclass(frozen=True)
class Line:
    """A float32 delay line for each lane, passed as ``name`` (indexable) and ``name_size`` (int).

    ``length(settings, sr)`` gives its samples.
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
    """A setting with named values. ``tick`` and ``block`` see its index, as a constant."""

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


@dataclass(frozen=True)
class Option:
    """A setting that is not a signal: a size, a count, a text, a list or a file (``kind="file"``).

    Its type is that of its default. Numbers (and booleans) reach ``tick`` and ``block`` as constants.
    """

    default: int | float | bool | str | tuple
    unit: str = ""
    min: float | None = None
    max: float | None = None
    kind: str = ""
    doc: str = ""
    name: str = ""


@dataclass(frozen=True)
class Host:
    """A helper object outside the audio thread that owns memory which the block shares with it.

    ``open(context)`` returns an object with ``arrays`` (name → one-dimensional numpy array; passed to
    ``block`` under ``name`` where it asks for it), ``service()`` (called regularly, never by the audio
    thread, and between blocks when rendering offline) and ``close()``. See :mod:`nodegraph.blocks.helper`.
    """

    open: Callable[[Any], Any]
    name: str = ""


@dataclass(frozen=True)
class Spec:
    """Everything declared by one block, by name, in order of declaration."""

    inputs: dict[str, In] = field(default_factory=dict)
    outputs: dict[str, Out] = field(default_factory=dict)
    frame_inputs: dict[str, FrameIn] = field(default_factory=dict)
    frame_outputs: dict[str, FrameOut] = field(default_factory=dict)
    event_inputs: dict[str, EventIn] = field(default_factory=dict)
    event_outputs: dict[str, EventOut] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    transforms: dict[str, Transform] = field(default_factory=dict)
    choices: dict[str, Choice] = field(default_factory=dict)
    options: dict[str, Option] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)


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
    Table: "tables",
    Transform: "transforms",
    Choice: "choices",
    Option: "options",
    Host: "hosts",
}


class Node:
    """Base of every block. Subclassing it is all the registration there is.

    Class keywords: ``version`` (raised when the meaning of saved parameters changes) and ``hidden``
    (not offered in the palette). ``device = "output"`` marks the block whose input is heard,
    ``device = "input"`` one whose ``block`` gets the device's samples (``device``) and the first
    ``column`` that is its own, ``device = "events"`` one that gets the events from outside (``arrivals``, whose
    values are port numbers) and the ``ports`` that its setting ``port`` means (a bit each, in an array of one).
    ``container`` marks a block that says how a patch lies in another and computes nothing itself. ``deals`` names the
    option of a block that deals notes to voices, a lane for each: inside a subpatch of several voices it stays
    one block, which gives each of them its lane.
    ``display`` names what the editor draws inside the block: "wave", "spectrum", "spectrogram", "meter", "bars".
    Rules a block may define as plain functions:

    ``lanes(inputs, settings) -> {output: lanes}``
        for outputs that differ from the widest input (``inputs`` maps input names to lanes);
    ``latency(settings, sr) -> int``
        samples by which the outputs lag behind the inputs;
    ``frames(inputs, settings) -> {output: FrameType}``
        for frame outputs that are not like the frame inputs (settings hold ``sr`` too, and from then on ``bins``,
        ``size`` and ``hop``);
    ``check(settings) -> str``
        what is wrong with the settings ("" if nothing): the node becomes a silent placeholder;
    ``formula(settings) -> function``
        builds ``tick`` (or ``frame``, where the class has one to stand for it) from settings, for blocks whose
        equation the user types.
    """

    spec: ClassVar[Spec] = Spec()
    type: ClassVar[str] = ""  # its name in a patch
    family: ClassVar[str] = ""
    version: ClassVar[int] = 1
    hidden: ClassVar[bool] = False
    container: ClassVar[bool] = False
    deals: ClassVar[str] = ""
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
    """``LowPass`` → ``low_pass``: the name of a class as a type in a patch."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
