"""The last step of compiling: addresses for everything, and the plan as words that native code reads."""

from __future__ import annotations

import itertools
from collections.abc import Collection

from nodegraph.quantum import QUANTUM

from . import layout as at
from .buffers import FLOAT, Buffer, Row, place, write_operands
from .builder import PlanBuilder
from .memory import ALIGNMENT, write_words
from .result import Port, RowInfo
from .sources import KnobStride, Slot

SMOOTHING = 0.01  # seconds from a knob's old value to its new one
SPARE_HANDLES = 1024  # handles of removed ports before the oldest are reused


def emit(builder: PlanBuilder) -> None:
    """Place buffers and knobs, run the steps that need their addresses, and write rows, slots and tables."""
    plan = builder.plan
    plan.bytes_used, plan.bytes_unshared = place(builder.rows, builder.memory, builder.apart)
    builder.place_scratch()
    for slot in builder.slots:
        slot.buffer.address = builder.memory.reserve(slot.buffer.size)
    place_last_samples(builder)
    place_argument_blocks(builder, builder.rows)
    for step in builder.after_placement:
        step()
    write_plan(builder)


def place_last_samples(builder: PlanBuilder) -> None:
    """Place the latest sample of each output; a single lane is stored in its row, which saves a memory access."""
    builder.rows_address = builder.memory.reserve(8 * at.ROW_WORDS * max(len(builder.rows), 1))
    for index, row in enumerate(builder.rows):
        outputs = [buffer for part in row.flat for buffer in part.outputs if isinstance(buffer, Buffer)]
        for k, buffer in enumerate(outputs):
            if k == 0 and buffer.lanes == 1:
                buffer.last = builder.rows_address + 8 * (at.ROW_WORDS * index + at.ROW_VALUE)
            else:
                buffer.last = builder.memory.reserve(FLOAT * buffer.lanes, alignment=8)


def place_argument_blocks(builder: PlanBuilder, rows: list[Row]) -> None:
    """Place all argument blocks contiguously, each in one cache line if it fits: they are read every quantum."""
    for row in rows:
        place_argument_blocks(builder, row.inner)
        size = 8 * max(len(row.words), 1)
        row.words_address = builder.memory.reserve(size, alignment=ALIGNMENT if size <= ALIGNMENT else 8)


def write_plan(builder: PlanBuilder) -> None:
    """Write the words of the plan, and all tables that they point to."""
    memory, plan = builder.memory, builder.plan
    top = plan.placed = builder.rows
    rows_address = builder.rows_address
    row_of_node: dict[str, int] = {}
    for index, row in enumerate(top):
        address = rows_address + 8 * at.ROW_WORDS * index
        plan.rows.append(write_row(builder, row, address))
        for part in row.flat:
            row_of_node.update((id, address) for id, _, _ in part.nodes)
    slots = [write_slot(builder, slot, row_of_node.get(slot.ports[0][0][0], 0)) for slot in builder.slots]
    carries: list[int] = []
    for buffer in builder.buffers:
        if buffer.feedback:
            end = buffer.address + FLOAT * QUANTUM * buffer.lanes
            carries += [buffer.address, end, buffer.lanes]
    words = [0] * at.PLAN_WORDS
    words[at.PLAN_ROWS], words[at.PLAN_ROW_COUNT] = rows_address, len(top)
    words[at.PLAN_SLOTS], words[at.PLAN_SLOT_COUNT] = memory.words(slots), len(slots)
    table = handle_table(builder)
    words[at.PLAN_HANDLES] = memory.words(table)
    words[at.PLAN_HANDLE_COUNT] = len(table) // at.HANDLE_WORDS
    words[at.PLAN_CARRIES], words[at.PLAN_CARRY_COUNT] = memory.words(carries), len(carries) // 3
    copies = [word for copy in builder.copies for word in copy]
    words[at.PLAN_COPIES], words[at.PLAN_COPY_COUNT] = memory.words(copies), len(builder.copies)
    words[at.PLAN_ACTIVE] = memory.words([0] * (len(slots) + 1))
    plan.address = memory.words(words)


