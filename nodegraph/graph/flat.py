"""The flat net of a patch: all nodes, including those in subpatches, and how they relate to the document.

A node of the document has a *path* (the ids of the subpatches that hold it, then its own) and an *address*, the path
joined by ``/``. A node of the flat net has an id of its own. Several flat nodes belong to one node of the document
when it is inside several voices. The relation is kept as data (:attr:`FlatNode.path`, :attr:`FlatPatch.copies`): ids
may hold any character, so no id is ever taken apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from nodegraph.blocks.registry import node_types
from nodegraph.node import In
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.document import INLET_PORT
from nodegraph.patch.document import Path as Place

from .ports import KNOB, PatchLocation

PortKey = tuple[str, str]


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
class FlatPatch:
    """The flat net of a document, and where the nodes and ports of the document are found in it.

    ``copies`` gives the flat ids of a node of the document by its address, unless its only flat id is the address
    itself. ``repeats`` are the flat ids that belong to second and later voices. ``removed_port_sources`` lists the
    sources that arrived at ports which became wires. ``voice_width_knobs`` gives by the address of a subpatch the
    inputs that set the stereo width of its voices. ``overridden_inlets`` holds the inlets whose own value is unused
    because something is wired to them. ``file`` is the file of the patch; ``allow_outside`` allows it to refer to files
    outside its folder.
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
        """Where the document lies, and which files it may refer to."""
        return PatchLocation(self.file, self.allow_outside)

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

    def source(self, id: str, port: str) -> PortKey | None:
        """The output of the flat net that drives an output, through ports that became wires; None unless it is one."""
        seen: set[str] = set()
        while id not in self.nodes:
            removed = self.removed_port_sources.get(id, ())
            if len(removed) != 1 or id in seen:  # ports may be wired in a circle
                return None
            seen.add(id)
            id, port = removed[0]
        return id, port

    def output_of(self, node: str, port: str) -> PortKey | None:
        """Where an output of a node or a subpatch can be read, in the first voice; None if it is not in one place."""
        for address, out in ((node, port), (f"{node}/{port}", INLET_PORT)):
            found = self.source(self.copies.get(address, [address])[0], out)
            if found is not None:
                return found
        return None

    def knobs_of(self, node: str, port: str) -> list[PortKey]:
        """The knobs that a parameter of the document controls: one for each voice; empty if the input is wired."""
        if ids := self.ids(node):
            return [(id, port) for id in ids]
        if port == "width" and node in self.voice_width_knobs:
            return self.voice_width_knobs[node]
        return [(id, KNOB) for id in self.ids(f"{node}/{port}")]


@dataclass(frozen=True)
class VoiceInput:
    """A signal that enters several voices at a port: it may have one lane, or one for each voice.

    ``path`` is that of the subpatch, ``()`` when the patch itself has the voices.
    """

    path: Place
    port: str
    voices: int
    source: PortKey
