"""Loudness: amplifiers, gates, compressors, limiters; and distortion.

Levels and thresholds are in dB of full scale. Attack and release are time constants in seconds.
"""

import numpy as np

from nodegraph.maths import (
    clip,
    db_to_gain,
    decay_factor,
    exp2,
    gain_to_db,
    nearest,
    read_double,
    sin_turn,
    sqrt,
    tanh,
    wrap,
)
from nodegraph.node import Axis, Choice, Curves, Example, Gauge, In, Line, Node, Out, State, Table

from .loudness import OVERSAMPLING, TAPS, interpolators
from .mixing import lane_of

AUDIO = In(0.0, doc="signal to process")
ATTACK = In(0.005, unit="s", min=0.0, max=1.0, doc="time constant when the level rises")
RELEASE = In(0.1, unit="s", min=0.0, max=5.0, doc="time constant when the level falls")
LINKED = 0
LINK = Choice("linked", "separate", doc="one gain for all lanes, or one for each")
THRESHOLD = In(-20.0, unit="dB", min=-80.0, max=0.0, doc="level above which the gain is reduced")
GAUGE = Gauge("reduction", 24.0, "dB")
LEVELS = np.linspace(-60.0, 0.0, 121)  # dB, of the sounds in drawings
LOUD_LEVELS = np.linspace(-36.0, 12.0, 97)  # dB, of those in drawings of a limiter
LEAST_REDUCTION = 0.05  # dB, that a dot shows


def level_curve(levels, out):
    """Return the curve of the output level over the input level, both in dB, beside that of an unchanged sound."""
    low, high = float(levels[0]), float(levels[-1])
    y = Axis("level out", low, max(high, float(np.max(out))), "dB")
    return Curves(Axis("level in", low, high, "dB"), y, levels, {"out": np.asarray(out), "unchanged": levels})


class Vca(Node):
    """Sets the volume of a sound, a voltage-controlled amplifier: ``y = gain x``. Wire an envelope to ``gain``."""

    words = (
        "gain, amp, amplifier, volume, level, voltage controlled amplifier, attenuator, attenuate, fader, Verstärker, "
        "Lautstärke, amplificateur, amplitude, mute, trim, louder, softer, quieter, expression pedal, Utility, ampli, "
        "volumen, Mutes"
    )

    audio = AUDIO
    gain = In(1.0, unit="ratio", min=0.0, max=2.0, doc="factor; 1 is unchanged")
    interchangeable = (("audio", "gain"),)
    out = Out(doc="amplified signal")

    def tick(audio, gain):
        return audio * gain


class Gater(Node):
    """Switches a sound on and off with a square wave, a hard tremolo: ``y = x (1 + sqr(2π f t)) / 2``.

    It starts open. ``fade`` makes the edges ramps, without clicks. The gater of Barkan & Tsiris, Deep synthesizer
    parameter estimation (2019), has none.
    """

    words = "chopper, trance gate, stutter, slicer, rhythmic gate, chop, gate effect, beat slicer"

    audio = AUDIO
    frequency = In(4.0, unit="Hz", min=0.01, max=100.0, taper="log", doc="cycles per second")
    width = In(0.5, unit="cycles", min=0.0, max=1.0, doc="fraction of the cycle that is open")
    amount = In(1.0, unit="ratio", min=0.0, max=1.0, doc="depth; 1 closes completely")
    fade = In(0.0, unit="s", min=0.0, max=0.1, doc="time in which it opens and closes; 0 is immediate")
    out = Out(doc="gated signal")
    phase, openness = State(), State(1.0)

    def tick(audio, frequency, width, amount, fade, phase, openness, dt):
        step = min(dt / max(fade, 1e-9), 1.0)
        openness = clip((1.0 if phase < width else 0.0) - openness, -step, step) + openness
        return audio * (1.0 - amount + amount * openness), wrap(phase + frequency * dt), openness


RMS_SECONDS = 0.02  # time constant of the mean of squares


