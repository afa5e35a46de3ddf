"""Inference of frame types and clocks, forward from the blocks that create frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from nodegraph.frame_types import EITHER, FrameType, kinds_fit
from nodegraph.patch.errors import Problem

from .model import Graph, GraphNode


def infer_frames(graph: Graph, order: Iterable[str], problems: list[str]) -> None:
    """Infer sizes and clocks, following the wires forward; a problem of several voices is reported once."""
    for id in order:
        node = graph.node(id)
        found: list[str] = []
        _infer_node(graph, node, found)
        if id not in graph.flat.repeats:
            problems += [Problem(text, node.path) for text in found]


def _infer_node(graph: Graph, node: GraphNode, problems: list[str]) -> None:
    """Infer the types of a node's frame outputs, and the sizes that its equation needs."""
    spec = node.spec
    if node.cls is None or not (spec.frame_inputs or spec.frame_outputs):
        return
    incoming: dict[str, FrameType] = {}
    for name, port in spec.frame_inputs.items():
        wires = graph.into(node.id, name)
        if len(wires) > 1:
            mixers = "add_spectra or mix_spectra" if port.kind == "spectrum" else "add_frames or mix_frames"
            problems.append(f"{node.title}: '{name}' accepts one wire. Put {mixers} before it.")
        if wires and (found := graph.node(wires[0].source).output_frames.get(wires[0].source_port)):
            incoming[name] = found
            if not kinds_fit(found.kind, port.kind):
                problems.append(f"{node.title}: '{name}' needs {port.kind} frames, got {found.kind} frames.")
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
                f"has {made.size // 2 + 1}. Use the frames before mel or log_frequency."
            )
            node.output_frames = {}
            return
    first = next(iter([*incoming.values(), *node.output_frames.values()]))
    node.settings |= frame_settings(first)


def frame_settings(frames: FrameType) -> dict[str, Any]:
    """Return the settings that a block has because of the type of its frames."""
    return {
        "bins": frames.bins,
        "size": frames.size,
        "hop": frames.hop,
        "reference": frames.reference,
        "analysis_window": frames.window,
    }


def _same_bins(node: GraphNode, incoming: Mapping[str, FrameType]) -> dict[str, FrameType]:
    """Return the default types: all inputs and outputs have the same bins."""
    if len({found.bins for found in incoming.values()}) > 1:
        raise ValueError(_report_unequal_frames(node, incoming).partition(": ")[2])
    first = next(iter(incoming.values()))
    kinds = {name: port.kind for name, port in node.spec.frame_outputs.items()}
    return {name: first if kind == EITHER else replace(first, kind=kind) for name, kind in kinds.items()}


def _report_unequal_frames(node: GraphNode, incoming: Mapping[str, FrameType]) -> str:
    each = " and ".join(f"{found} at '{name}'" for name, found in incoming.items())
    return f"{node.title}: frames must be equal, got {each}. Set the same size and hop in the stft blocks before it."
