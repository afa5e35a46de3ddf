"""The engine's native loop: one quantum of a plan at a time.

Native functions over 8-byte words (see ``native.words``). They never allocate, lock, wait, raise or
enter Python, which is proved when they are compiled. The same functions run in plain Python to step
through a plan.
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
from nodegraph.plan import layout as lay
from nodegraph.quantum import QUANTUM

from .arrivals import receive_events

# The engine's words.
ENGINE_PLAN, ENGINE_NEXT, ENGINE_TAKEN, ENGINE_CLOCK, ENGINE_RING, ENGINE_RING_SIZE, ENGINE_HEAD = range(7)
ENGINE_TAIL, ENGINE_PROFILE, ENGINE_FAULTS, ENGINE_INPUT, ENGINE_INPUTS, ENGINE_OUTPUT, ENGINE_OUTPUTS = range(7, 14)
ENGINE_WALK, ENGINE_CHECK, ENGINE_ARRIVALS = 14, 15, 16
ENGINE_WORDS = 17

# A message in the ring (see ``messages``): when, what, which lane, value.
MESSAGE_TIME, MESSAGE_HANDLE, MESSAGE_LANE, MESSAGE_VALUE = range(4)
MESSAGE_WORDS = 4

PROFILE_EVERY = 17  # quanta between those whose rows are timed; prime, so that every hop comes to be timed


def quantum(engine: int, start: int, samples: int) -> None:
    """Compute the next 64 samples of the current plan from the device's input buffer to its output buffer.

    Whoever calls it has switched denormals off.
    """
    e = as_i64(engine)
    head = load_acquire(engine + 8 * ENGINE_HEAD)  # before the plan: a message for a new plan never precedes it
    waiting = load_acquire(engine + 8 * ENGINE_NEXT)
    if waiting != 0:
        if e[ENGINE_PLAN] != 0:
            clear_faults(e[ENGINE_PLAN])
        take_over(waiting)
        e[ENGINE_PLAN] = waiting
        e[ENGINE_TAKEN] = e[ENGINE_CLOCK]
        store_release(engine + 8 * ENGINE_NEXT, 0)
    if e[ENGINE_PLAN] == 0:
        silence = as_f32(e[ENGINE_OUTPUT])
        for k in range(QUANTUM * e[ENGINE_OUTPUTS]):
            silence[k] = 0.0
        return
    plan = as_i64(e[ENGINE_PLAN])
    receive_messages(engine, plan, head)
    receive_events(e[ENGINE_ARRIVALS], e[ENGINE_CLOCK])
    render_slots(plan)
    carries = as_i64(plan[lay.PLAN_CARRIES])
    for c in range(plan[lay.PLAN_CARRY_COUNT]):
        at = c * lay.CARRY_WORDS
        to, since = as_f32(carries[at + lay.CARRY_TO]), as_f32(carries[at + lay.CARRY_FROM])
        for lane in range(carries[at + lay.CARRY_LANES]):
            to[lane] = since[lane]
    if e[ENGINE_PROFILE] != 0 and (e[ENGINE_CLOCK] // QUANTUM) % PROFILE_EVERY == 0:
        walk_timed(engine, plan[lay.PLAN_ROWS], plan[lay.PLAN_ROW_COUNT])
    else:
        call_kernel(e[ENGINE_WALK], engine, plan[lay.PLAN_ROWS], plan[lay.PLAN_ROW_COUNT])
    e[ENGINE_CLOCK] += QUANTUM


def walk_rows(engine: int, rows: int, count: int) -> None:
    """Run the rows of a plan. A kernel by itself, so that nothing else competes for registers with it."""
    checker, r = as_i64(engine)[ENGINE_CHECK], as_i64(rows)
    for row in range(0, count * lay.ROW_WORDS, lay.ROW_WORDS):
        call_kernel(r[row + lay.ROW_KERNEL], r[row + lay.ROW_ARGUMENTS], 0, QUANTUM)
        check_row(r, row, rows, engine, checker)


def walk_timed(engine: int, rows: int, count: int) -> None:
    """Run the rows of a plan and add up the time of each."""
    checker, r = as_i64(engine)[ENGINE_CHECK], as_i64(rows)
    before = ticks()
    for row in range(0, count * lay.ROW_WORDS, lay.ROW_WORDS):
        call_kernel(r[row + lay.ROW_KERNEL], r[row + lay.ROW_ARGUMENTS], 0, QUANTUM)
        check_row(r, row, rows, engine, checker)
        now = ticks()
        as_i64(r[row + lay.ROW_DETAILS])[lay.DETAIL_CYCLES] += now - before
        before = now


def take_over(plan: int) -> None:
    """Fetch from the plan before what a new plan goes on with, and let all its knobs settle."""
    p = as_i64(plan)
    copies = as_i64(p[lay.PLAN_COPIES])
    for c in range(p[lay.PLAN_COPY_COUNT]):
        at = c * lay.COPY_WORDS
        count, how, step = copies[at + lay.COPY_COUNT], copies[at + lay.COPY_HOW], copies[at + lay.COPY_STEP]
        to, source = copies[at + lay.COPY_TO], copies[at + lay.COPY_FROM]
        if how == lay.COPY_BYTES:
            copy_bytes(to, source, count)
        elif how == lay.COPY_ADD_FLOATS:
            floats_to, floats = as_f32(to), as_f32(source)
            for k in range(count):
                floats_to[k] += floats[k * step]
        else:
            floats_to, doubles = as_f32(to), as_f64(source)
            for k in range(count):
                floats_to[k] += doubles[k * step]
    slots = as_i64(p[lay.PLAN_SLOTS])
    active = as_i64(p[lay.PLAN_ACTIVE])
    for k in range(p[lay.PLAN_SLOT_COUNT]):
        active[k] = slots[k]
        as_i64(slots[k])[lay.SLOT_ACTIVE] = 1
    p[lay.PLAN_ACTIVE_COUNT] = p[lay.PLAN_SLOT_COUNT]


def clear_faults(plan: int) -> None:
    """Unmute all rows of a plan and zero the delay lines of what was muted: its successor shares the lines."""
    p = as_i64(plan)
    for row in range(p[lay.PLAN_ROW_COUNT]):
        unmute(p[lay.PLAN_ROWS] + 8 * lay.ROW_WORDS * row)


def receive_messages(engine: int, plan, head: int) -> None:  # type: ignore[no-untyped-def]
    """Apply all messages before ``head`` that are due in this quantum, each at its sample.

    Messages with a later time stay in the ring and do not delay those behind them.
    """
    e = as_i64(engine)
    tail, mask = e[ENGINE_TAIL], e[ENGINE_RING_SIZE] - 1
    clock = e[ENGINE_CLOCK]
    ring = as_i64(e[ENGINE_RING])
    doubles = as_f64(e[ENGINE_RING])
    handles = as_i64(plan[lay.PLAN_HANDLES])
    for number in range(tail, head):
        at = (number & mask) * MESSAGE_WORDS
        offset, handle = ring[at + MESSAGE_TIME] - clock, ring[at + MESSAGE_HANDLE]
        if offset >= QUANTUM or handle < 0:
            continue
        ring[at + MESSAGE_TIME], ring[at + MESSAGE_HANDLE] = clock + max(offset, 0), ~handle
        if handle < plan[lay.PLAN_HANDLE_COUNT]:
            slot = handles[handle * lay.HANDLE_WORDS + lay.HANDLE_SLOT]
            if slot != 0:
                found = handle * lay.HANDLE_WORDS
                first, lanes = handles[found + lay.HANDLE_LANE], handles[found + lay.HANDLE_LANES]
                if ring[at + MESSAGE_LANE] >= 0:
                    first += ring[at + MESSAGE_LANE]
                    lanes = min(1, lanes - ring[at + MESSAGE_LANE])
                turn_knob(plan, slot, max(offset, 0), first, lanes, doubles[at + MESSAGE_VALUE])
    while tail < head and ring[(tail & mask) * MESSAGE_WORDS + MESSAGE_HANDLE] < 0:
        tail += 1
    store_release(engine + 8 * ENGINE_TAIL, tail)


def turn_knob(plan, slot: int, offset: int, first: int, lanes: int, value: float) -> None:  # type: ignore[no-untyped-def]
    """Give some lanes of a slot a new target from sample ``offset`` of this quantum on.

    What was turned after that sample already is not taken back: then it counts from there.
    """
    s = as_i64(slot)
    if s[lay.SLOT_ACTIVE] == 0:
        as_i64(plan[lay.PLAN_ACTIVE])[plan[lay.PLAN_ACTIVE_COUNT]] = slot
        plan[lay.PLAN_ACTIVE_COUNT] += 1
        s[lay.SLOT_ACTIVE] = 1
    set_strides(s, s[lay.SLOT_LANES])
    render_slot(slot, max(offset, s[lay.SLOT_RENDERED]))
    current, target, step = as_f64(s[lay.SLOT_CURRENT]), as_f64(s[lay.SLOT_TARGET]), as_f64(s[lay.SLOT_STEP])
    remaining, ramp = as_i64(s[lay.SLOT_REMAINING]), s[lay.SLOT_RAMP]
    for lane in range(first, first + lanes):
        target[lane] = value
        remaining[lane] = ramp
        if ramp > 0:
            step[lane] = (value - current[lane]) / ramp
        else:
            current[lane] = value
    if s[lay.SLOT_ROW] != 0:
        unmute(s[lay.SLOT_ROW])


def set_strides(s, stride: int) -> None:  # type: ignore[no-untyped-def]
    """Let all who read a slot step through its buffer, or stay at its first row while it rests."""
    strides = as_i64(s[lay.SLOT_STRIDES])
    for k in range(s[lay.SLOT_STRIDE_COUNT]):
        as_i64(strides[k])[0] = stride


def render_slot(slot: int, upto: int) -> None:
    """Write a slot's buffer from where it was rendered to sample ``upto``."""
    s = as_i64(slot)
    current, target, step = as_f64(s[lay.SLOT_CURRENT]), as_f64(s[lay.SLOT_TARGET]), as_f64(s[lay.SLOT_STEP])
    remaining, lanes, data = as_i64(s[lay.SLOT_REMAINING]), s[lay.SLOT_LANES], as_f32(s[lay.SLOT_DATA])
    for i in range(s[lay.SLOT_RENDERED], upto):
        for lane in range(lanes):
            if remaining[lane] > 0:
                remaining[lane] -= 1
                current[lane] = current[lane] + step[lane] if remaining[lane] > 0 else target[lane]
            data[i * lanes + lane] = current[lane]
    s[lay.SLOT_RENDERED] = upto


