"""The document: a patch as immutable data.

Nothing here is changed in place: an edit makes a new :class:`Document` that shares all unedited parts with the old
one. A document is therefore its own snapshot, and a comparison of two documents by ``is`` finds the edited parts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from .errors import PatchError, quote, suggest

FORMAT = "nodegraph"
VERSION = 1

Extra = dict[str, str]
"""Unknown fields: the JSON text of each, by name."""


Path = tuple[str, ...]
"""The path of a nested document: ids of subpatches, outermost first. ``()`` is the patch itself."""

SUBPATCH, INLET, OUTLET = "subpatch", "inlet", "outlet"
SEND, RECEIVE = "send", "receive"
"""The types that the document layer interprets: a node that contains a document, and the nodes that give it ports."""

INLET_PORT, OUTLET_PORT = "out", "audio"
"""The output of an inlet, and the input of an outlet."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """A node.

    ``params`` contains values of signal inputs (a number, or a list of one number per lane) and settings. ``version``
    is that of the type when the parameters were written. ``patch`` is the nested document of a subpatch.
    """

    type: str
    version: int = 1
    params: dict[str, Any] = field(default_factory=dict)
    extra: Extra = field(default_factory=dict, repr=False)
    patch: Document | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire from an output to an input. ``feedback`` marks the wire that closes a loop."""

    source: str
    source_port: str
    target: str
    target_port: str
    feedback: bool = False
    extra: Extra = field(default_factory=dict, compare=False, repr=False)

    @property
    def source_ref(self) -> str:
        """The port_ref of the output, such as ``"osc1.out"``."""
        return f"{self.source}.{self.source_port}"

    @property
    def target_ref(self) -> str:
        """The port_ref of the input, such as ``"lp1.audio"``."""
        return f"{self.target}.{self.target_port}"

    def __str__(self) -> str:
        return f"{self.source_ref} {'⇢' if self.feedback else '→'} {self.target_ref}"


Message = Literal["control_change", "control_change_14", "note", "pitch_bend", "channel_pressure"]
Mode = Literal["absolute", "toggle", "relative_twos", "relative_offset", "relative_sign"]
Takeover = Literal["jump", "pickup", "scale"]
FirstView = Literal["canvas", "controls"]
MESSAGES, MODES, TAKEOVERS = get_args(Message), get_args(Mode), get_args(Takeover)
FIRST_VIEWS = get_args(FirstView)


