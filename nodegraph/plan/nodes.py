"""Rows of nodes: outputs, states, delay lines, tables and helpers of one node, or of similar nodes packed together."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nodegraph.graph import GraphNode
from nodegraph.graph.memory import line_length
from nodegraph.kernel import Kernel, kernel_of
from nodegraph.kernel.native_function import native_call
from nodegraph.native.words import python_kernel
from nodegraph.quantum import QUANTUM
from nodegraph.spectral.transform import transform_memory

from . import layout as at
from .buffers import FLOAT, Buffer, Operand, Ref, Row, StateBlock, address_of_kernel
from .builder import PlanBuilder
from .event_rows import place_events
from .frame_rows import place_frame_parts
from .inputs import input_of
from .keys import BlockLineKey, FeedbackKey, HelperKey, LaneLineKey, MemoryKey, StateKey
from .memory import write_bytes
from .oversampling import oversampled
from .packing import Group
from .rows import LOOP, MIX, LoopEntry, LoopHeader, mix_words


def place_group(builder: PlanBuilder, group: Group) -> None:
    """Add the rows of a group of units: packed single nodes, or feedback loops."""
    if len(group[0]) == 1 and not is_loop(builder, group[0]):
        place_nodes(builder, [builder.node(unit[0]) for unit in group])
        return
    inner: list[Row] = []
    columns = [[builder.node(unit[j]) for unit in group] for j in range(len(group[0]))]
    outputs = {}
    for nodes in columns:  # a feedback wire is read before its source is placed
        outputs[nodes[0].id] = make_outputs(builder, nodes)
    outer, builder.out = builder.out, inner
    for nodes in columns:
        place_nodes(builder, nodes, outputs[nodes[0].id])
    builder.out = outer
    words: list[Operand] = [*LoopHeader(len(inner))]
    for row in inner:
        words += LoopEntry(partial(address_of_kernel, row.kernel), partial(_words_address, row))
    lanes = {part.lanes for part in inner}
    whole = Row(LOOP, words, [], [], inner=inner, lanes=lanes.pop() if len(lanes) == 1 else 0)
    builder.out.append(whole)


def _words_address(row: Row) -> int:
    return row.words_address


def is_loop(builder: PlanBuilder, unit: tuple[str, ...]) -> bool:
    """Return whether a unit of the packing is a feedback loop."""
    return any(set(unit) == set(loop) for loop in builder.graph.loops)


def make_outputs(builder: PlanBuilder, nodes: list[GraphNode]) -> dict[str, Buffer]:
    """Return a buffer for each output, with the lanes of all nodes adjacent."""
    buffers = {}
    for name in nodes[0].spec.outputs:
        lanes = sum(node.output_lanes[name] for node in nodes)
        is_feedback = any((node.id, name) in builder.feedback_outputs for node in nodes)
        buffer = builder.new_buffer(lanes, is_feedback)
        buffers[name] = buffer
        lane = 0
        for node in nodes:
            width = node.output_lanes[name]
            ref = Ref(buffer, lane, width)
            builder.refs[(node.id, name)] = ref
            builder.after_placement.append(partial(record_output, builder, node, name, ref))
            lane += width
    return buffers


def record_output(builder: PlanBuilder, node: GraphNode, port: str, ref: Ref) -> None:
    """Register the memory of an output's latest sample, and of the sample that a feedback wire reads."""
    builder.plan.latest[(node.id, port)] = (ref.last(), ref.lanes)
    if ref.buffer.feedback:
        row = ref.buffer.address + FLOAT * (QUANTUM * ref.buffer.lanes + ref.lane)
        builder.migrate(FeedbackKey(node.id, node.type, port), row, FLOAT * ref.lanes)


