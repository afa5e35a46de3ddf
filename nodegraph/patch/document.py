"""The document: a patch as immutable data.

Nothing here is ever changed in place: an edit makes a new :class:`Document` that shares all it did
not touch with the old one. So keeping a document is keeping a snapshot, and comparing two
documents part by part with ``is`` tells what an edit changed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from .errors import PatchError, quote, suggest

FORMAT = "nodegraph"
VERSION = 1

Extra = dict[str, str]
"""Fields that this version does not know, by name, as the JSON text that stood in the file."""


Path = tuple[str, ...]
"""Ids of subpatches from outside inward, ending in the nested document that is meant; ``()`` is the patch itself."""

SUBPATCH, INLET, OUTLET = "subpatch", "inlet", "outlet"
"""Types that have a meaning for the document: a node that holds a patch, and the nodes that give it ports."""

INLET_PORT, OUTLET_PORT = "out", "audio"
"""Where an inlet's signal comes out, and where an outlet takes its own."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node. ``params`` hold values of signal inputs (a number, or a list with one number a lane)
    and settings; ``version`` is that of its type when the parameters were written. ``patch`` is the nested
    document of a subpatch."""

    type: str
    version: int = 1
    params: dict[str, Any] = field(default_factory=dict)
    extra: Extra = field(default_factory=dict, repr=False)
    patch: Document | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire from an output port to an input port. ``feedback`` marks the one that closes a loop."""

    source: str
    source_port: str
    target: str
    target_port: str
    feedback: bool = False
    extra: Extra = field(default_factory=dict, compare=False, repr=False)

    @property
    def source_ref(self) -> str:
        """``"osc1.out"``."""
        return f"{self.source}.{self.source_port}"

    @property
    def target_ref(self) -> str:
        """``"lp1.audio"``."""
        return f"{self.target}.{self.target_port}"

    def __str__(self) -> str:
        return f"{self.source_ref} {'⇢' if self.feedback else '→'} {self.target_ref}"


Message = Literal["control_change", "control_change_14", "note", "pitch_bend", "channel_pressure"]
Mode = Literal["absolute", "toggle", "relative_twos", "relative_offset", "relative_sign"]
Takeover = Literal["jump", "pickup", "scale"]
MESSAGES, MODES, TAKEOVERS = get_args(Message), get_args(Mode), get_args(Takeover)


