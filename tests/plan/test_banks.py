"""Banks: inputs with one value per member; members are not lanes."""

import numpy as np
import pytest

from nodegraph.engine.offline import Offline, Stepper
from nodegraph.graph import GraphError, build_graph
from nodegraph.kernel import KernelError, kernel_of
from nodegraph.node import FrameIn, FrameOut, In, Node, Option, Out
from tests.rendering import engine_of, patch_of, sound_of

DRIVERS = [Offline, Stepper]


class Faders(Node):
    """Outputs the values of a bank: lane k is fader k."""

    fader = In(0.5, min=0.0, max=10.0, bank="count", doc="one for each of count")
    switch = In(0.0, min=0.0, max=10.0, smooth=False, bank="count", doc="one for each of count, in steps")
    count = Option(4, min=1, max=64, doc="how many")
    out = Out(doc="faders as lanes")
    sum = Out(doc="faders and switches added up")

    def block(fader, fader_size, switch, out, sum):
        for i in range(out.shape[0]):
            sum[i, 0] = 0.0
            for k in range(fader_size):
                out[i, k] = fader[i, k]
                sum[i, 0] += fader[i, k] + switch[i, k]

    def lanes(inputs, settings):
        return {"out": settings["count"], "sum": 1}


class WeighBins(Node):
    """Multiplies each bin by its fader."""

    magnitude = FrameIn("magnitude", doc="frames")
    weight = In(1.0, min=0.0, max=4.0, bank="magnitude", doc="one for each bin")
    out = FrameOut("magnitude", doc="frames, weighted")

    def frame(magnitude, weight, weight_size, bins, out):
        for k in range(bins):
            out[k] = magnitude[k] * weight[k] if weight_size == bins else -1.0


@pytest.fixture(autouse=True)
def more_blocks(monkeypatch):
    from nodegraph.blocks.registry import node_types

    types = node_types()
    for cls in (Faders, WeighBins):
        monkeypatch.setitem(types, cls.type, cls)


def held(count=4, **params):
    """Return the values of a bank after its knobs settled."""
    patch = patch_of("bank.out out.audio", bank=("faders", {"count": count, **params}), out="audio_out")
    engine = Offline(patch.document)
    engine.run_samples(64)
    return engine.value("bank", "out").tolist()


