"""``nodegraph check``: everything that is wrong with patches, one line each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import describe
from ..kernels import compile_kernels, kernels_of_graph
from ..options import Json, Outside
from ..output import plural, print_json, print_line, print_note

if TYPE_CHECKING:
    from nodegraph.graph import Graph


def check(
    patches: Annotated[list[Path], typer.Argument(metavar="PATCH…", show_default=False, help="Patches: .json files.")],
    allow_outside: Outside = False,
    json: Json = False,
) -> int:
    """Say everything that is wrong with patches, one line each.

    Looks at the file, blocks, wires, loops, lanes, ranges and files referred to, and compiles every block.
    """
    results = [_check(path, allow_outside) for path in patches]
    if json:
        print_json(results)
    else:
        for result in results:
            _print_result(result)
    return 1 if any(result["problems"] for result in results) else 0


def _check(path: Path, allow_outside: bool) -> dict[str, Any]:
    from nodegraph import api
    from nodegraph.graph import GraphError, build_graph
    from nodegraph.kernel import KernelError
    from nodegraph.patch import PatchError

    result: dict[str, Any] = {"patch": str(path), "problems": [], "warnings": []}
    try:
        patch = api.load(path)
        graph = build_graph(patch.document, patch.document.settings.rate or 44100.0, path, allow_outside)
        result |= {"nodes": len(graph.nodes), "wires": len(graph.wires), "latency": graph.latency}
        result["warnings"] = _warnings(graph)
        compile_kernels(kernels_of_graph(graph))
        for kernel in kernels_of_graph(graph):
            kernel.address  # noqa: B018 - loads it, and so proves that it is whole
    except (PatchError, GraphError, KernelError, OSError) as error:
        result["problems"] = describe(error)[0]
    return result


def _warnings(graph: Graph) -> list[str]:
    """What will not stop the patch, yet is hardly meant."""
    document = graph.document
    found = [f"{graph.node(id).title} is silent: {reason}" for id, reason in graph.placeholders.items()]
    if document.is_newer_format:
        found.append(f"it is of format version {document.version}, newer than this nodegraph. Update nodegraph.")
    for control in document.controls.values():
        if not _parameter_exists(control.target, graph):
            found.append(f"control '{control.name}' turns {control.target}, which is not there.")
    writes = any(node.cls and (node.cls.device == "output" or node.type == "recorder") for node in graph.typed_nodes)
    block = any(record.type == "outlet" for record in document.nodes.values())  # heard where another patch uses it
    if not (writes or block):
        found.append("nothing will be heard: it has no audio_out.")
    return found


def _parameter_exists(port_ref: str, graph: Graph) -> bool:
    """Whether an end names a parameter, which may be of a node in a subpatch. An unknown block may have any."""
    from nodegraph.blocks.registry import node_types
    from nodegraph.graph.ports import spec_of
    from nodegraph.patch import PatchError, locate

    node, _, port = port_ref.partition(".")
    try:
        path, id = locate(graph.document, node)
    except PatchError:
        return False
    record = graph.document.nested(path).nodes[id]
    spec = spec_of(record, graph.flat.home)
    return record.type not in node_types() or port in spec.parameters


def _print_result(result: dict[str, Any]) -> None:
    name = result["patch"]
    for problem in result["problems"]:
        print_note(problem if problem.startswith(f"{name}:") else f"{name}: {problem}")
    for warning in result["warnings"]:
        print_note(f"{name}: warning: {warning}")
    if not result["problems"]:
        size = f"{plural(result['nodes'], 'node')}, {plural(result['wires'], 'wire')}"
        print_line(f"{name}: fine, {size}, latency {result['latency']} samples")
