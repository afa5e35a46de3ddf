"""What blocks draw of themselves is what they compute: contours, cycles, static curves, patterns and running dots."""

import numpy as np
import pytest

from nodegraph.blocks.drawings import curves_of, dot_of, names_in
from nodegraph.blocks.registry import node_types
from nodes.dynamics import Compressor, Drive, Limiter, NoiseGate
from nodes.envelopes import Adsr, Ar, Breakpoints
from nodes.listening import Pitch
from nodes.measures import Tuning
from nodes.oscillators import Lfo, Saw, Sine, Square, Triangle, Wavetable
from nodes.sequencing import Euclid
from nodes.transport import BeatLfo
from tests.nodes.stepping import SR, run

NOTE = {"attack": 0.05, "decay": 0.1, "release": 0.2}
DRAWN = [cls for cls in node_types().values() if cls.drawing is not None or cls.dot is not None]


def samples_of(curves):
    """Return the first curve at each sample of its range in s."""
    time = np.arange(int(curves.x.high * SR)) / SR
    return time, np.interp(time, curves.places, next(iter(curves.curves.values())))


def latest(cls, outputs):
    """Return the states after a run, and its last outputs, by name."""
    return dict(zip(cls.spec.states, outputs["states"])) | {name: outputs[name].flat[-1] for name in cls.spec.outputs}


@pytest.mark.parametrize("cls", DRAWN, ids=lambda cls: cls.type)
def test_drawing_has_rising_places_and_requests_only_what_the_block_declares(cls):
    spec = cls.spec
    known = {*spec.inputs, *spec.settings}
    if cls.dot is not None:
        assert set(names_in(cls.dot)) <= known | {*spec.states, *spec.outputs}
    assert (cls.display in ("curves", "cycle")) == (cls.drawing is not None)
    if cls.drawing is not None:
        assert set(names_in(cls.drawing)) <= known | {"sr", "dt"}
        curves = curves_of(cls, {}, {}, SR)
        assert (np.diff(curves.places) >= 0.0).all() and curves.x.low < curves.x.high and curves.y.low < curves.y.high
        assert all(np.shape(values) == np.shape(curves.places) for values in curves.curves.values())


@pytest.mark.parametrize("shape", ["exponential", "linear", "jsyn"])
@pytest.mark.parametrize("sustain", [0.5, 1.0, 0.0])
def test_contour_of_adsr_is_the_rendered_envelope(shape, sustain):
    values, settings = {**NOTE, "sustain": sustain}, {"shape": shape}
    curves = curves_of(Adsr, values, settings, SR)
    time, drawn = samples_of(curves)
    out = run(Adsr, len(time), gate=(time < curves.x.high - NOTE["release"]).astype(float), **values, **settings)["out"]
    assert np.abs(out - drawn).max() < 0.01


@pytest.mark.parametrize("mode", ["gate", "trigger"])
@pytest.mark.parametrize("shape", ["exponential", "linear"])
def test_contour_of_ar_is_the_rendered_envelope(mode, shape):
    values, settings = {"attack": 0.05, "release": 0.2}, {"mode": mode, "shape": shape}
    curves = curves_of(Ar, values, settings, SR)
    time, drawn = samples_of(curves)
    out = run(Ar, len(time), gate=(time < curves.x.high - 0.2).astype(float), **values, **settings)["out"]
    assert np.abs(out - drawn).max() < 0.01


def test_dot_of_adsr_runs_along_the_contour_and_rests_in_silence():
    values = {**NOTE, "sustain": 0.4}
    end = curves_of(Adsr, values, {}, SR).x.high - NOTE["release"]
    for time in (0.02, 0.08, 0.11, end + 0.05, end + 0.1):
        gate = (np.arange(int(time * SR)) / SR < end).astype(float)
        outputs = run(Adsr, len(gate), gate=gate, **values)
        x, y = dot_of(Adsr, values, {}, latest(Adsr, outputs))
        assert x == pytest.approx(time, abs=2e-3) and y == pytest.approx(outputs["out"][-1])
    assert dot_of(Adsr, values, {}, latest(Adsr, run(Adsr, 64, **values))) is None


