"""The workloads: sounds and their parameters, for all peers.

A workload is a sound with a closed form or a short reference recursion, so that each render can be checked (see
checks.py). This module imports only numpy, because peers in a separate virtual environment import it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RATE = 44100
BLOCK = 64


BEST = "the best peer"


@dataclass(frozen=True)
class Workload:
    """A workload. ``goals`` are the required speeds relative to a peer, or to ``BEST`` of them."""

    name: str
    title: str
    goals: dict[str, float]


ALL = (
    Workload("W1a", "200 sines, one node each", {"scsynth": 3.0}),
    Workload("W1b", "200 sines, one node of 200 lanes", {"scsynth": 3.0}),
    Workload("W2", "32 voices of the FM subtractive synth", {"scsynth": 4.0, "C": 0.4}),
    Workload("W3", "chain of 200 trivial nodes", {BEST: 3.0}),
    Workload("W4", "STFT, gain, inverse: 2048/512", {"scsynth": 1.2}),
    Workload("W5a", "32 one-sample feedback FM operators", {"scsynth": 6.0}),
    Workload("W5b", "10-sample comb from ordinary blocks", {"Pd": 2.0, "C": 0.4}),
    Workload("W6", "Autoencoder 1025-512-256-128-64 and back, 2048/512", {"C": 1.0}),
)


# W1: sines with frequencies that can be resolved in a second of sound.
SINES = 200
SINE_FREQUENCIES = 110.0 + 17.3 * np.arange(SINES)
SINE_AMPLITUDE = 0.005


# W2: the 23 parameters of the synthesizer of Barkan & Tsiris (InverSynth, 2019), for 32 voices. Each
# oscillator is A · shape(2π f t + B sin(2π v t)) with a naive waveform. The four are summed, shaped by
# an ADSR envelope, low-passed with resonance and cut by a square wave of height 0…1.
VOICES = 32
SHAPES = ("sine", "saw", "square", "triangle")
_voice = np.arange(VOICES)
_oscillator = np.arange(4)[:, None]
FREQUENCIES = 55.0 * 2.0 ** (_voice / 12.0) * np.array([1.0, 1.01, 0.5, 2.0])[:, None]  # f, Hz
AMPLITUDES = np.full((4, VOICES), 0.25 / VOICES)  # A
FM_FREQUENCIES = 3.0 + _oscillator + 0.1 * _voice  # v, Hz
FM_DEPTHS = np.full((4, VOICES), 0.5) + 0.1 * _oscillator  # B, radians
ATTACK, DECAY, SUSTAIN, RELEASE = 0.01, 0.1, 0.6, 0.2
CUTOFFS = 500.0 + 100.0 * _voice  # Hz
Q = 2.0
GATE_FREQUENCIES = 4.0 + 0.25 * _voice  # Hz
NOTE, PERIOD = 0.5, 1.0  # each voice plays a note of NOTE seconds every PERIOD seconds


# W3: alternating multiply and add on a sine.
CHAIN = 200
CHAIN_FACTOR, CHAIN_TERM = 1.001, 0.0002
CHAIN_FREQUENCY, CHAIN_AMPLITUDE = 440.0, 0.1


# W4: a sine through a Hann-windowed transform, a gain on its bins, and the inverse with the same window.
STFT_SIZE, STFT_HOP = 2048, 512
STFT_OVERLAP = 1.5  # Σ w² of Hann windows a quarter of their length apart
STFT_GAIN = 0.5
STFT_FREQUENCY, STFT_AMPLITUDE = 997.0, 0.5


# W5a: y[n] = sin(2π f n / rate + β y[n-1]), summed.
OPERATORS = 32
OPERATOR_FREQUENCIES = 110.0 + 21.7 * np.arange(OPERATORS)
OPERATOR_FEEDBACK = 0.7  # β, radians
OPERATOR_AMPLITUDE = 1.0 / OPERATORS


# W5b: y[n] = x[n] + g y[n-10]; x is a sine at a peak of the comb plus one at a valley.
COMB_DELAY = 10
COMB_FEEDBACK = 0.9
COMB_PEAK, COMB_PEAK_AMPLITUDE = RATE / COMB_DELAY, 0.02
COMB_VALLEY, COMB_VALLEY_AMPLITUDE = 0.5 * RATE / COMB_DELAY, 0.2


# W6: an autoencoder of magnitudes. Input: a naive saw, which has energy in all bins, through the transform of W4. The
# magnitudes of each frame, divided by their maximum, pass dense layers without biases to a code and back. The result
# is multiplied by the maximum, combined with the phases of the input, and transformed back. Activations are ReLU, and
# sigmoids on code and output (the hybrid of Colonel, Curro & Keene, 2017).
CODER_WIDTHS = (1025, 512, 256, 128, 64, 128, 256, 512, 1025)
CODER_SIGMOIDS = (3, 7)
CODER_FREQUENCY, CODER_AMPLITUDE = 97.3, 0.1
CODER_WEIGHT = 2.0  # weights are uniform in ±√3 CODER_WEIGHT / √inputs


def coder_layers() -> list[NDArray[np.float32]]:
    """Return the weights of each layer, (out, in): hashed integers, reproducible in any language."""
    layers, first = [], 0
    for inputs, outputs in pairwise(CODER_WIDTHS):
        x = np.arange(first, first + inputs * outputs, dtype=np.uint32) + np.uint32(1)
        first += inputs * outputs
        for shift, factor in ((16, 0x21F0AAAD), (15, 0x735A2D97)):
            x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
        x ^= x >> np.uint32(15)
        span = CODER_WEIGHT * np.sqrt(12.0 / inputs)
        layers.append(((x / 2.0**32 - 0.5) * span).astype(np.float32).reshape(outputs, inputs))
    return layers
