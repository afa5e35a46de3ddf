"""Fusion of a plan: its steps, their kernels, and the words that make the audio thread run them."""

from __future__ import annotations

import numpy as np

from nodegraph.kernel.native_function import native_call
from nodegraph.native.words import python_kernel
from nodegraph.plan import layout as at
from nodegraph.plan.memory import view, write_words
from nodegraph.plan.result import Plan

from .grouping import Step, steps_of
from .kernels import FusedKernel


class PlanFusion:
    """The steps of a plan, with a fused kernel for each group. All memory stays that of the plan's rows.

    The audio thread may run the plan as rows and as steps in turn, from one quantum to the next. The groups for two
    ``cores`` are smaller.
    """

    def __init__(self, plan: Plan, cores: int = 1) -> None:
        self.plan = plan
        self.steps = steps_of(plan.placed, cores)
        self.kernels = [FusedKernel(step.members, step.is_loop) if step.members else None for step in self.steps]

    @property
    def fused_rows(self) -> int:
        """Number of rows in fused kernels."""
        return sum(len(step.rows) for step in self.steps if step.members)

    def start(self) -> None:
        """Let the audio thread run the steps from the next quantum on. Compiles the kernels that are not cached.

        Raises KernelError.
        """
        addresses = [kernel.address if kernel is not None else 0 for kernel in self.kernels]
        for address in addresses:
            if address:
                python_kernel(address, native_call(address))  # a plan that is stepped in Python runs it natively
        memory = self.plan.memory
        words = [len(self.steps), *[0] * (at.STEPS_HEADER - 1)]
        for step, kernel, address in zip(self.steps, self.kernels, addresses, strict=True):
            words += step_words(self.plan, step, kernel, address)
        steps = memory.reserve(8 * len(words))
        write_words(steps, words)
        view(self.plan.address, at.PLAN_WORDS, np.int64)[at.PLAN_STEPS] = steps

    def stop(self) -> None:
        """Let the audio thread run the rows from the next quantum on."""
        view(self.plan.address, at.PLAN_WORDS, np.int64)[at.PLAN_STEPS] = 0


def step_words(plan: Plan, step: Step, kernel: FusedKernel | None, address: int) -> list[int]:
    """Return the words of a step, with its tables in the memory of the plan. ``address`` is that of the kernel."""
    memory = plan.memory
    rows = [plan.rows[number].address for number in step.rows]
    still = list(dict.fromkeys(word for member in step.members for word in member.still_words))
    words = [0] * at.STEP_WORDS
    words[at.STEP_KERNEL] = address
    words[at.STEP_ARGUMENTS] = memory.words(kernel.words) if kernel is not None else 0
    words[at.STEP_ROWS], words[at.STEP_ROW_COUNT] = memory.words(rows), len(rows)
    words[at.STEP_STILL], words[at.STEP_STILL_COUNT] = memory.words(still), len(still)
    words[at.STEP_BLOCKED], words[at.STEP_LOOP] = 1, int(step.is_loop)  # blocked until a quantum ran as rows
    return words
