"""The direction of imports, from the source; it includes late imports and imports for annotations."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import networkx as nx

ROOT = Path(__file__).parent.parent

# Allowed imports of each package. A module at the top of nodegraph/ counts as a package.
# Blocks are found by name (see blocks/registry.py): no package imports `nodes`.
VOCABULARY = {"version", "installation", "quantum", "frame_types", "maths", "events", "node"}
ALLOWED: dict[str, set[str]] = {
    "version": set(),
    "installation": {"version"},
    "lazy": {"files"},
    "quantum": set(),
    "frame_types": set(),
    "maths": set(),
    "native": {"files", "processes"},
    "events": {"native"},
    "node": set(),
    "files": set(),
    "processes": {"installation"},
    "midi": {"events", "installation"},
    "patch": {"files"},
    "notebook": {"patch"},
    "kernel": VOCABULARY | {"native"},
    "spectral": VOCABULARY | {"native", "files", "kernel"},
    "measures": {"installation", "files", "spectral"},
    "models": {"installation", "maths", "files", "spectral"},
    "blocks": VOCABULARY | {"files", "processes", "midi", "patch", "models"},
    "graph": VOCABULARY | {"files", "patch", "notebook", "blocks"},
    "plan": VOCABULARY | {"native", "patch", "notebook", "spectral", "kernel", "graph"},
    "fusion": VOCABULARY | {"native", "kernel", "plan"},
    "engine": VOCABULARY | {"native", "midi", "patch", "blocks", "kernel", "graph", "plan", "fusion"},
    "recording": VOCABULARY | {"native", "files", "midi", "patch", "graph", "plan", "engine"},
    "control": VOCABULARY | {"files", "midi", "patch", "blocks", "graph", "engine"},
    "api": VOCABULARY
    | {"files", "midi", "patch", "notebook", "spectral", "blocks", "graph", "plan", "engine", "recording"},
    "widgets": VOCABULARY | {"files", "patch", "blocks", "graph", "engine", "control"},
    "learn": VOCABULARY | {"lazy", "files", "patch", "spectral", "models", "graph", "engine", "api"},
    "estimator": VOCABULARY
    | {"files", "processes", "patch", "spectral", "measures", "models", "graph", "engine", "control", "api", "learn"}
    | {"lazy"},
    "mixtures": {"lazy", "files", "patch", "spectral", "measures", "models", "api", "learn"},
    "lessons": VOCABULARY | {"lazy", "files", "processes", "patch", "blocks", "measures", "kernel", "graph", "engine"},
    "challenges": VOCABULARY | {"files", "patch", "blocks", "models", "graph", "engine", "control", "estimator"},
    "text": VOCABULARY | {"patch", "graph", "api", "measures"},
    "editor": VOCABULARY
    | {"files", "midi", "patch", "blocks", "models", "graph", "engine", "recording", "control", "api", "learn"}
    | {"estimator", "processes", "measures", "lessons", "challenges"},
    "cli": VOCABULARY
    | {"native", "files", "midi", "patch", "blocks", "spectral", "measures", "models", "kernel", "graph", "plan"}
    | {"fusion", "engine", "recording", "control", "api", "learn", "estimator", "mixtures", "editor"}
    | {"lessons", "challenges", "text"}
    | {"processes"},
    "nodegraph": {"version", "lazy", "patch", "graph", "api", "lessons", "widgets"},
    "__main__": {"cli"},
    "nodes": VOCABULARY | {"files", "patch", "blocks", "spectral", "models"},
}


@cache
def modules() -> dict[str, Path]:
    """Return all modules of the two packages by dotted name."""
    found = {}
    for package in ("nodegraph", "nodes"):
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, source: str) -> set[str]:
    """Return the modules of this project that a module imports, anywhere in its source."""
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
    """Return the package of a module.

    ``nodegraph.plan.rows`` → ``plan``, ``nodegraph.api`` → ``api``, ``nodes.filters`` → ``nodes``.
    """
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] or top if top == "nodegraph" else top


def forbidden_imports(edges: object) -> list[str]:
    """Return the imports that the table does not allow."""
    pairs = [(a, b, package_of(a), package_of(b)) for a, b in edges]  # type: ignore[attr-defined]
    return [f"{a} imports {b}" for a, b, one, other in pairs if one != other and other not in ALLOWED[one]]


def test_table_contains_every_package():
    assert {package_of(name) for name in modules()} == ALLOWED.keys()


def test_table_has_no_cycle():
    table = nx.DiGraph([(one, other) for one, others in ALLOWED.items() for other in others])
    assert nx.is_directed_acyclic_graph(table)


def test_imports_follow_the_table():
    assert forbidden_imports(import_graph().edges) == []


def test_forbidden_late_import_is_detected():
    source = modules()["nodegraph.plan.rows"].read_text() + "\n\ndef late():\n    from nodegraph.engine import core\n"
    edges = [("nodegraph.plan.rows", imported) for imported in imports_of("nodegraph.plan.rows", source)]
    assert forbidden_imports(edges) == ["nodegraph.plan.rows imports nodegraph.engine.core"]


def test_modules_have_no_import_cycles():
    cycles = [sorted(part) for part in nx.strongly_connected_components(import_graph()) if len(part) > 1]
    assert cycles == []


def test_package_has_at_most_eleven_top_level_modules():
    names = [path.stem for path in (ROOT / "nodegraph").glob("*.py")]
    assert len(names) <= 11, sorted(names)


def test_only_one_module_imports_librosa():
    # two processes that import it at once without its lock damage the cache of its compiled functions
    sources = [path for folder in ("nodegraph", "nodes", "tests", "bench") for path in (ROOT / folder).rglob("*.py")]
    imports = re.compile(r"^ *(import|from) librosa|skip\W+librosa", re.MULTILINE)
    importing = [path for path in sources if imports.search(path.read_text())]
    assert importing == [ROOT / "nodegraph/measures/librosa_import.py"]
