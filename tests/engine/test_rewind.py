"""An engine that is rewound renders the same samples again, or those of other knob values."""

from __future__ import annotations

import numpy as np
import pytest

from nodegraph.engine.rewind import RewindableEngine, can_rewind
from nodegraph.graph import build_graph
from tests.rendering import patch_of, sound_of

RATE = 44100.0


def delayed(cutoff=1000.0, amplitude=0.5):
    """Return a patch with a seeded state, filter states, a delay line and a feedback wire."""
    return patch_of(
        "source.out filter.audio", "filter.out echo.audio", "echo.out ~ filter.audio", "echo.out out.audio",
        source=("white_noise", {"amplitude": amplitude}), filter=("ladder", {"cutoff": cutoff}),
        echo=("delay", {"time": 0.003}), out="audio_out", seed=5,
    )  # fmt: skip


@pytest.fixture
def engine():
    engine = RewindableEngine(build_graph(delayed().document, RATE))
    yield engine
    engine.close()


def test_rewound_engine_renders_the_same_samples(engine):
    expected = sound_of(delayed(), 5000).T
    for _ in range(3):
        engine.rewind()
        np.testing.assert_array_equal(engine.run_channels(5000), expected)


def test_initial_knob_values_are_those_of_a_fresh_render(engine):
    for cutoff in (300.0, 4000.0):
        engine.rewind()
        engine.set_initial("filter", "cutoff", [cutoff])
        np.testing.assert_array_equal(engine.run_channels(3000), sound_of(delayed(cutoff), 3000).T)
    engine.rewind()
    np.testing.assert_array_equal(engine.run_channels(3000), sound_of(delayed(), 3000).T)


def test_lanes_with_the_same_seed_get_the_same_noise():
    graph = build_graph(delayed(amplitude=[0.5, 0.5, 0.25]).document, RATE)
    engine = RewindableEngine(graph, channels=3, same_seed=True)
    first, second, _ = engine.run_channels(2000)
    engine.close()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, sound_of(delayed(), 2000)[:, 0])


def test_graph_with_a_helper_cannot_be_rewound():
    recorder = patch_of("tone.out take.audio", tone="sine", take="recorder")
    assert not can_rewind(build_graph(recorder.document, RATE))
    assert can_rewind(build_graph(delayed().document, RATE))
