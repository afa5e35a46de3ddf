"""SuperCollider's server in non-realtime mode: generated definitions and scores, without sclang."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from .. import workloads as w
from .base import BUILD, Job, Peer
from .synthdef import Signal, SynthDef, message, score

Work = tuple[SynthDef, list[bytes]]  # a definition and the messages that start its synths


class SuperCollider(Peer):
    name = "scsynth"

    def unavailable_reason(self) -> str | None:
        return None if shutil.which("scsynth") else "not installed: apt-get install supercollider-server"

    def unsupported_reason(self, workload: str) -> str | None:
        if workload == "W6":
            return "has no dense layers"
        return None if workload in WORKS else "has no lanes within a unit generator"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        definition, start = WORKS[workload]()
        path = BUILD / f"{workload}.scsyndef"
        path.write_bytes(definition.binary_file())
        name = BUILD / f"{workload}-{seconds:g}.osc"
        load = message("/d_load", str(path))
        name.write_bytes(score((0.0, [load]), (0.0, start), (seconds, [message("/c_set", 0, 0.0)])))
        # Feedback in a synth is delayed by a block, so the comb requires blocks of one sample.
        block = 1 if workload == "W5b" else w.BLOCK
        argv = ["scsynth", "-o", "1", "-i", "0", "-z", str(block), "-w", "4096", "-n", "2048", "-m", "65536"]
        argv += ["-D", "0", "-N", str(name), "_", str(output or "/dev/null"), str(w.RATE)]
        return Job(argv + (["WAV", "float"] if output else ["RAW", "float"]))


def sines() -> Work:
    d = SynthDef("sine", frequency=440.0, amplitude=0.1)
    d.sink("Out", 0.0, d.binary("*", d.ar("SinOsc", d.parameter("frequency"), 0.0), d.parameter("amplitude")))
    return d, [_new(d, frequency=f, amplitude=w.SINE_AMPLITUDE) for f in w.SINE_FREQUENCIES]


def synth() -> Work:
    names = [f"{p}{k}" for k in range(4) for p in "fvAB"]
    d = SynthDef("voice", **dict.fromkeys([*names, "cutoff", "gate"], 1.0))
    p = d.parameter
    mix: Signal | None = None
    for k, shape in enumerate(w.SHAPES):
        modulator = d.ar("SinOsc", p(f"v{k}"), 0.0)
        modulation = d.binary("*", modulator, p(f"B{k}"))
        if shape == "sine":
            wave = d.ar("SinOsc", p(f"f{k}"), modulation)
        else:  # LFSaw has no phase input: shape a modulated ramp of -1…1
            ramp = d.ar("LFSaw", p(f"f{k}"), {"saw": 1.0, "square": 1.0, "triangle": 1.5}[shape])
            modulator_phase = d.binary("*", modulator, p(f"B{k}"))
            wave = d.binary("wrap2", d.ar("MulAdd", modulator_phase, 1 / 3.14159265, ramp), 1.0)
            if shape == "square":
                wave = d.ar("MulAdd", d.binary(">", 0.0, wave), 2.0, -1.0)
            if shape == "triangle":
                wave = d.ar("MulAdd", d.unary("abs", wave), -2.0, 1.0)
        mix = d.binary("*", wave, p(f"A{k}")) if mix is None else d.ar("MulAdd", wave, p(f"A{k}"), mix)
    assert mix is not None  # there are four shapes
    note = d.kr("LFPulse", 1 / w.PERIOD, 0.0, w.NOTE / w.PERIOD)
    # Start level, segments, release segment, no loop; then level, seconds, shape (1: linear), curve.
    envelope = [0.0, 3.0, 2.0, -99.0, 1.0, w.ATTACK, 1.0, 0.0, w.SUSTAIN, w.DECAY, 1.0, 0.0]
    envelope += [0.0, w.RELEASE, 1.0, 0.0]
    shaped = d.binary("*", mix, d.ar("EnvGen", note, 1.0, 0.0, 1.0, 0.0, *envelope))
    filtered = d.ar("RLPF", shaped, p("cutoff"), 1 / w.Q)
    d.sink("Out", 0.0, d.binary("*", filtered, d.ar("LFPulse", p("gate"), 0.0, 0.5)))
    start = []
    for voice in range(w.VOICES):
        values = {"cutoff": w.CUTOFFS[voice], "gate": w.GATE_FREQUENCIES[voice]}
        for k in range(4):
            values[f"f{k}"], values[f"v{k}"] = w.FREQUENCIES[k, voice], w.FM_FREQUENCIES[k, voice]
            values[f"A{k}"], values[f"B{k}"] = w.AMPLITUDES[k, voice], w.FM_DEPTHS[k, voice]
        start.append(_new(d, **values))
    return d, start


def chain() -> Work:
    d = SynthDef("chain")
    x = d.binary("*", d.ar("SinOsc", w.CHAIN_FREQUENCY, 0.0), w.CHAIN_AMPLITUDE)
    for _ in range(w.CHAIN // 2):
        x = d.binary("+", d.binary("*", x, w.CHAIN_FACTOR), w.CHAIN_TERM)
    d.sink("Out", 0.0, x)
    return d, [_new(d)]


def stft() -> Work:
    """Return the transform with the gain after the inverse, because PV_Mul requires a second spectrum."""
    hann = 1.0
    d = SynthDef("stft")
    x = d.binary("*", d.ar("SinOsc", w.STFT_FREQUENCY, 0.0), w.STFT_AMPLITUDE)
    chain = d.kr("FFT", 0.0, x, w.STFT_HOP / w.STFT_SIZE, hann, 1.0, 0.0)
    y = d.ar("IFFT", d.kr("PV_BrickWall", chain, 0.0), hann, 0.0)
    d.sink("Out", 0.0, d.binary("*", y, w.STFT_GAIN / w.STFT_OVERLAP))
    return d, [message("/b_alloc", 0, w.STFT_SIZE, 1), _new(d)]


def feedback_fm() -> Work:
    d = SynthDef("operator", frequency=440.0)
    y = d.ar("SinOscFB", d.parameter("frequency"), w.OPERATOR_FEEDBACK)
    d.sink("Out", 0.0, d.binary("*", y, w.OPERATOR_AMPLITUDE))
    return d, [_new(d, frequency=f) for f in w.OPERATOR_FREQUENCIES]


def comb() -> Work:
    d = SynthDef("comb")
    x = d.binary("*", d.ar("SinOsc", w.COMB_PEAK, 0.0), w.COMB_PEAK_AMPLITUDE)
    x = d.ar("MulAdd", d.ar("SinOsc", w.COMB_VALLEY, 0.0), w.COMB_VALLEY_AMPLITUDE, x)
    delayed = d.ar("DelayN", d.ar("LocalIn", 0.0), 0.01, (w.COMB_DELAY - 1) / w.RATE)
    y = d.ar("MulAdd", delayed, w.COMB_FEEDBACK, x)
    d.sink("LocalOut", y)
    d.sink("Out", 0.0, y)
    return d, [_new(d)]


def _new(definition: SynthDef, **values: float) -> bytes:
    settings: list[str | float] = []
    for name, value in values.items():
        settings += [name, float(value)]
    return message("/s_new", definition.name, -1, 1, 0, *settings)


WORKS: dict[str, Callable[[], Work]] = {
    "W1a": sines,
    "W2": synth,
    "W3": chain,
    "W4": stft,
    "W5a": feedback_fm,
    "W5b": comb,
}
