"""Compilation of many kernels on two cores: the front end here, LLVM's optimiser in a process of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from nodegraph.native.build import KernelError, KernelSource, add_code
from nodegraph.native.compiler_process import end_process, receive_code, send_source, start_compiler_process

from .kernel import Kernel
from .native_function import COMPILING, NativeFunction

MIN_KERNELS = 4  # a process takes longer to start than fewer to compile
MAX_SECONDS = 600.0


def compile_all(kernels: Sequence[Kernel | NativeFunction], progress: Callable[[int], None]) -> None:
    """Compile kernels in this order; ``progress`` is called with the number that is done. Raises KernelError."""
    if len(kernels) >= MIN_KERNELS:
        with suppress(OSError):  # without a process, or after its end, they are compiled here
            _compile_in_two_processes(kernels, progress)
    for done, kernel in enumerate(kernels):
        progress(done)
        kernel.address  # noqa: B018 - the property compiles the kernel


def _compile_in_two_processes(kernels: Sequence[Kernel | NativeFunction], progress: Callable[[int], None]) -> None:
    process = start_compiler_process(0, MAX_SECONDS)
    sent: queue.SimpleQueue[tuple[str, KernelSource] | None] = queue.SimpleQueue()
    refused: list[KernelError] = []

    def receive() -> None:
        while (item := sent.get()) is not None:
            try:
                code = receive_code(process)
                if code is None:
                    return
                with COMPILING:
                    add_code(*item, code)
            except KernelError as error:  # the next answers are still read: the process must not wait
                refused.append(error)

    receiver = threading.Thread(target=receive, daemon=True)
    receiver.start()
    try:
        for done, kernel in enumerate(kernels):
            progress(done)
            with COMPILING:
                sources = kernel.sources()
            for symbol, source in sources.items():
                sent.put((symbol, source))
                send_source(process, source)
    finally:
        sent.put(None)
        receiver.join()
        end_process(process)
    if refused:
        raise refused[0]
