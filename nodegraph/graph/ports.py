"""The ports of a node: those of its block; of a subpatch, those defined by its inlets and outlets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.node import EventIn, EventOut, FrameIn, FrameOut, In, InputPort, Out, OutputPort, Spec
from nodegraph.patch import Document, NodeRecord, migrate_nodes, read_patch, resolve_file
from nodegraph.patch.document import INLET, INLET_PORT, OUTLET, OUTLET_PORT, SUBPATCH
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import PatchError, quote

MAX_DEPTH = 32  # levels of subpatches, including those in files
KNOB = "value"  # the input of an inlet with the value of its port
INLETS, OUTLETS = (INLET, "audio_in"), (OUTLET, "audio_out")


@dataclass(frozen=True)
class PatchLocation:
    """The location of a document: its file, and the files of the patches that contain it."""

    file: Path | None = None
    allow_outside: bool = False
    parents: tuple[Path, ...] = ()
    depth: int = 0


NOWHERE = PatchLocation()


@dataclass(frozen=True)
class OpenIn(In):
    """The port of an unconnected inlet: it fits every wire and accepts any number; its range is for sliders only."""

    def problem(self, value: Any) -> str:
        return In(min=-math.inf, max=math.inf, name=self.name).problem(value)

    def clamp(self, value: float) -> float:
        return In(min=-math.inf, max=math.inf).clamp(value)


@dataclass(frozen=True)
class OpenOut(Out):
    """The port of an unconnected outlet: it fits every wire."""


def spec_of(record: NodeRecord, location: PatchLocation = NOWHERE) -> Spec:
    """Return the spec of a node; for a subpatch, its settings and the ports defined by its document.

    ``location`` is that of the document that contains the node. The spec of an unknown block is empty; that of a
    subpatch whose file cannot be read has settings only (:func:`nested_document` raises the reason).
    """
    cls = node_types().get(record.type)
    spec = cls.spec if cls else Spec()
    if record.type != SUBPATCH:
        return spec
    try:
        document, nested = nested_document(record, location)
    except PatchError:
        return spec
    inputs = {id: inlet_port(document, id, nested) for id in ports_in(document, INLETS)}
    outputs = {id: outlet_port(document, id, nested) for id in ports_in(document, OUTLETS)}
    settings = {name: getattr(document.settings, name) for name in ("voices", "unison", "width")}
    options = {name: replace(spec.options[name], default=value) for name, value in settings.items()}
    return with_ports(replace(spec, options=spec.options | options), inputs, outputs)


def spec_in(document: Document, id: str, location: PatchLocation = NOWHERE) -> Spec:
    """Return the spec of a node of ``document``, in which an inlet or outlet has the kind of the connected port.

    In a nested document (``location.depth`` > 0), ``audio_in`` and ``audio_out`` act as inlet and outlet, and the value
    of an inlet has the range of its port.
    """
    record = document.nodes[id]
    spec = spec_of(record, location)
    if record.type == INLET or (location.depth and record.type in INLETS):
        port = inlet_port(document, id, location)
        inputs: dict[str, InputPort] = dict(spec.input_ports)
        if location.depth and KNOB in inputs and isinstance(port, In):
            inputs[KNOB] = replace(port, name=KNOB)
        return with_ports(spec, inputs, {INLET_PORT: _as_output(port, INLET_PORT)})
    if record.type == OUTLET or (location.depth and record.type in OUTLETS):
        return with_ports(spec, {OUTLET_PORT: _as_input(outlet_port(document, id, location), OUTLET_PORT)}, {})
    return spec


def with_ports(spec: Spec, inputs: dict[str, InputPort], outputs: dict[str, OutputPort]) -> Spec:
    """Return the spec with other ports."""
    return replace(
        spec,
        inputs={name: port for name, port in inputs.items() if isinstance(port, In)},
        frame_inputs={name: port for name, port in inputs.items() if isinstance(port, FrameIn)},
        event_inputs={name: port for name, port in inputs.items() if isinstance(port, EventIn)},
        outputs={name: port for name, port in outputs.items() if isinstance(port, Out)},
        frame_outputs={name: port for name, port in outputs.items() if isinstance(port, FrameOut)},
        event_outputs={name: port for name, port in outputs.items() if isinstance(port, EventOut)},
    )


def _as_output(port: InputPort, name: str) -> OutputPort:
    """Return an output that carries the same as an input."""
    if isinstance(port, OpenIn):
        return OpenOut(name=name)
    if isinstance(port, FrameIn):
        return FrameOut(port.kind, name=name)
    return EventOut(name=name) if isinstance(port, EventIn) else Out(port.unit, name=name)


def _as_input(port: OutputPort, name: str) -> InputPort:
    """Return an input that carries the same as an output."""
    if isinstance(port, OpenOut):
        return OpenIn(name=name)
    if isinstance(port, FrameOut):
        return FrameIn(port.kind, name=name)
    return EventIn(name=name) if isinstance(port, EventOut) else In(unit=port.unit, name=name)


def nested_document(record: NodeRecord, location: PatchLocation) -> tuple[Document, PatchLocation]:
    """Return the document in a subpatch and its location. Raises :class:`PatchError` if its file cannot be read."""
    if location.depth >= MAX_DEPTH:
        raise PatchError(f"subpatches are nested more than {MAX_DEPTH} deep. Flatten some of them.")
    if record.patch is not None:
        return record.patch, replace(location, depth=location.depth + 1)
    reference = record.params.get("file", "")
    if not reference:
        return Document(), replace(location, depth=location.depth + 1)
    if not isinstance(reference, str):
        raise PatchError(f"file must be text, got {reference!r:.40}.")
    path = resolve_file(location.file, reference, location.allow_outside)
    parents = (*location.parents, *([location.file.resolve()] if location.file else []))
    if path in parents:
        cycle = " → ".join(file.name for file in (*parents[parents.index(path) :], path))
        raise PatchError(f"the patch would contain itself ({cycle}). Use another file.")
    try:
        stat = path.stat()
    except OSError:
        raise PatchError(f"file {quote(reference)} is missing. Put it in the patch's folder.") from None
    document = _read(path, stat.st_mtime_ns, stat.st_size)
    return document, PatchLocation(path, location.allow_outside, parents, location.depth + 1)


@lru_cache(maxsize=128)
def _read(path: Path, changed: int, size: int) -> Document:
    """Return the document of a patch file; the cache key changes with the file."""
    return migrate_nodes(read_patch(path))


def every_node(document: Document, location: PatchLocation, path: Place = ()) -> Iterator[tuple[Place, NodeRecord]]:
    """Yield all nodes with their paths, each subpatch followed by its contents, embedded or in a file.

    The contents of a subpatch whose file cannot be read, or may not be read from ``location``, are skipped.
    """
    for place, record, _ in every_node_and_location(document, location, path):
        yield place, record


def every_node_and_location(
    document: Document, location: PatchLocation, path: Place = ()
) -> Iterator[tuple[Place, NodeRecord, PatchLocation]]:
    """Yield what :func:`every_node` yields, with the location of the document that contains the node."""
    for id, record in document.nodes.items():
        yield (*path, id), record, location
        if record.type == SUBPATCH:
            try:
                nested, nested_location = nested_document(record, location)
            except PatchError:
                continue
            yield from every_node_and_location(nested, nested_location, (*path, id))


def ports_in(document: Document, types: tuple[str, ...]) -> list[str]:
    """Return the ids of the inlets or outlets of a document."""
    return [id for id, record in document.nodes.items() if record.type in types]


def inlet_port(document: Document, id: str, location: PatchLocation) -> InputPort:
    """Return the port that an inlet defines: the first port that it is connected to, modified by its settings."""
    params = document.nodes[id].params
    found, value = _target_port(document, id, location)
    if not isinstance(found, In):
        return replace(found, name=id)
    default = _first_number(params.get(KNOB, value))
    low, high = _number(params.get("min")), _number(params.get("max"))
    has_range = low is not None and high is not None and low < high
    found = In(found.default) if has_range and isinstance(found, OpenIn) else found
    changes: dict[str, Any] = {"min": low, "max": high} if has_range else {}
    changes |= {name: params[name] for name in ("unit", "doc") if isinstance(params.get(name), str) and params[name]}
    if params.get("taper") in ("linear", "log"):
        changes["taper"] = params["taper"]
    changes["default"] = found.default if default is None else default
    return replace(found, name=id, bank="", **changes)


def inlet_value(document: Document, id: str, location: PatchLocation) -> Any:
    """Return the value of an unconnected inlet: its parameter, or the value of the first port that it is wired to."""
    stored = document.nodes[id].params.get(KNOB)
    if stored is not None:
        return stored
    found, value = _target_port(document, id, location)
    return value if value is not None else found.default if isinstance(found, In) else 0.0


def _target_port(document: Document, id: str, location: PatchLocation) -> tuple[InputPort, Any]:
    """Return the first port that an inlet is connected to, and the value set there."""
    for wire in document.wires:
        target = document.nodes.get(wire.target)
        if (wire.source, wire.source_port) != (id, INLET_PORT) or target is None or target.type in OUTLETS:
            continue
        port = input_of(target, wire.target_port, location)
        if port is not None:
            return port, target.params.get(wire.target_port)
    return OpenIn(), None


def outlet_port(document: Document, id: str, location: PatchLocation) -> OutputPort:
    """Return the port that an outlet defines: the first port that is wired to it."""
    for wire in document.wires:
        source = document.nodes.get(wire.source)
        if (wire.target, wire.target_port) != (id, OUTLET_PORT) or source is None:
            continue
        if source.type in INLETS:
            return _as_output(inlet_port(document, wire.source, location), id)
        port = output_of(source, wire.source_port, location)
        if port is not None:
            return replace(port, name=id)
    return OpenOut(name=id)


def input_of(record: NodeRecord, port: str, location: PatchLocation) -> InputPort | None:
    """Return an input of a node, or None if it does not exist. Faster than :func:`spec_of` for a subpatch."""
    document, nested = _nested_or_none(record, location)
    if document is not None:
        return inlet_port(document, port, nested) if port in ports_in(document, INLETS) else None
    return spec_of(record, location).input_ports.get(port)


def output_of(record: NodeRecord, port: str, location: PatchLocation) -> OutputPort | None:
    """Return an output of a node, or None if it does not exist. Faster than :func:`spec_of` for a subpatch."""
    document, nested = _nested_or_none(record, location)
    if document is not None:
        return outlet_port(document, port, nested) if port in ports_in(document, OUTLETS) else None
    return spec_of(record, location).output_ports.get(port)


def _nested_or_none(record: NodeRecord, location: PatchLocation) -> tuple[Document | None, PatchLocation]:
    """Return the document in a subpatch, empty if its file cannot be read; None for any other node."""
    if record.type != SUBPATCH:
        return None, location
    try:
        return nested_document(record, location)
    except PatchError:
        return Document(), location


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _first_number(value: Any) -> float | None:
    return _number(value[0] if isinstance(value, list | tuple) and value else value)
