"""Flattens a patch with subpatches into one flat graph, so that later stages do not depend on subpatches.

A node in a subpatch has the id ``voice/osc``. Inlets and outlets are replaced by wires if possible; an unconnected
inlet stays as an input with a value. A subpatch with several voices is computed with one lane per voice if all its
blocks accept any number of lanes. If a block has lane rules (a pan, a mixer of lanes), the flat graph contains one copy
of the contents for each voice, as ``voice/osc``, ``voice/osc#2`` … If a node of the document already has such an id,
another free one is chosen. :class:`~nodegraph.graph.flat.FlatPatch` stores the document node of each id.
"""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types
from nodegraph.node import OVERSAMPLING, In, Port, Spec
from nodegraph.patch import Document, NodeRecord, Wire
from nodegraph.patch.document import INLET, INLET_PORT, RECEIVE, SEND, SUBPATCH
from nodegraph.patch.document import Path as Place
from nodegraph.patch.errors import PatchError, Problem
from nodegraph.patch.ports import remove_port_nodes

from .budgets import NODES, too_many_nodes
from .buses import BusEnd, Buses, bus_of
from .bypass import owner_of, routed
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
from .rules import block_problem, parameter_problem, title_of, unknown_input, unknown_output, unknown_parameter

PORTS = (*INLETS, *OUTLETS)


def flatten(document: Document, patch_path: Path | None = None, allow_outside: bool = False) -> FlatPatch:
    """Return the flat graph of a document. Its ``problems`` has a sentence for each fault of a subpatch."""
    location = PatchLocation(patch_path, allow_outside)
    played = routed(document, lambda record: spec_of(record, location))
    return replace(_flatten(played, location), document=document)


def _flatten(document: Document, location: PatchLocation) -> FlatPatch:
    patch_path, allow_outside = location.file, location.allow_outside
    if _count(document, location, {}) > NODES.limit():
        return FlatPatch(document, {}, (), [too_many_nodes()], file=patch_path, allow_outside=allow_outside)
    if document.settings.voices == document.settings.unison == 1 and not any(
        record.type in (SUBPATCH, INLET, "outlet", SEND, RECEIVE) for record in document.nodes.values()
    ):
        nodes = {id: _document_node(record, patch_path, (owner_of(id),)) for id, record in document.nodes.items()}
        return FlatPatch(document, nodes, document.wires, file=patch_path, allow_outside=allow_outside)
    return _Flattener(document, location).flat()


def _count(document: Document, location: PatchLocation, counted: dict[tuple[int, int], tuple[int, Document]]) -> int:
    """Return the nodes of a document and its subpatches, one voice each; a file that is used often is counted once."""
    key = id(document), location.depth
    if key not in counted:
        total = len(document.nodes)
        for record in document.nodes.values():
            if record.type == SUBPATCH:
                with suppress(PatchError):  # reported when the subpatch is flattened
                    total += _count(*nested_document(record, location), counted)
        counted[key] = total, document  # the document keeps its id
    return counted[key][0]


def _document_node(record: NodeRecord, file: Path | None, path: Place, voices: int = 1) -> FlatNode:
    """Return the flat node of a document node; hidden blocks, whose settings are not checked, are placeholders."""
    cls = node_types().get(record.type)
    return FlatNode(record, file, voices, block_problem(record) if cls is not None and cls.hidden else "", path=path)


@dataclass(frozen=True)
class _VoiceSettings:
    """The voices of a subpatch and how its outlets mix them."""

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
    """A document being flattened: its path, the flat ids of its nodes and ports, and what its nodes inherit."""

    document: Document
    location: PatchLocation
    path: Place
    node: Callable[[str], str]
    port: Callable[[str], str]
    lanes: int = 1
    oversampling: str = "1"
    is_unison: bool = False
    ports: tuple[str, ...] = PORTS
    skip: frozenset[str] = frozenset()
    voices: _VoiceSettings = _VoiceSettings()
    voice: int | None = None  # index of the voice that a copy computes; None: all of them, as lanes


