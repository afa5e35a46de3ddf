"""Magnitudes of the filters against their transfer functions."""

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodes.filters import AllPass, Biquad, Comb, DcBlocker, Equalizer, Ladder, OnePole, StateVariable
from tests.nodes.stepping import SR, impulse, response, run

N = 16384
F = np.geomspace(50.0, 18000.0, 60)


def warped(f):
    """Return the analogue frequency that the trapezoidal rule maps to ``f``."""
    return np.tan(np.pi * f / SR)


@pytest.mark.parametrize(("cutoff", "q"), [(1000.0, 0.7071), (300.0, 8.0), (9000.0, 2.0)])
def test_state_variable_matches_its_analogue_model(cutoff, q):
    outputs = run(StateVariable, N, audio=impulse(N), cutoff=cutoff, resonance=q)
    s = 1j * warped(F) / warped(cutoff)
    bottom = s * s + s / q + 1
    expected = {
        "low": 1 / bottom, "high": s * s / bottom, "band": (s / q) / bottom, "notch": (s * s + 1) / bottom,
        "peak": (1 - s * s) / bottom,
    }  # fmt: skip
    for name, h in expected.items():
        assert response(outputs[name], F) == pytest.approx(np.abs(h), abs=1e-5), name


def cookbook(mode, cutoff, q, gain):
    """Return the response of the Audio EQ Cookbook's analogue prototype at F, with frequency warping."""
    s = 1j * warped(F) / warped(cutoff)
    a = 10 ** (gain / 40)
    flat = s * s + s / q + 1
    return {
        "low": lambda: 1 / flat,
        "high": lambda: s * s / flat,
        "band": lambda: (s / q) / flat,
        "notch": lambda: (s * s + 1) / flat,
        "all_pass": lambda: (s * s - s / q + 1) / flat,
        "peak": lambda: (s * s + s * a / q + 1) / (s * s + s / (a * q) + 1),
        "low_shelf": lambda: a * (s * s + np.sqrt(a) / q * s + a) / (a * s * s + np.sqrt(a) / q * s + 1),
        "high_shelf": lambda: a * (a * s * s + np.sqrt(a) / q * s + 1) / (s * s + np.sqrt(a) / q * s + a),
    }[mode]()


@pytest.mark.parametrize("mode", Biquad.spec.choices["mode"].values)
@pytest.mark.parametrize(("cutoff", "q", "gain"), [(1000.0, 0.7071, 6.0), (5000.0, 4.0, -12.0)])
def test_biquad_matches_the_cookbook(mode, cutoff, q, gain):
    out = run(Biquad, N, audio=impulse(N), cutoff=cutoff, resonance=q, gain=gain, mode=mode)["out"]
    assert response(out, F) == pytest.approx(np.abs(cookbook(mode, cutoff, q, gain)), abs=1e-5)


@pytest.mark.parametrize("mode", Biquad.spec.choices["mode"].values)
def test_biquad_is_stable_under_audio_rate_modulation(mode):
    n = np.arange(3 * 44100)
    saw = 2.0 * (110.0 * n / SR % 1.0) - 1.0
    cutoff = 1000.0 * 2.0 ** (3.0 * np.sin(2 * np.pi * 1000.0 * n / SR))
    out = run(Biquad, len(n), audio=saw, cutoff=cutoff, resonance=10.0, gain=12.0, mode=mode)["out"]
    assert np.abs(out).max() < 20.0


def test_state_variable_is_stable_under_any_modulation():
    n = 44100
    rng = np.random.default_rng(3)
    wild = {"cutoff": np.geomspace(20, 20000, n)[rng.permutation(n)], "resonance": rng.uniform(0.5, 20, n)}
    out = run(StateVariable, n, audio=rng.uniform(-1, 1, n), **wild)["low"]
    assert np.abs(out).max() < 20.0


def test_one_pole_halves_the_power_at_its_cutoff():
    for mode in ("low", "high"):
        out = run(OnePole, N, audio=impulse(N), cutoff=2000.0, mode=mode)["out"]
        assert response(out, [2000.0])[0] == pytest.approx(np.sqrt(0.5), abs=1e-6)


