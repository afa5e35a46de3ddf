"""Production of a data set: the shards that are missing are made here, in processes, or by a Dask cluster.

Nothing but files says what is done. A command can be interrupted and repeated at any time, and several computers can
work in one folder, or in folders whose shards are merged afterwards.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

from nodegraph.files.atomic import remove_leftovers
from nodegraph.processes.dask_cluster import ClusterError, dask_client
from nodegraph.processes.python_child import spawn_context

from .dataset_settings import DatasetError, DatasetSettings, part_of
from .manifest import claim_folder, missing_shards, write_manifest
from .shards import make_shard

Progress = Callable[[int], None]
KEPT = "complete shards are kept."


@dataclass(frozen=True)
class DatasetReport:
    """The result of a command: shards made by it, shards still missing, and the manifest's SHA-256 ("" until then)."""

    made: tuple[int, ...]
    missing: tuple[int, ...]
    manifest: str


def make_dataset(
    settings: DatasetSettings,
    folder: Path,
    only: tuple[int, int] = (1, 1),
    jobs: int = 1,
    dask: bool = False,
    scheduler: str = "",
    progress: Progress | None = None,
) -> DatasetReport:
    """Make the missing shards of a data set; write the manifest if none is missing.

    ``only`` = (part, parts) makes every ``parts``-th shard. ``jobs`` processes work at the same time: with ``dask``
    the workers of a local cluster, else plain processes; a program that asks for several needs the usual
    ``if __name__ == "__main__":``, because each process imports it. ``scheduler`` is the address of a running Dask
    scheduler, whose workers must see the folder under the same path. ``progress`` is called with the number of new
    examples.
    Raises DatasetError, SilentPatchError, GraphError.
    """
    folder = folder.resolve()
    claim_folder(settings, folder)
    remove_leftovers(folder)
    work = part_of(missing_shards(settings, folder), *only)
    if work:
        with settings.renderer():  # errors of the patch are reported here, once
            pass
        if scheduler or dask:
            with spawn_context():
                _make_by_dask(settings, folder, work, jobs, scheduler, progress)
        elif min(jobs, len(work)) > 1:
            with spawn_context() as context:
                _make_in_processes(context, settings, folder, work, min(jobs, len(work)), progress)
        else:
            _make_here(settings, folder, work, progress, jobs)
    missing = missing_shards(settings, folder)
    return DatasetReport(tuple(work), tuple(missing), "" if missing else write_manifest(settings, folder))


def _make_here(
    settings: DatasetSettings, folder: Path, work: Iterable[int], progress: Progress | None, threads: int = 1
) -> None:
    with settings.renderer(threads) as renderer:
        for shard in work:
            make_shard(settings, folder, shard, renderer, progress)


def _make_in_processes(
    context: SpawnContext,
    settings: DatasetSettings,
    folder: Path,
    work: list[int],
    jobs: int,
    progress: Progress | None,
) -> None:
    processes: dict[Connection, Any] = {}
    try:
        for job in range(jobs):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(settings, folder, work[job::jobs], theirs), daemon=True)
            process.start()
            theirs.close()
            processes[ours] = process
        running = dict(processes)
        while running:
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                try:
                    message = connection.recv()
                except EOFError:
                    process = running.pop(connection)
                    process.join()
                    if process.exitcode:
                        status = f"exit status {process.exitcode}"
                        raise DatasetError(f"a process ended ({status}). Run the command again; {KEPT}") from None
                    continue
                if isinstance(message, Exception):
                    raise message
                if progress is not None:
                    progress(message)
    finally:
        for process in processes.values():
            process.terminate()
        for connection, process in processes.items():
            process.join()
            connection.close()


def _work(settings: DatasetSettings, folder: Path, work: list[int], connection: Connection) -> None:
    """Make shards in a process; send the numbers of new examples, or the error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends the others
    signal.signal(signal.SIGTERM, _raise_exit)  # so that temporary files are deleted

    def send(message: object) -> None:
        try:
            connection.send(message)
        except BrokenPipeError:
            raise SystemExit(1) from None  # the first process was killed

    try:
        _make_here(settings, folder, work, send)
    except Exception as error:
        send(error)


def _raise_exit(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def _make_by_dask(
    settings: DatasetSettings,
    folder: Path,
    work: list[int],
    jobs: int,
    scheduler: str,
    progress: Progress | None,
) -> None:
    try:
        with dask_client(jobs, scheduler) as client:
            from distributed import as_completed

            # a task is a shard: several seconds, against which the cost of Dask is small
            tasks = [client.submit(make_shard, settings, folder, shard, pure=False) for shard in work]
            shard_of = {task.key: shard for task, shard in zip(tasks, work, strict=True)}
            try:
                for task in as_completed(tasks):
                    task.result()
                    if progress is not None:
                        progress(len(settings.rows(shard_of[task.key])))
            except (OSError, RuntimeError) as error:
                name = type(error).__name__
                raise DatasetError(f"the Dask cluster failed ({name}). Run the command again; {KEPT}") from None
            finally:
                client.cancel(tasks)
    except ClusterError as error:
        raise DatasetError(str(error)) from None
