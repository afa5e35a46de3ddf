"""The ports of a node: those of its block, and for a subpatch those that its inlets and outlets give it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from .node import EventIn, EventOut, FrameIn, FrameOut, In, Out, Spec
from .patch import Document, NodeRecord, migrate_nodes, read_patch, resolve_file
from .patch.document import INLET, INLET_PORT, OUTLET, OUTLET_PORT, SUBPATCH
from .patch.document import Path as Place
from .patch.errors import PatchError
from .registry import node_types

DEEPEST = 32  # subpatches inside one another, files included
KNOB = "value"  # the input of an inlet that stands for what is wired to its port
AnyIn = In | FrameIn | EventIn
AnyOut = Out | FrameOut | EventOut
INLETS, OUTLETS = (INLET, "audio_in"), (OUTLET, "audio_out")


@dataclass(frozen=True)
class Home:
    """Where a document lies: its file, and the files that it was reached through."""

    file: Path | None = None
    allow_outside: bool = False
    through: tuple[Path, ...] = ()
    depth: int = 0


def spec_of(record: NodeRecord, patch_path: Path | None = None, allow_outside: bool = False) -> Spec:
    """Everything that a node declares; for a subpatch its ports as well as its settings.

    An empty one for a block that is not there, and for a subpatch whose file is not.
    """
    return node_spec(record, Home(patch_path, allow_outside))


def node_spec(record: NodeRecord, home: Home) -> Spec:
    """The same, for a node of a document that lies at ``home``."""
    cls = node_types().get(record.type)
    spec = cls.spec if cls else Spec()
    if record.type != SUBPATCH:
        return spec
    try:
        document, inner = contents(record, home)
    except PatchError:
        return spec
    inputs = {id: inlet_port(document, id, inner) for id in ports_in(document, INLETS)}
    outputs = {id: outlet_port(document, id, inner) for id in ports_in(document, OUTLETS)}
    settings = {name: getattr(document.settings, name) for name in ("voices", "unison", "width")}
    return replace(
        spec,
        options=spec.options | {name: replace(spec.options[name], default=value) for name, value in settings.items()},
        inputs={id: port for id, port in inputs.items() if isinstance(port, In)},
        frame_inputs={id: port for id, port in inputs.items() if isinstance(port, FrameIn)},
        event_inputs={id: port for id, port in inputs.items() if isinstance(port, EventIn)},
        outputs={id: port for id, port in outputs.items() if isinstance(port, Out)},
        frame_outputs={id: port for id, port in outputs.items() if isinstance(port, FrameOut)},
        event_outputs={id: port for id, port in outputs.items() if isinstance(port, EventOut)},
    )


def contents(record: NodeRecord, home: Home) -> tuple[Document, Home]:
    """The document in a subpatch and where it lies. Raises :class:`PatchError` where its file is not to be had."""
    if home.depth >= DEEPEST:
        raise PatchError(f"subpatches lie more than {DEEPEST} deep in one another. Flatten some of them.")
    if record.patch is not None:
        return record.patch, replace(home, depth=home.depth + 1)
    reference = record.params.get("file", "")
    if not reference:
        return Document(), replace(home, depth=home.depth + 1)
    if not isinstance(reference, str):
        raise PatchError(f"file must be a text, got {reference!r:.40}.")
    path = resolve_file(home.file, reference, home.allow_outside)
    through = (*home.through, *([home.file.resolve()] if home.file else []))
    if path in through:
        circle = " → ".join(file.name for file in (*through[through.index(path) :], path))
        raise PatchError(f"the patch would contain itself ({circle}). Use another file.")
    try:
        stat = path.stat()
    except OSError:
        raise PatchError(f"file '{reference}' is missing. Put it beside the patch.") from None
    document = _read(path, stat.st_mtime_ns, stat.st_size)
    return document, Home(path, home.allow_outside, through, home.depth + 1)


@lru_cache(maxsize=128)
def _read(path: Path, changed: int, size: int) -> Document:
    """A patch file, read again when it has changed."""
    return migrate_nodes(read_patch(path))


def every_node(document: Document, home: Home, path: Place = ()) -> Iterator[tuple[Place, NodeRecord]]:
    """All nodes with their paths, each subpatch followed by its contents, embedded or in a file.

    The contents of a subpatch whose file cannot be read, or may not be read from ``home``, are left out.
    """
    for id, record in document.nodes.items():
        yield (*path, id), record
        if record.type == SUBPATCH:
            try:
                inner, inside = contents(record, home)
            except PatchError:
                continue
            yield from every_node(inner, inside, (*path, id))


def ports_in(document: Document, types: tuple[str, ...]) -> list[str]:
    """The inlets or outlets of a document."""
    return [id for id, record in document.nodes.items() if record.type in types]


def inlet_port(document: Document, id: str, home: Home) -> AnyIn:
    """The port that an inlet makes: as the first port that it leads to, but for what its settings say."""
    params = document.nodes[id].params
    found, value = _leads_to(document, id, home)
    if not isinstance(found, In):
        return replace(found, name=id)
    default = _first_number(params.get(KNOB, value))
    low, high = _number(params.get("min")), _number(params.get("max"))
    ranged = low is not None and high is not None and low < high
    changes: dict[str, Any] = {"min": low, "max": high} if ranged else {}
    changes |= {name: params[name] for name in ("unit", "doc") if isinstance(params.get(name), str) and params[name]}
    if params.get("taper") in ("linear", "log"):
        changes["taper"] = params["taper"]
    changes["default"] = found.default if default is None else default
    return replace(found, name=id, bank="", **changes)


def inlet_value(document: Document, id: str, home: Home) -> Any:
    """What an inlet gives while nothing is wired to it and nothing is set: its own value, or that of where it leads."""
    own = document.nodes[id].params.get(KNOB)
    if own is not None:
        return own
    found, value = _leads_to(document, id, home)
    return value if value is not None else found.default if isinstance(found, In) else 0.0


def _leads_to(document: Document, id: str, home: Home) -> tuple[AnyIn, Any]:
    """The first port that an inlet leads to, and what is set there."""
    for wire in document.wires:
        target = document.nodes.get(wire.target)
        if (wire.source, wire.source_port) != (id, INLET_PORT) or target is None:
            continue
        port = input_of(target, wire.target_port, home)
        if port is not None:
            return port, target.params.get(wire.target_port)
    return In(0.0, min=-1.0, max=1.0), None


def outlet_port(document: Document, id: str, home: Home) -> AnyOut:
    """The port that an outlet makes: as the first one that is wired to it."""
    for wire in document.wires:
        source = document.nodes.get(wire.source)
        if (wire.target, wire.target_port) != (id, OUTLET_PORT) or source is None:
            continue
        port = output_of(source, wire.source_port, home)
        if port is not None:
            return replace(port, name=id)
    return Out(name=id)


def input_of(record: NodeRecord, port: str, home: Home) -> AnyIn | None:
    """One input of a node, None if it has none of that name."""
    document, inner = _patch_in(record, home)
    if document is not None:
        return inlet_port(document, port, inner) if port in ports_in(document, INLETS) else None
    cls = node_types().get(record.type)
    spec = cls.spec if cls else Spec()
    return spec.inputs.get(port) or spec.frame_inputs.get(port) or spec.event_inputs.get(port)


def output_of(record: NodeRecord, port: str, home: Home) -> AnyOut | None:
    """One output of a node, None if it has none of that name."""
    document, inner = _patch_in(record, home)
    if document is not None:
        return outlet_port(document, port, inner) if port in ports_in(document, OUTLETS) else None
    cls = node_types().get(record.type)
    spec = cls.spec if cls else Spec()
    return spec.outputs.get(port) or spec.frame_outputs.get(port) or spec.event_outputs.get(port)


def _patch_in(record: NodeRecord, home: Home) -> tuple[Document | None, Home]:
    """What is in a subpatch, as far as it is to be had; None for every other node."""
    if record.type != SUBPATCH:
        return None, home
    try:
        return contents(record, home)
    except PatchError:
        return Document(), home


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _first_number(value: Any) -> float | None:
    return _number(value[0] if isinstance(value, list | tuple) and value else value)
