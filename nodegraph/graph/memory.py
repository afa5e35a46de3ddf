"""The memory of a patch: what its delay lines need, and how much they may have."""

from __future__ import annotations

import os

from nodegraph.patch.errors import PatchError, Problem, quote

from .model import Graph, GraphNode

DEFAULT_GIGABYTES = 2.0
VARIABLE = "NODEGRAPH_MEMORY"  # sets another limit, in gigabytes
SAMPLE = 4  # bytes


def check_memory(graph: Graph, problems: list[str]) -> None:
    """Add a problem if the delay lines of a typed graph need more memory than a patch may use."""
    needed = {node.id: line_bytes(node, graph.rate) for node in graph.typed_nodes if has_lines(node)}
    total, limit = sum(needed.values()), memory_limit()
    if total <= limit:
        return
    largest = graph.node(max(needed, key=needed.__getitem__))
    lanes = f"{largest.lanes} lane{'s' if largest.lanes > 1 else ''}"
    text = (
        f"the delay lines of the patch need {_gigabytes(total)}, most of it for {largest.title} with {lanes} at "
        f"{graph.rate:.12g} Hz; {_gigabytes(limit)} are allowed. Shorten them, use fewer lanes, or set {VARIABLE} to "
        "more gigabytes."
    )
    problems.append(Problem(text, largest.path))


def has_lines(node: GraphNode) -> bool:
    """Return whether a node gets delay lines: not if it is a placeholder or has a frame input without a wire."""
    return bool(node.cls and not node.problem and not node.missing_input and node.spec.lines)


def line_bytes(node: GraphNode, rate: float) -> int:
    """Return the bytes of the delay lines of a node in all its lanes."""
    return SAMPLE * node.lanes * sum(line_length(node, name, rate) for name in node.spec.lines)


def line_length(node: GraphNode, name: str, rate: float) -> int:
    """Return the length of a delay line of one lane in samples."""
    return max(1, int(node.spec.lines[name].length(node.settings, rate)))


def memory_limit() -> float:
    """Return the bytes that the delay lines of a patch may use."""
    given = os.environ.get(VARIABLE, "")
    try:
        return 1e9 * float(given or DEFAULT_GIGABYTES)
    except ValueError:
        raise PatchError(f"{VARIABLE} must be a number of gigabytes, got {quote(given)}.") from None


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.3g} GB"