def write_row(builder: PlanBuilder, row: Row, address: int) -> RowInfo:
    """Write the words of a row, of its outputs and states, and those of the rows inside a loop."""
    memory = builder.memory
    info = RowInfo(row.kernel.name, row.nodes, address, row.lanes, len(row.outputs))
    for inner in row.inner:
        info.inner.append(write_row(builder, inner, memory.reserve(8 * at.ROW_WORDS)))
    write_operands(row.words_address, row.words)
    for k, word in enumerate(row.words):
        if isinstance(word, KnobStride):
            word.slot.strides.append(row.words_address + 8 * k)
    outputs = [
        word
        for part in row.flat
        for buffer in part.outputs
        if isinstance(buffer, Buffer)
        for word in (buffer.address + buffer.lead, buffer.lanes, buffer.last)
    ]
    states = [word for part in row.flat for s in part.states for word in (s.data, s.count, s.lanes, s.initial)]
    details = [0] * at.DETAIL_WORDS
    details[at.DETAIL_OUTPUTS] = memory.words(outputs)
    details[at.DETAIL_OUTPUT_COUNT] = len(outputs) // at.OUTPUT_WORDS
    uniform = all(buffer.lanes == row.lanes for part in row.flat for buffer in part.outputs)
    details[at.DETAIL_UNITS] = row.lanes if uniform else 0
    details[at.DETAIL_FAULTS] = memory.reserve(8 * max(row.lanes, 1), alignment=8)
    details[at.DETAIL_STATES], details[at.DETAIL_STATE_COUNT] = memory.words(states), len(states) // at.STATE_WORDS
    lines = [word for part in row.flat for line in part.lines for word in line]
    details[at.DETAIL_LINES], details[at.DETAIL_LINE_COUNT] = memory.words(lines), len(lines) // at.LINE_WORDS
    details[at.DETAIL_NODES] = sum(len(part.nodes) for part in row.flat)
    words = [0] * at.ROW_WORDS
    words[at.ROW_KERNEL], words[at.ROW_ARGUMENTS] = row.kernel.address, row.words_address
    words[at.ROW_DATA : at.ROW_LAST + 1] = outputs[: at.OUTPUT_WORDS] or [0, 0, 0]
    words[at.ROW_FLAGS] = at.FLAG_MORE_OUTPUTS if len(outputs) > at.OUTPUT_WORDS else 0
    words[at.ROW_DETAILS] = memory.words(details)
    write_words(address, words)
    return info


def write_slot(builder: PlanBuilder, slot: Slot, row: int) -> int:
    """Write the words of a knob; ``row`` is the address of the row that a new value unmutes (0: none)."""
    words = [0] * at.SLOT_WORDS
    words[at.SLOT_LANES], words[at.SLOT_DATA] = slot.buffer.lanes, slot.buffer.address
    words[at.SLOT_CURRENT : at.SLOT_REMAINING + 1] = slot.arrays
    words[at.SLOT_RAMP] = max(1, round(SMOOTHING * builder.graph.rate)) if slot.smooth else 0
    words[at.SLOT_ROW] = row
    words[at.SLOT_STRIDES], words[at.SLOT_STRIDE_COUNT] = builder.memory.words(slot.strides), len(slot.strides)
    write_words(slot.address, words)
    return slot.address


def handle_table(builder: PlanBuilder) -> list[int]:
    """Return slot, lane and lane count of each knob of this plan by message handle (zeros: no such knob)."""
    handles = builder.plan.handles
    present = dict.fromkeys(key for slot in builder.slots for key, _, _ in slot.ports)
    fresh = [key for key in present if key not in handles]
    if len(handles) + len(fresh) > 2 * len(present) + SPARE_HANDLES:
        previous: Collection[Port] = builder.previous.knobs if builder.previous else ()
        for port in [port for port in handles if port not in present and port not in previous]:
            del handles[port]  # the knob is in neither this plan nor the previous one
    taken = set(handles.values())
    free = (number for number in itertools.count() if number not in taken)
    handles.update(zip(fresh, free, strict=False))
    table = [0] * (at.HANDLE_WORDS * (max(handles.values(), default=-1) + 1))
    for slot in builder.slots:
        for key, lane, width in slot.ports:
            start = at.HANDLE_WORDS * handles[key]
            builder.plan.knob_of_handle[handles[key]] = key
            table[start : start + at.HANDLE_WORDS] = [slot.address, lane, width]
    return table
