"""Inference of lanes, the number of parallel signals of each port."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from nodegraph.node import MAX_LANES
from nodegraph.patch.errors import Problem, listed

from .model import Graph, GraphNode

MAX_VISITS = 100_000  # of nodes, to infer their lanes: a second or two


def infer_lanes(graph: Graph, order: Iterable[str], problems: list[str]) -> None:
    """Infer the lanes of all ports, in passes until nothing changes; only feedback needs more than one pass.

    After the first pass, only nodes behind a change are visited again. A problem of several voices is reported once.
    """
    order = list(order)
    place = {id: i for i, id in enumerate(order)}
    targets: dict[str, set[int]] = {id: set() for id in order}
    for wire in graph.wires:
        targets[wire.source].add(place[wire.target])
    visits = MAX_VISITS + 2 * len(order)
    waiting = list(range(len(order)))
    for _ in range(len(order) + 2):
        if not waiting or visits < 0:
            break
        found: list[str] = []
        visited, later = set(waiting), set()
        while waiting:
            at = heapq.heappop(waiting)
            visits -= 1
            id = order[at]
            if not _infer_node(graph, graph.node(id), [] if id in graph.flat.repeats else found):
                continue
            later |= {target for target in targets[id] if target <= at}
            for target in targets[id]:
                if target > at and target not in visited:
                    visited.add(target)
                    heapq.heappush(waiting, target)
        if found:
            problems.extend(found)
            return
        waiting = sorted(later)
    if waiting:
        problems.append("The number of lanes grows without limit in a loop. Sum or split the lanes inside the loop.")


def _infer_node(graph: Graph, node: GraphNode, problems: list[str]) -> bool:
    """Infer the lanes of one node; return whether those of its outputs changed."""
    if node.cls is None:
        return False
    before, count = node.output_lanes, len(problems)
    spec = node.spec
    unwired = 1 if node.cls.lanes else node.voices
    lanes = dict.fromkeys(spec.inputs, unwired)
    for name, values in node.values.items():
        if len(values) > unwired:
            lanes[name] = len(values)
    if spec.banks or spec.frame_inputs:
        lanes |= dict.fromkeys([*spec.banks, *spec.frame_inputs], 1)
    incoming: dict[str, list[int]] = {}
    for wire in graph.wires_into(node.id):
        if wire.target_port in lanes:
            width = graph.node(wire.source).output_lanes.get(wire.source_port, 1)
            incoming.setdefault(wire.target_port, []).append(width)
    for name, widths in incoming.items():
        lanes[name] = max(widths)
        if len(widths) > 1 and len({width for width in widths if width > 1}) > 1:
            mixed = listed([str(width) for width in widths])
            problems.append(
                f"{node.title}: the wires into '{name}' have {mixed} lanes; "
                "they must be equal or 1. Put sum_lanes or split before it."
            )
    node.input_lanes = lanes
    signals = {name: width for name, width in lanes.items() if name not in spec.banks} if spec.banks else lanes
    widest = max(signals.values(), default=1)
    if widest == 1 and node.cls.block is None:
        widest = node.voices
    if node.cls.lanes is not None:
        node.output_lanes = dict(node.cls.lanes(signals, node.settings))
        node.lanes = max([widest, *node.output_lanes.values()])
        together = signals if node.cls.frame is not None else {name: signals[name] for name in node.cls.lane_by_lane}
        problems += _unequal_widths(node, together) or _unequal_to_frames(node, signals)
    else:
        problems += _unequal_widths(node, signals if widest > 1 else {})
        node.output_lanes = dict.fromkeys([*spec.outputs, *spec.frame_outputs], widest)
        node.lanes = widest
    if node.lanes > MAX_LANES:
        problems.append(f"{node.title} would have {node.lanes} lanes; at most {MAX_LANES} are possible.")
    if len(problems) > count:
        problems[count:] = [Problem(text, node.path) for text in problems[count:]]
    return before != node.output_lanes


def _unequal_widths(node: GraphNode, widths: dict[str, int]) -> list[str]:
    """Return a problem if inputs that are used lane by lane have unequal numbers of lanes above 1."""
    wide = {name: width for name, width in widths.items() if width > 1}
    if len(set(wide.values())) < 2:
        return []
    ports = listed([f"{width} at '{name}'" for name, width in wide.items()])
    sentence = f"{node.title} has inputs of unequal width: {ports}."
    return [f"{sentence} Lanes must be equal or 1: put sum_lanes or split before it."]


def _unequal_to_frames(node: GraphNode, widths: dict[str, int]) -> list[str]:
    """Return a problem if signals into a block of frames have more lanes than the frames that it outputs."""
    frames = [node.output_lanes[name] for name in node.spec.frame_outputs]
    wide = {name: width for name, width in widths.items() if name in node.spec.inputs and width > 1}
    for name, width in wide.items():
        if frames and width not in frames:
            lanes = f"{width} lanes at '{name}', but {frames[0]} at its output"
            return [f"{node.title} has {lanes}. They must be equal or 1: put sum_lanes or split before it."]
    return []


def check_voices(graph: Graph, problems: list[str]) -> None:
    """Check that wires into several voices have one lane, or one for each voice."""
    found = []
    for voice_input in graph.flat.voice_inputs:
        output = graph.flat.source(*voice_input.source)
        source = graph.find(output[0]) if output else None
        if output is None or source is None:
            continue
        lanes = source.output_lanes.get(output[1], 1)
        if lanes not in (1, voice_input.voices):
            title = f"subpatch '{'/'.join(voice_input.path)}'" if voice_input.path else "The patch"
            text = (
                f"{title} has {voice_input.voices} voices, but '{voice_input.port}' gets {lanes} lanes; it accepts "
                f"1 or {voice_input.voices}. Set the voices to {lanes}, or put sum_lanes or split before it."
            )
            found.append(Problem(text, voice_input.path))
    problems[:0] = found


def infer_banks(graph: Graph) -> None:
    """Infer the members of each bank, and set a value for each."""
    for node in graph.typed_nodes:
        frames = node.input_frames | node.output_frames
        for name, port in node.spec.inputs.items():
            if port.bank:
                type = frames.get(port.bank)
                node.bank_sizes[name] = type.bins if type else max(int(node.settings.get(port.bank, 1)), 1)
                node.values[name] = node.knob_values(name, node.values[name])
