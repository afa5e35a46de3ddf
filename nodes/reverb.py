"""Rooms: reverberation by a network of delays."""

from nodegraph.maths import TAU, clip, cos_turn, decay_factor, exp2, log2, nearest, read_double, sin_turn, sqrt, wrap
from nodegraph.node import Example, In, Line, Memory, Node, Out, State

from .delays import next_position, ring_at, ring_tap
from .mixing import side_of

SIDES, PER_SIDE = 2, 8
LINES = SIDES * PER_SIDE
SHORTEST, SPREAD = 0.036, 3.3  # s at size 1, and ratio of the longest delay to the shortest
MAX_SIZE = 2.0
MAX_PRE_DELAY, MAX_DEPTH = 0.5, 0.002  # s
GOLDEN = 0.6180339887498949  # its multiples, wrapped, are evenly spread in an irregular order
DIFFUSERS = (0.00477, 0.0036, 0.01273, 0.00931)  # s; those of Dattorro (1997)
GLIDE = 0.1  # samples per sample by which a delay changes when the size does
FADE_SECONDS, DEPTH_SECONDS = 0.02, 0.5  # of freezing, and of the modulation from 0 to its maximum
LOG2_1000 = 9.965784284662087  # 60 dB as octaves of amplitude
# Memory ``known``: the inputs that ``gains`` was computed from. Memory ``gains``:
ENTRY, LOW, HIGH, DELAY, NOW = 0, 1, 1 + LINES, 1 + 2 * LINES, 1 + 3 * LINES


def ring_size(seconds, sr):
    """Return the length of a ring for delays up to ``seconds``, with a margin for the interpolation."""
    return int(seconds * sr) + 8


class Reverb(Node):
    """Puts a sound into a room or a hall: a feedback delay network of sixteen lines.

    Line ``k`` delays ``x_k = b u + Σ A_kj y_j`` by ``d_k`` and weakens it by ``60 d_k / decay`` dB, above ``crossover``
    by more; ``A`` is a Hadamard matrix over 4, which keeps the energy. Four all-passes before it make the echoes dense,
    and slow modulation of the delays avoids metallic tones. Steady sounds come out at their level at any ``decay``.
    Jot & Chaigne, Digital delay networks for designing artificial reverberators (AES, 1991); Dattorro, Effect design 1
    (J. Audio Eng. Soc., 1997).
    """

    words = (
        "room, hall, reverberation, rev, FreeVerb, GVerb, JPverb, NHHall, rev1~, rev2~, rev3~, yafr2, FDN, feedback "
        "delay network, space, cathedral, church, chamber, ambience, ambient, Valhalla, echo chamber, big space, wet, "
        "cave, Zita, zverb, verb, spring, spring reverb, tail, depth, Nachhall, Raum, spacious, acoustics, shimmer, "
        "reverberator, tunnel, reverberate, decay, room sound, algorithmic reverb, concert hall, distance, large "
        "room, Kirche, église, Hybrid Reverb, gated reverb, wetness"
    )
    example = Example(inputs={"audio": "plucks"})

    audio = In(0.0, doc="dry signal; even lanes enter on the left, odd ones on the right, a single one on both")
    decay = In(2.0, unit="s", min=0.05, max=60.0, taper="log", doc="time in which the sound falls by 60 dB")
    treble = In(0.5, unit="ratio", min=0.05, max=1.0, doc="decay above the crossover, as a fraction of decay")
    crossover = In(4000.0, unit="Hz", min=100.0, max=20000.0, taper="log", doc="frequency above which treble decays")
    size = In(1.0, unit="ratio", min=0.1, max=MAX_SIZE, taper="log", doc="size of the room, a factor of all delays")
    pre_delay = In(0.0, unit="s", min=0.0, max=MAX_PRE_DELAY, doc="time before the room answers")
    diffusion = In(0.7, unit="ratio", min=0.0, max=0.85, doc="density of the first echoes")
    modulation = In(0.25, unit="ratio", min=0.0, max=1.0, doc="modulation of the delays; 1 is ±2 ms")
    rate = In(0.5, unit="Hz", min=0.01, max=5.0, taper="log", doc="frequency of the modulation")
    freeze = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="above 0.5, the sound in the room is held")
    mix = In(0.3, unit="ratio", min=0.0, max=1.0, doc="0 is dry, 1 is the room only")
    out = Out(doc="two lanes, left and right")
    early = Line(lambda settings, sr: ring_size(MAX_PRE_DELAY, sr))
    diffusers = Line(lambda settings, sr: len(DIFFUSERS) * ring_size(max(DIFFUSERS), sr))
    network = Line(lambda settings, sr: PER_SIDE * ring_size(MAX_SIZE * SHORTEST * SPREAD + MAX_DEPTH, sr))
    known, gains = Memory(lambda settings: 4), Memory(lambda settings: NOW + LINES)
    waves, lows, entries = (
        Memory(lambda settings: LINES),
        Memory(lambda settings: LINES),
        Memory(lambda settings: SIDES),
    )
    at_early, at_diffuser, at_line = State(0), State(0), State(0)
    held, depth, turn = State(), State(), State()

    def lanes(inputs, settings):
        return {"out": SIDES}

    def block(
        audio, decay, treble, crossover, size, pre_delay, diffusion, modulation, rate, freeze, mix, out,
        early, diffusers, network, known, gains, waves, lows, entries, at_early, at_diffuser, at_line, held, depth,
        turn, sr, dt,
    ):  # fmt: skip
        early_size = early.shape[1]
        diffuser_size, line_size = diffusers.shape[1] // len(DIFFUSERS), network.shape[1] // PER_SIDE
        deepest = MAX_DEPTH * sr
        for i in range(out.shape[0]):
            set_gains(known, gains, decay[i, 0], treble[i, 0], size[i, 0], sr, line_size)
            is_frozen = freeze[i, 0] > 0.5
            held[0] = clip(held[0] + (dt if is_frozen else -dt) / FADE_SECONDS, 0.0, 1.0)
            wanted = 0.0 if is_frozen else clip(read_double(modulation, (i, 0)), 0.0, 1.0) * deepest
            depth[0] += clip(wanted - depth[0], -deepest * dt / DEPTH_SECONDS, deepest * dt / DEPTH_SECONDS)
            turn[0] = wrap(turn[0] + read_double(rate, (i, 0)) * dt)
            after_early = next_position(at_early[0], early_size)
            for side in range(SIDES):
                early[side, at_early[0]] = side_of(audio, i, side)
                x = ring_tap(early, side, 0, early_size, after_early, 1.0 + read_double(pre_delay, (i, 0)) * sr)
                g = clip(read_double(diffusion, (i, 0)), 0.0, 0.85)
                for k in range(len(DIFFUSERS)):
                    x = diffused(
                        diffusers, side, k * diffuser_size, diffuser_size, at_diffuser[0], DIFFUSERS[k] * sr, g, x
                    )
                entries[side] = (1.0 - held[0]) * gains[ENTRY] * x
            at_early[0] = after_early
            at_diffuser[0] = next_position(at_diffuser[0], diffuser_size)
            low_part = 1.0 - decay_factor(1.0 / (TAU * max(read_double(crossover, (i, 0)), 10.0)), dt)
            theta = 0.25 * clip(read_double(mix, (i, 0)), 0.0, 1.0)
            for side in range(SIDES):
                room = 0.0
                for j in range(PER_SIDE):
                    k = PER_SIDE * side + j
                    gains[NOW + k] += clip(gains[DELAY + k] - gains[NOW + k], -GLIDE, GLIDE)
                    delay = gains[NOW + k] + depth[0] * sin_turn(turn[0] + GOLDEN * k)
                    y = ring_tap(network, side, j * line_size, line_size, at_line[0], delay)
                    room += y if j & 1 else -y
                    lows[k] += low_part * (y - lows[k])
                    kept = gains[HIGH + k] * y + (gains[LOW + k] - gains[HIGH + k]) * lows[k]
                    waves[k] = kept + held[0] * (y - kept)
                out[i, side] = cos_turn(theta) * side_of(audio, i, side) + sin_turn(theta) * room / sqrt(PER_SIDE)
            hadamard(waves)
            for side in range(SIDES):
                for j in range(PER_SIDE):
                    entry = entries[side] if j & 2 else -entries[side]
                    network[side, j * line_size + at_line[0]] = 0.25 * waves[PER_SIDE * side + j] + entry
            at_line[0] = next_position(at_line[0], line_size)