def place_nodes(builder: PlanBuilder, nodes: list[GraphNode], outputs: dict[str, Buffer] | None = None) -> None:
    """Add the row of one node, or of similar nodes packed together."""
    first = nodes[0]
    assert first.cls is not None
    if first.missing_input:  # a frame input without a wire: the outputs stay silent
        for buffer in make_outputs(builder, nodes).values():
            silence = mix_words(Ref(buffer, 0, buffer.lanes).address, buffer.lanes)
            builder.out.append(Row(MIX, silence, [buffer], [], lanes=buffer.lanes))
        return
    kernel = kernel_of(first.cls, first.settings)
    lanes = sum(node.lanes for node in nodes)
    sources = {name: input_of(builder, nodes, port, lanes, kernel) for name, port in first.spec.inputs.items()}
    outputs = make_outputs(builder, nodes) if outputs is None else outputs
    words: list[Operand] = [0] * kernel.words
    rate = builder.graph.rate * first.oversampling
    words[0], words[1], words[2] = lanes, float(rate), 1.0 / rate
    for name, source in sources.items():
        word = kernel.parameter_words[name].word
        words[word] = source.data
        words[word + 1] = source.stride if kernel.is_tick else source.lanes
    for name, buffer in outputs.items():
        word = kernel.parameter_words[name].word
        words[word] = Ref(buffer, 0, buffer.lanes).address
        if not kernel.is_tick:
            words[word + 1] = buffer.lanes
    row = Row(
        kernel,
        words,
        list(outputs.values()),
        [source.buffer for source in sources.values()],
        lanes=lanes if kernel.is_tick else 0,
    )
    lane = 0
    for node in nodes:
        row.nodes.append((node.id, lane, node.lanes))
        lane += node.lanes
    place_states(builder, kernel, nodes, row, lanes, {node.id for node in nodes if needs_reset(builder, node)})
    place_memories(builder, kernel, first, row)
    place_lines(builder, kernel, nodes, row)
    place_scratches(builder, kernel, first, row)
    place_events(builder, kernel, first, row)
    place_tables(builder, kernel, first, row)
    place_transforms(builder, kernel, first, row)
    place_helpers(builder, kernel, first, row)
    for name in kernel.numbers:
        value = first.settings[name]
        row.words[kernel.parameter_words[name].word] = (
            int(value) if kernel.parameter_words[name].integer else float(value)
        )
    for name, index in kernel.choices.items():
        if kernel.parameter_words[name].kind == "number":
            row.words[kernel.parameter_words[name].word] = index
    if first.cls.device == "input":
        word = kernel.parameter_words["device"].word
        row.words[word], row.words[word + 1] = builder.io.input
        row.words[word + 2] = builder.io.input_columns.get(first.id, builder.io.other_column)
    if first.oversampling > 1:
        oversampled(builder, kernel, first, row, sources)
    if first.cls.frame is None:
        builder.out.append(row)
    else:
        builder.out += place_frame_parts(builder, kernel, first, row)


def needs_reset(builder: PlanBuilder, node: GraphNode) -> bool:
    """Return whether a node must reset its states because a delay line, which a state may index, changed its length."""
    assert node.cls is not None
    if builder.previous is None:
        return False
    for name in node.spec.lines:
        length = line_length(node, name, builder.graph.rate)
        of_lane = builder.previous.lines.get(LaneLineKey(node.id, node.type, name, 0))
        of_block = builder.previous.lines.get(BlockLineKey(node.id, node.type, name, node.lanes))
        if of_lane is not None and len(of_lane) != length:
            return True
        if of_block is not None and len(of_block) != length * node.lanes:
            return True
    return False


def place_states(
    builder: PlanBuilder, kernel: Kernel, nodes: list[GraphNode], row: Row, lanes: int, reset: set[str]
) -> None:
    """Place the states of all lanes, migrated from the previous plan, or reset for the nodes in ``reset``."""
    names = list(nodes[0].spec.states)
    if not names:
        return
    initial = np.zeros((len(names), lanes), np.float64)
    for j, name in enumerate(names):
        state = nodes[0].spec.states[name]
        values: list[float] = [state.init] * lanes
        if state.seeded:
            values = [
                seed_of(builder.graph.document.seed, node.id, name, k) for node in nodes for k in range(node.lanes)
            ]
        start = initial[j].view(np.int64) if kernel.parameter_words[name].integer else initial[j]
        start[:] = values
    size = 8 * len(names) * lanes
    block = StateBlock(builder.memory.reserve(size), len(names), lanes, builder.memory.reserve(size))
    for address in (block.data, block.initial):
        write_bytes(address, initial.tobytes())
    row.states.append(block)
    for j, name in enumerate(names):
        row.words[kernel.parameter_words[name].word] = block.data + 8 * j * lanes
        if not kernel.is_tick:
            row.words[kernel.parameter_words[name].word + 1] = lanes
        for node, (_, lane, width) in zip(nodes, row.nodes, strict=True):
            address = block.data + 8 * (j * lanes + lane)
            builder.migrate(StateKey(node.id, node.type, name), address, 8 * width, node.id not in reset)