class _Flattener:
    def __init__(self, document: Document, location: PatchLocation) -> None:
        self.document, self.location = document, location
        self.max_nodes = int(NODES.limit())
        self.nodes: dict[str, FlatNode] = {}
        self.wires: list[Wire] = []
        self.ports: set[str] = set()
        self.buses = Buses()
        self.problems: list[str] = []
        self.addresses = self._addresses()
        self.used_ids = set(self.addresses)
        self.other_ids: dict[Place, list[str]] = defaultdict(list)  # flat ids that differ from their node's address
        self.repeats: set[str] = set()
        self.repeating = False  # whether a second or later voice is being added
        self.widths: dict[str, list[PortKey]] = defaultdict(list)
        self.voice_inputs: list[tuple[Place, str, int, str]] = []
        self.specs: dict[tuple[int, PatchLocation], Spec] = {}
        self.subpatch_ports: dict[tuple[str, str], dict[str, str]] = {}  # flat ids of ports, by subpatch and wire end
        self.too_many_nodes = False
        self.device_port = self._naming(lambda id, n: f"{id}{':' * n}voices")  # ports between device and voices

    def flat(self) -> FlatPatch:
        settings = self.document.settings
        voices = _VoiceSettings(settings.voices, settings.unison, settings.mix, settings.width)
        if voices.copies == 1:
            top = _DocumentScope(
                self.document, self.location, (), lambda id: id, lambda id: id, ports=(INLET, "outlet")
            )
            for id in ports_in(self.document, (INLET,)):  # it cannot be wired from outside: a value without a range
                self._add(id, self._inlet(top, id, {})._replace(knob=None), own=True)
                self.ports.add(id)
            self._outlets(top)
            self._add_document(top)
        else:
            self._voices("", (), NodeRecord(SUBPATCH), self.document, self.location, voices)
            self._connect_device_nodes()
        if self.too_many_nodes:
            return FlatPatch(self.document, {}, (), [too_many_nodes()], file=self.location.file)
        self.buses.connect(self._join_bus, self._fail)
        non_signal = self._non_signal_ports()
        wires, remaining = remove_port_nodes(self.wires, self.ports, non_signal)
        sources_by_port: dict[str, list[PortKey]] = defaultdict(list)
        for wire in self.wires:
            sources_by_port[wire.target].append((wire.source, wire.source_port))
        removed = self.ports - set(remaining)
        removed_port_sources = {port: sources_by_port[port] for port in removed if port in sources_by_port}
        nodes = {id: node for id, node in self.nodes.items() if id not in removed}
        voice_inputs = [
            VoiceInput(path, port, voices, source)
            for path, port, voices, name in self.voice_inputs
            for source in sources_by_port.get(name, ())
        ]
        other_ids = {"/".join(path): ids for path, ids in self.other_ids.items()}
        copies = {address: [address] * (address in self.nodes) + ids for address, ids in other_ids.items()}
        return FlatPatch(
            self.document,
            nodes,
            tuple(wires),
            self.problems,
            copies,
            removed_port_sources,
            self.widths,
            voice_inputs,
            {id: node for id, node in self.nodes.items() if id not in nodes and node.knob is not None},
            self.location.file,
            frozenset(self.repeats),
            self.location.allow_outside,
        )

    # -- ids ---------------------------------------------------------------------------------------------------

    def _addresses(self) -> frozenset[str]:
        """Return the addresses of all nodes of the document; report duplicates."""
        found: set[str] = set()
        levels = [("", self.document, self.location)]
        count = 0
        while levels and count < 2 * self.max_nodes:
            prefix, document, location = levels.pop()
            found.update([prefix + id for id in document.nodes] if prefix else document.nodes)
            count += len(document.nodes)
            for id, record in document.nodes.items():
                if record.type == SUBPATCH:
                    try:
                        levels.append((f"{prefix}{id}/", *nested_document(record, location)))
                    except PatchError:  # reported when the subpatch is flattened
                        continue
        if len(found) < count:
            self._report_duplicate_addresses()
        return frozenset(found)

    def _report_duplicate_addresses(self) -> None:
        found: set[str] = set()
        for path, _ in islice(every_node(self.document, self.location), 2 * self.max_nodes):
            address = "/".join(path)
            if address in found:
                text = f"duplicate node address '{address}': one of the nodes is in a subpatch. Rename one of them."
                self.problems.append(Problem(text, path))
            found.add(address)

    def _free(self, spell: Callable[[int], str]) -> str:
        """Return the first of ``spell(1)``, ``spell(2)``, … that is neither an address nor a used flat id."""
        name = next(name for n in count(1) if (name := spell(n)) not in self.used_ids)
        self.used_ids.add(name)
        return name

    def _naming(self, spell: Callable[[str, int], str]) -> Callable[[str], str]:
        """Return a function that returns a free flat id for each node of a document, the same for the same node."""
        names: dict[str, str] = {}

        def name(id: str) -> str:
            if id not in names:
                names[id] = self._free(lambda n: spell(id, n))
            return names[id]

        return name

    def _path_prefix(self, name: str) -> Callable[[str], str]:
        """Return the flat ids of a subpatch's contents: their addresses, except in second and later voices."""
        if not name:
            return lambda id: id
        if name in self.addresses:
            return lambda id: f"{name}/{id}"
        return self._naming(lambda id, n: f"{name}{'/' * n}{id}")

    # -- a document --------------------------------------------------------------------------------------------

    def _add_document(self, scope: _DocumentScope) -> None:
        """Add the nodes and wires of a document; callers add its port nodes."""
        nodes = scope.document.nodes
        for id, record in nodes.items():
            if id in scope.skip or record.type in scope.ports:
                continue
            if record.type == SUBPATCH:
                self._subpatch(scope.node(id), (*scope.path, id), record, scope)
            elif record.type in (SEND, RECEIVE) and not block_problem(record):
                self._bus_end(scope, id, record)
            else:
                node = _document_node(record, scope.location.file, (*scope.path, owner_of(id)), scope.lanes)
                node = node._replace(oversampling=scope.oversampling, is_unison=scope.is_unison)
                self._add(scope.node(id), node, own=owner_of(id) == id)
        for wire in scope.document.wires:
            if wire.source in scope.skip and wire.target in scope.skip:
                continue
            source = self._flat_port(scope, wire, "source")
            target = self._flat_port(scope, wire, "target")
            if source and target:
                self._wire(source, target, wire)

    def _bus_end(self, scope: _DocumentScope, id: str, record: NodeRecord) -> None:
        """Add a send or a receive as a port; the voices of a send are mixed as at an outlet."""
        name, path, spec = scope.node(id), (*scope.path, id), node_types()[record.type].spec
        for key, value in record.params.items():
            if problem := parameter_problem(title_of(record.type, "/".join(path)), spec, key, value):
                self._report(path, problem)
        bus = bus_of(record)
        params = {KNOB: record.params[KNOB]} if KNOB in record.params else {}
        self._add(name, FlatNode(NodeRecord(INLET, params=params), scope.location.file, path=path), own=True)
        if record.type == RECEIVE:
            self.buses.receivers.setdefault(bus, []).append(BusEnd(name, name, record))
            return
        voices, sender = scope.voices, name
        is_lanes = scope.voice is None
        if voices.copies > 1 and voices.mix == "lanes" and not is_lanes:
            sender = self._free(lambda n: f"{name}{'.' * n}lane")
            params = {"index": scope.voice, "count": voices.copies}
            self._add(sender, FlatNode(NodeRecord("voice_lane", params=params), scope.location.file, path=path))
        elif voices.copies > 1 and voices.mix != "lanes" and (is_lanes or voices.mix != "sum" or voices.unison > 1):
            sender = self._free(lambda n: f"{name}{'.' * n}mix")
            self._add_voice_mix(scope, id, sender, voices, is_lanes, scope.voice or 0)
        if sender != name:
            self._wire((name, INLET_PORT), (sender, KNOB))
        self.buses.senders.setdefault(bus, []).append(BusEnd(name, sender, record))

    def _join_bus(self, senders: list[BusEnd], receivers: list[BusEnd]) -> None:
        """Wire all senders of a bus to all its receivers, through one port."""
        bus = self._free(lambda n: f"{senders[0].id}{'.' * n}bus")
        self._add(bus, self.nodes[senders[0].id]._replace(record=NodeRecord(INLET)))
        self.ports.update((bus, *(end.id for end in (*senders, *receivers))))
        for sender in senders:
            self._wire((sender.port, INLET_PORT), (bus, KNOB))
        for receiver in receivers:
            self._wire((bus, INLET_PORT), (receiver.port, KNOB))

    def _fail(self, end: BusEnd, problem: str) -> None:
        """Make an end of a bus a placeholder."""
        self.nodes[end.id] = self.nodes[end.id]._replace(record=end.record, problem=problem)

    def _add(self, name: str, node: FlatNode, own: bool = False) -> None:
        """Add a node. ``own`` is true if it represents the document node at its path, not only a part of it."""
        if len(self.nodes) >= self.max_nodes:
            self.too_many_nodes = True
            return
        self.nodes[name] = node
        if own and name not in self.addresses:
            self.other_ids[node.path].append(name)
        if self.repeating:
            self.repeats.add(name)

    def _wire(self, source: PortKey, target: PortKey, like: Wire | None = None) -> None:
        if like is None:
            self.wires.append(Wire(*source, *target))
        elif source == (like.source, like.source_port) and target == (like.target, like.target_port):
            self.wires.append(like)
        else:
            self.wires.append(Wire(*source, *target, like.feedback, like.extra))

    def _flat_port(self, scope: _DocumentScope, wire: Wire, side: str) -> PortKey | None:
        """Return an end of a wire in the flat graph; None and a problem if the subpatch has no such port."""
        id, port = getattr(wire, side), getattr(wire, f"{side}_port")
        record = scope.document.nodes.get(id)
        if record is None:
            return scope.node(id), port
        if record.type in scope.ports and id not in scope.skip:
            return scope.port(id), INLET_PORT if side == "source" else KNOB
        name = scope.node(id)
        if record.type != SUBPATCH or name in self.nodes:
            self._check_bus_wire(scope, record, id, port, side)
            return name, port
        ports = self.subpatch_ports.get((name, side), {})
        if port in ports:
            return ports[port], INLET_PORT if side == "source" else KNOB
        path = (*scope.path, id)
        spec, title = self._spec(record, scope.location), _title(path)
        if side == "source":
            self._report(path, unknown_output(title, port, spec.output_ports, "Put an outlet into it."))
        else:
            self._report(path, unknown_input(title, port, spec, "Put an inlet into it."))
        return None

    def _check_bus_wire(self, scope: _DocumentScope, record: NodeRecord, id: str, port: str, side: str) -> None:
        """Report a wire to a port that a send or receive does not have; its flat node is a port with others."""
        if record.type not in (SEND, RECEIVE):
            return
        path, spec = (*scope.path, id), self._spec(record, scope.location)
        title = title_of(record.type, "/".join(path))
        if side == "source" and port not in spec.output_ports:
            self._report(path, unknown_output(title, port, spec.output_ports, "Use a receive."))
        elif side == "target" and port not in spec.input_ports:
            self._report(path, unknown_input(title, port, spec, "Use a send."))

    def _spec(self, record: NodeRecord, location: PatchLocation) -> Spec:
        key = id(record), location
        if key not in self.specs:
            self.specs[key] = spec_of(record, location)
        return self.specs[key]

    # -- a subpatch --------------------------------------------------------------------------------------------

    def _report(self, path: Place, text: str) -> None:
        """Report a problem of a subpatch, once for all its voices."""
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
        document = routed(document, lambda record: self._spec(record, location))
        self._check(path, record, document, parent.location)
        settings = node_types()[SUBPATCH].spec.settings
        bad = [settings[key].problem(value) for key, value in record.params.items() if key in settings]
        if any(bad):
            for problem in filter(None, bad):
                self._report(path, f"{_title(path)}: {problem}")
            self._register_ports(name, document, self._path_prefix(name))
            return
        oversampling = max(record.params.get(OVERSAMPLING, "1"), parent.oversampling, key=int)
        voices = _voices_of(record, document)
        if voices.copies > 1:
            self._voices(name, path, record, document, location, voices, oversampling, parent.is_unison)
            return
        flat_id = self._path_prefix(name)
        self._register_ports(name, document, flat_id)
        scope = _DocumentScope(
            document, location, path, flat_id, flat_id, parent.lanes, oversampling, parent.is_unison,
            voices=parent.voices, voice=parent.voice,
        )  # fmt: skip
        self._inlets(scope, record.params)
        self._outlets(scope)
        self._add_document(scope)

    def _register_ports(self, name: str, document: Document, port: Callable[[str], str]) -> None:
        """Store the flat ids of the ports of a subpatch, for the wires outside it."""
        self.subpatch_ports[name, "source"] = {id: port(id) for id in ports_in(document, OUTLETS)}
        self.subpatch_ports[name, "target"] = {id: port(id) for id in ports_in(document, INLETS)}

    def _check(self, path: Place, record: NodeRecord, document: Document, parent: PatchLocation) -> None:
        """Report unknown parameters, and ports named like a setting."""
        settings = node_types()[SUBPATCH].spec.settings
        for id in ports_in(document, PORTS):
            if id in settings:
                self._report(path, f"{_title(path)}: '{id}' is a setting of every subpatch. Rename that port.")
        inlets = ports_in(document, INLETS)
        for port in record.params:
            if port not in inlets and port not in settings:
                self._report(path, unknown_parameter(_title(path), self._spec(record, parent), port))

    def _inlets(self, scope: _DocumentScope, inlet_values: Mapping[str, Any]) -> None:
        for id in self._ports_of(scope, INLETS):
            self._add(scope.port(id), self._inlet(scope, id, inlet_values), own=True)
            self.ports.add(scope.port(id))

    def _outlets(self, scope: _DocumentScope) -> None:
        for id in self._ports_of(scope, OUTLETS):
            self._add(scope.port(id), self._outlet(scope, id), own=True)
            self.ports.add(scope.port(id))

    def _outlet(self, scope: _DocumentScope, id: str) -> FlatNode:
        return FlatNode(NodeRecord(INLET), scope.location.file, path=(*scope.path, id))

    def _ports_of(self, scope: _DocumentScope, types: tuple[str, ...]) -> list[str]:
        return [id for id in ports_in(scope.document, types) if scope.document.nodes[id].type in scope.ports]

    def _inlet(self, scope: _DocumentScope, id: str, inlet_values: Mapping[str, Any]) -> FlatNode:
        """Return an inlet with its value while it is not wired."""
        record = scope.document.nodes[id]
        port = inlet_port(scope.document, id, scope.location)
        if record.type != INLET:
            record = NodeRecord(INLET)
        elif isinstance(port, In):
            value = inlet_values.get(id, inlet_value(scope.document, id, scope.location))
            if record.params.get(KNOB) != value:
                record = replace(record, params={**record.params, KNOB: value})
        knob = port if isinstance(port, In) else None
        return FlatNode(record, scope.location.file, knob=knob, path=(*scope.path, id))

    # -- voices ------------------------------------------------------------------------------------------------

    def _voices(
        self,
        name: str,
        path: Place,
        record: NodeRecord,
        document: Document,
        location: PatchLocation,
        voices: _VoiceSettings,
        oversampling: str = "1",
        is_unison: bool = False,
    ) -> None:
        """Add a document with several voices: as lanes if its blocks allow it, else one copy for each voice."""
        node = self._path_prefix(name)
        port = node if name else self.device_port
        if name:
            self._register_ports(name, document, port)
        is_unison |= voices.unison > 1
        scope = _DocumentScope(document, location, path, node, port, oversampling=oversampling, is_unison=is_unison)
        shared = self._shared_nodes(document)
        if self._accepts_lanes(document, location, shared):
            self._as_lanes(replace(scope, lanes=voices.copies, voices=voices), record.params, voices, shared)
        else:
            self._as_copies(replace(scope, voices=voices), record.params, voices, shared)

    def _accepts_lanes(self, document: Document, location: PatchLocation, shared: Iterable[str] = ()) -> bool:
        """Return whether all blocks of a document accept any number of lanes."""
        for id, record in document.nodes.items():
            cls = node_types().get(record.type)
            if id in shared or record.type in PORTS or cls is None:
                continue
            if record.type == SUBPATCH:
                try:
                    nested, nested_location = nested_document(record, location)
                except PatchError:
                    continue
                several = any(value != 1 for value in (record.params.get("voices", 1), record.params.get("unison", 1)))
                several |= nested.settings.voices > 1 or nested.settings.unison > 1
                if several or self._shared_nodes(nested) or not self._accepts_lanes(nested, nested_location):
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
        """Return the nodes that all voices share: voice allocators and everything that feeds them."""
        nodes = document.nodes
        pending = [
            id for id, record in nodes.items() if (cls := node_types().get(record.type)) and cls.allocates_voices
        ]
        sources: dict[str, list[str]] = defaultdict(list)
        for wire in document.wires:
            sources[wire.target].append(wire.source)
        found: dict[str, int] = {}
        while pending:
            id = pending.pop()
            if id not in found and id in nodes and nodes[id].type not in PORTS:
                found[id] = 1
                pending += sources[id]
        return found

    def _add_shared(self, scope: _DocumentScope, shared: Iterable[str], voices: _VoiceSettings) -> None:
        """Add the shared nodes, with voice allocators set to the number of voices."""
        nodes = {id: record for id, record in scope.document.nodes.items() if id in shared}
        for id, record in nodes.items():
            cls = node_types().get(record.type)
            if cls and cls.allocates_voices and voices.voices > 1:
                option = cls.spec.options[cls.allocates_voices]
                count = int(option.clamp(voices.voices))
                nodes[id] = replace(record, params={**record.params, cls.allocates_voices: count})
        ends = {*nodes, *ports_in(scope.document, INLETS)}
        wires = tuple(w for w in scope.document.wires if w.source in ends and w.target in nodes)
        ports = {id: scope.document.nodes[id] for id in ports_in(scope.document, INLETS)}
        self._add_document(replace(scope, document=Document({**ports, **nodes}, wires), lanes=1))

    def _as_lanes(
        self, scope: _DocumentScope, inlet_values: Mapping[str, Any], voices: _VoiceSettings, shared: dict[str, int]
    ) -> None:
        for id in ports_in(scope.document, INLETS):
            self._lane_inlet(scope, id, inlet_values, voices)
        for id in ports_in(scope.document, OUTLETS):
            spec = self._out_kind(scope, id)
            if voices.mix == "lanes" or spec != "signal":
                self._add(scope.port(id), self._outlet(scope, id), own=True)
                self.ports.add(scope.port(id))
            else:
                self._add_voice_mix(scope, id, scope.port(id), voices, whole=True)
        skip = frozenset(shared)
        self._add_shared(scope, shared, voices)
        shared_outputs = self._shared_outputs(scope, shared) if voices.unison > 1 else {}
        pickers = {out: self._add_lane_picker(scope, out, "", voices, 0, voices.copies) for out in shared_outputs}
        self._add_voice(scope, skip, pickers)

    def _lane_inlet(
        self, scope: _DocumentScope, id: str, inlet_values: Mapping[str, Any], voices: _VoiceSettings
    ) -> None:
        inlet, port = self._inlet(scope, id, inlet_values), scope.port(id)
        params = inlet.record.params
        has_spread = params.get("spread") or params.get("random")
        if inlet.knob is None or not (has_spread or voices.unison > 1):
            self._add(port, inlet, own=True)
            self.ports.add(port)
        else:
            self._add(port, self._voice_inlet(inlet, port, voices, 0, voices.copies), own=True)
        if inlet.knob is not None:
            self.voice_inputs.append((scope.path, id, voices.voices, port))

    def _as_copies(
        self, scope: _DocumentScope, inlet_values: Mapping[str, Any], voices: _VoiceSettings, shared: dict[str, int]
    ) -> None:
        inlets = {id: self._inlet(scope, id, inlet_values) for id in ports_in(scope.document, INLETS)}
        for id, inlet in inlets.items():
            self._add(scope.port(id), inlet, own=True)
            self.ports.add(scope.port(id))
            if inlet.knob is not None:
                self.voice_inputs.append((scope.path, id, voices.voices, scope.port(id)))
        kinds = {id: self._out_kind(scope, id) for id in ports_in(scope.document, OUTLETS)}
        for id, kind in kinds.items():
            if "frames" in kind:
                self._report(
                    scope.path,
                    f"{_title(scope.path)}: the {kind} at '{id}' cannot leave a subpatch with several voices. "
                    "Set its voices to 1.",
                )
            self._add(scope.port(id), self._outlet(scope, id), own=True)
            if kind != "signal":
                self.ports.add(scope.port(id))
        self._add_shared(scope, shared, voices)
        shared_outputs = self._shared_outputs(scope, shared)
        repeating = self.repeating
        for k in range(voices.copies):
            if self.too_many_nodes:
                return
            self.repeating = repeating or k > 0
            self._copy(scope, inlets, kinds, voices, frozenset(shared), shared_outputs, k)
        self.repeating = repeating

    def _copy(
        self,
        scope: _DocumentScope,
        inlets: Mapping[str, FlatNode],
        kinds: Mapping[str, str],
        voices: _VoiceSettings,
        shared: frozenset[str],
        shared_outputs: Mapping[PortKey, None],
        k: int,
    ) -> None:
        """Add the copy of the contents for voice ``k``."""

        def numbered(name: str, n: int) -> str:
            return f"{name}{'#' * n}{k + 1}"

        node = self._naming(lambda id, n: numbered(scope.node(id), n)) if k else scope.node
        copy = replace(
            scope,
            node=lambda id: scope.node(id) if id in shared else node(id),
            port=self._naming(lambda id, n: numbered(scope.port(id), n)),
            voice=k,
        )
        for id, inlet in inlets.items():
            port = copy.port(id)
            if inlet.knob is None:
                self._add(port, inlet)
                self.ports.add(port)
            else:
                self._add(port, self._voice_inlet(inlet, scope.port(id), voices, k, 1, knob=False))
            self._wire((scope.port(id), INLET_PORT), (port, KNOB))
        for id, kind in kinds.items():
            port = copy.port(id)
            if kind != "signal" or (voices.mix == "sum" and voices.unison == 1):
                self._add(port, self._outlet(scope, id))
                self.ports.add(port)
            elif voices.mix == "lanes":
                record = NodeRecord("voice_lane", params={"index": k, "count": voices.copies})
                self._add(port, FlatNode(record, scope.location.file, path=(*scope.path, id)))
            else:
                self._add_voice_mix(scope, id, port, voices, whole=False, first=k)
            self._wire((port, INLET_PORT), (scope.port(id), KNOB))
        pickers = {out: self._add_lane_picker(scope, out, f"#{k + 1}", voices, k, 1) for out in shared_outputs}
        self._add_voice(copy, shared, pickers)

    def _add_voice(self, scope: _DocumentScope, shared: frozenset[str], pickers: Mapping[PortKey, PortKey]) -> None:
        """Add the nodes of a voice, wired to the shared nodes."""
        inner = tuple(w for w in scope.document.wires if w.source not in shared and w.target not in shared)
        self._add_document(replace(scope, document=replace(scope.document, wires=inner, source=None), skip=shared))
        scope = replace(scope, skip=shared)
        for wire in scope.document.wires:
            if wire.source in shared and wire.target not in shared:
                source = pickers.get((wire.source, wire.source_port)) or self._flat_port(scope, wire, "source")
                target = self._flat_port(scope, wire, "target")
                if source and target:
                    self._wire(source, target, wire)

    def _shared_outputs(self, scope: _DocumentScope, shared: Iterable[str]) -> dict[PortKey, None]:
        """Return the signal outputs of shared nodes that are wired to the voices."""
        shared = set(shared)
        found: dict[PortKey, None] = {}
        for wire in scope.document.wires:
            record = scope.document.nodes.get(wire.source)
            if wire.source in shared and wire.target not in shared and record is not None:
                if wire.source_port in self._spec(record, scope.location).outputs:
                    found[wire.source, wire.source_port] = None
        return found

    def _voice_inlet(
        self, inlet: FlatNode, port: str, voices: _VoiceSettings, first: int, count: int, knob: bool = True
    ) -> FlatNode:
        """Return an inlet that gives each voice a different value."""
        inlet_values = inlet.record.params
        taper = inlet_values.get("taper") if inlet_values.get("taper") in ("linear", "log") else None
        ratio = (taper or (inlet.knob.taper if inlet.knob else "linear")) == "log"
        seed = f"{self.document.seed}/{port}/{inlet_values.get('seed', 0)}"
        params: dict[str, Any] = {
            "spread": inlet_values.get("spread", 0.0),
            "random": inlet_values.get("random", 0.0),
            "voices": voices.voices,
            "unison": voices.unison,
            "first": first,
            "count": count,
            "seed": zlib.crc32(seed.encode()),
            "law": "ratio" if ratio else "linear",
        }
        if knob and KNOB in inlet_values:
            params[KNOB] = inlet_values[KNOB]
        record = NodeRecord("voice_in", params=params)
        return FlatNode(record, inlet.file, knob=inlet.knob if knob else None, path=inlet.path)

    def _add_lane_picker(
        self, scope: _DocumentScope, output: PortKey, suffix: str, voices: _VoiceSettings, first: int, count: int
    ) -> PortKey:
        """Add the node that selects the lanes of some voices from a shared output; return its output."""
        id, port = output
        name = self._free(lambda n: f"{scope.node(id)}{'.' * n}{port}{suffix}")
        params = {"voices": voices.voices, "unison": voices.unison, "first": first, "count": count}
        self._add(name, FlatNode(NodeRecord("voice_in", params=params), scope.location.file, path=(*scope.path, id)))
        self._wire((scope.node(id), port), (name, KNOB))
        return name, INLET_PORT

    def _add_voice_mix(
        self, scope: _DocumentScope, id: str, name: str, voices: _VoiceSettings, whole: bool, first: int = 0
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
        self._add(name, FlatNode(record, scope.location.file, path=(*scope.path, id)))
        self.widths["/".join(scope.path)].append((name, "width"))

    def _out_kind(self, scope: _DocumentScope, id: str) -> str:
        """Return what an outlet carries: "signal", "events" or the kind of its frames, as text."""
        return outlet_port(scope.document, id, scope.location).carries

    def _connect_device_nodes(self) -> None:
        """Add the device inputs and outputs, which all voices of the patch share."""
        for id, record in self.document.nodes.items():
            if record.type in ("audio_in", "audio_out"):
                self._add(id, FlatNode(record, self.location.file, path=(id,)), own=True)
                if record.type == "audio_in":
                    self._wire((id, "out"), (self.device_port(id), KNOB))
                else:
                    self._wire((self.device_port(id), INLET_PORT), (id, "audio"))

    # -- ports -------------------------------------------------------------------------------------------------

    def _non_signal_ports(self) -> set[str]:
        """Return the ports that carry frames or events, which must become wires."""
        connected: dict[str, list[str]] = defaultdict(list)
        found: list[str] = []
        for wire in self.wires:
            ends = [wire.source in self.ports, wire.target in self.ports]
            if all(ends):
                connected[wire.source].append(wire.target)
                connected[wire.target].append(wire.source)
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
                found += connected[port]
        return seen


def _voices_of(record: NodeRecord, document: Document) -> _VoiceSettings:
    """Return the voice settings of a subpatch: its parameters, with defaults from its document."""
    settings = document.settings
    defaults = {"voices": settings.voices, "unison": settings.unison, "mix": settings.mix, "width": settings.width}
    return _VoiceSettings(**{key: record.params.get(key, value) for key, value in defaults.items()})


def _title(path: Place) -> str:
    """Return the name of a subpatch in messages."""
    return title_of(SUBPATCH, "/".join(path))
