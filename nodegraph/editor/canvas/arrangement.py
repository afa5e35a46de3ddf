"""The visuals of a document: nodes, wires, comments and areas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.node import Spec
from nodegraph.patch import Document

from ..desk import AREA, Desk
from ..sound.master import Master, master_rows
from ..typed import problems_for
from ..view import NodeVisual, NoteVisual, WireKey, WireVisual
from .visuals import node_visual

COLUMN, LINE = 240.0, 180.0  # grid for nodes without a position
MESSAGES = {"control_change": "CC", "control_change_14": "CC", "note": "note", "pitch_bend": "bend"}
AREA_COLOUR = "#5a6b7d"


def node_visuals(desk: Desk, document: Document, previous: Document | None) -> dict[str, NodeVisual]:
    """Return the visuals of all nodes; nodes unchanged since ``previous`` keep theirs from ``desk.visuals``."""
    wired: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    for wire in document.wires:
        sources.setdefault(wire.source, set()).add(wire.source_port)
        wired.setdefault(wire.target, set()).add(wire.target_port)
    marks = control_marks(desk)
    looks: dict[str, Any] = document.looks
    same_wires = previous is not None and previous.wires is document.wires and previous.controls is document.controls
    visuals: dict[str, NodeVisual] = {}
    unplaced = 0
    for id, record in document.nodes.items():
        at = document.layout.get(id)
        if at is None:
            at = (40.0 + COLUMN * (unplaced % 4), 40.0 + LINE * (unplaced // 4))
            unplaced += 1
        look = looks.get(id)
        old = desk.visuals.get(id)
        if (
            same_wires
            and old is not None
            and previous is not None
            and previous.nodes.get(id) is record
            and old.at == at
            and previous.looks.get(id) is look
        ):
            visuals[id] = old
            continue
        flat, path = desk.flat_id(id), (*desk.subpatch_path, id)
        visual = node_visual(
            id,
            record,
            desk.spec_of(record),
            at,
            desk.typed,
            frozenset(wired.get(id, ())),
            next(iter([*problems_for(desk.typed.placeholder_reasons, path), *problems_for(desk.faults, path)]), ""),
            {port: mark for (node, port), mark in marks.items() if node == flat},
            look.title if look else "",
            look.folded if look else False,
            level=desk.subpatch_path,
            colour=look.colour if look else "",
            sources=frozenset(sources.get(id, ())),
            drawings=desk.preferences.drawings,
        )
        if visual.display == "master":
            visual = replace(visual, rows=visual.rows + master_rows(desk.state(Master)))
        visuals[id] = old if old == visual else visual
    return visuals


def wire_visuals(desk: Desk, document: Document) -> dict[WireKey, WireVisual]:
    """Return the visuals of all wires."""
    specs: dict[str, Spec] = {}
    visuals = {}
    silent_nodes, level, broken = desk.typed.silent, desk.subpatch_path, desk.typed.broken_wires
    for wire in document.wires:
        for id in (wire.source, wire.target):
            if id not in specs:
                specs[id] = desk.spec_of(document.nodes[id])
        output = specs[wire.source].output_ports.get(wire.source_port)
        silent = bool(silent_nodes) and any((*level, id) in silent_nodes for id in (wire.source, wire.target))
        ends = (*level, wire.source), wire.source_port, (*level, wire.target), wire.target_port
        is_broken = ends in broken or (output is None and _is_known(document, wire.source))
        if wire.target_port not in specs[wire.target].input_ports:
            is_broken |= _is_known(document, wire.target)
        key = (wire.source_ref, wire.target_ref)
        visuals[key] = WireVisual(key, output.kind if output else "signal", wire.feedback, silent, is_broken)
    return visuals


def _is_known(document: Document, id: str) -> bool:
    """Return whether the ports of a block are known."""
    return document.nodes[id].type in node_types()


def note_visuals(document: Document) -> dict[str, NoteVisual]:
    """Return the visuals of areas and comments."""
    visuals = {}
    for id, area in document.areas.items():
        key = AREA + id
        visuals[key] = NoteVisual(key, area.title, area.at, area.size, area.colour or AREA_COLOUR)
    for id, note in document.notes.items():
        visuals[id] = NoteVisual(id, note.text, note.at)
    return visuals


def control_marks(desk: Desk) -> dict[tuple[str, str], str]:
    """Return the marks of parameters with a control: (flat node, port) → "CC 74"."""
    marks = {}
    for control in desk.patch.document.controls.values():
        node, _, port = control.target.rpartition(".")
        binding = control.midi
        if binding is not None:
            marks[node, port] = f"{MESSAGES.get(binding.message, binding.message)} {binding.number}"
        else:
            marks[node, port] = control.name
    return marks