def place_memories(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Place the array states that all lanes of a node share: migrated from the previous plan, or zeros."""
    for name, memory in node.spec.memories.items():
        word, length = kernel.parameter_words[name].word, max(1, int(memory.length(node.settings)))
        block = StateBlock(builder.memory.reserve(8 * length), length, 1, builder.memory.reserve(8 * length))
        row.states.append(block)
        row.words[word], row.words[word + 1] = block.data, length
        builder.migrate(MemoryKey(node.id, node.type, name, length), block.data, 8 * length)


def place_lines(builder: PlanBuilder, kernel: Kernel, nodes: list[GraphNode], row: Row) -> None:
    """Place the delay lines of all lanes; those of the previous plan are reused if the lengths are equal."""
    for name in nodes[0].spec.lines:
        word = kernel.parameter_words[name].word
        length = line_length(nodes[0], name, builder.graph.rate)
        if kernel.is_tick:
            pointers = [
                builder.line(LaneLineKey(node.id, node.type, name, k), length).ctypes.data
                for node in nodes
                for k in range(node.lanes)
            ]
            row.words[word], row.words[word + 1] = builder.memory.words(pointers), length
            row.lines += [(pointer, length, lane) for lane, pointer in enumerate(pointers)]
        else:
            node = nodes[0]
            whole = builder.line(BlockLineKey(node.id, node.type, name, node.lanes), length * node.lanes)
            row.words[word : word + 3] = [whole.ctypes.data, node.lanes, length]
            row.lines.append((whole.ctypes.data, len(whole), at.ALL_LANES))


def place_scratches(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Place the work memory of a node's frames, at the same address for all nodes."""
    first = builder.scratch.first
    for name, scratch in node.spec.scratches.items():
        word, length = kernel.parameter_words[name].word, max(1, int(scratch.length(node.settings, builder.graph.rate)))
        row.words[word], row.words[word + 1] = partial(builder.scratch.address_of, first), length
        first += builder.scratch.padded(length)
    builder.scratch.floats = max(builder.scratch.floats, first)


def place_tables(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Place read-only tables, computed once per set of settings."""
    for name, table in node.spec.tables.items():
        word = kernel.parameter_words[name].word
        values = _table(table.make, tuple(node.settings.items()), builder.graph.rate * node.oversampling)
        builder.plan.tables[(node.id, name)] = values
        row.words[word], row.words[word + 1] = values.ctypes.data, len(values)


def place_transforms(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Place the memory of Fourier transforms, which all nodes share."""
    for name, transform in node.spec.transforms.items():
        size = transform.length(node.settings) if transform.length else node.settings["size"]
        memory = transform_memory(size, builder.plan.tables)
        python_kernel(memory.fft.address, native_call(memory.fft.address))  # in Python it would be slow
        row.words[kernel.parameter_words[name].word] = memory.address


def place_helpers(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Place helpers; those of the previous plan are reused if settings and lanes are equal."""
    for name, declared in node.spec.helpers.items():
        key = HelperKey(node.id, node.type, name, repr(sorted(node.settings.items())), node.lanes)
        helper = builder.previous.helpers.get(key) if builder.previous else None
        if helper is None:
            assert builder.open_helper is not None
            helper = builder.open_helper(node, declared)
        builder.plan.state.helpers[key] = helper
        for array_name, values in helper.arrays.items():
            if array_name in kernel.parameter_words:
                word = kernel.parameter_words[array_name].word
                row.words[word], row.words[word + 1] = values.ctypes.data, len(values)


@lru_cache(maxsize=256)
def _table(make: Callable[..., Any], settings: tuple[tuple[str, Any], ...], rate: float) -> np.ndarray:
    """Return a table as float32, computed once per set of settings."""
    return np.ascontiguousarray(make(dict(settings), rate), np.float32).ravel()


def seed_of(document_seed: int, node: str, state: str, lane: int) -> int:
    """Return a positive 31-bit seed that depends only on the document's seed, the node, the state and the lane."""
    return zlib.crc32(f"{document_seed}/{node}/{state}/{lane}".encode()) % 0x7FFFFFFE + 1
