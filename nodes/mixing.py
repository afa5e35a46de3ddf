"""Mixing, panning and lanes, the parallel channels of a wire."""

from nodegraph.maths import clip, cos_turn, exp2, finite_or_zero, read_double, sin_turn, sqrt
from nodegraph.node import Choice, Example, In, Node, Option, Out, Table

AUDIO = In(0.0, doc="input signal")
GAIN = In(1.0, unit="ratio", min=0.0, max=2.0, doc="factor; 1 is unchanged")


class Mixer(Node):
    """Mixes four sounds, each with a volume: ``y = gain (gain_a a + gain_b b + gain_c c + gain_d d)``, per lane."""

    words = (
        "mix, mixing desk, volume, console, sum, submix, add sounds, combine, blend, mixing console, channels, bus, "
        "faders, mc.mixdown~, four channel mixer, Mischpult, Mischer, mélangeur, console de mixage, table de mixage, "
        "layer, submixer, mezclador, drum buss, utility"
    )

    a, b, c, d = (In(0.0, doc="input signal") for _ in range(4))
    gain_a, gain_b, gain_c, gain_d, gain = GAIN, GAIN, GAIN, GAIN, GAIN
    interchangeable = (
        (("a", "gain_a"), ("b", "gain_b"), ("c", "gain_c"), ("d", "gain_d")),
        *((name, f"gain_{name}") for name in "abcd"),
    )
    out = Out(doc="mixed signal")

    def tick(a, b, c, d, gain_a, gain_b, gain_c, gain_d, gain):
        return gain * (gain_a * a + gain_b * b + gain_c * c + gain_d * d)


class Crossfade(Node):
    """Crossfades from ``a`` to ``b``: equal power ``a cos θ + b sin θ``, or linear ``a + (b - a) amount``."""

    words = (
        "crossfader, x-fade, XFade2, LinXFade2, SelectX, blend, dry wet, dry/wet, wet dry, DJ mixer, fade between, "
        "mix two, switch, selector~, select, A/B, ab switch, interpolate, Überblendung, fondu, LinSelectX, switcher, "
        "multiplexer, sequential switch"
    )

    a, b = In(0.0, doc="signal at amount 0"), In(0.0, doc="signal at amount 1")
    amount = In(0.5, unit="ratio", min=0.0, max=1.0, doc="0 is a, 1 is b")
    law = Choice("equal_power", "linear", doc="equal_power for unrelated sounds, linear for similar ones")
    out = Out(doc="mix of the two")

    def tick(a, b, amount, law):
        x = clip(amount, 0.0, 1.0)
        if law == 0:
            return a * cos_turn(0.25 * x) + b * sin_turn(0.25 * x)
        return a + (b - a) * x


class Pan(Node):
    """Pans a sound between left and right in stereo: ``L = x cos θ``, ``R = x sin θ``, with θ from 0 to 90°.

    An equal-power panner: both sides are at -3 dB in the middle. Each lane is panned to its position, and all lanes
    are added to the two output lanes.
    """

    words = (
        "panner, panning, panorama, Pan2, PanAz, stereo, position, left right, autopan, stereo position, spatial, "
        "surround, spatialize, place, Panoramaregler, panoramique, L R, LinPan2, Rotate2"
    )

    audio = AUDIO
    position = In(0.0, unit="ratio", min=-1.0, max=1.0, doc="-1 is left, 1 is right")
    gain = GAIN
    interchangeable = (("audio", "gain"),)
    lane_by_lane = ("audio", "position", "gain")
    out = Out(doc="two lanes, left and right")

    def lanes(inputs, settings):
        return {"out": 2}

    def block(audio, position, gain, out):
        lanes = max(audio.shape[1], max(position.shape[1], gain.shape[1]))
        for i in range(out.shape[0]):
            left = 0.0
            right = 0.0
            for lane in range(lanes):
                x = lane_of(audio, i, lane) * lane_of(gain, i, lane)
                turn = 0.125 + 0.125 * clip(lane_of(position, i, lane), -1.0, 1.0)
                left += x * cos_turn(turn)
                right += x * sin_turn(turn)
            out[i, 0] = left
            out[i, 1] = right


def lane_of(signal, i, lane):
    """Return sample ``i`` of a lane; a signal of one lane is used for every lane."""
    return read_double(signal, (i, lane if signal.shape[1] > 1 else 0))


def side_of(signal, i, side):
    """Return the sum of the even (0) or of the odd (1) lanes of sample ``i``; a single lane is on both sides."""
    lanes = signal.shape[1]
    total = 0.0
    for lane in range(side if lanes > 1 else 0, lanes, 2):
        total += read_double(signal, (i, lane))
    return total


