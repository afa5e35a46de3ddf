"""The members of a fused group: rows whose kernels can be inlined, and from where each of their inputs is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from nodegraph.kernel import Kernel
from nodegraph.plan.buffers import Buffer, Row
from nodegraph.plan.memory import view
from nodegraph.plan.rows import (
    COPY_LANES,
    CROSSFADE,
    ENTRY,
    ENTRY_WORDS,
    FADE,
    HEADER_WORDS,
    MIX,
)
from nodegraph.plan.sources import KnobStride

from .dataflow import Dataflow


class Wire(NamedTuple):
    """An output of another member, in a register. ``delayed`` is its previous sample."""

    member: int
    output: int
    delayed: bool = False


class Signal(NamedTuple):
    """Samples in memory: lane ``l`` of sample ``i`` is at ``address + 4 (i stride + l step)``.

    A ``run`` of n reads n adjacent lanes, which are added.
    """

    address: int
    stride: int
    step: int
    run: int = 1


class Still(NamedTuple):
    """One value for each lane, constant during a quantum: a knob at rest."""

    address: int
    step: int


Reading = Wire | Signal | Still


@dataclass(eq=False)
class Member:
    """A row of a group. ``readings`` are those of its inputs, ``sources`` their buffers.

    ``operation`` is "tick", "sum" (of its readings), "copy" (of one) or "crossfade" (that is over). ``still_words`` are
    the addresses of words that must be 0 while the group runs fused: strides of knobs, samples left of a crossfade.
    ``written`` tells which outputs others read from memory, ``checked`` which are checked for NaN and Inf, and
    ``staged`` which are written when all is computed, because their memory holds an input until then.
    """

    row: Row
    operation: str
    lanes: int
    sources: list[Buffer]
    readings: list[Reading]
    still_words: list[int] = field(default_factory=list)
    written: list[bool] = field(default_factory=list)
    checked: list[bool] = field(default_factory=list)
    staged: list[bool] = field(default_factory=list)

    @property
    def kernel(self) -> Kernel:
        assert isinstance(self.row.kernel, Kernel)
        return self.row.kernel

    @property
    def word(self) -> np.ndarray:
        """The argument block."""
        return view(self.row.words_address, len(self.row.words), np.int64)

    @property
    def dataflow(self) -> Dataflow:
        """The dataflow of its tick."""
        return dataflow_of(self.kernel)

    @cached_property
    def settled_states(self) -> dict[int, int]:
        """States that are the last value of an input, such as of a gate, by the input: that of a knob at rest."""
        if self.operation != "tick":
            return {}
        layout = self.kernel.tick_layout
        found = {}
        for j, is_integer in enumerate(layout.integer_states):
            number = self.dataflow.parameter_of(layout.outputs + j)
            kind, value = layout.parameters[number] if number is not None else ("", 0)
            if kind == "input" and not is_integer and isinstance(self.readings[int(value)], Still):
                found[j] = int(value)
        return found

    @cached_property
    def kept_states(self) -> set[int]:
        """States that keep their values, such as a seed after the first sample, or those of an option that is off."""
        if self.operation != "tick":
            return set()
        layout, flow = self.kernel.tick_layout, self.dataflow
        found = set()
        for j in range(len(layout.integer_states)):
            number = flow.parameter_of(layout.outputs + j)
            if number is not None and layout.parameters[number] == ("state", j):
                found.add(j)
        return found

    @property
    def changed_states(self) -> list[int]:
        """States that may change while the group runs fused."""
        if self.operation != "tick":
            return []
        count = len(self.kernel.tick_layout.integer_states)
        return [j for j in range(count) if j not in self.settled_states and j not in self.kept_states]

    @cached_property
    def steady_states(self) -> dict[int, int]:
        """States ``s`` that become ``(s + x) & mask`` in each sample, with the same ``x``, by their mask.

        Such are the phases of oscillators whose frequency rests.
        """
        if self.operation != "tick":
            return {}
        layout, flow, still = self.kernel.tick_layout, self.dataflow, self._still_parameters
        found = {}
        for j in self.changed_states:
            mask = flow.added_bits(layout.parameters.index(("state", j)), layout.outputs + j, still)
            if mask is not None:
                found[j] = mask
        return found

    @property
    def cost(self) -> int:
        """Operations in the code for one lane."""
        return self.dataflow.cost if self.operation == "tick" else len(self.readings)

    @property
    def moving_cost(self) -> int:
        """Operations for one sample of one lane, without those on knobs at rest, which are done once in a quantum."""
        return self.dataflow.moving_cost(self._still_parameters) if self.operation == "tick" else len(self.readings)

    @cached_property
    def _still_parameters(self) -> frozenset[int]:
        """Parameters of the tick that are constant during a quantum."""
        states = self.kept_states.union(self.settled_states)
        return frozenset(
            number
            for number, (kind, value) in enumerate(self.kernel.tick_layout.parameters)
            if (kind == "input" and isinstance(self.readings[int(value)], Still))
            or (kind == "state" and int(value) in states)
            or kind not in ("input", "state", "line")
        )


def dataflow_of(kernel: Kernel) -> Dataflow:
    """Return the dataflow of a kernel's tick, read once."""
    found = _dataflows.get(kernel)
    if found is None:
        found = _dataflows[kernel] = Dataflow(kernel.inline[1])
    return found