class Follower(Node):
    """Follows the level of a sound, its peaks or its RMS: ``e += (p - e)(1 - exp(-dt/τ))``, τ is attack or release.

    ``p`` is the peak, ``max(|x|, p)`` that falls with ``release``, or the root of the mean of ``x²`` over about 20 ms.
    A full-scale sine has 1 or 0.7071. The smooth decoupled detector of Giannoulis, Massberg & Reiss (J. Audio Eng.
    Soc., 2012).
    """

    words = (
        "env~, envelope follower, amplitude, amp follower, level detector, rectifier, RMS, loudness follower, peak "
        "follower, env follower, ducking, auto wah, Hüllkurvenverfolger, suiveur, average~, peakamp~, snapshot~"
    )
    example = Example(inputs={"audio": "plucks"}, heard="level")

    audio, attack, release = AUDIO, ATTACK, RELEASE
    mode = Choice("peak", "rms", doc="level to measure")
    out = Out(unit="ratio", doc="level, 1 for full scale")
    held, level = State(), State()

    def tick(audio, attack, release, mode, held, level, dt):
        if mode == 0:
            held = max(abs(audio), held * decay_factor(release, dt))
            now = held
        else:
            square = audio * audio
            held = square + (held - square) * decay_factor(RMS_SECONDS, dt)
            now = sqrt(held)
        level = now + (level - now) * decay_factor(attack if now > level else release, dt)
        return level, held, level


class NoiseGate(Node):
    """Mutes a sound that is softer than ``threshold``: opens above it, closes ``hysteresis`` dB below.

    The gate stays open for ``hold`` and then falls to the gain ``floor``.
    """

    words = (
        "gate, expander, silence, squelch, gating, threshold, downward expander, Rauschsperre, porte de bruit, hiss, "
        "DetectSilence, silence detector"
    )
    example = Example(inputs={"audio": "plucks"})

    audio = AUDIO
    threshold = In(-50.0, unit="dB", min=-100.0, max=0.0, doc="level that opens the gate")
    hysteresis = In(6.0, unit="dB", min=0.0, max=30.0, doc="distance from the threshold to the closing level")
    attack = In(0.001, unit="s", min=0.0, max=1.0, doc="time constant of opening")
    hold = In(0.05, unit="s", min=0.0, max=2.0, doc="time that the gate stays open after the level has fallen")
    release = RELEASE
    floor = In(-80.0, unit="dB", min=-100.0, max=0.0, doc="gain of the closed gate")
    out = Out(doc="gated signal")
    level, left, gain = State(), State(), State()

    def tick(audio, threshold, hysteresis, attack, hold, release, floor, level, left, gain, dt):
        level = max(abs(audio), level * decay_factor(0.02, dt))
        limit = db_to_gain(threshold - (max(hysteresis, 0.0) if left > 0.0 else 0.0))
        is_open = level > limit
        left = max(hold, dt) if is_open else max(left - dt, 0.0)
        target = 1.0 if left > 0.0 else db_to_gain(floor)
        gain = target + (gain - target) * decay_factor(attack if target > gain else release, dt)
        return audio * gain, level, left, gain

    display = "curves"

    def drawing(threshold, hysteresis, floor):
        levels = np.linspace(-80.0, 0.0, 321)
        closes = threshold - max(hysteresis, 0.0)
        rising, falling = (np.where(levels > limit, levels, levels + floor) for limit in (threshold, closes))
        y = Axis("level out", -80.0, 0.0, "dB")
        return Curves(Axis("level in", -80.0, 0.0, "dB"), y, levels, {"opens": rising, "closes": falling})

    def dot(level, gain):
        in_db = gain_to_db(max(level, 1e-6))
        return (in_db, in_db + gain_to_db(max(gain, 1e-6))) if in_db > -80.0 else None


def reduction_of(level, threshold, ratio, knee):
    """Return the gain reduction in dB at a steady level; above the knee ``(1 - 1/ratio)`` of the excess."""
    over = level - threshold
    knee = max(knee, 0.001)
    bend = clip(over + 0.5 * knee, 0.0, knee)
    return (1.0 - 1.0 / max(ratio, 1.0)) * (bend * bend / (2.0 * knee) + max(over - 0.5 * knee, 0.0))


