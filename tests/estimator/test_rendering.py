"""Batches of settings: each sound equals that of a single render, sample by sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nodegraph
from nodegraph.control.changes import ParameterChanges
from nodegraph.control.parameters import control_parameter
from nodegraph.engine.offline import Offline
from nodegraph.estimator.parameters import ParameterError, from_unit, parameters_of
from nodegraph.estimator.rendering import BatchRenderer, setting_action, with_setting
from nodegraph.graph import build_graph
from nodegraph.patch import Encapsulate, Patch, SetControl
from tests.rendering import patch_of

PATCHES = Path(__file__).parents[2] / "patches"
RATE = 16384.0
FILES = [*PATCHES.glob("*.json"), *PATCHES.glob("lessons/0*/solutions/reference.json")]
WITH_CONTROLS = sorted(str(p.relative_to(PATCHES)) for p in FILES if nodegraph.load(p).document.controls)


def single(patch: Patch, parameters, setting: np.ndarray, seconds: float, rate: float) -> np.ndarray:
    """Render one setting in a new engine, with the parameters set as by controllers: the mean of the channels."""
    played = nodegraph.Patch(patch.document, patch.path)
    engine = Offline(patch.document, rate, patch.path)
    changes = ParameterChanges(played, engine)
    for parameter, value in zip(parameters, setting, strict=True):
        changes.set_parameter(
            control_parameter(patch.document, patch.document.controls[parameter.name], patch.path), value
        )
    changes.commit()
    engine.close()
    return nodegraph.render(played, seconds, rate).mean(axis=1)


def random_settings(parameters, count: int) -> np.ndarray:
    return from_unit(parameters, np.random.default_rng(1).random((count, len(parameters))))


def check(patch: Patch, count: int = 5, seconds: float = 0.3, rate: float = RATE, threads: int = 1) -> BatchRenderer:
    """Compare a batch with single renders."""
    names = [name for name in patch.document.controls if name != "record"]  # it would write files
    parameters = parameters_of(patch.document, names, patch.path)
    settings = random_settings(parameters, count)
    with BatchRenderer(patch.document, parameters, seconds, rate, patch.path, threads) as renderer:
        renderer.render(settings[::-1])  # a second batch must not depend on the first one
        found = renderer.render(settings)
    assert found.shape == (count, round(seconds * rate))
    assert found.dtype == np.float32
    for sound, setting in zip(found, settings, strict=True):
        np.testing.assert_array_equal(sound, single(patch, parameters, setting, seconds, rate))
    return renderer


@pytest.mark.parametrize("name", WITH_CONTROLS)
def test_batch_equals_single_renders(name):
    patch = nodegraph.load(PATCHES / name)
    has_model = any(node.type in ("encoder", "decoder") for node in patch.document.nodes.values())
    check(patch, rate=44100.0 if has_model else RATE)  # models are trained for frames at 44.1 kHz


def test_fm_synthesizer_renders_as_lanes():
    assert check(nodegraph.load(PATCHES / "fm_subtractive.json"), 40, threads=2).as_lanes


def noise(*wires: str, **nodes) -> nodegraph.Patch:
    nodes = {"source": "white_noise", "filter": "ladder", "out": "audio_out"} | nodes
    patch = patch_of("source.out filter.audio", *(wires or ("filter.out out.audio",)), seed=3, **nodes)
    patch.do(SetControl("loudness", "source.amplitude", 0.1, 1.0))
    patch.do(SetControl("cutoff", "filter.cutoff", 100.0, 4000.0))
    return patch


def test_all_settings_have_the_same_noise():
    patch = noise()
    assert check(patch).as_lanes
    parameters = parameters_of(patch.document)
    with BatchRenderer(patch.document, parameters, 0.1) as renderer:
        first, second = renderer.render(np.tile(random_settings(parameters, 1), (2, 1)))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("block", ["limiter", "compressor"])
def test_linked_lanes_are_separate_settings_in_a_batch(block):
    assert check(noise("filter.out dynamics.audio", "dynamics.out out.audio", dynamics=block)).as_lanes


@pytest.mark.parametrize("mix", ["sum", "stereo", "lanes"])
def test_settings_in_a_batch_are_not_mixed_at_the_output(mix):
    assert check(noise(out=("audio_out", {"mix": mix}))).as_lanes


@pytest.mark.parametrize(
    "patch",
    [
        noise("filter.out side.audio", "side.out out.audio", side="pan"),
        noise("filter.out sum.audio", "sum.out out.audio", sum="sum_lanes"),
    ],
    ids=["stereo", "sum of lanes"],
)
def test_patch_that_mixes_lanes_renders_copies(patch):
    assert not check(patch).as_lanes


def test_wide_source_beside_the_parameters_renders_copies():
    wires = ("filter.out out.audio", "tone.out speaker.audio")
    patch = noise(*wires, tone=("sine", {"frequency": [100.0, 200.0]}), speaker="audio_out")
    assert not check(patch).as_lanes


def test_control_of_one_lane_leaves_the_others():
    patch = patch_of("tone.out out.audio", tone=("sine", {"frequency": [100.0, 200.0]}), out="audio_out")
    patch.do(SetControl("second", "tone.frequency", 300.0, 500.0, lane=1))
    parameters = parameters_of(patch.document)
    with BatchRenderer(patch.document, parameters, 0.1) as renderer:
        found = renderer.render(np.array([[400.0]]))[0]
    edited = patch_of("tone.out out.audio", tone=("sine", {"frequency": [100.0, 400.0]}), out="audio_out")
    np.testing.assert_array_equal(found, nodegraph.render(edited, 0.1, RATE).mean(axis=1))


def test_parameter_of_a_wired_input_is_inaudible():
    wires = ("filter.out out.audio", "tone.out filter.cutoff")
    check(noise(*wires, tone=("constant", {"value": 500.0})))


def test_recorder_of_the_patch_writes_nothing(tmp_path):
    patch = noise("filter.out out.audio", "filter.out take.audio", take=("recorder", {"record": 1.0}))
    patch.save(tmp_path / "patch.json")
    assert check(patch).as_lanes  # its single renders write recordings
    for recording in tmp_path.glob("*.wav"):
        recording.unlink()
    with BatchRenderer(patch.document, parameters_of(patch.document), 0.1, path=patch.path) as renderer:
        renderer.render(random_settings(renderer.parameters, 3))
    assert [path.name for path in tmp_path.iterdir()] == ["patch.json"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([[0.5, 5.0]], "control 'cutoff': must lie in 100–4000, got 5"),
        ([[0.5, np.nan]], "control 'cutoff': must lie in 100–4000, got nan"),
        ([[0.5]], "a setting must have 2 values, got 1"),
    ],
)
def test_invalid_settings_are_refused_with_one_line(settings, message):
    patch = noise()
    with BatchRenderer(patch.document, parameters_of(patch.document), 0.1) as renderer:
        with pytest.raises(ParameterError) as caught:
            renderer.render(np.array(settings))
    assert message in str(caught.value)


def test_setting_as_an_action_gives_the_document_of_the_setting():
    patch = patch_of(
        "tone.out filter.audio", "filter.out out.audio",
        tone=("sine", {"frequency": [100.0, 200.0]}), filter="ladder", out="audio_out",
    )  # fmt: skip
    patch.do(Encapsulate(("filter",), "voice"))
    for name, target, lane in (
        ("first", "tone.frequency", 0),
        ("second", "tone.frequency", 1),
        ("level", "tone.amplitude", None),
        ("cut", "voice/filter.cutoff", None),
    ):
        patch.do(SetControl(name, target, lane=lane))
    graph, parameters = build_graph(patch.document), parameters_of(patch.document)
    setting = [300.0, 400.0, 0.5, 600.0]
    changed = setting_action(graph, parameters, setting).apply(patch.document)
    assert changed == with_setting(graph, parameters, setting)
    assert changed.nodes["tone"].params == {"frequency": [300.0, 400.0], "amplitude": 0.5}
    assert changed.nested(("voice",)).nodes["filter"].params == {"cutoff": 600.0}
