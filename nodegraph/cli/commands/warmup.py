"""``nodegraph warmup``: compile all kernels in advance."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from ..kernels import kernels_of_engine, kernels_of_type
from ..options import Json
from ..output import format_duration, plural, print_json, print_line, print_note
from ..progress import Progress

if TYPE_CHECKING:
    from ..kernels import AnyKernel

MAX_JOBS = 8


def warmup(
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", metavar="N", min=1, max=64, help="Parallel processes. Default: one per core, at most 8."
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Compile all blocks in advance, once on this machine.

    Otherwise a block is compiled at its first use, which takes about a second.
    """
    from nodegraph.native.build import cache_folder

    kernels = all_kernels()
    pending = [(group, number) for group, number, kernel in kernels if not kernel.cached]
    failures: list[str] = []
    began = time.perf_counter()
    if pending:
        failures = _compile(pending, jobs or min(os.cpu_count() or 1, MAX_JOBS), json)
    seconds = time.perf_counter() - began
    if json:
        result = {"kernels": len(kernels), "compiled": len(pending) - len(failures), "seconds": seconds}
        print_json(result | {"folder": str(cache_folder()), "problems": failures})
    else:
        done = (
            f"{len(pending) - len(failures)} compiled in {format_duration(seconds)}"
            if pending
            else "all compiled already"
        )
        print_line(f"{plural(len(kernels), 'kernel')}, {done}; cache: {cache_folder()}")
    for line in failures:
        print_note(f"error: {line}")
    return 1 if failures else 0


def all_kernels() -> list[tuple[str, int, AnyKernel]]:
    """Return every kernel with the type of its block ("" for the engine) and its index there."""
    from nodegraph.blocks.registry import node_types

    found = [("", number, kernel) for number, kernel in enumerate(kernels_of_engine(live=True))]
    for type, cls in node_types().items():
        if cls.tick or cls.block or cls.frame or cls.formula:
            found += [(type, number, kernel) for number, kernel in enumerate(kernels_of_type(cls))]
    return found


def _compile(pending: list[tuple[str, int]], jobs: int, json: bool) -> list[str]:
    """Compile in separate processes, because Numba holds the GIL; return the errors."""
    from concurrent.futures import ProcessPoolExecutor, as_completed

    from nodegraph.processes.python_child import spawn_context

    failures = []
    if not json:
        print_note(f"compiling {plural(len(pending), 'kernel')}, once on this machine")
    with spawn_context() as context, Progress("compiling", len(pending), patience=0.0) as bar:
        pool = ProcessPoolExecutor(min(jobs, len(pending)), context, initializer=_ignore_signals)
        try:
            futures = [pool.submit(_compile_one, *place) for place in pending]
            for done, future in enumerate(as_completed(futures)):
                if problem := future.result():
                    failures.append(problem)
                bar.to(done + 1, f"compiling {done + 1} of {len(pending)}")
        finally:
            pool.shutdown(cancel_futures=True)
    return failures


def _ignore_signals() -> None:
    """Ignore Ctrl-C in a child process: the parent handles it and stops its children."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _compile_one(type: str, number: int) -> str:
    """Compile one kernel into the cache folder; return its error, or ""."""
    from nodegraph.blocks.registry import node_types
    from nodegraph.kernel import KernelError

    try:
        kernels = kernels_of_type(node_types()[type]) if type else kernels_of_engine(live=True)
        kernels[number].address  # noqa: B018 - the property compiles the kernel
    except KernelError as error:
        return str(error)
    return ""
