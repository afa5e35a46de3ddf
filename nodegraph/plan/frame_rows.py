"""Frame nodes in a plan: their buffers, their clocks, and the row that runs only when a clock fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nodegraph.frame_types import FrameType
from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel, NativeFunction, kernel_of
from nodegraph.kernel.frame_adapter import CLOCK
from nodegraph.kernel.kernel import FRAME_SIZES
from nodegraph.native.words import as_i64, as_singles
from nodegraph.patch import Wire
from nodegraph.quantum import QUANTUM
from nodegraph.spectral.transform import transform_memory

from .buffers import FLOAT, Operand, Row

if TYPE_CHECKING:
    from .draft import Draft

# A clock: frames due in this quantum, for each the samples from its end to that of the quantum, then the samples
# until the next one is due, and the hop.
FIRES, AGES, LEFT, HOP = 0, 1, 1 + QUANTUM, 2 + QUANTUM
CLOCK_WORDS = HOP + 1


@dataclass(eq=False)
class FrameBuffer:
    """All frames of one output that can fall into a quantum."""

    type: FrameType
    lanes: int
    address: int = 0
    feedback: bool = False
    kept: bool = False
    lead: int = 0

    @property
    def floats(self) -> int:
        """Numbers in one frame of all lanes."""
        return self.lanes * self.type.bins * (2 if self.type.kind == "spectrum" else 1)

    @property
    def size(self) -> int:
        return FLOAT * self.floats * -(-QUANTUM // self.type.hop)


def advance_clock(arguments: int, start: int, samples: int) -> None:
    """Find the frames that end in this quantum. Word: the clock."""
    clock = as_i64(as_i64(arguments)[0])
    left, hop, fires = clock[LEFT], clock[HOP], 0
    while left < QUANTUM:
        clock[AGES + fires] = QUANTUM - 1 - left
        fires += 1
        left += hop
    clock[FIRES] = fires
    clock[LEFT] = left - QUANTUM


def delay_frames(arguments: int, start: int, samples: int) -> None:
    """Hold frames back, so that parallel frame paths meet in time.

    Words: clock, source, out, floats in a frame, line (frames × floats), frames, address of position.
    """
    w = as_i64(arguments)
    floats, line, length, position = w[3], as_singles(w[4]), w[5], as_i64(w[6])
    for fire in range(as_i64(w[0])[FIRES]):
        source, out = as_singles(w[1] + 4 * floats * fire), as_singles(w[2] + 4 * floats * fire)
        at = position[0] * floats
        for k in range(floats):
            out[k] = line[at + k]
            line[at + k] = source[k]
        position[0] = (position[0] + 1) % length


ADVANCE_CLOCK = NativeFunction(advance_clock)
DELAY_FRAMES = NativeFunction(delay_frames)


def clock_of(draft: Draft, hop: int) -> int:
    """Address of the clock of a hop; its row is placed before the first that needs it."""
    clocks = draft.clocks
    if hop not in clocks:
        words = [0] * CLOCK_WORDS
        words[LEFT], words[HOP] = hop - 1, hop
        clocks[hop] = draft.memory.words(words)
        draft.take_over(("clock", hop), clocks[hop] + 8 * LEFT, 8)
        draft.out.append(Row(ADVANCE_CLOCK, [clocks[hop]], [], []))
    return clocks[hop]


def place_frame_parts(draft: Draft, kernel: Kernel, node: GraphNode, row: Row) -> list[Row]:
    """Fill the frame words of a node's argument block; the rows that it needs, in order."""
    assert node.cls is not None
    clock = clock_of(draft, node.settings["hop"])
    words = row.words
    words[CLOCK] = clock
    for name in FRAME_SIZES:
        words[kernel.places[name].word] = node.settings[name]
    for name in node.spec.transforms:
        memory = transform_memory(node.settings["size"], draft.plan.lines)
        words[kernel.places[name].word] = memory.address
    reads: list[Any] = []
    for name in node.spec.frame_inputs:
        buffer = _arriving(draft, node, name, clock)
        at = kernel.places[f"{name}_bins"].word - 1
        if buffer is None:  # an optional input that nothing is wired to
            words[at : at + 3] = [0, 0, 0]
            continue
        reads.append(buffer)
        words[at : at + 3] = [lambda b=buffer: b.address, buffer.type.bins, int(buffer.lanes > 1)]  # type: ignore[misc]
    outputs: list[Any] = []
    for name, kind in node.frame_types.items():
        buffer = FrameBuffer(kind, node.output_lanes[name])
        draft.frame_refs[(node.id, name)] = buffer
        at = kernel.places[f"{name}_bins"].word - 1
        words[at : at + 3] = [lambda b=buffer: b.address, kind.bins, int(buffer.lanes > 1)]  # type: ignore[misc]
        outputs.append(buffer)
    frame_row = Row(kernel_of(node.cls, node.settings, "frame"), words, outputs, [*reads, *row.reads], row.nodes)
    if node.cls.block is None:
        frame_row.states = row.states
        return [frame_row]
    return [row, frame_row] if outputs else [frame_row, row]


def _arriving(draft: Draft, node: GraphNode, port: str, clock: int) -> FrameBuffer | None:
    """The buffer that a frame input reads, held back where its path is shorter than the others."""
    wires = draft.graph.into(node.id, port)
    if not wires:
        return None
    wire = wires[0]
    buffer: FrameBuffer = draft.frame_refs[(wire.source, wire.source_port)]
    early = node.delay - node.latency - draft.graph.node(wire.source).delay
    frames = round(early / buffer.type.hop)
    if frames <= 0 or not draft.compensate:
        return buffer
    return _held_back(draft, wire, buffer, frames, clock)


def _held_back(draft: Draft, wire: Wire, buffer: FrameBuffer, frames: int, clock: int) -> FrameBuffer:
    late = FrameBuffer(buffer.type, buffer.lanes)
    line = draft.line(("frames", wire, frames), frames * buffer.floats)
    position = draft.memory.words([0])
    draft.take_over(("frames", wire, frames), position, 8)
    words: list[Operand] = [clock, lambda: buffer.address, lambda: late.address, buffer.floats]
    words += [line.ctypes.data, frames, position]
    draft.out.append(Row(DELAY_FRAMES, words, [late], [buffer]))  # type: ignore[list-item]
    return late
