"""Oscillators against closed forms, and the aliases of their band-limited forms against the naive ones."""

import numpy as np
import pytest

from nodegraph.patch import Document, NodeRecord, Wire
from nodes.oscillators import DETUNING, Impulse, Lfo, Phasor, Saw, Sine, Square, Supersaw, Triangle, Wavetable
from tests.nodes.stepping import SR, run, spectrum
from tests.rendering import Offline, patch_of

N = 44100
T = np.arange(N) / SR


SINE_ERROR = 2.5e-7  # of a sine wave, -132 dB


def test_sine_matches_numpy():
    out = run(Sine, N, frequency=1000.0, amplitude=0.5)["out"]
    assert np.abs(out - 0.5 * np.sin(2 * np.pi * 1000.0 * T)).max() < 0.5 * SINE_ERROR


def test_sine_with_frequency_modulation_integrates_it():
    modulator = 300.0 * np.cos(2 * np.pi * 5.0 * T)
    out = run(Sine, N, frequency=500.0, fm=modulator)["out"]
    phase = np.concatenate([[0.0], np.cumsum(500.0 + modulator.astype(np.float32).astype(float))[:-1]]) / SR
    assert np.abs(out - np.sin(2 * np.pi * phase)).max() < SINE_ERROR


def test_sine_with_phase_modulation_has_bessel_sidebands():
    modulator = 1.5 / (2 * np.pi) * np.sin(2 * np.pi * 200.0 * T)
    amplitudes, _ = spectrum(run(Sine, N, frequency=2000.0, pm=modulator)["out"])
    angle = np.linspace(0, np.pi, 2001)
    for n in range(4):  # Chowning: the sideband at f + n m has the amplitude |J_n(index)|
        bessel = np.trapezoid(np.cos(n * angle - 1.5 * np.sin(angle)), angle) / np.pi
        assert amplitudes[2000 + 200 * n] == pytest.approx(abs(bessel), abs=1e-4)


@pytest.mark.parametrize("cls", [Sine, Saw, Square, Triangle, Wavetable, Phasor, Impulse, Lfo])
def test_reset_restarts_the_cycle(cls):
    gate = np.zeros(400)
    gate[150:200] = 1.0
    out = run(cls, 400, frequency=331.0, reset=gate)["out"]
    assert np.array_equal(out[150:], run(cls, 400, frequency=331.0)["out"][:250])


@pytest.mark.parametrize(
    ("cls", "wave"),
    [
        (Saw, lambda p: 2 * p - 1),
        (Square, lambda p: np.where(p < 0.5, 1.0, -1.0)),
        (Triangle, lambda p: 1 - 4 * np.abs((p + 0.25) % 1 - 0.5)),
    ],
)
def test_naive_waves_match_their_formula(cls, wave):
    out = run(cls, N, frequency=441.0, quality="naive", amplitude=0.7)["out"]
    phase = np.arange(N) * 441.0 / SR % 1
    away = np.minimum(phase % 0.5, 0.5 - phase % 0.5) > 1e-6  # a jump may be on either side of the sample
    assert np.abs(out - 0.7 * wave(phase))[away].max() < 1e-5


def alias_level(cls, frequency, **settings):
    """Return the largest non-harmonic partial below 10 kHz, in dB of the largest harmonic."""
    amplitudes, f = spectrum(run(cls, N, frequency=frequency, **settings)["out"])
    harmonic = np.abs(f - frequency * np.round(f / frequency)) < 8.0
    audible = (f > 30.0) & (f < 10000.0)
    return 20 * np.log10(amplitudes[audible & ~harmonic].max() / amplitudes[audible & harmonic].max())


@pytest.mark.parametrize(
    ("cls", "frequency", "better_by", "below"),
    [
        (Saw, 1234.0, 30.0, -60.0),
        (Saw, 3001.0, 25.0, -50.0),
        (Square, 1234.0, 30.0, -60.0),
        (Triangle, 3001.0, 25.0, -85.0),
        (Impulse, 1234.0, 30.0, -45.0),
    ],
)
def test_band_limited_waves_alias_far_less(cls, frequency, better_by, below):
    naive = alias_level(cls, frequency, quality="naive")
    limited = alias_level(cls, frequency, quality="band_limited")
    assert limited < naive - better_by
    assert limited < below


@pytest.mark.parametrize(("cls", "first"), [(Saw, 2 / np.pi), (Square, 4 / np.pi)])
def test_band_limited_harmonics_have_the_fourier_series_up_to_15_khz(cls, first):
    amplitudes, _ = spectrum(run(cls, N, frequency=300.0)["out"])
    for n in (1, 3, 5, 15, 43):
        assert amplitudes[300 * n] == pytest.approx(first / n, rel=1e-2)
    assert 20 * np.log10(amplitudes[14700] / (first / 49)) > -0.5


