"""Render a workload with pyo; run by the Python of .venv-bench.

python -m bench.peers.render_pyo WORKLOAD SECONDS [OUTPUT]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from math import pi

import pyo

from bench import workloads as w


def main() -> None:
    workload, seconds, output = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    server = pyo.Server(sr=w.RATE, nchnls=1, buffersize=w.BLOCK, duplex=0, audio="offline", verbosity=0)
    server.boot()
    with tempfile.TemporaryDirectory() as folder:
        path = output[0] if output else os.path.join(folder, "sound.wav")
        server.recordOptions(dur=seconds, filename=path, fileformat=0, sampletype=3)
        output_object = WORKS[workload]().out()
        start = time.process_time()
        server.start()
        print(time.process_time() - start, flush=True)
    del output_object
    os._exit(0)  # the regular shutdown of pyo takes a second


def sines() -> pyo.PyoObject:
    return pyo.Mix([pyo.Sine(f, mul=w.SINE_AMPLITUDE) for f in map(float, w.SINE_FREQUENCIES)])


def synth() -> pyo.PyoObject:
    return pyo.Mix([_voice(voice) for voice in range(w.VOICES)])


def _voice(voice: int) -> pyo.PyoObject:
    mix = []
    for k, shape in enumerate(w.SHAPES):
        depth = float(w.FM_DEPTHS[k, voice]) / (2 * pi)
        modulator = pyo.Sine(float(w.FM_FREQUENCIES[k, voice]), mul=depth)
        frequency, amplitude = float(w.FREQUENCIES[k, voice]), float(w.AMPLITUDES[k, voice])
        mix.append(OSCILLATORS[shape](frequency, modulator, amplitude))
    end = w.NOTE + w.RELEASE
    points = [(0.0, 0.0), (w.ATTACK, 1.0), (w.ATTACK + w.DECAY, w.SUSTAIN), (w.NOTE, w.SUSTAIN)]
    envelope = pyo.Linseg([*points, (end, 0.0), (w.PERIOD, 0.0)], loop=True).play()
    filtered = pyo.Biquad(pyo.Mix(mix, mul=envelope), freq=float(w.CUTOFFS[voice]), q=w.Q)
    return filtered * pyo.Compare(pyo.Phasor(float(w.GATE_FREQUENCIES[voice])), 0.5, "<")


def _ramp(frequency: float, modulator: pyo.PyoObject, phase: float) -> pyo.PyoObject:
    return pyo.Wrap(pyo.Phasor(frequency, phase=phase) + modulator)


OSCILLATORS: dict[str, Callable[[float, pyo.PyoObject, float], pyo.PyoObject]] = {
    "sine": lambda f, m, a: pyo.Sine(f, phase=m, mul=a),
    "saw": lambda f, m, a: _ramp(f, m, 0.0) * (2 * a) - a,
    "square": lambda f, m, a: pyo.Compare(_ramp(f, m, 0.0), 0.5, "<", mul=2 * a, add=-a),
    "triangle": lambda f, m, a: pyo.Abs(_ramp(f, m, 0.25) - 0.5, mul=-4 * a, add=a),
}


def chain() -> pyo.PyoObject:
    x = pyo.Sine(w.CHAIN_FREQUENCY, mul=w.CHAIN_AMPLITUDE)
    # The mul and add arguments of one object would be one node: Sig adds a node for each.
    for _ in range(w.CHAIN // 2):
        x = pyo.Sig(pyo.Sig(x, mul=w.CHAIN_FACTOR), add=w.CHAIN_TERM)
    return x


def feedback_fm() -> pyo.PyoObject:
    feedback = w.OPERATOR_FEEDBACK / (2 * pi)
    frequencies = map(float, w.OPERATOR_FREQUENCIES)
    return pyo.Mix([pyo.SineLoop(f, feedback, mul=w.OPERATOR_AMPLITUDE) for f in frequencies])


def stft() -> pyo.PyoObject:
    """Return pyo's phase vocoder, whose overlap-add has a gain of 3/4."""
    x = pyo.Sine(w.STFT_FREQUENCY, mul=w.STFT_AMPLITUDE)
    spectrum = pyo.PVAnal(x, size=w.STFT_SIZE, overlaps=w.STFT_SIZE // w.STFT_HOP)
    flat = pyo.LinTable([(0, w.STFT_GAIN), (8191, w.STFT_GAIN)])
    return pyo.PVSynth(pyo.PVFilter(spectrum, flat), mul=4 / 3)


WORKS: dict[str, Callable[[], pyo.PyoObject]] = {
    "W1a": sines,
    "W2": synth,
    "W3": chain,
    "W4": stft,
    "W5a": feedback_fm,
}

if __name__ == "__main__":
    main()
