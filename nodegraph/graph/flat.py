"""The flat net of a patch: all nodes, including those in subpatches, and how they relate to the document.

A node of the document has a *path* (the ids of the subpatches that hold it, then its own) and an *address*, the path
joined by ``/``. A node of the flat net has an id of its own. Several flat nodes belong to one node of the document
when it is inside several voices. The relation is kept as data (:attr:`FlatNode.path`, :attr:`Flat.copies`): ids may
hold any character, so no id is ever taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.document import INLET_PORT, SUBPATCH
from nodegraph.patch.document import Path as Place

from .ports import KNOB, Home

End = tuple[str, str]


@dataclass(frozen=True)
class FlatNode:
    """A node of the flat net: its record, the file that contains it, and how many voices it computes as lanes.

    ``problem`` says why it is silent ("" if it is not), ``knob`` describes an inlet's own input. ``path`` is that of
    the node of the document which it is, or which it was added for (the parts that distribute voices and mix them).
    """

    record: NodeRecord
    file: Path | None = None
    voices: int = 1
    problem: str = ""
    knob: In | None = None
    path: Place = ()


@dataclass
class Flat:
    """The flat net of a document, and where the nodes and ports of the document are found in it.

    ``copies`` gives the flat ids of a node of the document by its address, unless its only flat id is the address
    itself. ``repeats`` are the flat ids that belong to second and later voices. ``passed`` lists the sources that
    arrived at ports which became wires. ``widths`` gives by the address of a subpatch the inputs that set the stereo
    width of its voices. ``resting`` holds the inlets whose own value is unused because something is wired to them.
    ``file`` is the file of the patch; ``allow_outside`` allows it to refer to files outside its folder.
    """

    document: Document
    nodes: dict[str, FlatNode]
    wires: tuple[Wire, ...]
    problems: list[str] = field(default_factory=list)
    copies: dict[str, list[str]] = field(default_factory=dict)
    passed: dict[str, list[End]] = field(default_factory=dict)
    widths: dict[str, list[End]] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    resting: dict[str, FlatNode] = field(default_factory=dict)
    file: Path | None = None
    repeats: frozenset[str] = frozenset()
    allow_outside: bool = False

    @property
    def home(self) -> Home:
        """Where the document lies, and which files it may refer to."""
        return Home(self.file, self.allow_outside)

    @property
    def listens(self) -> bool:
        """Whether the patch takes sound from the audio device.

        Only an ``audio_in`` of the patch itself does: inside a subpatch it is one of the subpatch's inputs.
        """
        types = node_types()
        return any((cls := types.get(node.record.type)) and cls.device == "input" for node in self.nodes.values())

    def ids(self, node: str) -> list[str]:
        """The flat ids of the node of the document at an address: one for each voice; a flat id is its own."""
        return [id for id in self.copies.get(node, [node]) if id in self.nodes]

    def source(self, id: str, port: str) -> End | None:
        """The output of the flat net that drives an output, through ports that became wires; None unless it is one."""
        if id in self.nodes:
            return id, port
        passed = self.passed.get(id, ())
        return self.source(*passed[0]) if len(passed) == 1 else None

    def output_of(self, node: str, port: str) -> End | None:
        """Where an output of a node or a subpatch can be read, in the first voice; None if it is not in one place."""
        for address, out in ((node, port), (f"{node}/{port}", INLET_PORT)):
            found = self.source(self.copies.get(address, [address])[0], out)
            if found is not None:
                return found
        return None

    def knobs_of(self, node: str, port: str) -> list[End]:
        """The knobs that a parameter of the document controls: one for each voice; empty if the input is wired."""
        if ids := self.ids(node):
            return [(id, port) for id in ids]
        if port == "width" and node in self.widths:
            return self.widths[node]
        return [(id, KNOB) for id in self.ids(f"{node}/{port}")]


@dataclass(frozen=True)
class Arrival:
    """A signal that enters several voices at a port: it may have one lane, or one for each voice.

    ``path`` is that of the subpatch, ``()`` when the patch itself has the voices.
    """

    path: Place
    port: str
    voices: int
    source: End


def with_params(flat: Flat, document: Document) -> Flat | None:
    """The flat net of an edited document, if only parameters differ that change nothing else in it; else None.

    What :func:`~nodegraph.graph.flatten.flatten` would give, soon enough for a knob that is being turned.
    """
    if flat.problems or (flat.document.seed, flat.document.settings) != (document.seed, document.settings):
        return None
    changed: dict[str, FlatNode] = {}
    for edit in _edits(flat.document, document, ""):
        if edit is None or not _take(flat, edit, changed):
            return None
    nodes = {**flat.nodes, **{id: node for id, node in changed.items() if id in flat.nodes}}
    resting = {**flat.resting, **{id: node for id, node in changed.items() if id in flat.resting}}
    return replace(flat, document=document, nodes=nodes, resting=resting)


@dataclass(frozen=True)
class _Edit:
    """A node whose record has changed: its address, its id in ``document``, and the records."""

    address: str
    id: str
    old: NodeRecord
    new: NodeRecord
    document: Document


def _edits(before: Document, after: Document, prefix: str) -> Iterator[_Edit | None]:
    """The nodes whose records differ; None where more than records differs."""
    if before.nodes.keys() != after.nodes.keys() or (before.wires is not after.wires and before.wires != after.wires):
        yield None
        return
    for id, new in after.nodes.items():
        old = before.nodes[id]
        if old is new:
            continue
        if old.patch is not new.patch:
            if old.patch is None or new.patch is None:
                yield None
                return
            yield from _edits(old.patch, new.patch, f"{prefix}{id}/")
        if (old.type, old.version) != (new.type, new.version):
            yield None
            return
        if old.params != new.params or (old.type != SUBPATCH and old is not new):
            yield _Edit(prefix + id, id, old, new, after)


def _take(flat: Flat, edit: _Edit, changed: dict[str, FlatNode]) -> bool:
    """Note what an edit changes in the flat net, if that is only parameters."""
    old, new, document = edit.old, edit.new, edit.document
    differing = [key for key in {**old.params, **new.params} if old.params.get(key) != new.params.get(key)]
    if any(isinstance(record.params.get(key), list | tuple) for record in (old, new) for key in differing):
        return False  # lists are lanes: whether a voice can be laid as lanes may depend on them
    inlets = {wire.source for wire in document.wires if wire.target == edit.id and wire.target_port in differing}
    if any(document.nodes[source].type in ("inlet", "audio_in") for source in inlets):
        return False  # an inlet may have taken its own value from there
    if new.type == SUBPATCH:
        return all(_take_port(flat, f"{edit.address}/{key}", new.params.get(key), changed) for key in differing)
    ids = flat.ids(edit.address)
    if not ids or any(flat.nodes[id].record is not old for id in ids) or new.type in ("inlet", "outlet"):
        return False
    for id in ids:
        changed[id] = replace(flat.nodes[id], record=new)
    return True


def _take_port(flat: Flat, inlet: str, value: Any, changed: dict[str, FlatNode]) -> bool:
    """Note that a port of a subpatch has another value."""
    for id in flat.copies.get(inlet, [inlet]):
        node = changed.get(id) or flat.nodes.get(id) or flat.resting.get(id)
        if value is None or node is None or node.knob is None or KNOB not in node.record.params:
            return False
        record = replace(node.record, params={**node.record.params, KNOB: value})
        changed[id] = replace(node, record=record)
    return True
