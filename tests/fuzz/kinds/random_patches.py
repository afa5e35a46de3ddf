"""Patches made of random blocks, settings and wires, of any block of the registry."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from nodegraph.blocks.registry import node_types

from ..mutate import NUMBERS, some_value
from . import patches

WEIGHT = 10
ERRORS, LINES = patches.ERRORS, True
MAX_NODES = 12


def attempt(rng: random.Random, folder: Path) -> None:
    patches.use(json.dumps({"format": "nodegraph", "version": 1, **document(rng)}).encode(), rng, folder)


def document(rng: random.Random, depth: int = 0) -> dict[str, Any]:
    """Return the nodes, wires and controls of a random patch."""
    types = [cls for cls in node_types().values() if not cls.hidden]
    chosen = [rng.choice(types) for _ in range(rng.randint(1, MAX_NODES))]
    nodes = [_node(f"n{k}", cls, rng, depth) for k, cls in enumerate(chosen)]
    outputs = [(f"n{k}", port) for k, cls in enumerate(chosen) for port in _ports(cls, "outputs", rng)]
    inputs = [(f"n{k}", port) for k, cls in enumerate(chosen) for port in _ports(cls, "inputs", rng)]
    wires = []
    for _ in range(rng.randint(0, 2 * len(chosen)) if outputs and inputs else 0):
        source, target = rng.choice(outputs), rng.choice(inputs)
        wire: dict[str, Any] = {"from": ".".join(source), "to": ".".join(target)}
        wires.append(wire | {"feedback": True} if rng.random() < 0.2 else wire)
    controls = [
        {
            "name": f"c{k}",
            "target": ".".join(rng.choice(inputs)),
            "min": rng.choice(NUMBERS),
            "max": rng.choice(NUMBERS),
        }
        for k in range(rng.choice((0, 0, 1, 3)) if inputs else 0)
    ]
    found = {"nodes": nodes, "wires": wires, "controls": controls}
    return found | ({"settings": {"voices": rng.choice((1, 2, 8, 64, 1000))}} if depth and rng.random() < 0.5 else {})


def _ports(cls: Any, side: str, rng: random.Random) -> list[str]:
    spec = cls.spec
    ports = [*getattr(spec, side), *getattr(spec, f"frame_{side}"), *getattr(spec, f"event_{side}", ())]
    return ports or [rng.choice(("in", "out", "a"))]


def _node(id: str, cls: Any, rng: random.Random, depth: int) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, port in cls.spec.inputs.items():
        if rng.random() < 0.4:
            params[name] = _number(rng, port.min, port.max, port.default)
            if rng.random() < 0.2:
                params[name] = [
                    _number(rng, port.min, port.max, port.default) for _ in range(rng.choice((1, 2, 3, 40)))
                ]
    for name, choice in cls.spec.choices.items():
        if rng.random() < 0.4:
            params[name] = rng.choice(choice.values)
    for name, option in cls.spec.options.items():
        if rng.random() < 0.4:
            numeric = isinstance(option.default, int | float) and not isinstance(option.default, bool)
            params[name] = (
                type(option.default)(_number(rng, option.min, option.max, option.default))
                if numeric
                else some_value(rng)
            )
    if rng.random() < 0.05:
        params[rng.choice(list(params) or ["x"])] = some_value(rng)
    node = {"id": id, "type": cls.type, "params": params}
    if cls.container and depth < 3:
        node["patch"] = document(rng, depth + 1)
    return node


def _number(rng: random.Random, low: float | None, high: float | None, default: float) -> float:
    low, high = -1e6 if low is None else low, 1e6 if high is None else high
    return rng.choice((low, high, default, rng.uniform(low, high)))
