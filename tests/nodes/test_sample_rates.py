"""Blocks sound the same at all sample rates: levels of third-octave bands of a fixed sound."""

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.engine.offline import Offline
from tests.rendering import patch_of, sound_of

pytestmark = pytest.mark.usefixtures("hidden_blocks_can_be_named")

RATES = (44100, 48000, 96000, 192000)
SECONDS, START = 0.35, 0.1
CENTRES = 1000.0 * 2.0 ** (np.arange(-12, 13) / 3.0)  # Hz: 62.5 Hz to 16 kHz
RANGE = 40.0  # dB: bands further below the loudest are not compared
TOLERANCE = 1.0  # dB
EXCITED = {"audio", "value", "values", "a", "original", "target", "gate", "clock"}  # other inputs have their defaults


def is_compared(cls):
    """Return whether a block makes signals of signals: events, frames and files are tested elsewhere."""
    spec = cls.spec
    others = cls.frame or cls.device or cls.container or spec.helpers or spec.event_inputs or spec.frame_outputs
    return bool(spec.outputs and not others)


BLOCKS = [cls for cls in node_types().values() if is_compared(cls)]


def excitation(cls, port, rate):
    """Return a fixed sound: a sine per band, or pulses for a gate."""
    t = np.arange(round(SECONDS * rate)) / rate
    if port.unit == "gate":
        return (t % 0.125 < 0.06).astype(np.float32)
    phases = np.random.default_rng(1).uniform(0.0, 2.0 * np.pi, len(CENTRES))
    wave = np.sin(2.0 * np.pi * np.outer(t, CENTRES) + phases[None, :]).sum(axis=1) / len(CENTRES)
    return wave.astype(np.float32)


def sound(cls, rate):
    """Return the first output of a block with its default settings, whose first input gets the excitation."""
    wires, inputs = [f"block.{next(iter(cls.spec.outputs))} out.audio"], {}
    nodes = {"block": cls.type, "out": "audio_out"}
    port = next(iter(cls.spec.inputs.values()), None)
    if port is not None and port.name in EXCITED:
        nodes["x"] = "audio_in"
        wires.append(f"x.out block.{port.name}")
        inputs["x"] = excitation(cls, port, rate)[:, None]
    engine = Offline(patch_of(*wires, checked=False, **nodes).document, rate, inputs=inputs)
    try:
        return engine.run_samples(round(SECONDS * rate))[round(START * rate) :, 0].astype(np.float64)
    finally:
        engine.close()


def bands(x, rate):
    """Return the levels in dB of third-octave bands, and of all below them."""
    power = np.abs(np.fft.rfft(x * np.hanning(len(x)))) ** 2 / len(x) ** 2
    frequencies = np.fft.rfftfreq(len(x), 1.0 / rate)
    edges = np.concatenate([[0.0], CENTRES * 2.0 ** (-1.0 / 6.0), CENTRES[-1:] * 2.0 ** (1.0 / 6.0)])
    sums = [power[(frequencies >= a) & (frequencies < b)].sum() for a, b in zip(edges, edges[1:])]
    return 10.0 * np.log10(np.maximum(sums, 1e-20))


BILINEAR = "the bilinear transform has a zero at half the rate"
INTERPOLATION = "the interpolation of a delay attenuates the treble at 44.1 kHz"
TREBLE = "the treble fades out from 15 kHz on at 44.1 kHz"
STEPS = "steps lie at whole samples, and their aliases in the top bands"
LOOP = "a non-linear loop, not oversampled by default"
WIDER = {
    "one_pole": (6.0, BILINEAR), "biquad": (2.0, BILINEAR), "state_variable": (2.0, BILINEAR),
    "comb": (1.5, INTERPOLATION), "chorus": (1.5, INTERPOLATION), "flanger": (1.5, INTERPOLATION),
    "saw": (1.6, TREBLE), "square": (1.6, TREBLE), "supersaw": (1.6, TREBLE),
    "bowed_string": (1.5, LOOP), "reed": (2.5, LOOP), "reverb": (2.0, "its tail is like noise"),
    "plate": (7.0, "its delays are whole samples, so that its modes move, and each band is excited by one sine"),
    "compare": (1.6, STEPS), "quantise": (4.5, STEPS), "slew": (1.6, STEPS), "ramp": (3.0, STEPS),
}  # fmt: skip
LEVEL_ONLY = {  # dB: noise, and a window whose length is a number of samples
    "white_noise": 0.5, "pink_noise": 3.0, "brown_noise": 4.0, "bit_crusher": 0.5, "noise_burst": 1.0,
    "pitch_shifter": 0.5,
}  # fmt: skip
PULSES = {"dust", "trigger"}


def pulses(x):
    return int(np.count_nonzero((x[1:] > 0.0) & (x[:-1] <= 0.0)))


@pytest.mark.parametrize("cls", BLOCKS, ids=lambda c: c.type)
def test_block_sounds_the_same_at_all_rates(cls):
    """Noise has the same level, not the same bands: it reaches up to half the rate, and its waves are others."""
    sounds = [sound(cls, rate) for rate in RATES]
    if cls.type in PULSES:
        counts = [pulses(x) for x in sounds]
        assert max(counts) <= min(counts) + 3.0 * np.sqrt(counts[0]) * (cls.type == "dust")
        return
    if cls.type in LEVEL_ONLY:
        levels = [20.0 * np.log10(x.std()) for x in sounds]
        assert max(levels) - min(levels) < LEVEL_ONLY[cls.type]
        return
    expected = bands(sounds[0], RATES[0])
    heard = expected > expected.max() - RANGE
    tolerance, _ = WIDER.get(cls.type, (TOLERANCE, ""))
    for x, rate in zip(sounds[1:], RATES[1:]):
        assert np.abs(bands(x, rate) - expected)[heard].max() < tolerance, rate


LANES = 64  # of random excitations, whose energies are averaged
EXCITERS = {
    "impulse": ({"frequency": 20.0}, TOLERANCE),
    "impulse band_limited": ({"frequency": 110.0, "quality": "band_limited"}, TOLERANCE),
    "ar": ({"attack": 0.0005, "release": 0.002, "mode": "trigger"}, TOLERANCE),
    "dust": ({"density": 100.0, "amplitude": [1.0] * LANES}, 1.5),
    "noise_burst": ({"amplitude": [1.0] * LANES}, 1.5),
}
RESONATORS = {"membrane": {}, "mode": {}, "comb": {"damping": 0.5}, "plate": {}, "state_variable": {}}


@pytest.mark.parametrize("resonator", RESONATORS)
@pytest.mark.parametrize("exciter", EXCITERS)
def test_pulses_and_bursts_excite_a_resonator_equally_at_all_rates(exciter, resonator):
    params, tolerance = EXCITERS[exciter]
    nodes = {
        "clock": ("clock", {"tempo": 300.0}),
        "exciter": (exciter.partition(" ")[0], params),
        "resonator": (resonator, RESONATORS[resonator]),
        "square": "multiply",
        "energy": "sum_lanes",
        "out": "audio_out",
    }
    source = next(iter(node_types()[resonator].spec.outputs))
    wires = ["exciter.out resonator.audio", "square.out energy.audio", "energy.out out.audio"]
    wires += [f"resonator.{source} square.{port}" for port in "ab"]
    wires += ["clock.out exciter.gate"] if exciter in ("noise_burst", "ar") else []
    patch = patch_of(*wires, checked=False, **nodes)
    levels = [10.0 * np.log10(sound_of(patch, round(SECONDS * rate), rate=rate).mean()) for rate in RATES]
    assert max(levels) - min(levels) < tolerance
