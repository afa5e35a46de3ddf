"""Grouping of a plan's rows: which run as one fused kernel, and in which order the groups run.

Rows of equal lanes whose kernels can be inlined form groups, and each feedback loop is one. A row may join an earlier
group if all rows on which it depends run before that group or in it. Rows depend on each other by memory: buffers are
reused, and after a fault a group runs as rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from nodegraph.plan.buffers import Buffer, Row
from nodegraph.quantum import QUANTUM

from .lanes import MIN_LOOP_LANES, copies_of
from .members import Member, Reading, Signal, Wire, member_of
from .samples import units_of

MAX_MEMBERS = 250  # of a group
MIN_GROUPS, MIN_MEMBERS = 16, 8  # on two cores: groups of a plan, if they have as many members
MAX_LANE_OPERATIONS = 30  # of a group of many lanes: its values must fit into the SIMD registers
MAX_OPERATIONS = 6000  # in the code of a group, which limits the time of compilation
MAX_STACK_BYTES = 1 << 17  # states and wires of a group that the audio thread keeps on its stack while it runs


@dataclass(eq=False)
class Step:
    """Rows of a plan, by number, that run one after the other: as ``members`` of a fused kernel, or without one.

    ``is_loop`` marks the rows of one feedback loop, which are the members.
    """

    rows: list[int] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    is_loop: bool = False
    cost: int = 0  # operations in the code for one lane
    moving_cost: int = 0  # operations for one sample of one lane
    stack_bytes: int = 0

    def add(self, number: int, member: Member) -> None:
        """Add a row as a member."""
        self.rows.append(number)
        self.members.append(member)
        self.cost += member.cost
        self.moving_cost += member.moving_cost
        self.stack_bytes += _stack_bytes(member)


def steps_of(rows: Sequence[Row], cores: int = 1) -> list[Step]:
    """Return the steps of a plan's rows, in the order in which they run.

    A plan for two ``cores`` has smaller groups, because it is divided between groups.
    """
    members = MAX_MEMBERS if cores == 1 else min(max(len(rows) // MIN_GROUPS, MIN_MEMBERS), MAX_MEMBERS)
    steps = list(_merged(_Scheduler(rows, members).steps))
    _mark_outputs(steps, rows)
    return steps


def _merged(steps: Iterable[Step]) -> Iterator[Step]:
    """Return the steps with adjacent rows that run unfused together; a group of one cheap row gains nothing."""
    last: Step | None = None
    for step in steps:
        if step.members and not step.is_loop and len(step.members) < 2 and not _pays_alone(step.members[0]):
            step.members = []
        if last is not None and not last.members and not step.members:
            last.rows += step.rows
            continue
        if last is not None:
            yield last
        last = step
    if last is not None:
        yield last


def _pays_alone(member: Member) -> bool:
    """Return whether one row runs faster fused: its lanes are checked as it runs, or its waves are SIMD code."""
    has_folds = any(isinstance(reading, Signal) and reading.run > 1 for reading in member.readings)
    return member.lanes > 1 or has_folds or bool(member.steady_states) or len(units_of(0, member)) > 1


class _Scheduler:
    """Assigns rows to steps, in the order of the plan."""

    def __init__(self, rows: Sequence[Row], max_members: int) -> None:
        self.steps: list[Step] = []
        self._max_members = max_members
        self._writer: dict[int, int] = {}  # last step that writes the memory at an address
        self._readers: dict[int, list[int]] = defaultdict(list)  # steps that read it since
        self._place: dict[Buffer, tuple[int, int, int]] = {}  # step, member and output that writes a buffer
        self._barrier = 0  # step of the last row that is no member; these keep their order
        for number, row in enumerate(rows):
            self._add(number, row)

    def _add(self, number: int, row: Row) -> None:
        reads = {buffer.address for part in row.flat for buffer in part.reads}
        writes = {buffer.address for part in row.flat for buffer in part.outputs}
        before = [self._writer[address] for address in reads | writes if address in self._writer]
        before += [step for address in writes for step in self._readers[address]]
        earliest = max(before, default=0)
        loop = loop_members(row) if row.inner else None
        member = None if row.inner else member_of(row)
        if loop is not None:
            self.steps.append(Step([number], loop, is_loop=True))
            at = len(self.steps) - 1
        elif member is not None and _stack_bytes(member) <= MAX_STACK_BYTES:
            at = self._join(number, member, earliest)
        else:
            if not self.steps or self.steps[-1].members or len(self.steps) - 1 < max(earliest, self._barrier):
                self.steps.append(Step())
            at = self._barrier = len(self.steps) - 1
            self.steps[at].rows.append(number)
        for address in reads:
            self._readers[address].append(at)
        for address in writes:
            self._writer[address] = at
            self._readers[address] = []

    def _join(self, number: int, member: Member, earliest: int) -> int:
        """Add a member to the first group that can take it, or to a new one; return the step."""
        at = next((k for k in range(earliest, len(self.steps)) if self._fits(k, member)), len(self.steps))
        if at == len(self.steps):
            self.steps.append(Step())
        step = self.steps[at]
        member.readings = [self._in_step(at, *pair) for pair in zip(member.sources, member.readings, strict=True)]
        for o, buffer in enumerate(member.row.outputs):
            self._place[buffer] = (at, len(step.members), o)
        step.add(number, member)
        return at

    def _fits(self, at: int, member: Member) -> bool:
        step = self.steps[at]
        if not step.members or step.is_loop or step.members[0].lanes != member.lanes:
            return False
        operations = (step.cost + member.cost) * copies_of(member.lanes)
        if len(step.members) >= self._max_members or operations > MAX_OPERATIONS:
            return False
        if member.lanes >= MIN_LOOP_LANES and step.moving_cost + member.moving_cost > MAX_LANE_OPERATIONS:
            return False
        if step.stack_bytes + _stack_bytes(member) > MAX_STACK_BYTES:
            return False
        return not any(
            self._place.get(buffer, (-1,))[0] == at and self._in_step(at, buffer, reading) is reading
            for buffer, reading in zip(member.sources, member.readings, strict=True)
        )

    def _in_step(self, at: int, buffer: Buffer, reading: Reading) -> Reading:
        """Return a reading as a wire if step ``at`` has its source, else the reading itself."""
        place = self._place.get(buffer)
        if place is None or place[0] != at or not _reads_whole(buffer, reading):
            return reading
        return Wire(place[1], place[2])


def _stack_bytes(member: Member) -> int:
    states = 8 * sum(block.count for block in member.row.states) * (QUANTUM if member.lanes == 1 else 1)
    return member.lanes * (states + 4 * QUANTUM * len(member.row.outputs))


def _reads_whole(buffer: Buffer, reading: Reading, delayed: bool = False) -> bool:
    """Return whether a reading is of all lanes of a buffer, of the current or the previous (``delayed``) sample."""
    if not isinstance(reading, Signal) or reading.run > 1:
        return False
    if reading.address != buffer.address + (0 if delayed else buffer.lead):
        return False
    return reading.stride == buffer.lanes and (reading.step == 1 or buffer.lanes == 1)


def loop_members(row: Row) -> list[Member] | None:
    """Return the rows of a feedback loop as members, or None if one cannot be inlined or lanes would mix."""
    members: list[Member] = []
    place = {buffer: (m, o) for m, part in enumerate(row.flat) for o, buffer in enumerate(part.outputs)}
    for part in row.flat:
        member = member_of(part, in_loop=True)
        if member is None or member.lanes != row.lanes:
            return None
        readings: list[Reading] = []
        for buffer, reading in zip(member.sources, member.readings, strict=True):
            source = place.get(buffer)
            if source is None:
                if isinstance(reading, Signal) and reading.run > 1:
                    return None
                readings.append(reading)
            elif _reads_whole(buffer, reading) and source[0] < len(members):
                readings.append(Wire(*source))
            elif buffer.feedback and _reads_whole(buffer, reading, delayed=True):
                readings.append(Wire(*source, delayed=True))
            else:
                return None
        member.readings = readings
        members.append(member)
    return members


def _mark_outputs(steps: Sequence[Step], rows: Sequence[Row]) -> None:
    """Set which outputs of the members others read, and which are checked."""
    readers: dict[Buffer, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        for part in row.flat:
            for buffer in part.reads:
                readers[buffer].add(number)
    for step in steps:
        inside = set(step.rows)
        passed = {
            (reading.member, reading.output)
            for member in step.members
            for k, reading in enumerate(member.readings)
            if isinstance(reading, Wire) and passes_faults(member, k)
        }
        taken = {r.address for member in step.members for r in member.readings if isinstance(r, Signal)}
        for m, member in enumerate(step.members):
            outputs = member.row.outputs
            member.written = [
                step.is_loop or buffer.feedback or buffer.dedicated or not readers[buffer] <= inside
                for buffer in outputs
            ]
            member.checked = [not step.is_loop and (m, o) not in passed for o in range(len(outputs))]
            member.staged = [
                not step.is_loop and written and buffer.address + buffer.lead in taken
                for written, buffer in zip(member.written, outputs, strict=True)
            ]


def passes_faults(member: Member, k: int) -> bool:
    """Return whether an output of a member is NaN or Inf whenever input ``k`` is."""
    if member.operation != "tick":
        return True
    parameters = member.kernel.tick_layout.parameters
    number = next((p for p, (kind, value) in enumerate(parameters) if kind == "input" and value == k), None)
    if number is None:
        return False
    return any(member.dataflow.passes_faults(number, o) for o in range(len(member.row.outputs)))