def mean_of_lanes(signal, i):
    """Return the mean of the lanes of sample ``i``; 0 if it is not finite."""
    total = 0.0
    for lane in range(signal.shape[1]):
        total += read_double(signal, (i, lane))
    return finite_or_zero(total / signal.shape[1])


class Balance(Node):
    """Attenuates one side of a stereo sound: the left if ``position`` is above 0, the right if it is below."""

    words = "stereo balance, Balance2, left right, stereo, L/R, bal~, stereo level"
    example = Example(inputs={"audio": "wide"})

    audio = AUDIO
    position = In(0.0, unit="ratio", min=-1.0, max=1.0, doc="-1 is left only, 1 is right only")
    out = Out(doc="two lanes, left and right")

    def lanes(inputs, settings):
        return {"out": 2}

    def block(audio, position, out):
        for i in range(out.shape[0]):
            place = lane_of(position, i, 0)
            out[i, 0] = lane_of(audio, i, 0) * clip(1.0 - place, 0.0, 1.0)
            out[i, 1] = lane_of(audio, i, 1) * clip(1.0 + place, 0.0, 1.0)


class SumLanes(Node):
    """Adds all lanes to one: ``y = Σ xₖ``, their mean, or ``Σ xₖ / √lanes`` for unrelated voices."""

    words = (
        "mixdown, mono, to mono, sum, mc.mixdown~, Mix, stereo to mono, add up, all lanes, merge voices, downmix, "
        "monophonic, sum to mono, fold down, average lanes"
    )

    audio = AUDIO
    scale = Choice("sum", "mean", "power", doc="sum, sum / lanes or sum / √lanes")
    out = Out(doc="one lane")

    def lanes(inputs, settings):
        return {"out": 1}

    def block(audio, scale, out):
        lanes = audio.shape[1]
        factor = 1.0
        if scale == 1:
            factor = 1.0 / lanes
        elif scale == 2:
            factor = sqrt(1.0 / lanes)
        for i in range(out.shape[0]):
            # eight independent sums: a single sum would wait for each addition
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = rest = 0.0
            for lane in range(0, lanes - 7, 8):
                s0 += read_double(audio, (i, lane))
                s1 += read_double(audio, (i, lane + 1))
                s2 += read_double(audio, (i, lane + 2))
                s3 += read_double(audio, (i, lane + 3))
                s4 += read_double(audio, (i, lane + 4))
                s5 += read_double(audio, (i, lane + 5))
                s6 += read_double(audio, (i, lane + 6))
                s7 += read_double(audio, (i, lane + 7))
            for lane in range(lanes - lanes % 8, lanes):
                rest += read_double(audio, (i, lane))
            out[i, 0] = (((s0 + s4) + (s1 + s5)) + ((s2 + s6) + (s3 + s7)) + rest) * factor


class Split(Node):
    """Selects ``count`` lanes of a signal, from lane ``first`` on. Missing lanes are silent."""

    words = (
        "unpack, select lane, demix, separate, mc.unpack~, mc.separate~, channel select, left channel, right channel, "
        "splitter, extract, get channel, lane, demultiplex, split stereo, unstereo, trennen, choose"
    )

    audio = AUDIO
    first = Option(0, min=0, max=1023, doc="index of the first lane, from 0")
    count = Option(1, min=1, max=1024, doc="number of lanes")
    out = Out(doc="selected lanes")

    def lanes(inputs, settings):
        return {"out": max(int(settings["count"]), 1)}

    def block(audio, first, out):
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                source = first + lane
                out[i, lane] = read_double(audio, (i, source)) if 0 <= source < audio.shape[1] else 0.0


class Join(Node):
    """Joins up to four signals into one with all their lanes: first those of ``a``, then those of ``b``, …"""

    words = (
        "pack, merge, combine, stereo, mc.pack~, mc.combine~, polyphony from signals, make stereo, collect, "
        "concatenate, stack, parallel, left and right"
    )

    a, b, c, d = (In(0.0, doc="signal whose lanes are appended") for _ in range(4))
    count = Option(2, min=1, max=4, doc="number of inputs to use")
    out = Out(doc="all lanes of these inputs")

    def lanes(inputs, settings):
        return {"out": sum(inputs.get(name, 1) for name in "abcd"[: max(int(settings["count"]), 1)])}

    def block(a, b, c, d, out):
        after_a = a.shape[1]
        after_b = after_a + b.shape[1]
        after_c = after_b + c.shape[1]
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                if lane < after_a:
                    out[i, lane] = a[i, lane]
                elif lane < after_b:
                    out[i, lane] = b[i, lane - after_a]
                elif lane < after_c:
                    out[i, lane] = c[i, lane - after_b]
                else:
                    out[i, lane] = d[i, lane - after_c]


