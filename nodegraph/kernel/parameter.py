"""Parameters of an equation, and Python source that reads them from the argument block of a kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nodegraph.native.identity import with_source


@dataclass(frozen=True)
class KernelParameter:
    """A parameter of an equation and its first word in the argument block."""

    name: str
    kind: str
    word: int = 0
    constant: int = 0
    integer: bool = False


def fetch_number(p: KernelParameter) -> str:
    """Return Python source for a parameter that is one number: a constant or a word of the argument block."""
    if p.kind == "constant":
        return str(p.constant)
    integer = p.integer or p.kind in ("line_size", "table_size")
    return f"w[{p.word}]" if integer else f"x[{p.word}]"


def define(source: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """Execute Python source and return the function ``adapter`` that it defines."""
    exec(compile(source, "<adapter>", "exec"), namespace)
    return with_source(namespace["adapter"], source)
