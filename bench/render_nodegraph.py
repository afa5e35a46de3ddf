"""Render a workload with nodegraph.

    python -m bench.render_nodegraph WORKLOAD fused|rows SECONDS [OUTPUT]

Every patch consists of ordinary blocks, wired as a user would.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from math import pi

import soundfile

from nodegraph import Patch
from nodegraph.engine.offline import Offline
from nodegraph.models.autoencoder import Autoencoder, Features, Layer

from . import workloads as w
from .peers.base import BUILD

CHUNK = 1.0  # seconds rendered at a time, to limit memory
COMPILE_SECONDS = 60.0  # until the compilation of fused kernels counts as failed


def main() -> None:
    workload, tier, seconds, output = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]
    engine = Offline(WORKS[workload]().document, rate=w.RATE, channels=1, allow_outside=True)
    if tier == "fused":
        fusion = engine.fuse(settled=0.0)
        engine.service()
        if not fusion.wait(COMPILE_SECONDS):
            raise SystemExit(f"not fused: {fusion.problem}")
    if output:
        soundfile.write(output[0], engine.run(seconds), w.RATE, subtype="FLOAT")
    engine.run(CHUNK)
    start = time.process_time()
    for _ in range(round(seconds / CHUNK)):
        engine.run(CHUNK)
    print((time.process_time() - start) * seconds / (round(seconds / CHUNK) * CHUNK))


def sines() -> Patch:
    p = _patch()
    for i, frequency in enumerate(w.SINE_FREQUENCIES):
        p.add("sine", id=f"s{i}", frequency=float(frequency), amplitude=w.SINE_AMPLITUDE)
        p.connect(f"s{i}.out", "out.audio")
    return p


def sines_in_lanes() -> Patch:
    p = _patch()
    p.add("sine", id="sines", frequency=w.SINE_FREQUENCIES.tolist(), amplitude=w.SINE_AMPLITUDE)
    _sum(p, "sines")
    return p


def synth() -> Patch:
    """Return a patch with one node per part of the voice, and one lane per voice."""
    p = _patch()
    p.add("vca", id="voice")
    for k, shape in enumerate(w.SHAPES):
        depths = (w.FM_DEPTHS[k] / (2 * pi)).tolist()
        p.add("sine", id=f"fm_{shape}", frequency=w.FM_FREQUENCIES[k].tolist(), amplitude=depths)
        settings = {} if shape == "sine" else {"quality": "naive"}
        frequencies, amplitudes = w.FREQUENCIES[k].tolist(), w.AMPLITUDES[k].tolist()
        p.add(shape, id=shape, frequency=frequencies, amplitude=amplitudes, **settings)
        p.connect(f"fm_{shape}.out", f"{shape}.pm")
        p.connect(f"{shape}.out", "voice.audio")
    p.add("square", id="note", frequency=1 / w.PERIOD, width=w.NOTE / w.PERIOD, quality="naive")
    each = {"attack": [w.ATTACK] * w.VOICES, "decay": w.DECAY, "sustain": w.SUSTAIN, "release": w.RELEASE}
    p.add("adsr", id="envelope", shape="linear", **each)
    p.connect("note.out", "envelope.gate")
    p.connect("envelope.out", "voice.gain")
    p.add("biquad", id="filter", mode="low", cutoff=w.CUTOFFS.tolist(), resonance=w.Q)
    p.connect("voice.out", "filter.audio")
    p.add("gater", id="gater", frequency=w.GATE_FREQUENCIES.tolist())
    p.connect("filter.out", "gater.audio")
    _sum(p, "gater")
    return p


def chain() -> Patch:
    p = _patch()
    p.add("sine", id="n0", frequency=w.CHAIN_FREQUENCY, amplitude=w.CHAIN_AMPLITUDE)
    for i in range(1, w.CHAIN + 1):
        if i % 2:
            p.add("multiply", id=f"n{i}", b=w.CHAIN_FACTOR)
        else:
            p.add("add", id=f"n{i}", b=w.CHAIN_TERM)
        p.connect(f"n{i - 1}.out", f"n{i}.a")
    p.connect(f"n{w.CHAIN}.out", "out.audio")
    return p


def stft() -> Patch:
    p = _patch()
    p.add("sine", id="sine", frequency=w.STFT_FREQUENCY, amplitude=w.STFT_AMPLITUDE)
    p.add("stft", id="stft", size=w.STFT_SIZE, hop=w.STFT_HOP)
    p.add("spectrum_gain", id="gain", gain=w.STFT_GAIN)
    p.add("inverse_stft", id="inverse")
    p.connect("sine.out", "stft.audio")
    p.connect("stft.spectrum", "gain.spectrum")
    p.connect("gain.out", "inverse.spectrum")
    p.connect("inverse.out", "out.audio")
    return p


def feedback_fm() -> Patch:
    p = _patch()
    p.add("multiply", id="level", b=w.OPERATOR_AMPLITUDE)
    p.connect("level.out", "out.audio")
    for i, frequency in enumerate(w.OPERATOR_FREQUENCIES):
        p.add("sine", id=f"s{i}", frequency=float(frequency))
        p.add("multiply", id=f"m{i}", b=w.OPERATOR_FEEDBACK / (2 * pi))
        p.connect(f"s{i}.out", f"m{i}.a")
        p.connect(f"m{i}.out", f"s{i}.pm", feedback=True)
        p.connect(f"s{i}.out", "level.a")
    return p


def comb() -> Patch:
    p = _patch()
    p.add("sine", id="peak", frequency=w.COMB_PEAK, amplitude=w.COMB_PEAK_AMPLITUDE)
    p.add("sine", id="valley", frequency=w.COMB_VALLEY, amplitude=w.COMB_VALLEY_AMPLITUDE)
    p.add("add", id="sum")
    p.add("sample_delay", id="late", samples=w.COMB_DELAY - 1)  # the feedback wire adds the tenth
    p.add("multiply", id="gain", b=w.COMB_FEEDBACK)
    p.connect("peak.out", "sum.a")
    p.connect("valley.out", "sum.a")
    p.connect("sum.out", "late.audio")
    p.connect("late.out", "gain.a")
    p.connect("gain.out", "sum.b", feedback=True)
    p.connect("sum.out", "out.audio")
    return p


def coder() -> Patch:
    """Return a patch with encoder, gain bank and decoder; writes the model file."""
    layers = w.coder_layers()
    shapes = [Layer(x, None, "sigmoid" if k in w.CODER_SIGMOIDS else "relu") for k, x in enumerate(layers)]
    half = len(shapes) // 2
    features = Features(rate=float(w.RATE), size=w.STFT_SIZE, hop=w.STFT_HOP)
    model = str(BUILD / "coder.safetensors")
    BUILD.mkdir(parents=True, exist_ok=True)
    Autoencoder(features, tuple(shapes[:half]), tuple(shapes[half:])).save(model)
    p = _patch()
    p.add("saw", id="saw", frequency=w.CODER_FREQUENCY, amplitude=w.CODER_AMPLITUDE, quality="naive")
    p.add("stft", id="stft", size=w.STFT_SIZE, hop=w.STFT_HOP)
    for id, type in (("polar", "polar"), ("faders", "gain_bank"), ("back", "from_polar"), ("inverse", "inverse_stft")):
        p.add(type, id=id)
    p.add("encoder", id="encoder", file=model)
    p.add("decoder", id="decoder", file=model, scaling="model")
    for wire in (
        "saw.out stft.audio", "stft.spectrum polar.spectrum", "polar.magnitude encoder.magnitude",
        "encoder.code faders.code", "faders.adjusted decoder.code", "encoder.peak decoder.level",
        "decoder.magnitude back.magnitude", "polar.phase back.phase", "back.spectrum inverse.spectrum",
        "inverse.out out.audio",
    ):  # fmt: skip
        source, target = wire.split()
        p.connect(source, target)
    return p


def _patch() -> Patch:
    patch = Patch()
    patch.add("audio_out", id="out")
    return patch


def _sum(patch: Patch, lanes: str) -> None:
    patch.add("sum_lanes", id="mix")
    patch.connect(f"{lanes}.out", "mix.audio")
    patch.connect("mix.out", "out.audio")


WORKS: dict[str, Callable[[], Patch]] = {
    "W1a": sines,
    "W1b": sines_in_lanes,
    "W2": synth,
    "W3": chain,
    "W4": stft,
    "W5a": feedback_fm,
    "W5b": comb,
    "W6": coder,
}

if __name__ == "__main__":
    main()
