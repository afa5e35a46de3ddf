"""``nodegraph check``: list the problems of patches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import describe
from ..kernels import compile_kernels, kernels_of_graph
from ..options import Json, Outside, Trust
from ..output import plural, print_json, print_line, print_note
from ..patches import silent_blocks

if TYPE_CHECKING:
    from nodegraph.graph import Graph
    from nodegraph.patch import Control


def check(
    patches: Annotated[list[Path], typer.Argument(metavar="PATCH", show_default=False, help="Patch files (.json).")],
    allow_outside: Outside = False,
    trust: Trust = None,
    json: Json = False,
) -> int:
    """List the problems of patches, one line each.

    Checks the file, blocks, wires, loops, lanes, ranges and referenced files, and compiles every block.
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
    from nodegraph.graph.outputs import describe_output, output_nodes
    from nodegraph.kernel import KernelError
    from nodegraph.patch import PatchError

    result: dict[str, Any] = {"patch": str(path), "problems": [], "warnings": [], "outputs": []}
    try:
        patch = api.load(path)
        rate = patch.document.settings.rate or 44100.0
        graph = build_graph(patch.document, rate, path, allow_outside, tolerant=True)
        result["problems"] = list(graph.problems)
        result |= {"nodes": len(graph.nodes), "wires": len(graph.wires), "latency": graph.latency}
        result["outputs"] = [text for node in output_nodes(graph) if (text := describe_output(node))]
        result["warnings"] = _warnings(graph)
        compile_kernels(kernels_of_graph(graph))
        for kernel in kernels_of_graph(graph):
            kernel.address  # noqa: B018 - loads the native code, to detect a damaged cache
    except (PatchError, GraphError, KernelError, OSError) as error:
        result["problems"] += describe(error)[0]
    return result


def _warnings(graph: Graph) -> list[str]:
    """Return problems that do not prevent the patch from playing."""
    document = graph.document
    found = silent_blocks(graph)
    if document.is_newer_format:
        found.append(f"format version {document.version} is newer than this nodegraph. Update nodegraph.")
    for control in document.controls.values():
        if not _parameter_exists(control.target, graph):
            found.append(f"control '{control.name}': unknown target {control.target}.")
        elif problem := _range_problem(control, graph):
            found.append(f"control '{control.name}': {problem}")
    has_output = any(
        node.cls and (node.cls.device == "output" or node.type == "recorder") for node in graph.typed_nodes
    )
    is_subpatch = any(record.type == "outlet" for record in document.nodes.values())  # a subpatch for other patches
    if not (has_output or is_subpatch):
        found.append("no audio_out: the patch is silent.")
    return found


def _range_problem(control: Control, graph: Graph) -> str:
    """Return why the range or the steps of a control do not fit its input, or ""."""
    from nodegraph.control.parameters import control_parameter, range_problem
    from nodegraph.patch import PatchError

    try:
        parameter = control_parameter(graph.document, control, graph.flat.file, graph.flat.allow_outside)
    except PatchError:
        return ""  # an unknown block or a setting
    return range_problem(parameter, control)


def _parameter_exists(port_ref: str, graph: Graph) -> bool:
    """Return True if ``port_ref`` is a parameter, possibly in a subpatch, or belongs to an unknown block."""
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
    for output in result["outputs"]:
        print_line(f"{name}: {output}")
    if not result["problems"]:
        size = f"{plural(result['nodes'], 'node')}, {plural(result['wires'], 'wire')}"
        print_line(f"{name}: ok, {size}, latency {result['latency']} samples")
