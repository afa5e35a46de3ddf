"""Plates: a dense reverberation from the first moment, by all-passes in a loop."""

import numpy as np

from nodegraph.maths import TAU, clip, cos_turn, decay_factor, exp2, nearest, read_double, sin_turn, sqrt, wrap
from nodegraph.node import Example, In, Line, Memory, Node, Out, State, Table

from .delays import next_position, ring_tap
from .mixing import side_of
from .reverb import GOLDEN, LOG2_1000, MAX_PRE_DELAY, SIDES, diffused, ring_size

DATTORRO_RATE = 29761.0  # Hz; delays are in samples at this rate, as in the paper
DIFFUSERS = (142.0, 107.0, 379.0, 277.0)
DIFFUSION = (0.75, 0.75, 0.625, 0.625)
# Both halves of the tank, left and right: modulated all-pass, delay, all-pass, delay
TANK = ((672.0, 4453.0, 1800.0, 3720.0), (908.0, 4217.0, 2656.0, 3163.0))
PARTS = 4
DIFFUSER, FIRST, STEADY, SECOND = range(PARTS)
FIRST_DIFFUSION, SECOND_DIFFUSION = 0.7, 0.5
LOOP = sum(TANK[0]) + sum(TANK[1])
DEEPEST = 32.0  # range of the modulation in samples at Dattorro's rate
MAX_SIZE = 2.0
GLIDE = 0.2  # samples per sample by which a delay changes when the size does
# Taps of the left and the right output: side of the tank, part, delay, sign
TAPS = (
    ((1, FIRST, 266.0, 1), (1, FIRST, 2974.0, 1), (1, STEADY, 1913.0, -1), (1, SECOND, 1996.0, 1),
     (0, FIRST, 1990.0, -1), (0, STEADY, 187.0, -1), (0, SECOND, 1066.0, -1)),
    ((0, FIRST, 353.0, 1), (0, FIRST, 3627.0, 1), (0, STEADY, 1228.0, -1), (0, SECOND, 2673.0, 1),
     (1, FIRST, 2111.0, -1), (1, STEADY, 335.0, -1), (1, SECOND, 121.0, -1)),
)  # fmt: skip
FIELDS = 4
OUTPUT_GAIN = 0.6


def tank_table(settings, sr):
    """Return the delays of the tank in samples at size 1, then the taps of both outputs as rows of FIELDS numbers."""
    scale = sr / DATTORRO_RATE
    delays = np.array(TANK).ravel() * scale
    taps = np.array([[(side, part, delay * scale, sign) for side, part, delay, sign in output] for output in TAPS])
    return np.concatenate([delays, taps.ravel()])


def tank_ring(sr):
    """Return the length of the ring of one part of the tank."""
    return ring_size((MAX_SIZE * max(max(half) for half in TANK) + DEEPEST) / DATTORRO_RATE, sr)


