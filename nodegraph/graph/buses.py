"""Named buses: all ``send`` and ``receive`` nodes of a flat graph, by name.

Both are flattened to ports, and so is the bus between them: signals through a bus become direct wires like those
through the inlets and outlets of subpatches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nodegraph.blocks.registry import node_types
from nodegraph.patch import Document, NodeRecord
from nodegraph.patch.document import RECEIVE, SEND
from nodegraph.patch.errors import quote, suggest

from .ports import PatchLocation, every_node


@dataclass(frozen=True)
class BusEnd:
    """A send or a receive: its flat id, the flat id of the port to wire to the bus, and its record."""

    id: str
    port: str
    record: NodeRecord


@dataclass
class Buses:
    """The senders and receivers of each name."""

    senders: dict[str, list[BusEnd]] = field(default_factory=dict)
    receivers: dict[str, list[BusEnd]] = field(default_factory=dict)

    def connect(self, join: Callable[[list[BusEnd], list[BusEnd]], None], fail: Callable[[BusEnd, str], None]) -> None:
        """Call ``join`` for each complete bus, and ``fail`` with a problem for each end of an incomplete one."""
        for name, receivers in self.receivers.items():
            if name in self.senders:
                join(self.senders[name], receivers)
                continue
            hint = suggest(name, self.senders) or f" Add a send named {quote(name)}."
            for receiver in receivers:
                fail(receiver, f"unknown bus {quote(name)}.{hint}")
        for name, senders in self.senders.items():
            for sender in senders if name not in self.receivers else ():
                fail(sender, f"unused bus {quote(name)}. Add a receive named {quote(name)}.")


def bus_of(record: NodeRecord) -> str:
    """Return the name of the bus of a send or receive."""
    return str(record.params.get("name", node_types()[record.type].spec.options["name"].default))


def bus_edges(document: Document, location: PatchLocation) -> set[tuple[str, str]]:
    """Return the pairs of nodes of a document that a bus connects: sends and receives, or subpatches with them."""
    ends: dict[str, dict[str, set[str]]] = {SEND: {}, RECEIVE: {}}
    for path, record in every_node(document, location):
        if record.type in ends:
            ends[record.type].setdefault(bus_of(record), set()).add(path[0])
    return {
        (sender, receiver)
        for name, senders in ends[SEND].items()
        for sender in senders
        for receiver in ends[RECEIVE].get(name, ())
        if sender != receiver
    }
