"""Behaviour of sounddevice and PortAudio that the live engine depends on, tested without the engine."""

from __future__ import annotations

import ctypes
import time

import numpy as np
import pytest
from numba import carray, cfunc, types

pytestmark = pytest.mark.needs("jack", "portaudio")

CALLBACK = types.intc(
    types.voidptr, types.voidptr, types.ulong, types.voidptr, types.ulong, types.voidptr
)  # PaStreamCallback: input, output, frames, times, flags, user data


@cfunc(CALLBACK)
def count(_input, output, frames, _times, _flags, user):
    state = carray(user, (3,), np.int64)
    state[0] += 1
    state[1] = frames
    samples = carray(output, (frames * 2,), np.float32)
    for i in range(frames * 2):
        samples[i] = 0.0
    return state[2]


@pytest.fixture
def stream(jack_dummy):
    import sounddevice

    state = np.zeros(3, np.int64)
    stream = sounddevice._StreamBase(
        kind="output",
        device="system",
        samplerate=jack_dummy.rate,
        blocksize=jack_dummy.period,
        channels=2,
        dtype="float32",
        callback=sounddevice._ffi.cast("PaStreamCallback *", count.address),
        userdata=sounddevice._ffi.cast("void *", state.ctypes.data),
        wrap_callback=None,
    )
    stream.start()
    yield stream, state
    stream.close()


def test_native_callback_runs_in_real_time(stream, jack_dummy):
    _, state = stream
    before, start = int(state[0]), time.perf_counter()
    time.sleep(1.0)
    served = int(state[0]) - before
    expected = (time.perf_counter() - start) * jack_dummy.rate / jack_dummy.period
    assert state[1] == jack_dummy.period
    assert 0.95 * expected <= served <= expected + 4


def test_native_callback_runs_while_another_thread_holds_the_gil(stream, jack_dummy):
    _, state = stream
    hold = ctypes.PyDLL(None).usleep  # a call through PyDLL holds the GIL
    before, start = int(state[0]), time.perf_counter()
    hold(900_000)
    served = int(state[0]) - before
    expected = (time.perf_counter() - start) * jack_dummy.rate / jack_dummy.period
    assert 0.95 * expected <= served <= expected + 4


def test_return_value_of_a_native_callback_ends_the_stream(stream):
    playing, state = stream
    state[2] = 1  # paComplete
    end = time.monotonic() + 5
    while playing.active and time.monotonic() < end:
        time.sleep(0.01)
    assert not playing.active
