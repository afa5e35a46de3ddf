"""Turns a patch with subpatches into one flat net of nodes, so that the later stages need not know about subpatches.

A node inside a subpatch has the id ``voice/osc``. Inlets and outlets become wires, and stay as nodes only where a wire
cannot replace them (an inlet that nothing is wired to is an input with a value). A subpatch of several voices becomes
as many lanes wide where each of its blocks accepts any number of lanes. Where a block has its own rules for lanes (a
pan, a mixer of lanes) the net contains the contents once for each voice, as ``voice/osc``, ``voice/osc#2`` … These ids
are made for people: a free one is chosen where a node of the document has such an id already, and
:class:`~nodegraph.graph.flat.FlatPatch` says which node of the document each of them belongs to.
"""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.node import In, Port, Spec
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.document import INLET, INLET_PORT, SUBPATCH
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import PatchError, Problem
from nodegraph.patch.ports import remove_port_nodes

from .flat import FlatNode, FlatPatch, PortKey, VoiceInput
from .ports import (
    INLETS,
    KNOB,
    OUTLETS,
    PatchLocation,
    every_node,
    inlet_port,
    inlet_value,
    nested_document,
    outlet_port,
    ports_in,
    spec_of,
)
from .rules import title_of, unknown_input, unknown_output, unknown_parameter

MAX_NODES = 50_000
PORTS = (*INLETS, *OUTLETS)


def flatten(document: Document, patch_path: Path | None = None, allow_outside: bool = False) -> FlatPatch:
    """The flat net of a document. Its ``problems`` say what is wrong with the subpatches, one sentence each."""
    location = PatchLocation(patch_path, allow_outside)
    if document.settings.voices == document.settings.unison == 1 and not any(
        record.type in (SUBPATCH, INLET, "outlet") for record in document.nodes.values()
    ):
        nodes = {id: FlatNode(record, patch_path, path=(id,)) for id, record in document.nodes.items()}
        return FlatPatch(document, nodes, document.wires, file=patch_path, allow_outside=allow_outside)
    return _Flattener(document, location).flat()


@dataclass(frozen=True)
class _VoiceSettings:
    """How many voices a body has, and how they leave it."""

    voices: int = 1
    unison: int = 1
    mix: str = "sum"
    width: float = 1.0

    @property
    def copies(self) -> int:
        return self.voices * self.unison

    @property
    def gain(self) -> float:
        return 1.0 / math.sqrt(self.unison)


@dataclass(frozen=True)
class _DocumentScope:
    """A document being added to the net: its path, the flat ids of its nodes and ports, and the width of its lanes."""

    document: Document
    location: PatchLocation
    path: Place
    node: Callable[[str], str]
    port: Callable[[str], str]
    lanes: int = 1
    ports: tuple[str, ...] = PORTS
    skip: frozenset[str] = frozenset()