def test_dot_of_breakpoints_is_at_the_time_since_the_gate_and_waits_at_the_hold():
    settings = {"points": "0.1:1, 0.3:0.5:-4, 1:0:-4", "hold": 2, "loop": 0}
    for time, place in ((0.05, 0.05), (0.2, 0.2), (0.5, 0.3)):
        outputs = run(Breakpoints, int(time * SR), gate=1.0, **settings)
        states = {name: np.ravel(value)[0] for name, value in zip(Breakpoints.spec.states, outputs["states"])}
        x, y = dot_of(Breakpoints, {}, settings, states)
        assert x == pytest.approx(place, abs=2e-4) and y == pytest.approx(outputs["out"][-1, 0], abs=1e-6)
    assert dot_of(Breakpoints, {}, settings, {"level": 0.0, "elapsed": 0.0, "at": 256}) is None


@pytest.mark.parametrize("shape", ["sine", "triangle", "saw", "ramp_down", "square"])
@pytest.mark.parametrize("polarity", ["bipolar", "unipolar"])
def test_cycle_of_lfo_is_a_rendered_period(shape, polarity):
    values = {"frequency": 5.0, "amplitude": 0.5, "offset": 0.2, "phase": 0.1}
    settings = {"shape": shape, "polarity": polarity}
    time, drawn = samples_of(curves_of(Lfo, values, settings, SR))
    outputs = run(Lfo, len(time), **values, **settings)
    is_near = np.abs(outputs["out"] - drawn) < 0.01
    assert is_near.mean() > 0.98  # all but the samples at jumps
    x, y = dot_of(Lfo, values, settings, latest(Lfo, run(Lfo, len(time) // 3, **values, **settings)))
    assert x == pytest.approx(0.2 / 3, abs=1e-3) and y == pytest.approx(outputs["out"][len(time) // 3 - 1], abs=1e-6)


CYCLE = 1024  # samples


@pytest.mark.parametrize(
    ("cls", "given"),
    [
        (Sine, {}),
        (Saw, {"quality": "naive"}),
        (Triangle, {"quality": "naive"}),
        (Square, {"quality": "naive", "width": 0.3}),
        (Wavetable, {"tables": "organ", "position": 0.4}),
        (Wavetable, {"tables": "vowel", "position": 1.0}),
    ],
)
def test_cycle_of_oscillator_is_a_rendered_one(cls, given):
    curves = curves_of(cls, {"amplitude": 0.5} | given, given, SR)
    out = run(cls, CYCLE, frequency=SR / CYCLE, amplitude=0.5, **given)["out"]
    drawn = np.interp(np.arange(CYCLE) / CYCLE, curves.places, curves.curves[""])
    assert (np.abs(out - drawn) < 0.03).mean() > 0.98  # all but the samples at jumps


def test_wavetable_of_a_file_has_no_drawing():
    assert curves_of(Wavetable, {}, {"file": "wave.wav"}, SR) is None


@pytest.mark.parametrize("shape", ["random", "drift"])
def test_random_lfo_draws_an_example_within_its_range(shape):
    curves = curves_of(Lfo, {"frequency": 2.0, "amplitude": 3.0, "offset": 1.0}, {"shape": shape}, SR)
    values = curves.curves[""]
    assert (curves.y.low, curves.y.high) == (-2.0, 4.0) and np.ptp(values) > 1.0
    assert values.min() >= -2.0 and values.max() <= 4.0


@pytest.mark.parametrize("cycles", [0.25, 3.0])
def test_cycle_of_beat_lfo_is_rendered_over_its_bars(cycles):
    values, settings = {"cycles": cycles, "shift": 0.3}, {"shape": "triangle"}
    curves = curves_of(BeatLfo, values, settings, SR)
    bars = np.linspace(0.0, curves.x.high, 4096, endpoint=False)
    out = run(BeatLfo, len(bars), bar=np.floor(bars), phase=bars % 1.0, **values, **settings)["out"]
    assert curves.x.high == max(1.0, 1.0 / cycles)
    assert np.abs(out - np.interp(bars, curves.places, curves.curves[""])).max() < 0.02
    dot = dot_of(BeatLfo, {**values, "bar": 6.0, "phase": 0.25}, settings, {"out": 0.5})
    assert dot == (pytest.approx(6.25 % curves.x.high), 0.5)


def level_out(cls, level, **given):
    """Return the level of a block's output in dB, for a constant level in dB."""
    out = run(cls, 22050, audio=10.0 ** (level / 20.0), **given)["out"]
    return 20.0 * np.log10(np.abs(np.ravel(out)[-1]))


@pytest.mark.parametrize(
    ("cls", "values"),
    [
        (Compressor, {"threshold": -30.0, "ratio": 3.0, "knee": 8.0, "gain": 4.0}),
        (Limiter, {"ceiling": -9.0}),
    ],
)
def test_curve_of_dynamics_is_the_rendered_level(cls, values):
    curves = curves_of(cls, values, {}, SR)
    for level in (-35.0, -28.0, -15.0, -3.0):
        drawn = np.interp(level, curves.places, curves.curves["out"])
        assert level_out(cls, level, **values) == pytest.approx(drawn, abs=0.05)
    reduction = run(cls, 22050, audio=10.0 ** (-3.0 / 20.0), **values)["reduction"].flat[-1]
    dot = dot_of(cls, values, {}, {"reduction": reduction})
    assert dot == pytest.approx((-3.0, np.interp(-3.0, curves.places, curves.curves["out"])), abs=0.05)
    assert dot_of(cls, values, {}, {"reduction": 0.0}) is None


def test_curves_of_noise_gate_are_the_rendered_levels_on_the_way_up_and_down():
    values = {"threshold": -30.0, "hysteresis": 10.0, "floor": -20.0, "hold": 0.0}
    curves = curves_of(NoiseGate, {name: values[name] for name in names_in(NoiseGate.drawing)}, {}, SR)
    loud = np.full(22050, 1.0)
    for level in (-50.0, -35.0, -20.0):
        rest = np.full(44100, 10.0 ** (level / 20.0))
        for name, audio in (("opens", rest), ("closes", np.concatenate([loud, rest]))):
            outputs = run(NoiseGate, len(audio), audio=audio, **values)
            drawn = np.interp(level, curves.places, curves.curves[name])
            assert 20.0 * np.log10(outputs["out"][-1]) == pytest.approx(drawn, abs=0.2), (level, name)
            assert dot_of(NoiseGate, values, {}, latest(NoiseGate, outputs)) == pytest.approx((level, drawn), abs=0.2)


@pytest.mark.parametrize("shape", ["soft", "hard", "fold", "sine"])
def test_curve_of_drive_is_its_output(shape):
    values = {"drive": 9.0, "bias": 0.2, "gain": 0.8}
    curves = curves_of(Drive, values, {"shape": shape}, SR)
    out = run(Drive, len(curves.places), audio=curves.places, shape=shape, **values)["out"]
    assert curves.curves[""] == pytest.approx(out, abs=1e-6)


def test_pattern_of_euclid_is_rendered_by_a_clock():
    values = {"pulses": 3.0, "steps": 8.0, "rotation": 1.0}
    curves = curves_of(Euclid, values, {}, SR)
    clock = np.tile([1.0, 1.0, 0.0, 0.0], 8)
    out = run(Euclid, len(clock), clock=clock, **values)["out"].reshape(8, 4)[:, 0]
    drawn = [np.interp(step + 0.25, curves.places, curves.curves[""]) for step in range(8)]
    assert drawn == out.tolist() and sum(drawn) == 3.0
    outputs = run(Euclid, 4 * 5 + 1, clock=clock[:21], **values)
    assert dot_of(Euclid, values, {}, latest(Euclid, outputs)) == (5.25, out[5])


def test_tuners_show_note_and_cents():
    outputs = run(Tuning, 4, frequency=445.0)
    cents, note = dot_of(Tuning, {}, {}, latest(Tuning, outputs))
    assert note == 69.0 and cents == pytest.approx(1200.0 * np.log2(445.0 / 440.0), abs=1e-3)
    assert dot_of(Pitch, {}, {}, {"frequency": 445.0}) == pytest.approx((cents, note), abs=1e-3)
    assert dot_of(Tuning, {}, {}, {"cents": 0.0, "note": 0.0}) is None
    assert dot_of(Pitch, {}, {}, {"frequency": 0.0}) is None