def levels_of(out, frequency):
    """Return the levels in dB of the harmonics, and of all the rest above 30 Hz."""
    amplitudes, f = spectrum(out)
    harmonic = np.abs(f - frequency * np.round(f / frequency)) < 8.0
    power = amplitudes[f > 30.0] ** 2
    return tuple(10 * np.log10(power[chosen[f > 30.0]].sum()) for chosen in (harmonic, ~harmonic))


@pytest.mark.parametrize("frequency", [110.3, 441.7, 1234.1, 2000.7, 2500.3, 2755.0, 2757.0, 3001.0, 5001.0, 11024.0])
def test_all_aliases_of_a_saw_together_lie_70_db_below_it(frequency):
    harmonics, rest = levels_of(run(Saw, N, frequency=frequency)["out"], frequency)
    assert harmonics - rest > 70.0


def test_sweep_through_the_shorter_cycles_is_smooth():
    frequency = np.linspace(2600.0, 3100.0, N)
    sweep = run(Saw, N, frequency=frequency)["out"]
    phase = 2 * np.pi * np.concatenate([[0.0], np.cumsum(frequency.astype(np.float32).astype(float) / SR)[:-1]])
    partials = sum(np.sin(n * phase) / n for n in (1, 2, 3, 4)) * -2 / np.pi  # those below 13 kHz
    rest, f = spectrum(sweep - partials)
    assert 20 * np.log10(rest[f < 9000.0].max()) < -80.0


@pytest.mark.parametrize(("master", "slave"), [(100.3, 130.0), (440.7, 1203.0), (1000.3, 2790.0)])
@pytest.mark.parametrize("cls", [Sine, Saw, Square, Triangle, Wavetable])
def test_hard_sync_is_periodic_with_the_master_and_has_few_aliases(cls, master, slave):
    more = {"position": 1.0} if cls is Wavetable else {}
    reset = run(Saw, N, frequency=master)["out"]
    harmonics, rest = levels_of(run(cls, N, frequency=slave, reset=reset, synced=True, **more)["out"], master)
    sharp, rough = levels_of(run(cls, N, frequency=slave, reset=reset, **more)["out"], master)
    assert harmonics - rest > (35.0 if cls is Wavetable else 48.0)  # its cycles are not low-passed
    assert harmonics - rest > sharp - rough + 20.0


def test_wired_gate_restarts_the_cycle_within_six_samples():
    gate = np.zeros(400)
    gate[150:200] = 1.0
    out = run(Saw, 400, frequency=331.0, reset=gate, synced=True)["out"]
    start = run(Saw, 400, frequency=331.0)["out"]
    assert np.array_equal(out[156:], start[6:250])
    assert np.array_equal(out[:150], start[:150])


def test_random_start_differs_between_lanes_and_is_kept_by_a_reset():
    gate = np.zeros(400)
    gate[150:] = 1.0
    one, other = (run(Sine, 400, frequency=331.0, start="random", reset=gate, seed=seed)["out"] for seed in (5, 67890))
    assert abs(one[0] - other[0]) > 0.01
    assert np.array_equal(one[150:300], one[:150])


def test_copies_of_a_unison_voice_start_apart():
    def peak(**params):
        voice = patch_of("osc.out out.audio", osc=("saw", params), out="outlet").document
        node = NodeRecord("subpatch", params={"unison": 16}, patch=voice)
        document = Document({"voice": node, "out": NodeRecord("audio_out")}, (Wire("voice", "out", "out", "audio"),))
        return np.abs(Offline(document).run_samples(400).sum(axis=1)).max()

    assert peak() < 0.6 * peak(start="zero")


def test_band_limited_saw_at_negative_frequency_is_mirrored():
    up = run(Saw, 2000, frequency=700.0)["out"]
    down = run(Saw, 2000, frequency=-700.0)["out"]
    assert np.abs(up[1:] + down[1:]).max() < 1e-9


def test_pulse_width_sets_the_mean():
    out = run(Square, N, frequency=100.0, width=0.25)["out"]
    assert out.mean() == pytest.approx(-0.5, abs=1e-3)


def test_impulses_are_on_time():
    out = run(Impulse, 1000, frequency=441.0)["out"]
    assert np.flatnonzero(out).tolist() == pytest.approx(list(range(0, 1000, 100)), abs=1)
    assert out[0] == 1.0


@pytest.mark.parametrize("rate", [44100.0, 48000.0, 96000.0])
@pytest.mark.parametrize("quality", ["naive", "band_limited"])
def test_impulses_have_the_same_area_at_all_rates(quality, rate):
    out = run(Impulse, round(rate), sr=rate, frequency=100.0, quality=quality)["out"]
    assert out.sum() / rate == pytest.approx(100.0 / 44100.0, rel=0.03)
    assert out.max() <= 1.0 + 1e-6