def excess_of(reduction, ratio, knee):
    """Return how many dB above the threshold a level has a gain reduction: the inverse of :func:`reduction_of`."""
    slope = 1.0 - 1.0 / ratio
    return reduction / slope if reduction >= 0.5 * slope * knee else sqrt(2.0 * knee * reduction / slope) - 0.5 * knee


class Compressor(Node):
    """Reduces the volume above ``threshold``: ``ratio`` dB more at the input are 1 dB more at the output.

    The gain reduction in dB follows a static curve with a quadratic knee and is smoothed with attack and release:
    the feed-forward design of Giannoulis, Massberg & Reiss, Digital dynamic range compressor design (J. Audio
    Eng. Soc., 2012). Linked lanes share the gain that the loudest needs, so that a stereo sound stays in its place.
    """

    words = (
        "compression, compander, comp, sidechain, ducking, ducker, duck, glue, dynamics, punch, squash, leveler, "
        "levelling, expander, upward compression, pump, omx.comp~, Kompressor, compresseur, multiband compressor, "
        "deesser, NY compression"
    )

    audio = AUDIO
    key = In(0.0, doc="side chain: signal that is measured if listen is key")
    threshold = THRESHOLD
    ratio = In(4.0, unit="ratio", min=1.0, max=50.0, taper="log", doc="dB at the input per dB at the output")
    knee = In(6.0, unit="dB", min=0.0, max=30.0, doc="width of the knee around the threshold")
    attack, release = ATTACK, RELEASE
    gain = In(0.0, unit="dB", min=-20.0, max=40.0, doc="make-up gain")
    listen = Choice("audio", "key", doc="signal that is measured")
    link = LINK
    linked_by = "link"
    example = Example(inputs={"audio": "plucks"})
    out = Out(doc="compressed signal")
    reduction = Out(unit="dB", doc="gain reduction")
    smoothed = State()

    def block(
        audio, key, threshold, ratio, knee, attack, release, gain, listen, link, out, reduction, smoothed, dt
    ):  # fmt: skip
        lanes = out.shape[1]
        for i in range(out.shape[0]):
            loudest = 0.0
            for lane in range(lanes):
                loudest = max(loudest, abs(lane_of(audio if listen == 0 else key, i, lane)))
            for lane in range(lanes):
                level = loudest if link == LINKED else abs(lane_of(audio if listen == 0 else key, i, lane))
                target = reduction_of(
                    gain_to_db(level), lane_of(threshold, i, lane), lane_of(ratio, i, lane), lane_of(knee, i, lane)
                )
                time = lane_of(attack, i, lane) if target > smoothed[lane] else lane_of(release, i, lane)
                smoothed[lane] = target + (smoothed[lane] - target) * decay_factor(time, dt)
                out[i, lane] = lane_of(audio, i, lane) * db_to_gain(lane_of(gain, i, lane) - smoothed[lane])
                reduction[i, lane] = smoothed[lane]

    display = "curves"
    gauge = GAUGE

    def drawing(threshold, ratio, knee, gain):
        return level_curve(LEVELS, [x + gain - reduction_of(x, threshold, ratio, knee) for x in LEVELS])

    def dot(threshold, ratio, knee, gain, reduction):
        if reduction < LEAST_REDUCTION or ratio <= 1.0:
            return None
        level = threshold + excess_of(reduction, ratio, knee)
        return level, level + gain - reduction


LOOK_AHEAD = 64  # samples over which the gain falls
CENTRE = TAPS // 2  # samples until the interpolation knows a peak
DELAYED = 128  # samples, a power of two above the latency
HOLD_SECONDS = 0.02  # half a cycle of 25 Hz, during which the gain is held


def stages_of(sr):
    """Return the number of stages of the running maximum over the look-ahead and the hold: 2^stages samples."""
    stages = 6
    while (1 << stages) < LOOK_AHEAD + HOLD_SECONDS * sr:
        stages += 1
    return stages


