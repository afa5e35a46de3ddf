"""The second tier: plans that have settled get fused kernels, in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from nodegraph.fusion.compiler import BackgroundCompiler
from nodegraph.fusion.plan_fusion import PlanFusion
from nodegraph.kernel import KernelError
from nodegraph.plan import Plan

SETTLED_SECONDS = 1.0  # without a new plan until the plan is fused
CLOSE_SECONDS = 2.0
ROWS = "rows"  # the tier without fused kernels


class FusionService:
    """A service of an engine that fuses its plan ``settled`` seconds after the last edit.

    ``plan_of`` returns the plan of the engine. A new one runs as rows, and ends the compilation for the previous one.
    ``cores`` is the number that may compute a plan.
    """

    def __init__(self, plan_of: Callable[[], Plan | None], settled: float = SETTLED_SECONDS, cores: int = 1) -> None:
        self._plan_of, self._settled, self._cores = plan_of, settled, cores
        self._plan: Plan | None = None  # the latest plan, and when it was first seen
        self._since = 0.0
        self._started: Plan | None = None  # the latest plan whose fusion was started
        self._thread: threading.Thread | None = None
        self._compiler = BackgroundCompiler()
        self._fusion: PlanFusion | None = None
        self.problem = ""

    @property
    def tier(self) -> str:
        """The tier in which the plan runs: "rows", or "fused" with the number of rows in fused kernels."""
        plan, fusion = self._plan_of(), self._fusion
        if plan is None or fusion is None or fusion.plan is not plan:
            return ROWS
        return f"fused ({fusion.fused_rows} of {len(plan.rows)} rows)"

    @property
    def fusion(self) -> PlanFusion | None:
        """The fusion of the plan, once it runs fused."""
        return self._fusion if self.tier != ROWS else None

    @property
    def has_ended(self) -> bool:
        """Whether the plan runs in its last tier: it is fused, or cannot be."""
        is_started = self._started is not None and self._started is self._plan_of()
        return is_started and self._thread is not None and not self._thread.is_alive()

    @property
    def is_compiling(self) -> bool:
        """Whether the plan runs as rows while its fused kernels are compiled."""
        return self.tier == ROWS and self._thread is not None and self._thread.is_alive()

    def service(self) -> None:
        """Start the fusion of the plan once it has settled."""
        plan, now = self._plan_of(), time.monotonic()
        if plan is not self._plan:
            self._plan, self._since, self._fusion = plan, now, None
            self._compiler.stop()
        is_due = plan is not None and plan is not self._started and now - self._since >= self._settled
        if is_due and (self._thread is None or not self._thread.is_alive()):
            self._started, self._compiler = plan, BackgroundCompiler()
            arguments = (plan, self._compiler)
            self._thread = threading.Thread(target=self._fuse, args=arguments, name="nodegraph-fusion", daemon=True)
            self._thread.start()

    def _fuse(self, plan: Plan, compiler: BackgroundCompiler) -> None:
        try:
            fusion = PlanFusion(plan, self._cores)
            if compiler.compile([kernel for kernel in fusion.kernels if kernel is not None]):
                fusion.start()
                self._fusion = fusion
        except (KernelError, OSError) as error:
            self.problem = f"the patch runs without fused kernels: {error}".rstrip(".")

    def wait(self, seconds: float) -> bool:
        """Wait until a fusion that was started has ended; return whether the plan is fused."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self.tier != ROWS

    def close(self) -> None:
        """End the compilation."""
        self._compiler.stop()
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