class Spread(Node):
    """Copies a signal to many lanes, evenly spread around it, for a unison or a bank of voices or partials.

    With ``p`` from -1 to 1 over the lanes: linear ``x + amount p``; ratio ``x 2^(amount p / 12)``, amount in
    semitones; harmonic ``x (1 + amount k)``, k = 0, 1, 2 … Amount 0 makes identical copies.
    """

    words = (
        "unison, Splay, detune spread, mc.spread, voices, stack, bank, SplayAz, fan, Range, distribute, harmonics, "
        "series"
    )
    example = Example(vary="", values={"value": 220.0, "amount": 12.0, "law": "ratio"}, heard="hertz")

    value = In(0.0, min=-20000.0, max=20000.0, doc="signal to copy")
    amount = In(0.0, min=-1000.0, max=1000.0, doc="width of the spread")
    count = Option(2, min=1, max=1024, doc="number of lanes")
    law = Choice("linear", "ratio", "harmonic", doc="law by which the copies differ")
    out = Out(doc="lanes of copies")

    def lanes(inputs, settings):
        return {"out": max(int(settings["count"]), 1)}

    def block(value, amount, law, out):
        lanes = out.shape[1]
        step = 2.0 / (lanes - 1) if lanes > 1 else 0.0
        first = -1.0 if lanes > 1 else 0.0
        for i in range(out.shape[0]):
            x = read_double(value, (i, 0))
            width = read_double(amount, (i, 0))
            for lane in range(lanes):
                if law == 0:
                    y = x + width * (first + step * lane)
                elif law == 1:
                    y = x * exp2(clip(width * (first + step * lane) * 0.08333333333333333, -60.0, 60.0))
                else:
                    y = x * (1.0 + width * lane)
                out[i, lane] = y


class Values(Node):
    """Outputs a list of numbers, one per lane: ratios of partials, notes of a chord, pan positions.

    ``yₖ = scale valuesₖ + offset``.
    """

    words = (
        "list, numbers, array, chord notes, multichannel constant, mc.sig~, message box, harmonics, ratios, vector, "
        "notes list, partials, scale degrees, list of values, polyphony, Liste"
    )
    example = Example(values={"values": [220.0, 275.0, 330.0]}, vary="scale", heard="hertz")

    scale = In(1.0, min=-20000.0, max=20000.0, doc="factor for all values")
    offset = In(0.0, min=-20000.0, max=20000.0, doc="added to all values")
    values = Option((1.0, 2.0), doc="list of numbers")
    out = Out(doc="one lane per value")
    table = Table(lambda settings, sr: list(settings["values"]) or [0.0])

    def lanes(inputs, settings):
        return {"out": max(len(settings["values"]), 1)}

    def block(scale, offset, table, out):
        for i in range(out.shape[0]):
            factor = read_double(scale, (i, 0))
            shift = read_double(offset, (i, 0))
            for lane in range(out.shape[1]):
                out[i, lane] = factor * read_double(table, lane) + shift


class MatrixMixer(Node):
    """Mixes all lanes of a signal to other lanes, each pair with its own gain: ``yₖ = Σⱼ gain[k n + j] xⱼ``.

    ``gain`` is a list of one number per pair: first the gains of all n input lanes to output 0, then those to output 1,
    … A single number is the gain of all pairs; missing gains are 0. Put ``join`` before it to mix several wires.
    """

    words = (
        "matrix, router, routing, crosspoint, mc.matrix~, patchbay, route, matrixctrl, mtx, switch matrix, aux sends, "
        "channel router, Kreuzschiene"
    )

    audio = In(0.0, doc="n input lanes")
    gain = In(1.0, unit="ratio", min=-2.0, max=2.0, doc="gains, one lane per pair of output and input")
    outputs = Option(2, min=1, max=64, doc="number of output lanes")
    out = Out(doc="mixed lanes")

    def lanes(inputs, settings):
        return {"out": max(int(settings["outputs"]), 1)}

    def block(audio, gain, out):
        lanes, gains = audio.shape[1], gain.shape[1]
        for i in range(out.shape[0]):
            for k in range(out.shape[1]):
                total = 0.0
                for lane in range(lanes):
                    pair = k * lanes + lane
                    if gains == 1 or pair < gains:
                        total += lane_of(gain, i, pair) * read_double(audio, (i, lane))
                out[i, k] = total