def render_slots(plan) -> None:  # type: ignore[no-untyped-def]
    """Write the buffers of all knobs that move; those that have come to rest are left alone from now on."""
    active = as_i64(plan[lay.PLAN_ACTIVE])
    kept = 0
    for k in range(plan[lay.PLAN_ACTIVE_COUNT]):
        slot = active[k]
        s = as_i64(slot)
        moving = s[lay.SLOT_RENDERED] > 0
        remaining = as_i64(s[lay.SLOT_REMAINING])
        for lane in range(s[lay.SLOT_LANES]):
            moving = moving or remaining[lane] > 0
        render_slot(slot, QUANTUM)
        s[lay.SLOT_RENDERED] = 0
        set_strides(s, s[lay.SLOT_LANES] if moving else 0)
        s[lay.SLOT_ACTIVE] = 1 if moving else 0
        if moving:
            active[kept] = slot
            kept += 1
    plan[lay.PLAN_ACTIVE_COUNT] = kept


def check_row(rows, row: int, address: int, engine: int, checker: int) -> None:  # type: ignore[no-untyped-def]
    """Look at what a row wrote: keep its last sample, silence it if it is not finite.

    One output of one lane, by far the most frequent, is done here: in sums of four, where NaN and Inf survive.
    """
    if rows[row + lay.ROW_LANES] == 1:
        samples = as_f32(rows[row + lay.ROW_DATA])
        fault = False
        for i in range(QUANTUM // 4):
            some = (samples[i] + samples[i + 16]) + (samples[i + 32] + samples[i + 48])
            fault = True if some - some != 0.0 else fault
        as_f32(rows[row + lay.ROW_LAST])[0] = samples[QUANTUM - 1]
        if not fault and rows[row + lay.ROW_FLAGS] == 0:
            return
    call_kernel(checker, engine, address, row)


def check_further(engine: int, address: int, row: int) -> None:
    """The rest of the check, for rows of several lanes or outputs, rows that are muted, and faults."""
    rows, e = as_i64(address), as_i64(engine)
    details = as_i64(rows[row + lay.ROW_DETAILS])
    outputs = as_i64(details[lay.DETAIL_OUTPUTS])
    fault = False
    for k in range(details[lay.DETAIL_OUTPUT_COUNT]):
        at = k * lay.OUTPUT_WORDS
        samples, last = as_f32(outputs[at + lay.OUTPUT_DATA]), as_f32(outputs[at + lay.OUTPUT_LAST])
        lanes = outputs[at + lay.OUTPUT_LANES]
        for i in range(lanes * QUANTUM):
            fault = True if samples[i] - samples[i] != 0.0 else fault
        for lane in range(lanes):
            last[lane] = samples[lanes * (QUANTUM - 1) + lane]
    if fault or rows[row + lay.ROW_FLAGS] & lay.FLAG_MUTED:
        silence(rows, row, e)


def silence(rows, row: int, e) -> None:  # type: ignore[no-untyped-def]
    """Mute the lanes of a row that are not finite, remember which output began, and keep them mute."""
    details = as_i64(rows[row + lay.ROW_DETAILS])
    outputs, count = as_i64(details[lay.DETAIL_OUTPUTS]), details[lay.DETAIL_OUTPUT_COUNT]
    faults, lanes = as_i64(details[lay.DETAIL_FAULTS]), details[lay.DETAIL_UNITS]
    for unit in range(max(lanes, 1)):
        if faults[unit] == 0:
            earliest = QUANTUM
            for k in range(count):
                width = outputs[k * lay.OUTPUT_WORDS + lay.OUTPUT_LANES]
                data = as_f32(outputs[k * lay.OUTPUT_WORDS + lay.OUTPUT_DATA])
                first, last = (unit, unit + 1) if lanes > 0 else (0, width)
                for i in range(earliest):
                    for lane in range(first, last):
                        if i < earliest and data[i * width + lane] - data[i * width + lane] != 0.0:
                            earliest = i
                            faults[unit] = k + 1
            if faults[unit] != 0:
                rows[row + lay.ROW_FLAGS] |= lay.FLAG_MUTED
                e[ENGINE_FAULTS] += 1 if details[lay.DETAIL_NODES] > 0 else 0
        if faults[unit] != 0:
            mute_unit(details, unit)
    if details[lay.DETAIL_NODES] == 0:  # a sum that overflows is mute for as long as it does
        forgive(rows, row)


def mute_unit(details, unit: int) -> None:  # type: ignore[no-untyped-def]
    """Zero one lane of a row's outputs (all lanes where they differ) and put its states back to their start."""
    outputs, lanes = as_i64(details[lay.DETAIL_OUTPUTS]), details[lay.DETAIL_UNITS]
    for k in range(details[lay.DETAIL_OUTPUT_COUNT]):
        at = k * lay.OUTPUT_WORDS
        width = outputs[at + lay.OUTPUT_LANES]
        data, kept = as_f32(outputs[at + lay.OUTPUT_DATA]), as_f32(outputs[at + lay.OUTPUT_LAST])
        first, last = (unit, unit + 1) if lanes > 0 else (0, width)
        for lane in range(first, last):
            kept[lane] = 0.0
            for i in range(QUANTUM):
                data[i * width + lane] = 0.0
    states = as_i64(details[lay.DETAIL_STATES])
    for k in range(details[lay.DETAIL_STATE_COUNT]):
        at = k * lay.STATE_WORDS
        data64, initial = as_i64(states[at + lay.STATE_DATA]), as_i64(states[at + lay.STATE_INITIAL])
        width = states[at + lay.STATE_LANES]
        first, last = (unit, unit + 1) if lanes > 0 else (0, width)
        for j in range(states[at + lay.STATE_COUNT]):
            for lane in range(first, last):
                data64[j * width + lane] = initial[j * width + lane]


def unmute(address: int) -> None:
    """Give a muted row another chance, with empty delay lines: somebody has turned one of its knobs."""
    row = as_i64(address)
    if row[lay.ROW_FLAGS] & lay.FLAG_MUTED:
        details = as_i64(row[lay.ROW_DETAILS])
        faults, lines = as_i64(details[lay.DETAIL_FAULTS]), as_i64(details[lay.DETAIL_LINES])
        for k in range(details[lay.DETAIL_LINE_COUNT]):
            at = k * lay.LINE_WORDS
            lane, data = lines[at + lay.LINE_LANE], as_f32(lines[at + lay.LINE_DATA])
            if details[lay.DETAIL_UNITS] == 0 or lane < 0 or faults[lane] != 0:
                for i in range(lines[at + lay.LINE_LENGTH]):
                    data[i] = 0.0
        forgive(row, 0)


def forgive(rows, row: int) -> None:  # type: ignore[no-untyped-def]
    """Forget the faults of a row."""
    rows[row + lay.ROW_FLAGS] &= ~lay.FLAG_MUTED
    details = as_i64(rows[row + lay.ROW_DETAILS])
    faults = as_i64(details[lay.DETAIL_FAULTS])
    for lane in range(max(details[lay.DETAIL_UNITS], 1)):
        faults[lane] = 0


def process(arguments: int, start: int, samples: int) -> None:
    """Run whole quanta from an input array into an output array, faster than time.

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
CHECK_FURTHER = NativeFunction(check_further)


def begin(arguments: int, start: int, samples: int) -> None:
    """Calculate as the audio thread does from now on; the word at ``arguments`` keeps how it was before."""
    as_i64(arguments)[0] = flush_denormals()


def end(arguments: int, start: int, samples: int) -> None:
    """Calculate as before ``begin``."""
    restore_denormals(as_i64(arguments)[0])


BEGIN, END = NativeFunction(begin), NativeFunction(end)


def read_ticks(arguments: int, start: int, samples: int) -> None:
    """The processor's cycle counter, into the word at ``arguments``."""
    as_i64(arguments)[0] = ticks()


READ_TICKS = NativeFunction(read_ticks)
