"""The registry of blocks: every :class:`~nodegraph.node.Node` in ``nodes``, installed packages and the user's folder.

It is the only global state of the program. If a file fails to load, the others are loaded anyway, and
``nodegraph doctor`` shows the reason.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
import threading
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from nodegraph.files import folders
from nodegraph.node import Node

LIBRARY = "nodes"  # package of the included blocks, found by name
USER_MODULE = "nodegraph_user_"  # start of the module names, and thus of the families, of user blocks
USER_FAMILY = "user blocks"  # displayed family of all user blocks

_types: dict[str, type[Node]] = {}
_failures: dict[str, str] = {}
_loaded = False
_loading = threading.RLock()  # several threads may request the blocks first
_loading_started = False


def node_types() -> dict[str, type[Node]]:
    """Return all blocks by type name, sorted by family and type."""
    _load_once()
    return _types


def load_failures() -> dict[str, str]:
    """Return the sources of blocks that failed to load, with the reason."""
    _load_once()
    return _failures


def user_folder() -> Path:
    """Return the folder of user blocks: ``$NODEGRAPH_NODES``, else the platform's data folder."""
    if "NODEGRAPH_NODES" in os.environ:
        return Path(os.environ["NODEGRAPH_NODES"]).absolute()
    return folders.user_folder("data") / "nodes"


def is_user_family(family: str) -> bool:
    """Return whether a block of this family is a user block."""
    return family.startswith(USER_MODULE)


def words_of(cls: type[Node]) -> tuple[str, ...]:
    """Return the other words for a block, the best first."""
    return tuple(word.strip() for word in cls.words.split(",") if word.strip())


def family_name(family: str) -> str:
    """Return the displayed name of a family: ``input_output`` → ``input output``; one name for all user blocks."""
    return USER_FAMILY if is_user_family(family) else family.replace("_", " ")


def register_module(module: ModuleType) -> list[str]:
    """Register every block defined in ``module`` and return their type names."""
    found = []
    for value in vars(module).values():
        is_block = isinstance(value, type) and issubclass(value, Node) and value.__module__ == module.__name__
        if is_block and (value.spec.outputs or value.spec.inputs or value.container or _has_equation(value)):
            _types[value.type] = value
            found.append(value.type)
    return found


def load_file(path: Path) -> list[str]:
    """Load or reload a Python file of blocks and return the type names that it defines."""
    name = f"{USER_MODULE}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return register_module(module)


def _has_equation(cls: type[Node]) -> bool:
    return bool(cls.tick or cls.block or cls.frame or cls.formula)


def _load_once() -> None:
    global _loaded, _loading_started
    if _loaded:
        return
    with _loading:
        if not _loading_started:
            _loading_started = True  # a block file may call node_types() while it is loaded
            _load_all()
            _loaded = True


def _load_all() -> None:
    library = importlib.import_module(LIBRARY)
    for info in pkgutil.iter_modules(library.__path__, f"{LIBRARY}."):
        _try(info.name, lambda name=info.name: register_module(importlib.import_module(name)))
    for point in entry_points(group="nodegraph.nodes"):
        _try(point.value, lambda point=point: register_module(point.load()))
    folder = user_folder()
    if folder.is_dir():
        for path in sorted(folder.glob("*.py")):
            _try(str(path), lambda path=path: load_file(path))
    ordered = sorted(_types.items(), key=lambda item: (item[1].family, item[0]))
    _types.clear()
    _types.update(ordered)


def _try(source: str, load) -> None:
    try:
        load()
    except Exception as error:  # a broken block file must not prevent loading the others
        _failures[source] = f"{type(error).__name__}: {error}"
