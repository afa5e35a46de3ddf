"""What compiling a patch gives: the plan, and what people and the next plan want to know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..events import LOST
from ..graph import Graph
from ..native.words import as_f64
from . import layout as at
from .memory import Memory, view

Port = tuple[str, str]
BUS: Port = ("", "device")


@dataclass
class Io:
    """The engine's own buffers: (address, channels) of what comes from and goes to the device.

    ``input_columns`` are the first channels that input nodes read, ``other_column`` that of all others. ``arrivals``
    is the list of events from outside, ``ports_like`` gives the address of a word that says which of the ports carry a
    name.
    """

    input: tuple[int, int]
    output: tuple[int, int]
    input_columns: dict[str, int] = field(default_factory=dict)
    other_column: int = 0
    arrivals: int = 0
    ports_like: Callable[[str], int] = lambda name: 0


@dataclass
class RowInfo:
    """A row as people see it: kernel, the nodes in it with (first lane, lanes), address, lanes, outputs."""

    kernel: str
    places: list[tuple[str, int, int]]
    address: int
    lanes: int
    outputs: int
    inner: list[RowInfo] = field(default_factory=list)

    @property
    def flat(self) -> list[RowInfo]:
        """The rows that really compute."""
        return [row for inner in self.inner for row in inner.flat] if self.inner else [self]

    def place_of(self, output: int, lane: int) -> tuple[str, int] | None:
        """The node behind an output (counted over the rows of a loop) and lane, and which lane of it that is.

        For what the plan itself adds up, it is the node that is fed.
        """
        for row in self.flat:
            if output < row.outputs and row.places:
                fits = (place for place in row.places if not self.lanes or place[1] <= lane < place[1] + place[2])
                id, first, _ = next(fits, row.places[0])
                return id, max(lane - first, 0)
            output -= min(row.outputs, output)
        return None

    def nodes_at(self, lane: int) -> list[str]:
        """The nodes that a fault in a lane keeps mute."""
        places = [place for row in self.flat for place in row.places]
        return [id for id, first, lanes in places if not self.lanes or first <= lane < first + lanes]


class Plan:
    """A compiled patch. ``address`` is what the engine walks; the rest is for people and the next plan."""

    def __init__(self, graph: Graph, handles: dict[Port, int]) -> None:
        self.graph = graph
        self.handles = handles
        self.memory = Memory()
        self.address = 0
        self.rows: list[RowInfo] = []
        self.bytes_used = self.bytes_unshared = 0
        self.latency = 0
        self.lines: dict[Any, np.ndarray] = {}
        self.hosts: dict[Any, Any] = {}
        self.takeover: dict[Any, tuple[int, int]] = {}
        self.knobs: dict[tuple[Port, str], tuple[int, int, int]] = {}  # address, bytes, bytes to the next array of four
        self.port_sources: dict[Port, Any] = {}
        self.port_last: dict[Port, list[tuple[int, int, bool]]] = {}
        self.fading: dict[Port, int] = {}
        self.output_last: dict[Port, tuple[int, int]] = {}
        self.event_lists: dict[str, list[int]] = {}
        self.event_sources: dict[Port, set[tuple[str, str, str, str]]] = {}

    def value(self, node: str, port: str) -> np.ndarray:
        """Latest sample of an output, one float a lane."""
        address, lanes = self.output_last[(node, port)]
        return view(address, lanes, np.float32).copy()

    def lost_events(self) -> list[tuple[str, str]]:
        """The nodes that sent or received more events than there was room for: id, and a sentence."""
        lost = {node: sum(int(as_f64(a)[LOST]) for a in addresses) for node, addresses in self.event_lists.items()}
        said = "events were lost, more came than a wire holds. Send fewer at once."
        return [(node, f"{number} {said}") for node, number in lost.items() if number]

    def faults(self) -> list[tuple[str, int]]:
        """Nodes that are mute because they gave NaN or Inf, with the lane."""
        return [found for info, lane, output in self._muted() if (found := info.place_of(output, lane))]

    def silenced(self) -> set[str]:
        """All nodes that a fault keeps mute: those of a feedback loop together."""
        return {id for info, lane, _ in self._muted() for id in info.nodes_at(lane)}

    def _muted(self) -> Iterator[tuple[RowInfo, int, int]]:
        """Rows with the lane that is mute (0 where they fail together) and the output that began."""
        for info in self.rows:
            row = view(info.address, at.ROW_WORDS, np.int64)
            if row[at.ROW_FLAGS] & at.FLAG_MUTED:
                details = view(int(row[at.ROW_DETAILS]), at.DETAIL_WORDS, np.int64)
                units = view(int(details[at.DETAIL_FAULTS]), max(info.lanes, 1), np.int64)
                yield from ((info, lane, int(output) - 1) for lane, output in enumerate(units) if output)
