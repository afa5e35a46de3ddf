"""The compiled plan, with metadata for display and for migrating state to its successor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np

from nodegraph.events import LOST
from nodegraph.graph import Graph
from nodegraph.native.words import as_f64

from . import layout as at
from .buffers import Row
from .keys import HelperKey, Names, PortKey, Sources, StateKey, renamed
from .memory import Memory, view

Port = tuple[str, str]
DEVICE = PortKey("", "device")
"""The port of the output device."""


@dataclass
class Io:
    """The device buffers of the engine, as (address, channels).

    ``input_columns`` are the first channels that input nodes read, ``other_column`` is that of all other input nodes.
    ``arrivals`` is the address of the list of external events, ``ports_like`` returns the address of a word with a bit
    for each MIDI port whose name contains a text.
    """

    input: tuple[int, int]
    output: tuple[int, int]
    input_columns: dict[str, int] = field(default_factory=dict)
    other_column: int = 0
    arrivals: int = 0
    ports_like: Callable[[str], int] = lambda name: 0


@dataclass
class RowInfo:
    """A row for display: kernel, its nodes with (first lane, lanes), address, lanes, number of outputs.

    ``inner`` are the rows of a feedback loop.
    """

    kernel: str
    places: list[tuple[str, int, int]]
    address: int
    lanes: int
    outputs: int
    inner: list[RowInfo] = field(default_factory=list)

    @property
    def flat(self) -> list[RowInfo]:
        """The rows that call a kernel: those of a loop, or this one."""
        return [row for inner in self.inner for row in inner.flat] if self.inner else [self]

    def place_of(self, output: int, lane: int) -> tuple[str, int] | None:
        """Return the node of a lane of an output (counted over the rows of a loop), and its lane in that node.

        For a sum added by the plan this is the target node.
        """
        for row in self.flat:
            if output < row.outputs and row.places:
                fits = (place for place in row.places if not self.lanes or place[1] <= lane < place[1] + place[2])
                id, first, _ = next(fits, row.places[0])
                return id, max(lane - first, 0)
            output -= min(row.outputs, output)
        return None


class Region(NamedTuple):
    """Memory at an address, in bytes."""

    address: int
    size: int


class KnobRegion(NamedTuple):
    """The four arrays of a knob: address and bytes of the first, bytes from one array to the next.

    ``type`` is that of its node; a knob of a node with another type does not migrate.
    """

    type: str
    address: int
    size: int
    step: int


class LastValue(NamedTuple):
    """The memory of a source's latest value: one number for each lane, doubles for a knob and floats otherwise."""

    address: int
    lanes: int
    double: bool


class Crossfade(NamedTuple):
    """A crossfade at a port: addresses of the samples left (a word) and of the offsets (a float for each lane).

    ``since`` is the sample at which it started, None if it starts at the swap to its plan.
    """

    left: int
    offset: int
    lanes: int
    since: int | None = None


