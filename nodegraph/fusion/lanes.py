"""IR of a group of several lanes, and of feedback loops: one loop over samples, vectorised over lanes.

The lanes are divided into chunks. For each sample of a chunk, every member has a loop over the lanes of the chunk;
LLVM turns it into SIMD without a loop, and the local arrays of wires and states into registers.
"""

from __future__ import annotations

from collections.abc import Sequence

from nodegraph.quantum import QUANTUM

from .evaluation import check, evaluate, state_types
from .members import Member, Reading, Still, Wire
from .operands import ALIGNED_STACK, Operands, registers

WIDTHS = (16, 8, 4, 2, 1)  # lanes of a chunk
SMALL_GROUP_WIDTHS = (
    32,
    *WIDTHS,
)  # in feedback loops and small groups, where more lanes hide the latency from sample to sample
MAX_SMALL_GROUP_COST = 60  # operations of a small group
MIN_LOOP_LANES = 8  # chunks of fewer lanes have no loop over lanes


def copies_of(lanes: int) -> int:
    """Return how often the code of a member occurs in the code for a number of lanes."""
    return sum(width if width < MIN_LOOP_LANES else 1 for width, _, _ in chunks_of(lanes))


def chunks_of(lanes: int, widths: Sequence[int] = WIDTHS) -> list[tuple[int, int, int]]:
    """Return the chunks of a number of lanes as (width, first lane, end), the widest first."""
    found, first = [], 0
    for width in widths:
        end = first + (lanes - first) // width * width
        if end > first:
            found.append((width, first, end))
        first = end
    return found


