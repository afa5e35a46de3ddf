"""The notebook display of a typed graph: a drawing with lanes, frames and latency."""

from __future__ import annotations

from typing import Any

from nodegraph.notebook.patches import MAX_NODES
from nodegraph.notebook.svg import SIGNAL, STYLE, Box, Line, boxes_svg

COLOURS = {"signal": SIGNAL, "events": "#2f855a"}  # of wires; those of frames have the last one
FRAMES = "#805ad5"


def graph_html(graph: Any) -> str:
    """Return a drawing of a typed graph (`model.Graph`) with latency and loops; of a large one, only its size.

    A wire shows its lanes, if it has several, and the samples by which the plan delays it.
    """
    nodes, wires, loops = len(graph), graph.number_of_edges(), len(graph.loops)
    parts = [_plural(nodes, "node"), _plural(wires, "wire"), f"{graph.rate:g} Hz", f"latency {graph.latency} samples"]
    caption = f"<div style='{STYLE}'>{', '.join([*parts, _plural(loops, 'feedback loop')])}</div>"
    if not 0 < nodes <= MAX_NODES:
        return caption
    boxes = [Box(node.id, node.type, _tip(node)) for node in graph.typed_nodes]
    return f"<div>{caption}{boxes_svg(boxes, _lines(graph))}</div>"


def _lines(graph: Any) -> list[Line]:
    found = []
    for source, target, data in graph.edges(data=True):
        lanes, delay = data["lanes"], data["compensation"]
        label = " ".join([f"×{lanes}"] * (lanes > 1) + [f"+{delay}"] * (delay > 0))
        tip = f"{data['wire']}: {data['kind']}, {_plural(lanes, 'lane')}, after {data['latency']} samples"
        colour = COLOURS.get(data["kind"], FRAMES)
        ports = source, data["source_port"], target, data["target_port"]
        found.append(Line(*ports, data["feedback"], label, tip, colour))
    return found


def _tip(node: Any) -> tuple[str, ...]:
    lines = [_plural(node.lanes, "lane"), f"latency {node.latency} samples, {node.path_latency} from the inputs"]
    if node.problem:
        lines.append(f"silent: {node.problem}")
    return (
        *lines,
        *(f"{name} = {', '.join(f'{value:g}' for value in values)}" for name, values in node.values.items()),
    )


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
