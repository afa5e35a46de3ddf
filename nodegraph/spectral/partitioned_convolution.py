"""Convolution with a long response at no latency: partitions of two lengths, and an even load.

The first ``HEAD_END`` samples of a response are split into partitions of ``HEAD`` samples, one quantum: each quantum of
the input is transformed, multiplied with all of them and transformed back at once (overlap-save). The rest is split
into partitions of ``TAIL`` samples. As it begins two of these later, the work on ``TAIL`` samples of the input is
spread over the quanta of the next ``TAIL`` samples, and heard after them.

Gardner, Efficient convolution without input-output delay (J. Audio Eng. Soc., 1995); Wefers, Partitioned convolution
algorithms for real-time auralization (2015).

Sounds have one or two sides. Arrays are flat and hold two sides: a spectrum is real parts, then imaginary parts.
"""

from __future__ import annotations

import numpy as np

from nodegraph.quantum import QUANTUM

from .transform import irfft, rfft

SIDES = 2
HEAD, TAIL = QUANTUM, 2048  # samples of a partition
HEAD_END = 2 * TAIL  # samples of the response in short partitions
HEAD_BINS, TAIL_BINS = HEAD + 1, TAIL + 1
HEAD_SIZE, TAIL_SIZE = 2 * HEAD_BINS, 2 * TAIL_BINS  # numbers of a spectrum
QUANTA = TAIL // QUANTUM  # in which the work on a long partition of the input is done
TRANSFORM_COST = 8  # of a long transform, in multiplications of long spectra

# Marks: channels of the response, its partitions; quantum in the current long partition, newest spectra of the input in
# both rings, half of ``played`` that is heard, work done for the current long partition; whether it has played.
CHANNELS, HEADS, TAILS, AT, NEAR, FAR, HEARD, DONE, PLAYED = range(9)
MARKS = 9


