"""Probes record outputs without changing them; a live patch can be paused and stepped."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from nodegraph import Patch
from nodegraph.engine.live import Live
from nodegraph.engine.offline import Offline
from nodegraph.graph import build_graph
from nodegraph.graph.probes import probe_id, with_probes

PATCHES = Path(__file__).parents[2] / "patches"


def wait_until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.fixture
def patch():
    patch = Patch()
    patch.add("sine", id="osc", frequency=[441.0, 882.0])
    patch.add("vca", id="quiet", gain=0.5)
    patch.add("audio_out", id="out")
    patch.connect("osc.out", "quiet.audio")
    patch.connect("quiet.out", "out.audio")
    return patch


def test_probes_change_no_sample():
    whole = Patch.load(PATCHES / "robot_voice.json")
    plain, probed = (Offline(whole.document, path=whole.path) for _ in range(2))
    graph = probed.plan.graph
    refs = [f"{n.id}.{o}" for n in graph.typed_nodes for o in [*n.spec.outputs, *n.spec.frame_outputs]]
    probed.watch(refs)
    np.testing.assert_array_equal(probed.run_samples(30000), plain.run_samples(30000))


def test_probe_records_the_latest_samples(patch):
    engine = Offline(patch.document)
    engine.watch(["osc.out", "quiet.out"])
    engine.run_samples(4410)
    loud, quiet = (engine.probe(end).latest(1000) for end in ("osc.out", "quiet.out"))
    assert loud.shape == (1000, 2)
    assert np.abs(loud).max() > 0.9
    np.testing.assert_allclose(quiet, 0.5 * loud, atol=1e-6)


def test_missing_outputs_get_no_probe(patch):
    graph = build_graph(patch.document)
    assert with_probes(graph, ["osc.nothing", "missing.out", "out.audio"]) is graph
    assert probe_id("osc.out") in with_probes(graph, ["osc.out"]).nodes
    assert probe_id("osc.out") not in graph.nodes


def test_probe_is_removed_when_its_output_is_not_watched(patch):
    engine = Offline(patch.document)
    engine.watch(["osc.out"])
    engine.run_samples(640)
    assert engine.probe("osc.out") is not None
    engine.watch([])
    engine.run_samples(640)
    assert engine.probe("osc.out") is None


def test_paused_patch_can_be_stepped_and_resumed(patch):
    with Live(patch.document, null=True) as live:
        assert wait_until(lambda: live.clock > 4410)
        live.pause()
        assert wait_until(lambda: _is_stopped(live))
        clock = live.clock
        live.step(3)
        assert wait_until(lambda: live.clock == clock + 3 * 64)
        time.sleep(0.1)
        assert live.clock == clock + 3 * 64
        live.pause(False)
        assert wait_until(lambda: live.clock > clock + 4410)


def _is_stopped(live):
    before = live.clock
    time.sleep(0.05)
    return live.clock == before
