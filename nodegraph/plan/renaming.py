"""A plan as it looks to the next one when nodes have got other ids: what they remember goes on under the new ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import networkx as nx

from nodegraph.patch import Wire

from .result import Plan

TAGS = ("table", "compensate", "frames")  # lines that do not begin with the node that they belong to


def renamed(plan: Plan, names: Mapping[str, str]) -> Plan:
    """``plan`` with new ids by old ones, sharing all memory; itself if there are none."""
    if not names:
        return plan

    def part(value: Any) -> Any:
        """What names a node: its id, a (node, port), or a wire."""
        if isinstance(value, str):
            return names.get(value, value)
        if isinstance(value, Wire):
            source, target = names.get(value.source, value.source), names.get(value.target, value.target)
            return replace(value, source=source, target=target)
        if isinstance(value, tuple) and value:
            return part(value[0]), *value[1:]
        return value

    def wire(value: Any) -> Any:
        return part(value) if isinstance(value, Wire) else value

    def line(key: Any) -> Any:
        if isinstance(key, tuple) and key and key[0] in TAGS:
            return key[0], part(key[1]), *key[2:]
        return part(key) if isinstance(key, tuple) else key

    seen = copy.copy(plan)
    seen.graph = nx.relabel_nodes(plan.graph, dict(names))
    seen.lines = {line(key): value for key, value in plan.lines.items()}
    seen.hosts = {part(key): value for key, value in plan.hosts.items()}
    seen.takeover = {(key[0], part(key[1]), *map(wire, key[2:])): value for key, value in plan.takeover.items()}
    seen.knobs = {(part(port), type): value for (port, type), value in plan.knobs.items()}
    seen.port_sources = {part(key): _identity(value, part) for key, value in plan.port_sources.items()}
    seen.event_sources = {part(key): _identity(value, part) for key, value in plan.event_sources.items()}
    for name in ("port_last", "crossfades", "output_last"):
        setattr(seen, name, {part(key): value for key, value in getattr(plan, name).items()})
    return seen


def _identity(value: Any, part: Any) -> Any:
    """What feeds a port: wires, or entries that begin with one or with a node; anything else stays."""
    if not isinstance(value, tuple):
        return value
    return tuple(part(entry) if isinstance(entry, tuple | Wire) else entry for entry in value)
