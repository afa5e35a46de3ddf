"""The output depends on the documents and the swap samples of their plans only.

One performance (documents, probes, swap samples, messages, MIDI) is played several times. The plans are compiled at
different times: directly after the previous swap, just before their own swap, or at random in between. All samples
must be equal.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from nodegraph.engine import walk
from nodegraph.graph import GraphError, build_graph
from nodegraph.patch import Document
from tests.engine.storm import random_edits, sounding_patch
from tests.recording.flight_helpers import with_voices
from tests.rendering import QUANTUM, Offline, patch_of

ROOT = Path(__file__).parents[2]
FADE = 441
OVERFLOW = 5 * QUANTUM  # samples until a feedback delay of 64 samples with a gain of 1e9 overflows


@pytest.fixture(autouse=True)
def _blocks(test_blocks):
    pass


@dataclass
class Part:
    """One part of a performance: start sample, document, watched outputs, parameter messages and MIDI."""

    start: int
    document: Document
    watched: frozenset[str] = frozenset()
    values: list[tuple[int, str, str, float]] = field(default_factory=list)
    midi: list[tuple[int, bytes]] = field(default_factory=list)


class Timed(Offline):
    """An engine whose plans are compiled at one sample and swapped at another."""

    def perform(self, parts, end, moment):
        """Return the output up to sample ``end``; ``moment(earliest, latest)`` returns when to compile."""
        sound, plans = [], [self.plan]  # keep plans alive: the engine does not know that their swap is delayed
        for part, following in zip(parts, [*(part.start for part in parts[1:]), end], strict=True):
            if part.start:
                compiled = moment(self.clock, part.start)
                sound.append(self.run_samples(compiled - self.clock))
                self.watched = part.watched
                self._swap_plan(build_graph(part.document, self.rate))
                plans.append(self.plan)
                plan_address, self.words[walk.ENGINE_NEXT] = int(self.words[walk.ENGINE_NEXT]), 0
                sound.append(self.run_samples(part.start - self.clock))
                self.words[walk.ENGINE_NEXT] = plan_address
            for at, node, port, value in part.values:
                self._send_values([(node, port)], value, at)
            for at, message in part.midi:
                self.send(message, at, "keyboard")
            if part.start < following:
                sound.append(self.run_samples(QUANTUM))
        sound.append(self.run_samples(end - self.clock))
        return np.concatenate(sound)

    def _set_changed_knobs(self, before, after):
        """Do nothing: the performance contains these messages."""


def earliest(first, last):
    return first


def latest(first, last):
    return last


def at_random(seed):
    chance = random.Random(seed)
    return lambda first, last: chance.randrange(first, last + 1, QUANTUM)


def sounds_of(parts, end):
    """Return the output of a performance for several compile times."""
    moments = [latest, earliest, at_random(1), at_random(2)]
    return [Timed(parts[0].document, channels=2).perform(parts, end, moment) for moment in moments]


def assert_same(sounds):
    for sound in sounds[1:]:
        differing = np.flatnonzero(
            (sound != sounds[0]).any(axis=1) & ~(np.isnan(sound) & np.isnan(sounds[0])).all(axis=1)
        )
        assert not len(differing), f"{len(differing)} samples differ, the first at {differing[0]}"


def random_performance(seed, edits):
    """Return random edits of a random patch with voices: wires, blocks, knobs, names, probes, notes and faults."""
    chance = random.Random(seed)
    patch = with_voices(sounding_patch(12, seed))
    for k in range(2):
        patch.add("fragile", id=f"bad{k}", gives="nan")
        patch.add("echo", id=f"echo_{k}", gain=0.5)
        patch.connect("root.out", f"bad{k}.audio")
        patch.connect(f"bad{k}.out", f"echo_{k}.audio")
        patch.connect(f"echo_{k}.out", "out.audio")
    parts = [Part(0, patch.document)]
    patch.subscribe(lambda step, change: build_graph(change.after))  # raises as an engine would
    steps = random_edits(patch, edits, seed, 22)
    now = 0
    for _ in range(edits):
        if chance.random() < 0.2:
            chance.choice([rename, rename, encapsulate, dissolve])(patch, chance)
        elif next(steps, None) is None:
            break
        now += QUANTUM * chance.choice([2, 3, 5, 7, 8, 9, 14, 30, 80])
        document = patch.document
        outputs = [f"{id}.out" for id in document.nodes if id not in ("out", "keys")]
        parts.append(
            Part(now, document, frozenset(chance.sample(outputs, min(len(outputs), chance.choice([0, 0, 3])))))
        )
    end = now + 40 * QUANTUM
    for part, following in zip(parts, [*(part.start for part in parts[1:]), end]):
        graph = build_graph(part.document)
        knobs = [(node.id, name) for node in graph.typed_nodes for name in node.spec.inputs]
        for at in sorted(chance.randrange(part.start, following) for _ in range(2)):
            node, name = chance.choice(knobs)
            port = graph.node(node).spec.inputs[name]
            low, high = (port.min, port.max) if chance.random() < 0.8 else (0.0, 1.0)
            part.values.append((at, node, name, chance.uniform(low, high)))
            if chance.random() < 0.5 and f"bad{at % 2}" in graph.nodes:
                part.values.append((at, f"bad{at % 2}", "broken", float(chance.random() < 0.5)))
            part.midi.append((at, bytes([0x90, chance.randrange(36, 84), chance.randrange(128)])))
    return parts, end


def rename(patch, chance):
    id = chance.choice([id for id in patch.document.nodes if id not in ("out", "root")])
    patch.rename(id, f"{id.rstrip('_0123456789')}_{chance.randrange(1000)}")


def encapsulate(patch, chance):
    fixed = ("out", "root", "keys", "voices")
    nodes = patch.document.nodes.items()
    ids = [id for id, node in nodes if id not in fixed and node.type not in ("inlet", "outlet")]
    try:
        patch.encapsulate(chance.sample(ids, min(len(ids), 3)), f"body{chance.randrange(1000)}")
    except GraphError:  # a loop through the subpatch
        patch.undo()


def dissolve(patch, chance):
    bodies = [id for id, node in patch.document.nodes.items() if node.patch is not None]
    if bodies:
        patch.dissolve(chance.choice(bodies))


@pytest.mark.parametrize("seed", range(10))
def test_compile_time_changes_no_sample(seed):
    parts, end = random_performance(seed, 30)
    sounds = sounds_of(parts, end)
    assert np.abs(sounds[0]).max() > 0.01
    assert_same(sounds)


@pytest.mark.parametrize("gap", range(QUANTUM, 2 * FADE, QUANTUM))
@pytest.mark.parametrize("type", ["vca", "ladder", "comb"])
def test_compile_time_in_a_crossfade_changes_no_sample(type, gap):
    """A second edit during or shortly after the crossfade of the first, which changes the order of summation."""
    patch = patch_of("v.out s.audio", "s.out out.audio", "root.out v.audio", v=type, s="sum_lanes", out="audio_out",
                     root=("sine", {"frequency": 441.0, "amplitude": 0.3}),
                     four=("lfo", {"frequency": [1.0] * 4, "amplitude": [0.0] * 4}))  # fmt: skip
    parts = [Part(0, patch.document)]
    patch.connect("four.out", "v.audio")
    parts.append(Part(6400, patch.document))
    parts.append(Part(6400 + gap, patch.document, frozenset({"root.out"})))
    parts.append(Part(6400 + 2 * gap, patch.document))
    patch.disconnect("four.out", "v.audio")
    parts.append(Part(6400 + 2 * gap + 2048, patch.document))
    assert_same(sounds_of(parts, 6400 + 2 * gap + 4096))


@pytest.mark.parametrize("before", range(0, 6 * QUANTUM, QUANTUM))
def test_fault_while_a_plan_is_pending_is_muted_the_same_way(before):
    """A delay line overflows ``before`` samples before the swap: it must be empty afterwards."""
    patch = patch_of("tone.out echo.audio", "echo.out out.audio", tone="sine", echo=("echo", {"gain": 0.5}),
                     out="audio_out")  # fmt: skip
    parts = [
        Part(0, patch.document, values=[(6400 - before - OVERFLOW, "echo", "gain", 1e9), (6400, "echo", "gain", 0.5)])
    ]
    patch.add("saw", id="other")
    parts.append(Part(6400, patch.document))
    sounds = sounds_of(parts, 9600)
    assert_same(sounds)
    assert np.isfinite(sounds[0]).all() and 0 < np.abs(sounds[0][7000:]).max() <= 2.0


PROGRAM = """
import hashlib
from nodegraph.blocks import registry
from tests import example_blocks
from tests.engine.test_determinism import Timed, latest, random_performance
registry.node_types()
registry.register_module(example_blocks)
parts, end = random_performance({seed}, 20)
sound = Timed(parts[0].document, channels=2).perform(parts, end, latest)
print(hashlib.sha256(sound.tobytes()).hexdigest())
"""


@pytest.mark.parametrize("seed", [100, 101])
def test_samples_are_the_same_in_another_process(seed):
    """The order of sets of strings differs between processes; no sum may depend on it."""
    found = set()
    for hashes in "0", "1", "2":
        environment = {**os.environ, "PYTHONHASHSEED": hashes}
        program = [sys.executable, "-c", PROGRAM.format(seed=seed)]
        run = subprocess.run(program, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
        found.add(run.stdout)
    assert len(found) == 1 and found != {""}