def partition_spectra(response: np.ndarray, length: int) -> np.ndarray:
    """Return the spectra of the partitions of a response, (samples, channels): (channels, partitions, 2, bins)."""
    count = -(-len(response) // length)
    padded = np.zeros((count * length, response.shape[1]), np.float64)
    padded[: len(response)] = response
    spectra = np.fft.rfft(padded.T.reshape(response.shape[1], count, length), 2 * length)
    return np.stack([spectra.real, spectra.imag], axis=2).astype(np.float32)


def convolution_arrays(response: np.ndarray) -> dict[str, np.ndarray]:
    """Return the arrays of :func:`convolve` for a response, (samples, channels), with one, two or four channels.

    Four channels answer from left to left, left to right, right to left and right to right.
    """
    heads, tails = partition_spectra(response[:HEAD_END], HEAD), partition_spectra(response[HEAD_END:], TAIL)
    marks = np.zeros(MARKS, np.int64)
    marks[CHANNELS], marks[HEADS], marks[TAILS] = response.shape[1], heads.shape[1], tails.shape[1]
    lengths = {
        "recent": 2 * HEAD,
        "near": HEAD_SIZE * heads.shape[1],
        "gathered": TAIL,
        "complete": 2 * TAIL,
        "far": TAIL_SIZE * tails.shape[1],
        "sums": TAIL_SIZE,
        "played": 2 * TAIL,
        "spectrum": HEAD_SIZE,
        "wet": HEAD,
    }
    of_sides = {name: np.zeros(SIDES * length, np.float32) for name, length in lengths.items()}
    samples = np.zeros(2 * TAIL, np.float32)
    return {"marks": marks, "heads": heads.ravel(), "tails": tails.ravel(), "samples": samples, **of_sides}


def take_input(side, i, value, recent, gathered, marks):  # type: ignore[no-untyped-def]
    """Take sample ``i`` of the quantum of one side, after those before it."""
    at = 2 * HEAD * side + i
    recent[at] = recent[at + HEAD]
    recent[at + HEAD] = value
    gathered[TAIL * side + HEAD * marks[AT] + i] = value


def convolve(  # type: ignore[no-untyped-def]
    sides, head_fft, tail_fft, marks, heads, tails, recent, near, gathered, complete, far, sums, played, spectrum,
    samples, wet,
):  # fmt: skip
    """Compute a quantum of ``wet``, the response to the input that was taken, for one or two sides."""
    convolve_head(sides, head_fft, marks, heads, recent, near, spectrum, samples, wet)
    if marks[TAILS] > 0:
        for side in range(sides):
            from_tail = part_of(played, HEAD, QUANTA * (SIDES * marks[HEARD] + side) + marks[AT])
            for i in range(HEAD):
                wet[HEAD * side + i] += from_tail[i]
        work_on_tail(sides, tail_fft, marks, tails, complete, far, sums, played, samples)
    marks[AT] += 1
    if marks[AT] == QUANTA:
        marks[AT] = 0
        begin_partition(sides, marks, gathered, complete)


def convolve_head(sides, fft, marks, heads, recent, near, spectrum, samples, wet):  # type: ignore[no-untyped-def]
    """Convolve the new quantum with all short partitions."""
    count, channels = marks[HEADS], marks[CHANNELS]
    newest = marks[NEAR] + 1 if marks[NEAR] + 1 < count else 0
    marks[NEAR] = newest
    for side in range(sides):
        if count > 0:
            x = part_of(near, HEAD_SIZE, count * side + newest)
            rfft(fft, part_of(recent, 2 * HEAD, side), x[:HEAD_BINS], x[HEAD_BINS:])
    for k in range(HEAD_SIZE * SIDES):
        spectrum[k] = 0.0
    for path in range(path_count(channels, sides)):
        source, target = path_source(path, channels, sides), path_target(path, channels, sides)
        first = count * path_channel(path, channels, sides)
        y = part_of(spectrum, HEAD_SIZE, target)
        slot = newest
        for part in range(count):
            x = part_of(near, HEAD_SIZE, count * source + slot)
            h = part_of(heads, HEAD_SIZE, first + part)
            add_product(y, x, h, HEAD_BINS)
            slot = slot - 1 if slot > 0 else count - 1
    for side in range(sides):
        y = part_of(spectrum, HEAD_SIZE, side)
        irfft(fft, y[:HEAD_BINS], y[HEAD_BINS:], samples)
        for i in range(HEAD):
            wet[HEAD * side + i] = samples[HEAD + i]


def work_on_tail(sides, fft, marks, tails, complete, far, sums, played, samples):  # type: ignore[no-untyped-def]
    """Do the share of this quantum of the work on the last complete long partition of the input.

    The work is the transforms of the input, the multiplications, then the transforms of the output.
    """
    count, channels = marks[TAILS], marks[CHANNELS]
    transforms, products = TRANSFORM_COST * sides, count * path_count(channels, sides)
    share = ((2 * transforms + products) * (marks[AT] + 1)) // QUANTA
    newest, done = marks[FAR], marks[DONE]
    while done < share:
        if done < transforms:
            side = done // TRANSFORM_COST
            x = part_of(far, TAIL_SIZE, count * side + newest)
            rfft(fft, part_of(complete, 2 * TAIL, side), x[:TAIL_BINS], x[TAIL_BINS:])
            done += TRANSFORM_COST
        elif done < transforms + products:
            path, part = (done - transforms) // count, (done - transforms) % count
            source, target = path_source(path, channels, sides), path_target(path, channels, sides)
            slot = newest - part if newest >= part else newest - part + count
            x = part_of(far, TAIL_SIZE, count * source + slot)
            h = part_of(tails, TAIL_SIZE, count * path_channel(path, channels, sides) + part)
            y = part_of(sums, TAIL_SIZE, target)
            add_product(y, x, h, TAIL_BINS)
            done += 1
        else:
            side = (done - transforms - products) // TRANSFORM_COST
            y = part_of(sums, TAIL_SIZE, side)
            irfft(fft, y[:TAIL_BINS], y[TAIL_BINS:], samples)
            next_played = part_of(played, TAIL, SIDES * (1 - marks[HEARD]) + side)
            for i in range(TAIL):
                next_played[i] = samples[TAIL + i]
            for k in range(TAIL_SIZE):
                y[k] = 0.0
            done += TRANSFORM_COST
    marks[DONE] = done


def begin_partition(sides, marks, gathered, complete):  # type: ignore[no-untyped-def]
    """Begin the work on the long partition of the input that is now complete; the previous one is heard from now on."""
    for side in range(sides):
        window = part_of(complete, 2 * TAIL, side)
        new = part_of(gathered, TAIL, side)
        for i in range(TAIL):
            window[i] = window[TAIL + i]
            window[TAIL + i] = new[i]
    marks[HEARD] = 1 - marks[HEARD]
    marks[FAR] = marks[FAR] + 1 if marks[FAR] + 1 < marks[TAILS] else 0
    marks[DONE] = 0


def part_of(values, size, index):  # type: ignore[no-untyped-def]
    """Return the part with an index of an array of parts of ``size`` numbers."""
    return values[size * index : size * (index + 1)]


def add_product(y, x, h, bins):  # type: ignore[no-untyped-def]
    """Add the product of the spectra ``x`` and ``h`` to ``y``."""
    re, im, x_re, x_im, h_re, h_im = y[:bins], y[bins:], x[:bins], x[bins:], h[:bins], h[bins:]
    for k in range(bins):
        re[k] += x_re[k] * h_re[k] - x_im[k] * h_im[k]
        im[k] += x_re[k] * h_im[k] + x_im[k] * h_re[k]


# -- paths from an input side to an output side ---------------------------------------------------------------------


def path_count(channels, sides):  # type: ignore[no-untyped-def]
    """Return the number of paths: each side to itself, or with four channels each side to both."""
    return 4 if crosses(channels, sides) else sides


def path_source(path, channels, sides):  # type: ignore[no-untyped-def]
    """Return the input side of a path."""
    return path // 2 if crosses(channels, sides) else path


def path_target(path, channels, sides):  # type: ignore[no-untyped-def]
    """Return the output side of a path."""
    return path % 2 if crosses(channels, sides) else path


def path_channel(path, channels, sides):  # type: ignore[no-untyped-def]
    """Return the channel of the response on a path; sides share a single one."""
    return path if crosses(channels, sides) else min(path, channels - 1)


def crosses(channels, sides):  # type: ignore[no-untyped-def]
    """Return whether each side answers both."""
    return channels == 4 and sides == 2
