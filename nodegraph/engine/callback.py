"""The audio callback: native code without Python or the GIL.

It divides device blocks of any length into quanta of 64, limits the output and counts callbacks, frames, xruns and
load. Device blocks that are a multiple of 64 pass directly; others are buffered in one quantum, which delays the input
by 64 samples.
"""

from __future__ import annotations

from nodegraph.kernel import NativeFunction
from nodegraph.native.words import as_f32, as_f64, as_i64, flush_denormals, nanoseconds, store_release
from nodegraph.native.wrap import stream_callback
from nodegraph.quantum import QUANTUM

from . import walk
from .tape import write_tape
from .walk import quantum

# The words shared with the live driver; 0–3 are set by the callback's wrapper.
LIVE_IN, LIVE_OUT, LIVE_FLAGS, LIVE_ANSWER, LIVE_ENGINE, LIVE_POSITION, LIVE_STAGE = range(7)
LIVE_INPUTS, LIVE_OUTPUTS, LIVE_CALLBACKS, LIVE_FRAMES, LIVE_XRUNS, LIVE_STOP = range(7, 13)
LIVE_LIMIT, LIVE_GAIN, LIVE_RELEASE, LIVE_RATE = 13, 14, 15, 16
LIVE_LOADS, LIVE_FIRST_AT, LIVE_LATEST, LIVE_WORST = 17, 18, 19, 20
LIVE_CAPTURE, LIVE_CAPTURE_SIZE, LIVE_CAPTURED, LIVE_PEAK, LIVE_LIMITED, LIVE_LATE = 21, 22, 23, 24, 25, 26
LIVE_INPUT_TAPE, LIVE_OUTPUT_TAPE, LIVE_STARTED_AT, LIVE_CLOCK = 27, 28, 29, 30
LIVE_PAUSED, LIVE_STEPS = 31, 32  # whether it is paused, quanta to compute while paused
LIVE_PREVIEW, LIVE_PREVIEW_SIZE, LIVE_PREVIEW_COUNT = 33, 34, 35  # float32 samples, how many, starts so far
LIVE_PREVIEW_STARTED, LIVE_PREVIEW_AT = 36, 37  # set by the audio thread: starts carried out, next sample
LIVE_VOLUME, LIVE_VOLUME_NOW = 38, 39  # gain of what is heard: requested, and reached by the audio thread
LIVE_WORDS = 40

LOAD_BINS = 2001  # one bin per mille of the callback period; the last one counts all higher loads
CEILING = 1.0
XRUN_FLAGS = 0b1111  # input underflow and overflow, output underflow and overflow
COMPLETE = 1
FADE_OUT = 441  # samples of the fade when the stream is stopped
VOLUME_STEP = 1.0 / 441  # largest change of the volume per sample
PREVIEW_FADE = 441  # samples of the crossfade at both ends of a preview


def callback(words: int, start: int, frames: int) -> None:
    """Process one block of the device. ``words`` is the address of the words above."""
    w, x = as_i64(words), as_f64(words)
    flush_denormals()
    began = nanoseconds()
    if w[LIVE_FIRST_AT] == 0:
        w[LIVE_FIRST_AT] = began
    engine = w[LIVE_ENGINE]
    e = as_i64(engine)
    w[LIVE_CLOCK] = e[walk.ENGINE_CLOCK]
    store_release(words + 8 * LIVE_STARTED_AT, began)
    inputs, outputs = w[LIVE_INPUTS], w[LIVE_OUTPUTS]
    bus_inputs, bus_outputs = e[walk.ENGINE_INPUTS], e[walk.ENGINE_OUTPUTS]
    source, target = as_f32(w[LIVE_IN]), as_f32(w[LIVE_OUT])
    bus_in, bus_out, stage = as_f32(e[walk.ENGINE_INPUT]), as_f32(e[walk.ENGINE_OUTPUT]), as_f32(w[LIVE_STAGE])
    shared = min(inputs, bus_inputs) if w[LIVE_IN] != 0 else 0
    straight = frames % QUANTUM == 0 and w[LIVE_POSITION] == QUANTUM
    position = w[LIVE_POSITION]
    for i in range(frames):
        if position == QUANTUM:
            for k in range(QUANTUM):
                for c in range(shared):
                    bus_in[k * bus_inputs + c] = source[(i + k) * inputs + c] if straight else stage[k * shared + c]
            if w[LIVE_PAUSED] == 0 or w[LIVE_STEPS] > 0:
                write_tape(w[LIVE_INPUT_TAPE], e[walk.ENGINE_INPUT], QUANTUM)
                quantum(engine, 0, QUANTUM)
                w[LIVE_STEPS] -= 1 if w[LIVE_PAUSED] != 0 else 0
            else:
                hold_paused(engine)
            position = 0
        for c in range(shared):
            stage[position * shared + c] = source[i * inputs + c]
        for c in range(outputs):
            target[i * outputs + c] = bus_out[position * bus_outputs + c] if c < bus_outputs else 0.0
        position += 1
    w[LIVE_POSITION] = position
    limit_output(words, frames)
    if w[LIVE_STOP] != 0:
        fade_out(words, frames)
    write_tape(w[LIVE_OUTPUT_TAPE], w[LIVE_OUT], frames)
    if w[LIVE_STOP] == 0:
        preview(words, frames)
    apply_volume(words, frames)
    capture(words, frames)
    if w[LIVE_FLAGS] & XRUN_FLAGS:
        w[LIVE_XRUNS] += 1
    w[LIVE_CALLBACKS] += 1
    w[LIVE_FRAMES] += frames
    now = nanoseconds()
    w[LIVE_LATEST] = now
    load = int((now - began) * x[LIVE_RATE] / (frames * 1e6))
    as_i64(w[LIVE_LOADS])[min(max(load, 0), LOAD_BINS - 1)] += 1
    w[LIVE_WORST] = max(w[LIVE_WORST], load)
    if load > 1000:
        w[LIVE_LATE] += 1


