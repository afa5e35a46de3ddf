"""The native loops of two cores that compute one plan: its first part here, its second part on the other core.

The first part runs ahead by up to ``PAIR_DEPTH`` quanta. It passes each quantum on through a ring: an entry holds the
address of the output and the samples that the second part reads, and two counters tell how many entries were made and
taken. While a knob moves, and to start a new plan, both parts run here, after all entries are taken. Python divides the
plan (``second_core``).
"""

from __future__ import annotations

from nodegraph.kernel import NativeFunction
from nodegraph.native.words import (
    as_f32,
    as_i64,
    call_kernel,
    copy_bytes,
    flush_denormals,
    load_acquire,
    nanoseconds,
    restore_denormals,
    store_release,
    ticks,
)
from nodegraph.plan import layout
from nodegraph.quantum import QUANTUM

from .arrivals import receive_events
from .steps import run_step
from .walk import (
    ENGINE_ARRIVALS,
    ENGINE_CLOCK,
    ENGINE_HEAD,
    ENGINE_INPUT,
    ENGINE_INPUTS,
    ENGINE_NEXT,
    ENGINE_OUTPUT,
    ENGINE_OUTPUTS,
    ENGINE_PLAN,
    ENGINE_RING,
    ENGINE_RING_SIZE,
    ENGINE_TAIL,
    MESSAGE_HANDLE,
    MESSAGE_TIME,
    MESSAGE_WORDS,
    carry_samples,
    quantum,
    receive_messages,
    render_knobs,
)

# The words of the pair; the first three are those of ``process``. The counters have cache lines of their own.
PAIR_ENGINE, PAIR_SOURCE, PAIR_TARGET, PAIR_DONE = range(4)
PAIR_PLAN, PAIR_WALK, PAIR_SECOND_ENGINE, PAIR_DIVIDED = range(4, 8)  # DIVIDED: 0 while both parts run on one core
PAIR_FIRST, PAIR_SECOND, PAIR_COPIES, PAIR_COPY_COUNT = range(8, 12)  # addresses of the parts, see below
PAIR_RING, PAIR_ENTRY_BYTES, PAIR_DEPTH = range(12, 15)
PAIR_MADE, PAIR_TAKEN = 16, 24
PAIR_WORDS = 32

# A part: its first step, their number, its feedback buffers, and the address of the ticks of each step (0: not timed).
PART_STEPS, PART_COUNT, PART_CARRIES, PART_CARRY_COUNT, PART_TIMES = range(5)
PART_WORDS = 5

# A crossing buffer: where the first part writes it, where the second one reads it, bytes, position in an entry.
CROSSING_FROM, CROSSING_TO, CROSSING_BYTES, CROSSING_AT = range(4)
CROSSING_WORDS = 4

MAX_WAIT_NS = 200_000  # that a core waits for the other one before it returns to Python, which sleeps


def compute_first(arguments: int, start: int, samples: int) -> None:
    """Compute quanta from the input array, the second part of each on the other core, until all entries are taken.

    ``samples`` counts quanta. ``PAIR_DONE`` is the number of those completed here, ``samples`` + 1 at the end; it is
    less if the other core took none for ``MAX_WAIT_NS``.
    """
    w = as_i64(arguments)
    e = as_i64(w[PAIR_ENGINE])
    inputs, outputs = e[ENGINE_INPUTS], e[ENGINE_OUTPUTS]
    bus_in = as_f32(e[ENGINE_INPUT])
    mode = flush_denormals()
    done, is_stuck = 0, False
    while done < samples and not is_stuck:
        source = as_f32(w[PAIR_SOURCE] + 4 * QUANTUM * inputs * (start + done))
        target = w[PAIR_TARGET] + 4 * QUANTUM * outputs * (start + done)
        runs_ahead = can_run_ahead(w, e)
        is_stuck = not wait_for_second(arguments, w[PAIR_DEPTH] - 1 if runs_ahead else 0)
        if not is_stuck:
            for k in range(QUANTUM * inputs):
                bus_in[k] = source[k]
            if runs_ahead:
                compute_ahead(arguments, target)
            else:
                compute_both(w, e)
                copy_bytes(target, e[ENGINE_OUTPUT], 4 * QUANTUM * outputs)
            done += 1
    if not is_stuck and wait_for_second(arguments, 0):
        done += 1
    w[PAIR_DONE] = done
    restore_denormals(mode)


def wait_for_second(arguments: int, most: int) -> bool:
    """Wait until the other core has taken all entries but ``most``; return whether it has, in time."""
    made = as_i64(arguments)[PAIR_MADE]
    if made - load_acquire(arguments + 8 * PAIR_TAKEN) <= most:
        return True
    until = nanoseconds() + MAX_WAIT_NS
    while nanoseconds() < until:
        if made - load_acquire(arguments + 8 * PAIR_TAKEN) <= most:
            return True
    return False


