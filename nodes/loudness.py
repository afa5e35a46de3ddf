"""Loudness as broadcasters and streaming services measure it.

Recommendation ITU-R BS.1770-4 (2015): K-weighting, gating, true peak. EBU Tech 3341 (2016): momentary and short-term.
"""

from __future__ import annotations

import numpy as np

from nodegraph.maths import gain_to_db, log10, read_double, rising_edge
from nodegraph.node import Example, In, Line, Memory, Node, Out, State, Table
from nodegraph.spectral.k_weighting import ABSOLUTE_GATE, OFFSET, RELATIVE_GATE, k_weighting

STEP_SECONDS = 0.1
MOMENTARY, SHORT_TERM = 4, 30  # steps
SILENCE = -100.0  # LUFS
BINS, PER_LU = 800, 10.0  # of the histogram of 400 ms blocks, from ABSOLUTE_GATE on
FILTER = 5  # coefficients of a filter of second order
OVERSAMPLING, TAPS = 4, 16  # of the true peak
STEPS, SUM, DONE = 0, SHORT_TERM, SHORT_TERM + 1  # places in ``blocks``


def weights_of(settings, sr):
    return k_weighting(sr)


class Loudness(Node):
    """Measures how loud a sound is to the ear, in LUFS, over all of its lanes.

    ``L = -0.691 + 10 log10 Σ z``, where ``z`` is the mean square of a K-weighted lane: over 400 ms (momentary), 3 s
    (short-term), or over all blocks of 400 ms since a reset that are above -70 LUFS and at most 10 LU below the mean of
    these (integrated). All have a new value every 100 ms, and -100 in silence. ITU-R BS.1770-4.
    """

    words = (
        "LUFS, LKFS, EBU R128, R128, loudness meter, integrated, level, level meter, broadcast, mastering meter, "
        "perceived level, Lautheit, sonie, volume meter"
    )
    example = Example(inputs={"audio": "plucks"}, heard="source")

    audio = In(0.0, doc="signal to measure; all lanes count alike")
    reset = In(
        0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge starts the integrated loudness anew"
    )
    momentary = Out(unit="LUFS", doc="loudness of the last 400 ms")
    short_term = Out(unit="LUFS", doc="loudness of the last 3 s")
    integrated = Out(unit="LUFS", doc="loudness since the last reset, without pauses")
    weights = Table(weights_of)
    s1, s2, s3, s4 = (State() for _ in range(4))
    blocks, counts, energies = Memory(lambda s: DONE + 4), Memory(lambda s: BINS), Memory(lambda s: BINS)
    left, before = State(0), State()

    def lanes(inputs, settings):
        return dict.fromkeys(("momentary", "short_term", "integrated"), 1)

    def block(
        audio, reset, momentary, short_term, integrated, weights, s1, s2, s3, s4, blocks, counts, energies, left,
        before, sr,
    ):  # fmt: skip
        lanes = audio.shape[1]
        if left[0] == 0 and blocks[DONE] == 0.0:
            left[0] = int(STEP_SECONDS * sr)
            for k in range(3):
                blocks[DONE + 1 + k] = SILENCE
        for i in range(audio.shape[0]):
            if rising_edge(reset[i, 0], before[0]):
                for k in range(BINS):
                    counts[k] = energies[k] = 0.0
                blocks[DONE + 3] = SILENCE
            before[0] = reset[i, 0]
            for lane in range(lanes):
                x = read_double(audio, (i, lane))
                y = read_double(weights, 0) * x + s1[lane]
                s1[lane] = read_double(weights, 1) * x - read_double(weights, 3) * y + s2[lane]
                s2[lane] = read_double(weights, 2) * x - read_double(weights, 4) * y
                z = read_double(weights, 5) * y + s3[lane]
                s3[lane] = read_double(weights, 6) * y - read_double(weights, 8) * z + s4[lane]
                s4[lane] = read_double(weights, 7) * y - read_double(weights, 9) * z
                blocks[SUM] += z * z
            left[0] -= 1
            if left[0] == 0:
                left[0] = int(STEP_SECONDS * sr)
                end_step(blocks, counts, energies, 1.0 / left[0])
            momentary[i, 0] = blocks[DONE + 1]
            short_term[i, 0] = blocks[DONE + 2]
            integrated[i, 0] = blocks[DONE + 3]


