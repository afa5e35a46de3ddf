"""Frame nodes in a plan: their clocks, the rows that run only when a clock fires, and delays on frame wires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel, NativeFunction, kernel_of
from nodegraph.kernel.frame_adapter import CLOCK
from nodegraph.kernel.kernel import FRAME_SIZES
from nodegraph.native.words import as_float32_memory, as_i64
from nodegraph.patch import Wire
from nodegraph.quantum import QUANTUM

from .buffers import FrameBuffer, Operand, Row
from .keys import ClockKey, FrameDelayKey
from .rows import positions

if TYPE_CHECKING:
    from .builder import PlanBuilder


class Clock(NamedTuple):
    """The words of a frame clock: the number and the ages of the frames that end in this quantum, and its counters.

    The age of a frame is the number of samples from its end to the end of the quantum; ``left`` is the number of
    samples until the next frame ends.
    """

    fires: int
    ages: int  # the first of ``QUANTUM`` words
    left: int
    hop: int


CLOCK_WORDS = QUANTUM + 3
AT = Clock(0, 1, 1 + QUANTUM, 2 + QUANTUM)


class AdvanceClockArguments(NamedTuple):
    """Arguments of ``advance_clock``."""

    clock: Operand


ADVANCE = positions(AdvanceClockArguments)


def advance_clock(arguments: int, start: int, samples: int) -> None:
    """Find the frames that end in this quantum."""
    clock = as_i64(as_i64(arguments)[ADVANCE.clock])
    left, hop, fires = clock[AT.left], clock[AT.hop], 0
    while left < QUANTUM:
        clock[AT.ages + fires] = QUANTUM - 1 - left
        fires += 1
        left += hop
    clock[AT.fires] = fires
    clock[AT.left] = left - QUANTUM


class DelayFramesArguments(NamedTuple):
    """Arguments of ``delay_frames``."""

    clock: Operand
    source: Operand
    out: Operand
    floats: Operand  # in one frame of all lanes
    line: Operand  # frames × floats
    frames: Operand  # length of the delay
    position: Operand  # address of the position in the line


DELAY = positions(DelayFramesArguments)


def delay_frames(arguments: int, start: int, samples: int) -> None:
    """Delay by a fixed number of frames, to align parallel frame paths."""
    w = as_i64(arguments)
    floats, line, length = w[DELAY.floats], as_float32_memory(w[DELAY.line]), w[DELAY.frames]
    position = as_i64(w[DELAY.position])
    for fire in range(as_i64(w[DELAY.clock])[AT.fires]):
        source, out = (
            as_float32_memory(w[DELAY.source] + 4 * floats * fire),
            as_float32_memory(w[DELAY.out] + 4 * floats * fire),
        )
        at = position[0] * floats
        for k in range(floats):
            out[k] = line[at + k]
            line[at + k] = source[k]
        position[0] = (position[0] + 1) % length


ADVANCE_CLOCK = NativeFunction(advance_clock)
DELAY_FRAMES = NativeFunction(delay_frames)


def clock_of(builder: PlanBuilder, hop: int) -> int:
    """Return the address of the clock of a hop (samples); its row precedes the first row that reads it."""
    clocks = builder.clocks
    if hop not in clocks:
        words = [0] * CLOCK_WORDS
        words[AT.left], words[AT.hop] = hop - 1, hop
        clocks[hop] = builder.memory.words(words)
        builder.migrate(ClockKey(hop), clocks[hop] + 8 * AT.left, 8)
        builder.out.append(Row(ADVANCE_CLOCK, [*AdvanceClockArguments(clocks[hop])], [], []))
    return clocks[hop]


def place_frame_parts(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> list[Row]:
    """Fill in the frame words of a node's argument block; return the rows of the node, in order."""
    assert node.cls is not None
    clock = clock_of(builder, node.settings["hop"])
    words = row.words
    words[CLOCK] = clock
    for name in FRAME_SIZES:
        words[kernel.parameter_words[name].word] = node.settings[name]
    reads: list[Any] = []
    for name in node.spec.frame_inputs:
        buffer = _buffer_into(builder, node, name, clock)
        at = kernel.parameter_words[f"{name}_bins"].word - 1
        if buffer is None:  # an optional input without a wire
            words[at : at + 3] = [0, 0, 1]
            continue
        reads.append(buffer)
        words[at : at + 3] = [lambda b=buffer: b.address, buffer.type.bins, node.lanes // buffer.lanes]  # type: ignore[misc]
    outputs: list[Any] = []
    for name, kind in node.output_frames.items():
        buffer = FrameBuffer(kind, node.output_lanes[name])
        builder.frame_refs[(node.id, name)] = buffer
        at = kernel.parameter_words[f"{name}_bins"].word - 1
        words[at : at + 3] = [lambda b=buffer: b.address, kind.bins, node.lanes // buffer.lanes]  # type: ignore[misc]
        outputs.append(buffer)
    frame_row = Row(kernel_of(node.cls, node.settings, "frame"), words, outputs, [*reads, *row.reads], row.nodes)
    if node.cls.block is None:
        frame_row.states = row.states
        return [frame_row]
    return [row, frame_row] if outputs else [frame_row, row]


def _buffer_into(builder: PlanBuilder, node: GraphNode, port: str, clock: int) -> FrameBuffer | None:
    """Return the buffer that a frame input reads, with compensation delay if needed; None without a wire."""
    wires = builder.graph.into(node.id, port)
    if not wires:
        return None
    wire = wires[0]
    buffer: FrameBuffer = builder.frame_refs[(wire.source, wire.source_port)]
    frames = round(builder.compensation_delay(wire) / buffer.type.hop)
    return _delayed_frames(builder, wire, buffer, frames, clock) if frames else buffer


def _delayed_frames(builder: PlanBuilder, wire: Wire, buffer: FrameBuffer, frames: int, clock: int) -> FrameBuffer:
    delayed = FrameBuffer(buffer.type, buffer.lanes)
    key = FrameDelayKey(wire, frames)
    line = builder.line(key, frames * buffer.floats)
    position = builder.memory.words([0])
    builder.migrate(key, position, 8)
    words = DelayFramesArguments(
        clock=clock,
        source=lambda: buffer.address,
        out=lambda: delayed.address,
        floats=buffer.floats,
        line=line.ctypes.data,
        frames=frames,
        position=position,
    )
    builder.out.append(Row(DELAY_FRAMES, list(words), [delayed], [buffer]))  # type: ignore[list-item]
    return delayed
