"""The second core of an offline engine: measures the plan, divides it if that pays, and computes its second part."""

from __future__ import annotations

import ctypes
import threading
import time
from typing import TYPE_CHECKING

import numpy as np

from nodegraph.plan.memory import view

from . import two_cores as pair
from . import walk
from .divided_plan import DividedPlan

if TYPE_CHECKING:
    from nodegraph.plan import Plan

    from .core import Engine

WINDOW, WINDOWS = 64, 4  # quanta of a measurement, longer than most hops; the fastest of some counts
SLEEP = 0.0001  # seconds that a core sleeps after it has waited in vain
TRIAL = 0.05  # seconds for which a divided plan runs on two cores, then on one, to find what is faster at the moment
KEEP = 2.0  # seconds for which the faster one is kept
_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class SecondCore:
    """Computes quanta of an engine, on two cores if that pays. ``remark`` says why the plan runs on one.

    A plan that is being fused runs on one core until its fused kernels are compiled. It is then measured for
    ``WINDOWS`` × ``WINDOW`` quanta. If it is divided, both ways to run it are compared again and again, because other
    programs may use the cores, too.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        words = [0] * pair.PAIR_WORDS
        words[pair.PAIR_ENGINE], words[pair.PAIR_WALK] = engine.address, pair.WALK_PART.address
        words[pair.PAIR_SECOND_ENGINE] = engine.memory.words(engine.words.tolist())
        words[pair.PAIR_DEPTH] = 1
        self._address = engine.memory.reserve(8 * len(words))
        self._words = view(self._address, len(words), np.int64)
        self._words[:] = words
        self._second_engine = view(words[pair.PAIR_SECOND_ENGINE], walk.ENGINE_WORDS, np.int64)
        self._compute_first = _KERNEL(pair.COMPUTE_FIRST.address)
        self._compute_second = _KERNEL(pair.COMPUTE_SECOND.address)
        self._plan: Plan | None = None
        self._divided: DividedPlan | None = None
        self._windows: list[np.ndarray] = []  # ticks of the steps in each measured window
        self._left = 0  # quanta of the current window, 0 if nothing is measured
        self._is_trial = True
        self._seconds, self._quanta = [0.0, 0.0], [0, 0]  # of a divided plan on one core and on two
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._is_computing = self._is_closed = False
        self.is_used = False  # whether the second core computes a part of the plan, but for trials
        self.remark = ""
        self._forget(None)

    def compute(self, arguments: np.ndarray, first: int, quanta: int) -> None:
        """Compute quanta from ``first`` on; ``arguments`` are those of ``process``."""
        self._words[:3] = arguments
        while quanta > 0:
            self._prepare()
            count = min(quanta, self._left or (1 if self._engine.pending else quanta))
            began = time.perf_counter()
            self._run(first, count)
            if self._left:
                self._measure(count)
            elif self._words[pair.PAIR_PLAN]:
                self._compare(count, time.perf_counter() - began)
            first += count
            quanta -= count

    def _run(self, first: int, quanta: int) -> None:
        self._is_computing = True
        if self._words[pair.PAIR_DIVIDED]:
            self._wake.set()
        done = 0
        try:
            while True:
                self._compute_first(self._address, first + done, quanta - done)
                done += int(self._words[pair.PAIR_DONE])
                if done > quanta:
                    break
                time.sleep(SLEEP)
        finally:  # after Ctrl-C, too, the other core must not write to an output array that is released
            while self._words[pair.PAIR_MADE] != self._words[pair.PAIR_TAKEN]:
                time.sleep(SLEEP)
            self._is_computing = False
        self._engine.words[walk.ENGINE_FAULTS] += self._second_engine[walk.ENGINE_FAULTS]
        self._second_engine[walk.ENGINE_FAULTS] = 0

    def _serve(self) -> None:
        """Compute the second part whenever there is a first one; the target of the thread."""
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._is_computing and self._words[pair.PAIR_DIVIDED]:
                taken = self._words[pair.PAIR_TAKEN]
                self._compute_second(self._address, 0, 0)
                if taken == self._words[pair.PAIR_TAKEN] and self._is_computing:
                    time.sleep(SLEEP)
            if self._is_closed:
                return

    def _forget(self, plan: Plan | None) -> None:
        self._plan, self._divided, self._windows, self._left = plan, None, [], 0
        self._words[pair.PAIR_PLAN] = self._words[pair.PAIR_DIVIDED] = 0
        self.is_used = False
        self.remark = "the render ended before its plan was measured"

    def _prepare(self) -> None:
        """Begin to measure a plan that runs in its last tier."""
        engine, plan = self._engine, self._engine.plan
        if plan is not self._plan:
            self._forget(plan)
        is_ready = engine.fusion is None or engine.fusion.has_ended
        if plan is None or self._divided is not None or not is_ready or not engine.is_playing(plan):
            return
        self._divided = DividedPlan(plan, engine.fusion.fusion if engine.fusion is not None else None)
        self._set_words(self._divided)
        self._words[pair.PAIR_PLAN] = plan.address
        self._left = WINDOW
        self._began = self._clocks()

    def _set_words(self, divided: DividedPlan) -> None:
        self._words[pair.PAIR_FIRST], self._words[pair.PAIR_SECOND] = divided.first, divided.second
        self._words[pair.PAIR_COPIES], self._words[pair.PAIR_COPY_COUNT] = divided.copies, divided.copy_count
        self._words[pair.PAIR_RING], self._words[pair.PAIR_DEPTH] = divided.ring, divided.depth
        self._words[pair.PAIR_ENTRY_BYTES] = divided.entry_bytes

    @staticmethod
    def _clocks() -> tuple[int, int]:
        """Return the time in ns, and in ticks of the processor."""
        ticks = np.zeros(1, np.int64)
        _KERNEL(walk.READ_TICKS.address)(ticks.ctypes.data, 0, 0)
        return time.perf_counter_ns(), int(ticks[0])

    def _measure(self, quanta: int) -> None:
        """Count measured quanta, and divide the plan after the last window."""
        assert self._divided is not None
        self._left -= quanta
        if self._left:
            return
        self._windows.append(self._divided.times.copy())
        self._divided.times[:] = 0
        if len(self._windows) < WINDOWS:
            self._left = WINDOW
            return
        now = self._clocks()
        ns_per_tick = (now[0] - self._began[0]) / max(now[1] - self._began[1], 1)
        self._divide(np.min(self._windows, axis=0) * (ns_per_tick / WINDOW))

    def _divide(self, times: np.ndarray) -> None:
        """Divide the plan by the ns of its steps if that pays, else run it as without a second core."""
        assert self._divided is not None
        cut = self._divided.best_cut(times)
        if cut is None:
            self.remark = "the plan has no two parts that can run apart"
        elif not cut.pays:
            spans = f"{cut.one_core / 1000.0:.3g} µs on one core, {cut.two_cores / 1000.0:.3g} µs on two"
            self.remark = f"dividing the plan does not pay: a quantum takes {spans}"
        else:
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="nodegraph-second", daemon=True)
                self._thread.start()
            self._divided.cut(cut.at)
            self._set_words(self._divided)
            self._begin_trial()
            self.is_used, self.remark = True, ""
            return
        self._words[pair.PAIR_PLAN] = 0

    def _begin_trial(self) -> None:
        self._is_trial, self._seconds, self._quanta = True, [0.0, 0.0], [0, 0]
        self._words[pair.PAIR_DIVIDED] = 1

    def _compare(self, quanta: int, seconds: float) -> None:
        """Count the time of a divided plan; at the end of a trial, use as many cores as were faster."""
        way = int(self._words[pair.PAIR_DIVIDED])
        self._seconds[way] += seconds
        self._quanta[way] += quanta
        if not self._is_trial:
            if sum(self._seconds) > KEEP:
                self._begin_trial()
        elif self._seconds[way] > TRIAL and way == 1:
            self._words[pair.PAIR_DIVIDED] = 0
        elif self._seconds[way] > TRIAL:
            one, two = (spent / count for spent, count in zip(self._seconds, self._quanta, strict=True))
            self._is_trial, self.is_used = False, two < one
            self._words[pair.PAIR_DIVIDED] = int(self.is_used)
            self.remark = "" if self.is_used else "two cores were slower; other programs may use them"

    def close(self) -> None:
        """End the thread."""
        self._is_closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
