"""Rendering of several patches, or of one with several values or seeds, on all cores or by a Dask cluster."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import CommandError, describe
from .single_render import render_file

MAX_RENDERS = 100_000
RATIOS = ":log"  # suffix of a sweep in equal ratios


@dataclass(frozen=True)
class RenderJob:
    """One render: options of the command, and the file to write."""

    patch: Path
    output: Path
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RenderOutcome:
    """The description of a written file, or {}, and the lines of errors."""

    job: RenderJob
    result: dict[str, Any]
    problems: list[str]

    @property
    def summary(self) -> str:
        """All problems in one line that names the patch."""
        first, *others = self.problems
        is_named = str(self.job.patch) in first or str(self.job.output) in first
        text = first if is_named else f"{self.job.output}: {first}"
        return f"{text} And {len(others)} more: render it alone." if others else text


def patch_files(paths: Sequence[Path]) -> list[Path]:
    """Return patch files, and for a folder its patch files in order. Raises CommandError for a folder without any."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.json"))
            if not inside:
                raise CommandError(f"{path}: the folder has no patch files (.json).")
            found += inside
        else:
            found.append(path)
    return found


def sweep_values(text: str) -> tuple[str, list[str]]:
    """Return name and values of ``NAME=FIRST:LAST:COUNT``, equidistant, with ``:log`` at equal ratios.

    Raises CommandError.
    """
    import numpy as np

    name, _, span = text.partition("=")
    parts = span.removesuffix(RATIOS).split(":")
    try:
        first, last, count = float(parts[0]), float(parts[1]), int(parts[2])
        is_valid = bool(name) and len(parts) == 3 and 1 <= count <= MAX_RENDERS and np.isfinite([first, last]).all()
        if span.endswith(RATIOS):
            values = np.geomspace(first, last, count) if first * last > 0 else None
        else:
            values = np.linspace(first, last, count)
    except (ValueError, IndexError):
        is_valid, values = False, None
    if not is_valid or values is None:
        raise CommandError(
            f"--sweep must be NODE.PORT=FIRST:LAST:COUNT, such as filter.cutoff=200:2000:10, got '{text}'."
        )
    return name, [f"{value:.9g}" for value in values]


def seed_values(text: str) -> list[int]:
    """Return the seeds of ``FIRST:END``, without END. Raises CommandError."""
    first, _, end = text.partition(":")
    if not (first.isdecimal() and end.isdecimal() and int(first) < int(end) <= int(first) + MAX_RENDERS):
        raise CommandError(f"--seeds must be FIRST:END, such as 0:30 for the seeds 0 to 29, got '{text}'.")
    return list(range(int(first), int(end)))


def render_jobs(
    patches: Sequence[Path], folder: Path, suffix: str, sweeps: Sequence[str], seeds: str, options: Mapping[str, Any]
) -> list[RenderJob]:
    """Return a job for each patch, combination of swept values and seed. Raises CommandError."""
    swept = [[(name, value) for value in values] for name, values in map(sweep_values, sweeps)]
    numbers: Sequence[int | None] = seed_values(seeds) if seeds else [None]
    jobs: dict[Path, RenderJob] = {}
    for path, values, seed in itertools.product(patch_files(patches), list(itertools.product(*swept)), numbers):
        chosen = dict(options)
        parts = [path.stem, *(f"{name.replace('/', '-')}={value}" for name, value in values)]
        chosen["set"] = [*(options.get("set") or []), *(f"{name}={value}" for name, value in values)]
        if seed is not None:
            parts.append(f"seed={seed}")
            chosen["seed"] = seed
        output = folder / f"{'_'.join(parts)}.{suffix.lstrip('.')}"
        if output in jobs:
            raise CommandError(f"two renders would write {output}. Render patches of one name into different folders.")
        jobs[output] = RenderJob(path, output, chosen)
        if len(jobs) > MAX_RENDERS:
            raise CommandError(f"more than {MAX_RENDERS} renders. Use fewer values.")
    return list(jobs.values())


def run_job(job: RenderJob) -> RenderOutcome:
    """Render a patch in any process; errors are lines of the outcome."""
    from nodegraph.files.trust import trusting

    options = dict(job.options)
    try:
        with redirect_stderr(io.StringIO()), trusting(options.pop("trust", None) or []):
            result = render_file(job.patch, job.output, json=True, **options)
        problems = [f"{job.output}: interrupted."] if result["interrupted"] else result["problems"]
        return RenderOutcome(job, result, problems)
    except (Exception, KeyboardInterrupt) as error:
        return RenderOutcome(job, {}, describe(error)[0])


@contextmanager
def running(jobs: Sequence[RenderJob], processes: int, scheduler: str) -> Iterator[Iterator[RenderOutcome]]:
    """Yield the outcomes of jobs, each as it is finished. Jobs that have not started at the end are cancelled.

    Raises ClusterError.
    """
    if scheduler:
        from nodegraph.processes.dask_cluster import dask_client

        with dask_client(processes, scheduler) as client:
            from distributed import as_completed

            tasks = [client.submit(run_job, job, pure=False) for job in jobs]
            job_of = {task.key: job for task, job in zip(tasks, jobs, strict=True)}
            try:
                yield (_outcome(job_of[task.key], task) for task in as_completed(tasks))
            finally:
                client.cancel(tasks)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures import as_completed as in_order_of_completion

    from nodegraph.processes.python_child import spawn_context

    with spawn_context() as context:
        pool = ProcessPoolExecutor(min(processes, len(jobs)), context)
        try:
            futures = {pool.submit(run_job, job): job for job in jobs}
            yield (_outcome(futures[future], future) for future in in_order_of_completion(futures))
        finally:
            pool.shutdown(cancel_futures=True)


def _outcome(job: RenderJob, future: Any) -> RenderOutcome:
    """Return the outcome of a job; that of a process or worker that was killed is an error."""
    try:
        found: RenderOutcome = future.result()
        return found
    except Exception as error:
        problem = f"the process that rendered it ended ({type(error).__name__}). Render it again, with fewer --jobs."
        return RenderOutcome(job, {}, [problem])
