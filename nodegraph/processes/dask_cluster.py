"""Clients of Dask clusters: a running scheduler, or a cluster of this computer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nodegraph.installation import install_command

CONNECT_SECONDS = 10  # to reach a scheduler


class ClusterError(Exception):
    """Dask or its scheduler is unavailable; the message is one line."""


@contextmanager
def dask_client(jobs: int, scheduler: str = "") -> Iterator[Any]:
    """Yield a client of the scheduler at an address, else of a new local cluster of ``jobs`` workers.

    Raises ClusterError.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise ClusterError(f"Dask is not installed. Install it: {install_command('nodegraph[dask]')}") from None
    cluster = None
    try:
        if not scheduler:
            cluster = LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None, silence_logs=50)
        try:
            client = Client(cluster or scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise ClusterError(
                f"{scheduler}: no Dask scheduler answers ({reason}). Start one: dask scheduler"
            ) from None
        with client:
            yield client
    finally:
        if cluster is not None:
            cluster.close()