@dataclass(frozen=True, slots=True)
class Binding:
    """The MIDI message that sets a control.

    ``message`` is one of :data:`MESSAGES` ("control_change_14": CC ``number`` is the coarse part, CC ``number`` + 32
    the fine part). ``number`` (0–127) is the controller or key; the last two messages have none. ``channel`` is 1–16,
    ``device`` the beginning of the port's name; ``None`` and ``""`` mean any.

    ``mode``: "absolute" for positions; "toggle" for a button that alternates between two values; the others are
    endless encoders, with steps as two's complement, offset from 64, or sign and magnitude. ``takeover`` applies if
    the hardware control does not match the parameter: "jump" to its value, "pickup" once it passes the value, or
    "scale" the remaining travel.
    """

    number: int = 0
    message: str = "control_change"
    channel: int | None = None
    device: str = ""
    mode: str = "absolute"
    takeover: str = "jump"
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Control:
    """A named handle on one parameter, for the command line, a host or a controller.

    ``target`` is ``"node.port"``; ``lane`` selects one lane, ``None`` all. ``min`` and ``max`` are in the unit of the
    port; ``None`` means the range of the port. ``taper`` is "linear" or "log". ``midi`` is the binding.

    ``steps`` are the classes of its values, for data sets and estimators: a count (evenly spaced along the taper, the
    first and the last at the ends of the range) or their values, increasing. The control itself moves continuously.
    ``group`` is the title under which the play panel shows it with others.
    """

    name: str
    target: str
    min: float | None = None
    max: float | None = None
    taper: str = "linear"
    doc: str = ""
    lane: int | None = None
    midi: Binding | None = None
    steps: int | tuple[float, ...] | None = None
    group: str = ""
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A comment on the canvas; ``at`` is in pixels at zoom 1."""

    id: str
    text: str
    at: tuple[float, float] = (0.0, 0.0)
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Area:
    """A titled rectangle on the canvas that moves with its contents (pixels at zoom 1). ``colour``: "" or "#rrggbb"."""

    id: str
    title: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (200.0, 150.0)
    colour: str = ""
    extra: Extra = field(default_factory=dict, repr=False)

    def contains(self, place: tuple[float, float]) -> bool:
        """Return whether the area contains the point ``place``."""
        return all(low <= x < low + size for x, low, size in zip(place, self.at, self.size, strict=True))


@dataclass(frozen=True, slots=True)
class Look:
    """The appearance of a node: a ``title`` instead of its id, a ``colour`` ("" or "#rrggbb"), folded or not."""

    title: str = ""
    colour: str = ""
    folded: bool = False
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Preset:
    """Named parameters for nodes of one type; a setting that is missing has its default.

    ``version`` is that of the type when the parameters were written.
    """

    type: str
    name: str
    params: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Stored parameter values of a patch, by port_ref such as "filter.cutoff" or "voice/filter.cutoff"."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a patch. ``rate`` is the requested sample rate in Hz; ``None`` means that of the device.

    ``voices``, ``unison``, ``mix`` and ``width`` apply to the complete patch as they do to a subpatch.
    ``shows_first`` is one of :data:`FIRST_VIEWS`: with "controls" the editor opens the patch with its play panel.
    """

    latency_compensation: bool = True
    rate: float | None = None
    voices: int = 1
    unison: int = 1
    mix: str = "sum"
    width: float = 1.0
    shows_first: str = "canvas"
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text that a document was read from, so that unedited parts are saved byte for byte.

    ``data`` is the complete file; for a nested document it is ``None``, and ``text`` is its JSON text. ``sections``
    maps a top-level name, and ``records`` a section and a key in it, to the object that was read and its JSON text.
    A text is valid only while the document contains that same object.
    """

    data: bytes | None
    sections: dict[str, tuple[Any, str]]
    records: dict[tuple[str, Hashable], tuple[Any, str]]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """The content of a patch. Dictionaries are in document order and must not be changed in place.

    ``seed`` seeds every random block. ``controls``, ``snapshots``, ``presets`` (by type and name), ``notes``,
    ``areas``, ``looks`` and ``layout`` (positions of nodes, pixels at zoom 1) do not affect the sound. ``version`` is
    that of the file format. In a nested document only the voice ``settings`` are used.
    """

    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    wires: tuple[Wire, ...] = ()
    title: str = ""
    seed: int = 0
    settings: Settings = Settings()
    controls: dict[str, Control] = field(default_factory=dict)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    presets: dict[tuple[str, str], Preset] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)
    layout: dict[str, tuple[float, float]] = field(default_factory=dict)
    extra: Extra = field(default_factory=dict)
    version: int = VERSION
    source: SourceText | None = field(default=None, compare=False, repr=False)

    @property
    def is_newer_format(self) -> bool:
        """Whether the file format is newer than that of this program."""
        return self.version > VERSION

    @property
    def is_edited(self) -> bool:
        """Whether the document differs from the file that it was read from; True if there is none."""
        if self.source is None:
            return True
        return any(getattr(self, name) is not value for name, (value, _) in self.source.sections.items())

    def node(self, id: str) -> NodeRecord:
        """Return the node with this id. Raises :class:`PatchError` if there is none."""
        try:
            return self.nodes[id]
        except KeyError:
            raise PatchError(unknown_node(id, self)) from None

    def nested(self, path: Path) -> Document:
        """Return the nested document at ``path``. Raises :class:`PatchError` if there is none."""
        document = self
        for depth, id in enumerate(path):
            record = document.node(id)
            if record.patch is None:
                raise PatchError(_not_a_subpatch("/".join(path[: depth + 1]), record))
            document = record.patch
        return document

    def with_nested(self, path: Path, nested: Document) -> Document:
        """Return this document with the nested document at ``path`` replaced by ``nested``."""
        if not path:
            return nested
        record = self.nodes[path[0]]
        assert record.patch is not None
        inner = record.patch.with_nested(path[1:], nested)
        return replace(self, nodes={**self.nodes, path[0]: replace(record, patch=inner)})


def locate(document: Document, text: str) -> tuple[Path, str]:
    """Return the path and id of a node, ``"voice/filter"`` → ``(("voice",), "filter")``.

    Raises :class:`PatchError` if there is none.
    """
    found = find_node(document, text)
    if found is not None:
        return found
    path: list[str] = []
    rest = text
    while rest not in document.nodes:
        cuts = [i for i, sign in enumerate(rest) if sign == "/"]
        id = next((rest[:i] for i in cuts if rest[:i] in document.nodes), None)
        if id is None:
            raise PatchError(unknown_node(rest, document))
        record = document.nodes[id]
        path.append(id)
        if record.patch is None:
            raise PatchError(_not_a_subpatch("/".join(path), record))
        document, rest = record.patch, rest[len(id) + 1 :]
    return tuple(path), rest


def find_node(document: Document, text: str) -> tuple[Path, str] | None:
    """Return the path and id of a node, or None. Ids may contain ``/``, so every way to split ``text`` is tried."""
    if text in document.nodes:
        return (), text
    for i, sign in enumerate(text):
        record = document.nodes.get(text[:i]) if sign == "/" else None
        found = find_node(record.patch, text[i + 1 :]) if record is not None and record.patch is not None else None
        if found is not None:
            return (text[:i], *found[0]), found[1]
    return None


def nodes_of(document: Document, before: str = "") -> Iterator[tuple[str, NodeRecord]]:
    """Yield all nodes by name; nodes of a subpatch follow it, with names such as ``"voice/osc"``."""
    for id, record in document.nodes.items():
        yield before + id, record
        if record.patch is not None:
            yield from nodes_of(record.patch, f"{before}{id}/")


def _not_a_subpatch(node: str, record: NodeRecord) -> str:
    file = record.params.get("file")
    if record.type == SUBPATCH and file:
        return f"{quote(node)} is the patch in the file {quote(file)}. Open that file, or embed it first."
    return f"{quote(node)} is a {record.type}, not a subpatch. Name a subpatch."


def unknown_node(id: str, document: Document) -> str:
    """Return the error message for an unknown node, with the most similar id that exists."""
    hint = suggest(id, document.nodes) or (" Add it first." if id else " Give its id.")
    return f"unknown node {quote(id)}.{hint}"
