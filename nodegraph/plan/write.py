"""Writing a plan down: addresses for all that was placed, in the words that native code reads."""

from __future__ import annotations

import itertools

from nodegraph.quantum import QUANTUM

from . import layout as at
from .buffers import FLOAT, Buffer, Row, place
from .draft import Draft
from .memory import ALIGNMENT, bits, write_words
from .result import RowInfo
from .sources import KnobStride, Slot

SMOOTHING = 0.01  # s, how long a knob takes to its new value
SPARE_HANDLES = 1024  # handles of ports that are gone, kept before they are given to others


def write_down(draft: Draft) -> None:
    """Place buffers and knobs, carry out what had to wait for their addresses, and write rows, slots and tables."""
    plan = draft.plan
    plan.bytes_used, plan.bytes_unshared = place(draft.rows, draft.memory)
    for slot in draft.slots:
        slot.buffer.address = draft.memory.reserve(slot.buffer.size)
    place_last_samples(draft)
    place_argument_blocks(draft, draft.rows)
    for step in draft.late:
        step()
    write_plan(draft)


def place_last_samples(draft: Draft) -> None:
    """Where each output's latest sample is kept: one lane in the row itself, so that it costs no memory access."""
    draft.rows_address = draft.memory.reserve(8 * at.ROW_WORDS * max(len(draft.rows), 1))
    for index, row in enumerate(draft.rows):
        outputs = [buffer for part in row.flat for buffer in part.outputs if isinstance(buffer, Buffer)]
        for k, buffer in enumerate(outputs):
            if k == 0 and buffer.lanes == 1:
                buffer.last = draft.rows_address + 8 * (at.ROW_WORDS * index + at.ROW_VALUE)
            else:
                buffer.last = draft.memory.reserve(FLOAT * buffer.lanes, alignment=8)


def place_argument_blocks(draft: Draft, rows: list[Row]) -> None:
    """All argument blocks side by side, each within a cache line where it fits: they are read every quantum."""
    for row in rows:
        place_argument_blocks(draft, row.inner)
        size = 8 * max(len(row.words), 1)
        row.words_address = draft.memory.reserve(size, alignment=ALIGNMENT if size <= ALIGNMENT else 8)


def write_plan(draft: Draft) -> None:
    """The plan's own words, and all tables that they point to."""
    memory, plan = draft.memory, draft.plan
    top = draft.rows
    rows_address = draft.rows_address
    row_of_node: dict[str, int] = {}
    for index, row in enumerate(top):
        address = rows_address + 8 * at.ROW_WORDS * index
        plan.rows.append(write_row(draft, row, address))
        for part in row.flat:
            row_of_node.update((id, address) for id, _, _ in part.nodes)
    slots = [write_slot(draft, slot, row_of_node.get(slot.ports[0][0][0], 0)) for slot in draft.slots]
    carries: list[int] = []
    for buffer in draft.buffers:
        if buffer.feedback:
            end = buffer.address + FLOAT * QUANTUM * buffer.lanes
            carries += [buffer.address, end, buffer.lanes]
    words = [0] * at.PLAN_WORDS
    words[at.PLAN_ROWS], words[at.PLAN_ROW_COUNT] = rows_address, len(top)
    words[at.PLAN_SLOTS], words[at.PLAN_SLOT_COUNT] = memory.words(slots), len(slots)
    table = handle_table(draft)
    words[at.PLAN_HANDLES] = memory.words(table)
    words[at.PLAN_HANDLE_COUNT] = len(table) // at.HANDLE_WORDS
    words[at.PLAN_CARRIES], words[at.PLAN_CARRY_COUNT] = memory.words(carries), len(carries) // 3
    copies = [word for copy in draft.copies for word in copy]
    words[at.PLAN_COPIES], words[at.PLAN_COPY_COUNT] = memory.words(copies), len(draft.copies)
    words[at.PLAN_ACTIVE] = memory.words([0] * (len(slots) + 1))
    plan.address = memory.words(words)


def write_row(draft: Draft, row: Row, address: int) -> RowInfo:
    """The words of a row, of its outputs and states, and those of the rows inside a loop."""
    memory = draft.memory
    info = RowInfo(row.kernel.name, row.nodes, address, row.lanes, len(row.outputs))
    for inner in row.inner:
        info.inner.append(write_row(draft, inner, memory.reserve(8 * at.ROW_WORDS)))
    values = [word() if callable(word) else word for word in row.words]
    write_words(row.words_address, [bits(value) if isinstance(value, float) else value for value in values])
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
    details[at.DETAIL_FAULTS] = memory.words([0] * max(row.lanes, 1))
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


def write_slot(draft: Draft, slot: Slot, row: int) -> int:
    """The words of a knob."""
    words = [0] * at.SLOT_WORDS
    words[at.SLOT_LANES], words[at.SLOT_DATA] = slot.buffer.lanes, slot.buffer.address
    words[at.SLOT_CURRENT : at.SLOT_REMAINING + 1] = slot.arrays
    words[at.SLOT_RAMP] = max(1, round(SMOOTHING * draft.graph.rate)) if slot.smooth else 0
    words[at.SLOT_ROW] = row
    words[at.SLOT_STRIDES], words[at.SLOT_STRIDE_COUNT] = draft.memory.words(slot.strides), len(slot.strides)
    write_words(slot.address, words)
    return slot.address


def handle_table(draft: Draft) -> list[int]:
    """Where each parameter\'s knob is in this plan, by the handle that messages use."""
    handles = draft.plan.handles
    living = {key for slot in draft.slots for key, _, _ in slot.ports}
    fresh = [key for key in living if key not in handles]
    if len(handles) + len(fresh) > 2 * len(living) + SPARE_HANDLES:
        before = draft.previous.port_last if draft.previous else {}
        for key in [key for key in handles if key not in living and key not in before]:
            del handles[key]  # no message for it can be on its way any more
    taken = set(handles.values())
    free = (number for number in itertools.count() if number not in taken)
    handles.update(zip(fresh, free, strict=False))
    table = [0] * (at.HANDLE_WORDS * (max(handles.values(), default=-1) + 1))
    for slot in draft.slots:
        for key, lane, width in slot.ports:
            start = at.HANDLE_WORDS * handles[key]
            draft.plan.knob_of_handle[handles[key]] = key
            table[start : start + at.HANDLE_WORDS] = [slot.address, lane, width]
    return table
