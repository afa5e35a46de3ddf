"""Nodes to rows: outputs, states, delay lines, tables and helpers of one node, or of like nodes side by side."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np

from nodegraph.graph import GraphNode
from nodegraph.kernel import Kernel, kernel_of
from nodegraph.quantum import QUANTUM

from .buffers import FLOAT, Buffer, Operand, Ref, Row, StateBlock
from .draft import Draft
from .event_rows import place_events
from .frame_rows import place_frame_parts
from .inputs import input_of
from .memory import view
from .packing import Group
from .rows import LOOP, MIX


def place_group(draft: Draft, group: Group) -> None:
    """Rows of a group of units: of single nodes side by side, or of whole feedback loops."""
    if len(group[0]) == 1 and not is_loop(draft, group[0]):
        place_nodes(draft, [draft.graph.node(unit[0]) for unit in group])
        return
    inner: list[Row] = []
    columns = [[draft.graph.node(unit[j]) for unit in group] for j in range(len(group[0]))]
    outputs = {}
    for nodes in columns:  # what is read one sample late must exist before its writer is placed
        outputs[nodes[0].id] = make_outputs(draft, nodes)
    outer, draft.out = draft.out, inner
    for nodes in columns:
        place_nodes(draft, nodes, outputs[nodes[0].id])
    draft.out = outer
    words: list[Operand] = [len(inner)]
    for row in inner:
        words += [lambda row=row: row.kernel.address, lambda row=row: row.words_address]  # type: ignore[misc]
    lanes = {part.lanes for part in inner}
    whole = Row(LOOP, words, [], [], inner=inner, lanes=lanes.pop() if len(lanes) == 1 else 0)
    draft.out.append(whole)


def is_loop(draft: Draft, unit: tuple[str, ...]) -> bool:
    """Whether a unit of the packing is a feedback loop."""
    return any(set(unit) == set(loop) for loop in draft.graph.loops)


def make_outputs(draft: Draft, nodes: list[GraphNode]) -> dict[str, Buffer]:
    """A buffer for each output, the lanes of all nodes side by side."""
    buffers = {}
    for name in nodes[0].spec.outputs:
        lanes = sum(node.output_lanes[name] for node in nodes)
        fed_back = any((node.id, name) in draft.fed_back for node in nodes)
        buffer = draft.new_buffer(lanes, fed_back)
        buffers[name] = buffer
        lane = 0
        for node in nodes:
            width = node.output_lanes[name]
            ref = Ref(buffer, lane, width)
            draft.refs[(node.id, name)] = ref
            draft.late.append(partial(record_output, draft, node, name, ref))
            lane += width
    return buffers


def record_output(draft: Draft, node: GraphNode, port: str, ref: Ref) -> None:
    """Say where an output is found: its latest sample, and what a feedback wire goes on with."""
    draft.plan.output_last[(node.id, port)] = (ref.last(), ref.lanes)
    if ref.buffer.feedback:
        row = ref.buffer.address + FLOAT * (QUANTUM * ref.buffer.lanes + ref.lane)
        draft.take_over(("feedback", node.id, node.type, port), row, FLOAT * ref.lanes)


def place_nodes(draft: Draft, nodes: list[GraphNode], outputs: dict[str, Buffer] | None = None) -> None:
    """One row for one node, or for like nodes side by side."""
    first = nodes[0]
    assert first.cls is not None
    if first.missing_input:  # for frames that do not come: its outputs stay silent
        for buffer in make_outputs(draft, nodes).values():
            silence: list[Operand] = [Ref(buffer, 0, buffer.lanes).address, buffer.lanes, 0, 0, 0]
            draft.out.append(Row(MIX, silence, [buffer], [], lanes=buffer.lanes))
        return
    kernel = kernel_of(first.cls, first.settings)
    lanes = sum(node.lanes for node in nodes)
    sources = {name: input_of(draft, nodes, port, lanes, kernel) for name, port in first.spec.inputs.items()}
    outputs = make_outputs(draft, nodes) if outputs is None else outputs
    words: list[Operand] = [0] * kernel.words
    words[0], words[1], words[2] = lanes, float(draft.graph.rate), 1.0 / draft.graph.rate
    for name, source in sources.items():
        word = kernel.places[name].word
        words[word] = source.data
        words[word + 1] = source.stride if kernel.is_tick else source.lanes
    for name, buffer in outputs.items():
        word = kernel.places[name].word
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
    place_states(draft, kernel, nodes, row, lanes, {node.id for node in nodes if starts_anew(draft, node)})
    place_memories(draft, kernel, first, row)
    place_lines(draft, kernel, nodes, row)
    place_events(draft, kernel, first, row)
    place_tables(draft, kernel, first, row)
    place_hosts(draft, kernel, first, row)
    for name in kernel.numbers:
        value = first.settings[name]
        row.words[kernel.places[name].word] = int(value) if kernel.places[name].integer else float(value)
    for name, index in kernel.choices.items():
        if kernel.places[name].kind == "number":
            row.words[kernel.places[name].word] = index
    if first.cls.device == "input":
        word = kernel.places["device"].word
        row.words[word], row.words[word + 1] = draft.io.input
        row.words[word + 2] = draft.io.input_columns.get(first.id, draft.io.other_column)
    if first.cls.frame is None:
        draft.out.append(row)
    else:
        draft.out += place_frame_parts(draft, kernel, first, row)


def starts_anew(draft: Draft, node: GraphNode) -> bool:
    """Whether the states of a node may not be carried over: they could point beyond a line's new end."""
    assert node.cls is not None
    if draft.previous is None:
        return False
    for name in node.spec.lines:
        length = line_length(draft, node, name)
        for key in ((node.id, node.type, name, 0), (node.id, node.type, name, -node.lanes)):
            found = draft.previous.lines.get(key)
            if found is not None and len(found) != (length if key[-1] == 0 else length * node.lanes):
                return True
    return False


