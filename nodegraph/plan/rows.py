"""The plan's own kernels: what lies between the nodes.

Native functions of ``(arguments, start, samples)`` over 8-byte words (see ``native.words``); each
docstring names the words. A *source* is (data, stride, step): lane ``l`` of sample
``i`` is ``data[i * stride + l * step]``, so step 0 spreads one lane over many.
"""

from __future__ import annotations

from typing import Any

from nodegraph.kernel import NativeFunction
from nodegraph.native.words import as_f32, as_i64, call_kernel

MIX_HEADER = 5
MIX_ENTRY = 6
FRESH = -1


def mix(arguments: int, start: int, samples: int) -> None:
    """Sum sources into lanes of one buffer.

    Words: out, lanes, scratch (as many floats as the widest run), entries, unused; then per entry: data,
    stride, step, first lane of out, width, run. A run of more than one adds up that many
    neighbouring lanes of the source into one.
    """
    w = as_i64(arguments)
    out, lanes, scratch, entries = as_f32(w[0]), w[1], as_f32(w[2]), w[3]
    for i in range(start * lanes, (start + samples) * lanes):
        out[i] = 0.0
    for e in range(entries):
        at = MIX_HEADER + e * MIX_ENTRY
        source, stride, step = as_f32(w[at]), w[at + 1], w[at + 2]
        first, width, run = w[at + 3], w[at + 4], w[at + 5]
        if run > 1:
            for i in range(start, start + samples):
                add_run(out, i * lanes + first, source, i * stride, run, scratch)
        elif lanes == 1 and stride == 1:
            for i in range(start, start + samples):
                out[i] += source[i]
        elif step == 0:
            for i in range(start, start + samples):
                value = source[i * stride]
                for lane in range(width):
                    out[i * lanes + first + lane] += value
        else:
            for i in range(start, start + samples):
                for lane in range(width):
                    out[i * lanes + first + lane] += source[i * stride + lane]


def add_run(out: Any, at: int, source: Any, origin: int, run: int, scratch: Any) -> None:
    """Add ``run`` neighbouring floats to ``out[at]``, by folding halves: SIMD, and always in the same order."""
    half = (run + 1) // 2
    for k in range(run - half):
        scratch[k] = source[origin + k] + source[origin + half + k]
    if run % 2:
        scratch[half - 1] = source[origin + half - 1]
    left = half
    while left > 1:
        half = (left + 1) // 2
        for k in range(left - half):
            scratch[k] = scratch[k] + scratch[half + k]
        left = half
    out[at] += scratch[0]


def copy_lanes(arguments: int, start: int, samples: int) -> None:
    """Lay sources side by side. Words as for ``mix``, each lane of out written by exactly one entry."""
    w = as_i64(arguments)
    out, lanes, entries = as_f32(w[0]), w[1], w[3]
    for e in range(entries):
        at = MIX_HEADER + e * MIX_ENTRY
        source, stride, step = as_f32(w[at]), w[at + 1], w[at + 2]
        first, width = w[at + 3], w[at + 4]
        for i in range(start, start + samples):
            for lane in range(width):
                out[i * lanes + first + lane] = source[i * stride + lane * step]


def compensate(arguments: int, start: int, samples: int) -> None:
    """Delay by a fixed number of samples, so that parallel paths meet in time.

    Words: data, stride, step, out, lanes, line (samples × lanes floats), length, address of position.
    A position that is ``FRESH`` fills the line with the first sample: a signal that was heard undelayed until
    now holds still instead of breaking off.
    """
    w = as_i64(arguments)
    source, stride, step = as_f32(w[0]), w[1], w[2]
    out, lanes, line, length, position = as_f32(w[3]), w[4], as_f32(w[5]), w[6], as_i64(w[7])
    at = position[0]
    if at == FRESH:
        for k in range(length):
            for lane in range(lanes):
                line[k * lanes + lane] = source[start * stride + lane * step]
        at = 0
    for i in range(start, start + samples):
        for lane in range(lanes):
            out[i * lanes + lane] = line[at * lanes + lane]
            line[at * lanes + lane] = source[i * stride + lane * step]
        at += 1
        if at == length:
            at = 0
    position[0] = at


def declick(arguments: int, start: int, samples: int) -> None:
    """Go on from the last value that was heard and glide to the new signal: no step where wires changed.

    Words: data, stride, step, out, lanes, last (floats), offset (floats), address of the samples
    left, all samples of the glide.
    """
    w = as_i64(arguments)
    source, stride, step = as_f32(w[0]), w[1], w[2]
    out, lanes, last, offset, left, whole = as_f32(w[3]), w[4], as_f32(w[5]), as_f32(w[6]), as_i64(w[7]), w[8]
    if left[0] == whole:
        for lane in range(lanes):
            offset[lane] = last[lane] - source[start * stride + lane * step]
    remaining = left[0]
    for i in range(start, start + samples):
        gain = remaining / whole
        for lane in range(lanes):
            out[i * lanes + lane] = source[i * stride + lane * step] + offset[lane] * gain
        remaining = max(remaining - 1, 0)
    left[0] = remaining


def loop(arguments: int, start: int, samples: int) -> None:
    """Run the rows of a feedback loop sample by sample. Words: rows, then (kernel, arguments) per row."""
    w = as_i64(arguments)
    rows = w[0]
    for i in range(start, start + samples):
        for r in range(rows):
            call_kernel(w[1 + 2 * r], w[2 + 2 * r], i, 1)


MIX = NativeFunction(mix)
COPY_LANES = NativeFunction(copy_lanes)
COMPENSATE = NativeFunction(compensate)
DECLICK = NativeFunction(declick)
LOOP = NativeFunction(loop)
