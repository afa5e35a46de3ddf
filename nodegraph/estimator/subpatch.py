"""A subpatch alone: a document whose output is that of the subpatch, and whose controls are those that set it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import networkx as nx

from nodegraph.graph.ports import PatchLocation, spec_of
from nodegraph.patch import Control, Document, NodeRecord, Wire, locate
from nodegraph.patch.actions import parse_port_ref
from nodegraph.patch.document import OUTLET, OUTLET_PORT
from nodegraph.patch.document import Path as Place
from nodegraph.patch.names import unused_id

from .parameters import ParameterError

DEVICE_OUTPUT = "audio_out"


def part_of(document: Document, subpatch: str, file: Path | None = None) -> Document:
    """Return the document, or with the path of a subpatch, such as "band/voice", that subpatch alone."""
    return subpatch_alone(document, tuple(subpatch.split("/")), file) if subpatch else document


def subpatch_alone(document: Document, place: Place, file: Path | None = None) -> Document:
    """Return a document whose only output is that of the subpatch at ``place``; the nodes that feed it remain.

    Its controls are those that set an input of the subpatch or a value inside it. ``file`` is the file of the patch.
    Raises PatchError if there is no such subpatch, ParameterError if it has no signal output or no control sets it.
    """
    record = document.nested(place[:-1]).node(place[-1])
    subject = f"subpatch '{'/'.join(place)}'"
    ports = list(spec_of(record, PatchLocation(file)).outputs)
    if not ports:
        raise ParameterError(f"{subject}: it has no signal output. Choose a subpatch that makes a sound.")
    controls = {name: control for name, control in document.controls.items() if is_inside(document, control, place)}
    if not controls:
        raise ParameterError(f"{subject}: no control sets its values. Add one for each value that varies.")
    source = place[-1]
    for depth in range(len(place) - 1, 0, -1):  # pass the sound on to the outermost document
        nested = document.nested(place[:depth])
        sink = unused_id(OUTLET, nested.nodes)
        document = document.with_nested(place[:depth], with_sink(nested, sink, OUTLET, source, ports))
        source, ports = place[depth - 1], [sink]
    feeding = nx.ancestors(nx.DiGraph([(source, source), *((w.source, w.target) for w in document.wires)]), source)
    nodes = {id: node for id, node in document.nodes.items() if id == source or id in feeding}
    wires = tuple(wire for wire in document.wires if wire.source in nodes and wire.target in nodes)
    alone = replace(document, nodes=nodes, wires=wires, controls=controls, snapshots={}, source=None)
    return with_sink(alone, unused_id(DEVICE_OUTPUT, nodes), DEVICE_OUTPUT, source, ports)


def is_inside(document: Document, control: Control, place: Place) -> bool:
    """Return whether a control sets an input of the subpatch at ``place``, or a value inside it."""
    path, node = locate(document, parse_port_ref(control.target)[0])
    return (*path, node)[: len(place)] == place


def with_sink(document: Document, id: str, type: str, source: str, ports: Iterable[str]) -> Document:
    """Return the document with a new outlet or device output, fed by outputs of the node ``source``."""
    wires = (Wire(source, port, id, OUTLET_PORT) for port in ports)
    return replace(document, nodes={**document.nodes, id: NodeRecord(type)}, wires=(*document.wires, *wires))
