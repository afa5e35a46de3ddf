"""``nodegraph show``: a patch as text, as a drawing, or as the plan that will run."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..drawings import as_dot, as_mermaid
from ..options import Json, Outside, PatchFile, Rate, Sets
from ..patches import open_patch, typed, warn_of_placeholders
from ..text import amount, columns, plural, print_json, printable, say

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
        bool, typer.Option("--plan", help="The rows that will run: kernels, packed nodes, shared buffers.")
    ] = False,
    format: Annotated[
        Format,
        typer.Option(
            "--format", "-f", help="Text, a drawing (Mermaid, Graphviz), or the graph (GraphML, node-link JSON)."
        ),
    ] = Format.text,
    set: Sets = None,
    rate: Rate = None,
    allow_outside: Outside = False,
    json: Json = False,
) -> None:
    """Show a patch: nodes, lanes, latency, wires and loops."""
    opened = open_patch(patch, set, allow_outside=allow_outside)
    graph = typed(opened, float(rate or opened.document.settings.rate or 44100.0), allow_outside)
    if plan:
        if format is not Format.text:
            raise typer.BadParameter("--plan is shown as text only", param_hint="--format")
        compiled = plan_of(graph)
        print_json(_plan_data(compiled)) if json else _show_plan(compiled)
    elif json:
        print_json(_data(graph))
    elif format is Format.text:
        _show(graph)
        warn_of_placeholders(graph)
    else:
        say(_exporters()[format](graph))


def _exporters() -> dict[Format, Callable[[Graph], str]]:
    from nodegraph.graph.export import as_graphml, as_json

    return {Format.mermaid: as_mermaid, Format.dot: as_dot, Format.graphml: as_graphml, Format.json: as_json}


# -- the patch ---------------------------------------------------------------------------------------------


def _show(graph: Graph) -> None:
    from ..nested import levels_of, nodes_of

    document = graph.document
    if document.title:
        say(printable(document.title))
    say(f"{graph.rate:g} Hz, seed {document.seed}, latency {_latency(graph.latency, graph.rate)}\n")
    levels = levels_of(graph)
    columns([("node", "type", "lanes", "latency", "set to"), *(_row(*drawn) for drawn in nodes_of(graph, levels))])
    for path, level in levels.items():
        if level.wires:
            say(f"\nwires{f' in {printable(path)}' if path else ''}")
            columns([(wire.start, "⇢" if wire.feedback else "→", wire.end) for wire in level.wires], "  ")
    if graph.loops:
        say("\nfeedback loops, computed sample by sample")
        for loop in graph.loops:
            say(f"  {printable(', '.join(loop))}")
    if document.controls:
        say("\ncontrols")
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
        "wires": [{"from": w.start, "to": w.end, "feedback": w.feedback} for w in graph.wires],
        "loops": graph.loops,
        "controls": {c.name: c.target for c in document.controls.values()},
    }


# -- the plan ----------------------------------------------------------------------------------------------


class _NoHelper:
    """Stands for a helper that would open files: a plan that is only looked at needs none."""

    def __init__(self) -> None:
        self.arrays: dict[str, Any] = {}


def plan_of(graph: Graph) -> Plan:
    """The plan of a patch, to be looked at: it opens no file and must not be run."""
    from nodegraph.plan import Io, compile_plan

    from ..kernels import kernels_of_engine, kernels_of_graph, make_ready

    make_ready([*kernels_of_engine(), *kernels_of_graph(graph)])
    outlets = [node for node in graph.typed_nodes if node.cls and node.cls.device == "output"]
    channels = max((max(node.input_lanes.values()) for node in outlets), default=1)
    return compile_plan(
        graph,
        Io((0, 2), (0, channels)),
        open_host=lambda node, host: _NoHelper(),
        compensate=graph.document.settings.latency_compensation,
    )


def _show_plan(plan: Plan) -> None:
    rows = [("row", "kernel", "lanes", "nodes")]
    for number, info in enumerate(plan.rows):
        rows += _plan_rows(info, str(number))
    columns(rows)
    computing = [leaf for info in plan.rows for leaf in _leaves(info)]
    kernels = len({info.kernel for info in computing})
    packed = sum(len(info.places) for info in computing if len(info.places) > 1)
    size = f"{plural(len(plan.rows), 'row')} of {plural(kernels, 'kernel')}"
    say(f"\n{size}; {plural(packed, 'node')} packed as lanes")
    saved = plan.bytes_unshared - plan.bytes_used
    say(f"buffers {amount(plan.bytes_used)}, {amount(saved)} saved by sharing; latency {plan.latency} samples")


def _plan_rows(info: RowInfo, number: str) -> list[tuple[str, str, str, str]]:
    ids = [node for node, *_ in info.places]
    shown = ", ".join(ids) if len(ids) <= 4 else f"{ids[0]}, {ids[1]} … {ids[-1]} ({len(ids)} nodes)"
    rows = [(number, info.kernel, str(info.lanes or ""), shown)]
    for k, inner in enumerate(info.inner):
        rows += _plan_rows(inner, f"{number}.{k}")
    return rows


def _leaves(info: RowInfo) -> list[RowInfo]:
    return [leaf for inner in info.inner for leaf in _leaves(inner)] if info.inner else [info]


def _plan_data(plan: Plan) -> dict[str, Any]:
    return {
        "rows": [_row_data(info) for info in plan.rows],
        "bytes_used": plan.bytes_used,
        "bytes_unshared": plan.bytes_unshared,
        "latency": plan.latency,
    }


def _row_data(info: RowInfo) -> dict[str, Any]:
    nodes = [{"node": node, "lane": lane, "lanes": lanes} for node, lane, lanes in info.places]
    inner = [_row_data(part) for part in info.inner]
    return {"kernel": info.kernel, "lanes": info.lanes, "nodes": nodes, "inner": inner}