class Limiter(Node):
    """Limits peaks to ``ceiling`` without distortion, also those between samples, with a look-ahead of 1.5 ms.

    A peak ``p``, the largest of four interpolated values per sample (ITU-R BS.1770), needs a cut of ``max(0, 1 -
    ceiling / p)``. The largest cut of the last 64 samples and 20 ms, which then decays with ``release``, is averaged
    over 64 samples, so that the gain is low enough when the peak leaves the delay, and steady during a cycle of the
    bass. A maximum over 2^n samples takes n comparisons, each twice as far back as the previous one. Linked lanes share
    the gain that the loudest needs.
    """

    words = (
        "brickwall, maximizer, maximiser, peak limiter, protect, ceiling, limit, mastering, master, loud, normalize, "
        "normalizer, limi~, Begrenzer, limiteur, louder"
    )

    audio = AUDIO
    ceiling = In(-0.3, unit="dB", min=-40.0, max=0.0, doc="highest output level")
    release = RELEASE
    link = LINK
    linked_by = "link"
    example = Example(inputs={"audio": "plucks"}, values={"ceiling": -20.0})
    out = Out(doc="limited signal, 71 samples late")
    reduction = Out(unit="dB", doc="gain reduction")
    filters = Table(interpolators)
    largest = Line(lambda settings, sr: stages_of(sr) << stages_of(sr))
    cuts = Line(lambda settings, sr: LOOK_AHEAD)
    delayed = Line(lambda settings, sr: 2 * DELAYED)  # twice, so that the newest samples are adjacent
    held, total = State(), State()
    position = State(0)

    def latency(settings, sr):
        return LOOK_AHEAD - 1 + CENTRE

    def block(
        audio, ceiling, release, link, out, reduction, filters, largest, cuts, delayed, held, total, position, sr, dt
    ):  # fmt: skip
        lanes, stages = out.shape[1], stages_of(sr)
        window = 1 << stages
        for i in range(out.shape[0]):
            at = position[0]
            loudest = 0.0
            for lane in range(lanes):
                here = at & (DELAYED - 1)
                delayed[lane, here] = delayed[lane, here + DELAYED] = lane_of(audio, i, lane)
                loudest = max(loudest, peak_of(delayed, lane, at, filters))
            for lane in range(lanes):
                top = db_to_gain(lane_of(ceiling, i, lane))
                peak = loudest if link == LINKED else peak_of(delayed, lane, at, filters)
                cut = 1.0 - top / max(peak, top)
                for stage in range(stages):
                    ring = stage << stages
                    before = read_double(largest, (lane, ring + ((at - (1 << stage)) & (window - 1))))
                    largest[lane, ring + (at & (window - 1))] = cut
                    cut = max(cut, before)
                held[lane] = max(cut, held[lane] * decay_factor(lane_of(release, i, lane), dt))
                place = at & (LOOK_AHEAD - 1)
                total[lane] -= read_double(cuts, (lane, place))
                cuts[lane, place] = held[lane]
                total[lane] += read_double(cuts, (lane, place))
                gain = clip(1.0 - total[lane] * (1.0 / LOOK_AHEAD), 0.0, 1.0)
                late = read_double(delayed, (lane, (at - (LOOK_AHEAD - 1 + CENTRE)) & (DELAYED - 1)))
                out[i, lane] = clip(late * gain, -top, top)  # the lines round to float32
                reduction[i, lane] = -gain_to_db(max(gain, 1e-6))
            position[0] = (at + 1) & ((1 << 30) - 1)

    display = "curves"
    gauge = GAUGE

    def drawing(ceiling):
        return level_curve(LOUD_LEVELS, np.minimum(LOUD_LEVELS, ceiling))

    def dot(ceiling, reduction):
        return (ceiling + reduction, ceiling) if reduction >= LEAST_REDUCTION else None


