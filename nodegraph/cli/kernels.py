"""Compilation of kernels in advance, with progress."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nodegraph.engine.kernels import kernels_of_block, kernels_of_graph

from .output import plural, print_note
from .progress import Progress

if TYPE_CHECKING:
    from nodegraph.kernel import Kernel, NativeFunction
    from nodegraph.node import Node

    AnyKernel = Kernel | NativeFunction

__all__ = ["compile_kernels", "kernels_of_engine", "kernels_of_graph", "kernels_of_type"]

LIVE = ("nodegraph.engine.callback", "nodegraph.engine.live")  # modules that are needed only live
RARE = (  # only for some patches, or with an option
    "nodegraph.plan.event_rows",
    "nodegraph.plan.frame_rows",
    "nodegraph.plan.oversampling",
    "nodegraph.engine.two_cores",
)


def kernels_of_type(cls: type[Node]) -> list[AnyKernel]:
    """Return the kernels of a block for every combination of its choices and wired inputs."""
    options = {name: option.default for name, option in cls.spec.options.items()}
    values: dict[str, Sequence[Any]] = {name: choice.values for name, choice in cls.spec.choices.items()}
    values |= dict.fromkeys(cls.spec.wired, (False, True))
    found: list[AnyKernel] = []
    for chosen in itertools.product(*values.values()):
        found += kernels_of_block(cls, dict(zip(values, chosen)) | options)
    return found


def kernels_of_engine(live: bool = False, rare: bool = True) -> list[AnyKernel]:
    """Return the kernels of the plan and the engine; without ``rare``, those that many patches need."""
    from nodegraph import engine, plan
    from nodegraph.kernel import NativeFunction

    found: list[AnyKernel] = []
    for package in (plan, engine):
        for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if (live or info.name not in LIVE) and (rare or info.name not in RARE):
                members = vars(importlib.import_module(info.name)).values()
                found += [member for member in members if isinstance(member, NativeFunction)]
    return list(dict.fromkeys(found))


def compile_kernels(kernels: Iterable[AnyKernel]) -> int:
    """Compile the kernels that are not in the cache; return their number."""
    kernels = list(kernels)
    pending = list({(kernel.name, kernel.key): kernel for kernel in kernels if not kernel.cached}.values())
    if not pending:
        return 0
    from nodegraph.kernel.compilation import compile_all

    with Progress("", len(pending), patience=0.0) as bar:
        if not bar._terminal:
            print_note(f"compiling {len(pending)} of {plural(len(kernels), 'kernel')}, once on this machine")
        text = f"of {plural(len(pending), 'kernel')}, once on this machine"
        compile_all(pending, lambda done: bar.to(done, f"compiling {done + 1} {text}"))
    return len(pending)
