"""The faces of everything in a document: nodes, wires, comments and areas."""

from __future__ import annotations

from typing import Any

from nodegraph.patch import Document

from ..desk import AREA, Desk
from ..typed import told_of
from ..view import NodeFace, NoteFace, WireFace, WireKey
from .faces import node_face

COLUMN, LINE = 240.0, 180.0  # where nodes without a place are put
MESSAGES = {"control_change": "CC", "control_change_14": "CC", "note": "note", "pitch_bend": "bend"}
AREA_COLOUR = "#5a6b7d"


def node_faces(desk: Desk, document: Document, before: Document | None) -> dict[str, NodeFace]:
    """The faces of all nodes; those that did not change since ``before`` are the ones ``desk.faces`` has."""
    wired: dict[str, set[str]] = {}
    for wire in document.wires:
        wired.setdefault(wire.target, set()).add(wire.target_port)
    marks = control_marks(desk)
    looks: dict[str, Any] = document.looks
    same_wires = before is not None and before.wires is document.wires and before.controls is document.controls
    faces: dict[str, NodeFace] = {}
    unplaced = 0
    for id, record in document.nodes.items():
        at = document.layout.get(id)
        if at is None:
            at = (40.0 + COLUMN * (unplaced % 4), 40.0 + LINE * (unplaced // 4))
            unplaced += 1
        look = looks.get(id)
        old = desk.faces.get(id)
        if (
            same_wires
            and old is not None
            and before is not None
            and before.nodes.get(id) is record
            and old.at == at
            and before.looks.get(id) is look
        ):
            faces[id] = old
            continue
        flat, path = desk.flat(id), (*desk.level, id)
        face = node_face(
            id,
            record,
            desk.specs(record),
            at,
            desk.typed,
            frozenset(wired.get(id, ())),
            next(iter([*told_of(desk.typed.reasons, path), *told_of(desk.faults, path)]), ""),
            {port: mark for (node, port), mark in marks.items() if node == flat},
            look.title if look else "",
            look.folded if look else False,
            level=desk.level,
            colour=look.colour if look else "",
        )
        faces[id] = old if old == face else face
    return faces


def wire_faces(desk: Desk, document: Document) -> dict[WireKey, WireFace]:
    """The faces of all wires."""
    kinds: dict[str, dict[str, str]] = {}
    faces = {}
    reasons, level = desk.typed.reasons, desk.level
    for wire in document.wires:
        ports = kinds.get(wire.source)
        if ports is None:
            spec = desk.specs(document.nodes[wire.source])
            ports = kinds[wire.source] = {name: port.kind for name, port in spec.output_ports.items()}
        key = (wire.start, wire.end)
        kind = ports.get(wire.source_port, "signal")
        dead = bool(reasons) and any((*level, id) in reasons for id in (wire.source, wire.target))
        faces[key] = WireFace(key, kind, wire.feedback, dead)
    return faces


def note_faces(document: Document) -> dict[str, NoteFace]:
    """The faces of areas and comments."""
    faces = {}
    for id, area in document.areas.items():
        key = AREA + id
        faces[key] = NoteFace(key, area.title, area.at, area.size, area.colour or AREA_COLOUR)
    for id, note in document.notes.items():
        faces[id] = NoteFace(id, note.text, note.at)
    return faces


def control_marks(desk: Desk) -> dict[tuple[str, str], str]:
    """What turns an input besides its slider: (node of the graph, port) → "CC 74"."""
    marks = {}
    for control in desk.patch.document.controls.values():
        node, _, port = control.target.rpartition(".")
        binding = control.midi
        if binding is not None:
            marks[node, port] = f"{MESSAGES.get(binding.message, binding.message)} {binding.number}"
        else:
            marks[node, port] = control.name
    return marks
