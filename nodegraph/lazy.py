"""Names of a package that are imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], prepare: Callable[[], object] = lambda: None
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package. ``homes`` has the module of each name that it imports on first use.

    ``prepare`` is called before; it may raise what the user is to read.
    """

    def find(name: str) -> Any:
        if name not in homes:
            from .files.wording import suggest

            raise AttributeError(f"module '{package}' has no attribute '{name}'.{suggest(name, homes)}")
        prepare()
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return find
