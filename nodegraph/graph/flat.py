"""The flat graph of a patch: all nodes, including those in subpatches, and their relation to the document.

A node of the document has a *path* (the ids of the subpatches that contain it, then its own id) and an *address*, the
path joined by ``/``. A flat node has a separate id; a node of the document in several voices has several flat nodes.
The relation is stored as data (:attr:`FlatNode.path`, :attr:`FlatPatch.copies`): ids may contain any character, so
they are never parsed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from nodegraph.blocks.registry import node_types
from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.document import INLET_PORT
from nodegraph.patch.document import Path as Place

from .ports import KNOB, PatchLocation

PortKey = tuple[str, str]


class FlatNode(NamedTuple):
    """A node of the flat graph: its record, the file that contains it, and the voices that it computes as lanes.

    ``problem`` is the reason why it is a silent placeholder, or ""; ``knob`` is the port of an inlet's value. ``path``
    is that of the document node that it represents, or that it was added for (nodes that distribute and mix voices).
    ``oversampling`` is the highest of the subpatches that contain it; ``is_unison`` says whether one of these runs
    several copies of each voice.
    """

    record: NodeRecord
    file: Path | None = None
    voices: int = 1
    problem: str = ""
    knob: In | None = None
    path: Place = ()
    oversampling: str = "1"
    is_unison: bool = False


@dataclass
class FlatPatch:
    """The flat graph of a document, with the relation of its nodes and ports to the document.

    ``copies``                flat ids by the address of a document node, unless its only flat id is the address
    ``removed_port_sources``  sources of removed port nodes
    ``voice_width_knobs``     knobs of the stereo width of voices, by the address of the subpatch
    ``overridden_inlets``     inlets whose value is overridden by a wire
    ``file``, ``allow_outside``  the patch file, and whether it may refer to files outside its folder
    ``repeats``               flat ids in second and later voices
    """

    document: Document
    nodes: dict[str, FlatNode]
    wires: tuple[Wire, ...]
    problems: list[str] = field(default_factory=list)
    copies: dict[str, list[str]] = field(default_factory=dict)
    removed_port_sources: dict[str, list[PortKey]] = field(default_factory=dict)
    voice_width_knobs: dict[str, list[PortKey]] = field(default_factory=dict)
    voice_inputs: list[VoiceInput] = field(default_factory=list)
    overridden_inlets: dict[str, FlatNode] = field(default_factory=dict)
    file: Path | None = None
    repeats: frozenset[str] = frozenset()
    allow_outside: bool = False

    @property
    def home(self) -> PatchLocation:
        """The location of the document, with the files that it may refer to."""
        return PatchLocation(self.file, self.allow_outside)

    @property
    def listens(self) -> bool:
        """Whether the patch has device inputs; an ``audio_in`` in a subpatch is an inlet."""
        types = node_types()
        return any((cls := types.get(node.record.type)) and cls.device == "input" for node in self.nodes.values())

    def ids(self, node: str) -> list[str]:
        """Return the flat ids of the document node at an address, one for each voice; a flat id returns itself."""
        return [id for id in self.copies.get(node, [node]) if id in self.nodes]

    def source(self, id: str, port: str) -> PortKey | None:
        """Return the flat output that feeds an output through removed ports, or None if it is not exactly one."""
        seen: set[str] = set()
        while id not in self.nodes:
            removed = self.removed_port_sources.get(id, ())
            if len(removed) != 1 or id in seen:  # ports may be wired in a circle
                return None
            seen.add(id)
            id, port = removed[0]
        return id, port

    def output_of(self, node: str, port: str) -> PortKey | None:
        """Return the flat (node, port) that carries an output in the first voice, or None if several do."""
        for address, out in ((node, port), (f"{node}/{port}", INLET_PORT)):
            found = self.source(self.copies.get(address, [address])[0], out)
            if found is not None:
                return found
        return None

    def knobs_of(self, node: str, port: str) -> list[PortKey]:
        """Return the knobs set by a document parameter, one for each voice; empty if the input is wired."""
        if ids := self.ids(node):
            return [(id, port) for id in ids]
        if port == "width" and node in self.voice_width_knobs:
            return self.voice_width_knobs[node]
        return [(id, KNOB) for id in self.ids(f"{node}/{port}")]


@dataclass(frozen=True)
class VoiceInput:
    """A signal into a port of several voices; it must have one lane, or one for each voice.

    ``path`` is that of the subpatch, ``()`` when the patch itself has the voices.
    """

    path: Place
    port: str
    voices: int
    source: PortKey
