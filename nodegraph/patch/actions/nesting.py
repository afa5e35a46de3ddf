"""Edits of nesting: encapsulate nodes in a subpatch, dissolve a subpatch, embed it or refer to its file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from ..document import INLET, INLET_PORT, OUTLET, OUTLET_PORT, SUBPATCH, Area, Document, NodeRecord, Note, Wire
from ..errors import PatchError, quote
from ..names import MAX_NAME_LENGTH, unused_name
from ..nested import document_of
from ..ports import remove_port_nodes
from .base import Action, named, without
from .nodes import record_of
from .references import update_references

COLUMN = 220.0  # pixels between the nodes of a subpatch and its port nodes
ROW = 60.0  # pixels between two port nodes
DEVICES = ("audio_in", "audio_out")  # types for the device, which only the outermost document uses
KNOB_PORT = "value"  # parameter of an inlet: its output while it is not wired
DESCRIPTION = ("min", "max", "unit", "taper", "doc")  # settings of an inlet that describe its knob

PortKey = tuple[str, str]


class SetPatch(Action, frozen=True, tag="set_patch"):
    """Set the content of a subpatch: a nested document as plain data, or a patch ``file`` in the patch's folder."""

    id: str
    patch: dict[str, Any] | None = None
    file: str = ""

    def apply(self, document: Document) -> Document:
        old = document.node(self.id)
        if old.type != SUBPATCH:
            raise PatchError(f"{quote(self.id)} is a {old.type}, not a subpatch. Replace it by a subpatch.")
        if (self.patch is None) == (not self.file):
            raise PatchError(f"subpatch {quote(self.id)}: give either a patch or a file name.")
        params = without(old.params, "file") | ({"file": self.file} if self.file else {})
        record = record_of(self.id, old.type, old.version, params, old.extra)
        if self.patch is not None:
            record = replace(record, patch=document_of(self.patch, self.id))
        return update_references(document, replace(document, nodes={**document.nodes, self.id: record}))


class Encapsulate(Action, frozen=True, tag="encapsulate"):
    """Move nodes into a new subpatch ``id``, with a port for every signal that crosses its border.

    Inlets are named after the inputs that they feed, outlets after the outputs that feed them. The comments in
    ``notes`` and the areas in ``areas`` are moved too.
    """

    ids: tuple[str, ...]
    id: str
    notes: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()

    def apply(self, document: Document) -> Document:
        selected_ids = dict.fromkeys(self.ids)
        if not selected_ids:
            raise PatchError("no nodes selected. Select the nodes for the subpatch.")
        for id in selected_ids:
            record = document.node(id)
            if record.type in (*DEVICES, INLET, OUTLET):
                raise PatchError(f"{record.type} {quote(id)} belongs to this patch. Leave it out of the subpatch.")
        named(self.id)
        if self.id in document.nodes and self.id not in selected_ids:
            raise PatchError(f"node {quote(self.id)} already exists. Choose another id.")
        crossing = _CrossingWires(document, selected_ids, self.id)
        inner = _nested_document(document, selected_ids, crossing, self.notes, self.areas)
        after = replace(
            document,
            nodes=_in_place(document.nodes, selected_ids, self.id, NodeRecord(SUBPATCH, patch=inner)),
            wires=crossing.outer,
            notes=without(document.notes, *self.notes),
            areas=without(document.areas, *self.areas),
            looks=without(document.looks, *selected_ids),
            layout=without(document.layout, *selected_ids),
        )
        middle = _middle(document.layout[id] for id in selected_ids if id in document.layout)
        if middle is not None:
            after = replace(after, layout={**after.layout, self.id: middle})
        return update_references(document, after)


class Dissolve(Action, frozen=True, tag="dissolve"):
    """Replace a subpatch by its nodes, and its ports by wires.

    The value of an unwired inlet becomes a parameter of the inputs that it feeds. A port that wires and parameters
    cannot represent remains as a node.
    """

    id: str

    def apply(self, document: Document) -> Document:
        record = document.node(self.id)
        if record.patch is None:
            document.nested((self.id,))
        assert record.patch is not None
        if any(record.params.get(name, getattr(record.patch.settings, name)) != 1 for name in ("voices", "unison")):
            raise PatchError(f"subpatch {quote(self.id)} has several voices. Set its voices and unison to 1 first.")
        return update_references(document, _Dissolver(document, self.id, record, record.patch).document())


