"""The engine's native loop: one quantum of a plan at a time.

Native functions over 8-byte words (see ``native.words``). They never allocate, lock, wait, raise or enter Python;
the compiler checks this. The same functions run in plain Python in the stepper.
"""

from __future__ import annotations

from nodegraph.kernel import NativeFunction
from nodegraph.native.words import (
    as_f32,
    as_f64,
    as_i64,
    call_kernel,
    copy_bytes,
    flush_denormals,
    load_acquire,
    restore_denormals,
    store_release,
    ticks,
)
from nodegraph.plan import layout
from nodegraph.quantum import QUANTUM

from .arrivals import receive_events

# The engine's words.
ENGINE_PLAN, ENGINE_NEXT, ENGINE_SWAPPED_AT, ENGINE_CLOCK, ENGINE_RING, ENGINE_RING_SIZE, ENGINE_HEAD = range(7)
ENGINE_TAIL, ENGINE_PROFILE, ENGINE_FAULTS, ENGINE_INPUT, ENGINE_INPUTS, ENGINE_OUTPUT, ENGINE_OUTPUTS = range(7, 14)
ENGINE_WALK, ENGINE_CHECK, ENGINE_ARRIVALS, ENGINE_WALK_STEPS = 14, 15, 16, 17
ENGINE_WORDS = 18

# A message in the ring (see ``messages``): sample, handle, lane, value.
MESSAGE_TIME, MESSAGE_HANDLE, MESSAGE_LANE, MESSAGE_VALUE = range(4)
MESSAGE_WORDS = 4

PROFILE_EVERY = 17  # quanta from one timed quantum to the next; prime, so that all phases of a hop are timed


