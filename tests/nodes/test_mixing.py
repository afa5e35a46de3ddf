"""Pan laws and the handling of lanes."""

import numpy as np
import pytest

from nodes.mixing import Balance, Crossfade, Join, MatrixMixer, Mixer, Pan, Split, Spread, SumLanes, Values
from tests.nodes.stepping import run

LANES = np.arange(12, dtype=np.float32).reshape(4, 3)


def test_mixer_adds_its_inputs():
    out = run(Mixer, 1, a=1.0, b=2.0, c=3.0, d=4.0, gain_b=0.5, gain_d=0.0, gain=2.0)["out"]
    assert out[0] == 2 * (1 + 1 + 3)


@pytest.mark.parametrize("position", [-1.0, -0.4, 0.0, 0.7, 1.0])
def test_pan_keeps_the_power(position):
    left, right = run(Pan, 1, audio=1.0, position=position)["out"][0]
    assert left**2 + right**2 == pytest.approx(1.0, abs=1e-6)
    assert left == pytest.approx(np.cos(np.pi / 4 * (1 + position)), abs=1e-6)


def test_pan_places_and_sums_all_lanes():
    out = run(Pan, 1, audio=[[1.0, 2.0]], position=[[-1.0, 1.0]])["out"]
    assert out[0] == pytest.approx([1.0, 2.0], abs=1e-6)


def test_balance_in_the_middle_changes_nothing():
    assert run(Balance, 1, audio=[[0.5, 0.25]])["out"].tolist() == [[0.5, 0.25]]
    assert run(Balance, 1, audio=[[0.5, 0.25]], position=1.0)["out"].tolist() == [[0.0, 0.25]]


@pytest.mark.parametrize("amount", [0.0, 0.3, 1.0])
def test_crossfade_laws(amount):
    a = run(Crossfade, 1, a=1.0, b=0.0, amount=amount)["out"][0]
    b = run(Crossfade, 1, a=0.0, b=1.0, amount=amount)["out"][0]
    assert a * a + b * b == pytest.approx(1.0, abs=1e-9)
    linear = run(Crossfade, 1, a=2.0, b=4.0, amount=amount, law="linear")["out"][0]
    assert linear == pytest.approx(2 + 2 * amount)


def test_sum_lanes():
    assert run(SumLanes, 4, audio=LANES)["out"][:, 0].tolist() == [3, 12, 21, 30]
    assert run(SumLanes, 4, audio=LANES, scale="mean")["out"][:, 0].tolist() == [1, 4, 7, 10]
    assert run(SumLanes, 4, audio=LANES, scale="power")["out"][1, 0] == pytest.approx(12 / np.sqrt(3))


def test_split_and_join_are_inverse():
    first = run(Split, 4, audio=LANES)["out"]
    rest = run(Split, 4, audio=LANES, first=1, count=2)["out"]
    assert rest.tolist() == LANES[:, 1:].tolist()
    assert run(Join, 4, a=first, b=rest)["out"].tolist() == LANES.tolist()
    assert run(Split, 4, audio=LANES, first=2, count=2)["out"][:, 1].tolist() == [0, 0, 0, 0]


def test_join_accepts_four_signals():
    assert run(Join, 1, a=1.0, b=2.0, c=3.0, d=4.0, count=4)["out"].tolist() == [[1, 2, 3, 4]]


def test_spread_laws():
    def spread(**settings):
        return run(Spread, 1, value=100.0, **settings)["out"][0].tolist()

    assert spread(amount=10.0, count=3) == [90, 100, 110]
    assert spread(amount=12.0, count=3, law="ratio") == [50, 100, 200]
    assert spread(amount=1.0, count=3, law="harmonic") == [100, 200, 300]
    assert spread(amount=10.0, count=1) == [100]


def test_values_has_one_lane_per_number():
    assert run(Values, 2, values=(1.0, 2.5, 4.0), scale=2.0, offset=1.0)["out"].tolist() == [[3, 6, 9]] * 2


@pytest.mark.parametrize("outputs", [1, 2, 5])
def test_matrix_mixer_is_a_product_with_its_gains(outputs):
    rng = np.random.default_rng(1)
    gains, sound = rng.uniform(-2.0, 2.0, (outputs, 3)), rng.uniform(-1.0, 1.0, (20, 3))
    out = run(MatrixMixer, 20, audio=sound, gain=np.tile(gains.ravel(), (20, 1)), outputs=outputs)["out"]
    assert out == pytest.approx(sound @ gains.T, abs=1e-5)


def test_matrix_mixer_has_one_gain_for_all_pairs_and_0_for_missing_ones():
    assert run(MatrixMixer, 1, audio=[[1.0, 2.0]], gain=0.5)["out"].tolist() == [[1.5, 1.5]]
    assert run(MatrixMixer, 1, audio=[[1.0, 2.0]], gain=[[1.0, 0.0, 0.5]])["out"].tolist() == [[1.0, 0.5]]
