"""A fake of ``sounddevice`` with one sound card: the part that the live engine uses."""

from __future__ import annotations

import ctypes
import threading
from types import SimpleNamespace

import numpy as np

CALL = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p
)


class PortAudioError(Exception):
    """The exception of ``sounddevice``."""


class FakeDevice:
    """A device "card" with input channels and two outputs; ``streams`` lists all opened streams."""

    PortAudioError = PortAudioError

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.streams: list[FakeStream] = []
        self._ffi = SimpleNamespace(cast=lambda type, value: value)

    def query_hostapis(self):
        return [{"name": "fake"}]

    def query_devices(self, device=None, kind=None):
        card = {
            "name": "card",
            "index": 0,
            "hostapi": 0,
            "max_input_channels": self.inputs,
            "max_output_channels": 2,
            "default_samplerate": 44100.0,
        }
        other = card | {"name": "microphone", "index": 1, "max_input_channels": 1, "max_output_channels": 0}
        if kind is None:
            return [card, other]
        if kind == "input" and not self.inputs:
            raise ValueError("Not an input device: 'card'")
        return card

    def InputStream(self, device, channels, dtype):
        if not self.inputs:
            raise PortAudioError("Invalid device")
        self.streams.append(FakeInput())
        return self.streams[-1]

    def _StreamBase(self, **options):
        self.streams.append(FakeStream(**options))
        return self.streams[-1]


class FakeStream:
    """A stream that calls the engine back at approximately the rate of a device."""

    latency = 0.0

    def __init__(self, kind, samplerate, blocksize, channels, callback, userdata, **rest):
        self.kind, self.channels = kind, channels if isinstance(channels, tuple) else (0, channels)
        self._call, self._userdata, self._frames = CALL(callback), userdata, blocksize
        self._period = blocksize / samplerate
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def _run(self):
        source = np.zeros((self._frames, max(self.channels[0], 1)), np.float32)
        out = np.zeros((self._frames, self.channels[1]), np.float32)
        given = source.ctypes.data if self.channels[0] else None
        while not self._ended.wait(self._period):
            if self._call(given, out.ctypes.data, self._frames, None, 0, self._userdata):
                return

    @property
    def active(self):
        return self._thread.is_alive() and not self._ended.is_set()

    def close(self):
        self._ended.set()
        self._thread.join()


class FakeInput:
    """A stream for blocking reads, which returns samples of 0.5 at once."""

    kind, samplerate = "input", 44100.0

    def read(self, frames):
        return np.full((frames, 1), 0.5, np.float32), False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
