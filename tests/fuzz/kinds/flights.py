"""Flight logs: the archive and the log in it changed, then replayed."""

from __future__ import annotations

import json
import random
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from nodegraph.engine.core import EngineError
from nodegraph.graph import GraphError
from nodegraph.patch import PatchError
from nodegraph.recording.replay import FlightError, replay
from tests.recording.flight_helpers import log_random_performance

from .. import mutate

WEIGHT = 2
ERRORS = (FlightError, EngineError, GraphError, PatchError)
LINES = True


@cache
def archive() -> dict[str, bytes]:
    """Return the files of a short flight with edits, MIDI messages and sound input."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.flight"
        log_random_performance(path, 0.5, 10, 20)
        with zipfile.ZipFile(path) as found:
            return {name: found.read(name) for name in found.namelist()}


def prepare() -> None:
    archive()


def attempt(rng: random.Random, folder: Path) -> None:
    files = dict(archive())
    pick = rng.randrange(4)
    name = rng.choice(sorted(files))
    if pick < 2 and name.endswith(".jsonl"):
        files[name] = b"\n".join(_changed_line(line, rng) for line in files[name].splitlines())
    elif pick < 3:
        files[name] = mutate.bytes_of(files[name], rng)
    path = folder / "a.flight"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for each, data in files.items():
            made.writestr(rng.choice((each, "../outside/x")) if rng.random() < 0.02 else each, data)
    if pick == 3:
        path.write_bytes(mutate.bytes_of(path.read_bytes(), rng))
    replay(path, lambda block: None)


def _changed_line(line: bytes, rng: random.Random) -> bytes:
    if rng.random() > 0.1:
        return line
    return json.dumps(mutate.data_of(json.loads(line), rng)).encode()
