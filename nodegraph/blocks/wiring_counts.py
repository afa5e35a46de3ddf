"""How often the included patches use each block, and wire each pair of ports."""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache
from typing import Any

from nodegraph.files.demos import DemoError, demo_folder

Port = tuple[str, str]
"""Type of a block and name of its port: ``("ladder", "cutoff")``."""


@cache
def wire_counts() -> Counter[tuple[Port, Port]]:
    """Return the number of wires from each output to each input in the demo patches and lessons."""
    counts: Counter[tuple[Port, Port]] = Counter()
    for document in _documents():
        types = {node.get("id"): str(node.get("type", "")) for node in document.get("nodes", ())}
        for wire in document.get("wires", ()):
            (source, _, out), (target, _, into) = (str(wire.get(end, "")).partition(".") for end in ("from", "to"))
            if source in types and target in types:
                counts[(types[source], out), (types[target], into)] += 1
    return counts


@cache
def block_counts() -> Counter[str]:
    """Return the number of nodes of each type in the demo patches and lessons."""
    return Counter(str(node.get("type", "")) for document in _documents() for node in document.get("nodes", ()))


def usual(count: int) -> float:
    """Return how usual something is that occurs ``count`` times, 0 to 1."""
    return min(math.log1p(count) / math.log1p(200), 1.0)


@cache
def _documents() -> tuple[dict[str, Any], ...]:
    """Return the included patches and the documents of their subpatches, as in their files."""
    try:
        paths = sorted(demo_folder().rglob("*.json"))
    except DemoError:
        return ()
    found: list[dict[str, Any]] = []
    for path in paths:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(data, dict) and data.get("format") == "nodegraph":
            found.append(data)
    for document in found:  # also those that are appended here
        nested = (node.get("patch") for node in document.get("nodes", ()))
        found += [inner for inner in nested if isinstance(inner, dict)]
    return tuple(found)