def test_wavetable_morphs_from_sine_to_saw_without_aliases():
    sine = run(Wavetable, N, frequency=440.0)["out"]
    assert np.abs(sine - np.sin(2 * np.pi * 440.0 * T)).max() < 1e-4
    assert alias_level(Wavetable, 1234.0, position=1.0) < -60.0
    amplitudes, _ = spectrum(run(Wavetable, N, frequency=100.0, position=1.0)["out"])
    assert amplitudes[300] / amplitudes[100] == pytest.approx(1 / 3, rel=0.01)


def treble_of(sound):
    """Return the level from 6 to 15 kHz in dB, in each 20 ms."""
    from scipy.signal import butter, sosfilt

    band = sosfilt(butter(6, [6000.0, 15000.0], "band", fs=SR, output="sos"), sound)
    return 20 * np.log10(np.sqrt((band[4410:].reshape(-1, 882) ** 2).mean(axis=1)))


def test_vibrato_does_not_flutter_in_the_treble():
    for middle in (690.0, 750.0, 1400.0):
        frequency = middle * 2 ** (0.5 / 12 * np.sin(2 * np.pi * 2.0 * np.arange(N + 4410) / SR))
        levels = treble_of(run(Wavetable, N + 4410, frequency=frequency, position=1.0)["out"])
        assert np.ptp(levels) < 1.0


def test_supersaw_has_seven_saws_and_the_power_of_one():
    out = run(Supersaw, 4 * N, frequency=1000.0, detune=1.0, mix=1.0)["out"]
    amplitudes, f = spectrum(out)
    for detuning in DETUNING:
        near = np.abs(f - 1000.0 * (1 + detuning)) < 1.0
        assert amplitudes[near].max() == pytest.approx(2 / np.pi / np.sqrt(7), rel=0.1)
    assert out.std() == pytest.approx(1 / np.sqrt(3), rel=0.05)
    alone = run(Supersaw, N, frequency=441.7, mix=0.0)["out"]
    harmonics, rest = levels_of(alone, 441.7)
    assert harmonics - rest > 70.0


def write_cycles(path, cycles):
    import soundfile

    soundfile.write(path, np.concatenate(cycles), 44100, subtype="FLOAT")


def test_cycles_of_a_file_are_played_at_any_pitch_without_dc(tmp_path):
    turn = np.arange(600) / 600
    cycles = [0.1 + 0.2 * np.cos(2 * np.pi * turn), 0.4 * np.sin(2 * np.pi * 3 * turn)]
    write_cycles(tmp_path / "two.wav", cycles)
    given = {"file": str(tmp_path / "two.wav"), "cycle": 600, "frequency": 441.0}
    phase = 2 * np.pi * 441.0 * T
    for position, wave in [(0.0, 0.5 * np.cos(phase)), (1.0, np.sin(3 * phase)), (0.5, None)]:
        wave = 0.25 * np.cos(phase) + 0.5 * np.sin(3 * phase) if wave is None else wave
        np.testing.assert_allclose(run(Wavetable, N, position=position, **given)["out"], wave, atol=2e-4)


def test_short_file_is_one_cycle_and_long_file_is_refused(tmp_path):
    write_cycles(tmp_path / "one.wav", [np.sin(2 * np.pi * np.arange(100) / 100)])
    write_cycles(tmp_path / "long.wav", [np.zeros(257 * 16)])
    (tmp_path / "no.wav").write_text("nothing")
    out = run(Wavetable, N, frequency=441.0, file=str(tmp_path / "one.wav"), position=1.0)["out"]
    np.testing.assert_allclose(out, np.sin(2 * np.pi * 441.0 * T), atol=1e-3)
    problem = Wavetable.check({"file": str(tmp_path / "long.wav"), "cycle": 16})
    assert problem == (
        "long.wav: a wavetable has at most 256 cycles, this file has 257 of 16 samples. Set cycle, or cut the file."
    )
    assert "not a sound file" in Wavetable.check({"file": str(tmp_path / "no.wav"), "cycle": 2048})


@pytest.mark.parametrize("shape", ["sine", "triangle", "saw", "ramp_down", "square", "random", "drift"])
def test_lfo_stays_in_its_range(shape):
    out = run(Lfo, N, frequency=7.0, shape=shape, amplitude=2.0)["out"]
    assert -2.0 <= out.min() < -0.7 and 0.7 < out.max() <= 2.0
    out = run(Lfo, N, frequency=7.0, shape=shape, polarity="unipolar")["out"]
    assert 0.0 <= out.min() and out.max() <= 1.0


def test_random_lfo_holds_and_drift_is_smooth():
    held = run(Lfo, N, frequency=10.0, shape="random")["out"]
    assert np.count_nonzero(np.diff(held)) in (9, 10)
    drift = run(Lfo, N, frequency=10.0, shape="drift")["out"]
    assert np.abs(np.diff(drift)).max() < 2 * np.pi * 10 / SR
    assert np.ptp(drift) > 0.5
