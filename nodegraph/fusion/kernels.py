"""The fused kernel of a group: its IR, its argument block, its native code."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from nodegraph.kernel.native_function import COMPILING
from nodegraph.native.build import KernelSource, is_cached, kernel_address, kernel_symbol
from nodegraph.quantum import QUANTUM

from .evaluation import declarations
from .lanes import MAX_SMALL_GROUP_COST, SMALL_GROUP_WIDTHS, WIDTHS, ChunkWriter, chunks_of
from .members import Member, Still
from .operands import ALIGNED_STACK, FAULT, Operands, registers
from .samples import SamplesWriter

NAME = "fused"
# Loops: 90 and 93 stay scalar; 91 computes 16 samples at once, 94 four times 16; 108, 116, 132 compute 8, 16, 32 lanes.
_METADATA = """
!90 = distinct !{!90, !92}
!91 = distinct !{!91, !92, !95}
!92 = !{!"llvm.loop.unroll.disable"}
!93 = distinct !{!93, !92}
!94 = distinct !{!94, !92, !95, !96}
!95 = !{!"llvm.loop.vectorize.width", i32 16}
!96 = !{!"llvm.loop.interleave.count", i32 4}
!97 = !{}
!108 = distinct !{!108, !92, !118}
!116 = distinct !{!116, !92, !95}
!132 = distinct !{!132, !92, !142}
!118 = !{!"llvm.loop.vectorize.width", i32 8}
!142 = !{!"llvm.loop.vectorize.width", i32 32}
"""


class FusedKernel:
    """The code of a group of members; ``is_loop`` for the rows of a feedback loop.

    ``words`` is its argument block, ``pointers`` are the indices of its addresses. Its code depends on the structure of
    the group, not on addresses, names or values.
    """

    def __init__(self, members: Sequence[Member], is_loop: bool) -> None:
        self.members = members
        operands = Operands()
        if members[0].lanes == 1 and not is_loop:
            self._text = _samples_kernel(members, operands)
        else:
            self._text = _lanes_kernel(members, operands, is_loop)
        self.words = operands.words
        self.pointers = [index for index, kind in operands.kinds.items() if kind == "ptr"]

    @cached_property
    def key(self) -> tuple[Any, ...]:
        return (self._text,)

    @property
    def cached(self) -> bool:
        return is_cached(NAME, self.key)

    @cached_property
    def address(self) -> int:
        """Address of the native code. Raises KernelError if it could allocate, raise or call an impure function."""
        with COMPILING:
            return kernel_address(NAME, self.key, self.modules, fused=True)

    @property
    def source(self) -> tuple[str, KernelSource]:
        """The symbol and the source of the native code."""
        symbol = kernel_symbol(NAME, self.key)
        return symbol, KernelSource(NAME, self.modules(symbol), fused=True)

    def modules(self, symbol: str) -> list[str]:
        """Return the LLVM modules of the kernel."""
        ticks = {m.kernel.inline[0]: m.kernel.inline[1] for m in self.members if m.operation == "tick"}
        return [*ticks.values(), self._text.replace("@KERNEL(", f"@{symbol}(")]


def _samples_kernel(members: Sequence[Member], operands: Operands) -> str:
    entry = _entry(members, operands)
    writer = SamplesWriter(members, operands)
    lines = [
        f"define void @KERNEL(ptr noalias %arguments, i64 %start, i64 %samples) {ALIGNED_STACK} {{",
        *entry,
        *writer.reserved,
        *writer.code,
        *_end(writer.bad, (), [*operands.loads(registers(writer.committed)), *writer.committed]),
    ]
    return _module(members, lines)


def _lanes_kernel(members: Sequence[Member], operands: Operands, is_loop: bool) -> str:
    is_small = is_loop or sum(member.moving_cost for member in members) <= MAX_SMALL_GROUP_COST
    widths = SMALL_GROUP_WIDTHS if is_small else WIDTHS
    writers = [ChunkWriter(members, operands, chunk) for chunk in chunks_of(members[0].lanes, widths)]
    functions = [writer.function() for writer in writers]
    calls, bad = [], "0"
    for k, writer in enumerate(writers):
        calls += [f"%bad{k} = {writer.call()}", f"%any{k} = or i32 {bad}, %bad{k}"]
        bad = f"%any{k}"
    reserved: list[str] = []
    restored: list[str] = []
    committed: list[str] = []
    for m, member in enumerate(members):
        for j in member.changed_states if not is_loop else ():
            saved, size = f"%saved{m}.{j}", 8 * member.lanes
            pointer = operands.use("ptr", member.row.states[0].data)
            reserved += [
                f"{saved} = alloca [{size} x i8], align 64",
                f"{saved}.at = getelementptr i8, ptr {pointer}, i64 {j * size}",
                _copy(saved, f"{saved}.at", size),
            ]
            restored.append(_copy(f"{saved}.at", saved, size))
        for o, buffer in enumerate(member.row.outputs):
            if member.staged[o]:
                pointer, size = operands.use("ptr", buffer.address + buffer.lead), 4 * QUANTUM * member.lanes
                reserved.append(f"%stage{m}.{o} = alloca [{size} x i8], align 64")
                committed.append(_copy(pointer, f"%stage{m}.{o}", size))
    operands.begin_function()
    lines = [
        f"define void @KERNEL(ptr noalias %arguments, i64 %start, i64 %samples) {ALIGNED_STACK} {{",
        *_entry(members, operands),
        *operands.loads(registers([*reserved, *calls, *restored, *committed])),
        *reserved,
        *calls,
        *_end(bad, restored, committed),
    ]
    return _module(members, lines, functions)


def _module(members: Sequence[Member], kernel: Sequence[str], functions: Sequence[str] = ()) -> str:
    lanes = members[0].lanes
    intrinsics = [
        f"declare i64 @llvm.vector.reduce.or.v{lanes}i64(<{lanes} x i64>)",
        "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)",
    ]
    return "\n".join([*declarations(members), *intrinsics, *functions, "\n  ".join(kernel), _METADATA])


def _entry(members: Sequence[Member], operands: Operands) -> list[str]:
    """Return IR that ends the kernel with a fault, so that the rows run, unless all settled states are those of knobs.

    It ends with the label ``entry``.
    """
    code, differs = [], "false"
    for m, member in enumerate(members):
        for j, k in member.settled_states.items():
            reading, name = member.readings[k], f"%settled{m}.{j}"
            assert isinstance(reading, Still)
            states, knob = operands.use("ptr", member.row.states[0].data), operands.use("ptr", reading.address)
            words, lanes = f"<{member.lanes} x i64>", member.lanes
            code += [
                *operands.loads([states, knob]),
                f"{name}.at = getelementptr i64, ptr {states}, i64 {j * lanes}",
                f"{name}.state = load {words}, ptr {name}.at, align 8",
                f"{name}.knob = load <{lanes} x float>, ptr {knob}, align 4",
                f"{name}.double = fpext <{lanes} x float> {name}.knob to <{lanes} x double>",
                f"{name}.word = bitcast <{lanes} x double> {name}.double to {words}",
                f"{name}.bits = xor {words} {name}.state, {name}.word",
                f"{name}.all = call i64 @llvm.vector.reduce.or.v{lanes}i64({words} {name}.bits)",
                f"{name}.differs = icmp ne i64 {name}.all, 0",
                f"{name} = or i1 {differs}, {name}.differs",
            ]
            differs = name
    if not code:
        return ["entry:"]
    return [
        "begin:",
        *code,
        f"br i1 {differs}, label %unsettled, label %entry",
        "unsettled:",
        *(line.replace("%flag", "%early") for line in _set_fault()),
        "ret void",
        "entry:",
    ]


def _end(bad: str, restored: Sequence[str], committed: Sequence[str]) -> list[str]:
    """Return the end of a kernel: the fault is set and states are restored if ``bad`` is negative, else kept."""
    return [
        f"%fault = icmp slt i32 {bad}, 0",
        "br i1 %fault, label %discard, label %commit",
        "discard:",
        *restored,
        *_set_fault(),
        "ret void",
        "commit:",
        *committed,
        "ret void",
        "}",
    ]


def _copy(to: str, source: str, size: int) -> str:
    return f"call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {source}, i64 {size}, i1 false)"


def _set_fault() -> list[str]:
    return [f"%flag = getelementptr i64, ptr %arguments, i64 {FAULT}", "store i64 1, ptr %flag"]
