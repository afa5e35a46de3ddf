"""Renaming of nodes in a plan, so that their state migrates under the new ids."""

from __future__ import annotations

import copy

import networkx as nx

from .keys import Names
from .result import Plan


def renamed(plan: Plan, names: Names) -> Plan:
    """Return a copy of ``plan`` with new ids that shares all memory; the plan itself if no id changes."""
    if not names:
        return plan
    seen = copy.copy(plan)
    seen.graph = nx.relabel_nodes(plan.graph, dict(names))
    seen.state = plan.state.renamed(names)
    return seen
