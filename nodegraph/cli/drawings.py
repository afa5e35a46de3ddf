"""Export of a patch as a drawing: Mermaid (for Markdown) and DOT (for Graphviz)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nodegraph.graph import Graph


def as_mermaid(graph: Graph) -> str:
    """Return a Mermaid flow chart. Feedback wires are dotted, placeholders dashed."""
    names = {id: f"n{i}" for i, id in enumerate(graph.nodes)}
    lines = ["flowchart LR", *_boxes(graph, names)]
    for wire in graph.wires:
        label = f"{_mermaid(wire.source_port)} → {_mermaid(wire.target_port)}"
        arrow = "-.->" if wire.feedback else "-->"
        lines.append(f'    {names[wire.source]} {arrow}|"{label}"| {names[wire.target]}')
    silent = [names[id] for id in graph.placeholders]
    if silent:
        lines += ["    classDef silent stroke-dasharray: 4 4", f"    class {','.join(silent)} silent"]
    return "\n".join(lines)


def _boxes(graph: Graph, names: Mapping[str, str]) -> list[str]:
    """Return the lines of the nodes, grouped by subpatch."""
    lines: list[str] = []
    open_subpatches: list[str] = []
    for id in sorted(graph.nodes, key=lambda id: graph.node(id).path[:-1]):
        *subpatches, name = graph.node(id).path
        voices = graph.flat.ids(graph.node(id).address)
        if id in voices[1:]:
            name = f"{name}#{voices.index(id) + 1}"
        while open_subpatches != subpatches[: len(open_subpatches)]:
            lines.append("    " * len(open_subpatches) + "end")
            open_subpatches.pop()
        for subpatch in subpatches[len(open_subpatches) :]:
            open_subpatches.append(subpatch)
            lines.append("    " * len(open_subpatches) + f'subgraph g{len(lines)} ["{_mermaid(subpatch)}"]')
        type = graph.node(id).type
        label = _mermaid(name) + ("" if name.startswith(type) else f"<br/>{_mermaid(type)}")
        lines.append("    " * (len(open_subpatches) + 1) + f'{names[id]}["{label}"]')
    return lines + ["    " * depth + "end" for depth in range(len(open_subpatches), 0, -1)]


def as_dot(graph: Graph) -> str:
    """Return a Graphviz graph whose nodes show their wired ports."""
    names = {id: f"n{i}" for i, id in enumerate(graph.nodes)}
    lines = ["digraph patch {", "    rankdir=LR;", '    node [shape=record, fontname="sans-serif"];']
    for node in graph.typed_nodes:
        inputs = dict.fromkeys(wire.target_port for wire in graph.wires if wire.target == node.id)
        outputs = dict.fromkeys(wire.source_port for wire in graph.wires if wire.source == node.id)
        left = "|".join(f"<i_{_dot(name)}> {_dot(name)}" for name in inputs)
        right = "|".join(f"<o_{_dot(name)}> {_dot(name)}" for name in outputs)
        middle = _dot(node.id) + ("" if node.id.startswith(node.type) else f"\\n{_dot(node.type)}")
        parts = [f"{{{left}}}" if left else "", middle, f"{{{right}}}" if right else ""]
        style = ", style=dashed" if node.problem else ""
        lines.append(f'    {names[node.id]} [label="{"|".join(part for part in parts if part)}"{style}];')
    for wire in graph.wires:
        start = f'{names[wire.source]}:"o_{_dot(wire.source_port)}"'
        end = f'{names[wire.target]}:"i_{_dot(wire.target_port)}"'
        lines.append(f"    {start} -> {end}{' [style=dashed, constraint=false]' if wire.feedback else ''};")
    return "\n".join([*lines, "}"])


def _mermaid(text: str) -> str:
    """Escape text for Mermaid as numeric entities, so that no character is interpreted as syntax."""
    return "".join(c if c.isalnum() or c in " _-" else f"#{ord(c)};" for c in text)


def _dot(text: str) -> str:
    return "".join(c if c.isalnum() or c in " _-" else f"&#{ord(c)};" for c in text)