def set_gains(known, gains, decay, treble, size, sr, line_size):
    """Compute the delays of the lines in samples, and their gains at low and high frequencies, if an input changed."""
    if known[0] == decay and known[1] == treble and known[2] == size and known[3] == sr:
        return
    is_new = known[3] != sr
    known[0], known[1], known[2], known[3] = decay, treble, size, sr
    energy = 0.0
    for k in range(LINES):
        seconds = SHORTEST * exp2(log2(SPREAD) * wrap(GOLDEN * k)) * clip(size, 0.01, MAX_SIZE)
        delay = clip(nearest(seconds * sr), 2.0, line_size - 4.0)
        octaves = -LOG2_1000 * delay / (sr * max(decay, 0.001))
        gains[DELAY + k] = delay
        if is_new:
            gains[NOW + k] = delay
        gains[LOW + k] = exp2(octaves)
        gains[HIGH + k] = exp2(octaves / clip(treble, 0.01, 1.0))
        energy += gains[LOW + k] * gains[LOW + k] / LINES
    gains[ENTRY] = sqrt(1.0 - energy)


def diffused(line, side, first, size, position, delay, g, x):
    """Return a sample through Schroeder's all-pass in the ring at ``first``."""
    back = ring_at(line, side, first, size, position - int(nearest(delay)))
    w = x + g * back
    line[side, first + position] = w
    return back - g * w


def hadamard(x):
    """Multiply sixteen numbers by a Hadamard matrix, in place."""
    step = 1
    while step < LINES:
        for start in range(0, LINES, 2 * step):
            for k in range(start, start + step):
                a, b = x[k], x[k + step]
                x[k], x[k + step] = a + b, a - b
        step *= 2
