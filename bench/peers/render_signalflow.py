"""Render a workload with SignalFlow; run by the Python of .venv-bench.

python -m bench.peers.render_signalflow WORKLOAD SECONDS [OUTPUT]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from math import pi

import numpy as np
import signalflow as sf

from bench import workloads as w


def main() -> None:
    workload, seconds, output = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    config = sf.AudioGraphConfig()
    config.sample_rate, config.output_buffer_size = w.RATE, w.BLOCK
    device = sf.AudioOut_Dummy(num_channels=1, sample_rate=w.RATE, buffer_size=w.BLOCK)
    graph = sf.AudioGraph(config=config, output_device=device, start=False)
    WORKS[workload]().play()
    blocks = int(seconds * w.RATE / w.BLOCK)
    if output:
        sf.Buffer([render_all(graph, blocks)]).save(output[0])
    start = time.process_time()
    for _ in range(blocks):
        graph.render(w.BLOCK)
    print(time.process_time() - start)


def render_all(graph: sf.AudioGraph, blocks: int) -> list[float]:
    """Render in blocks of the benchmark's size, which SignalFlow's render to a buffer does not support."""
    sound = np.empty((blocks, w.BLOCK), np.float32)
    for block in sound:
        graph.render(w.BLOCK)
        block[:] = graph.output.output_buffer[0][: w.BLOCK]
    return sound.ravel().tolist()


def sines() -> sf.Node:
    return sf.Sum([sf.SineOscillator(f) * w.SINE_AMPLITUDE for f in map(float, w.SINE_FREQUENCIES)])


def sines_in_lanes() -> sf.Node:
    many = sf.SineOscillator([float(f) for f in w.SINE_FREQUENCIES]) * w.SINE_AMPLITUDE
    return sf.ChannelMixer(1, many, amplitude_compensation=False)


def synth() -> sf.Node:
    return sf.Sum([_voice(voice) for voice in range(w.VOICES)])


def _voice(voice: int) -> sf.Node:
    mix = None
    for k, shape in enumerate(w.SHAPES):
        frequency = float(w.FREQUENCIES[k, voice])
        modulator = sf.SineOscillator(float(w.FM_FREQUENCIES[k, voice]))
        wave = OSCILLATORS[shape](frequency, modulator, float(w.FM_DEPTHS[k, voice]))
        wave = wave * float(w.AMPLITUDES[k, voice])
        mix = wave if mix is None else mix + wave
    note = sf.SquareLFO(1 / w.PERIOD, width=w.NOTE / w.PERIOD)
    shaped = mix * sf.ADSREnvelope(w.ATTACK, w.DECAY, w.SUSTAIN, w.RELEASE, note)
    filtered = sf.BiquadFilter(shaped, "low_pass", float(w.CUTOFFS[voice]), w.Q)
    return filtered * sf.SquareLFO(float(w.GATE_FREQUENCIES[voice]))


def _ramp(frequency: float, modulator: sf.Node, depth: float, phase: float) -> sf.Node:
    """Return a modulated saw of -1…1 that starts at ``phase`` (in cycles)."""
    return sf.SawOscillator(frequency, phase_offset=modulator * (depth / (2 * pi)) + phase)


OSCILLATORS: dict[str, Callable[[float, sf.Node, float], sf.Node]] = {
    "sine": lambda f, m, depth: sf.SineOscillator(f, phase_offset=m * depth),
    "saw": lambda f, m, depth: _ramp(f, m, depth, 0.0),
    "square": lambda f, m, depth: sf.LessThan(_ramp(f, m, depth, 0.0), 0.0) * 2.0 - 1.0,
    "triangle": lambda f, m, depth: sf.Abs(_ramp(f, m, depth, 0.25)) * -2.0 + 1.0,
}


def chain() -> sf.Node:
    x = sf.SineOscillator(w.CHAIN_FREQUENCY) * w.CHAIN_AMPLITUDE
    for _ in range(w.CHAIN // 2):
        x = x * w.CHAIN_FACTOR + w.CHAIN_TERM
    return x


WORKS: dict[str, Callable[[], sf.Node]] = {
    "W1a": sines,
    "W1b": sines_in_lanes,
    "W2": synth,
    "W3": chain,
}

if __name__ == "__main__":
    main()