class ChunkWriter:
    """Writes the function that computes the chunks of one width.

    Its pointer arguments reach separate memory: samples, states and latest samples. It returns the check.
    """

    def __init__(self, members: Sequence[Member], operands: Operands, chunk: tuple[int, int, int]) -> None:
        self.members, self.operands = members, operands
        self.width, self.first, self.end = chunk
        self.pointers: dict[str, None] = {}
        self.reserved: list[str] = []
        self.begun: list[str] = []
        self.ended: list[str] = []

    @property
    def name(self) -> str:
        return f"chunk{self.width}"

    def call(self) -> str:
        """Return IR that calls the function; it must be written before."""
        return f"call i32 @{self.name}({', '.join(['ptr %arguments', *(f'ptr {p}' for p in self.pointers)])})"

    def function(self) -> str:
        """Return the IR of the function."""
        width = self.width
        self._local("%bad", "i32")
        self.reserved.append(f"store <{width} x i32> zeroinitializer, ptr %bad, align 64")
        for m, member in enumerate(self.members):
            self._prepare(m, member)
        delayed = dict.fromkeys(
            (reading.member, reading.output)
            for member in self.members
            for reading in member.readings
            if isinstance(reading, Wire) and reading.delayed
        )
        for m, o in delayed:
            buffer = self.members[m].row.outputs[o]
            self._local(f"%p{m}.{o}", "float")
            self.begun += self._copy(f"%p{m}.{o}", self._pointer(buffer.address), "float", load=True)
        body, label = [], "samples"
        for m, member in enumerate(self.members):
            code, label = self._member(m, member, label)
            body += code
        for m, o in delayed:
            body += self._copy(f"%p{m}.{o}", f"%y{m}.{o}", "float", load=True, lane="0")
        self.operands.begin_function()
        operands = self.operands.loads({*registers(body), *registers(self.begun)} - self.pointers.keys())
        arguments = ", ".join(["ptr noalias %arguments", *(f"ptr noalias {p}" for p in self.pointers)])
        lines = [
            f"define internal i32 @{self.name}({arguments}) noinline {ALIGNED_STACK} {{",
            "entry:",
            *self.reserved,
            *operands,
            "br label %lanes",
            "lanes:",
            f"%lane = phi i64 [ {self.first}, %entry ], [ %lane.next, %end ]",
            *self.begun,
            "br label %samples",
            "samples:",
            f"%i = phi i64 [ 0, %lanes ], [ %i.next, %{label} ]",
            *body,
            "%i.next = add nuw nsw i64 %i, 1",
            f"%i.more = icmp ult i64 %i.next, {QUANTUM}",
            "br i1 %i.more, label %samples, label %end",
            "end:",
            *self.ended,
            f"%lane.next = add nuw nsw i64 %lane, {width}",
            f"%lane.more = icmp ult i64 %lane.next, {self.end}",
            "br i1 %lane.more, label %lanes, label %done",
            "done:",
            f"%all = load <{width} x i32>, ptr %bad",
            f"%any = call i32 @llvm.vector.reduce.or.v{width}i32(<{width} x i32> %all)",
            "ret i32 %any",
            "}",
            f"declare i32 @llvm.vector.reduce.or.v{width}i32(<{width} x i32>)",
        ]
        return "\n  ".join(lines)

    # -- memory --------------------------------------------------------------------------------------------

    def _local(self, name: str, type_: str) -> None:
        self.reserved.append(f"{name} = alloca [{self.width} x {type_}], align 64")

    def _pointer(self, address: int) -> str:
        """Return the argument that holds the address of samples or states."""
        register = self.operands.use("ptr", address)
        self.pointers[register] = None
        return register

    def _copy(
        self, local: str, pointer: str, type_: str, load: bool, lane: str = "%lane", offset: int = 0
    ) -> list[str]:
        """Return IR that copies a local array from memory (``load``) or to it, at a lane after ``offset`` elements."""
        tag = f"%copy{len(self.begun)}.{len(self.ended)}.{local[1:]}.{offset}"
        vector = f"<{self.width} x {type_}>"
        size = 4 if type_ in ("float", "i32") else 8
        address = [
            f"{tag}.index = add i64 {lane}, {offset}",
            f"{tag}.at = getelementptr {type_}, ptr {pointer}, i64 {tag}.index",
        ]
        if load:
            return [
                *address,
                f"{tag} = load {vector}, ptr {tag}.at, align {size}",
                f"store {vector} {tag}, ptr {local}, align 64",
            ]
        return [
            *address,
            f"{tag} = load {vector}, ptr {local}, align 64",
            f"store {vector} {tag}, ptr {tag}.at, align {size}",
        ]

    def _prepare(self, m: int, member: Member) -> None:
        """Reserve and load the local arrays of a member; store its states and latest samples at the end."""
        for j, type_ in enumerate(state_types(member)):
            if j in member.settled_states:
                continue
            states = self._pointer(member.row.states[0].data)
            self._local(f"%s{m}.{j}", type_)
            self.begun += self._copy(f"%s{m}.{j}", states, type_, True, offset=j * member.lanes)
            if j in member.changed_states:
                self.ended += self._copy(f"%s{m}.{j}", states, type_, False, offset=j * member.lanes)
        for k, reading in enumerate(member.readings):
            if isinstance(reading, Still):
                self._local(f"%k{m}.{k}", "float")
                pointer = self._pointer(reading.address)
                if reading.step:
                    self.begun += self._copy(f"%k{m}.{k}", pointer, "float", True)
                else:
                    self.begun += self._spread(f"%k{m}.{k}", pointer)
        for o, buffer in enumerate(member.row.outputs):
            self._local(f"%y{m}.{o}", "float")
            if buffer.last:
                self.ended += self._copy(f"%y{m}.{o}", self._pointer(buffer.last), "float", False)

    def _spread(self, local: str, pointer: str) -> list[str]:
        vector, name = f"<{self.width} x float>", f"%spread.{local[1:]}"
        return [
            f"{name}.one = load float, ptr {pointer}",
            f"{name}.first = insertelement {vector} poison, float {name}.one, i64 0",
            f"{name} = shufflevector {vector} {name}.first, {vector} poison, <{self.width} x i32> zeroinitializer",
            f"store {vector} {name}, ptr {local}, align 64",
        ]

    # -- one sample ----------------------------------------------------------------------------------------

    def _member(self, m: int, member: Member, before: str) -> tuple[list[str], str]:
        """Return IR that computes a member in all lanes of a chunk, and the label of the block after it."""
        if self.width < MIN_LOOP_LANES:
            return [line for k in range(self.width) for line in self._lane(m, member, f"%m{m}.{k}", str(k))], before
        loop, after = f"member{m}", f"after{m}"
        has_lines = member.operation == "tick" and member.kernel.tick_layout.lines
        hint = "!93" if has_lines else f"!{100 + self.width}"
        return [
            f"br label %{loop}",
            f"{loop}:",
            f"%m{m}.k = phi i64 [ 0, %{before} ], [ %m{m}.next, %{loop} ]",
            *self._lane(m, member, f"%m{m}", f"%m{m}.k"),
            f"%m{m}.next = add nuw nsw i64 %m{m}.k, 1",
            f"%m{m}.more = icmp ult i64 %m{m}.next, {self.width}",
            f"br i1 %m{m}.more, label %{loop}, label %{after}, !llvm.loop {hint}",
            f"{after}:",
        ], after

    def _lane(self, m: int, member: Member, prefix: str, lane: str) -> list[str]:
        """Return IR that computes a member in one lane of a chunk; ``lane`` is its number in the chunk."""
        code = [f"{prefix}.lane = add i64 %lane, {lane}"]
        values = [self._read(prefix, lane, m, k, reading, code) for k, reading in enumerate(member.readings)]
        states: list[str] = []
        for j, type_ in enumerate(state_types(member)):
            if j in member.settled_states:
                code.append(f"{prefix}.s{j} = fpext float {values[member.settled_states[j]]} to double")
                states.append(f"{prefix}.s{j}")
                continue
            code += [
                f"{prefix}.s{j}.at = getelementptr {type_}, ptr %s{m}.{j}, i64 {lane}",
                f"{prefix}.s{j} = load {type_}, ptr {prefix}.s{j}.at",
            ]
            states.append(f"{prefix}.s{j}")

        def line(k: int) -> tuple[list[str], str]:
            table = self.operands.use("ptr", int(member.word[member.kernel.tick_layout.word("line", k)]))
            return [
                f"{prefix}.l{k}.at = getelementptr ptr, ptr {table}, i64 {prefix}.lane",
                f"{prefix}.l{k} = load ptr, ptr {prefix}.l{k}.at",
            ], f"{prefix}.l{k}"

        evaluated, outputs, new_states = evaluate(member, prefix, self.operands, values, states, line)
        code += evaluated
        for j in member.changed_states:
            code.append(f"store {state_types(member)[j]} {new_states[j]}, ptr {prefix}.s{j}.at")
        for o, register in enumerate(outputs):
            code += self._write(f"{prefix}.o{o}", f"{prefix}.lane", lane, m, o, register)
        return code

    def _read(self, prefix: str, lane: str, m: int, k: int, reading: Reading, code: list[str]) -> str:
        """Append IR that reads one lane of an input; return its register."""
        name = f"{prefix}.i{k}"
        if isinstance(reading, Wire):
            local = f"%{'p' if reading.delayed else 'y'}{reading.member}.{reading.output}"
            code.append(f"{name}.at = getelementptr float, ptr {local}, i64 {lane}")
        elif isinstance(reading, Still):
            code.append(f"{name}.at = getelementptr float, ptr %k{m}.{k}, i64 {lane}")
        else:
            pointer = self._pointer(reading.address)
            code += [
                f"{name}.row = mul i64 %i, {reading.stride}",
                f"{name}.step = mul i64 {prefix}.lane, {reading.step}",
                f"{name}.index = add i64 {name}.row, {name}.step",
                f"{name}.at = getelementptr float, ptr {pointer}, i64 {name}.index",
            ]
        code.append(f"{name} = load float, ptr {name}.at")
        return name

    def _write(self, name: str, row_lane: str, lane: str, m: int, o: int, register: str) -> list[str]:
        """Return IR that stores one lane of an output in its local array, and in memory if others read it."""
        member = self.members[m]
        code = [
            f"{name}.local = getelementptr float, ptr %y{m}.{o}, i64 {lane}",
            f"store float {register}, ptr {name}.local",
        ]
        if member.written[o]:
            if member.staged[o]:
                pointer = f"%stage{m}.{o}"
                self.pointers[pointer] = None
            else:
                buffer = member.row.outputs[o]
                pointer = self._pointer(buffer.address + buffer.lead)
            code += [
                f"{name}.row = mul i64 %i, {member.lanes}",
                f"{name}.index = add i64 {name}.row, {row_lane}",
                f"{name}.at = getelementptr float, ptr {pointer}, i64 {name}.index",
                f"store float {register}, ptr {name}.at",
            ]
        if member.checked[o]:
            code += [
                f"{name}.bad.at = getelementptr i32, ptr %bad, i64 {lane}",
                f"{name}.bad = load i32, ptr {name}.bad.at",
            ]
            tested, result = check(name, register, f"{name}.bad")
            code += [*tested, f"store i32 {result}, ptr {name}.bad.at"]
        return code