def test_number_sets_all_members_and_missing_ones_have_the_default():
    assert held() == [0.5, 0.5, 0.5, 0.5]
    assert held(fader=2.0) == [2.0, 2.0, 2.0, 2.0]
    assert held(fader=[2.0]) == [2.0, 2.0, 2.0, 2.0]
    assert held(fader=[1.0, 2.0]) == [1.0, 2.0, 0.5, 0.5]
    assert held(fader=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == [1.0, 2.0, 3.0, 4.0]
    assert held(count=1, fader=[3.0, 2.0]) == [3.0]


@pytest.mark.parametrize("driver", DRIVERS)
def test_members_are_not_lanes(driver):
    patch = patch_of("bank.sum out.audio", bank=("faders", {"fader": [1.0, 2.0, 3.0, 4.0]}), out="audio_out")
    assert sound_of(patch, 128, driver).shape == (128, 1)
    assert sound_of(patch, 128, driver)[-1, 0] == 10.0
    assert build_graph(patch.document).node("bank").bank_sizes == {"fader": 4, "switch": 4}


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("lanes", [1, 3, 4, 6])
def test_lanes_of_a_wire_set_the_first_members_and_one_lane_sets_all(driver, lanes):
    values = [1.0 + k for k in range(lanes)]
    patch = patch_of(
        "values.out bank.fader", "bank.out out.audio", bank="faders", out="audio_out",
        values=("values", {"values": values}),
    )  # fmt: skip
    expected = values * 4 if lanes == 1 else [*values, 0.5, 0.5, 0.5][:4]
    assert sound_of(patch, 64, driver)[-1].tolist() == pytest.approx(expected[:4])


def test_wires_into_a_bank_are_summed_and_unequal_lanes_are_refused():
    nodes = {"bank": "faders", "out": "audio_out", "a": ("values", {"values": [1.0, 2.0]})}
    nodes["b"] = ("values", {"values": [10.0]})
    patch = patch_of("a.out bank.fader", "b.out bank.fader", "bank.out out.audio", **nodes)
    assert sound_of(patch, 64)[-1].tolist() == [11.0, 12.0, 0.5, 0.5]
    patch.set("b.values", [1.0, 2.0, 3.0])
    with pytest.raises(GraphError, match="'fader' have 2 and 3 lanes"):
        build_graph(patch.document)


def test_setting_one_member_ramps_it_and_leaves_the_others():
    patch = patch_of("bank.out out.audio", bank="faders", out="audio_out")
    engine = engine_of(patch)
    engine.run_samples(64)
    engine.set_parameter("bank", "fader", 1.5, lane=2)
    engine.set_parameter("bank", "fader", 1.5, lane=60)  # there is no such member
    sound = engine.run_samples(1024)
    assert np.all(sound[:, [0, 1, 3]] == 0.5)
    assert sound[-1, 2] == 1.5
    assert 0 < np.abs(np.diff(sound[:, 2])).max() < 0.005


def test_member_set_in_the_engine_keeps_its_value_through_edits():
    patch = patch_of("bank.out out.audio", bank=("faders", {"fader": [1.0, 1.0]}), out="audio_out")
    engine = engine_of(patch)
    engine.run_samples(64)
    engine.set_parameter("bank", "fader", 3.0, lane=1)
    engine.run_samples(640)
    patch.add("sine", id="other")
    assert engine.run_samples(640)[-1].tolist() == [1.0, 3.0, 0.5, 0.5]


def test_edit_reaches_every_member():
    patch = patch_of("bank.out out.audio", bank=("faders", {"fader": 2.0}), out="audio_out")
    engine = engine_of(patch)
    for values, expected in (
        ([1.0, 3.0], [1.0, 3.0, 0.5, 0.5]),
        ([4.0, 3.0], [4.0, 3.0, 0.5, 0.5]),
        (1.0, [1.0, 1.0, 1.0, 1.0]),
        ([2.0, 2.0, 2.0, 2.0, 9.0], [2.0, 2.0, 2.0, 2.0]),
    ):
        patch.set("bank.fader", values)
        assert engine.run_samples(1024)[-1].tolist() == expected


def test_connecting_and_disconnecting_a_bank_crossfades():
    patch = patch_of("bank.sum out.audio", bank=("faders", {"fader": [1.0, 2.0]}), out="audio_out")
    patch.add("values", id="v", values=[3.0, 0.0, 1.0])
    engine = engine_of(patch)
    engine.run_samples(640)
    patch.connect("v.out", "bank.fader")
    came = engine.run_samples(1024)[:, 0]
    patch.disconnect("v.out", "bank.fader")
    went = engine.run_samples(1024)[:, 0]
    assert came[-1] == pytest.approx(4.5) and went[-1] == pytest.approx(4.0)
    assert abs(came[0] - 4.0) < 0.02 and abs(went[0] - 4.5) < 0.02
    assert max(np.abs(np.diff(came)).max(), np.abs(np.diff(went)).max()) < 0.02


@pytest.mark.parametrize("driver", DRIVERS)
def test_members_follow_the_bins_of_a_frame_port(driver):
    patch = patch_of(
        "in.out stft.audio", "stft.spectrum polar.spectrum", "polar.magnitude weigh.magnitude",
        "polar.phase back.phase", "weigh.out back.magnitude", "back.spectrum inverse.spectrum", "inverse.out out.audio",
        stft=("stft", {"size": 16, "hop": 4}), polar="polar", back="from_polar", inverse="inverse_stft",
        weigh=("weigh_bins", {"weight": [0.0] * 3 + [1.0] * 6}), out="audio_out", **{"in": "audio_in"},
    )  # fmt: skip
    assert build_graph(patch.document).node("weigh").bank_sizes == {"weight": 9}
    audio = np.ones(256, np.float32)
    assert np.abs(sound_of(patch, 256, driver, inputs={"in": audio})[100:]).max() < 1e-6
    patch.set("weigh.weight", 2.0)
    assert sound_of(patch, 256, driver, inputs={"in": audio})[100:] == pytest.approx(2.0, abs=1e-5)


def test_values_out_of_range_are_reported():
    patch = patch_of(bank=("faders", {"fader": [1.0, 11.0]}), checked=False)
    with pytest.raises(GraphError, match="fader must lie in 0–10, got 11"):
        build_graph(patch.document)


def test_tick_with_a_bank_is_refused():
    class Wrong(Node):
        """A tick with a bank."""

        gain = In(1.0, bank="count", doc="gains")
        count = Option(4, doc="how many")
        out = Out(doc="sound")

        def tick(gain):
            return gain

    with pytest.raises(KernelError, match="a tick has no banks"):
        kernel_of(Wrong, {"count": 4})
