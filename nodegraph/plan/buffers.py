"""Signal buffers of a plan: which rows write and read them, and which of them can share memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nodegraph.frame_types import FrameType
from nodegraph.kernel import Kernel, NativeFunction
from nodegraph.quantum import QUANTUM

from .memory import ALIGNMENT, Memory, bits, write_words

FLOAT = 4
CACHE_LINE = ALIGNMENT // FLOAT  # floats
Operand = int | float | Callable[[], int]


@dataclass(eq=False)
class Buffer:
    """``QUANTUM`` samples of ``lanes`` lanes, as float32 (samples, lanes).

    A feedback buffer starts with one more sample, the last one of the previous quantum. The memory of a ``dedicated``
    buffer is not reused. ``address`` is that of the first float, ``last`` that of the copy of the latest sample; both
    are 0 until they are placed.
    """

    lanes: int
    feedback: bool = False
    dedicated: bool = False
    address: int = 0
    last: int = 0

    @property
    def size(self) -> int:
        return FLOAT * self.lanes * (QUANTUM + self.feedback)

    @property
    def lead(self) -> int:
        """Bytes before the first sample of the quantum."""
        return FLOAT * self.lanes * self.feedback


@dataclass(eq=False)
class FrameBuffer:
    """All frames of one output that can end in one quantum: (frames, lanes, bins) floats, a spectrum twice as many."""

    type: FrameType
    lanes: int
    address: int = 0
    feedback: bool = False
    dedicated: bool = False
    lead: int = 0

    @property
    def floats(self) -> int:
        """Numbers in one frame of all lanes."""
        return self.lanes * self.type.bins * (2 if self.type.kind == "spectrum" else 1)

    @property
    def size(self) -> int:
        return FLOAT * self.floats * -(-QUANTUM // self.type.hop)


class Ref(NamedTuple):
    """Neighbouring lanes of a buffer. ``delayed`` reads them one sample late."""

    buffer: Buffer
    lane: int
    lanes: int
    delayed: bool = False

    def address(self) -> int:
        """Address of the first sample, once the buffer is placed."""
        start = self.buffer.address + FLOAT * self.lane
        return start if self.delayed else start + self.buffer.lead

    def last(self) -> int:
        """Address of the copy of the latest sample."""
        return self.buffer.last + FLOAT * self.lane


@dataclass(eq=False)
class ScratchMemory:
    """Work memory shared by all frame nodes of a plan, which run sequentially; with ``apart`` each has its own."""

    floats: int = 0
    address: int = 0
    apart: bool = False

    @property
    def first(self) -> int:
        """The first float of the next node."""
        return self.floats if self.apart else 0

    @staticmethod
    def padded(floats: int) -> int:
        """Return a number of floats rounded up to whole cache lines."""
        return -(-floats // CACHE_LINE) * CACHE_LINE

    def address_of(self, first: int) -> int:
        """Return the address of a float, after the memory is placed."""
        return self.address + FLOAT * first


@dataclass(eq=False)
class StateBlock:
    """States of a row: address of (states, lanes) words, and of their initial values."""

    data: int
    count: int
    lanes: int
    initial: int


@dataclass(eq=False)
class Row:
    """One call of a kernel. ``inner`` are the rows of a feedback loop.

    ``words`` are the arguments, ``nodes`` (id, first lane, lanes), ``lines`` delay lines as (address, floats, lane or
    ``ALL_LANES``), which are zeroed when the row is unmuted. ``lanes`` is 0 where inputs and outputs differ in width.
    """

    kernel: Kernel | NativeFunction
    words: list[Operand]
    outputs: list[Buffer]
    reads: list[Buffer]
    nodes: list[tuple[str, int, int]] = field(default_factory=list)
    states: list[StateBlock] = field(default_factory=list)
    lines: list[tuple[int, int, int]] = field(default_factory=list)
    inner: list[Row] = field(default_factory=list)
    lanes: int = 0
    words_address: int = 0

    @property
    def flat(self) -> list[Row]:
        """The rows that call a kernel: those of a loop, or this one."""
        return [row for inner in self.inner for row in inner.flat] if self.inner else [self]


def write_operands(address: int, operands: Sequence[Operand]) -> None:
    """Write arguments at an address, once everything that they refer to is placed."""
    values = [operand() if callable(operand) else operand for operand in operands]
    write_words(address, [bits(value) if isinstance(value, float) else value for value in values])


def address_of_kernel(kernel: Kernel | NativeFunction) -> int:
    """Return the address of native code, compiled at the first call: an operand without the compilation."""
    return kernel.address


def place(rows: Sequence[Row], memory: Memory, apart: bool = False) -> tuple[int, int]:
    """Place all buffers. After its last reader, a buffer's memory is reused for the next buffer of the same size.

    With ``apart`` no memory is reused, so that rows may run in any order in which each follows its sources.
    Return (bytes used, bytes without reuse).
    """
    last_use: dict[Buffer, int] = {}
    for index, row in enumerate(rows):
        for part in row.flat:
            for buffer in [*part.outputs, *part.reads]:
                last_use[buffer] = index
    ending: dict[int, list[Buffer]] = defaultdict(list)
    for buffer, index in last_use.items():
        ending[index].append(buffer)
    free: dict[int, list[int]] = defaultdict(list)
    used = unshared = 0
    for index, row in enumerate(rows):
        for part in row.flat:
            for buffer in part.outputs:
                if buffer.address:
                    continue
                unshared += buffer.size
                pool = free[buffer.size]
                if pool and not (buffer.dedicated or buffer.feedback or apart):
                    buffer.address = pool.pop()
                else:
                    buffer.address = memory.reserve(buffer.size, buffer.lead)
                    used += buffer.size
        for buffer in ending[index]:
            if not (buffer.dedicated or buffer.feedback):
                free[buffer.size].append(buffer.address)
    return used, unshared
