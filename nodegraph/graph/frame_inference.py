"""Frame types and clocks of all frame wires, inferred from the blocks that make frames to the blocks that take them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from nodegraph.frame_types import EITHER, FrameType, kinds_fit
from nodegraph.patch.errors import Problem

from .model import Graph, GraphNode


def infer_frames(graph: Graph, order: Iterable[str], problems: list[str]) -> None:
    """Infer sizes and clocks, following the wires forward."""
    for id in order:
        node, said = graph.node(id), len(problems)
        _infer_node(graph, node, problems)
        if len(problems) > said:
            problems[said:] = [Problem(text, node.path) for text in problems[said:]]


def _infer_node(graph: Graph, node: GraphNode, problems: list[str]) -> None:
    """Infer the types of a node's frame outputs, its frame lanes, and the sizes that its equation needs."""
    spec = node.spec
    if node.cls is None or not (spec.frame_inputs or spec.frame_outputs):
        return
    incoming: dict[str, FrameType] = {}
    for name, port in spec.frame_inputs.items():
        own = graph.into(node.id, name)
        if len(own) > 1:
            mixers = "add_spectra or mix_spectra" if port.kind == "spectrum" else "add_frames or mix_frames"
            problems.append(f"{node.title}: '{name}' takes one wire. Put {mixers} before it.")
        if own and (found := graph.node(own[0].source).output_frames.get(own[0].source_port)):
            incoming[name] = found
            if not kinds_fit(found.kind, port.kind):
                problems.append(f"{node.title}: takes {port.kind} frames at '{name}', but {found.kind} frames arrive.")
                return
        elif not port.optional:
            node.missing_input = name
    node.input_frames = incoming
    if node.missing_input:
        return
    if len({found.hop for found in incoming.values()}) > 1:
        problems.append(_report_unequal_frames(node, incoming))
        return
    try:
        settings = node.settings | {"sr": graph.rate}
        node.output_frames = (
            dict(node.cls.frames(incoming, settings)) if node.cls.frames else _same_bins(node, incoming)
        )
    except ValueError as error:
        problems.append(f"{node.title}: {error}")
        return
    for name, made in node.output_frames.items():
        if made.kind == "spectrum" and made.bins != made.size // 2 + 1:
            problems.append(
                f"{node.title}: '{name}' would have {made.bins} bins, but a spectrum of {made.size} samples "
                f"has {made.size // 2 + 1}. Take the frames before mel or log_frequency."
            )
            node.output_frames = {}
            return
    first = next(iter([*incoming.values(), *node.output_frames.values()]))
    node.settings |= {"bins": first.bins, "size": first.size, "hop": first.hop, "reference": first.reference}


def _same_bins(node: GraphNode, incoming: Mapping[str, FrameType]) -> dict[str, FrameType]:
    """The usual rule: all inputs have the same bins, and so have the outputs."""
    if len({found.bins for found in incoming.values()}) > 1:
        raise ValueError(_report_unequal_frames(node, incoming).partition(": ")[2])
    first = next(iter(incoming.values()))
    kinds = {name: port.kind for name, port in node.spec.frame_outputs.items()}
    return {name: first if kind == EITHER else replace(first, kind=kind) for name, kind in kinds.items()}


def _report_unequal_frames(node: GraphNode, incoming: Mapping[str, FrameType]) -> str:
    each = " and ".join(f"{found} at '{name}'" for name, found in incoming.items())
    return f"{node.title}: gets {each}; they must be alike. Give the stft blocks before it the same size and hop."