def line_length(draft: Draft, node: GraphNode, name: str) -> int:
    """Samples of a delay line."""
    return max(1, int(node.spec.lines[name].length(node.settings, draft.graph.rate)))


def place_states(draft: Draft, kernel: Kernel, nodes: list[GraphNode], row: Row, lanes: int, anew: set[str]) -> None:
    """States of all lanes at their start, or where the plan before has left them."""
    names = list(nodes[0].spec.states)
    if not names:
        return
    initial = np.zeros((len(names), lanes), np.float64)
    for j, name in enumerate(names):
        state = nodes[0].spec.states[name]
        values: list[float] = [state.init] * lanes
        if state.seeded:
            values = [seed_of(draft.graph.document.seed, node.id, name, k) for node in nodes for k in range(node.lanes)]
        start = initial[j].view(np.int64) if kernel.places[name].integer else initial[j]
        start[:] = values
    size = 8 * len(names) * lanes
    block = StateBlock(draft.memory.reserve(size), len(names), lanes, draft.memory.reserve(size))
    for address in (block.data, block.initial):
        view(address, len(names) * lanes, np.float64)[:] = initial.ravel()
    row.states.append(block)
    for j, name in enumerate(names):
        row.words[kernel.places[name].word] = block.data + 8 * j * lanes
        if not kernel.is_tick:
            row.words[kernel.places[name].word + 1] = lanes
        for node, (_, lane, width) in zip(nodes, row.nodes, strict=True):
            address = block.data + 8 * (j * lanes + lane)
            draft.take_over(("state", node.id, node.type, name), address, 8 * width, node.id not in anew)


def place_memories(draft: Draft, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """What a node remembers for all its lanes: zeros, or what it remembered in the plan before."""
    for name, memory in node.spec.memories.items():
        word, length = kernel.places[name].word, max(1, int(memory.length(node.settings)))
        block = StateBlock(draft.memory.reserve(8 * length), length, 1, draft.memory.reserve(8 * length))
        row.states.append(block)
        row.words[word], row.words[word + 1] = block.data, length
        draft.take_over(("memory", node.id, node.type, name, length), block.data, 8 * length)


def place_lines(draft: Draft, kernel: Kernel, nodes: list[GraphNode], row: Row) -> None:
    """Delay lines of all lanes, those of the plan before where they fit."""
    for name in nodes[0].spec.lines:
        word = kernel.places[name].word
        length = line_length(draft, nodes[0], name)
        if kernel.is_tick:
            pointers = [
                draft.line((node.id, node.type, name, k), length).ctypes.data
                for node in nodes
                for k in range(node.lanes)
            ]
            row.words[word], row.words[word + 1] = draft.memory.words(pointers), length
            row.lines += [(pointer, length, lane) for lane, pointer in enumerate(pointers)]
        else:
            node = nodes[0]
            whole = draft.line((node.id, node.type, name, -node.lanes), length * node.lanes)
            row.words[word : word + 3] = [whole.ctypes.data, node.lanes, length]
            row.lines.append((whole.ctypes.data, len(whole), -1))


def place_tables(draft: Draft, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Read-only tables, computed once for each of their settings."""
    for name, table in node.spec.tables.items():
        word = kernel.places[name].word
        values = _table(table.make, tuple(node.settings.items()), draft.graph.rate)
        draft.plan.lines[("table", node.id, name)] = values
        row.words[word], row.words[word + 1] = values.ctypes.data, len(values)


def place_hosts(draft: Draft, kernel: Kernel, node: GraphNode, row: Row) -> None:
    """Helpers outside the audio thread: the same as before if nothing about the node has changed."""
    for name, host in node.spec.hosts.items():
        key = (node.id, node.type, name, repr(sorted(node.settings.items())), node.lanes)
        helper = draft.previous.hosts.get(key) if draft.previous else None
        if helper is None:
            assert draft.open_host is not None
            helper = draft.open_host(node, host)
        draft.plan.hosts[key] = helper
        for array_name, values in helper.arrays.items():
            if array_name in kernel.places:
                word = kernel.places[array_name].word
                row.words[word], row.words[word + 1] = values.ctypes.data, len(values)


@lru_cache(maxsize=256)
def _table(make: Callable[..., Any], settings: tuple[tuple[str, Any], ...], rate: float) -> np.ndarray:
    """A table, computed once for each of its settings."""
    return np.ascontiguousarray(make(dict(settings), rate), np.float32).ravel()


def seed_of(document_seed: int, node: str, state: str, lane: int) -> int:
    """A positive 31-bit seed that depends on the document, the node and the lane, and on nothing else."""
    return zlib.crc32(f"{document_seed}/{node}/{state}/{lane}".encode()) % 0x7FFFFFFE + 1