def test_ladder_matches_four_poles_with_feedback():
    quiet = impulse(N) * 1e-3  # far below saturation
    out = run(Ladder, N, audio=quiet, cutoff=800.0, resonance=0.5)["out"] * 1e3
    h = 1 / (1 + 1j * warped(F) / warped(800.0)) ** 4
    assert response(out, F) == pytest.approx(np.abs(h / (1 + 2.0 * h)), abs=1e-5)


def test_ladder_oscillates_at_its_cutoff():
    out = run(Ladder, 44100, audio=impulse(44100), cutoff=440.0, resonance=1.1)["out"][22050:]
    crossings = np.flatnonzero((out[1:] > 0) & (out[:-1] <= 0))
    assert SR / np.diff(crossings).mean() == pytest.approx(440.0, rel=0.02)
    assert 0.05 < np.abs(out).max() < 1.0


def test_ladder_starts_to_oscillate_without_a_sound():
    silent = run(Ladder, 2 * 44100, cutoff=440.0, resonance=1.1)["out"]
    assert np.abs(silent[44100:]).max() > 0.05
    assert np.abs(run(Ladder, 44100, cutoff=440.0, resonance=0.5)["out"]).max() < 1e-6


@pytest.mark.parametrize("resonance", [0.3, 0.9])
def test_ladder_restores_the_lows_that_resonance_takes(resonance):
    def gain_at_20_hz(bass):
        out = run(Ladder, 1 << 15, audio=1e-4 * impulse(1 << 15), cutoff=2000.0, resonance=resonance, bass=bass)["out"]
        return response(1e4 * out, [20.0])[0]

    assert gain_at_20_hz(0.0) == pytest.approx(1.0 / (1.0 + 4.0 * resonance), rel=0.01)
    assert gain_at_20_hz(1.0) == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize("frequency", [110.0, 440.0, 1000.0])
