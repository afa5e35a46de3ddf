"""The memory of a patch, estimated before any of it is reserved."""

from __future__ import annotations

from nodegraph.quantum import QUANTUM

from .budgets import MEMORY, OverBudget
from .model import Graph, GraphNode
from .oversampling import filter_length

SAMPLE, STATE = 4, 8  # bytes
NODE = 16_000  # bytes of the Python objects and the row of a node
KNOB = 4 * STATE  # bytes of a knob besides its samples: value, target, step, samples left


def check_memory(graph: Graph, problems: list[str]) -> None:
    """Add a problem if a typed graph needs more memory than a patch may use."""
    needed = {node.id: node_bytes(node, graph.rate) for node in graph.typed_nodes}
    total, limit = sum(needed.values()), 1e9 * MEMORY.limit()
    if total <= limit:
        return
    largest = graph.node(max(needed, key=needed.__getitem__))
    lanes = f"{largest.lanes} lane{'s' if largest.lanes > 1 else ''}"
    share = "most of it" if needed[largest.id] > total / 2 else f"{_gigabytes(needed[largest.id])} of it"
    text = (
        f"the patch needs {_gigabytes(total)} of memory, {share} for {largest.title} with {lanes} at "
        f"{graph.rate:.12g} Hz; {_gigabytes(limit)} are allowed. Use shorter delays, smaller transforms or fewer "
        f"lanes, or set {MEMORY.variable} to more gigabytes."
    )
    problems.append(OverBudget(text, largest.path))


def node_bytes(node: GraphNode, rate: float) -> int:
    """Return the bytes that a node needs in all its lanes: delay lines, buffers, knobs, states, frames and filters."""
    if node.cls is None:
        return NODE
    spec = node.spec
    ports = SAMPLE * QUANTUM * (len(spec.inputs) + len(spec.outputs)) + KNOB * len(spec.inputs)
    frames = sum(2 * SAMPLE * type.bins for type in node.output_frames.values())
    lines = line_bytes(node, rate) if has_lines(node) else 0
    filters = SAMPLE * filter_length(node, QUANTUM) if node.oversampling > 1 else 0
    return NODE + node.lanes * (ports + STATE * len(spec.states) + frames + filters) + lines


def has_lines(node: GraphNode) -> bool:
    """Return whether a node gets delay lines: not if it is a placeholder or has a frame input without a wire."""
    return bool(node.cls and not node.problem and not node.missing_input and node.spec.lines)


def line_bytes(node: GraphNode, rate: float) -> int:
    """Return the bytes of the delay lines of a node in all its lanes."""
    return SAMPLE * node.lanes * sum(line_length(node, name, rate) for name in node.spec.lines)


def line_length(node: GraphNode, name: str, rate: float) -> int:
    """Return the length of a delay line of one lane in samples."""
    return max(1, int(node.spec.lines[name].length(node.settings, rate * node.oversampling)))


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.3g} GB"
