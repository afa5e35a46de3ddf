"""A plan as the next one sees it when nodes have got other ids: their state goes on under the new ids."""

from __future__ import annotations

import copy

import networkx as nx

from .keys import Names
from .result import Plan


def renamed(plan: Plan, names: Names) -> Plan:
    """``plan`` with new ids by old ones, sharing all memory; the plan itself if no id changes."""
    if not names:
        return plan
    seen = copy.copy(plan)
    seen.graph = nx.relabel_nodes(plan.graph, dict(names))
    seen.state = plan.state.renamed(names)
    return seen