class _Flattener:
    def __init__(self, document: Document, location: PatchLocation) -> None:
        self.document, self.location = document, location
        self.nodes: dict[str, FlatNode] = {}
        self.wires: list[Wire] = []
        self.ports: set[str] = set()
        self.problems: list[str] = []
        self.addresses = self._addresses()
        self.used_ids = set(self.addresses)
        self.further: dict[Place, list[str]] = defaultdict(list)  # flat ids that are not the address of their node
        self.repeats: set[str] = set()
        self.repeating = False  # whether a second or later voice is being added
        self.widths: dict[str, list[PortKey]] = defaultdict(list)
        self.voice_inputs: list[tuple[Place, str, int, str]] = []
        self.specs: dict[tuple[int, PatchLocation], Spec] = {}
        self.ports_by_subpatch: dict[
            tuple[str, str], dict[str, str]
        ] = {}  # flat ids of the ports of subpatches, by side
        self.too_many_nodes = False
        self.beside = self._naming(lambda id, n: f"{id}{':' * n}voices")  # ports between the device and the voices

    def flat(self) -> FlatPatch:
        settings = self.document.settings
        voices = _VoiceSettings(settings.voices, settings.unison, settings.mix, settings.width)
        if voices.copies == 1:
            top = _DocumentScope(
                self.document, self.location, (), lambda id: id, lambda id: id, ports=(INLET, "outlet")
            )
            for id in ports_in(self.document, (INLET,)):  # nothing outside can be wired to it: a value of any range
                self._add(id, replace(self._inlet(top, id, {}), knob=None), own=True)
                self.ports.add(id)
            self._outlets(top)
            self._add_document(top)
        else:
            self._voices("", (), NodeRecord(SUBPATCH), self.document, self.location, voices)
            self._connect_device_nodes()
        if self.too_many_nodes:
            self.problems.append(
                f"the patch has more than {MAX_NODES} nodes with all that is in its subpatches. Make it smaller."
            )
        always = self._non_signal_ports()
        wires, kept = remove_port_nodes(self.wires, self.ports, always)
        sources_by_port: dict[str, list[PortKey]] = defaultdict(list)
        for wire in self.wires:
            sources_by_port[wire.target].append((wire.source, wire.source_port))
        passed = {port: sources_by_port[port] for port in self.ports if port not in kept and port in sources_by_port}
        nodes = {id: node for id, node in self.nodes.items() if id not in self.ports or id in kept}
        arrivals = [
            VoiceInput(path, port, voices, source)
            for path, port, voices, name in self.voice_inputs
            for source in sources_by_port.get(name, ())
        ]
        further = {"/".join(path): ids for path, ids in self.further.items()}
        copies = {address: [address] * (address in self.nodes) + ids for address, ids in further.items()}
        return FlatPatch(
            self.document,
            nodes,
            tuple(wires),
            self.problems,
            copies,
            passed,
            self.widths,
            arrivals,
            {id: node for id, node in self.nodes.items() if id not in nodes and node.knob is not None},
            self.location.file,
            frozenset(self.repeats),
            self.location.allow_outside,
        )

    # -- ids ---------------------------------------------------------------------------------------------------

    def _addresses(self) -> frozenset[str]:
        """The addresses of all nodes of the document. An address of two nodes is a problem."""
        found: set[str] = set()
        levels = [("", self.document, self.location)]
        count = 0
        while levels and count < 2 * MAX_NODES:
            prefix, document, location = levels.pop()
            found.update([prefix + id for id in document.nodes] if prefix else document.nodes)
            count += len(document.nodes)
            for id, record in document.nodes.items():
                if record.type == SUBPATCH:
                    try:
                        levels.append((f"{prefix}{id}/", *nested_document(record, location)))
                    except PatchError:  # said where the subpatch is added to the net
                        continue
        if len(found) < count:
            self._tell_of_equal_addresses()
        return frozenset(found)

    def _tell_of_equal_addresses(self) -> None:
        found: set[str] = set()
        for path, _ in islice(every_node(self.document, self.location), 2 * MAX_NODES):
            address = "/".join(path)
            if address in found:
                text = f"there are two nodes called '{address}': one is in a subpatch. Rename one of them."
                self.problems.append(Problem(text, path))
            found.add(address)

    def _free(self, spell: Callable[[int], str]) -> str:
        """The first of ``spell(1)``, ``spell(2)``, … that is neither an address nor the id of another flat node."""
        name = next(name for n in count(1) if (name := spell(n)) not in self.used_ids)
        self.used_ids.add(name)
        return name

    def _naming(self, spell: Callable[[str, int], str]) -> Callable[[str], str]:
        """Free flat ids for the nodes of a body, always the same one for the same node."""
        names: dict[str, str] = {}

        def name(id: str) -> str:
            if id not in names:
                names[id] = self._free(lambda n: spell(id, n))
            return names[id]

        return name

    def _path_prefix(self, name: str) -> Callable[[str], str]:
        """Flat ids of the contents of a subpatch: their addresses, unless it is in a second or later voice."""
        if not name:
            return lambda id: id
        if name in self.addresses:
            return lambda id: f"{name}/{id}"
        return self._naming(lambda id, n: f"{name}{'/' * n}{id}")

    # -- a document --------------------------------------------------------------------------------------------

    def _add_document(self, body: _DocumentScope) -> None:
        """Add the nodes of a document and its wires. Its ports are added by the callers, who know what they become."""
        nodes = body.document.nodes
        for id, record in nodes.items():
            if id in body.skip or record.type in body.ports:
                continue
            if record.type == SUBPATCH:
                self._subpatch(body.node(id), (*body.path, id), record, body)
            else:
                node = FlatNode(record, body.location.file, body.lanes, path=(*body.path, id))
                self._add(body.node(id), node, own=True)
        for wire in body.document.wires:
            if wire.source in body.skip and wire.target in body.skip:
                continue
            source = self._flat_port(body, wire, "source")
            target = self._flat_port(body, wire, "target")
            if source and target:
                self._wire(source, target, wire)

    def _add(self, name: str, node: FlatNode, own: bool = False) -> None:
        """Add a node. ``own``: it is the node of the document at its path, and not only part of what that becomes."""
        if len(self.nodes) >= MAX_NODES:
            self.too_many_nodes = True
            return
        self.nodes[name] = node
        if own and name not in self.addresses:
            self.further[node.path].append(name)
        if self.repeating:
            self.repeats.add(name)

    def _wire(self, source: PortKey, target: PortKey, like: Wire | None = None) -> None:
        if like is None:
            self.wires.append(Wire(*source, *target))
        elif source == (like.source, like.source_port) and target == (like.target, like.target_port):
            self.wires.append(like)
        else:
            self.wires.append(Wire(*source, *target, like.feedback, like.extra))

    def _flat_port(self, body: _DocumentScope, wire: Wire, side: str) -> PortKey | None:
        """An end of a wire in the flat net; None for a port that a subpatch does not have."""
        id, port = getattr(wire, side), getattr(wire, f"{side}_port")
        record = body.document.nodes.get(id)
        if record is None:
            return body.node(id), port
        if record.type in body.ports and id not in body.skip:
            return body.port(id), INLET_PORT if side == "source" else KNOB
        name = body.node(id)
        if record.type != SUBPATCH or name in self.nodes:
            return name, port
        ports = self.ports_by_subpatch.get((name, side), {})
        if port in ports:
            return ports[port], INLET_PORT if side == "source" else KNOB
        path = (*body.path, id)
        spec, title = self._spec(record, body.location), _title(path)
        if side == "source":
            self._tell(path, unknown_output(title, port, spec.output_ports, "Put an outlet into it."))
        else:
            self._tell(path, unknown_input(title, port, spec, "Put an inlet into it."))
        return None

    def _spec(self, record: NodeRecord, location: PatchLocation) -> Spec:
        key = id(record), location
        if key not in self.specs:
            self.specs[key] = spec_of(record, location)
        return self.specs[key]

    # -- a subpatch --------------------------------------------------------------------------------------------

    def _tell(self, path: Place, text: str) -> None:
        """Note a problem of a subpatch, once for all its voices."""
        if not self.repeating:
            self.problems.append(Problem(text, path))

    def _subpatch(self, name: str, path: Place, record: NodeRecord, parent: _DocumentScope) -> None:
        if self.too_many_nodes:
            return
        try:
            document, location = nested_document(record, parent.location)
        except PatchError as error:
            self._add(name, FlatNode(record, parent.location.file, problem=str(error), path=path), own=True)
            return
        self._check(path, record, document, parent.location)
        settings = node_types()[SUBPATCH].spec.settings
        bad = [settings[key].problem(value) for key, value in record.params.items() if key in settings]
        if any(bad):
            for problem in filter(None, bad):
                self._tell(path, f"{_title(path)}: {problem}")
            self._note_ports(name, document, self._path_prefix(name))
            return
        voices = _voices_of(record, document)
        if voices.copies > 1:
            self._voices(name, path, record, document, location, voices)
            return
        inside = self._path_prefix(name)
        self._note_ports(name, document, inside)
        body = _DocumentScope(document, location, path, inside, inside, parent.lanes)
        self._inlets(body, record.params)
        self._outlets(body)
        self._add_document(body)

    def _note_ports(self, name: str, document: Document, port: Callable[[str], str]) -> None:
        """Remember the flat ids of the ports of a subpatch, for the wires outside it."""
        self.ports_by_subpatch[name, "source"] = {id: port(id) for id in ports_in(document, OUTLETS)}
        self.ports_by_subpatch[name, "target"] = {id: port(id) for id in ports_in(document, INLETS)}

    def _check(self, path: Place, record: NodeRecord, document: Document, parent: PatchLocation) -> None:
        """Report parameters that do not exist, and ports that are named like a setting."""
        taken = node_types()[SUBPATCH].spec.settings
        for id in ports_in(document, PORTS):
            if id in taken:
                self._tell(path, f"{_title(path)}: '{id}' is a setting of every subpatch. Rename that port.")
        inlets = ports_in(document, INLETS)
        for port in record.params:
            if port not in inlets and port not in taken:
                self._tell(path, unknown_parameter(_title(path), self._spec(record, parent), port))

    def _inlets(self, body: _DocumentScope, inlet_values: Mapping[str, Any]) -> None:
        for id in self._ports_of(body, INLETS):
            self._add(body.port(id), self._inlet(body, id, inlet_values), own=True)
            self.ports.add(body.port(id))

    def _outlets(self, body: _DocumentScope) -> None:
        for id in self._ports_of(body, OUTLETS):
            self._add(body.port(id), self._outlet(body, id), own=True)
            self.ports.add(body.port(id))

    def _outlet(self, body: _DocumentScope, id: str) -> FlatNode:
        return FlatNode(NodeRecord(INLET), body.location.file, path=(*body.path, id))

    def _ports_of(self, body: _DocumentScope, types: tuple[str, ...]) -> list[str]:
        return [id for id in ports_in(body.document, types) if body.document.nodes[id].type in body.ports]

    def _inlet(self, body: _DocumentScope, id: str, inlet_values: Mapping[str, Any]) -> FlatNode:
        """An inlet with the value that it has while nothing is wired to it."""
        record = body.document.nodes[id]
        port = inlet_port(body.document, id, body.location)
        if record.type != INLET:
            record = NodeRecord(INLET)
        elif isinstance(port, In):
            value = inlet_values.get(id, inlet_value(body.document, id, body.location))
            if record.params.get(KNOB) != value:
                record = replace(record, params={**record.params, KNOB: value})
        knob = port if isinstance(port, In) else None
        return FlatNode(record, body.location.file, knob=knob, path=(*body.path, id))

    # -- voices ------------------------------------------------------------------------------------------------

    def _voices(
        self,
        name: str,
        path: Place,
        record: NodeRecord,
        document: Document,
        location: PatchLocation,
        voices: _VoiceSettings,
    ) -> None:
        """Add a document with several voices: as lanes where its blocks allow it, else once for each voice."""
        node = self._path_prefix(name)
        port = node if name else self.beside
        if name:
            self._note_ports(name, document, port)
        body = _DocumentScope(document, location, path, node, port)
        shared = self._shared_nodes(document)
        if self._accepts_lanes(document, location, shared):
            self._as_lanes(replace(body, lanes=voices.copies), record.params, voices, shared)
        else:
            self._as_copies(body, record.params, voices, shared)

    def _accepts_lanes(self, document: Document, location: PatchLocation, shared: Iterable[str] = ()) -> bool:
        """Is every block of a document content with as many lanes as come?"""
        for id, record in document.nodes.items():
            cls = node_types().get(record.type)
            if id in shared or record.type in PORTS or cls is None:
                continue
            if record.type == SUBPATCH:
                try:
                    nested, inside = nested_document(record, location)
                except PatchError:
                    continue
                several = any(value != 1 for value in (record.params.get("voices", 1), record.params.get("unison", 1)))
                several |= nested.settings.voices > 1 or nested.settings.unison > 1
                if several or self._shared_nodes(nested) or not self._accepts_lanes(nested, inside):
                    return False
            elif cls.lanes is not None or cls.device:
                return False
            ports = cls.spec.inputs
            lists = [v for key, v in record.params.items() if isinstance(v, list | tuple) and key in ports]
            banks = [v for key, v in record.params.items() if key in ports and ports[key].bank]
            if any(len(values) > 1 and values not in banks for values in lists):
                return False
        return True

    def _shared_nodes(self, document: Document) -> dict[str, int]:
        """Nodes that all voices share: those that distribute notes to them, with everything that leads there."""
        nodes = document.nodes
        dealing = [
            id for id, record in nodes.items() if (cls := node_types().get(record.type)) and cls.allocates_voices
        ]
        before: dict[str, list[str]] = defaultdict(list)
        for wire in document.wires:
            before[wire.target].append(wire.source)
        found: dict[str, int] = {}
        while dealing:
            id = dealing.pop()
            if id not in found and id in nodes and nodes[id].type not in PORTS:
                found[id] = 1
                dealing += before[id]
        return found

    def _add_shared(self, body: _DocumentScope, shared: Iterable[str], voices: _VoiceSettings) -> None:
        """The nodes that serve all voices, those that deal notes for as many as there are."""
        nodes = {id: record for id, record in body.document.nodes.items() if id in shared}
        for id, record in nodes.items():
            cls = node_types().get(record.type)
            if cls and cls.allocates_voices and voices.voices > 1:
                option = cls.spec.options[cls.allocates_voices]
                count = int(option.clamp(voices.voices))
                nodes[id] = replace(record, params={**record.params, cls.allocates_voices: count})
        ends = {*nodes, *ports_in(body.document, INLETS)}
        wires = tuple(w for w in body.document.wires if w.source in ends and w.target in nodes)
        ports = {id: body.document.nodes[id] for id in ports_in(body.document, INLETS)}
        self._add_document(replace(body, document=Document({**ports, **nodes}, wires), lanes=1))

    def _as_lanes(
        self, body: _DocumentScope, inlet_values: Mapping[str, Any], voices: _VoiceSettings, shared: dict[str, int]
    ) -> None:
        for id in ports_in(body.document, INLETS):
            self._lane_inlet(body, id, inlet_values, voices)
        for id in ports_in(body.document, OUTLETS):
            spec = self._out_kind(body, id)
            if voices.mix == "lanes" or spec != "signal":
                self._add(body.port(id), self._outlet(body, id), own=True)
                self.ports.add(body.port(id))
            else:
                self._add_voice_mix(body, id, body.port(id), voices, whole=True)
        skip = frozenset(shared)
        self._add_shared(body, shared, voices)
        shared_outputs = self._shared_outputs(body, shared) if voices.unison > 1 else {}
        pickers = {end: self._add_lane_picker(body, end, "", voices, 0, voices.copies) for end in shared_outputs}
        self._add_voice(body, skip, pickers)

    def _lane_inlet(
        self, body: _DocumentScope, id: str, inlet_values: Mapping[str, Any], voices: _VoiceSettings
    ) -> None:
        inlet, port = self._inlet(body, id, inlet_values), body.port(id)
        params = inlet.record.params
        apart = params.get("spread") or params.get("random")
        if inlet.knob is None or not (apart or voices.unison > 1):
            self._add(port, inlet, own=True)
            self.ports.add(port)
        else:
            self._add(port, self._voice_inlet(inlet, port, voices, 0, voices.copies), own=True)
        if inlet.knob is not None:
            self.voice_inputs.append((body.path, id, voices.voices, port))

    def _as_copies(
        self, body: _DocumentScope, inlet_values: Mapping[str, Any], voices: _VoiceSettings, shared: dict[str, int]
    ) -> None:
        inlets = {id: self._inlet(body, id, inlet_values) for id in ports_in(body.document, INLETS)}
        for id, inlet in inlets.items():
            self._add(body.port(id), inlet, own=True)
            self.ports.add(body.port(id))
            if inlet.knob is not None:
                self.voice_inputs.append((body.path, id, voices.voices, body.port(id)))
        kinds = {id: self._out_kind(body, id) for id in ports_in(body.document, OUTLETS)}
        for id, kind in kinds.items():
            if "frames" in kind:
                self._tell(
                    body.path,
                    f"{_title(body.path)}: the {kind} at '{id}' cannot leave several voices, which differ in their "
                    "lanes inside. Set its voices to 1.",
                )
            self._add(body.port(id), self._outlet(body, id), own=True)
            if kind != "signal":
                self.ports.add(body.port(id))
        self._add_shared(body, shared, voices)
        shared_outputs = self._shared_outputs(body, shared)
        repeating = self.repeating
        for k in range(voices.copies):
            if self.too_many_nodes:
                return
            self.repeating = repeating or k > 0
            self._copy(body, inlets, kinds, voices, frozenset(shared), shared_outputs, k)
        self.repeating = repeating

    def _copy(
        self,
        body: _DocumentScope,
        inlets: Mapping[str, FlatNode],
        kinds: Mapping[str, str],
        voices: _VoiceSettings,
        shared: frozenset[str],
        shared_outputs: Mapping[PortKey, None],
        k: int,
    ) -> None:
        """Add voice ``k`` of several that the net contains one by one."""

        def marked(name: str, n: int) -> str:
            return f"{name}{'#' * n}{k + 1}"

        node = self._naming(lambda id, n: marked(body.node(id), n)) if k else body.node
        copy = replace(
            body,
            node=lambda id: body.node(id) if id in shared else node(id),
            port=self._naming(lambda id, n: marked(body.port(id), n)),
        )
        for id, inlet in inlets.items():
            port = copy.port(id)
            if inlet.knob is None:
                self._add(port, inlet)
                self.ports.add(port)
            else:
                self._add(port, self._voice_inlet(inlet, body.port(id), voices, k, 1, knob=False))
            self._wire((body.port(id), INLET_PORT), (port, KNOB))
        for id, kind in kinds.items():
            port = copy.port(id)
            if kind != "signal" or (voices.mix == "sum" and voices.unison == 1):
                self._add(port, self._outlet(body, id))
                self.ports.add(port)
            elif voices.mix == "lanes":
                record = NodeRecord("voice_lane", params={"index": k, "count": voices.copies})
                self._add(port, FlatNode(record, body.location.file, path=(*body.path, id)))
            else:
                self._add_voice_mix(body, id, port, voices, whole=False, first=k)
            self._wire((port, INLET_PORT), (body.port(id), KNOB))
        pickers = {end: self._add_lane_picker(body, end, f"#{k + 1}", voices, k, 1) for end in shared_outputs}
        self._add_voice(copy, shared, pickers)

    def _add_voice(self, body: _DocumentScope, shared: frozenset[str], pickers: Mapping[PortKey, PortKey]) -> None:
        """Add the nodes of a voice, wired to those that all voices share."""
        own = tuple(w for w in body.document.wires if w.source not in shared and w.target not in shared)
        self._add_document(replace(body, document=replace(body.document, wires=own, source=None), skip=shared))
        whole = replace(body, skip=shared)
        for wire in body.document.wires:
            if wire.source in shared and wire.target not in shared:
                source = pickers.get((wire.source, wire.source_port)) or self._flat_port(whole, wire, "source")
                target = self._flat_port(whole, wire, "target")
                if source and target:
                    self._wire(source, target, wire)

    def _shared_outputs(self, body: _DocumentScope, shared: Iterable[str]) -> dict[PortKey, None]:
        """The signals that go from the nodes that serve all voices to the voices."""
        shared = set(shared)
        found: dict[PortKey, None] = {}
        for wire in body.document.wires:
            record = body.document.nodes.get(wire.source)
            if wire.source in shared and wire.target not in shared and record is not None:
                if wire.source_port in self._spec(record, body.location).outputs:
                    found[wire.source, wire.source_port] = None
        return found

    def _voice_inlet(
        self, inlet: FlatNode, port: str, voices: _VoiceSettings, first: int, count: int, knob: bool = True
    ) -> FlatNode:
        """An inlet that tells the voices apart."""
        inlet_values = inlet.record.params
        taper = inlet_values.get("taper") if inlet_values.get("taper") in ("linear", "log") else None
        ratio = (taper or (inlet.knob.taper if inlet.knob else "linear")) == "log"
        thrown = f"{self.document.seed}/{port}/{inlet_values.get('seed', 0)}"
        params: dict[str, Any] = {
            "spread": inlet_values.get("spread", 0.0),
            "random": inlet_values.get("random", 0.0),
            "voices": voices.voices,
            "unison": voices.unison,
            "first": first,
            "count": count,
            "seed": zlib.crc32(thrown.encode()),
            "law": "ratio" if ratio else "linear",
        }
        if knob and KNOB in inlet_values:
            params[KNOB] = inlet_values[KNOB]
        record = NodeRecord("voice_in", params=params)
        return FlatNode(record, inlet.file, knob=inlet.knob if knob else None, path=inlet.path)

    def _add_lane_picker(
        self, body: _DocumentScope, end: PortKey, mark: str, voices: _VoiceSettings, first: int, count: int
    ) -> PortKey:
        """Add the node that takes some voices out of an output that all voices share; returns its output."""
        id, port = end
        name = self._free(lambda n: f"{body.node(id)}{'.' * n}{port}{mark}")
        params = {"voices": voices.voices, "unison": voices.unison, "first": first, "count": count}
        self._add(name, FlatNode(NodeRecord("voice_in", params=params), body.location.file, path=(*body.path, id)))
        self._wire((body.node(id), port), (name, KNOB))
        return name, INLET_PORT

    def _add_voice_mix(
        self, body: _DocumentScope, id: str, name: str, voices: _VoiceSettings, whole: bool, first: int = 0
    ) -> None:
        params: dict[str, Any] = {
            "width": voices.width,
            "voices": voices.voices,
            "unison": voices.unison,
            "first": first,
            "whole": whole,
            "gain": voices.gain,
            "mix": "stereo" if voices.mix == "stereo" else "sum",
        }
        record = NodeRecord("voice_out", params=params)
        self._add(name, FlatNode(record, body.location.file, path=(*body.path, id)))
        self.widths["/".join(body.path)].append((name, "width"))

    def _out_kind(self, body: _DocumentScope, id: str) -> str:
        """What an outlet carries: "signal", "events" or the kind of its frames, in words."""
        return outlet_port(body.document, id, body.location).carries

    def _connect_device_nodes(self) -> None:
        """Add the inputs and outputs of the device, which all voices of the patch share."""
        for id, record in self.document.nodes.items():
            if record.type in ("audio_in", "audio_out"):
                self._add(id, FlatNode(record, self.location.file, path=(id,)), own=True)
                if record.type == "audio_in":
                    self._wire((id, "out"), (self.beside(id), KNOB))
                else:
                    self._wire((self.beside(id), INLET_PORT), (id, "audio"))

    # -- ports -------------------------------------------------------------------------------------------------

    def _non_signal_ports(self) -> set[str]:
        """Ports that carry frames or events: these run through wires only."""
        beside: dict[str, list[str]] = defaultdict(list)
        found: list[str] = []
        for wire in self.wires:
            ends = [wire.source in self.ports, wire.target in self.ports]
            if all(ends):
                beside[wire.source].append(wire.target)
                beside[wire.target].append(wire.source)
            elif any(ends):
                name, port = (wire.target, wire.target_port) if ends[0] else (wire.source, wire.source_port)
                node = self.nodes.get(name)
                cls = node_types().get(node.record.type) if node else None
                if cls is None:
                    continue
                ports: Mapping[str, Port] = cls.spec.input_ports if ends[0] else cls.spec.output_ports
                if port in ports and ports[port].kind != "signal":
                    found.append(wire.source if ends[0] else wire.target)
        seen: set[str] = set()
        while found:
            port = found.pop()
            if port not in seen:
                seen.add(port)
                found += beside[port]
        return seen


def _voices_of(record: NodeRecord, document: Document) -> _VoiceSettings:
    """The voices of a subpatch: what is set, or what its document says of itself."""
    settings = document.settings
    own = {"voices": settings.voices, "unison": settings.unison, "mix": settings.mix, "width": settings.width}
    return _VoiceSettings(**{key: record.params.get(key, value) for key, value in own.items()})


def _title(path: Place) -> str:
    """The name of a subpatch in messages."""
    return title_of(SUBPATCH, "/".join(path))
