"""The parameters of an equation, and Python source that reads them from the argument block of a kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KernelParameter:
    """One parameter of an equation and the first word of the argument block that it is made from."""

    name: str
    kind: str
    word: int = 0
    constant: int = 0
    integer: bool = False


def fetch_number(p: KernelParameter) -> str:
    """Python source of a parameter that is a single number: built in, or a word of the argument block."""
    if p.kind == "constant":
        return str(p.constant)
    integer = p.integer or p.kind in ("line_size", "table_size")
    return f"w[{p.word}]" if integer else f"x[{p.word}]"


def define(source: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """The function ``adapter`` that some source defines."""
    exec(compile(source, "<adapter>", "exec"), namespace)
    return namespace["adapter"]
