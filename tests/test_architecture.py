"""The direction of imports, read from the source: late imports and imports for annotations count."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parent.parent

# What each package may import. A module at the top of nodegraph/ counts as a package of its own.
# Blocks are found by name (see blocks/registry.py): nothing imports `nodes`.
VOCABULARY = {"version", "quantum", "frame_types", "maths", "events", "node"}
ALLOWED: dict[str, set[str]] = {
    "version": set(),
    "quantum": set(),
    "frame_types": set(),
    "maths": set(),
    "native": set(),
    "events": {"native"},
    "node": set(),
    "files": set(),
    "midi": {"events"},
    "patch": {"files"},
    "spectral": VOCABULARY | {"native", "files"},
    "models": {"maths", "files", "spectral"},
    "blocks": VOCABULARY | {"files", "midi", "patch", "models"},
    "kernel": VOCABULARY | {"native"},
    "graph": VOCABULARY | {"patch", "blocks"},
    "plan": VOCABULARY | {"native", "patch", "spectral", "kernel", "graph"},
    "engine": VOCABULARY | {"native", "midi", "patch", "blocks", "kernel", "graph", "plan"},
    "recording": VOCABULARY | {"native", "files", "midi", "patch", "graph", "plan", "engine"},
    "control": VOCABULARY | {"midi", "patch", "blocks", "graph", "engine"},
    "notebook": {"patch", "graph"},
    "api": VOCABULARY | {"files", "midi", "patch", "blocks", "graph", "engine", "recording", "notebook"},
    "inversion": VOCABULARY | {"patch", "blocks", "spectral", "engine", "api"},
    "learn": VOCABULARY | {"files", "patch", "spectral", "models", "graph", "engine", "api"},
    "editor": VOCABULARY
    | {"files", "midi", "patch", "blocks", "models", "graph", "engine", "recording", "control", "api", "learn"},
    "cli": VOCABULARY
    | {"native", "files", "midi", "patch", "blocks", "spectral", "models", "kernel", "graph", "plan", "engine"}
    | {"recording", "control", "api", "inversion", "learn", "editor"},
    "nodegraph": {"version", "patch", "graph", "api"},
    "__main__": {"cli"},
    "nodes": VOCABULARY | {"files", "patch", "blocks", "spectral", "models"},
}


@cache
def modules() -> dict[str, Path]:
    """All modules of the two packages by dotted name."""
    found = {}
    for package in ("nodegraph", "nodes"):
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, source: str) -> set[str]:
    """The modules of this project that a module imports, anywhere in its source."""
    is_package = modules().get(name, Path()).name == "__init__.py"
    package = name.split(".") if is_package else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in modules() else base)
    return (found & modules().keys()) - {name}


@cache
def import_graph() -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(modules())
    for name, path in modules().items():
        graph.add_edges_from((name, imported) for imported in imports_of(name, path.read_text()))
    return graph


def package_of(module: str) -> str:
    """``nodegraph.plan.rows`` → ``plan``, ``nodegraph.api`` → ``api``, ``nodes.filters`` → ``nodes``."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] or top if top == "nodegraph" else top


def wrong_arrows(edges: object) -> list[str]:
    """Imports that the table does not allow."""
    pairs = [(a, b, package_of(a), package_of(b)) for a, b in edges]  # type: ignore[attr-defined]
    return [f"{a} imports {b}" for a, b, one, other in pairs if one != other and other not in ALLOWED[one]]


def test_every_package_is_in_the_table():
    assert {package_of(name) for name in modules()} == ALLOWED.keys()


def test_the_table_itself_has_no_circle():
    table = nx.DiGraph([(one, other) for one, others in ALLOWED.items() for other in others])
    assert nx.is_directed_acyclic_graph(table)


def test_imports_run_in_the_allowed_direction():
    assert wrong_arrows(import_graph().edges) == []


def test_one_wrong_import_is_noticed():
    source = modules()["nodegraph.plan.rows"].read_text() + "\n\ndef late():\n    from nodegraph.engine import core\n"
    edges = [("nodegraph.plan.rows", imported) for imported in imports_of("nodegraph.plan.rows", source)]
    assert wrong_arrows(edges) == ["nodegraph.plan.rows imports nodegraph.engine.core"]


def test_no_modules_import_each_other_in_a_circle():
    circles = [sorted(part) for part in nx.strongly_connected_components(import_graph()) if len(part) > 1]
    assert circles == []


def test_the_top_level_holds_what_users_and_authors_of_blocks_import():
    loose = [path.stem for path in (ROOT / "nodegraph").glob("*.py")]
    assert len(loose) <= 11, sorted(loose)


def test_every_module_can_be_the_first_to_be_imported():
    optional = ("nodegraph.__main__", "nodegraph.editor.dpg", "nodegraph.learn")
    program = (
        "import importlib, sys\n"
        f"for name in {[name for name in modules() if not name.startswith(optional)]!r}:\n"
        "    for loaded in [key for key in sys.modules if key.partition('.')[0] in ('nodegraph', 'nodes')]:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr[-2000:]
