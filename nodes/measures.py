"""Measures of sounds, live: tuning, tempo, and the distance of two sounds."""

from nodegraph.maths import floor, log2, log10, read_double, rising_edge
from nodegraph.node import Example, FrameIn, In, Node, Out, Scratch, State, Table
from nodegraph.spectral.bands import bounds, log_matrix
from nodegraph.spectral.ring import play_ring

from .listening import held_values, hold

A4 = 69.0  # MIDI note
LEAST_HZ = 1.0  # lower frequencies are no pitch
OCTAVES, PER_OCTAVE, LOWEST_HZ = 8, 3, 45.0  # of the bands whose levels are compared
BANDS = OCTAVES * PER_OCTAVE
RANGE_DB, FLOOR_DB = 50.0, -90.0  # levels below the loudest band, and below full scale, count as silence


class Tuning(Node):
    """Measures how far a pitch is from the nearest note, as a tuner: ``100 (x - note)``, ``x = 69 + 12 log₂(f / A)``.

    Wire ``frequency`` of the block ``pitch`` to it. Without a pitch both outputs are 0.
    """

    words = "tuner, cents, intonation, in tune, Stimmung"
    example = Example(vary="reference", values={"frequency": 445.0}, output="note", heard="note")

    frequency = In(0.0, unit="Hz", min=0.0, max=20000.0, doc="pitch; 0 for none")
    reference = In(440.0, unit="Hz", min=380.0, max=480.0, doc="frequency of the note A above middle C")
    cents = Out(unit="cents", doc="how far the pitch is above the nearest note, -50 to 50")
    note = Out(unit="note", doc="MIDI number of that note")

    def tick(frequency, reference):
        heard = frequency > LEAST_HZ
        exact = A4 + 12.0 * log2(max(frequency, LEAST_HZ) / max(reference, LEAST_HZ))
        nearest = floor(exact + 0.5)
        return (100.0 * (exact - nearest) if heard else 0.0), (nearest if heard else 0.0)

    display = "tuner"

    def dot(cents, note):
        return (cents, note) if note > 0.0 else None


def middle_of_three(a, b, c):
    """Return the median of three numbers."""
    return max(min(a, b), min(max(a, b), c))


def middle_of_five(a, b, c, d, e):
    """Return the median of five numbers."""
    return middle_of_three(e, max(min(a, b), min(c, d)), min(max(a, b), max(c, d)))


class TempoMeter(Node):
    """Measures the tempo of triggers: ``60 / (per_beat t)`` bpm, ``t`` the median of the last five times between them.

    Wire the trigger of ``onset``, a clock or a key to it. The median ignores a trigger that is missing, or one too
    many. It is 0 before the second trigger, and stays afterwards.
    """

    words = "tap tempo, BPM, beat, tempo detection, beat tracker"
    example = Example(vary="", inputs={"trigger": "gate"}, heard="hertz")

    trigger = In(0.0, unit="gate", min=0.0, max=1.0, doc="a rising edge is a trigger")
    per_beat = In(1.0, min=0.0625, max=64.0, taper="log", doc="triggers in a beat")
    tempo = Out(unit="bpm", doc="beats per minute")
    last, first, second, third, fourth, fifth = (State() for _ in range(6))
    since = State(-1.0)

    def tick(trigger, per_beat, last, first, second, third, fourth, fifth, since, dt):
        rises = rising_edge(trigger, last)
        counts = rises and since >= 0.0  # the first trigger ends no time
        fifth = fourth if counts else fifth
        fourth = third if counts else fourth
        third = second if counts else third
        second = first if counts else second
        first = since if counts else first
        since = 0.0 if rises else since
        middle = middle_of_three(first, second, third) if third > 0.0 else first
        middle = middle_of_five(first, second, third, fourth, fifth) if fifth > 0.0 else middle
        tempo = 60.0 / (middle * max(per_beat, 0.0625)) if middle > 0.0 else 0.0
        return tempo, trigger, first, second, third, fourth, fifth, (since + dt if since >= 0.0 else since)


def band_weights(settings, sr):
    """Return the bands whose levels are compared, thirds of an octave: (24, bins)."""
    return log_matrix(OCTAVES, PER_OCTAVE, LOWEST_HZ, settings["size"], sr)


def band_level(magnitude, weights, limits, b, bins, size):
    """Return the level of a band in dB, relative to a sine of full scale under a Hann window in each of its bins."""
    power = 0.0
    for k in range(int(limits[2 * b]), int(limits[2 * b + 1])):
        m = 4.0 / size * read_double(magnitude, k)
        power += read_double(weights, b * bins + k) * m * m
    return 10.0 * log10(power + 1e-20)


class SpectralDistance(Node):
    """Measures how different two sounds are: the mean difference of the levels of bands, thirds of an octave, in dB.

    ``d = Σ |10 log10(P_b / Q_b)| / n`` over the ``n`` bands that are less than 50 dB below the loudest of the frame, in
    either sound; 0 for equal sounds, 6 for a gain of 6 dB. ``louder`` keeps the signs of the differences.
    """

    words = "distance, compare, difference, similarity, how alike"
    example = Example(vary="", inputs={"magnitude": "glide", "target": "saw"}, heard="source")

    magnitude = FrameIn("magnitude", doc="magnitudes of the sound")
    target = FrameIn("magnitude", doc="magnitudes of the sound that it is compared with")
    smoothing = In(0.3, unit="s", min=0.0, max=10.0, doc="time constant of the mean over frames; 0 for none")
    distance = Out(unit="dB", doc="mean size of the differences")
    louder = Out(unit="dB", doc="mean difference; above 0 if the sound is louder than the target")
    weights = Table(band_weights)
    limits = Table(lambda settings, sr: bounds(band_weights(settings, sr)))
    levels, targets = (Scratch(lambda settings, sr: BANDS) for _ in range(2))
    distances, differences = held_values(), held_values()
    read_distance, read_difference = State(0), State(0)
    mean, mean_difference = State(-1.0), State()  # a negative mean: no frame yet

    def frame(
        magnitude, target, smoothing, weights, limits, levels, targets, distances, distances_size, differences,
        read_distance, read_difference, mean, mean_difference, bins, size, hop, age, dt,
    ):  # fmt: skip
        loudest = FLOOR_DB + RANGE_DB
        for b in range(BANDS):
            levels[b] = band_level(magnitude, weights, limits, b, bins, size)
            targets[b] = band_level(target, weights, limits, b, bins, size)
            loudest = max(loudest, max(read_double(levels, b), read_double(targets, b)))
        least = loudest - RANGE_DB
        total = signed = 0.0
        count = 0
        for b in range(BANDS):
            level, aim = max(read_double(levels, b), least), max(read_double(targets, b), least)
            if max(level, aim) > least:
                total += abs(level - aim)
                signed += level - aim
                count += 1
        step = min(hop * dt / max(smoothing, hop * dt), 1.0) if mean[0] >= 0.0 else 1.0
        before = max(mean[0], 0.0)
        mean[0] = before + (total / max(count, 1) - before) * step
        mean_difference[0] += (signed / max(count, 1) - mean_difference[0]) * step
        hold(distances, distances_size, read_distance, age, hop, mean[0])
        hold(differences, distances_size, read_difference, age, hop, mean_difference[0])

    def block(distance, louder, distances, differences, read_distance, read_difference):
        play_ring(distance, distances, read_distance)
        play_ring(louder, differences, read_difference)
