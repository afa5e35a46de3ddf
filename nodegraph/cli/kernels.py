"""Kernels made ready before the work begins, with progress: compiling takes about a second each, once."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .output import plural, print_note
from .progress import Progress

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.kernel import Kernel, NativeFunction
    from nodegraph.node import Node, Settings

    AnyKernel = Kernel | NativeFunction

LIVE = ("nodegraph.engine.callback", "nodegraph.engine.live")  # modules that only live playing needs


def kernels_of_graph(graph: Graph) -> list[AnyKernel]:
    """What the nodes of a patch need. Raises KernelError for a block without an equation."""
    found: list[AnyKernel] = []
    for node in graph.typed_nodes:
        if node.cls and not node.problem:
            found += _kernels(node.cls, node.settings)
    return list(dict.fromkeys(found))


def kernels_of_type(cls: type[Node]) -> list[AnyKernel]:
    """What a block needs with each combination of its choices."""
    options = {name: option.default for name, option in cls.spec.options.items()}
    values = [choice.values for choice in cls.spec.choices.values()]
    found: list[AnyKernel] = []
    for chosen in itertools.product(*values):
        found += _kernels(cls, dict(zip(cls.spec.choices, chosen)) | options)
    return found


def _kernels(cls: type[Node], settings: Settings) -> list[AnyKernel]:
    """A block has one kernel, or two if it computes both samples and frames; what is heard has none."""
    from nodegraph.kernel import kernel_of

    if cls.device == "output":
        return []
    parts = ["", "frame"] if cls.block and cls.frame else [""]
    return [kernel_of(cls, settings, part) for part in parts]


def kernels_of_engine(live: bool = False) -> list[AnyKernel]:
    """What the plan and the engine need beside the nodes'."""
    from nodegraph import engine, plan
    from nodegraph.kernel import NativeFunction

    found: list[AnyKernel] = []
    for package in (plan, engine):
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if live or info.name not in LIVE:
                members = vars(importlib.import_module(info.name)).values()
                found += [member for member in members if isinstance(member, NativeFunction)]
    return list(dict.fromkeys(found))


def compile_kernels(kernels: Iterable[AnyKernel]) -> int:
    """Compile those that are not in the cache; returns how many."""
    kernels = list(kernels)
    pending = list({(kernel.name, kernel.key): kernel for kernel in kernels if not kernel.cached}.values())
    if not pending:
        return 0
    with Progress("", len(pending), patience=0.0) as bar:
        if not bar._terminal:
            print_note(f"compiling {len(pending)} of {plural(len(kernels), 'kernel')}, once on this machine")
        for done, kernel in enumerate(pending):
            bar.to(done, f"compiling {done + 1} of {plural(len(pending), 'kernel')}, once on this machine")
            kernel.address  # noqa: B018 - asking for it compiles it
    return len(pending)