class _CrossingWires:
    """The wires of a selection: inner wires, ports for the wires that cross its border, and outer wires."""

    def __init__(self, document: Document, selected_ids: Container[str], subpatch: str) -> None:
        incoming = [w for w in document.wires if w.source not in selected_ids and w.target in selected_ids]
        outgoing = [w for w in document.wires if w.source in selected_ids and w.target not in selected_ids]
        taken = {id for id in document.nodes if id in selected_ids}
        self.inlets: dict[str, list[Wire]] = {}
        self.outlets: dict[str, list[Wire]] = {}
        for wires in _group_by_inlet(incoming, document.wires):
            self.inlets[_port_name(wires[0].target, wires[0].target_port, incoming, "target", taken)] = wires
        for end, wires in _by(outgoing, "source").items():
            self.outlets[_port_name(*end, outgoing, "source", taken)] = wires
        inner = {id(w): w for w in document.wires if w.source in selected_ids and w.target in selected_ids}
        outer = {id(w): w for w in document.wires if w.source not in selected_ids and w.target not in selected_ids}
        for name, wires in self.inlets.items():
            for end, group in _by(wires, "target").items():
                inner[id(group[0])] = _wire((name, INLET_PORT), end, wires)
            for group in _by(wires, "source").values():
                outer[id(group[0])] = replace(group[0], target=subpatch, target_port=name)
        for name, wires in self.outlets.items():
            outer |= {id(wire): replace(wire, source=subpatch, source_port=name) for wire in wires}
        ends = [Wire(*_start(wires[0]), name, OUTLET_PORT) for name, wires in self.outlets.items()]
        # in the order of the original wires, because inputs sum their sources in that order
        self.inner = [inner[id(wire)] for wire in document.wires if id(wire) in inner] + ends
        self.outer = tuple(outer[id(wire)] for wire in document.wires if id(wire) in outer)


def _start(wire: Wire) -> PortKey:
    return wire.source, wire.source_port


def _group_by_inlet(incoming: list[Wire], wires: tuple[Wire, ...]) -> list[list[Wire]]:
    """Group the wires that can share an inlet: those of one source, and adjacent ones that feed the same inputs."""
    targets: dict[frozenset[PortKey], list[Wire]] = defaultdict(list)
    sources: dict[tuple[str, str, bool], list[Wire]] = defaultdict(list)
    for wire in incoming:
        sources[wire.source, wire.source_port, wire.feedback].append(wire)
    for group in sources.values():
        targets[frozenset((w.target, w.target_port) for w in group)] += group
    found: list[list[Wire]] = []
    for shared in targets.values():
        single = [group for group in sources.values() if group[0] in shared]
        found += [shared] if len(single) == 1 or _are_adjacent(shared, wires) else single
    return _split_feedback(found)


def _are_adjacent(shared: list[Wire], wires: tuple[Wire, ...]) -> bool:
    """Return whether no other wire is between these at any of their inputs."""
    for end, group in _by(shared, "target").items():
        is_shared = [wire in group for wire in wires if (wire.target, wire.target_port) == end]
        first = is_shared.index(True)
        if not all(is_shared[first : first + len(group)]):
            return False
    return True


def _split_feedback(groups: list[list[Wire]]) -> list[list[Wire]]:
    """Split groups in which an output is wired both with and without feedback; each needs its own inlet."""
    found: list[list[Wire]] = []
    for wires in groups:
        feedback = [w for w in wires if w.feedback]
        direct = [w for w in wires if not w.feedback]
        both = {(w.source, w.source_port) for w in feedback} & {(w.source, w.source_port) for w in direct}
        found += [direct, feedback] if both else [wires]
    return found