@dataclass(frozen=True, slots=True)
class Binding:
    """What on a MIDI device turns a control.

    ``message`` is one of :data:`MESSAGES` ("control_change_14" is controller ``number`` with its fine part
    32 above) and ``number`` (0–127) its controller or key, without meaning for the last two. ``channel`` is
    1–16 and ``device`` how the port's name begins; ``None`` and ``""`` mean any.

    ``mode``: "absolute" sends positions; each press of a "toggle" changes sides; the others are endless
    encoders, whose steps come as two's complement, as offset from 64 or as sign and magnitude.
    ``takeover`` says what happens when the knob stands elsewhere than the parameter: "jump" to it, wait
    until it is picked up there, or "scale" the way that is left.
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
    """A handle by which the outside (command line, host, controller) turns one parameter.

    ``target`` is ``"node.port"``, of which ``lane`` means one lane, ``None`` all; ``min``/``max`` are in the
    unit of that port, ``None`` means the port's own range; ``taper`` is "linear" or "log". ``midi`` is what
    turns it on a MIDI device.
    """

    name: str
    target: str
    min: float | None = None
    max: float | None = None
    taper: str = "linear"
    doc: str = ""
    lane: int | None = None
    midi: Binding | None = None
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """A comment at a place of the canvas (pixels at zoom 1)."""

    id: str
    text: str
    at: tuple[float, float] = (0.0, 0.0)
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Area:
    """A titled rectangle of the canvas that carries what stands in it. ``colour`` is "" or "#rrggbb"."""

    id: str
    title: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (200.0, 150.0)
    colour: str = ""
    extra: Extra = field(default_factory=dict, repr=False)

    def contains(self, place: tuple[float, float]) -> bool:
        """Does a thing at ``place`` stand in it?"""
        return all(low <= x < low + size for x, low, size in zip(place, self.at, self.size, strict=True))


@dataclass(frozen=True, slots=True)
class Look:
    """How a node is drawn: a ``title`` instead of its id, a ``colour`` ("" or "#rrggbb"), folded or not."""

    title: str = ""
    colour: str = ""
    folded: bool = False
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Preset:
    """A set of parameters for nodes of one type, kept under a name. A setting that is not in it is at its default.

    ``version`` is that of the type when the parameters were written.
    """

    type: str
    name: str
    params: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Values of parameters to come back to: ``values`` by end, such as "filter.cutoff" or "voice/filter.cutoff"."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the patch as a whole. ``rate`` (Hz) is the one it wants, ``None`` the device's.

    ``voices``, ``unison``, ``mix`` and ``width`` make many of the whole patch, as they do of a subpatch.
    """

    latency_compensation: bool = True
    rate: float | None = None
    voices: int = 1
    unison: int = 1
    mix: str = "sum"
    width: float = 1.0
    extra: Extra = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text a document was read from, so that what is not edited is saved byte for byte.

    ``data`` is the whole file; of a document nested in another it is ``None``, and ``text`` is what stood there.
    ``sections`` map a top-level name, and ``records`` a section with a key inside it, to the object that was read
    and its JSON text; a text counts only while the document still holds that very object.
    """

    data: bytes | None
    sections: dict[str, tuple[Any, str]]
    records: dict[tuple[str, Hashable], tuple[Any, str]]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole patch. Dictionaries are in document order and must not be changed in place.

    ``seed`` seeds every random block; ``controls``, ``snapshots``, ``presets`` (by type and name), ``notes``,
    ``areas``, ``looks`` and ``layout`` (positions of nodes, pixels at zoom 1) stand beside the meaning.
    ``version`` is that of the file format. Of a nested document only the voices in its ``settings`` count.
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
        """Was it written in a file format newer than this program's?"""
        return self.version > VERSION

    @property
    def is_edited(self) -> bool:
        """Does it say anything else than the file it was read from? True when there is no such file."""
        if self.source is None:
            return True
        return any(getattr(self, name) is not value for name, (value, _) in self.source.sections.items())

    def node(self, id: str) -> NodeRecord:
        """The node called ``id``. Raises :class:`PatchError` when there is none."""
        try:
            return self.nodes[id]
        except KeyError:
            raise PatchError(no_such_node(id, self)) from None

    def nested(self, path: Path) -> Document:
        """The nested document at ``path``. Raises :class:`PatchError` when there is none."""
        document = self
        for depth, id in enumerate(path):
            record = document.node(id)
            if record.patch is None:
                raise PatchError(_not_a_subpatch("/".join(path[: depth + 1]), record))
            document = record.patch
        return document

    def with_nested(self, path: Path, nested: Document) -> Document:
        """This document with ``nested`` at ``path``, where there was one already."""
        if not path:
            return nested
        record = self.nodes[path[0]]
        assert record.patch is not None
        inner = record.patch.with_nested(path[1:], nested)
        return replace(self, nodes={**self.nodes, path[0]: replace(record, patch=inner)})


def locate(document: Document, text: str) -> tuple[Path, str]:
    """Path and id of a node of a nested document, ``"voice/filter"`` → ``(("voice",), "filter")``.

    Raises :class:`PatchError` when there is none.
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
            raise PatchError(no_such_node(rest, document))
        record = document.nodes[id]
        path.append(id)
        if record.patch is None:
            raise PatchError(_not_a_subpatch("/".join(path), record))
        document, rest = record.patch, rest[len(id) + 1 :]
    return tuple(path), rest


def find_node(document: Document, text: str) -> tuple[Path, str] | None:
    """The same, None when there is none. Ids may contain ``/``, so every way of reading ``text`` is tried."""
    if text in document.nodes:
        return (), text
    for i, sign in enumerate(text):
        record = document.nodes.get(text[:i]) if sign == "/" else None
        found = find_node(record.patch, text[i + 1 :]) if record is not None and record.patch is not None else None
        if found is not None:
            return (text[:i], *found[0]), found[1]
    return None


def nodes_of(document: Document, before: str = "") -> Iterator[tuple[str, NodeRecord]]:
    """All nodes, those in a subpatch behind it under names such as ``"voice/osc"``."""
    for id, record in document.nodes.items():
        yield before + id, record
        if record.patch is not None:
            yield from nodes_of(record.patch, f"{before}{id}/")


def _not_a_subpatch(node: str, record: NodeRecord) -> str:
    file = record.params.get("file")
    if record.type == SUBPATCH and file:
        return f"{quote(node)} is the patch in the file {quote(file)}. Open that file, or embed it first."
    return f"{quote(node)} is a {record.type} and holds no patch. Name a subpatch."


def no_such_node(id: str, document: Document) -> str:
    """The sentence that says so, with the nearest name that does exist."""
    hint = suggest(id, document.nodes) or (" Add it first." if id else " Give its id.")
    return f"there is no node {quote(id)}.{hint}"
