"""The kernels that the plan adds between nodes, and their arguments.

A kernel is a native function of ``(arguments, start, samples)`` over 8-byte words (see ``native.words``). A record
names these words in order: the compiler fills one with operands, the kernel reads word ``AT.field``.

A *source* is (data, stride, step): lane ``l`` of sample ``i`` is ``data[i * stride + l * step]``, so that a step of 0
copies one lane to many. Signals are float32.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from nodegraph.kernel import NativeFunction
from nodegraph.native.words import as_f32, as_f64, as_i64, call_kernel

from .buffers import Operand

FRESH = -1
"""The position of a compensation delay before its first sample."""


def positions(record: Any) -> Any:
    """Return the record whose fields are their own word indices, with which a kernel reads its arguments."""
    return record(*range(len(record._fields)))


class MixHeader(NamedTuple):
    """Arguments of ``mix`` and ``copy_lanes``, followed by an entry for each source."""

    out: Operand
    lanes: Operand
    scratch: Operand  # as many floats as the longest run
    entries: Operand


class MixEntry(NamedTuple):
    """A source, and the output lanes that it is added to. A ``run`` of n first sums n adjacent lanes."""

    data: Operand
    stride: Operand
    step: Operand
    first: Operand
    width: Operand
    run: Operand


HEADER, ENTRY = positions(MixHeader), positions(MixEntry)
HEADER_WORDS, ENTRY_WORDS = len(HEADER), len(ENTRY)


def mix_words(out: Operand, lanes: int, entries: Iterable[MixEntry] = (), scratch: Operand = 0) -> list[Operand]:
    """Return the arguments of ``mix`` and ``copy_lanes``. Without entries ``mix`` outputs silence."""
    words = [word for entry in entries for word in entry]
    return [*MixHeader(out, lanes, scratch, len(words) // ENTRY_WORDS), *words]


def mix(arguments: int, start: int, samples: int) -> None:
    """Sum sources into lanes of one buffer."""
    w = as_i64(arguments)
    out, lanes, scratch, entries = as_f32(w[HEADER.out]), w[HEADER.lanes], as_f32(w[HEADER.scratch]), w[HEADER.entries]
    for i in range(start * lanes, (start + samples) * lanes):
        out[i] = 0.0
    for e in range(entries):
        at = HEADER_WORDS + e * ENTRY_WORDS
        source, stride, step = as_f32(w[at + ENTRY.data]), w[at + ENTRY.stride], w[at + ENTRY.step]
        first, width, run = w[at + ENTRY.first], w[at + ENTRY.width], w[at + ENTRY.run]
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
    """Add ``run`` adjacent floats to ``out[at]`` by folding halves, which allows SIMD in a fixed order."""
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
    """Copy sources to adjacent lanes: each output lane is written by exactly one entry; ``run`` is ignored."""
    w = as_i64(arguments)
    out, lanes, entries = as_f32(w[HEADER.out]), w[HEADER.lanes], w[HEADER.entries]
    for e in range(entries):
        at = HEADER_WORDS + e * ENTRY_WORDS
        source, stride, step = as_f32(w[at + ENTRY.data]), w[at + ENTRY.stride], w[at + ENTRY.step]
        first, width = w[at + ENTRY.first], w[at + ENTRY.width]
        for i in range(start, start + samples):
            for lane in range(width):
                out[i * lanes + first + lane] = source[i * stride + lane * step]


class SpreadArguments(NamedTuple):
    """Arguments of ``spread``."""

    data: Operand
    stride: Operand
    lanes: Operand
    gains: Operand  # two doubles for each lane, left and right
    out: Operand  # two lanes


PAN = positions(SpreadArguments)


def spread(arguments: int, start: int, samples: int) -> None:
    """Mix the lanes of a source to two, each with its own gains."""
    w = as_i64(arguments)
    source, stride, lanes = as_f32(w[PAN.data]), w[PAN.stride], w[PAN.lanes]
    gains, out = as_f64(w[PAN.gains]), as_f32(w[PAN.out])
    for i in range(start, start + samples):
        left = right = 0.0
        for lane in range(lanes):
            left += gains[2 * lane] * source[i * stride + lane]
            right += gains[2 * lane + 1] * source[i * stride + lane]
        out[2 * i], out[2 * i + 1] = left, right


class CompensateArguments(NamedTuple):
    """Arguments of ``compensate``."""

    data: Operand
    stride: Operand
    step: Operand
    out: Operand
    lanes: Operand
    line: Operand  # length × lanes floats
    length: Operand  # samples of the delay
    position: Operand  # address of the position in the line, ``FRESH`` before the first sample


DELAY = positions(CompensateArguments)


def compensate(arguments: int, start: int, samples: int) -> None:
    """Delay by a fixed number of samples, to align parallel paths.

    A new delay fills its line with the first sample, so that a previously undelayed signal holds its value instead of
    dropping to zero.
    """
    w = as_i64(arguments)
    source, stride, step = as_f32(w[DELAY.data]), w[DELAY.stride], w[DELAY.step]
    out, lanes = as_f32(w[DELAY.out]), w[DELAY.lanes]
    line, length, position = as_f32(w[DELAY.line]), w[DELAY.length], as_i64(w[DELAY.position])
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


class CrossfadeArguments(NamedTuple):
    """Arguments of ``crossfade``."""

    data: Operand
    stride: Operand
    step: Operand
    out: Operand
    lanes: Operand
    last: Operand  # the last value before the edit, a float for each lane
    offset: Operand  # ``last`` less the first new value, a float for each lane
    left: Operand  # address of the samples that are left
    whole: Operand  # samples of the crossfade


FADE = positions(CrossfadeArguments)


def crossfade(arguments: int, start: int, samples: int) -> None:
    """Crossfade linearly from the last value of an input to a new signal."""
    w = as_i64(arguments)
    source, stride, step = as_f32(w[FADE.data]), w[FADE.stride], w[FADE.step]
    out, lanes, last, offset = as_f32(w[FADE.out]), w[FADE.lanes], as_f32(w[FADE.last]), as_f32(w[FADE.offset])
    left, whole = as_i64(w[FADE.left]), w[FADE.whole]
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


class LoopHeader(NamedTuple):
    """Arguments of ``loop``, followed by an entry for each row."""

    rows: Operand


class LoopEntry(NamedTuple):
    """A row of a loop: the addresses of its kernel and of its arguments."""

    kernel: Operand
    arguments: Operand


LOOP_HEADER, LOOP_ENTRY = positions(LoopHeader), positions(LoopEntry)
LOOP_HEADER_WORDS, LOOP_ENTRY_WORDS = len(LOOP_HEADER), len(LOOP_ENTRY)


def loop(arguments: int, start: int, samples: int) -> None:
    """Run the rows of a feedback loop sample by sample."""
    w = as_i64(arguments)
    rows = w[LOOP_HEADER.rows]
    for i in range(start, start + samples):
        for r in range(rows):
            at = LOOP_HEADER_WORDS + r * LOOP_ENTRY_WORDS
            call_kernel(w[at + LOOP_ENTRY.kernel], w[at + LOOP_ENTRY.arguments], i, 1)


MIX = NativeFunction(mix)
COPY_LANES = NativeFunction(copy_lanes)
SPREAD = NativeFunction(spread)
COMPENSATE = NativeFunction(compensate)
CROSSFADE = NativeFunction(crossfade)
LOOP = NativeFunction(loop)