def _by(wires: Iterable[Wire], side: str) -> dict[PortKey, list[Wire]]:
    ends: dict[PortKey, list[Wire]] = defaultdict(list)
    for wire in wires:
        ends[getattr(wire, side), getattr(wire, f"{side}_port")].append(wire)
    return ends


def _wire(source: PortKey, target: PortKey, wires: list[Wire]) -> Wire:
    single = len({(w.source, w.source_port) for w in wires}) == 1
    extra = next((w.extra for w in wires if (w.target, w.target_port) == target), {}) if single else {}
    return Wire(*source, *target, extra=extra)


def _port_name(node: str, port: str, crossing: list[Wire], side: str, taken: set[str]) -> str:
    """Return ``cutoff``, or ``filter_cutoff`` if several such ports cross the border, and add it to ``taken``."""
    alike = {end for end in _by(crossing, side) if end[1] == port}
    name = port if len(alike) == 1 else f"{node}_{port}"
    name = unused_name(name[: MAX_NAME_LENGTH - 6].strip(), taken)
    taken.add(name)
    return name


def _nested_document(
    document: Document,
    selected_ids: Container[str],
    crossing: _CrossingWires,
    notes: Iterable[str],
    areas: Iterable[str],
) -> Document:
    """Build the nested document: the selected nodes, with inlets to the left and outlets to the right."""
    nodes = {name: NodeRecord(INLET) for name in crossing.inlets}
    nodes |= {id: record for id, record in document.nodes.items() if id in selected_ids}
    nodes |= {name: NodeRecord(OUTLET) for name in crossing.outlets}
    layout = {id: place for id, place in document.layout.items() if id in selected_ids}
    if layout:
        left, right = min(x for x, _ in layout.values()), max(x for x, _ in layout.values())
        top = min(y for _, y in layout.values())
        for names, x in ((crossing.inlets, left - COLUMN), (crossing.outlets, right + COLUMN)):
            layout |= {name: (x, top + ROW * row) for row, name in enumerate(names)}
    return Document(
        nodes=nodes,
        wires=tuple(crossing.inner),
        notes={id: _existing(document.notes, id, "comment") for id in notes},
        areas={id: _existing(document.areas, id, "area") for id in areas},
        looks={id: look for id, look in document.looks.items() if id in selected_ids},
        layout=layout,
    )


def _existing(items: dict[str, Any], id: str, noun: str) -> Any:
    if id not in items:
        raise PatchError(f"unknown {noun} {quote(id)}. See the patch's {noun}s.")
    return items[id]


def _in_place(
    nodes: dict[str, NodeRecord], selected_ids: Container[str], id: str, record: NodeRecord
) -> dict[str, NodeRecord]:
    """Return the nodes with ``record`` in place of the first selected node, and without the other selected ones."""
    found: dict[str, NodeRecord] = {}
    for name, old in nodes.items():
        if name not in selected_ids:
            found[name] = old
        else:
            found.setdefault(id, record)
    return found


def _middle(places: Iterable[tuple[float, float]]) -> tuple[float, float] | None:
    known = list(places)
    if not known:
        return None
    xs, ys = [x for x, _ in known], [y for _, y in known]
    return round((min(xs) + max(xs)) / 2, 2), round((min(ys) + max(ys)) / 2, 2)


