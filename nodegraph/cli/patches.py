"""Patches as the commands take them: opened, with what the command line sets, and typed."""

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


def open_patch(
    path: Path, sets: Iterable[str] | None = None, seed: int | None = None, allow_outside: bool = False
) -> Patch:
    """The patch in a file, with every ``--set`` and the ``--seed`` done to it."""
    from nodegraph import api
    from nodegraph.patch import SetSeed

    patch = api.load(path)
    for text in sets or ():
        _set(patch, text, allow_outside)
    if seed is not None:
        patch.do(SetSeed(seed))
    return patch


def build_graph_for(patch: Patch, rate: float, allow_outside: bool = False) -> Graph:
    """The patch's graph; its problems begin with the file's name."""
    from nodegraph.graph import build_graph

    with problems_of(patch):
        return build_graph(patch.document, rate, patch.path, allow_outside)


@contextmanager
def problems_of(patch: Patch) -> Iterator[None]:
    """Begin the problems of a patch that is typed inside with the name of its file."""
    from nodegraph.graph import GraphError

    try:
        yield
    except GraphError as error:
        raise GraphError([f"{patch.path}: {problem}" for problem in error.problems]) from None


def warn_about_placeholders(graph: Graph) -> list[str]:
    """Say which nodes are silent and why; returns the same lines."""
    lines = [f"{graph.node(id).title} is silent: {reason}" for id, reason in graph.placeholders.items()]
    for line in lines:
        print_warning(line)
    return lines


def _set(patch: Patch, text: str, allow_outside: bool) -> None:
    """``NODE.PORT=VALUE``, or ``CONTROL=VALUE``."""
    from nodegraph.graph.ports import PatchLocation, spec_of
    from nodegraph.patch import PatchError, locate
    from nodegraph.patch.errors import suggest

    name, equals, value = text.partition("=")
    if not equals or not name:
        example = "such as --set filter.cutoff=800"
        raise typer.BadParameter(f"'{text}' is not NODE.PORT=VALUE, {example}", param_hint="--set")
    controls = patch.document.controls
    if "." not in name and name not in controls:
        known = f" Its controls are {shortened(controls)}." if controls else " The patch has no controls."
        raise CommandError(f"--set {text}: there is no control '{name}'.{known} A port is written as NODE.PORT.")
    end = name if "." in name else controls[name].target
    node, _, port = end.partition(".")
    try:
        path, id = locate(patch.document, node)
    except PatchError as error:
        has = "" if suggest(node, patch.document.nodes) else f" Its nodes are {shortened(patch.document.nodes)}."
        raise CommandError(f"--set {text}: {str(error).removesuffix(' Add it first.')}{has}") from None
    record = patch.document.nested(path).nodes[id]
    spec = spec_of(record, PatchLocation(patch.path, allow_outside))
    patch.set(end, _value(spec, node, port, value))


def _value(spec: Spec, node: str, port: str, text: str) -> Any:
    """``text`` in the type of a port or setting; as JSON or as it stands if that is not known."""
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
        raise CommandError(f"{port_ref} wants a number{f' in {unit}' if unit else ''}, got '{text}'.") from None


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
