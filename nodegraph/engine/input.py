"""Recording of the audio input into memory, beside or instead of an engine that reads it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .live import Live, open_input
from .tape import TapeReader

PERIOD = 0.05  # seconds between two checks whether the recording was stopped


def record_input(
    live: Live, device: int | str | None, seconds: float, stopped: Callable[[], bool]
) -> tuple[np.ndarray, float]:
    """Record the audio input for at most ``seconds``, until ``stopped()``.

    Return the samples, float32 (samples, channels), and their rate in Hz. If the engine reads the input of its device,
    that is recorded; otherwise another stream of ``device`` is opened (None: the default). Raises EngineError if there
    is no input.
    """
    if live.device_inputs:
        return _read_tape(live, seconds, stopped), live.rate
    blocks = []
    with open_input(device) as stream:
        rate = float(stream.samplerate)
        for _ in range(round(seconds / PERIOD)):
            blocks.append(stream.read(round(PERIOD * rate))[0])
            if stopped():
                break
    return np.concatenate(blocks), rate


def _read_tape(live: Live, seconds: float, stopped: Callable[[], bool]) -> np.ndarray:
    reader, blocks = TapeReader(live.input_tape), []
    end = time.monotonic() + seconds
    while time.monotonic() < end and not stopped():
        time.sleep(PERIOD)
        blocks.append(reader.read())
    return np.concatenate(blocks)
