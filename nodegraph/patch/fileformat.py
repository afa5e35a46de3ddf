"""The patch file format: a type for each record, and the JSON schema.

Unknown fields are valid in every record: a later version may have written them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from .document import FirstView, Message, Mode, Takeover

# for readers of the schema only: names.py checks names, with better messages
Name = Annotated[str, Meta(extra_json_schema={"pattern": r"^[^.]{1,100}$"})]
PortRef = Annotated[str, Meta(description="node.port", extra_json_schema={"pattern": r"^[^.]+\.[^.]+$"})]

Colour = Annotated[str, Meta(description="#rrggbb", extra_json_schema={"pattern": "^(#[0-9a-fA-F]{6})?$"})]


class NodeFile(Struct, rename={"kind": "type"}):
    """A node."""

    id: Name
    kind: Annotated[str, Meta(min_length=1, max_length=200)]
    version: Annotated[int, Meta(ge=1, lt=2**31)] = 1
    params: dict[str, Any] = field(default_factory=dict)
    patch: (
        Annotated[
            dict[str, Any],
            Meta(description="nested document of a subpatch", extra_json_schema={"$ref": "#/$defs/NestedFile"}),
        ]
        | None
    ) = None


class WireFile(Struct, rename={"source_ref": "from", "target_ref": "to"}):
    """A wire."""

    source_ref: PortRef
    target_ref: PortRef
    feedback: bool = False


class BindingFile(Struct):
    """The MIDI message that sets a control."""

    number: Annotated[int, Meta(ge=0, le=127)] = 0
    message: Message = "control_change"
    channel: Annotated[int, Meta(ge=1, le=16)] | None = None
    device: str = ""
    mode: Mode = "absolute"
    takeover: Takeover = "jump"


class ControlFile(Struct):
    """A named handle on one parameter."""

    name: Name
    target: PortRef
    min: float | None = None
    max: float | None = None
    taper: Literal["linear", "log"] = "linear"
    doc: str = ""
    lane: Annotated[int, Meta(ge=0, lt=2**31)] | None = None
    midi: BindingFile | None = None
    steps: (
        Annotated[
            int | list[float],
            Meta(description="number of classes, evenly spaced along the taper, or their values, increasing"),
        ]
        | None
    ) = None
    group: str = ""


class NoteFile(Struct):
    """A comment on the canvas; ``at`` is in pixels at zoom 1."""

    id: Name
    text: str
    at: tuple[float, float] = (0.0, 0.0)


class AreaFile(Struct):
    """A titled rectangle of the canvas; ``at`` and ``size`` are in pixels at zoom 1."""

    id: Name
    title: str = ""
    at: tuple[float, float] = (0.0, 0.0)
    size: tuple[float, float] = (200.0, 150.0)
    colour: Colour = ""


class LookFile(Struct):
    """The appearance of a node."""

    id: Name
    title: str = ""
    colour: Colour = ""
    folded: bool = False


class PresetFile(Struct, rename={"kind": "type"}):
    """Named parameters for nodes of one type."""

    kind: Annotated[str, Meta(min_length=1, max_length=200)]
    name: Name
    params: dict[str, Any] = field(default_factory=dict)
    version: Annotated[int, Meta(ge=1, lt=2**31)] = 1


class SnapshotFile(Struct):
    """Parameter values by port_ref."""

    name: Name
    values: dict[str, Any] = field(default_factory=dict)


class SettingsFile(Struct):
    """Settings of a patch; ``rate`` is in Hz, ``voices`` … ``width`` are as for a subpatch."""

    latency_compensation: bool = True
    rate: Annotated[float, Meta(ge=1, le=10_000_000)] | None = None
    voices: int = 1
    unison: int = 1
    mix: str = "sum"
    width: float = 1.0
    shows_first: FirstView = "canvas"


class NestedFile(Struct):
    """A nested document."""

    title: str = ""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    settings: SettingsFile = field(default_factory=SettingsFile)
    nodes: list[NodeFile] = field(default_factory=list)
    wires: list[WireFile] = field(default_factory=list)
    controls: list[ControlFile] = field(default_factory=list)
    snapshots: list[SnapshotFile] = field(default_factory=list)
    presets: list[PresetFile] = field(default_factory=list)
    notes: list[NoteFile] = field(default_factory=list)
    areas: list[AreaFile] = field(default_factory=list)
    looks: list[LookFile] = field(default_factory=list)
    layout: dict[str, tuple[float, float]] = field(default_factory=dict)


class PatchFile(NestedFile, kw_only=True):
    """A patch."""

    format: Literal["nodegraph"]
    version: Annotated[int, Meta(ge=0, lt=2**31)]


def schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of the file format."""
    (top, _), defined = msgspec.json.schema_components([PatchFile, NestedFile], ref_template="#/$defs/{name}")
    return {**top, "$defs": defined}
