"""The flat net of a patch: its nodes, those in subpatches among them, and where those of the document are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.document import INLET_PORT, SUBPATCH

from .ports import KNOB

End = tuple[str, str]


@dataclass(frozen=True)
class FlatNode:
    """A node of the flat net: its record, the file in which it stands, and the voices that it is a lane for each of.

    ``problem`` says why it is silent ("" if it is not), ``knob`` what an inlet's own knob offers.
    """

    record: NodeRecord
    file: Path | None = None
    voices: int = 1
    problem: str = ""
    knob: In | None = None


@dataclass
class Flat:
    """The flat net of a document, and where the nodes and ports of the document are found in it."""

    document: Document
    nodes: dict[str, FlatNode]
    wires: tuple[Wire, ...]
    problems: list[str] = field(default_factory=list)
    copies: dict[str, list[str]] = field(default_factory=dict)
    passed: dict[str, list[End]] = field(default_factory=dict)  # what arrived at ports that are gone
    widths: dict[str, list[End]] = field(default_factory=dict)  # knobs by subpatch: how wide its voices are spread
    arrivals: list[Arrival] = field(default_factory=list)
    resting: dict[str, FlatNode] = field(default_factory=dict)  # inlets whose knobs a wire takes the place of
    file: Path | None = None

    def output_of(self, node: str, port: str) -> End | None:
        """Where that which leaves a node or a subpatch can be read; None where it is not in one place."""
        for name, out in ((node, port), (f"{node}/{port}", INLET_PORT)):
            if name in self.nodes:
                return name, out
            if len(self.passed.get(name, ())) == 1:
                return self.output_of(*self.passed[name][0])
        return None

    def knobs_of(self, node: str, port: str) -> list[End]:
        """The knobs that a parameter of the document controls: one, or one per copy; empty if the input is wired."""
        if node in self.nodes:
            return [(copy, port) for copy in self.copies.get(node, [node])]
        if port == "width" and node in self.widths:
            return self.widths[node]
        inlet = f"{node}/{port}"
        return [(copy, KNOB) for copy in self.copies.get(inlet, [inlet]) if copy in self.nodes]


@dataclass(frozen=True)
class Arrival:
    """What comes into several voices at a port: it may have one lane, or one for each voice."""

    subpatch: str
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
    for name, edit in _edits(flat.document, document, ""):
        if edit is None or not _take(flat, name, *edit, changed):
            return None
    nodes = {**flat.nodes, **{id: node for id, node in changed.items() if id in flat.nodes}}
    resting = {**flat.resting, **{id: node for id, node in changed.items() if id in flat.resting}}
    return replace(flat, document=document, nodes=nodes, resting=resting)


Edit = tuple[NodeRecord, NodeRecord, Document]


def _edits(before: Document, after: Document, prefix: str) -> Iterator[tuple[str, Edit | None]]:
    """Records that differ, before and after, by path; None for it where more than records does."""
    if before.nodes.keys() != after.nodes.keys() or (before.wires is not after.wires and before.wires != after.wires):
        yield prefix, None
        return
    for id, new in after.nodes.items():
        old = before.nodes[id]
        if old is new:
            continue
        if old.patch is not new.patch:
            if old.patch is None or new.patch is None:
                yield prefix, None
                return
            yield from _edits(old.patch, new.patch, f"{prefix}{id}/")
        if (old.type, old.version) != (new.type, new.version):
            yield prefix, None
            return
        if old.params != new.params or (old.type != SUBPATCH and old is not new):
            yield prefix + id, (old, new, after)


def _take(
    flat: Flat, name: str, old: NodeRecord, new: NodeRecord, document: Document, changed: dict[str, FlatNode]
) -> bool:
    """Note what an edit changes in the flat net, if that is only parameters."""
    differing = [key for key in {**old.params, **new.params} if old.params.get(key) != new.params.get(key)]
    if any(isinstance(record.params.get(key), list | tuple) for record in (old, new) for key in differing):
        return False  # lists are lanes: whether a voice can be laid as lanes may depend on them
    if new.type == SUBPATCH:
        return all(_take_port(flat, f"{name}/{key}", new.params.get(key), changed) for key in differing)
    if name not in flat.nodes or flat.nodes[name].record is not old or new.type in ("inlet", "outlet"):
        return False
    id = name.rpartition("/")[2]
    inlets = {wire.source for wire in document.wires if wire.target == id and wire.target_port in differing}
    if any(document.nodes[source].type in ("inlet", "audio_in") for source in inlets):
        return False  # an inlet may have taken its own value from there
    for copy in flat.copies.get(name, [name]):
        changed[copy] = replace(flat.nodes[copy], record=new)
    return True


def _take_port(flat: Flat, inlet: str, value: Any, changed: dict[str, FlatNode]) -> bool:
    """Note that a port of a subpatch has another value."""
    node = changed.get(inlet) or flat.nodes.get(inlet) or flat.resting.get(inlet)
    if value is None or node is None or node.knob is None or KNOB not in node.record.params:
        return False
    record = replace(node.record, params={**node.record.params, KNOB: value})
    changed[inlet] = replace(node, record=record)
    return True
