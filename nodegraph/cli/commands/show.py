"""``nodegraph show``: print a patch as text, a drawing, a graph file or a plan."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..drawings import as_dot, as_mermaid
from ..options import Json, Outside, PatchFile, Rate, Sets, Trust
from ..output import columns, format_bytes, plural, print_json, print_line, printable
from ..patches import build_graph_for, open_patch, warn_about_placeholders

if TYPE_CHECKING:
    from nodegraph.graph import Graph, GraphNode
    from nodegraph.patch import NodeRecord
    from nodegraph.plan.result import Plan, RowInfo


class Format(StrEnum):
    text = "text"
    mermaid = "mermaid"
    dot = "dot"
    graphml = "graphml"
    json = "json"


def show(
    patch: PatchFile,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show the compiled plan: kernels, packed nodes, shared buffers.")
    ] = False,
    format: Annotated[
        Format,
        typer.Option(
            "--format", "-f", help="Text, a drawing (Mermaid, Graphviz) or the graph (GraphML, node-link JSON)."
        ),
    ] = Format.text,
    python: Annotated[bool, typer.Option("--python", help="Print a Python program that builds the patch.")] = False,
    set: Sets = None,
    rate: Rate = None,
    allow_outside: Outside = False,
    trust: Trust = None,
    json: Json = False,
) -> None:
    """Show a patch: nodes, lanes, latency, wires and loops."""
    opened = open_patch(patch, set, allow_outside=allow_outside)
    if python:
        from nodegraph.text.python_program import python_program

        print_line(python_program(opened.document, patch.name).rstrip("\n"))
        return
    graph = build_graph_for(opened, float(rate or opened.document.settings.rate or 44100.0), allow_outside)
    if plan:
        if format is not Format.text:
            raise typer.BadParameter("--plan supports text only", param_hint="--format")
        compiled = plan_of(graph)
        print_json(_plan_data(compiled)) if json else _show_plan(compiled)
    elif json:
        print_json(_data(graph))
    elif format is Format.text:
        _show(graph)
        warn_about_placeholders(graph)
    else:
        print_line(_exporters()[format](graph))


def _exporters() -> dict[Format, Callable[[Graph], str]]:
    from nodegraph.graph.export import as_graphml, as_json

    return {Format.mermaid: as_mermaid, Format.dot: as_dot, Format.graphml: as_graphml, Format.json: as_json}


# -- the patch ---------------------------------------------------------------------------------------------


def _show(graph: Graph) -> None:
    from ..levels import levels_of, nodes_of

    document = graph.document
    if document.title:
        print_line(printable(document.title))
    print_line(f"{graph.rate:g} Hz, seed {document.seed}, latency {_latency(graph.latency, graph.rate)}\n")
    levels = levels_of(graph)
    columns([("node", "type", "lanes", "latency", "parameters"), *(_row(*drawn) for drawn in nodes_of(graph, levels))])
    for path, level in levels.items():
        if level.wires:
            print_line(f"\nwires{f' in {printable(path)}' if path else ''}")
            columns([(wire.source_ref, "⇢" if wire.feedback else "→", wire.target_ref) for wire in level.wires], "  ")
    if graph.loops:
        print_line("\nfeedback loops, computed sample by sample")
        for loop in graph.loops:
            print_line(f"  {printable(', '.join(loop))}")
    if document.controls:
        print_line("\ncontrols")
        columns([(control.name, control.target, control.doc) for control in document.controls.values()], "  ")


def _row(name: str, record: NodeRecord, node: GraphNode | None) -> tuple[str, ...]:
    params = ", ".join(f"{key}={_short(value)}" for key, value in record.params.items())
    lanes, latency = (str(node.lanes), str(node.latency or "")) if node else ("", "")
    return name, record.type, lanes, latency, params


def _short(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"


def _latency(samples: int, rate: float) -> str:
    return f"{samples} samples ({1000 * samples / rate:.1f} ms)"


def _data(graph: Graph) -> dict[str, Any]:
    document = graph.document
    return {
        "title": document.title,
        "rate": graph.rate,
        "seed": document.seed,
        "latency": graph.latency,
        "nodes": [
            {
                "id": node.id,
                "type": node.type,
                "lanes": node.lanes,
                "latency": node.latency,
                "inputs": node.values,
                "settings": node.settings,
                "problem": node.problem,
            }
            for node in graph.typed_nodes
        ],
        "wires": [{"from": w.source_ref, "to": w.target_ref, "feedback": w.feedback} for w in graph.wires],
        "loops": graph.loops,
        "controls": {c.name: c.target for c in document.controls.values()},
    }


# -- the plan ----------------------------------------------------------------------------------------------


def plan_of(graph: Graph) -> Plan:
    """Compile the plan of a patch for inspection. It opens no files and must not be run."""
    from nodegraph.plan.inspection import inspected_plan

    from ..kernels import compile_kernels, kernels_of_engine, kernels_of_graph

    compile_kernels([*kernels_of_engine(), *kernels_of_graph(graph)])
    return inspected_plan(graph)


def _show_plan(plan: Plan) -> None:
    groups = _groups(plan)
    group_of = {row: str(number) for number, group in enumerate(groups, 1) for row in group["rows"]}
    rows = [("row", "group", "kernel", "lanes", "nodes")]
    for number, info in enumerate(plan.rows):
        rows += _plan_rows(info, str(number), group_of.get(number, ""))
    columns(rows)
    computing = [leaf for info in plan.rows for leaf in _innermost_rows(info)]
    kernels = len({info.kernel for info in computing})
    packed = sum(len(info.places) for info in computing if len(info.places) > 1)
    size = f"{plural(len(plan.rows), 'row')} of {plural(kernels, 'kernel')}"
    print_line(f"\n{size}; {plural(packed, 'node')} packed as lanes")
    print_line(f"{plural(len(group_of), 'row')} in {plural(len(groups), 'group')} that fused kernels compute")
    saved = plan.bytes_unshared - plan.bytes_used
    print_line(
        f"buffers {format_bytes(plan.bytes_used)}, {format_bytes(saved)} saved by sharing; latency {plan.latency} "
        f"samples"
    )


def _groups(plan: Plan) -> list[dict[str, Any]]:
    """Return the groups that have fused kernels, in the order in which they run."""
    from nodegraph.fusion.grouping import steps_of

    return [
        {"rows": step.rows, "lanes": step.members[0].lanes, "loop": step.is_loop}
        for step in steps_of(plan.placed)
        if step.members
    ]


def _plan_rows(info: RowInfo, number: str, group: str) -> list[tuple[str, str, str, str, str]]:
    from nodegraph.plan.display import row_cells

    cells = row_cells(info, number)
    return [(place, group, kernel, lanes, nodes) for place, kernel, lanes, nodes in cells]


def _innermost_rows(info: RowInfo) -> list[RowInfo]:
    return [leaf for inner in info.inner for leaf in _innermost_rows(inner)] if info.inner else [info]


def _plan_data(plan: Plan) -> dict[str, Any]:
    return {
        "rows": [_row_data(info) for info in plan.rows],
        "groups": _groups(plan),
        "bytes_used": plan.bytes_used,
        "bytes_unshared": plan.bytes_unshared,
        "latency": plan.latency,
    }


def _row_data(info: RowInfo) -> dict[str, Any]:
    nodes = [{"node": node, "lane": lane, "lanes": lanes} for node, lane, lanes in info.places]
    inner = [_row_data(part) for part in info.inner]
    return {"kernel": info.kernel, "lanes": info.lanes, "nodes": nodes, "inner": inner}
