"""How large a patch may be: a small file must take neither all memory nor an hour to open.

Each budget is far above the patches that play live, and an environment variable sets another one. Limits of single
values stand where the values are declared: lanes in :mod:`nodegraph.node`, voices in :mod:`nodegraph.patch.voices`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nodegraph.patch.errors import PatchError, Problem, quote

from .model import Graph, GraphNode


@dataclass(frozen=True)
class Budget:
    """A limit with the environment variable that sets another one; ``unit`` is what it counts."""

    variable: str
    default: float
    unit: str

    def limit(self) -> float:
        """Return the limit. Raises PatchError if the variable is not a number."""
        given = os.environ.get(self.variable, "")
        try:
            limit = float(given or self.default)
            if not limit >= 0.0:
                raise ValueError
        except ValueError:
            raise PatchError(f"{self.variable} must be a number of {self.unit}, got {quote(given)}.") from None
        return min(limit, 1e15)


class OverBudget(Problem):
    """A problem that no placeholder replaces: the patch as a whole is too large."""


# Typing and compiling take about 0.5 ms for each node: half a minute. A large patch has two thousand.
NODES = Budget("NODEGRAPH_MAX_NODES", 50_000, "nodes")

# Each different formula is a kernel of its own, compiled in half a second when it is used for the first time.
FORMULAS = Budget("NODEGRAPH_MAX_FORMULAS", 100, "formulas")

# Of delay lines, buffers, states and frames. A machine that plays live has several times as much.
MEMORY = Budget("NODEGRAPH_MEMORY", 2.0, "gigabytes")

# Unknown types for which the nearest known one is looked up; each comparison takes half a millisecond.
SUGGESTIONS = 100


def too_many_nodes() -> str:
    """Return the sentence for a patch with more nodes than its budget."""
    return (
        f"the patch has more than {NODES.limit():.0f} nodes, including those in subpatches and voices. Use fewer "
        f"voices or nodes, or set {NODES.variable} to more."
    )


def check_formulas(graph: Graph, problems: list[str]) -> None:
    """Add a problem if a patch has more different formulas than may be compiled."""
    found: dict[tuple[object, ...], GraphNode] = {}
    for node in graph.typed_nodes:
        if node.cls is not None and node.cls.formula is not None and not node.problem:
            found.setdefault((node.type, *(node.settings[name] for name in node.spec.options)), node)
    limit = int(FORMULAS.limit())
    if len(found) > limit:
        first = list(found.values())[limit]
        text = (
            f"the patch has {len(found)} different formulas, the first beyond the {limit} allowed ones in "
            f"{first.title}: each is compiled for half a second. Use inputs in place of numbers, so that formulas are "
            f"equal, or set {FORMULAS.variable} to more."
        )
        problems.append(OverBudget(text, first.path))
