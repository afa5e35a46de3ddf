"""Keys of the state that migrates from plan to plan: one class for each kind of state.

A plan migrates the states whose keys are in both plans. To migrate another kind of state, add a class here. A field
named ``node`` is the id of a node, ``wire`` a wire and ``entries`` further keys: :func:`renamed` replaces the ids in
these.

Keys are named tuples because a plan of a hundred nodes creates and hashes hundreds of them. Named tuples of different
classes with equal contents are equal, so classes that share a table have a distinct ``kind``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from nodegraph.patch import Wire

Names = Mapping[str, str]
"""New ids of nodes by old ids. Nodes that are not in it have the same id."""

Key = TypeVar("Key", bound=tuple[Any, ...])


def renamed(key: Key, names: Names) -> Key:
    """Return the key of the same state after nodes were renamed."""
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


# -- regions of memory, copied at the swap -------------------------------------------------------------------------


class StateKey(NamedTuple):
    """One state of a node, all its lanes."""

    node: str
    type: str
    name: str
    kind: str = "state"


class MemoryKey(NamedTuple):
    """An array state of a node, of ``length`` numbers."""

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
    """The events of an output, or (``merged``) those of an input with several wires."""

    node: str
    type: str
    port: str
    merged: bool = False
    kind: str = "event list"


class DelayedEventsKey(NamedTuple):
    """The events at the end of an event wire with a compensation delay (samples)."""

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


class HelperKey(NamedTuple):
    """A helper of a node; if settings or lanes differ, a new helper is opened."""

    node: str
    type: str
    name: str
    settings: str
    lanes: int


# -- sources of a port; if they differ from those in the previous plan, a crossfade starts -------------------------


class SourceSignature(NamedTuple):
    """The properties of a node that affect its output: block, settings and lanes as text, path latency."""

    type: str
    settings: str
    lanes: str
    delay: int


class SignalSource(NamedTuple):
    """A wire into a signal input, the signature of its source, and its compensation delay (samples)."""

    wire: Wire
    signature: SourceSignature
    compensation: int


class OutputSource(NamedTuple):
    """An output node, the lanes of its inputs, and how they are mixed."""

    node: str
    lanes: tuple[int, ...]
    mix: str


class EventSource(NamedTuple):
    """A node that sends events to an input.

    ``settings`` is set only for blocks that receive external events: with other settings they receive other channels
    and cannot end the notes that they started. Other blocks end their notes themselves.
    """

    node: str
    port: str
    type: str
    settings: str


class Sources(NamedTuple):
    """The sources of a port; without entries, its knob."""

    entries: tuple[SignalSource | OutputSource | EventSource, ...] = ()


KNOB = Sources()
