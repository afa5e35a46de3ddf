"""The words that native code reads: rows, slots and the plan itself, as indices of 8-byte words."""

from __future__ import annotations

# One row of the plan, one cache line: kernel, its argument block, its first output (data, lanes, where a copy of its
# last sample goes: for one lane right here), flags, and all that is needed rarely.
ROW_KERNEL, ROW_ARGUMENTS, ROW_DATA, ROW_LANES, ROW_LAST, ROW_FLAGS, ROW_DETAILS, ROW_VALUE = range(8)
ROW_WORDS = 8
FLAG_MUTED, FLAG_MORE_OUTPUTS = 1, 2

# The details of a row. Units are lanes, or 0 where a fault silences all outputs of the row together; nodes is 0 in
# rows of the plan's own, which are never to blame.
DETAIL_OUTPUTS, DETAIL_OUTPUT_COUNT, DETAIL_CYCLES, DETAIL_FAULTS, DETAIL_UNITS = range(5)
DETAIL_STATES, DETAIL_STATE_COUNT, DETAIL_LINES, DETAIL_LINE_COUNT, DETAIL_NODES = range(5, 10)
DETAIL_WORDS = 10

# One output of a row, looked at after it ran: first sample, lanes, copy of its last sample.
OUTPUT_DATA, OUTPUT_LANES, OUTPUT_LAST = range(3)
OUTPUT_WORDS = 3

# The states behind a row: data, states, lanes, what they start from.
STATE_DATA, STATE_COUNT, STATE_LANES, STATE_INITIAL = range(4)
STATE_WORDS = 4

# The delay lines behind a row: first float, length, lane.
LINE_DATA, LINE_LENGTH, LINE_LANE = range(3)
LINE_WORDS = 3
ALL_LANES = -1

# One parameter slot: a buffer that holds a knob's smoothed value. Its readers' strides are 0 while it rests.
SLOT_STRIDES, SLOT_LANES, SLOT_DATA, SLOT_CURRENT, SLOT_TARGET, SLOT_STEP, SLOT_REMAINING = range(7)
SLOT_ACTIVE, SLOT_RENDERED, SLOT_RAMP, SLOT_ROW, SLOT_STRIDE_COUNT = 7, 8, 9, 10, 11
SLOT_WORDS = 12

# Where a handle (a parameter of a node, the same in every plan) is found in this plan.
HANDLE_SLOT, HANDLE_LANE, HANDLE_LANES = range(3)
HANDLE_WORDS = 3

# Memory that is taken over from the plan before: destination, source, count (bytes, or lanes to add), how, and
# the step of the source (0 spreads one lane over all).
COPY_TO, COPY_FROM, COPY_COUNT, COPY_HOW, COPY_STEP = range(5)
COPY_WORDS = 5
COPY_BYTES, COPY_ADD_FLOATS, COPY_ADD_DOUBLES = range(3)

# A feedback buffer: its row of previous samples, its last row, lanes.
CARRY_TO, CARRY_FROM, CARRY_LANES = range(3)
CARRY_WORDS = 3

# The plan.
PLAN_ROWS, PLAN_ROW_COUNT, PLAN_SLOTS, PLAN_SLOT_COUNT, PLAN_HANDLES, PLAN_HANDLE_COUNT = range(6)
PLAN_CARRIES, PLAN_CARRY_COUNT, PLAN_COPIES, PLAN_COPY_COUNT = 6, 7, 8, 9
PLAN_ACTIVE, PLAN_ACTIVE_COUNT = 10, 11
PLAN_WORDS = 12
