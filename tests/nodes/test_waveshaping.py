"""The waveshaper and the exciter against closed forms."""

import numpy as np
import pytest
from scipy.signal import butter, sosfreqz

from nodes.waveshaping import Exciter, Waveshaper
from tests.nodes.stepping import SR, run, spectrum

N = 1 << 15
RAMP = np.linspace(-1.5, 1.5, 4001)
LINES = "-1:-0.5, 0:0.25, 0.5:1"


def level(signal, frequency):
    heights, frequencies = spectrum(signal)
    return heights[np.abs(frequencies - frequency) < 8.0].max()


def test_lines_join_the_points_and_continue_as_constants():
    out = run(Waveshaper, len(RAMP), audio=RAMP, curve=LINES, interpolation="linear", gain=0.5)["out"]
    assert out == pytest.approx(0.5 * np.interp(RAMP, [-1.0, 0.0, 0.5], [-0.5, 0.25, 1.0]), abs=1e-3)


def test_cubic_goes_through_its_points_and_is_monotone():
    points = {-1.0: -1.0, -0.5: -0.9, 0.25: 0.0, 0.5: 0.9, 1.0: 1.0}
    curve = ", ".join(f"{x}:{y}" for x, y in points.items())
    out = run(Waveshaper, len(RAMP), audio=RAMP, curve=curve, drive=6.0206, bias=0.1)["out"]
    assert (np.diff(out) >= -1e-7).all()
    at = np.interp((np.array(list(points)) - 0.1) / 2.0, RAMP, out)
    assert at == pytest.approx(list(points.values()), abs=2e-3)


def test_antialiasing_is_the_mean_between_samples_and_reduces_aliases():
    t = np.arange(N) / SR
    hard = {"curve": "-0.1:-1, 0.1:1", "interpolation": "linear"}
    line = run(Waveshaper, N, audio=0.5 * np.sin(2 * np.pi * 441 * t), curve="-1:-1, 1:1", antialiasing="on")["out"]
    late = 0.5 * np.sin(2 * np.pi * 441 * (t - 0.5 / SR)) * np.cos(np.pi * 441 / SR)
    assert line[1:] == pytest.approx(late[1:], abs=1e-6)
    tone = 4000.0 + SR / N / 3
    found = {}
    for antialiasing in ("off", "on"):
        out = run(Waveshaper, N, audio=0.8 * np.sin(2 * np.pi * tone * t), antialiasing=antialiasing, **hard)["out"]
        heights, frequencies = spectrum(out)
        is_alias = np.abs(frequencies - tone * np.round(frequencies / tone)) > 10.0
        is_alias &= frequencies < 10000.0
        found[antialiasing] = 20 * np.log10(heights[is_alias].max() / heights.max())
    assert found["on"] < found["off"] - 12.0


@pytest.mark.parametrize("curve", ["", "0:0", "0:0, 0:1", "-2:0, 1:1", "0:1:2, 1:1", "a:1, 0:0", "0:nan, 1:1"])
def test_wrong_curve_is_one_line(curve):
    problem = Waveshaper.check({"curve": curve})
    assert "curve" in problem and "\n" not in problem


def test_exciter_adds_the_harmonics_of_tanh_above_its_frequency():
    t = np.arange(N) / SR
    a, tone, drive = 0.05, 2000.0, 12.0
    g = 10 ** (drive / 20)
    audio = a * np.sin(2 * np.pi * tone * t)
    out = run(Exciter, N, audio=audio, drive=drive, even=0.0, amount=1.0, frequency=1000.0)["out"][4096:]
    passed = np.abs(sosfreqz(butter(2, 1000.0, "high", fs=SR, output="sos"), [tone, 3 * tone], fs=SR)[1])
    expected = passed[1] * (a * passed[0]) ** 3 * g**2 / 12  # tanh x = x - x³/3, sin³ = (3 sin - sin 3) / 4
    assert level(out, 3 * tone) == pytest.approx(expected, rel=0.03)
    assert level(out, 2 * tone) < 0.01 * level(out, 3 * tone)
    even = run(Exciter, N, audio=audio, drive=drive, even=0.5, amount=1.0, frequency=1000.0)["out"][4096:]
    assert level(even, 2 * tone) > level(even, 3 * tone)


def test_exciter_leaves_the_bass_as_it_is():
    bass = 0.5 * np.sin(2 * np.pi * 60.0 * np.arange(N) / SR)
    out = run(Exciter, N, audio=bass, amount=1.0)["out"]
    assert np.abs(out - bass)[1000:].max() < 1e-3
    assert np.array_equal(run(Exciter, N, audio=bass, amount=0.0)["out"], np.float32(bass).astype(float))
