"""Granular synthesis: clouds of short grains of a recorded sound."""

from nodegraph.blocks.band_limited import RESOLUTION, windowed_sinc
from nodegraph.blocks.loaded_sound import CHANNELS, FRAMES, FileInMemory
from nodegraph.blocks.sound_streaming import read_header
from nodegraph.maths import (
    clip,
    cos_turn,
    exp2,
    finite_or_zero,
    floor,
    lerp,
    log,
    next_random,
    read_double,
    semitones_to_ratio,
    sin_turn,
    sqrt,
    uniform,
)
from nodegraph.node import Choice, Example, Helper, In, Line, Memory, Node, Option, Out, State, Table

from .delays import next_position
from .mixing import lane_of, side_of

SIDES = 2
MAX_GRAINS = 64  # at the same time
ZEROS, BETA = 8, 5.65  # of the sinc between samples: aliases below -60 dB
WHOLE_BAND = 0.815  # cutoff of the sinc whose stopband begins at the Nyquist frequency
MIN_CUTOFF = 0.125
MARGIN = 2 + 8 * ZEROS  # samples on both sides of a grain that the interpolation may need
# Fields of a grain: age and length in samples, position of its start, samples per sample, cutoff, gains.
AGE, LENGTH, START, STEP, CUTOFF, LEFT, RIGHT = range(7)
GRAIN_SIZE = 7


class Granular(Node):
    """Plays a cloud of grains of a file, or of the last seconds of its input: frozen, stretched, transposed, scattered.

    ``density`` grains per second start at regular times, or, with ``jitter`` 1, at random ones (a Poisson process).
    Each is a windowed piece of ``duration`` seconds from ``position``; the spreads are the largest random differences.
    The sum is divided by ``√(density · duration)``, the root of the number of grains that overlap, if that is above 1;
    64 can sound together. All chance comes from the patch's seed. Roads, Microsound (MIT Press, 2001).
    """

    words = (
        "granular synthesis, granulator, grains, grain, cloud, clouds, texture, GrainBuf, GrainIn, TGrains, munger~, "
        "granulate, particles, microsound, stutter, shimmer, glitch, beads, Granulation, time freeze, Granular Synth, "
        "Körnung, granulaire, atmosphere, graintable, scatter, soundscape, grain cloud, granulize, drone"
    )
    example = Example(inputs={"audio": "plucks"})

    audio = In(0.0, doc="sound for the live buffer; even lanes are on the left, odd ones on the right")
    position = In(0.1, unit="ratio", min=0.0, max=1.0, doc="in the file from its start, or back in the live buffer")
    density = In(20.0, unit="Hz", min=0.1, max=1000.0, taper="log", doc="grains per second")
    duration = In(0.1, unit="s", min=0.001, max=2.0, taper="log", doc="length of a grain")
    pitch = In(0.0, unit="semitones", min=-48.0, max=48.0, doc="transposition of the grains")
    spread = In(0.0, unit="ratio", min=0.0, max=1.0, doc="largest random difference of the position")
    pitch_spread = In(0.0, unit="semitones", min=0.0, max=48.0, doc="largest random difference of the pitch")
    pan_spread = In(0.0, unit="ratio", min=0.0, max=1.0, doc="width of the random places from left to right")
    jitter = In(0.0, unit="ratio", min=0.0, max=1.0, doc="randomness of the times between grains")
    freeze = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="keeps the live buffer while high")
    file = Option("", kind="file", doc="sound file, in the patch's folder; without one the live buffer is played")
    length = Option(4.0, unit="s", min=0.5, max=60.0, doc="length of the live buffer")
    window = Choice("hann", "flat", "decay", doc="envelope: raised cosine, flat with short fades, or a decay by 60 dB")
    out = Out(doc="two lanes, left and right")
    line = Line(lambda settings, sr: int(settings["length"] * sr) + 4 * MARGIN)
    grains = Memory(lambda settings: GRAIN_SIZE * MAX_GRAINS)
    count, head, until = State(0), State(0), State(0.0)
    seed = State(1, seeded=True)
    table = Table(lambda settings, sr: windowed_sinc(ZEROS, BETA))
    sound = Helper(FileInMemory)

    def lanes(inputs, settings):
        return {"out": SIDES}

    def check(settings):
        return read_header(settings["file"])[1]

    def block(
        audio, position, density, duration, pitch, spread, pitch_spread, pan_spread, jitter, freeze, window, out,
        line, grains, count, head, until, seed, table, samples, marks, rates, sr,
    ):  # fmt: skip
        from_file = marks[FRAMES] > 0
        size = line.shape[1]
        for i in range(out.shape[0]):
            frozen = lane_of(freeze, i, 0) > 0.5
            if not frozen:
                for side in range(SIDES):
                    line[side, head[0]] = finite_or_zero(side_of(audio, i, side))
                head[0] = next_position(head[0], size)
            rate = clip(finite_or_zero(lane_of(density, i, 0)), 0.01, 4000.0)
            until[0] = min(until[0], 100.0 * sr)
            if until[0] <= 0.0:
                until[0] += sr / rate * lerp(1.0, -log(1.0 - draw(seed)), clip(lane_of(jitter, i, 0), 0.0, 1.0))
                seconds = clip(finite_or_zero(lane_of(duration, i, 0)), 0.0005, 4.0)
                far = lane_of(position, i, 0) + lane_of(spread, i, 0) * (2.0 * draw(seed) - 1.0)
                tones = lane_of(pitch, i, 0) + lane_of(pitch_spread, i, 0) * (2.0 * draw(seed) - 1.0)
                turn = 0.125 + 0.125 * clip(lane_of(pan_spread, i, 0), 0.0, 1.0) * (2.0 * draw(seed) - 1.0)
                if count[0] < MAX_GRAINS:
                    g = GRAIN_SIZE * count[0]
                    count[0] += 1
                    length = max(floor(seconds * sr + 0.5), 2.0)
                    step = semitones_to_ratio(clip(finite_or_zero(tones), -96.0, 96.0))
                    step *= rates[0] if from_file else 1.0
                    far = clip(finite_or_zero(far), 0.0, 1.0)
                    if from_file:
                        latest = max(marks[FRAMES] - step * length, 0.0)
                        grains[g + START] = floor(clip(far * marks[FRAMES], 0.0, latest))
                    else:
                        back = live_age(far * (size - 4 * MARGIN), step, length, size, frozen)
                        grains[g + START] = head[0] - back
                    loud = 1.0 / sqrt(max(rate * seconds, 1.0))
                    grains[g + AGE], grains[g + LENGTH], grains[g + STEP] = 0.0, length, step
                    grains[g + CUTOFF] = 1.0 if step <= 1.0 else max(WHOLE_BAND / step, MIN_CUTOFF)
                    grains[g + LEFT], grains[g + RIGHT] = loud * cos_turn(turn), loud * sin_turn(turn)
            until[0] -= 1.0
            left, right = 0.0, 0.0
            k = 0
            while k < count[0]:
                g = GRAIN_SIZE * k
                age, length = grains[g + AGE], grains[g + LENGTH]
                level = window_at((age + 0.5) / length, length, window, sr)
                at = grains[g + START] + age * grains[g + STEP]
                whole = floor(at)
                if from_file:
                    a, b = file_values(samples, marks, table, int(whole), at - whole, grains[g + CUTOFF])
                else:
                    a, b = ring_values(line, size, table, int(whole), at - whole, grains[g + CUTOFF])
                left += level * grains[g + LEFT] * a
                right += level * grains[g + RIGHT] * b
                grains[g + AGE] = age + 1.0
                if age + 1.0 >= length:
                    count[0] -= 1
                    last = GRAIN_SIZE * count[0]
                    for field in range(GRAIN_SIZE):
                        grains[g + field] = grains[last + field]
                else:
                    k += 1
            out[i, 0], out[i, 1] = left, right