def hold_paused(engine: int) -> None:
    """Output a paused quantum: fade from the last sample to silence."""
    e = as_i64(engine)
    out, channels = as_f32(e[walk.ENGINE_OUTPUT]), e[walk.ENGINE_OUTPUTS]
    for c in range(channels):
        last = out[(QUANTUM - 1) * channels + c]
        for k in range(QUANTUM):
            out[k * channels + c] = last * (QUANTUM - 1 - k) / QUANTUM


def limit_output(words: int, frames: int) -> None:
    """Limit the output to ±1, with instant attack and slow release, and replace NaN by 0.

    Output that never exceeds the ceiling is not changed.
    """
    w, x = as_i64(words), as_f64(words)
    target, channels = as_f32(w[LIVE_OUT]), w[LIVE_OUTPUTS]
    gain, release, highest = x[LIVE_GAIN], x[LIVE_RELEASE], x[LIVE_PEAK]
    for i in range(frames):
        peak = 0.0
        for c in range(channels):
            value = target[i * channels + c]
            if value != value:
                value = 0.0
                target[i * channels + c] = 0.0
            peak = max(peak, abs(value))
        highest = max(highest, peak)
        if w[LIVE_LIMIT] != 0:
            gain = min(1.0, gain + release)
            if peak * gain > CEILING:
                gain = CEILING / peak
                w[LIVE_LIMITED] += 1
            for c in range(channels):
                value = target[i * channels + c] * gain
                target[i * channels + c] = min(max(value, -CEILING), CEILING)
    x[LIVE_GAIN], x[LIVE_PEAK] = gain, highest


def fade_out(words: int, frames: int) -> None:
    """Fade the output to silence, then answer that the stream is complete."""
    w = as_i64(words)
    target, channels = as_f32(w[LIVE_OUT]), w[LIVE_OUTPUTS]
    for i in range(frames):
        gain = max(FADE_OUT - w[LIVE_STOP], 0) / FADE_OUT
        for c in range(channels):
            target[i * channels + c] *= gain
        w[LIVE_STOP] += 1
    if w[LIVE_STOP] > FADE_OUT:
        w[LIVE_ANSWER] = COMPLETE


def preview(words: int, frames: int) -> None:
    """Play the preview, if one was started, on all channels instead of the output."""
    w = as_i64(words)
    if w[LIVE_PREVIEW_STARTED] != w[LIVE_PREVIEW_COUNT]:
        w[LIVE_PREVIEW_STARTED], w[LIVE_PREVIEW_AT] = w[LIVE_PREVIEW_COUNT], 0
    target, samples, channels = as_f32(w[LIVE_OUT]), as_f32(w[LIVE_PREVIEW]), w[LIVE_OUTPUTS]
    size, at = w[LIVE_PREVIEW_SIZE], w[LIVE_PREVIEW_AT]
    for i in range(min(frames, size - at)):
        gain = min(at, size - at, PREVIEW_FADE) / PREVIEW_FADE
        for c in range(channels):
            output = target[i * channels + c]
            target[i * channels + c] = output + gain * (samples[at] - output)
        at += 1
    w[LIVE_PREVIEW_AT] = at


def apply_volume(words: int, frames: int) -> None:
    """Multiply what is heard by the volume, without clicks; the tape, and so recordings, have the full level."""
    w, x = as_i64(words), as_f64(words)
    target, channels, gain, wanted = as_f32(w[LIVE_OUT]), w[LIVE_OUTPUTS], x[LIVE_VOLUME_NOW], x[LIVE_VOLUME]
    if gain == 1.0 and wanted == 1.0:
        return
    for i in range(frames):
        gain += min(max(wanted - gain, -VOLUME_STEP), VOLUME_STEP)
        for c in range(channels):
            target[i * channels + c] *= gain
    x[LIVE_VOLUME_NOW] = gain


def capture(words: int, frames: int) -> None:
    """Copy the first part of the output to the capture buffer, if there is one."""
    w = as_i64(words)
    source, captured, channels = as_f32(w[LIVE_OUT]), as_f32(w[LIVE_CAPTURE]), w[LIVE_OUTPUTS]
    room = min(frames, w[LIVE_CAPTURE_SIZE] - w[LIVE_CAPTURED])
    first = w[LIVE_CAPTURED] * channels
    for k in range(room * channels):
        captured[first + k] = source[k]
    w[LIVE_CAPTURED] += max(room, 0)


def limit(words: int, start: int, frames: int) -> None:
    """Apply the limiter only, for replays."""
    limit_output(words, frames)


CALLBACK = NativeFunction(callback, stream_callback)
LIMIT = NativeFunction(limit)
