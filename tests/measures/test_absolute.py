"""Absolute measures against closed forms, within the tolerance that each states."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from bench.lessons import DOCUMENT, measures_table
from nodegraph.measures.registry import AbsoluteMeasure, MeasureError, audition_of, measures

RATE = 44100.0


def time(seconds=1.0):
    return np.arange(round(seconds * RATE)) / RATE


def sine(hz, seconds=1.0, amplitude=0.5, phase=0.0):
    return amplitude * np.sin(2 * np.pi * (hz * time(seconds) + phase))


def partials(hz, amplitudes, seconds=1.0):
    return sum(sine(hz * n, seconds, a, 0.1 * n) for n, a in enumerate(amplitudes, 1) if hz * n < RATE / 2)


def saw(hz, seconds=1.0):
    return partials(hz, [0.5 / n for n in range(1, int(20000 / hz))], seconds)


def noise(seconds=1.0, seed=1):
    return np.random.default_rng(seed).normal(0.0, 0.2, round(seconds * RATE))


def ending_noise():
    """Return noise that ends a quarter of a second before the sound does."""
    return np.where(time() < 0.75, noise(), 0.0)


def impulse(seconds=1.0):
    return np.eye(1, round(seconds * RATE))[0]


def value(name, sound, played=None, target=None, **options):
    others = {} if played is None else {"source": played}
    others |= {} if target is None else {"target": np.asarray(target).reshape(len(target), -1)}
    return measures()[name].of(audition_of(sound, RATE, **others), options)


def test_documentation_lists_every_measure_as_declared():
    assert "\n".join(measures_table()) in DOCUMENT.read_text(), "run make lessons"


def test_every_measure_states_unit_tolerance_and_meaning():
    for measure in measures().values():
        assert isinstance(measure, AbsoluteMeasure)
        assert measure.tolerance and measure.meaning and len(measure.meaning) < 120


@pytest.mark.parametrize("hz", [27.5, 110.0, 443.7, 1000.0, 4186.0, 7500.0])
@pytest.mark.parametrize("wave", [[1.0], [0.5, 0.5, 0.4], [0.2, 0.6, 0.0, 0.3]])
def test_pitch_is_the_frequency_of_the_first_harmonic(hz, wave):
    assert value("pitch", partials(hz, wave)) == pytest.approx(hz, rel=5e-4)


@pytest.mark.parametrize("sound", [noise(), np.zeros(44100), np.full(44100, 0.5)])
def test_sounds_without_period_have_no_pitch(sound):
    with pytest.raises(MeasureError, match="no clear pitch"):
        value("pitch", sound)


@pytest.mark.parametrize("cents", [-40.0, 0.0, 13.0])
def test_tuning_is_the_distance_from_the_nearest_note(cents):
    assert value("tuning", sine(220.0 * 2 ** (cents / 1200))) == pytest.approx(cents, abs=1.0)
    assert value("tuning", sine(220.0 * 2 ** (cents / 1200)), note=56) == pytest.approx(100 + cents, abs=1.0)


def test_levels_of_a_sine_are_those_of_its_amplitude():
    sound = sine(997.0, 2.0, 0.1)
    assert value("level", sound) == pytest.approx(-23.01, abs=0.01)
    assert value("peak", sound) == pytest.approx(-20.0, abs=0.01)
    assert value("loudness", sound) == pytest.approx(-23.01, abs=0.1)


def test_loudness_weights_frequencies_and_ignores_pauses():
    assert value("loudness", np.concatenate([sine(997.0, 3.0), np.zeros(4 * 44100)])) == pytest.approx(-9.03, abs=0.3)
    assert value("loudness", sine(30.0, 2.0)) < value("loudness", sine(997.0, 2.0)) - 8.0


def test_silence_is_the_part_below_60_db():
    assert value("silence", np.concatenate([sine(440.0), 1e-4 * noise(3.0)])) == pytest.approx(75.0, abs=1.0)


def test_click_stands_out_of_a_sine_but_not_of_noise():
    smooth = sine(440.0)
    broken = np.concatenate([sine(440.0)[:22000], sine(440.0, phase=0.25)[22000:]])
    assert value("click", smooth) < 0.5
    assert value("click", noise()) == pytest.approx(6.0, abs=3.0)
    expected = 20 * np.log10(np.abs(np.diff(broken, 2)).max() / (0.5 * (2 * np.pi * 440 / RATE) ** 2))
    assert value("click", broken) == pytest.approx(expected, abs=1.0)
    assert expected > 20.0


def test_stereo_measures_follow_gains_and_signs():
    left, right = 0.5 * noise(), 0.25 * noise()
    assert value("stereo_balance", np.stack([left, right], 1)) == pytest.approx(-6.02, abs=0.01)
    assert value("stereo_balance", left) == 0.0
    assert value("stereo_correlation", np.stack([left, -right], 1)) == pytest.approx(-1.0, abs=0.001)
    assert value("stereo_correlation", np.stack([noise(), noise(seed=2)], 1)) == pytest.approx(0.0, abs=0.02)


def test_partials_have_their_amplitudes_in_decibels():
    sound = partials(233.3, [0.4, 0.04, 0.0, 0.2])
    assert value("partial", sound, number=2) == pytest.approx(-20.0, abs=0.1)
    assert value("partial", sound, number=4) == pytest.approx(-6.02, abs=0.1)
    assert value("partial", sound, number=3) < -80.0
    assert value("line_level", sound, hz=466.6) == pytest.approx(-27.96, abs=0.1)


def test_lines_of_a_bell_are_counted_and_located():
    sound = sine(400.0, 1.0, 0.5) + sine(561.0, 1.0, 0.2) + sine(722.0, 1.0, 0.1) + sine(3000.0, 1.0, 0.001)
    assert value("line_count", sound) == 3
    assert value("line_count", sound, within=60) == 4
    assert value("line_spacing", sound) == pytest.approx(161.0, abs=0.5)
    assert value("strongest_line", sound) == pytest.approx(400.0, abs=0.5)
    assert value("brightness", sine(400.0) + sine(800.0)) == pytest.approx(600.0, rel=0.005)


def test_flatness_distinguishes_tone_and_noise():
    assert value("flatness", noise()) == pytest.approx(0.56, abs=0.02)
    assert value("flatness", sine(440.0)) < 0.02


def test_alias_level_is_the_power_between_harmonics():
    clean = saw(1234.5)
    assert value("alias_level", clean) < -85.0
    alias = sine(2000.0, 1.0, 0.5 * 10 ** (-40 / 20))
    total = 10 * np.log10(np.mean(alias**2) / np.mean((clean + alias) ** 2))
    assert value("alias_level", clean + alias) == pytest.approx(total, abs=1.0)


@pytest.mark.parametrize("seconds", [0.05, 0.3])
def test_times_of_linear_envelopes_are_found(seconds):
    rise = np.minimum(time() / seconds, 1.0) * sine(441.0)
    assert value("rise_time", rise) == pytest.approx(0.8 * seconds, abs=max(0.005, 0.05 * seconds))
    assert value("peak_time", rise) == pytest.approx(0.95 * seconds, abs=0.005)
    fall = np.clip(1.0 - (time() - 0.2) / seconds, 0.25, 1.0) * sine(441.0)
    assert value("fall_time", fall) == pytest.approx(0.8 * 0.75 * seconds, abs=max(0.005, 0.05 * seconds))


@pytest.mark.parametrize("seconds", [0.3, 2.0])
def test_decay_time_is_that_of_60_db(seconds):
    assert value("decay_time", 10 ** (-3 * time() / seconds) * sine(441.0)) == pytest.approx(seconds, rel=0.05)


def test_level_change_compares_two_moments():
    sound = np.where(time() < 0.5, 1.0, 0.1) * sine(441.0)
    assert value("level_change", sound, first=0.2, second=0.7) == pytest.approx(-20.0, abs=0.2)


@pytest.mark.parametrize("hz", [2.0, 5.5])
def test_tremolo_has_the_rate_and_depth_of_its_modulation(hz):
    sound = (1.0 + 0.4 * np.sin(2 * np.pi * hz * time(3.0))) * sine(880.0, 3.0)
    assert value("modulation_rate", sound) == pytest.approx(hz, rel=0.02)
    assert value("modulation_depth", sound) == pytest.approx(0.4, rel=0.05)


def test_vibrato_has_rate_and_depth_in_cents():
    cents = 50.0 * np.sin(2 * np.pi * 5.0 * time(2.0))
    sound = 0.5 * np.sin(2 * np.pi * np.cumsum(440.0 * 2 ** (cents / 1200)) / RATE)
    assert value("modulation_rate", sound, of="pitch") == pytest.approx(5.0, rel=0.02)
    assert value("modulation_depth", sound, of="pitch") == pytest.approx(50.0, rel=0.05)
    with pytest.raises(MeasureError, match="the level is steady"):
        value("modulation_rate", sound)


def test_brightness_swings_with_the_balance_of_two_lines():
    part = 0.5 + 0.3 * np.sin(2 * np.pi * 3.0 * time(2.0))
    sound = part * sine(4000.0, 2.0) + (1.0 - part) * sine(1000.0, 2.0)
    assert value("modulation_rate", sound, of="brightness") == pytest.approx(3.0, rel=0.02)
    expected = 600 * np.log2((0.8 * 4000 + 0.2 * 1000) / (0.2 * 4000 + 0.8 * 1000))
    assert value("modulation_depth", sound, of="brightness") == pytest.approx(expected, rel=0.05)


def bursts(times, seconds=5.0):
    found = np.zeros(round(seconds * RATE))
    for at in times:
        start = round(at * RATE)
        part = sine(660.0, 0.1) * np.exp(-time(0.1) / 0.02)
        found[start : start + len(part)] += part[: len(found) - start]
    return found


def test_onsets_and_tempo_are_those_of_the_bursts():
    sound = bursts(np.arange(0.1, 4.5, 60 / 132))
    assert value("onset_count", sound) == 10
    assert value("onset_time", sound, number=3) == pytest.approx(0.1 + 120 / 132, abs=0.006)
    assert value("tempo", sound) == pytest.approx(132.0, rel=0.01)
    assert value("tempo", sound, per_beat=2) == pytest.approx(66.0, rel=0.01)
    assert value("swing", sound) == pytest.approx(0.0, abs=0.02)
    assert value("swing", bursts([t + (0.1 if k % 2 else 0.0) for k, t in enumerate(np.arange(0, 4, 0.4))])) == (
        pytest.approx(0.25, abs=0.02)
    )


@pytest.mark.parametrize("source", [impulse(), ending_noise()])
def test_latency_and_echoes_are_those_of_delayed_copies(source):
    sound = np.zeros(44100)
    for at, gain in ((100, 0.5), (4510, 0.25), (8920, 0.125)):
        sound[at:] += gain * source[: len(sound) - at]
    assert value("latency", sound, source) == pytest.approx(100 / RATE, abs=1 / RATE)
    assert value("echo_time", sound, source, number=1) == pytest.approx(4510 / RATE, abs=1 / RATE)
    assert value("echo_level", sound, source, number=2) == pytest.approx(-6.02, abs=0.5)


@pytest.mark.parametrize("source", [impulse(), ending_noise()])
@pytest.mark.parametrize(("order", "corner"), [(1, 500.0), (2, 1000.0), (4, 400.0)])
def test_cutoff_and_slope_are_those_of_a_butterworth_filter(source, order, corner):
    low = lfilter(*butter(order, corner, fs=RATE), source)
    assert value("cutoff", low, source) == pytest.approx(corner, rel=0.03)
    assert value("slope", low, source) == pytest.approx(6.02 * order, abs=1.0)
    assert value("resonance", low, source) == pytest.approx(0.0, abs=0.5)
    assert value("gain_at", low, source, hz=corner) == pytest.approx(-3.01, abs=0.5)
    high = lfilter(*butter(order, 3000.0, "high", fs=RATE), source)
    assert value("cutoff", high, source, kind="high") == pytest.approx(3000.0, rel=0.03)
    assert value("slope", high, source, kind="high") == pytest.approx(6.02 * order, abs=1.0)


def test_filtered_wave_shows_cutoff_and_slope_without_an_input():
    sound = lfilter(*butter(2, 700.0, fs=RATE), saw(55.0, 2.0))
    assert value("cutoff", sound, source="saw") == pytest.approx(700.0, rel=0.06)
    assert value("slope", sound, source="saw") == pytest.approx(12.04, abs=1.0)


def test_resonance_is_the_gain_at_the_peak():
    pole = 0.995 * np.exp(2j * np.pi * 1000.0 / RATE)
    a = np.poly([pole, pole.conjugate()]).real
    response = 1 / np.abs(np.polyval(a, np.exp(2j * np.pi * np.array([0.0, 1000.0]) / RATE)))
    source = impulse()
    expected = 20 * np.log10(response[1] / response[0])
    assert value("resonance", lfilter([1.0], a, source), source) == pytest.approx(expected, abs=0.5)
    assert value("cutoff", lfilter([1.0], a, source), source, kind="band") == pytest.approx(1000.0, rel=0.03)


def test_distances_to_a_target_are_zero_for_it_and_follow_gains():
    target = saw(110.0) * (1.0 - time())
    assert value("spectral_distance", target, target=target) == 0.0
    assert value("spectral_distance", 0.5 * target, target=target) == pytest.approx(6.02, abs=0.7)
    assert value("timbre_distance", 0.5 * target, target=target) < 0.7
    assert value("level_to_target", 0.5 * target, target=target) == pytest.approx(-6.02, abs=0.01)
    assert value("spectral_distance", noise(), target=noise(seed=2)) < 3.0
    assert value("timbre_distance", sine(440.0), target=target) > 10.0


def test_unknown_options_and_missing_inputs_are_one_line():
    with pytest.raises(MeasureError, match=r"unknown option 'numbr'\. Use number, fundamental"):
        value("partial", sine(440.0), numbr=3)
    with pytest.raises(MeasureError, match="option 'number' must be a number, got 'three'"):
        value("partial", sine(440.0), number="three")
    with pytest.raises(MeasureError, match="needs an input"):
        value("latency", sine(440.0))
    with pytest.raises(MeasureError, match="needs a target"):
        value("spectral_distance", sine(440.0))
    with pytest.raises(MeasureError, match="NaN or infinity"):
        value("level", np.full(1000, np.nan))


@pytest.mark.parametrize("name", list(measures()))
def test_silence_and_short_sounds_have_a_value_or_one_line(name):
    for samples in (10, 300, 44100):
        sound = np.zeros(samples)
        try:
            assert np.isfinite(value(name, sound, played=sound, target=sound))
        except MeasureError as error:
            assert "\n" not in str(error)
