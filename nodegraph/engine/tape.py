"""Ring buffers of device input and output, written by the audio callback and read by recorders.

A tape is a ring of float32 sample frames in shared memory, with a word that counts the frames written. Each reader has
a position; frames overwritten before they were read are replaced by silence and counted.
"""

from __future__ import annotations

import numpy as np

from nodegraph.native.words import as_f32, as_i64, store_release
from nodegraph.plan.memory import Memory, view

TAPE_DATA, TAPE_MASK, TAPE_CHANNELS, TAPE_WRITTEN = range(4)
TAPE_WORDS = 4
TAPE_FRAMES = 1 << 18  # 5.9 s at 44.1 kHz


def write_tape(tape: int, source: int, frames: int) -> None:
    """Append sample frames to a tape. Called by the audio thread."""
    t = as_i64(tape)
    data, samples, channels = as_f32(t[TAPE_DATA]), as_f32(source), t[TAPE_CHANNELS]
    for i in range(frames):
        at = ((t[TAPE_WRITTEN] + i) & t[TAPE_MASK]) * channels
        for c in range(channels):
            data[at + c] = samples[i * channels + c]
    store_release(tape + 8 * TAPE_WRITTEN, t[TAPE_WRITTEN] + frames)


class Tape:
    """A tape in an engine's memory, written by :func:`write_tape` at its ``address``."""

    def __init__(self, memory: Memory, channels: int, frames: int = TAPE_FRAMES) -> None:
        self.channels, self.frames = channels, frames
        self._memory = memory  # a reader may outlive the engine
        data = memory.reserve(4 * frames * max(channels, 1))
        self.address = memory.words([data, frames - 1, channels, 0])
        self._words = view(self.address, TAPE_WORDS, np.int64)
        self._ring = view(data, frames * channels, np.float32).reshape(frames, channels)

    @property
    def written(self) -> int:
        """Number of sample frames written."""
        return int(self._words[TAPE_WRITTEN])

    def read(self, start: int, stop: int) -> tuple[np.ndarray, int]:
        """Return frames ``start`` … ``stop`` as (frames, channels), and the number of overwritten (silent) ones."""
        indices = np.arange(start, stop) & (self.frames - 1)
        found = self._ring[indices]
        lost = min(max(self.written - self.frames - start, 0), stop - start)
        found[:lost] = 0.0
        return found, lost


class TapeReader:
    """A reader of a tape, from frame ``start`` or, if None, from the next frame written."""

    def __init__(self, tape: Tape, start: int | None = None) -> None:
        self.tape = tape
        self.position = tape.written if start is None else start
        self.lost = 0

    def read(self) -> np.ndarray:
        """Return the sample frames written since the last call: (frames, channels)."""
        end = self.tape.written
        frames, lost = self.tape.read(self.position, end)
        self.position, self.lost = end, self.lost + lost
        return frames
