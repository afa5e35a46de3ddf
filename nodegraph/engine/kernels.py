"""The kernels that a graph needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.kernel import Kernel
    from nodegraph.node import Node, Settings


def kernels_of_graph(graph: Graph) -> list[Kernel]:
    """Return the kernels of a patch's nodes. Raises KernelError for a block without an equation."""
    found: list[Kernel] = []
    for node in graph.typed_nodes:
        if node.cls and not node.problem:
            found += kernels_of_block(node.cls, node.settings)
    return list(dict.fromkeys(found))


def kernels_of_block(cls: type[Node], settings: Settings) -> list[Kernel]:
    """Return the kernels of a block: two if it computes samples and frames, none for an output device, else one."""
    from nodegraph.kernel import kernel_of

    if cls.device == "output":
        return []
    parts = ["", "frame"] if cls.block and cls.frame else [""]
    return [kernel_of(cls, settings, part) for part in parts]
