"""Render W6 with NumPy, frame by frame as in live processing; run by the Python of .venv-bench.

python -m bench.peers.render_numpy WORKLOAD SECONDS [OUTPUT]
"""

from __future__ import annotations

import struct
import sys
import time

import numpy as np

from bench import workloads as w


class Coder:
    """The autoencoder of W6, one frame per call: transform, layers, phases of the input, overlap-add."""

    def __init__(self) -> None:
        self.layers = w.coder_layers()
        cycles = np.arange(w.STFT_SIZE) / w.STFT_SIZE
        self.window = (0.5 - 0.5 * np.cos(2 * np.pi * cycles)).astype(np.float32)
        self.past = np.zeros(w.STFT_SIZE, np.float32)
        self.sum = np.zeros(w.STFT_SIZE, np.float32)

    def __call__(self, hop: np.ndarray) -> np.ndarray:
        """Return the next hop of output for a hop of input."""
        self.past = np.concatenate([self.past[w.STFT_HOP :], hop])
        spectrum = np.fft.rfft(self.past * self.window)
        magnitude = np.abs(spectrum)
        level = max(magnitude.max(), 1e-9)
        y = magnitude / level
        for layer, weights in enumerate(self.layers):
            y = weights @ y
            y = 1 / (1 + np.exp(-y)) if layer in w.CODER_SIGMOIDS else np.maximum(y, 0)
        spectrum *= y * level / np.maximum(magnitude, 1e-20)
        out_hop = np.fft.irfft(spectrum).astype(np.float32)
        self.sum += out_hop * self.window / np.float32(w.STFT_OVERLAP)
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
        out_hop = coder((w.CODER_AMPLITUDE * (2 * (step * n % 1.0) - 1)).astype(np.float32))
        if output:
            sound.append(out_hop)
    print(time.process_time() - start)
    if output:
        save(output[0], np.concatenate(sound))


def save(path: str, sound: np.ndarray) -> None:
    """Write a mono WAV file of float32."""
    data = sound.astype("<f4").tobytes()
    format_chunk = struct.pack("<HHIIHH", 3, 1, w.RATE, 4 * w.RATE, 4, 32)
    chunks = (
        b"WAVEfmt "
        + struct.pack("<I", len(format_chunk))
        + format_chunk
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )
    with open(path, "wb") as file:
        file.write(b"RIFF" + struct.pack("<I", len(chunks)) + chunks)


if __name__ == "__main__":
    main()
