"""Properties of the plans of random patches."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from nodegraph.graph import build_graph
from nodegraph.plan import emit as emitting
from nodegraph.plan.buffers import place
from tests.engine.storm import sounding_patch
from tests.rendering import Stepper, engine_of, sound_of

pytestmark = pytest.mark.usefixtures("test_blocks")
SEEDS = range(12)


def late_patch(seed, nodes=30):
    """Return a random patch; blocks of ``tests.example_blocks`` delay some paths."""
    patch = sounding_patch(nodes, seed)
    rng = np.random.default_rng(seed)
    wires = [wire for wire in patch.document.wires if not wire.feedback]
    for k in rng.choice(len(wires), min(6, len(wires)), replace=False):
        wire = wires[k]
        patch.disconnect(wire.source_ref, wire.target_ref)
        id = patch.add("late", samples=int(rng.integers(1, 200)))
        patch.connect(wire.source_ref, f"{id}.audio")
        patch.connect(f"{id}.out", wire.target_ref)
    return patch


@pytest.fixture
def rows_of(monkeypatch):
    """A function that returns the placed rows of a patch's plan."""
    found = []
    monkeypatch.setattr(emitting, "place", lambda rows, *others: (found.append(rows), place(rows, *others))[1])

    def rows(patch, pack):
        engine = engine_of(patch, pack=pack)
        return found[-1], engine  # the engine keeps the memory

    return rows


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_rows_read_only_what_earlier_rows_wrote(seed, pack, rows_of):
    rows, _ = rows_of(late_patch(seed), pack)
    flat = [part for row in rows for part in row.flat]
    produced = {buffer for part in flat for buffer in part.outputs}  # others are knobs
    written = set()
    for part in flat:
        assert all(buffer.feedback or buffer in written for buffer in part.reads if buffer in produced)
        written.update(part.outputs)
    assert len(written) > 10


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_buffers_in_use_at_the_same_time_do_not_overlap(seed, pack, rows_of):
    rows, _ = rows_of(late_patch(seed), pack)
    uses: dict = {}  # of each buffer: the rows at which it is written and read
    for index, row in enumerate(rows):
        for part in row.flat:
            for buffer in part.outputs:
                uses.setdefault(buffer, []).append(index)
            for buffer in part.reads:
                if buffer in uses:
                    uses[buffer].append(index)
    # feedback buffers are read in the next quantum
    lives = [
        (0, len(rows)) if buffer.feedback or buffer.dedicated else (min(found), max(found))
        for buffer, found in uses.items()
    ]
    buffers = list(uses)
    assert len(buffers) > 10
    for i, (first, last) in enumerate(lives):
        for k in range(i):
            if lives[k][0] <= last and first <= lives[k][1]:
                a, b = buffers[i], buffers[k]
                assert a.address + a.size <= b.address or b.address + b.size <= a.address


@pytest.mark.parametrize("seed", SEEDS)
def test_path_latency_is_the_longest_path(seed):
    graph = build_graph(late_patch(seed).document)
    steps = nx.DiGraph()
    for node in graph.typed_nodes:
        delay = node.settings["samples"] if node.type == "late" else node.latency
        steps.add_edge((node.id, "in"), (node.id, "out"), weight=delay)
    steps.add_weighted_edges_from(
        ((wire.source, "out"), (wire.target, "in"), 0)
        for id in graph.document.nodes
        for wire in graph.wires_into(id)
        if not wire.feedback
    )
    assert max(node.path_latency for node in graph.typed_nodes) > 0
    for node in graph.typed_nodes:
        before = nx.ancestors(steps, (node.id, "out")) | {(node.id, "out")}
        assert node.path_latency == nx.dag_longest_path_length(steps.subgraph(before))


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_native_code_gives_the_samples_of_the_equations_in_python(seed):
    patch = late_patch(seed, 15)
    assert np.array_equal(sound_of(patch, 320), sound_of(patch, 320, driver=Stepper), equal_nan=True)


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_lengths_of_calls_change_no_sample(seed):
    patch = late_patch(seed)
    whole = sound_of(patch, 1000)
    rng = np.random.default_rng(seed)
    engine, pieces = engine_of(patch), []
    while sum(map(len, pieces)) < 1000:
        pieces.append(engine.run_samples(min(int(rng.integers(1, 150)), 1000 - sum(map(len, pieces)))))
    assert np.array_equal(np.concatenate(pieces), whole)
