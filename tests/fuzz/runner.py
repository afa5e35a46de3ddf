"""Runs workers over numbers of inputs, and starts a new one after an input that ended or stopped its worker."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

from tests.signing_key import copy_signing_key

from .attempt import REPOSITORY

MAX_SILENCE = 600.0  # seconds without a new input, on a loaded machine; attempts end themselves after 5 s of work


@dataclass
class Result:
    """The inputs of a kind that were tried, and the faults by number of input."""

    kind: str
    tried: int = 0
    faults: dict[int, list[str]] = field(default_factory=dict)

    def summary(self) -> Counter[str]:
        """Return the number of inputs by fault."""
        return Counter(fault for faults in self.faults.values() for fault in dict.fromkeys(faults))


def fuzz(kind: str, count: int, first: int = 0, watch: Callable[[Result], None] = lambda result: None) -> Result:
    """Try ``count`` inputs of a kind from number ``first`` on."""
    result, number = Result(kind), first
    while number < first + count:
        with TemporaryDirectory(prefix="nodegraph-fuzz-") as folder:
            number = _run_worker(result, number, first + count - number, Path(folder), watch)
    return result


def _run_worker(result: Result, first: int, count: int, folder: Path, watch: Callable[[Result], None]) -> int:
    """Run one worker until it ends; return the number of the next input."""
    places = {name: folder / name.lower() for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR")}
    places["XDG_CACHE_HOME"] = user_cache_path()  # kernels that are compiled already
    for place in places.values():
        place.mkdir(parents=True, exist_ok=True)
    copy_signing_key(places["XDG_DATA_HOME"])
    environment = os.environ | {name: str(place) for name, place in places.items()}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"  # a module that an input is the first to import
    command = [sys.executable, "-m", "tests.fuzz.worker", result.kind, str(first), str(count), str(folder)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY, env=environment)
    current = first - 1
    for line in _lines(worker):
        found = json.loads(line)
        if isinstance(found, int):
            current = found
            result.tried += 1
            watch(result)
        elif isinstance(found, list):
            result.faults[current] = found
        else:
            worker.wait()
            return first + count
    worker.kill()
    status = worker.wait()
    if current < first:
        raise RuntimeError(f"the worker of {result.kind} does not start (status {status}).")
    if current not in result.faults:
        ended = signal.Signals(-status).name if status < 0 else f"status {status}"
        result.faults[current] = ["hang" if status == -signal.SIGKILL else f"the process ended: {ended}"]
    return current + 1


def _lines(worker: subprocess.Popen[bytes]):
    """Yield the lines that a worker prints, until it ends or is silent for too long."""
    assert worker.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        data = b""
        while selector.select(MAX_SILENCE):
            part = os.read(worker.stdout.fileno(), 1 << 16)
            if not part:
                return
            *lines, data = (data + part).split(b"\n")
            yield from lines
