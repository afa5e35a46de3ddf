"""The native loop over the steps of a plan with fused kernels."""

from __future__ import annotations

from nodegraph.kernel import NativeFunction
from nodegraph.native.words import as_i64, call_kernel
from nodegraph.plan import layout
from nodegraph.quantum import QUANTUM

from .walk import ENGINE_CHECK, check_row, is_muted


def walk_steps(engine: int, steps: int, active_knobs: int) -> None:
    """Run the steps of a plan: fused kernels, or rows.

    A group runs as rows while a knob of it moves or a row of it is muted. If a value in a group was NaN or Inf, its
    kernel has changed no state, and the quantum is computed again as rows, which mutes the faulty node.
    """
    w = as_i64(steps)
    for number in range(w[0]):
        run_step(engine, w, layout.STEPS_HEADER + number * layout.STEP_WORDS, active_knobs)


def run_step(engine: int, w, at: int, active_knobs: int) -> None:  # type: ignore[no-untyped-def]
    """Run the step at word ``at``."""
    kernel = w[at + layout.STEP_KERNEL]
    if kernel == 0:
        run_rows(engine, w, at)
    elif w[at + layout.STEP_BLOCKED] != 0 or (active_knobs != 0 and not is_still(w, at)):
        run_rows(engine, w, at)
        w[at + layout.STEP_BLOCKED] = 0 if is_still(w, at) and not is_muted(w, at) else 1
    else:
        run_fused(engine, w, at, kernel)


def run_fused(engine: int, w, at: int, kernel: int) -> None:  # type: ignore[no-untyped-def]
    """Run the fused kernel of a step, and its rows if it found a fault."""
    arguments = w[at + layout.STEP_ARGUMENTS]
    call_kernel(kernel, arguments, 0, QUANTUM)
    if as_i64(arguments)[layout.STEP_FAULT] != 0:
        as_i64(arguments)[layout.STEP_FAULT] = 0
        run_rows(engine, w, at)
        w[at + layout.STEP_BLOCKED] = 1
    elif w[at + layout.STEP_LOOP] != 0:
        row = as_i64(w[at + layout.STEP_ROWS])[0]
        check_row(as_i64(row), 0, row, engine, as_i64(engine)[ENGINE_CHECK])


def run_rows(engine: int, w, at: int) -> None:  # type: ignore[no-untyped-def]
    """Run the rows of a step."""
    checker, rows = as_i64(engine)[ENGINE_CHECK], as_i64(w[at + layout.STEP_ROWS])
    for k in range(w[at + layout.STEP_ROW_COUNT]):
        row = as_i64(rows[k])
        call_kernel(row[layout.ROW_KERNEL], row[layout.ROW_ARGUMENTS], 0, QUANTUM)
        check_row(row, 0, rows[k], engine, checker)


def is_still(w, at: int) -> bool:  # type: ignore[no-untyped-def]
    """Return whether all knobs of a step are constant in this quantum, and all its crossfades over."""
    words, moving = as_i64(w[at + layout.STEP_STILL]), 0
    for k in range(w[at + layout.STEP_STILL_COUNT]):
        moving |= as_i64(words[k])[0]
    return moving == 0


WALK_STEPS = NativeFunction(walk_steps)
