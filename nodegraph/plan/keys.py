"""The names under which a plan hands its state to its successor: one class for each kind of state.

A key says whose state something is; the successor looks for its own keys among those of the plan before it. To
migrate another kind of state, add a class here. A field called ``node`` holds the id of a node, one called ``wire`` a
wire, one called ``entries`` further keys: :func:`renamed` follows these when nodes get other ids.

Keys are named tuples because a plan of a hundred nodes makes and hashes hundreds of them. Named tuples of two classes
are equal where their contents are, so classes that share a table have a ``kind``, which no other class has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from nodegraph.patch import Wire

Names = Mapping[str, str]
"""New ids of nodes by old ones. A node that is not in it keeps its id."""

Key = TypeVar("Key", bound=tuple[Any, ...])


def renamed(key: Key, names: Names) -> Key:
    """The key that names the same state after nodes have got other ids."""
    changes: dict[str, Any] = {}
    for name, value in zip(key._fields, key, strict=True):  # type: ignore[attr-defined]
        if name == "node":
            changes[name] = names.get(value, value)
        elif name == "wire":
            source, target = names.get(value.source, value.source), names.get(value.target, value.target)
            changes[name] = replace(value, source=source, target=target)
        elif name == "entries":
            changes[name] = tuple(renamed(entry, names) for entry in value)
    found: Key = key._replace(**changes)  # type: ignore[attr-defined]
    return found


# -- regions of memory, copied when the next plan is taken over ----------------------------------------------------


class StateKey(NamedTuple):
    """One state of a node, all its lanes."""

    node: str
    type: str
    name: str
    kind: str = "state"


class MemoryKey(NamedTuple):
    """A memory of a node, of ``length`` numbers."""

    node: str
    type: str
    name: str
    length: int
    kind: str = "memory"


class FeedbackKey(NamedTuple):
    """The last sample of an output that feedback wires read."""

    node: str
    type: str
    port: str
    kind: str = "feedback"


class ClockKey(NamedTuple):
    """The clock of all frames with one hop (samples)."""

    hop: int
    kind: str = "clock"


class EventListKey(NamedTuple):
    """The events that a node sends at an output, or (``merged``) those that arrive at an input by several wires."""

    node: str
    type: str
    port: str
    merged: bool = False
    kind: str = "event list"


class DelayedEventsKey(NamedTuple):
    """The events that leave an event wire with a compensation delay of so many samples."""

    wire: Wire
    delay: int
    kind: str = "delayed events"


# -- compensation delays: their position is such a region, their line is shared with the next plan -----------------


class SignalDelayKey(NamedTuple):
    """The compensation delay of a signal wire (samples)."""

    wire: Wire
    delay: int
    lanes: int
    kind: str = "signal delay"


class FrameDelayKey(NamedTuple):
    """The compensation delay of a frame wire (frames)."""

    wire: Wire
    frames: int
    kind: str = "frame delay"


class EventDelayKey(NamedTuple):
    """The compensation delay of an event wire (samples)."""

    wire: Wire
    delay: int
    kind: str = "event delay"


# -- delay lines of nodes, shared with the next plan ---------------------------------------------------------------


class LaneLineKey(NamedTuple):
    """The delay line of one lane of a node."""

    node: str
    type: str
    name: str
    lane: int
    kind: str = "lane line"


class BlockLineKey(NamedTuple):
    """The delay lines of all lanes of a node in one array."""

    node: str
    type: str
    name: str
    lanes: int
    kind: str = "block line"


# -- ports, knobs, helpers -----------------------------------------------------------------------------------------


class PortKey(NamedTuple):
    """A port of a node."""

    node: str
    port: str


class KnobKey(NamedTuple):
    """The knob of an input of a node."""

    node: str
    port: str
    type: str


class HelperKey(NamedTuple):
    """A helper of a node with these settings and lanes; where they differ another helper is opened."""

    node: str
    type: str
    name: str
    settings: str
    lanes: int


# -- what feeds a port: where it differs from the plan before, a crossfade begins ----------------------------------


class SourceSignature(NamedTuple):
    """What a node is to those that it feeds: block, settings and lanes in words, latency from the patch's inputs."""

    type: str
    settings: str
    lanes: str
    delay: int


class SignalSource(NamedTuple):
    """A wire into a signal input, what the node at its start is, and its compensation delay (samples)."""

    wire: Wire
    signature: SourceSignature
    compensation: int


class OutputSource(NamedTuple):
    """A node whose inputs go to the device, and the lanes of each."""

    node: str
    lanes: tuple[int, ...]


class EventSource(NamedTuple):
    """A node that sends events into an input.

    ``settings`` are empty but for blocks that receive events from outside: with other settings these receive other
    channels and cannot end the notes that they began before. All other blocks do that themselves.
    """

    node: str
    port: str
    type: str
    settings: str


class Sources(NamedTuple):
    """All that feeds a port. No entry means that the port's own knob does."""

    entries: tuple[SignalSource | OutputSource | EventSource, ...] = ()


KNOB = Sources()
