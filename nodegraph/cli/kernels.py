"""Kernels made ready before the work begins, with progress: compiling takes about a second each, once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .progress import Progress
from .text import note, plural

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.kernel import Kernel, NativeFunction
    from nodegraph.node import Node

    AnyKernel = Kernel | NativeFunction


def kernels_of_graph(graph: Graph) -> list[AnyKernel]:
    """What the nodes of a patch need. Raises KernelError for a block without an equation."""
    from nodegraph.kernel import kernel_of

    nodes = [n for n in graph.nodes.values() if n.cls and not n.problem and n.cls.device != "output"]
    return list(dict.fromkeys(kernel_of(node.cls, node.settings) for node in nodes if node.cls))


def kernels_of_type(cls: type[Node]) -> list[AnyKernel]:
    """What a block needs, one kernel for each combination of its choices."""
    from nodegraph.kernel import kernel_of

    if cls.device == "output":
        return []
    options = {name: option.default for name, option in cls.spec.options.items()}
    values = [choice.values for choice in cls.spec.choices.values()]
    return [
        kernel_of(cls, dict(zip(cls.spec.choices, chosen)) | options) for chosen in itertools.product(*values)
    ]


def kernels_of_engine(live: bool = False) -> list[AnyKernel]:
    """What the plan and the engine need beside the nodes'."""
    from nodegraph.engine import walk
    from nodegraph.kernel import NativeFunction
    from nodegraph.plan import rows

    modules = [rows, walk]
    if live:
        from nodegraph.engine import callback

        modules.append(callback)
    found = [
        value for module in modules for value in vars(module).values() if isinstance(value, NativeFunction)
    ]
    return list(dict.fromkeys(found))


def make_ready(kernels: Iterable[AnyKernel]) -> int:
    """Compile those that are not in the cache; returns how many."""
    kernels = list(kernels)
    pending = [kernel for kernel in kernels if not kernel.cached]
    if not pending:
        return 0
    with Progress("", len(pending), patience=0.0) as bar:
        if not bar._terminal:
            note(f"compiling {len(pending)} of {plural(len(kernels), 'kernel')}, once on this machine")
        for done, kernel in enumerate(pending):
            bar.to(done, f"compiling {done + 1} of {plural(len(pending), 'kernel')}, once on this machine")
            kernel.address  # noqa: B018 - asking for it compiles it
    return len(pending)
