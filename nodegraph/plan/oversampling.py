"""Oversampling: a row whose kernel runs at a multiple of the sample rate, between two filters.

Signals are interpolated and decimated by one windowed sinc (Kaiser) whose cutoff is half the sample rate. It is flat to
91 % of that, 90 dB down at 109 %, and delays by ``TAPS`` / 2 samples whatever the factor: the distance of its centre
from all other taps that fall on input samples is a whole number of zeros of the sinc, so that these taps are 0.
Vaidyanathan, Multirate systems and filter banks (1993), ch. 4: polyphase structure, M-th band filters.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from nodegraph.graph import GraphNode
from nodegraph.graph.oversampling import TAPS, decimator_delay
from nodegraph.kernel import Kernel, NativeFunction
from nodegraph.native.words import as_f32, as_float32_memory, as_i64, call_kernel
from nodegraph.node import In
from nodegraph.quantum import QUANTUM

from .buffers import Operand, Row, address_of_kernel, write_operands
from .builder import PlanBuilder
from .keys import BlockLineKey, StateKey
from .layout import ALL_LANES
from .memory import ALIGNMENT
from .rows import FRESH, positions
from .sources import Source

CENTRE = TAPS // 2
PAST = TAPS + 1  # samples before the first of a quantum that the filters read
HISTORY = PAST + QUANTUM
ATTENUATION = 9.6  # of the Kaiser window, 90 dB


class OversampleHeader(NamedTuple):
    """Arguments of ``oversample``, followed by an entry for each input and then for each output."""

    kernel: Operand  # address
    arguments: Operand  # of the kernel
    factor: Operand
    inputs: Operand
    outputs: Operand
    taps: Operand  # factor × TAPS floats; each phase sums to 1
    sums: Operand  # QUANTUM floats
    delay: Operand  # further delay of the outputs, samples at the high rate


class InputEntry(NamedTuple):
    """An input: ``width`` lanes at the sample rate, and the buffer with ``factor`` times as many samples."""

    data: Operand
    stride: Operand
    width: Operand
    history: Operand  # width × HISTORY floats
    still: Operand  # address of the samples for which the knob has been constant, ``FRESH`` before the first
    holds: Operand  # whether samples are repeated: a gate
    out: Operand
    out_stride: Operand  # address of the stride that the kernel reads, 0 if it reads all samples


class OutputEntry(NamedTuple):
    """An output: the buffer that the kernel writes, and the one at the sample rate."""

    data: Operand
    width: Operand
    history: Operand  # width × factor × HISTORY floats
    out: Operand


HEADER, INPUT, OUTPUT = positions(OversampleHeader), positions(InputEntry), positions(OutputEntry)
HEADER_WORDS, INPUT_WORDS, OUTPUT_WORDS = len(HEADER), len(INPUT), len(OUTPUT)


def oversample(arguments: int, start: int, samples: int) -> None:
    """Interpolate the inputs, run the kernel, and decimate its outputs."""
    w = as_i64(arguments)
    factor, inputs = w[HEADER.factor], w[HEADER.inputs]
    for k in range(inputs):
        interpolate(w, HEADER_WORDS + k * INPUT_WORDS, start, samples)
    call_kernel(w[HEADER.kernel], w[HEADER.arguments], start * factor, samples * factor)
    for k in range(w[HEADER.outputs]):
        decimate(w, HEADER_WORDS + inputs * INPUT_WORDS + k * OUTPUT_WORDS, start, samples)


def interpolate(w, at: int, start: int, samples: int) -> None:  # type: ignore[no-untyped-def]
    """Write the samples of an input between its own: ``y[n F + p] = Σ_k taps[p, k] x[n - k]``."""
    data, stride, width = as_f32(w[at + INPUT.data]), w[at + INPUT.stride], w[at + INPUT.width]
    history, out = as_float32_memory(w[at + INPUT.history]), as_f32(w[at + INPUT.out])
    still, factor = as_i64(w[at + INPUT.still]), w[HEADER.factor]
    taps, sums = as_float32_memory(w[HEADER.taps]), as_float32_memory(w[HEADER.sums])
    if still[0] == FRESH:
        for lane in range(width):
            for k in range(PAST):
                history[lane * HISTORY + k] = data[start * stride + lane]
        still[0] = PAST if stride == 0 else 0
    if stride != 0:
        still[0] = 0
    is_constant = still[0] >= PAST
    still[0] = min(still[0] + samples, PAST)
    if w[at + INPUT.out_stride] != 0:
        as_i64(w[at + INPUT.out_stride])[0] = 0 if is_constant else width
    if is_constant:
        count = 1 if w[at + INPUT.out_stride] != 0 else samples * factor
        first = 0 if w[at + INPUT.out_stride] != 0 else start * factor
        for i in range(first, first + count):
            for lane in range(width):
                out[i * width + lane] = data[lane]
        return
    for lane in range(width):
        base = lane * HISTORY
        for i in range(samples):
            history[base + PAST + i] = data[(start + i) * stride + lane]
        for phase in range(factor):
            if phase == 0 or w[at + INPUT.holds] != 0:
                for i in range(samples):
                    sums[i] = history[base + PAST - CENTRE + i]
            else:
                for i in range(samples):
                    sums[i] = 0.0
                convolve(sums, taps, phase * TAPS, history, base + PAST, samples)
            for i in range(samples):
                out[((start + i) * factor + phase) * width + lane] = sums[i]
        for k in range(PAST):
            history[base + k] = history[base + samples + k]


def decimate(w, at: int, start: int, samples: int) -> None:  # type: ignore[no-untyped-def]
    """Write every ``factor``-th sample of a filtered output: ``y[n] = Σ_qk taps[q, k] / F x[(n - k) F - q]``."""
    data, width, out = as_f32(w[at + OUTPUT.data]), w[at + OUTPUT.width], as_f32(w[at + OUTPUT.out])
    history, factor, delay = as_float32_memory(w[at + OUTPUT.history]), w[HEADER.factor], w[HEADER.delay]
    taps, sums = as_float32_memory(w[HEADER.taps]), as_float32_memory(w[HEADER.sums])
    for lane in range(width):
        base = lane * factor * HISTORY
        for phase in range(factor):
            for i in range(samples):
                history[base + phase * HISTORY + PAST + i] = data[((start + i) * factor + phase) * width + lane]
        for i in range(samples):
            sums[i] = 0.0
        for q in range(factor):
            back = q + delay
            lag = (back + factor - 1) // factor
            phase = lag * factor - back
            newest = base + phase * HISTORY + PAST - lag
            if q == 0:
                for i in range(samples):
                    sums[i] += history[newest - CENTRE + i]
            else:
                convolve(sums, taps, q * TAPS, history, newest, samples)
        for i in range(samples):
            out[(start + i) * width + lane] = sums[i] / factor
        for phase in range(factor):
            for k in range(PAST):
                history[base + phase * HISTORY + k] = history[base + phase * HISTORY + samples + k]


def convolve(sums, taps, first: int, history, newest: int, samples: int) -> None:  # type: ignore[no-untyped-def]
    """Add ``Σ_k taps[first + k] history[newest + i - k]`` to ``sums[i]``, eight samples at a time where possible."""
    whole = samples // 8 * 8
    for i in range(0, whole, 8):
        a, b, c, d = sums[i], sums[i + 1], sums[i + 2], sums[i + 3]
        e, f, g, h = sums[i + 4], sums[i + 5], sums[i + 6], sums[i + 7]
        for k in range(TAPS):
            tap, at = taps[first + k], newest + i - k
            a += tap * history[at]
            b += tap * history[at + 1]
            c += tap * history[at + 2]
            d += tap * history[at + 3]
            e += tap * history[at + 4]
            f += tap * history[at + 5]
            g += tap * history[at + 6]
            h += tap * history[at + 7]
        sums[i], sums[i + 1], sums[i + 2], sums[i + 3] = a, b, c, d
        sums[i + 4], sums[i + 5], sums[i + 6], sums[i + 7] = e, f, g, h
    for i in range(whole, samples):
        total = sums[i]
        for k in range(TAPS):
            total += taps[first + k] * history[newest + i - k]
        sums[i] = total


OVERSAMPLE = NativeFunction(oversample)


@lru_cache(maxsize=8)
def interpolator(factor: int) -> np.ndarray:
    """Return the taps of the interpolation filter by phase, float32 (factor, TAPS); each phase sums to 1."""
    distance = np.arange(factor * TAPS) / factor - CENTRE
    window = np.i0(ATTENUATION * np.sqrt(np.maximum(1.0 - (distance / CENTRE) ** 2, 0.0)))
    taps = (np.sinc(distance) * window).reshape(TAPS, factor).T
    return np.ascontiguousarray(taps / taps.sum(axis=1, keepdims=True), np.float32)


def oversampled(builder: PlanBuilder, kernel: Kernel, node: GraphNode, row: Row, sources: dict[str, Source]) -> None:
    """Make the row of a node run ``node.oversampling`` times as fast between the filters of its inputs and outputs."""
    factor = node.oversampling
    inner = list(row.words)
    sums, first = partial(builder.scratch.address_of, builder.scratch.first), builder.scratch.first + QUANTUM
    entries: list[Operand] = []
    address = builder.memory.reserve(8 * len(inner), alignment=ALIGNMENT)
    for name, port in node.spec.inputs.items():
        source, word = sources[name], kernel.parameter_words[name].word
        width = row.lanes if kernel.is_tick else source.lanes
        inner[word] = fast = partial(builder.scratch.address_of, first)
        inner[word + 1] = width
        history, still = _history(builder, node, port, width)
        entries += InputEntry(
            data=source.data,
            stride=source.stride,
            width=width,
            history=history,
            still=still,
            holds=int(not port.smooth),
            out=fast,
            out_stride=address + 8 * (word + 1) if kernel.is_tick else 0,
        )
        first += builder.scratch.padded(factor * QUANTUM * width)
    for name, buffer in zip(node.spec.outputs, row.outputs, strict=True):
        word = kernel.parameter_words[name].word
        inner[word], out = partial(builder.scratch.address_of, first), row.words[word]
        line = _line(builder, node, f"{name} of the output", factor * HISTORY, buffer.lanes)[0]
        row.lines.append((line.ctypes.data, len(line), ALL_LANES))  # inputs are finite, outputs may not be
        entries += OutputEntry(data=inner[word], width=buffer.lanes, history=line.ctypes.data, out=out)
        first += builder.scratch.padded(factor * QUANTUM * buffer.lanes)
    builder.scratch.floats = max(builder.scratch.floats, first)
    header = OversampleHeader(
        kernel=partial(address_of_kernel, kernel),
        arguments=address,
        factor=factor,
        inputs=len(node.spec.inputs),
        outputs=len(row.outputs),
        taps=interpolator(factor).ctypes.data,
        sums=sums,
        delay=decimator_delay(node, builder.graph.rate),
    )
    row.kernel, row.words = OVERSAMPLE, [*header, *entries]
    builder.after_placement.append(partial(write_operands, address, inner))


def _history(builder: PlanBuilder, node: GraphNode, port: In, width: int) -> tuple[int, int]:
    """Return the address of an input's last samples, and of the number of samples for which it has been constant."""
    name = f"{port.name} of the input"
    line, is_known = _line(builder, node, name, HISTORY, width)
    is_sound = not port.unit  # it starts from silence, all others from their first value
    still = builder.memory.words([0 if is_known or is_sound else FRESH])
    builder.migrate(StateKey(node.id, node.type, name), still, 8, is_known)
    return line.ctypes.data, still


def _line(builder: PlanBuilder, node: GraphNode, name: str, length: int, lanes: int) -> tuple[np.ndarray, bool]:
    """Return the memory of a filter, and whether it continues that of the previous plan."""
    key = BlockLineKey(node.id, node.type, name, lanes)
    before = builder.previous.lines.get(key) if builder.previous else None
    line = builder.line(key, length * lanes)
    return line, line is before