def draw(seed):
    """Return the next random number, 0 <= x < 1."""
    seed[0] = next_random(seed[0])
    return uniform(seed[0])


def live_age(age, step, length, size, frozen):
    """Return the age nearest to ``age`` (samples) at which a grain meets neither the newest nor the oldest sample."""
    newest = step * length if frozen else max(step - 1.0, 0.0) * length
    oldest = size - (0.0 if frozen else max(1.0 - step, 0.0) * length)
    return floor(min(max(age, newest + MARGIN), max(oldest - 2 * MARGIN, 1.0)))


def window_at(x, length, window, sr):
    """Return the envelope of a grain at ``x``, 0 to 1 of its length in samples."""
    if window == 0:
        return 0.5 - 0.5 * cos_turn(x)
    fade = clip(0.002 * sr / length, 0.0, 0.5)
    edge = clip(min(x, 1.0 - x) / fade, 0.0, 1.0)
    return edge if window == 1 else edge * exp2(-9.965784284662087 * x)


def weight_at(table, distance, cutoff):
    """Return the weight of a sample at a distance from the position."""
    u = min(abs(distance) * cutoff, ZEROS) * RESOLUTION
    i = int(u)
    low = read_double(table, i)
    return cutoff * (low + (u - i) * (read_double(table, i + 1) - low))


def file_values(samples, marks, table, whole, part, cutoff):
    """Return both sides of a file at a position; 0 outside of it."""
    a, b = 0.0, 0.0
    n = int(ZEROS / cutoff) + 1
    channels = marks[CHANNELS]
    other = 1 if channels > 1 else 0
    if part == 0.0 and cutoff == 1.0 and 0 <= whole < marks[FRAMES]:
        return read_double(samples, whole * channels), read_double(samples, whole * channels + other)
    for k in range(max(whole - n + 1, 0), min(whole + n + 1, marks[FRAMES])):
        weight = weight_at(table, k - whole - part, cutoff)
        a += weight * read_double(samples, k * channels)
        b += weight * read_double(samples, k * channels + other)
    return a, b


def ring_values(line, size, table, whole, part, cutoff):
    """Return both sides of the live buffer at a position."""
    if part == 0.0 and cutoff == 1.0:
        return read_double(line, (0, whole % size)), read_double(line, (1, whole % size))
    a, b = 0.0, 0.0
    n = int(ZEROS / cutoff) + 1
    at = (whole - n + 1) % size
    for k in range(2 * n):
        weight = weight_at(table, k - n + 1 - part, cutoff)
        a += weight * read_double(line, (0, at))
        b += weight * read_double(line, (1, at))
        at = next_position(at, size)
    return a, b