class Plate(Node):
    """Reverberates a sound as a steel plate does: dense and bright at once, without the echoes of a room.

    Four all-passes diffuse the sum of the input. Then it runs around a loop of two halves, each an all-pass, a delay, a
    low-pass at ``damping``, an all-pass and a delay; taps all over the loop are the two outputs. Dattorro, Effect
    design 1: reverberator and other filters (J. Audio Eng. Soc., 1997). Each delay of d samples also weakens by
    ``60 d / decay`` dB, so that all modes decay as declared, if ``decay`` is longer than the loop, ``0.73 size``
    seconds: Jot & Chaigne (AES, 1991). All delays are modulated. Steady sounds come out at about their level.
    """

    words = (
        "plate reverb, reverberator, Dattorro, GVerb, gigaverb~, ambience, EMT 140, space, EMT, Nachhall, Hall, "
        "Hallplatte, réverb à plaque, shimmer, lush reverb"
    )
    example = Example(inputs={"audio": "plucks"})

    audio = In(0.0, doc="dry signal; even lanes are on the left, odd ones on the right, a single one on both")
    decay = In(2.0, unit="s", min=0.1, max=60.0, taper="log", doc="time in which the sound falls by 60 dB")
    damping = In(8000.0, unit="Hz", min=200.0, max=20000.0, taper="log", doc="frequency above which it falls faster")
    size = In(1.0, unit="ratio", min=0.1, max=MAX_SIZE, taper="log", doc="size of the plate, a factor of all delays")
    pre_delay = In(0.0, unit="s", min=0.0, max=MAX_PRE_DELAY, doc="time before the plate answers")
    modulation = In(0.7, unit="ratio", min=0.0, max=1.0, doc="modulation of the delays; 1 is ±0.54 ms")
    rate = In(1.0, unit="Hz", min=0.01, max=5.0, taper="log", doc="frequency of the modulation")
    mix = In(0.3, unit="ratio", min=0.0, max=1.0, doc="0 is dry, 1 is the plate only")
    out = Out(doc="two lanes, left and right")
    table = Table(tank_table)
    early = Line(lambda settings, sr: ring_size(MAX_PRE_DELAY, sr))
    diffusers = Line(lambda settings, sr: len(DIFFUSERS) * ring_size(max(DIFFUSERS) / DATTORRO_RATE, sr))
    tank = Line(lambda settings, sr: PARTS * tank_ring(sr))
    now, ends = Memory(lambda settings: SIDES * PARTS), Memory(lambda settings: SIDES * PARTS)
    lows = Memory(lambda settings: SIDES)
    at_early, at_diffuser, at_tank, turn = State(0), State(0), State(0), State()

    def lanes(inputs, settings):
        return {"out": SIDES}

    def block(
        audio, decay, damping, size, pre_delay, modulation, rate, mix, out, table, early, diffusers, tank, now, ends,
        lows, at_early, at_diffuser, at_tank, turn, sr, dt,
    ):  # fmt: skip
        early_size, ring = early.shape[1], tank.shape[1] // PARTS
        diffuser_size = diffusers.shape[1] // len(DIFFUSERS)
        scale = sr / DATTORRO_RATE
        for i in range(out.shape[0]):
            factor = clip(read_double(size, (i, 0)), 0.1, MAX_SIZE)
            for k in range(SIDES * PARTS):
                wanted = nearest(factor * read_double(table, k))
                now[k] = wanted if now[k] == 0.0 else now[k] + clip(wanted - now[k], -GLIDE, GLIDE)
            fall = -LOG2_1000 * dt / max(read_double(decay, (i, 0)), 0.01)  # octaves per sample
            entry = sqrt(1.0 - exp2(2.0 * fall * scale * factor * LOOP))
            passed = 1.0 - decay_factor(1.0 / (TAU * clip(read_double(damping, (i, 0)), 10.0, 0.45 * sr)), dt)
            early[0, at_early[0]] = 0.5 * (side_of(audio, i, 0) + side_of(audio, i, 1))
            at_early[0] = next_position(at_early[0], early_size)
            x = ring_tap(early, 0, 0, early_size, at_early[0], 1.0 + read_double(pre_delay, (i, 0)) * sr)
            for k in range(len(DIFFUSERS)):
                delay = DIFFUSERS[k] * scale
                x = diffused(diffusers, 0, k * diffuser_size, diffuser_size, at_diffuser[0], delay, DIFFUSION[k], x)
            at_diffuser[0] = next_position(at_diffuser[0], diffuser_size)
            turn[0] = wrap(turn[0] + read_double(rate, (i, 0)) * dt)
            depth = 0.5 * DEEPEST * scale * clip(read_double(modulation, (i, 0)), 0.0, 1.0)
            at, theta = at_tank[0], 0.25 * clip(read_double(mix, (i, 0)), 0.0, 1.0)
            for side in range(SIDES):
                room = 0.0
                taps = table[SIDES * PARTS + side * len(TAPS[0]) * FIELDS :]
                for t in range(len(TAPS[0])):
                    source, part = int(taps[FIELDS * t]), int(taps[FIELDS * t + 1])
                    k = source * PARTS + part
                    delay = read_double(taps, FIELDS * t + 2) * now[k] / read_double(table, k)
                    room += taps[FIELDS * t + 3] * ring_tap(tank, source, part * ring, ring, at, delay)
                dry = side_of(audio, i, side)
                out[i, side] = cos_turn(theta) * dry + sin_turn(theta) * OUTPUT_GAIN * room
            for k in range(SIDES * PARTS):
                delay = now[k] + depth * sin_turn(turn[0] + GOLDEN * k)
                ends[k] = exp2(fall * delay) * ring_tap(tank, k // PARTS, k % PARTS * ring, ring, at, delay)
            for side in range(SIDES):
                moved, first, steady = ends[PARTS * side], ends[PARTS * side + FIRST], ends[PARTS * side + STEADY]
                w = entry * x + ends[PARTS * (1 - side) + SECOND] + FIRST_DIFFUSION * moved
                tank[side, DIFFUSER * ring + at] = w
                tank[side, FIRST * ring + at] = moved - FIRST_DIFFUSION * w
                lows[side] += passed * (first - lows[side])
                w = lows[side] + SECOND_DIFFUSION * steady
                tank[side, STEADY * ring + at] = w
                tank[side, SECOND * ring + at] = steady - SECOND_DIFFUSION * w
            at_tank[0] = next_position(at, ring)
