"""The words that native code reads: rows, slots and the plan itself, as indices of 8-byte words."""

from __future__ import annotations

# One row of the plan, in one cache line: kernel, argument block, first output (data, lanes, address of its latest
# sample), flags, address of the details, and the latest sample if it has one lane.
ROW_KERNEL, ROW_ARGUMENTS, ROW_DATA, ROW_LANES, ROW_LAST, ROW_FLAGS, ROW_DETAILS, ROW_VALUE = range(8)
ROW_WORDS = 8
FLAG_MUTED, FLAG_MORE_OUTPUTS = 1, 2

# The details of a row. Units are the lanes that can be muted separately, 0 if all outputs are muted together. Nodes is
# 0 in rows added by the plan, whose faults are not reported.
DETAIL_OUTPUTS, DETAIL_OUTPUT_COUNT, DETAIL_CYCLES, DETAIL_FAULTS, DETAIL_UNITS = range(5)
DETAIL_STATES, DETAIL_STATE_COUNT, DETAIL_LINES, DETAIL_LINE_COUNT, DETAIL_NODES = range(5, 10)
DETAIL_WORDS = 10

# One output of a row, checked after the row has run: first sample, lanes, copy of its latest sample.
OUTPUT_DATA, OUTPUT_LANES, OUTPUT_LAST = range(3)
OUTPUT_WORDS = 3

# The states of a row: data, states, lanes, initial values.
STATE_DATA, STATE_COUNT, STATE_LANES, STATE_INITIAL = range(4)
STATE_WORDS = 4

# The delay lines of a row: first float, length, lane.
LINE_DATA, LINE_LENGTH, LINE_LANE = range(3)
LINE_WORDS = 3
ALL_LANES = -1

# One parameter slot: a buffer with a knob's smoothed value. The strides of its readers are 0 while it is constant.
SLOT_STRIDES, SLOT_LANES, SLOT_DATA, SLOT_CURRENT, SLOT_TARGET, SLOT_STEP, SLOT_REMAINING = range(7)
SLOT_ACTIVE, SLOT_RENDERED, SLOT_RAMP, SLOT_ROW, SLOT_STRIDE_COUNT = 7, 8, 9, 10, 11
SLOT_WORDS = 12

# The knob of a handle in this plan. A handle refers to the same knob in all plans.
HANDLE_SLOT, HANDLE_LANE, HANDLE_LANES = range(3)
HANDLE_WORDS = 3

# Memory that is copied from the previous plan at the swap: destination, source, count (bytes, or lanes to add), mode,
# and the step of the source (0 copies one lane to all).
COPY_TO, COPY_FROM, COPY_COUNT, COPY_HOW, COPY_STEP = range(5)
COPY_WORDS = 5
COPY_BYTES, COPY_ADD_FLOATS, COPY_ADD_DOUBLES = range(3)

# A feedback buffer: address of the sample before the quantum, of the last one of the quantum, lanes.
CARRY_TO, CARRY_FROM, CARRY_LANES = range(3)
CARRY_WORDS = 3

# The plan.
PLAN_ROWS, PLAN_ROW_COUNT, PLAN_SLOTS, PLAN_SLOT_COUNT, PLAN_HANDLES, PLAN_HANDLE_COUNT = range(6)
PLAN_CARRIES, PLAN_CARRY_COUNT, PLAN_COPIES, PLAN_COPY_COUNT = 6, 7, 8, 9
PLAN_ACTIVE, PLAN_ACTIVE_COUNT, PLAN_STEPS = 10, 11, 12
PLAN_WORDS = 13

# The steps of a plan with fused kernels: their number, and for each one a record of a cache line: the fused kernel (0:
# none) and its arguments, the addresses of its rows, the addresses of words that must be 0 while it runs fused, whether
# it must run as rows, and whether its rows are those of a feedback loop. PLAN_STEPS is 0 if there are none.
STEP_KERNEL, STEP_ARGUMENTS, STEP_ROWS, STEP_ROW_COUNT, STEP_STILL, STEP_STILL_COUNT = range(6)
STEP_BLOCKED, STEP_LOOP = 6, 7
STEP_WORDS = 8
STEPS_HEADER = 8  # words before the first step; the first is the number of steps
STEP_FAULT = 0  # word of a fused kernel's arguments that it sets when a value is NaN or Inf
