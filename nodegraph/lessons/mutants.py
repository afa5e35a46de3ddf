"""Mutants of a lesson's solutions: rewirings that keep the sound, and mistakes that break it.

They measure a lesson: it must accept the first, and reject the others with a hint of a check that covers the mistake.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np

from nodegraph.graph import Graph, GraphError, GraphNode
from nodegraph.graph.outputs import output_nodes
from nodegraph.measures.registry import MeasureError
from nodegraph.node import Choice, In, Option
from nodegraph.patch import (
    AddNode,
    Connect,
    Disconnect,
    Document,
    Encapsulate,
    PatchError,
    Rename,
    SetParam,
    Wire,
)
from nodegraph.patch.actions.nesting import DEVICES

from .assessment import Assessment
from .checking import Assessor
from .rendering import audition, read_document

SAME = 1e-3  # of the peak, -60 dB: smaller differences are no other sound
SILENT = 1e-3
FACTORS = (0.5, 2.0)
MAX_TRIES = 40  # for one mutant


@dataclass(frozen=True)
class Mutant:
    """A changed solution: ``kind`` of the change, a line that describes it, and the parts of the patch it concerns."""

    kind: str
    description: str
    document: Document
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class MutantResult:
    """A mutant with its assessment; ``right_hint``: the first failed check covers a part of the mistake."""

    mutant: Mutant
    assessment: Assessment
    right_hint: bool = False

    @property
    def first_failed(self) -> str:
        """The id of the first failed check, or the problem."""
        failed = self.assessment.failed
        return self.assessment.problem or (failed[0].check.id if failed else "")


def kept_results(assessor: Assessor, count: int, seed: int = 1) -> list[MutantResult]:
    """Return the assessments of ``count`` rewirings of the solutions that keep the sound."""
    random = Random(seed)
    documents = [read_document(path) for path in assessor.lesson.solutions]
    return [
        MutantResult(mutant, assessor.assess(mutant.document))
        for mutant in (_rewired(assessor, random.choice(documents), random) for _ in range(count))
    ]


def broken_results(assessor: Assessor, count: int, seed: int = 1) -> list[MutantResult]:
    """Return the assessments of at most ``count`` mistakes in the target that change its sound.

    Mistakes are made where a check covers the target: a value doubled or halved, another mode, a wire that is missing,
    comes from elsewhere or leads elsewhere. Changes that a patch refuses, that change the sound by less than -60 dB,
    or that make another solution of the lesson are no mistakes. Fewer are returned if there are fewer.
    """
    if assessor.lesson.target is None:
        return []
    document = read_document(assessor.lesson.target)
    graph = assessor.typed(document)
    solutions = [_wiring(read_document(path)) for path in assessor.lesson.solutions]
    mutants = [one for one in _mistakes(assessor, document, graph) if _wiring(one.document) not in solutions]
    Random(seed).shuffle(mutants)
    found: list[MutantResult] = []
    for mutant in mutants:
        if len(found) == count:
            break
        difference = _difference(assessor, mutant.document)
        if difference is None or difference[0] < SAME:
            continue
        assessment = assessor.assess(mutant.document)
        found.append(MutantResult(mutant, assessment, _is_right(assessor, mutant, assessment, difference[1])))
    return found


# -- rewirings that keep the sound ---------------------------------------------------------------------------------


def _rewired(assessor: Assessor, document: Document, random: Random) -> Mutant:
    """Return a document after one to three rewirings."""
    names = []
    graph = assessor.typed(document)
    for _ in range(random.randint(1, 3)):
        for _ in range(MAX_TRIES):
            name, change = random.choice(list(REWIRINGS.items()))
            try:
                changed = change(document, graph, random)
                graph = assessor.typed(changed)
            except (PatchError, GraphError):
                continue
            document = changed
            names.append(name)
            break
    return Mutant(names[0] if len(set(names)) == 1 else "several", ", ".join(names), replace(document, source=None))


def _rename(document: Document, graph: Graph, random: Random) -> Document:
    id = random.choice(list(document.nodes))
    return Rename(id, f"block_{random.randrange(10**6)}").apply(document)


def _reorder(document: Document, graph: Graph, random: Random) -> Document:
    nodes, wires = list(document.nodes.items()), list(document.wires)
    random.shuffle(nodes)
    random.shuffle(wires)
    return replace(document, nodes=dict(nodes), wires=tuple(wires), source=None)


def _split_gain(document: Document, graph: Graph, random: Random) -> Document:
    gain = 2.0 ** random.uniform(-2.0, 2.0)
    document, wire = _with_block(document, _signal_wire(document, graph, random), "multiply", "a", {"b": gain})
    return _with_block(document, wire, "multiply", "a", {"b": 1.0 / gain})[0]


def _unity(document: Document, graph: Graph, random: Random) -> Document:
    type, port, params = random.choice(
        [("vca", "audio", {"gain": 1.0}), ("multiply", "a", {"b": 1.0}), ("add", "a", {"b": 0.0})]
    )
    return _with_block(document, _signal_wire(document, graph, random), type, port, params)[0]


def _subpatch(document: Document, graph: Graph, random: Random) -> Document:
    ids = [id for id, record in document.nodes.items() if record.type not in DEVICES]
    chosen = random.sample(ids, random.randint(1, len(ids)))
    return Encapsulate(tuple(chosen), f"part_{random.randrange(10**6)}").apply(document)


REWIRINGS: dict[str, Callable[[Document, Graph, Random], Document]] = {
    "renamed": _rename,
    "reordered": _reorder,
    "split gain": _split_gain,
    "subpatch": _subpatch,
    "extra unity block": _unity,
}


def _signal_wire(document: Document, graph: Graph, random: Random) -> Wire:
    """Return a wire that carries a signal and closes no loop. Raises PatchError if there is none."""
    found = [wire for wire in document.wires if not wire.feedback and _kind(graph, wire) == "signal"]
    if not found:
        raise PatchError("no signal wire.")
    return random.choice(found)


def _kind(graph: Graph, wire: Wire) -> str:
    """Return what a wire of the outermost document carries; "" at a subpatch."""
    node = graph.find(wire.source)
    port = node.spec.output_ports.get(wire.source_port) if node is not None else None
    return port.kind if port is not None else ""


def _with_block(document: Document, wire: Wire, type: str, port: str, params: dict[str, Any]) -> tuple[Document, Wire]:
    """Insert a block into a wire; return the document, and the wire from the block."""
    id = next(name for k in range(10**6) if (name := f"{type}_{k}") not in document.nodes)
    document = Disconnect(wire.source_ref, wire.target_ref).apply(document)
    document = AddNode(id, type, 1, params).apply(document)
    document = Connect(wire.source_ref, f"{id}.{port}", False).apply(document)
    document = Connect(f"{id}.out", wire.target_ref, False).apply(document)
    return document, document.wires[-1]


# -- mistakes that break the sound ---------------------------------------------------------------------------------


def _mistakes(assessor: Assessor, document: Document, graph: Graph) -> Iterator[Mutant]:
    """Yield all mistakes in parts of the target that a check covers."""
    covered = {name for check in assessor.lesson.checks for name in check.covers}
    for id in document.nodes:
        node = graph.find(id)
        if node is None:
            continue
        for port, declared in node.spec.parameters.items():
            if f"{id}.{port}" in covered or (id in covered and port in document.nodes[id].params):
                yield from _values(document, node, port, declared)
    for wire in document.wires:
        if wire.target in covered or wire.target_ref in covered:
            yield from _wires(document, graph, wire)


def _wiring(document: Document) -> tuple[dict[str, Any], frozenset[Wire]]:
    """Return what a patch plays: two documents with the same wiring differ only in their looks."""
    nodes = {id: (record.type, dict(record.params), record.patch) for id, record in document.nodes.items()}
    return nodes, frozenset(document.wires)


def _values(document: Document, node: GraphNode, port: str, declared: In | Choice | Option) -> Iterator[Mutant]:
    """Yield the wrong values of a parameter of the outermost document."""
    part = f"{node.id}.{port}"
    if any(wire.target_ref == part for wire in document.wires):
        return
    given = document.nodes[node.id].params.get(port, declared.default)
    if isinstance(declared, Choice):
        for value in declared.values:
            if value != given:
                yield _changed(
                    document, "wrong mode", f"{part} {given} → {value}", SetParam(node.id, port, value), part
                )
        return
    for factor in FACTORS:
        scaled = _scaled(given, factor)
        if scaled is not None:
            yield _changed(document, "value × 2", f"{part} × {factor:g}", SetParam(node.id, port, scaled), part)


def _scaled(value: Any, factor: float) -> Any:
    """Return a number or a list of numbers times a factor, whole numbers for whole ones; None for anything else."""
    if isinstance(value, list | tuple):
        scaled = [_scaled(one, factor) for one in value]
        return None if None in scaled or not scaled or scaled == list(value) else scaled
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    number = value * factor
    return round(number) if isinstance(value, int) else number


def _wires(document: Document, graph: Graph, wire: Wire) -> Iterator[Mutant]:
    """Yield the document without a wire, and with it from other outputs and to other inputs of its kind."""
    removed = Disconnect(wire.source_ref, wire.target_ref)
    parts = (wire.target_ref, wire.source)
    yield _changed(document, "wrong wire", f"without {wire}", removed, *parts)
    kind = _kind(graph, wire)
    for node in graph.typed_nodes:
        for port, declared in node.spec.output_ports.items():
            other = f"{node.id}.{port}"
            if declared.kind == kind and other != wire.source_ref and node.id in document.nodes:
                connect = Connect(other, wire.target_ref, wire.feedback)
                yield _changed(document, "wrong wire", f"{wire} from {other}", removed, *parts, node.id, then=connect)
    target = graph.find(wire.target)
    for port, accepted in target.spec.input_ports.items() if target is not None else ():
        other = f"{wire.target}.{port}"
        if accepted.kind == kind and port != wire.target_port:
            connect = Connect(wire.source_ref, other, wire.feedback)
            yield _changed(document, "wrong wire", f"{wire} to {other}", removed, *parts, other, then=connect)


def _changed(document: Document, kind: str, description: str, action: Any, *parts: str, then: Any = None) -> Mutant:
    try:
        changed = action.apply(document)
        changed = then.apply(changed) if then is not None else changed
    except PatchError:
        changed = document  # no mistake: it sounds the same
    return Mutant(kind, description, replace(changed, source=None), parts)


def _difference(assessor: Assessor, document: Document) -> tuple[float, bool] | None:
    """Return how far a document differs from the target, relative to its peak, and whether it is silent.

    None if it is refused.
    """
    lesson, largest, is_silent = assessor.lesson, 0.0, True
    for name, stimulus in lesson.stimuli.items():
        target = assessor.target(name)
        assert target is not None
        try:
            heard = audition(document, stimulus, lesson.file.rate, lesson.start)
        except (GraphError, PatchError, MeasureError):
            return None
        width = max(heard.sound.shape[1], target.sound.shape[1])
        pair = [np.broadcast_to(x, (len(x), width)) if x.shape[1] == 1 else x for x in (heard.sound, target.sound)]
        if pair[0].shape != pair[1].shape:
            return 1.0, False
        peak = max(float(np.abs(target.sound).max()), 1e-9)
        largest = max(largest, float(np.abs(pair[0] - pair[1]).max()) / peak)
        is_silent &= float(np.abs(heard.sound).max()) < SILENT * peak
    return largest, is_silent


def _is_right(assessor: Assessor, mutant: Mutant, assessment: Assessment, is_silent: bool) -> bool:
    """Return whether the first failed check covers a part of the mistake, or the output if there is no sound.

    A part is an input or a block; a check of an input of a block covers a wire from that block.
    """
    if not assessment.failed or assessment.problem:
        return False
    covers = set(assessment.failed[0].check.covers)
    graph = assessor.typed(mutant.document)
    outputs = {node.id for node in output_nodes(graph)}
    blocks = {name.partition(".")[0] for name in covers} - outputs
    sources = set(mutant.parts[1:])
    is_covered = any(part in covers or part.partition(".")[0] in covers for part in mutant.parts)
    return is_covered or bool(blocks & sources) or (is_silent and bool(covers & outputs))