def quantum(engine: int, start: int, samples: int) -> None:
    """Compute the next 64 samples of the current plan from the device's input buffer to its output buffer.

    The caller must have disabled denormals.
    """
    e = as_i64(engine)
    head = load_acquire(engine + 8 * ENGINE_HEAD)  # before the plan: a message for a new plan never precedes it
    next_plan = load_acquire(engine + 8 * ENGINE_NEXT)
    if next_plan != 0:
        if e[ENGINE_PLAN] != 0:
            clear_faults(e[ENGINE_PLAN])
        migrate(next_plan)
        e[ENGINE_PLAN] = next_plan
        e[ENGINE_SWAPPED_AT] = e[ENGINE_CLOCK]
        store_release(engine + 8 * ENGINE_NEXT, 0)
    if e[ENGINE_PLAN] == 0:
        silence = as_f32(e[ENGINE_OUTPUT])
        for k in range(QUANTUM * e[ENGINE_OUTPUTS]):
            silence[k] = 0.0
        return
    plan = as_i64(e[ENGINE_PLAN])
    receive_messages(engine, plan, head)
    receive_events(e[ENGINE_ARRIVALS], e[ENGINE_CLOCK])
    render_knobs(plan)
    carry_samples(plan[layout.PLAN_CARRIES], plan[layout.PLAN_CARRY_COUNT])
    steps = load_acquire(e[ENGINE_PLAN] + 8 * layout.PLAN_STEPS)
    if e[ENGINE_PROFILE] != 0 and (e[ENGINE_CLOCK] // QUANTUM) % PROFILE_EVERY == 0:
        walk_timed(engine, plan[layout.PLAN_ROWS], plan[layout.PLAN_ROW_COUNT])
        if steps != 0:
            block_muted_steps(steps)
    elif steps != 0:
        call_kernel(e[ENGINE_WALK_STEPS], engine, steps, plan[layout.PLAN_ACTIVE_COUNT])
    else:
        call_kernel(e[ENGINE_WALK], engine, plan[layout.PLAN_ROWS], plan[layout.PLAN_ROW_COUNT])
    e[ENGINE_CLOCK] += QUANTUM


def carry_samples(address: int, count: int) -> None:
    """Copy the last sample of feedback buffers before their first one."""
    carries = as_i64(address)
    for c in range(count):
        at = c * layout.CARRY_WORDS
        to, source = as_f32(carries[at + layout.CARRY_TO]), as_f32(carries[at + layout.CARRY_FROM])
        for lane in range(carries[at + layout.CARRY_LANES]):
            to[lane] = source[lane]


def walk_rows(engine: int, rows: int, count: int) -> None:
    """Run the rows of a plan. A separate kernel, so that no other code competes for its registers."""
    checker, r = as_i64(engine)[ENGINE_CHECK], as_i64(rows)
    for row in range(0, count * layout.ROW_WORDS, layout.ROW_WORDS):
        call_kernel(r[row + layout.ROW_KERNEL], r[row + layout.ROW_ARGUMENTS], 0, QUANTUM)
        check_row(r, row, rows, engine, checker)


def walk_timed(engine: int, rows: int, count: int) -> None:
    """Run the rows of a plan and add up the time of each."""
    checker, r = as_i64(engine)[ENGINE_CHECK], as_i64(rows)
    before = ticks()
    for row in range(0, count * layout.ROW_WORDS, layout.ROW_WORDS):
        call_kernel(r[row + layout.ROW_KERNEL], r[row + layout.ROW_ARGUMENTS], 0, QUANTUM)
        check_row(r, row, rows, engine, checker)
        now = ticks()
        as_i64(r[row + layout.ROW_DETAILS])[layout.DETAIL_CYCLES] += now - before
        before = now


def block_muted_steps(steps: int) -> None:
    """Run the steps of a fused plan that have muted rows as rows, after a quantum in which all rows ran."""
    w = as_i64(steps)
    for number in range(w[0]):
        at = layout.STEPS_HEADER + number * layout.STEP_WORDS
        if is_muted(w, at):
            w[at + layout.STEP_BLOCKED] = 1


def is_muted(w, at: int) -> bool:  # type: ignore[no-untyped-def]
    """Return whether a row of the step at word ``at`` is muted."""
    rows, flags = as_i64(w[at + layout.STEP_ROWS]), 0
    for k in range(w[at + layout.STEP_ROW_COUNT]):
        flags |= as_i64(rows[k])[layout.ROW_FLAGS]
    return flags & layout.FLAG_MUTED != 0


def migrate(plan: int) -> None:
    """Migrate state from the previous plan and mark all knobs active."""
    p = as_i64(plan)
    copies = as_i64(p[layout.PLAN_COPIES])
    for c in range(p[layout.PLAN_COPY_COUNT]):
        at = c * layout.COPY_WORDS
        count, how, step = copies[at + layout.COPY_COUNT], copies[at + layout.COPY_HOW], copies[at + layout.COPY_STEP]
        to, source = copies[at + layout.COPY_TO], copies[at + layout.COPY_FROM]
        if how == layout.COPY_BYTES:
            copy_bytes(to, source, count)
        elif how == layout.COPY_ADD_FLOATS:
            floats_to, floats = as_f32(to), as_f32(source)
            for k in range(count):
                floats_to[k] += floats[k * step]
        else:
            floats_to, doubles = as_f32(to), as_f64(source)
            for k in range(count):
                floats_to[k] += doubles[k * step]
    slots = as_i64(p[layout.PLAN_SLOTS])
    active = as_i64(p[layout.PLAN_ACTIVE])
    for k in range(p[layout.PLAN_SLOT_COUNT]):
        active[k] = slots[k]
        as_i64(slots[k])[layout.SLOT_ACTIVE] = 1
    p[layout.PLAN_ACTIVE_COUNT] = p[layout.PLAN_SLOT_COUNT]


def clear_faults(plan: int) -> None:
    """Unmute all rows of a plan and zero the delay lines of muted rows, which the next plan shares."""
    p = as_i64(plan)
    for row in range(p[layout.PLAN_ROW_COUNT]):
        unmute(p[layout.PLAN_ROWS] + 8 * layout.ROW_WORDS * row)


def receive_messages(engine: int, plan, head: int) -> None:  # type: ignore[no-untyped-def]
    """Apply the messages before ``head`` that are due in this quantum, each at its sample.

    Messages due later stay in the ring and do not delay those after them.
    """
    e = as_i64(engine)
    tail, mask = e[ENGINE_TAIL], e[ENGINE_RING_SIZE] - 1
    clock = e[ENGINE_CLOCK]
    ring = as_i64(e[ENGINE_RING])
    doubles = as_f64(e[ENGINE_RING])
    handles = as_i64(plan[layout.PLAN_HANDLES])
    for number in range(tail, head):
        at = (number & mask) * MESSAGE_WORDS
        offset, handle = ring[at + MESSAGE_TIME] - clock, ring[at + MESSAGE_HANDLE]
        if offset >= QUANTUM or handle < 0:
            continue
        ring[at + MESSAGE_TIME], ring[at + MESSAGE_HANDLE] = clock + max(offset, 0), ~handle
        if handle < plan[layout.PLAN_HANDLE_COUNT]:
            slot = handles[handle * layout.HANDLE_WORDS + layout.HANDLE_SLOT]
            if slot != 0:
                found = handle * layout.HANDLE_WORDS
                first, lanes = handles[found + layout.HANDLE_LANE], handles[found + layout.HANDLE_LANES]
                if ring[at + MESSAGE_LANE] >= 0:
                    first += ring[at + MESSAGE_LANE]
                    lanes = min(1, lanes - ring[at + MESSAGE_LANE])
                set_knob_target(plan, slot, max(offset, 0), first, lanes, doubles[at + MESSAGE_VALUE])
    while tail < head and ring[(tail & mask) * MESSAGE_WORDS + MESSAGE_HANDLE] < 0:
        tail += 1
    store_release(engine + 8 * ENGINE_TAIL, tail)


def set_knob_target(plan, slot: int, offset: int, first: int, lanes: int, value: float) -> None:  # type: ignore[no-untyped-def]
    """Set the target of some lanes of a slot at sample ``offset`` of this quantum.

    Samples already rendered are not changed: the ramp then starts at the first sample after them.
    """
    s = as_i64(slot)
    if s[layout.SLOT_ACTIVE] == 0:
        as_i64(plan[layout.PLAN_ACTIVE])[plan[layout.PLAN_ACTIVE_COUNT]] = slot
        plan[layout.PLAN_ACTIVE_COUNT] += 1
        s[layout.SLOT_ACTIVE] = 1
    set_strides(s, s[layout.SLOT_LANES])
    render_knob(slot, max(offset, s[layout.SLOT_RENDERED]))
    current, target, step = as_f64(s[layout.SLOT_CURRENT]), as_f64(s[layout.SLOT_TARGET]), as_f64(s[layout.SLOT_STEP])
    remaining, ramp = as_i64(s[layout.SLOT_REMAINING]), s[layout.SLOT_RAMP]
    for lane in range(first, first + lanes):
        target[lane] = value
        remaining[lane] = ramp
        if ramp > 0:
            step[lane] = (value - current[lane]) / ramp
        else:
            current[lane] = value
    if s[layout.SLOT_ROW] != 0:
        unmute(s[layout.SLOT_ROW])


def set_strides(s, stride: int) -> None:  # type: ignore[no-untyped-def]
    """Set the stride of all readers of a slot: its lanes while it moves, 0 while it is constant."""
    strides = as_i64(s[layout.SLOT_STRIDES])
    for k in range(s[layout.SLOT_STRIDE_COUNT]):
        as_i64(strides[k])[0] = stride


def render_knob(slot: int, stop: int) -> None:
    """Render the buffer of a slot up to sample ``stop``."""
    s = as_i64(slot)
    current, target, step = as_f64(s[layout.SLOT_CURRENT]), as_f64(s[layout.SLOT_TARGET]), as_f64(s[layout.SLOT_STEP])
    remaining, lanes, data = as_i64(s[layout.SLOT_REMAINING]), s[layout.SLOT_LANES], as_f32(s[layout.SLOT_DATA])
    for i in range(s[layout.SLOT_RENDERED], stop):
        for lane in range(lanes):
            if remaining[lane] > 0:
                remaining[lane] -= 1
                current[lane] = current[lane] + step[lane] if remaining[lane] > 0 else target[lane]
            data[i * lanes + lane] = current[lane]
    s[layout.SLOT_RENDERED] = stop


def render_knobs(plan) -> None:  # type: ignore[no-untyped-def]
    """Render the buffers of all active knobs and deactivate those that reached their target."""
    active = as_i64(plan[layout.PLAN_ACTIVE])
    count = 0
    for k in range(plan[layout.PLAN_ACTIVE_COUNT]):
        slot = active[k]
        s = as_i64(slot)
        moving = s[layout.SLOT_RENDERED] > 0
        remaining = as_i64(s[layout.SLOT_REMAINING])
        for lane in range(s[layout.SLOT_LANES]):
            moving = moving or remaining[lane] > 0
        render_knob(slot, QUANTUM)
        s[layout.SLOT_RENDERED] = 0
        set_strides(s, s[layout.SLOT_LANES] if moving else 0)
        s[layout.SLOT_ACTIVE] = 1 if moving else 0
        if moving:
            active[count] = slot
            count += 1
    plan[layout.PLAN_ACTIVE_COUNT] = count


def check_row(rows, row: int, address: int, engine: int, checker: int) -> None:  # type: ignore[no-untyped-def]
    """Store the last sample of a row's output and mute the row if the output is not finite.

    Rows with one output of one lane, the most frequent case, are checked here by sums of four, which preserve NaN and
    Inf.
    """
    if rows[row + layout.ROW_LANES] == 1:
        samples = as_f32(rows[row + layout.ROW_DATA])
        fault = False
        for i in range(QUANTUM // 4):
            some = (samples[i] + samples[i + 16]) + (samples[i + 32] + samples[i + 48])
            fault = True if some - some != 0.0 else fault
        as_f32(rows[row + layout.ROW_LAST])[0] = samples[QUANTUM - 1]
        if not fault and rows[row + layout.ROW_FLAGS] == 0:
            return
    call_kernel(checker, engine, address, row)


def check_row_slow(engine: int, address: int, row: int) -> None:
    """Check a row that has several lanes or outputs, is muted or has a fault."""
    rows, e = as_i64(address), as_i64(engine)
    details = as_i64(rows[row + layout.ROW_DETAILS])
    outputs = as_i64(details[layout.DETAIL_OUTPUTS])
    fault = False
    for k in range(details[layout.DETAIL_OUTPUT_COUNT]):
        at = k * layout.OUTPUT_WORDS
        samples, last = as_f32(outputs[at + layout.OUTPUT_DATA]), as_f32(outputs[at + layout.OUTPUT_LAST])
        lanes = outputs[at + layout.OUTPUT_LANES]
        for i in range(lanes * QUANTUM):
            fault = True if samples[i] - samples[i] != 0.0 else fault
        for lane in range(lanes):
            last[lane] = samples[lanes * (QUANTUM - 1) + lane]
    if fault or rows[row + layout.ROW_FLAGS] & layout.FLAG_MUTED:
        mute_faulty_lanes(rows, row, e)


def mute_faulty_lanes(rows, row: int, e) -> None:  # type: ignore[no-untyped-def]
    """Mute the lanes of a row that are not finite, and store which output failed first."""
    details = as_i64(rows[row + layout.ROW_DETAILS])
    outputs, count = as_i64(details[layout.DETAIL_OUTPUTS]), details[layout.DETAIL_OUTPUT_COUNT]
    faults, lanes = as_i64(details[layout.DETAIL_FAULTS]), details[layout.DETAIL_UNITS]
    for unit in range(max(lanes, 1)):
        if faults[unit] == 0:
            earliest = QUANTUM
            for k in range(count):
                width = outputs[k * layout.OUTPUT_WORDS + layout.OUTPUT_LANES]
                data = as_f32(outputs[k * layout.OUTPUT_WORDS + layout.OUTPUT_DATA])
                first, last = (unit, unit + 1) if lanes > 0 else (0, width)
                for i in range(earliest):
                    for lane in range(first, last):
                        if i < earliest and data[i * width + lane] - data[i * width + lane] != 0.0:
                            earliest = i
                            faults[unit] = k + 1
            if faults[unit] != 0:
                rows[row + layout.ROW_FLAGS] |= layout.FLAG_MUTED
                e[ENGINE_FAULTS] += 1 if details[layout.DETAIL_NODES] > 0 else 0
        if faults[unit] != 0:
            mute_unit(details, unit)
    if details[layout.DETAIL_NODES] == 0:  # a sum that overflows is muted only while it overflows
        clear_row_faults(rows, row)


def mute_unit(details, unit: int) -> None:  # type: ignore[no-untyped-def]
    """Zero one lane of a row's outputs, or all lanes if they fail together, and reset its states."""
    outputs, lanes = as_i64(details[layout.DETAIL_OUTPUTS]), details[layout.DETAIL_UNITS]
    for k in range(details[layout.DETAIL_OUTPUT_COUNT]):
        at = k * layout.OUTPUT_WORDS
        width = outputs[at + layout.OUTPUT_LANES]
        data, latest = as_f32(outputs[at + layout.OUTPUT_DATA]), as_f32(outputs[at + layout.OUTPUT_LAST])
        first, last = (unit, unit + 1) if lanes > 0 else (0, width)
        for lane in range(first, last):
            latest[lane] = 0.0
            for i in range(QUANTUM):
                data[i * width + lane] = 0.0
    states = as_i64(details[layout.DETAIL_STATES])
    for k in range(details[layout.DETAIL_STATE_COUNT]):
        at = k * layout.STATE_WORDS
        data64, initial = as_i64(states[at + layout.STATE_DATA]), as_i64(states[at + layout.STATE_INITIAL])
        width = states[at + layout.STATE_LANES]
        first, last = (unit, unit + 1) if lanes > 0 else (0, width)
        for j in range(states[at + layout.STATE_COUNT]):
            for lane in range(first, last):
                data64[j * width + lane] = initial[j * width + lane]


def unmute(address: int) -> None:
    """Unmute a row and clear its delay lines, after one of its parameters was set."""
    row = as_i64(address)
    if row[layout.ROW_FLAGS] & layout.FLAG_MUTED:
        details = as_i64(row[layout.ROW_DETAILS])
        faults, lines = as_i64(details[layout.DETAIL_FAULTS]), as_i64(details[layout.DETAIL_LINES])
        for k in range(details[layout.DETAIL_LINE_COUNT]):
            at = k * layout.LINE_WORDS
            lane, data = lines[at + layout.LINE_LANE], as_f32(lines[at + layout.LINE_DATA])
            if details[layout.DETAIL_UNITS] == 0 or lane < 0 or faults[lane] != 0:
                for i in range(lines[at + layout.LINE_LENGTH]):
                    data[i] = 0.0
        clear_row_faults(row, 0)


def clear_row_faults(rows, row: int) -> None:  # type: ignore[no-untyped-def]
    """Clear the fault flags of a row."""
    rows[row + layout.ROW_FLAGS] &= ~layout.FLAG_MUTED
    details = as_i64(rows[row + layout.ROW_DETAILS])
    faults = as_i64(details[layout.DETAIL_FAULTS])
    for lane in range(max(details[layout.DETAIL_UNITS], 1)):
        faults[lane] = 0


def process(arguments: int, start: int, samples: int) -> None:
    """Compute quanta from an input array into an output array, as fast as possible.

    Words: engine, input samples, output samples. ``samples`` counts quanta.
    """
    w = as_i64(arguments)
    engine = w[0]
    e = as_i64(engine)
    inputs, outputs = e[ENGINE_INPUTS], e[ENGINE_OUTPUTS]
    bus_in, bus_out = as_f32(e[ENGINE_INPUT]), as_f32(e[ENGINE_OUTPUT])
    mode = flush_denormals()
    for q in range(start, start + samples):
        source, target = as_f32(w[1] + 4 * QUANTUM * inputs * q), as_f32(w[2] + 4 * QUANTUM * outputs * q)
        for k in range(QUANTUM * inputs):
            bus_in[k] = source[k]
        quantum(engine, 0, QUANTUM)
        for k in range(QUANTUM * outputs):
            target[k] = bus_out[k]
    restore_denormals(mode)


PROCESS = NativeFunction(process)
WALK_ROWS = NativeFunction(walk_rows)
CHECK_ROW_SLOW = NativeFunction(check_row_slow)


def set_denormal_mode(arguments: int, start: int, samples: int) -> None:
    """Flush denormals to zero, as the audio thread does; store the previous mode at ``arguments``."""
    as_i64(arguments)[0] = flush_denormals()


def restore_denormal_mode(arguments: int, start: int, samples: int) -> None:
    """Restore the mode stored by ``set_denormal_mode``."""
    restore_denormals(as_i64(arguments)[0])


BEGIN, END = NativeFunction(set_denormal_mode), NativeFunction(restore_denormal_mode)


def read_ticks(arguments: int, start: int, samples: int) -> None:
    """Write the processor's cycle counter to the word at ``arguments``."""
    as_i64(arguments)[0] = ticks()


READ_TICKS = NativeFunction(read_ticks)
