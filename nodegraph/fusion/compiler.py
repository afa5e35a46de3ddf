"""Compilation of fused kernels in a process of its own, at low priority.

LLVM serves one thread at a time: compiling here would delay an edit that needs a kernel. The process gets LLVM modules
and returns object code; it needs neither the patch nor the compiler's front end.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from nodegraph.kernel.native_function import COMPILING
from nodegraph.native.build import add_code
from nodegraph.native.compiler_process import (
    LOWEST_PRIORITY,
    end_process,
    receive_code,
    send_source,
    start_compiler_process,
)

from .kernels import FusedKernel

MAX_COMPILE_SECONDS = 20.0  # of all kernels of a plan


class BackgroundCompiler:
    """Compiles kernels in a child process. ``stop`` may be called from another thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def compile(self, kernels: Sequence[FusedKernel]) -> bool:
        """Compile and load the kernels that are not cached. Return whether all are ready, False after ``stop``.

        Raises KernelError if the code of one is refused, OSError if the process does not start.
        """
        missing = list({kernel.key: kernel for kernel in kernels if not kernel.cached}.values())
        if not missing:
            return True
        process = self._process = start_compiler_process(LOWEST_PRIORITY, MAX_COMPILE_SECONDS)
        try:
            for kernel in missing:
                if self._stopped:
                    return False
                symbol, source = kernel.source
                send_source(process, source)
                code = receive_code(process)
                if code is None:
                    return False
                with COMPILING:
                    add_code(symbol, source, code)
        except (BrokenPipeError, ValueError):  # it was stopped, or took too long
            return False
        finally:
            self._process = None
            end_process(process)
        return True

    def stop(self) -> None:
        """End a running compilation."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()