class _Dissolver:
    """Builds the document in which a subpatch is replaced by its nodes."""

    def __init__(self, previous: Document, id: str, record: NodeRecord, inner: Document) -> None:
        self.before, self.id, self.record, self.inner = previous, id, record, inner
        self.ports = {name for name, one in inner.nodes.items() if one.type in (INLET, OUTLET, *DEVICES)}
        taken = set(previous.nodes) - {id}
        self.names: dict[str, str] = {}
        for name in inner.nodes:
            self.names[name] = unused_name(name, taken)
            taken.add(self.names[name])

    def document(self) -> Document:
        ports = {self.names[name] for name in self.ports}
        wires, remaining = remove_port_nodes(self._joined_wires(), ports)
        inside = {self.names[name]: self._record(name) for name in self.inner.nodes}
        inside = {id: record for id, record in inside.items() if id not in ports or id in remaining}
        wires, inside = self._inlet_values_as_params(wires, inside, remaining)
        nodes: dict[str, NodeRecord] = {}
        for id, record in self.before.nodes.items():
            nodes |= inside if id == self.id else {id: record}
        return self._with_canvas(replace(self.before, nodes=nodes, wires=tuple(wires)), inside)

    def _joined_wires(self) -> list[Wire]:
        """Return all wires, those at the subpatch reconnected to its port nodes."""
        name = self.names.get
        wires = []
        for wire in self.before.wires:
            if wire.target == self.id:
                wire = replace(wire, target=name(wire.target_port, ""), target_port=KNOB_PORT)
            if wire.source == self.id:
                wire = replace(wire, source=name(wire.source_port, ""), source_port=INLET_PORT)
            if wire.source and wire.target:
                wires.append(wire)
        for wire in self.inner.wires:
            if wire.target in self.ports:
                wire = replace(wire, target_port=KNOB_PORT)
            if wire.source in self.ports:
                wire = replace(wire, source_port=INLET_PORT)
            wires.append(replace(wire, source=name(wire.source, ""), target=name(wire.target, "")))
        return wires

    def _record(self, name: str) -> NodeRecord:
        """Return the record of an inner node; a port becomes an inlet, which passes on its signal."""
        record = self.inner.nodes[name]
        if name not in self.ports:
            return record
        if record.type != INLET:
            return NodeRecord(INLET)
        given = self.record.params.get(name)
        return record if given is None else replace(record, params={**record.params, KNOB_PORT: given})

    def _inlet_values_as_params(
        self, wires: list[Wire], inside: dict[str, NodeRecord], remaining: set[str]
    ) -> tuple[list[Wire], dict[str, NodeRecord]]:
        """Replace unwired inlets by parameters of the inputs that they feed, if these have no other source."""
        incoming = Counter((wire.target, wire.target_port) for wire in wires)
        for port in remaining:
            outgoing = [wire for wire in wires if wire.source == port]
            ends = [(wire.target, wire.target_port) for wire in outgoing]
            if any(wire.target == port for wire in wires):
                continue
            params = inside[port].params
            simple = all(incoming[end] == 1 and end[0] in inside and end[0] not in remaining for end in ends)
            if not simple or not params.keys() <= {KNOB_PORT, *DESCRIPTION}:
                continue
            wires = [wire for wire in wires if wire.source != port]
            inside = without(inside, port)
            for id, name in ends:
                if KNOB_PORT in params:
                    record = inside[id]
                    inside[id] = replace(record, params={**record.params, name: params[KNOB_PORT]})
        return wires, inside

    def _with_canvas(self, after: Document, inside: dict[str, NodeRecord]) -> Document:
        dx, dy = self._shift()
        before, inner = self.before, self.inner
        places = {self.names[id]: (x + dx, y + dy) for id, (x, y) in inner.layout.items() if id in self.names}
        looks = {self.names[id]: look for id, look in inner.looks.items() if id in self.names}
        return replace(
            after,
            notes={**before.notes, **_moved(inner.notes, before.notes, dx, dy)},
            areas={**before.areas, **_moved(inner.areas, before.areas, dx, dy)},
            looks=without(before.looks, self.id) | {id: look for id, look in looks.items() if id in inside},
            layout=without(before.layout, self.id) | {id: at for id, at in places.items() if id in inside},
        )

    def _shift(self) -> tuple[float, float]:
        """Return the offset from the positions in the subpatch to the position of the subpatch."""
        middle = _middle(place for id, place in self.inner.layout.items() if id not in self.ports)
        place = self.before.layout.get(self.id)
        if middle is None or place is None:
            return 0.0, 0.0
        return place[0] - middle[0], place[1] - middle[1]


def _moved(items: dict[str, Any], taken: dict[str, Any], dx: float, dy: float) -> dict[str, Any]:
    found: dict[str, Note | Area] = {}
    for id, one in items.items():
        name = unused_name(id, {**taken, **found})
        found[name] = replace(one, id=name, at=(one.at[0] + dx, one.at[1] + dy))
    return found
