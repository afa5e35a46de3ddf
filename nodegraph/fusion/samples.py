"""IR of a group of one lane: a sequence of loops over the samples of a quantum.

A tick without states is vectorised over samples (a *map*); one with states runs sample by sample (a *scan*). An
oscillator is both: a scan computes its phases, which are cheap, and a map computes the wave of all phases. If its
frequency rests, its phases are multiples of one step, and it is a map. Wires from one loop to a later one are local
arrays of a quantum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nodegraph.quantum import QUANTUM

from .evaluation import FAULTY, check, evaluate, state_types
from .folds import fold
from .members import Member, Signal, Still, Wire
from .operands import UNCHANGED, Operands, registers

MAX_SCAN_SHARE = 0.5  # of a tick's cost that its states may take for a separate scan
MIN_MAP_COST = 8  # operations that make a separate map pay
MAX_INTERLEAVED_COST = (
    4  # operations; loops of ticks no more expensive compute several vectors at a time, to hide latencies
)
MAX_KNOBS = 8  # of a map: each takes a SIMD register

Value = tuple[int, int]  # a member and its output; or a member and ``STATES``
STATES = -1


@dataclass(frozen=True)
class Unit:
    """The part of a member that one loop computes.

    It reads some ``inputs``, ``needs`` values of other units, ``gives`` some; a scan computes the states.
    """

    member: int
    is_scan: bool
    has_outputs: bool
    inputs: frozenset[int]
    needs: frozenset[Value]
    gives: frozenset[Value]


def units_of(m: int, member: Member) -> list[Unit]:
    """Return the parts of a member."""
    everything = range(len(member.readings))
    outputs = frozenset((m, o) for o in range(len(member.row.outputs)))
    if set(member.steady_states) == set(member.changed_states):
        return [Unit(m, False, True, frozenset(everything), _wires(member, everything), outputs)]
    layout, flow = member.kernel.tick_layout, member.dataflow
    states = flow.slice_of(frozenset(range(layout.outputs, layout.outputs + len(layout.integer_states))))
    wave = flow.slice_of(frozenset(range(layout.outputs)))
    if states.cost > MAX_SCAN_SHARE * flow.cost or wave.cost < MIN_MAP_COST or flow.writes_memory:
        return [Unit(m, True, True, frozenset(everything), _wires(member, everything), outputs)]
    own = frozenset({(m, STATES)})
    of_states, of_wave = (_inputs(member, part.parameters) for part in (states, wave))
    return [
        Unit(m, True, False, of_states, _wires(member, of_states), own),
        Unit(m, False, True, of_wave, _wires(member, of_wave) | own, outputs),
    ]


def _inputs(member: Member, parameters: frozenset[int]) -> frozenset[int]:
    found = (member.kernel.tick_layout.parameters[number] for number in parameters)
    return frozenset(int(value) for kind, value in found if kind == "input")


def _wires(member: Member, inputs: Sequence[int] | frozenset[int]) -> frozenset[Value]:
    readings = (member.readings[k] for k in inputs)
    return frozenset((reading.member, reading.output) for reading in readings if isinstance(reading, Wire))


def loops_of(units: Sequence[Unit], members: Sequence[Member]) -> list[list[Unit]]:
    """Return the units as loops, alternately scans and maps, each as long as possible."""
    waiting, known = list(units), set[Value]()
    loops: list[list[Unit]] = []
    is_scan = True
    while waiting:
        loop: list[Unit] = []
        knobs = 0
        for unit in list(waiting):  # in the order of the members, in which values are known before they are needed
            if unit.is_scan == is_scan and unit.needs <= known:
                own = sum(isinstance(members[unit.member].readings[k], Still) for k in unit.inputs)
                if loop and not is_scan and knobs + own > MAX_KNOBS:
                    loops.append(loop)
                    loop, knobs = [], 0
                loop.append(unit)
                knobs += own
                known |= unit.gives
                waiting.remove(unit)
        if loop:
            loops.append(loop)
        is_scan = not is_scan
    return loops


class SamplesWriter:
    """Writes the body of a kernel of one lane, in parts.

    ``reserved`` reserves local arrays, ``code`` computes, ``committed`` stores states and outputs if ``bad``, the
    register of the check, is not negative. What a loop needs is loaded next to it, since there are few registers.
    """

    def __init__(self, members: Sequence[Member], operands: Operands) -> None:
        self.members, self.operands = members, operands
        loops = loops_of([unit for m, member in enumerate(members) for unit in units_of(m, member)], members)
        self._loop_of = {value: n for n, loop in enumerate(loops) for unit in loop for value in unit.gives}
        reads = ((n, value) for n, loop in enumerate(loops) for unit in loop for value in unit.needs)
        self._later = {value for n, value in reads if self._loop_of[value] < n}
        self._latest: dict[Value, str] = {}
        self.reserved: list[str] = []
        self.code: list[str] = []
        self.committed: list[str] = []
        self.bad, self._label = "0", "entry"
        for m, member in enumerate(members):
            self._reserve(m, member)
        for n, loop in enumerate(loops):
            self._loop(n, loop)

    def _array(self, name: str, type_: str) -> None:
        self.reserved.append(f"{name} = alloca [{QUANTUM} x {type_}], align 64")

    def _reserve(self, m: int, member: Member) -> None:
        """Reserve the arrays of a member, compute its folds, and copy its outputs at the end."""
        if (m, STATES) in self._later:
            for j, type_ in enumerate(state_types(member)):
                if j not in member.settled_states:
                    self._array(f"%t{m}.{j}", type_)
        for k, reading in enumerate(member.readings):
            if isinstance(reading, Signal) and reading.run > 1:
                self._array(f"%f{m}.{k}", "float")
                pointer = self.operands.use("ptr", reading.address)
                self.code += [*self.operands.loads([pointer]), *fold(f"f{m}.{k}", pointer, reading, self._label)]
                self._label = f"f{m}.{k}.end"
        for o, buffer in enumerate(member.row.outputs):
            if member.written[o] or (m, o) in self._later:
                self._array(f"%y{m}.{o}", "float")
            if member.written[o]:
                to, size = self.operands.use("ptr", buffer.address + buffer.lead), 4 * QUANTUM
                self.committed.append(
                    f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr align 64 %y{m}.{o}, i64 {size}, i1 false)"
                )

    def _begin(self, unit: Unit) -> list[str]:
        """Return IR that loads the knobs and states of a unit, and computes the steps of its steady states."""
        m, member, code = unit.member, self.members[unit.member], []
        for k in sorted(unit.inputs | set(member.settled_states.values())):
            reading = member.readings[k]
            if isinstance(reading, Still):
                pointer = self.operands.use("ptr", reading.address)
                code.append(f"{self._knob(unit, k)} = load float, ptr {pointer}, {UNCHANGED}")
        for j, type_ in enumerate(state_types(member)):
            if j in member.settled_states or _follows_scan(unit):
                continue
            states = self.operands.use("ptr", member.row.states[0].data)
            code += [
                f"%s{m}.{j}.at = getelementptr {type_}, ptr {states}, i64 {j}",
                f"%s{m}.{j} = load {type_}, ptr %s{m}.{j}.at",
            ]
        return code + self._steps(unit)

    def _steps(self, unit: Unit) -> list[str]:
        """Return IR that computes the steps of steady states: the new states that follow from 0.

        Those that follow from 1 are one more, unless the tick replaces the state; then the quantum runs as rows.
        """
        m, member, code, found = unit.member, self.members[unit.member], [], []
        if unit.is_scan or _follows_scan(unit) or not member.steady_states:
            return []
        still = [isinstance(reading, Still) for reading in member.readings]
        values = [self._knob(unit, k) if still[k] else "0.0" for k in range(len(still))]
        for start in (0, 1):
            prefix, states = f"%from{start}.m{m}", []
            for j in range(len(state_types(member))):
                if j in member.settled_states:
                    knob = self._knob(unit, member.settled_states[j])
                    code.append(f"{prefix}.s{j} = fpext float {knob} to double")
                    states.append(f"{prefix}.s{j}")
                else:
                    states.append(str(start) if j in member.steady_states else f"%s{m}.{j}")
            evaluated, _, new_states = evaluate(member, prefix, self.operands, values, states, _no_line)
            code += evaluated
            found.append(new_states)
        for j, mask in member.steady_states.items():
            name = f"%step{m}.{j}"
            code += [
                f"{name} = add i64 {found[0][j]}, 0",
                f"{name}.more = add i64 {name}, 1",
                f"{name}.one = and i64 {name}.more, {mask}",
                f"{name}.steady = icmp eq i64 {name}.one, {found[1][j]}",
                f"{name}.bad = select i1 {name}.steady, i32 {self.bad}, i32 {FAULTY}",
            ]
            self.bad = f"{name}.bad"
        return code

    def _knob(self, unit: Unit, k: int) -> str:
        """Return the register of a knob in the loop of a unit."""
        return f"%k{unit.member}.{k}{'s' if unit.is_scan else ''}"

    def _end(self, unit: Unit) -> list[str]:
        """Return IR that stores the latest samples of a unit."""
        outputs = enumerate(self.members[unit.member].row.outputs) if unit.has_outputs else ()
        return [
            f"store float {self._latest[unit.member, o]}, ptr {self.operands.use('ptr', buffer.last)}"
            for o, buffer in outputs
            if buffer.last
        ]

    # -- one loop --------------------------------------------------------------------------------------------

    def _loop(self, n: int, units: Sequence[Unit]) -> None:
        phis: list[str] = []
        code: list[str] = []
        checked = f"%bad{n}.before"
        for unit in units:
            m, member, prefix = unit.member, self.members[unit.member], f"%l{n}.m{unit.member}"
            values = [self._read(n, unit, k, code) for k in range(len(member.readings))]
            states = self._states(n, unit, phis, code) if member.operation == "tick" else []
            evaluated, outputs, new_states = evaluate(member, prefix, self.operands, values, states, _no_line)
            code += evaluated
            for j in member.changed_states if not _follows_scan(unit) else ():
                register = new_states[j]
                if not unit.is_scan:
                    register = f"%l{n}.m{m}.s{j}.last"
                    self.committed.append(f"{register} = and i64 %l{n}.m{m}.s{j}.next, {member.steady_states[j]}")
                self.committed.append(f"store {state_types(member)[j]} {register}, ptr %s{m}.{j}.at")
            for o, register in enumerate(outputs if unit.has_outputs else ()):
                self._latest[m, o] = register
                if member.written[o] or (m, o) in self._later:
                    code += [
                        f"{prefix}.o{o}.at = getelementptr float, ptr %y{m}.{o}, i64 %i{n}",
                        f"store float {register}, ptr {prefix}.o{o}.at",
                    ]
                if member.checked[o]:
                    tested, checked = check(f"{prefix}.o{o}", register, checked)
                    code += tested
        begun = [line for unit in units for line in self._begin(unit)]
        ended = [line for unit in units for line in self._end(unit)]
        self.code += [
            *self.operands.loads(registers([*begun, *code])),
            *begun,
            f"br label %loop{n}",
            f"loop{n}:",
            f"%i{n} = phi i64 [ 0, %{self._label} ], [ %i{n}.next, %loop{n} ]",
            f"%bad{n}.before = phi i32 [ {self.bad}, %{self._label} ], [ {checked}, %loop{n} ]",
            *phis,
            *code,
            f"%i{n}.next = add nuw nsw i64 %i{n}, 1",
            f"%i{n}.more = icmp ult i64 %i{n}.next, {QUANTUM}",
            f"br i1 %i{n}.more, label %loop{n}, label %end{n}, !llvm.loop {self._hint(units)}",
            f"end{n}:",
            *self.operands.loads(registers(ended)),
            *ended,
        ]
        self.bad, self._label = checked, f"end{n}"

    def _hint(self, units: Sequence[Unit]) -> str:
        """Return the metadata of a loop: scans are not vectorised; chains of cheap ticks hide the latency of each."""
        if units[0].is_scan:
            return "!90"
        return "!94" if max(self.members[unit.member].cost for unit in units) <= MAX_INTERLEAVED_COST else "!91"

    def _read(self, n: int, unit: Unit, k: int, code: list[str]) -> str:
        """Append IR that reads an input at the sample of loop ``n``; return its register (float)."""
        m, reading = unit.member, self.members[unit.member].readings[k]
        name = f"%l{n}.m{m}.i{k}"
        if k not in unit.inputs:
            return "0.0"
        if isinstance(reading, Still):
            return self._knob(unit, k)
        if isinstance(reading, Wire):
            value = (reading.member, reading.output)
            if self._loop_of[value] == n:
                return self._latest[value]
            code.append(f"{name}.at = getelementptr float, ptr %y{value[0]}.{value[1]}, i64 %i{n}")
        elif reading.run > 1:
            code.append(f"{name}.at = getelementptr float, ptr %f{m}.{k}, i64 %i{n}")
        else:
            pointer = self.operands.use("ptr", reading.address)
            code.append(f"{name}.index = mul i64 %i{n}, {reading.stride}")
            code.append(f"{name}.at = getelementptr float, ptr {pointer}, i64 {name}.index")
        code.append(f"{name} = load float, ptr {name}.at")
        return name

    def _states(self, n: int, unit: Unit, phis: list[str], code: list[str]) -> list[str]:
        """Append IR that provides the states of a tick at the sample of loop ``n``; return their registers."""
        m, member, registers = unit.member, self.members[unit.member], []
        for j, type_ in enumerate(state_types(member)):
            name = f"%l{n}.m{m}.s{j}"
            if j in member.settled_states:
                code.append(f"{name} = fpext float {self._knob(unit, member.settled_states[j])} to double")
            elif unit.is_scan:
                phis.append(f"{name} = phi {type_} [ %s{m}.{j}, %{self._label} ], [ %l{n}.m{m}.n{j}, %loop{n} ]")
                if (m, STATES) in self._later:
                    code.append(f"{name}.at = getelementptr {type_}, ptr %t{m}.{j}, i64 %i{n}")
                    code.append(f"store {type_} {name}, ptr {name}.at")
            elif _follows_scan(unit):
                code.append(f"{name}.at = getelementptr {type_}, ptr %t{m}.{j}, i64 %i{n}")
                code.append(f"{name} = load {type_}, ptr {name}.at")
            elif j in member.steady_states:
                phis.append(f"{name}.sum = phi i64 [ %s{m}.{j}, %{self._label} ], [ {name}.next, %loop{n} ]")
                code.append(f"{name}.next = add i64 {name}.sum, %step{m}.{j}")
                code.append(f"{name} = and i64 {name}.sum, {member.steady_states[j]}")
            else:
                name = f"%s{m}.{j}"
            registers.append(name)
        return registers


def _follows_scan(unit: Unit) -> bool:
    """Return whether the states of a map are those that a scan has computed."""
    return (unit.member, STATES) in unit.needs


def _no_line(k: int) -> tuple[list[str], str]:
    raise AssertionError("a tick with delay lines is no member of a group of one lane")
