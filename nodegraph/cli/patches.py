"""Opening and typing of patches for the commands, with the values of ``--set`` and ``--seed``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .errors import CommandError
from .output import print_warning, shortened

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.node import Spec
    from nodegraph.patch import Patch

MAX_WARNINGS = 20  # lines


def open_patch(
    path: Path, sets: Iterable[str] | None = None, seed: int | None = None, allow_outside: bool = False
) -> Patch:
    """Open a patch file and apply ``--set`` and ``--seed``."""
    from nodegraph import api
    from nodegraph.patch import SetSeed

    patch = api.load(path)
    for text in sets or ():
        _set(patch, text, allow_outside)
    if seed is not None:
        patch.do(SetSeed(seed))
    return patch


def build_graph_for(patch: Patch, rate: float, allow_outside: bool = False) -> Graph:
    """Build the typed graph of a patch. Raises GraphError whose problems start with the file name."""
    from nodegraph.graph import build_graph

    with problems_of(patch):
        return build_graph(patch.document, rate, patch.path, allow_outside)


@contextmanager
def problems_of(patch: Patch) -> Iterator[None]:
    """Add the file name to the problems of any GraphError raised in the context."""
    from nodegraph.graph import GraphError

    try:
        yield
    except GraphError as error:
        raise GraphError([f"{patch.path}: {problem}" for problem in error.problems]) from None


def warn_about_placeholders(graph: Graph) -> list[str]:
    """Print a warning for each part of a patch that is left out or silent; return the warnings."""
    lines = [*graph.problems, *silent_blocks(graph)]
    for line in lines[:MAX_WARNINGS]:
        print_warning(line)
    if len(lines) > MAX_WARNINGS:
        print_warning(f"{len(lines) - MAX_WARNINGS} more. Run `nodegraph check` to list all.")
    if graph.problems:
        print_warning("these blocks and wires are left out, everything else plays, and the file is unchanged.")
    return lines


def silent_blocks(graph: Graph) -> list[str]:
    """Return a sentence for each block that is silent because something is missing on this machine."""
    known = set(graph.problems)
    found = [node for node in graph.typed_nodes if node.problem and node.id not in graph.flat.repeats]
    named = [(node, f"{node.title}: {node.problem}") for node in found if node.problem not in known]
    return [f"{node.title} is silent: {node.problem}" for node, problem in named if problem not in known]


def _set(patch: Patch, text: str, allow_outside: bool) -> None:
    """Apply ``NODE.PORT=VALUE`` or ``CONTROL=VALUE``."""
    from nodegraph.graph.ports import PatchLocation, spec_of
    from nodegraph.patch import PatchError, locate
    from nodegraph.patch.errors import suggest

    name, equals, value = text.partition("=")
    if not equals or not name:
        example = "such as --set filter.cutoff=800"
        raise typer.BadParameter(f"must be NODE.PORT=VALUE, {example}, got '{text}'", param_hint="--set")
    controls = patch.document.controls
    if "." not in name and name not in controls:
        known = f"Use one of {shortened(controls)}, or" if controls else "The patch has none. Use"
        raise CommandError(f"--set {text}: unknown control '{name}'. {known} NODE.PORT=VALUE.")
    port_ref = name if "." in name else controls[name].target
    node, _, port = port_ref.partition(".")
    try:
        path, id = locate(patch.document, node)
    except PatchError as error:
        hint = "" if suggest(node, patch.document.nodes) else f" Use one of {shortened(patch.document.nodes)}."
        raise CommandError(f"--set {text}: {str(error).removesuffix(' Add it first.')}{hint}") from None
    record = patch.document.nested(path).nodes[id]
    spec = spec_of(record, PatchLocation(patch.path, allow_outside))
    patch.set(port_ref, _value(spec, node, port, value))


def _value(spec: Spec, node: str, port: str, text: str) -> Any:
    """Convert ``text`` to the type of a port or setting; if it is unknown, parse JSON or keep the text."""
    from nodegraph.node import Choice, In

    declared = spec.parameters.get(port)
    if isinstance(declared, In):
        values = [_number(part, f"{node}.{port}", declared.unit) for part in text.split(",")]
        return values if len(values) > 1 else values[0]
    if isinstance(declared, Choice) or (declared is not None and isinstance(declared.default, str)):
        return text
    return _as_json(text)


def _number(text: str, port_ref: str, unit: str) -> float:
    words = {"true": 1.0, "on": 1.0, "false": 0.0, "off": 0.0}
    try:
        return words[text.lower()] if text.lower() in words else float(text)
    except ValueError:
        raise CommandError(f"{port_ref} must be a number{f' in {unit}' if unit else ''}, got '{text}'.") from None


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
