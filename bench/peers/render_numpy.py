"""Renders W6 with NumPy, frame by frame as it would come from a sound card: run by the interpreter of .venv-bench.

python -m bench.peers.render_numpy WORKLOAD SECONDS [OUTPUT]
"""

from __future__ import annotations

import struct
import sys
import time

import numpy as np

from bench import workloads as w


class Coder:
    """One frame after the other: transform, layers, phases of the input, overlap-add."""

    def __init__(self) -> None:
        self.layers = w.coder_layers()
        turns = np.arange(w.STFT_SIZE) / w.STFT_SIZE
        self.window = (0.5 - 0.5 * np.cos(2 * np.pi * turns)).astype(np.float32)
        self.past = np.zeros(w.STFT_SIZE, np.float32)
        self.sum = np.zeros(w.STFT_SIZE, np.float32)

    def __call__(self, hop: np.ndarray) -> np.ndarray:
        """The next hop of sound for one that came in."""
        self.past = np.concatenate([self.past[w.STFT_HOP :], hop])
        spectrum = np.fft.rfft(self.past * self.window)
        magnitude = np.abs(spectrum)
        level = max(magnitude.max(), 1e-9)
        y = magnitude / level
        for layer, weights in enumerate(self.layers):
            y = weights @ y
            y = 1 / (1 + np.exp(-y)) if layer in w.CODER_SIGMOIDS else np.maximum(y, 0)
        spectrum *= y * level / np.maximum(magnitude, 1e-20)
        made = np.fft.irfft(spectrum).astype(np.float32)
        self.sum += made * self.window / np.float32(w.STFT_OVERLAP)
        out = self.sum[: w.STFT_HOP].copy()
        self.sum = np.concatenate([self.sum[w.STFT_HOP :], np.zeros(w.STFT_HOP, np.float32)])
        return out


def main() -> None:
    seconds, output = float(sys.argv[2]), sys.argv[3:]
    coder, step = Coder(), w.CODER_FREQUENCY / w.RATE
    hops, sound = round(seconds * w.RATE / w.STFT_HOP), []
    start = time.process_time()
    for m in range(hops):
        n = np.arange(m * w.STFT_HOP, (m + 1) * w.STFT_HOP)
        made = coder((w.CODER_AMPLITUDE * (2 * (step * n % 1.0) - 1)).astype(np.float32))
        if output:
            sound.append(made)
    print(time.process_time() - start)
    if output:
        save(output[0], np.concatenate(sound))


def save(path: str, sound: np.ndarray) -> None:
    """A mono WAV file of float32."""
    data = sound.astype("<f4").tobytes()
    form = struct.pack("<HHIIHH", 3, 1, w.RATE, 4 * w.RATE, 4, 32)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


if __name__ == "__main__":
    main()