def can_run_ahead(w, e) -> bool:  # type: ignore[no-untyped-def]
    """Return whether no knob of the plan moves in the next quantum, and no other plan starts."""
    if w[PAIR_DIVIDED] == 0 or w[PAIR_PLAN] != e[ENGINE_PLAN]:
        return False
    head, tail = load_acquire(w[PAIR_ENGINE] + 8 * ENGINE_HEAD), e[ENGINE_TAIL]
    if load_acquire(w[PAIR_ENGINE] + 8 * ENGINE_NEXT) != 0:
        return False
    ring, mask = as_i64(e[ENGINE_RING]), e[ENGINE_RING_SIZE] - 1
    for number in range(tail, head):
        at = (number & mask) * MESSAGE_WORDS
        if ring[at + MESSAGE_HANDLE] >= 0 and ring[at + MESSAGE_TIME] - e[ENGINE_CLOCK] < QUANTUM:
            return False
    return as_i64(e[ENGINE_PLAN])[layout.PLAN_ACTIVE_COUNT] == 0


def compute_ahead(arguments: int, target: int) -> None:
    """Compute the first part of a quantum, and make an entry for the other core, which writes to ``target``."""
    w = as_i64(arguments)
    e = as_i64(w[PAIR_ENGINE])
    receive_events(e[ENGINE_ARRIVALS], e[ENGINE_CLOCK])
    call_kernel(w[PAIR_WALK], w[PAIR_ENGINE], w[PAIR_FIRST], 0)
    made = w[PAIR_MADE]
    entry = w[PAIR_RING] + made % w[PAIR_DEPTH] * w[PAIR_ENTRY_BYTES]
    as_i64(entry)[0] = target
    copy_crossing(w, CROSSING_AT, entry, CROSSING_FROM, 0)
    e[ENGINE_CLOCK] += QUANTUM
    store_release(arguments + 8 * PAIR_MADE, made + 1)


def compute_both(w, e) -> None:  # type: ignore[no-untyped-def]
    """Compute both parts of a quantum on this core."""
    engine = w[PAIR_ENGINE]
    head = load_acquire(engine + 8 * ENGINE_HEAD)
    if load_acquire(engine + 8 * ENGINE_NEXT) != 0 or w[PAIR_PLAN] != e[ENGINE_PLAN] or e[ENGINE_PLAN] == 0:
        quantum(engine, 0, QUANTUM)
        return
    plan = as_i64(e[ENGINE_PLAN])
    receive_messages(engine, plan, head)
    receive_events(e[ENGINE_ARRIVALS], e[ENGINE_CLOCK])
    render_knobs(plan)
    call_kernel(w[PAIR_WALK], engine, w[PAIR_FIRST], plan[layout.PLAN_ACTIVE_COUNT])
    copy_crossing(w, CROSSING_TO, 0, CROSSING_FROM, 0)
    call_kernel(w[PAIR_WALK], engine, w[PAIR_SECOND], plan[layout.PLAN_ACTIVE_COUNT])
    e[ENGINE_CLOCK] += QUANTUM


def compute_second(arguments: int, start: int, samples: int) -> None:
    """Take entries and compute the second part of their quanta, until there was none for ``MAX_WAIT_NS``."""
    w = as_i64(arguments)
    mode = flush_denormals()
    taken, until = w[PAIR_TAKEN], nanoseconds() + MAX_WAIT_NS
    while nanoseconds() < until:
        while load_acquire(arguments + 8 * PAIR_MADE) != taken:
            e = as_i64(w[PAIR_SECOND_ENGINE])
            entry = w[PAIR_RING] + taken % w[PAIR_DEPTH] * w[PAIR_ENTRY_BYTES]
            copy_crossing(w, CROSSING_TO, 0, CROSSING_AT, entry)
            call_kernel(w[PAIR_WALK], w[PAIR_SECOND_ENGINE], w[PAIR_SECOND], 0)
            copy_bytes(as_i64(entry)[0], e[ENGINE_OUTPUT], 4 * QUANTUM * e[ENGINE_OUTPUTS])
            taken += 1
            store_release(arguments + 8 * PAIR_TAKEN, taken)
            until = nanoseconds() + MAX_WAIT_NS
    restore_denormals(mode)


def copy_crossing(w, to: int, to_base: int, source: int, source_base: int) -> None:  # type: ignore[no-untyped-def]
    """Copy all crossing buffers. ``to`` and ``source`` are the words that locate them, relative to the bases."""
    copies = as_i64(w[PAIR_COPIES])
    for c in range(w[PAIR_COPY_COUNT]):
        at = c * CROSSING_WORDS
        copy_bytes(to_base + copies[at + to], source_base + copies[at + source], copies[at + CROSSING_BYTES])


def walk_part(engine: int, part: int, active_knobs: int) -> None:
    """Run the steps of a part."""
    p = as_i64(part)
    carry_samples(p[PART_CARRIES], p[PART_CARRY_COUNT])
    w, times = as_i64(p[PART_STEPS]), as_i64(p[PART_TIMES])
    is_timed, before = p[PART_TIMES] != 0, ticks()
    for number in range(p[PART_COUNT]):
        run_step(engine, w, number * layout.STEP_WORDS, active_knobs)
        if is_timed:
            now = ticks()
            times[number] += now - before
            before = now


COMPUTE_FIRST = NativeFunction(compute_first)
COMPUTE_SECOND = NativeFunction(compute_second)
WALK_PART = NativeFunction(walk_part)