@dataclass
class MigratedState:
    """The state that migrates to the next plan, by the keys of :mod:`.keys`.

    ``regions`` are copied at the swap; ``lines`` (delay lines) and ``helpers`` are shared. ``sources`` and
    ``event_sources`` are those of each port, ``last_values`` the memory of the latest values of each signal input with
    a wire or a crossfade; :meth:`last_values_of` includes plain knobs.
    """

    regions: dict[Any, Region] = field(default_factory=dict)
    lines: dict[Any, np.ndarray] = field(default_factory=dict)
    helpers: dict[HelperKey, Any] = field(default_factory=dict)
    knobs: dict[PortKey, KnobRegion] = field(default_factory=dict)
    sources: dict[PortKey, Sources] = field(default_factory=dict)
    event_sources: dict[PortKey, Sources] = field(default_factory=dict)
    last_values: dict[PortKey, list[LastValue]] = field(default_factory=dict)
    crossfades: dict[PortKey, Crossfade] = field(default_factory=dict)

    @property
    def wired_ports(self) -> set[PortKey]:
        """The signal inputs that have wires or crossfade from wires."""
        return {key for key, sources in self.sources.items() if sources.entries} | self.crossfades.keys()

    def last_values_of(self, key: PortKey) -> list[LastValue]:
        """Return the memory of the latest values of a signal input; empty if it does not exist."""
        found = self.last_values.get(key)
        if found is None and (knob := self.knobs.get(key)) is not None:
            found = [LastValue(knob.address, knob.size // 8, True)]
        return found or []

    def renamed(self, names: Names) -> MigratedState:
        """Return the same state, sharing all memory, under the new ids of renamed nodes."""
        return MigratedState(**{table.name: _renamed_table(getattr(self, table.name), names) for table in fields(self)})


def _renamed_table(table: Mapping[Any, Any], names: Names) -> dict[Any, Any]:
    return {
        renamed(key, names): renamed(value, names) if isinstance(value, Sources) else value
        for key, value in table.items()
    }


class Plan:
    """A compiled patch. The engine reads the words at ``address``; the rest is for display and for the next plan.

    ``handles`` maps knobs to the numbers used in messages, ``knob_of_handle`` those of this plan to knobs. ``latency``
    is that from the patch's inputs to the device, in samples.
    """

    def __init__(self, graph: Graph, handles: dict[Port, int]) -> None:
        self.graph = graph
        self.handles = handles
        self.knob_of_handle: dict[int, Port] = {}
        self.memory = Memory()
        self.address = 0
        self.rows: list[RowInfo] = []
        self.placed: list[Row] = []  # the same rows with their operands, for fusion
        self.bytes_used = self.bytes_unshared = 0
        self.latency = 0
        self.state = MigratedState()
        self.scratch = np.zeros(0, np.float32)  # work memory, shared by the plans of an engine
        self.tables: dict[Any, Any] = {}  # referenced here because kernels read them by address
        self.latest: dict[Port, tuple[int, int]] = {}  # address and lanes of the latest sample of each output
        self.event_lists: dict[str, list[int]] = {}

    @property
    def helpers(self) -> dict[HelperKey, Any]:
        """Helpers outside the audio thread."""
        return self.state.helpers

    def _repr_html_(self) -> str:
        from .display import plan_html

        return plan_html(self)

    def value(self, node: str, port: str) -> np.ndarray:
        """Return the latest sample of an output, one float for each lane."""
        address, lanes = self.latest[(node, port)]
        return view(address, lanes, np.float32).copy()

    def state_of(self, node: str, name: str) -> np.ndarray:
        """Return a state of a node as it is now, one number for each lane. Raises KeyError if there is none."""
        found = self.graph.find(node)
        if found is None or name not in found.spec.states:
            raise KeyError(f"{node}.{name}")
        region, state = self.state.regions[StateKey(node, found.type, name)], found.spec.states[name]
        is_whole = isinstance(state.init, int) or state.seeded
        return view(region.address, region.size // 8, np.int64 if is_whole else np.float64).copy()

    def lost_events(self) -> list[tuple[str, str]]:
        """Return the nodes that lost events because a list was full, as (id, message)."""
        lost = {node: sum(int(as_f64(a)[LOST]) for a in addresses) for node, addresses in self.event_lists.items()}
        reason = "events were lost: the event wire was full. Send fewer events at the same time."
        return [(node, f"{number} {reason}") for node, number in lost.items() if number]

    def faults(self) -> list[tuple[str, int]]:
        """Return the nodes muted after NaN or Inf, each with the lane."""
        return [found for info, lane, output in self._muted() if (found := info.place_of(output, lane))]

    def _muted(self) -> Iterator[tuple[RowInfo, int, int]]:
        """Return the muted rows with the lane (0 if all lanes fail together) and the output that failed first."""
        for info in self.rows:
            row = view(info.address, at.ROW_WORDS, np.int64)
            if row[at.ROW_FLAGS] & at.FLAG_MUTED:
                details = view(int(row[at.ROW_DETAILS]), at.DETAIL_WORDS, np.int64)
                units = view(int(details[at.DETAIL_FAULTS]), max(info.lanes, 1), np.int64)
                yield from ((info, lane, int(output) - 1) for lane, output in enumerate(units) if output)