def peak_of(delayed, lane, at, filters):
    """Return the largest of the newest sample that all filters cover, and of the three values after it."""
    first = (at & (DELAYED - 1)) + DELAYED + 1 - TAPS
    peak = abs(read_double(delayed, (lane, first + TAPS - 1 - CENTRE)))
    for phase in range(1, OVERSAMPLING):
        value = 0.0
        for k in range(0, TAPS, 4):  # four products do not wait for each other
            f, d = TAPS * phase + k, first + k
            value += (
                read_double(filters, f) * read_double(delayed, (lane, d))
                + read_double(filters, f + 1) * read_double(delayed, (lane, d + 1))
            ) + (
                read_double(filters, f + 2) * read_double(delayed, (lane, d + 2))
                + read_double(filters, f + 3) * read_double(delayed, (lane, d + 3))
            )
        peak = max(peak, abs(value))
    return peak


class Drive(Node):
    """Adds distortion (overdrive, saturation, fuzz): ``y = gain · curve(10^(drive / 20) x + bias)``, within ±1.

    soft: ``tanh x``; hard: clipped; fold: reflected at ±1 (wavefolder); sine: ``sin(πx/2)``. ``bias`` shifts the
    curve, which adds even harmonics. Harmonics above half the sample rate alias, unless ``oversampling`` is set: the
    worst alias of a sine of 5 kHz at 24 dB lies at -15 dB, with a factor of 2 at -34 dB, 4 at -65 dB, 8 at -114 dB.
    """

    words = (
        "distortion, overdrive, saturation, saturate, fuzz, tanh, soft clip, shaper, tube, valve, warm, warmth, tape "
        "saturation, amp, guitar amp, crunch, dirt, grit, boost, clipper, Verzerrer, Verzerrung, Sättigung, "
        "distorsion, saturateur, preamp, heat, distort, Roar, Pedal, drive pedal"
    )

    audio = AUDIO
    drive = In(12.0, unit="dB", min=0.0, max=60.0, doc="gain before the curve")
    bias = In(0.0, unit="ratio", min=-1.0, max=1.0, doc="offset before the curve")
    gain = In(1.0, unit="ratio", min=0.0, max=1.0, doc="gain after the curve")
    shape = Choice("soft", "hard", "fold", "sine", doc="shape of the curve")
    out = Out(doc="distorted signal")

    def tick(audio, drive, bias, gain, shape):
        x = audio * db_to_gain(drive) + bias
        if shape == 0:
            y = tanh(x)
        elif shape == 1:
            y = clip(x, -1.0, 1.0)
        elif shape == 2:
            y = 1.0 - 4.0 * abs(wrap(0.25 * x + 0.25) - 0.5)
        else:
            y = sin_turn(0.25 * x)
        return y * gain

    display = "curves"

    def drawing(drive, bias, gain, shape):
        x = np.linspace(-1.0, 1.0, 161)
        y = np.array([Drive.tick(value, drive, bias, gain, shape) for value in x])
        return Curves(Axis("input", -1.0, 1.0), Axis("output", -1.0, 1.0), x, {"": y})


class BitCrusher(Node):
    """Crushes a sound to few bits and a low sample rate: ``y = round(2^(bits - 1) x) / 2^(bits - 1)``, held.

    A sample is held for ``1 / rate`` seconds, or not at all from the rate of the engine on. Quantisation and aliasing
    are its sound: nothing is filtered or dithered. ``bits`` may be a fraction.
    """

    words = (
        "bitcrush, crush, decimator, decimate, downsample, sample rate reduction, degrade~, lo-fi, redux, 8 bit, "
        "chiptune, retro, reduce bits, Erosion, sample rate, bit depth"
    )
    example = Example(values={"bits": 4.0, "rate": 4000.0}, vary="rate", plot="wave")

    audio = AUDIO
    bits = In(8.0, unit="bits", min=1.0, max=24.0, doc="resolution; full scale has 2^bits steps")
    rate = In(11025.0, unit="Hz", min=20.0, max=192000.0, taper="log", doc="samples that are taken per second")
    out = Out(doc="crushed signal")
    held, phase = State(), State(1.0)

    def tick(audio, bits, rate, held, phase, dt):
        steps = exp2(clip(bits, 1.0, 24.0) - 1.0)
        taken = phase >= 1.0
        held = nearest(audio * steps) / steps if taken else held
        phase = wrap(phase) if taken else phase
        return held, held, phase + clip(rate * dt, 0.0, 1.0)