def end_step(blocks, counts, energies, per_sample):
    """Add 100 ms to the ring of steps and to the histogram, and compute the three values after ``DONE``."""
    done = int(blocks[DONE])
    blocks[STEPS + done % SHORT_TERM] = blocks[SUM] * per_sample
    blocks[SUM] = 0.0
    blocks[DONE] = done + 1.0
    energy = mean_of_steps(blocks, MOMENTARY)
    blocks[DONE + 1] = loudness_of(energy)
    blocks[DONE + 2] = loudness_of(mean_of_steps(blocks, SHORT_TERM))
    if done + 1 >= MOMENTARY and blocks[DONE + 1] > ABSOLUTE_GATE:
        place = min(int((blocks[DONE + 1] - ABSOLUTE_GATE) * PER_LU), BINS - 1)
        counts[place] += 1.0
        energies[place] += energy
        gate = loudness_of(mean_from(counts, energies, 0)) + RELATIVE_GATE
        blocks[DONE + 3] = loudness_of(mean_from(counts, energies, max(int((gate - ABSOLUTE_GATE) * PER_LU), 0)))


def mean_of_steps(blocks, count):
    """Return the mean of the last steps; those before the start are silent."""
    total, done = 0.0, int(blocks[DONE])
    for k in range(min(count, done)):
        total += blocks[STEPS + (done - 1 - k) % SHORT_TERM]
    return total / count


def mean_from(counts, energies, first):
    """Return the mean energy of the blocks from a place of the histogram on."""
    total = number = 0.0
    for k in range(first, BINS):
        total += energies[k]
        number += counts[k]
    return total / max(number, 1.0)


def loudness_of(energy):
    """Return the loudness in LUFS of a mean square, at least ``SILENCE``."""
    return max(OFFSET + 10.0 * log10(max(energy, 1e-30)), SILENCE)


def interpolators(settings, sr):
    """Return the filters that interpolate three samples between two, and pass one: windowed sinc functions."""
    times = np.arange(TAPS)[None] - TAPS // 2 + 1 - np.arange(OVERSAMPLING)[:, None] / OVERSAMPLING
    weights = (
        np.sinc(times)
        * np.kaiser(2 * TAPS * OVERSAMPLING + 1, 6.0)[
            np.round(OVERSAMPLING * times).astype(int) * 2 + TAPS * OVERSAMPLING
        ]
    )
    return (weights / weights.sum(axis=1, keepdims=True)).ravel()


class TruePeak(Node):
    """Measures the peak of a sound between its samples, which converters and lossy codecs reproduce: 4 × oversampling.

    ``p = max |x↑4|`` since the last reset, in dB of full scale (dBTP). ITU-R BS.1770-4, annex 2.
    """

    words = (
        "dBTP, peak, peak meter, intersample, inter-sample peak, clipping, clip detector, overs, headroom, "
        "Spitzenpegel, crête"
    )
    example = Example(inputs={"audio": "plucks"}, heard="source")

    audio = In(0.0, doc="signal to measure")
    reset = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge starts anew")
    out = Out(unit="dB", doc="true peak, -100 in silence")
    filters = Table(interpolators)
    line = Line(lambda settings, sr: TAPS)
    position, highest, before = State(0), State(), State()

    def tick(audio, reset, filters, line, position, highest, before):
        line[position] = audio
        position = (position + 1) & (TAPS - 1)
        highest = 0.0 if rising_edge(reset, before) else highest
        for phase in range(OVERSAMPLING):
            value = 0.0
            for k in range(TAPS):
                value += read_double(filters, TAPS * phase + k) * read_double(line, (position + k) & (TAPS - 1))
            highest = max(highest, abs(value))
        return max(gain_to_db(highest), SILENCE), position, highest, reset