@pytest.mark.parametrize("damping", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("feedback", [0.98, -0.98])
def test_damped_comb_stays_in_tune(frequency, damping, feedback):
    length = 1 << 16
    out = run(Comb, length, audio=impulse(length), frequency=frequency, damping=damping, feedback=feedback)["out"]
    lowest = frequency if feedback > 0.0 else 0.5 * frequency
    cents = np.linspace(-30.0, 30.0, 61)
    peak = cents[np.argmax(response(out, lowest * 2.0 ** (cents / 1200.0)))]
    assert abs(peak) <= 2.0  # strong damping makes the peak wide and moves it by its slope


@pytest.mark.parametrize("feedback", [0.9, -0.9])
def test_comb_peaks_on_its_harmonics(feedback):
    out = run(Comb, 1 << 16, audio=impulse(1 << 16), frequency=441.0, feedback=feedback)["out"]
    peaks, troughs = response(out, [882.0, 1323.0]), response(out, [661.5, 1102.5])
    high, low = (peaks, troughs) if feedback > 0 else (troughs, peaks)
    assert high == pytest.approx(10.0, rel=0.01)
    assert low == pytest.approx(1 / 1.9, rel=0.01)


def test_damped_comb_loses_treble():
    out = run(Comb, 1 << 15, audio=impulse(1 << 15), frequency=441.0, damping=0.5)["out"]
    first, ninth = response(out, [441.0, 441.0 * 9])
    assert ninth < 0.5 * first


def test_all_pass_has_a_flat_spectrum():
    out = run(AllPass, 1 << 15, audio=impulse(1 << 15), time=100 / SR)["out"]
    assert response(out, F) == pytest.approx(1.0, abs=1e-3)
    assert out[0] == pytest.approx(-0.7, abs=1e-6)
    assert out[100] == pytest.approx(1 - 0.49, abs=1e-4)


@pytest.mark.parametrize("samples", [1.5, 7.25, 10.5, 99.9])
def test_all_pass_of_any_time_has_a_flat_spectrum(samples):
    out = run(AllPass, 1 << 15, audio=impulse(1 << 15), time=samples / SR, feedback=0.9)["out"]
    assert response(out, F) == pytest.approx(1.0, abs=2e-3)


def test_dc_blocker_removes_the_offset_only():
    n = 44100
    out = run(DcBlocker, n, audio=0.5 + 0.25 * np.sin(2 * np.pi * 500 * np.arange(n) / SR))["out"]
    assert abs(out[22050:].mean()) < 1e-6
    assert out[22050:].max() == pytest.approx(0.25, rel=1e-2)


# -- equalizer ---------------------------------------------------------------------------------------------------

BANDS = {"frequency": [80.0, 400.0, 2500.0, 9000.0], "gain": [6.0, -9.0, 12.0, -4.0], "resonance": [0.7, 3.0, 0.5, 1.2]}


def equalized(sound, ends="shelves", **bands):
    members = {name: np.tile(values, (len(sound), 1)) for name, values in (BANDS | bands).items()}
    return run(Equalizer, len(sound), audio=sound, ends=ends, **members)["out"]


@pytest.mark.parametrize("ends", ["shelves", "peaks"])
def test_equalizer_is_within_a_hundredth_of_a_decibel_of_the_cookbook(ends):
    kinds = ["low_shelf", "peak", "peak", "high_shelf"] if ends == "shelves" else ["peak"] * 4
    bands = zip(kinds, BANDS["frequency"], BANDS["resonance"], BANDS["gain"], strict=True)
    expected = np.prod([np.abs(cookbook(*band)) for band in bands], axis=0)
    found = response(equalized(impulse(N), ends)[:, 0].astype(float), F)
    assert np.abs(20.0 * np.log10(found / expected)).max() < 0.01


def test_equalizer_without_gain_changes_nothing():
    sound = np.random.default_rng(0).uniform(-1.0, 1.0, (500, 2)).astype(np.float32)
    assert equalized(sound, gain=[0.0] * 4) == pytest.approx(sound, abs=1e-6)


def test_equalizer_bands_move_without_a_jump():
    sine = 0.1 * np.sin(2 * np.pi * 100.0 * np.arange(N) / SR)
    gain = np.stack([np.linspace(0.0, 12.0, N), *np.zeros((3, N))], 1)
    members = {name: np.tile(values, (N, 1)) for name, values in BANDS.items()} | {"gain": gain}
    out = run(Equalizer, N, audio=sine, **members)["out"]
    assert np.abs(np.diff(out[:, 0])).max() < 0.1 * 10 ** (12 / 20) * 2 * np.pi * 100.0 / SR * 1.1


MODES = Biquad.spec.choices["mode"].values
RESPONSES = [
    (StateVariable, {"cutoff": 700.0, "resonance": 5.0}, {}),
    *((Biquad, {"cutoff": 3000.0, "resonance": 2.0, "gain": -9.0}, {"mode": mode}) for mode in MODES),
    (OnePole, {"cutoff": 400.0}, {"mode": "low"}),
    (OnePole, {"cutoff": 9000.0}, {"mode": "high"}),
    (Equalizer, {name: BANDS[name] for name in ("frequency", "gain", "resonance")}, {}),
    (Ladder, {"cutoff": 900.0, "resonance": 0.8, "drive": 6.0, "bass": 0.5}, {}),
]


@pytest.mark.parametrize(("cls", "values", "settings"), RESPONSES)
def test_drawn_response_is_that_of_the_impulse_response(cls, values, settings):
    quiet = 1e-4  # linear part of the ladder
    given = {name: np.tile(value, (N, 1)) if isinstance(value, list) else value for name, value in values.items()}
    outputs = run(cls, N, audio=quiet * impulse(N), **given, **settings)
    gains = cls.response(F, values, {**cls.spec.default_settings, **settings}, SR)
    assert gains.shape == (len(cls.spec.outputs), len(F))
    for name, gain in zip(cls.spec.outputs, gains, strict=True):
        expected = 20.0 * np.log10(np.abs(gain))
        measured = 20.0 * np.log10(response(outputs[name].ravel() / quiet, F))
        heard = expected > -60.0
        assert heard.any() and np.abs(measured - expected)[heard].max() < 0.1, name


def test_every_block_that_displays_a_response_declares_one():
    tested = {cls.type for cls, *_ in RESPONSES}
    assert {type for type, cls in node_types().items() if cls.display == "response"} == tested
    assert {type for type, cls in node_types().items() if cls.response is not None} == tested
