"""A plan as two lists of steps, for two cores, with the copies by which the second part reads the first.

The second part runs later than the first: it must not read buffers that the first part has written meanwhile. Each
crossing buffer has a *shadow*, into which the samples of the right quantum are copied, and the operands of the second
part that point into the buffer are changed to point into its shadow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nodegraph.fusion.grouping import Step
from nodegraph.fusion.plan_fusion import PlanFusion, step_words
from nodegraph.plan import Plan
from nodegraph.plan import layout as lay
from nodegraph.plan.buffers import FLOAT
from nodegraph.plan.division import Cut, Division
from nodegraph.plan.memory import ALIGNMENT, view, write_words
from nodegraph.quantum import QUANTUM

from . import two_cores as pair

MAX_RING_BYTES = 1 << 19  # of the ring: more would not stay in the caches
MIN_DEPTH, MAX_DEPTH = 4, 256  # entries of the ring; a deep one bridges the time for which a core serves others


class Pointer(NamedTuple):
    """A word that points into a buffer which another unit writes."""

    at: int
    value: int
    unit: int
    buffer: Any


class DividedPlan:
    """The steps of a playing plan without shared memory, cut by :meth:`cut`; at first all are in the first part.

    ``fusion`` is that of the plan if it runs fused. The words of the plan must not be changed by others meanwhile.
    """

    def __init__(self, plan: Plan, fusion: PlanFusion | None) -> None:
        self.plan = plan
        steps = [Step([number]) for number in range(len(plan.placed))]
        kernels: Sequence[Any] = [None] * len(steps)
        if fusion is not None:
            steps, kernels = [], []
            for step, kernel in zip(fusion.steps, fusion.kernels, strict=True):
                alone = [step] if kernel is not None else [Step([number]) for number in step.rows]
                steps += alone
                kernels += [kernel] * len(alone)
        self.division = Division(plan.graph, plan.placed, [step.rows for step in steps])
        self._pointers: list[Pointer] = []
        words: list[int] = []
        for unit in self.division.order:
            kernel = kernels[unit]
            words += step_words(plan, steps[unit], kernel, kernel.address if kernel is not None else 0)
            arguments = words[lay.STEP_ARGUMENTS - lay.STEP_WORDS]
            self._collect(unit, steps[unit].rows, kernel, arguments)
        self.steps = plan.memory.reserve(8 * len(words))
        write_words(self.steps, words)
        self.times = np.zeros(len(steps), np.int64)  # ticks of each step, while ``is_timed``
        self.first, self.second = (plan.memory.words([0] * pair.PART_WORDS) for _ in range(2))
        self.cut(len(steps), is_timed=True)

    def _collect(self, unit: int, rows: Sequence[int], kernel: Any, arguments: int) -> None:
        """Find the words of a unit that point into buffers of others, in its rows and in its fused kernel."""
        found: list[tuple[int, int]] = []
        for part in (part for number in rows for part in self.plan.placed[number].flat):
            values = view(part.words_address, len(part.words), np.int64).tolist()
            found += [(part.words_address + 8 * k, values[k]) for k, word in enumerate(part.words) if callable(word)]
        if kernel is not None:
            found += [(arguments + 8 * k, kernel.words[k]) for k in kernel.pointers]
        for at, value in found:
            buffer = self.division.buffer_at(value)
            if buffer is not None and self.division.writer[buffer] != unit:
                self._pointers.append(Pointer(at, value, unit, buffer))

    def cut(self, at: int, is_timed: bool = False) -> None:
        """Divide the steps before position ``at`` of their order; the end of the order leaves the second part empty."""
        crossing, memory = self.division.crossing(at), self.plan.memory
        shadows = {buffer: memory.reserve(buffer.size, buffer.lead) for buffer in crossing}
        for pointer in self._pointers:
            value = pointer.value
            if pointer.buffer in shadows and self.division.position[pointer.unit] >= at:
                value += shadows[pointer.buffer] - pointer.buffer.address
            write_words(pointer.at, [value])
        copies: list[int] = []
        self.entry_bytes = ALIGNMENT
        for buffer, shadow in shadows.items():
            copies += [buffer.address, shadow, buffer.size, self.entry_bytes]
            self.entry_bytes += -(-buffer.size // ALIGNMENT) * ALIGNMENT
        self.copies, self.copy_count = memory.words(copies), len(crossing)
        self.depth = min(max(MAX_RING_BYTES // self.entry_bytes, MIN_DEPTH), MAX_DEPTH)
        self.ring = memory.reserve(self.depth * self.entry_bytes)
        count = len(self.division.order)
        for part, start, end in ((self.first, 0, at), (self.second, at, count)):
            carries = self._carries(start, end)
            words = [0] * pair.PART_WORDS
            words[pair.PART_STEPS] = self.steps + 8 * lay.STEP_WORDS * start
            words[pair.PART_COUNT] = end - start
            words[pair.PART_CARRIES], words[pair.PART_CARRY_COUNT] = memory.words(carries), len(carries) // 3
            words[pair.PART_TIMES] = self.times.ctypes.data if is_timed else 0
            write_words(part, words)

    def _carries(self, start: int, end: int) -> list[int]:
        """Return the words of the feedback buffers that the steps from ``start`` to ``end`` write."""
        words: list[int] = []
        for buffer, unit in self.division.writer.items():
            if buffer.feedback and start <= self.division.position[unit] < end:
                words += [buffer.address, buffer.address + FLOAT * QUANTUM * buffer.lanes, buffer.lanes]
        return words

    def best_cut(self, times: np.ndarray) -> Cut | None:
        """Return the best cut for times of the steps, in ns and in their order; None if there is none."""
        return self.division.best_cut(times.tolist())
