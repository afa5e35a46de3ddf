"""Patch files: those of the repository, changed as bytes, as text and as JSON data; then checked and rendered."""

from __future__ import annotations

import json
import random
from pathlib import Path

from nodegraph.engine.core import EngineError
from nodegraph.engine.offline import Offline
from nodegraph.graph import GraphError, build_graph
from nodegraph.patch import PatchError, encode_patch, parse_patch

from .. import mutate
from ..attempt import REPOSITORY, allow_seconds

WEIGHT = 20
ERRORS = (PatchError, GraphError, EngineError)
LINES = True  # one line for each problem of the patch
RENDERED = 0.03  # share of the patches; compiling takes time
FILES = sorted(path for path in (REPOSITORY / "patches").glob("*.json") if path.stat().st_size < 30_000)
RATE = 44100.0


def attempt(rng: random.Random, folder: Path) -> None:
    source = rng.choice(FILES).read_bytes()
    pick = rng.randrange(5)
    if pick < 3:
        data = json.dumps(mutate.data_of(json.loads(source), rng)).encode()
    else:
        data = mutate.bytes_of(source, rng) if pick == 3 else mutate.text_of(source.decode(), rng).encode()
    use(data, rng, folder)


def use(data: bytes, rng: random.Random, folder: Path) -> None:
    """Read, type, write and sometimes render a patch file."""
    path = folder / "patch.json"
    path.write_bytes(data)
    document = parse_patch(data, path.name)
    parse_patch(encode_patch(document))
    graph = build_graph(document, RATE, path, tolerant=True)  # as the editor opens it
    if rng.random() < RENDERED:
        allow_seconds(60.0)
        engine = Offline(graph)
        try:
            engine.run_samples(256)
        finally:
            engine.close()
