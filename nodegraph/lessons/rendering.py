"""Auditions: the sound of a patch under a stimulus."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from nodegraph.blocks.registry import node_types
from nodegraph.engine.offline import Offline
from nodegraph.files.sound_file import read_samples, resampled
from nodegraph.graph import Graph, GraphError, build_graph
from nodegraph.graph.side_effects import without_side_effects
from nodegraph.measures.registry import Audition, MeasureError, audition_of
from nodegraph.patch import Document, PatchError, SetParam, locate, migrate_nodes, read_patch
from nodegraph.patch.actions import parse_port_ref, within
from nodegraph.patch.errors import quote
from nodegraph.patch.parse import MAX_FILE_BYTES

from .lesson import Played, Stimulus

INPUT_SHARE = 0.75  # of a stimulus: the response must end before the sound does
NOISE_SEED = 20_010
NOTE_ON, NOTE_OFF = 0x90, 0x80
LOWEST_SWEEP_HZ, HIGHEST_SWEEP = 20.0, 0.45  # of a sweep; the latter times the sample rate


def read_document(path: str | os.PathLike[str], limit: int = MAX_FILE_BYTES) -> Document:
    """Return the document in a patch file of at most ``limit`` bytes, its nodes migrated. Raises PatchError."""
    node_types()  # blocks declare migrations when they are imported
    document = read_patch(path, limit)
    return document if document.is_newer_format else migrate_nodes(document)


def typed(document: Document, rate: float, home: Path) -> Graph:
    """Return the graph of a document whose files are relative to the folder of ``home``.

    Raises GraphError, also for a block that would be silent, since its file is missing or outside the folder.
    """
    graph = build_graph(document, rate, home)
    if silent := [f"{node.title}: {node.problem}" for node in graph.typed_nodes if node.problem]:
        raise GraphError(silent)
    return without_side_effects(graph)


def audition(document: Document, stimulus: Stimulus, rate: float, home: Path, graph: Graph | None = None) -> Audition:
    """Return the sound of a document under a stimulus, with the input that was played into it.

    ``graph`` is that of the document, if it is known. Raises GraphError, PatchError or MeasureError, one line.
    """
    if stimulus.controls:
        document, graph = _with_controls(document, stimulus.controls), None
    graph = graph or typed(document, rate, home)
    samples = round(stimulus.seconds * rate)
    source = played_samples(stimulus.input, samples, rate, home) if stimulus.input is not None else None
    inputs = [node.id for node in graph.typed_nodes if node.cls and node.cls.device == "input"]
    engine = Offline(graph, inputs=dict.fromkeys(inputs, source) if source is not None else None)
    try:
        for note in stimulus.notes:
            engine.send(bytes((NOTE_ON, note.note, note.velocity)), round(note.at * rate))
            engine.send(bytes((NOTE_OFF, note.note, 0)), round((note.at + note.seconds) * rate))
        sound = engine.run_samples(samples)
        faults = sorted({engine.node_address(fault.node) for fault in engine.faults()})
    finally:
        engine.close()
    if faults:
        raise MeasureError(f"{quote(faults[0])} outputs NaN or infinity, and is muted")
    found = audition_of(sound, rate)
    return found if source is None else replace(found, source=source.astype(np.float64))


@lru_cache(maxsize=16)
def played_samples(played: Played, samples: int, rate: float, home: Path) -> np.ndarray:
    """Return the samples of an input, float32 (samples,), which must not be changed."""
    length = min(round(played.seconds * rate), samples) if played.seconds is not None else int(INPUT_SHARE * samples)
    wave = np.zeros(samples)
    time = np.arange(length) / rate
    if played.wave == "impulse":
        wave[0] = 1.0
    elif played.wave == "noise":
        wave[:length] = np.random.Generator(np.random.PCG64(NOISE_SEED)).uniform(-1.0, 1.0, length)
    elif played.wave == "sine":
        wave[:length] = np.sin(2.0 * np.pi * played.hz * time)
    elif played.wave == "saw":
        numbers = np.arange(1, int(HIGHEST_SWEEP * rate / played.hz) + 1)
        turn = partial = np.exp(2j * np.pi * played.hz * time)
        for number in numbers:
            wave[:length] += (2.0 / np.pi / number) * partial.imag
            partial = partial * turn
    elif played.wave == "sweep":
        octaves = np.log(HIGHEST_SWEEP * rate / LOWEST_SWEEP_HZ)
        growth = octaves * rate / max(length, 1)
        wave[:length] = np.sin(2.0 * np.pi * LOWEST_SWEEP_HZ / growth * np.expm1(growth * time))
    else:
        values, file_rate = read_samples(home.parent / played.file)
        recorded = resampled(values, file_rate, rate).mean(axis=1)[:samples]
        wave[: len(recorded)] = recorded / max(float(np.abs(recorded).max(initial=0.0)), 1e-6)
    return (10.0 ** (played.level / 20.0) * wave).astype(np.float32)


def _with_controls(document: Document, values: dict[str, float]) -> Document:
    """Return the document with values of its controls. Raises PatchError if one is missing."""
    for name, value in values.items():
        control = document.controls.get(name)
        if control is None:
            raise PatchError(f"the patch has no control {quote(name)}. Restore it, as in the start patch.")
        node, port = parse_port_ref(control.target)
        path, id = locate(document, node)
        document = within(path, SetParam(id, port, value)).apply(document)
    return document