_dataflows: dict[Kernel, Dataflow] = {}


def member_of(row: Row, in_loop: bool = False) -> Member | None:
    """Return a row as a member of a group, or None if its kernel cannot be inlined.

    A tick with delay lines is a member only ``in_loop``: its lines cannot be restored after a fault.
    """
    if row.kernel in (MIX, COPY_LANES):
        return _sum(row)
    if row.kernel is CROSSFADE:
        words = _words(row)
        lanes = int(words[FADE.lanes])
        readings: list[Reading] = [
            Signal(int(words[FADE.data]), int(words[FADE.stride]), int(words[FADE.step])),
            Still(int(words[FADE.offset]), 1),
        ]
        return Member(row, "crossfade", lanes, row.reads * 2, readings, [int(words[FADE.left])])
    if isinstance(row.kernel, Kernel) and row.kernel.is_tick and row.lanes and not (row.lines and not in_loop):
        return _tick(row, row.kernel)
    return None


def _words(row: Row) -> np.ndarray:
    return view(row.words_address, len(row.words), np.int64)


def _tick(row: Row, kernel: Kernel) -> Member:
    layout, words = kernel.tick_layout, _words(row)
    member = Member(row, "tick", row.lanes, row.reads, [])
    for i in range(layout.inputs):
        word = layout.word("input", i)
        address, stride = int(words[word]), row.words[word + 1]
        if isinstance(stride, KnobStride):
            member.still_words.append(row.words_address + 8 * (word + 1))
        is_still = isinstance(stride, KnobStride) or words[word + 1] == 0
        member.readings.append(Still(address, 1) if is_still else Signal(address, int(words[word + 1]), 1))
    return member


def _sum(row: Row) -> Member | None:
    words, lanes = _words(row), row.lanes
    member = Member(row, "sum" if row.kernel is MIX else "copy", lanes, row.reads, [])
    for at in range(HEADER_WORDS, len(words), ENTRY_WORDS):
        address, stride, step = (int(words[at + k]) for k in (ENTRY.data, ENTRY.stride, ENTRY.step))
        first, width, run = (int(words[at + k]) for k in (ENTRY.first, ENTRY.width, ENTRY.run))
        if first != 0 or width != lanes:
            return None
        operand = row.words[at + ENTRY.stride]
        if isinstance(operand, KnobStride):
            member.still_words.append(row.words_address + 8 * (at + ENTRY.stride))
            member.readings.append(Still(address, step))
        elif stride == 0:
            member.readings.append(Still(address, step))
        else:
            member.readings.append(Signal(address, stride, step if run == 1 else 1, run if row.kernel is MIX else 1))
    is_complete = len(member.readings) == len(row.reads) and (member.operation == "sum" or len(row.reads) == 1)
    return member if is_complete else None
