"""Loudness: amplifiers, gates, compressors, limiters and overdrive.

Levels and thresholds are in dB of full scale. Attack and release are time constants in seconds.
"""

from nodegraph.maths import clip, db_to_gain, decay_factor, gain_to_db, read_double, sin_turn, sqrt, tanh, wrap
from nodegraph.node import Choice, In, Line, Node, Out, State

AUDIO = In(0.0, doc="signal to process")
ATTACK = In(0.005, unit="s", min=0.0, max=1.0, doc="time constant when the level rises")
RELEASE = In(0.1, unit="s", min=0.0, max=5.0, doc="time constant when the level falls")
THRESHOLD = In(-20.0, unit="dB", min=-80.0, max=0.0, doc="level above which the gain is reduced")


class Vca(Node):
    """Sets the volume of a sound, a voltage-controlled amplifier: ``y = gain x``. Wire an envelope to ``gain``."""

    aliases = ("gain", "amp", "amplifier", "volume")

    audio = AUDIO
    gain = In(1.0, unit="ratio", min=0.0, max=2.0, doc="factor; 1 is unchanged")
    interchangeable = (("audio", "gain"),)
    out = Out(doc="amplified signal")

    def tick(audio, gain):
        return audio * gain


class Gater(Node):
    """Switches a sound on and off with a square wave, a hard tremolo: ``y = x (1 + sqr(2π f t)) / 2``.

    It starts open. The gater of Barkan & Tsiris, Deep synthesizer parameter estimation (2019).
    """

    aliases = ("tremolo",)

    audio = AUDIO
    frequency = In(4.0, unit="Hz", min=0.01, max=100.0, taper="log", doc="cycles per second")
    width = In(0.5, unit="cycles", min=0.0, max=1.0, doc="fraction of the cycle that is open")
    amount = In(1.0, unit="ratio", min=0.0, max=1.0, doc="depth; 1 closes completely")
    out = Out(doc="gated signal")
    phase = State()

    def tick(audio, frequency, width, amount, phase, dt):
        gain = 1.0 if phase < width else 1.0 - amount
        return audio * gain, wrap(phase + frequency * dt)


RMS_SECONDS = 0.02  # time constant of the mean of squares


class Follower(Node):
    """Follows the level of a sound, its peaks or its RMS: ``e += (p - e)(1 - exp(-dt/τ))``, τ is attack or release.

    ``p`` is the peak, ``max(|x|, p)`` that falls with ``release``, or the root of the mean of ``x²`` over about 20 ms.
    A full-scale sine has 1 or 0.7071. The smooth decoupled detector of Giannoulis, Massberg & Reiss (J. Audio Eng.
    Soc., 2012).
    """

    aliases = ("amplitude", "env~")

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

    aliases = ("gate",)

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


def reduction_of(level, threshold, ratio, knee):
    """Return the gain reduction in dB at a steady level; above the knee ``(1 - 1/ratio)`` of the excess."""
    over = level - threshold
    knee = max(knee, 0.001)
    bend = clip(over + 0.5 * knee, 0.0, knee)
    return (1.0 - 1.0 / max(ratio, 1.0)) * (bend * bend / (2.0 * knee) + max(over - 0.5 * knee, 0.0))


class Compressor(Node):
    """Reduces the volume above ``threshold``: ``ratio`` dB more at the input are 1 dB more at the output.

    The gain reduction in dB follows a static curve with a quadratic knee and is smoothed with attack and release:
    the feed-forward design of Giannoulis, Massberg & Reiss, Digital dynamic range compressor design (J. Audio
    Eng. Soc., 2012).
    """

    aliases = ("compander",)

    audio = AUDIO
    key = In(0.0, doc="side chain: signal that is measured if listen is key")
    threshold = THRESHOLD
    ratio = In(4.0, unit="ratio", min=1.0, max=50.0, taper="log", doc="dB at the input per dB at the output")
    knee = In(6.0, unit="dB", min=0.0, max=30.0, doc="width of the knee around the threshold")
    attack, release = ATTACK, RELEASE
    gain = In(0.0, unit="dB", min=-20.0, max=40.0, doc="make-up gain")
    listen = Choice("audio", "key", doc="signal that is measured")
    out = Out(doc="compressed signal")
    reduction = Out(unit="dB", doc="gain reduction")
    smoothed = State()

    def tick(audio, key, threshold, ratio, knee, attack, release, gain, listen, smoothed, dt):
        target = reduction_of(gain_to_db(audio if listen == 0 else key), threshold, ratio, knee)
        smoothed = target + (smoothed - target) * decay_factor(attack if target > smoothed else release, dt)
        return audio * db_to_gain(gain - smoothed), smoothed, smoothed


WINDOW = 64  # samples of look-ahead, a power of two
STAGES = 6


class Limiter(Node):
    """Limits peaks to ``ceiling`` without distortion, with a look-ahead of 63 samples.

    Each sample needs a cut of ``max(0, 1 - ceiling / |x|)``. The largest cut among the next 64 samples, which decays
    with ``release``, is averaged over 64 samples, so that the gain is low enough when the peak leaves the delay. The
    maximum over 64 samples takes six comparisons, each twice as far back as the previous one.
    """

    audio = AUDIO
    ceiling = In(-0.3, unit="dB", min=-40.0, max=0.0, doc="highest output level")
    release = RELEASE
    out = Out(doc="limited signal, 63 samples late")
    reduction = Out(unit="dB", doc="gain reduction")
    largest = Line(lambda settings, sr: WINDOW * STAGES)
    cuts = Line(lambda settings, sr: WINDOW)
    delayed = Line(lambda settings, sr: WINDOW)
    held, total = State(), State()
    position = State(0)

    def latency(settings, sr):
        return WINDOW - 1

    def tick(audio, ceiling, release, largest, cuts, delayed, held, total, position, dt):
        top = db_to_gain(ceiling)
        cut = 1.0 - top / max(abs(audio), top)
        for stage in range(STAGES):
            ring = stage * WINDOW
            before = read_double(largest, ring + ((position - (1 << stage)) & (WINDOW - 1)))
            largest[ring + position] = cut
            cut = max(cut, before)
        held = max(cut, held * decay_factor(release, dt))
        total = total - read_double(cuts, position)
        cuts[position] = held
        total = total + read_double(cuts, position)
        delayed[position] = audio
        position = (position + 1) & (WINDOW - 1)
        gain = clip(1.0 - total * (1.0 / WINDOW), 0.0, 1.0)
        out = clip(read_double(delayed, position) * gain, -top, top)  # the lines round to float32
        return out, -gain_to_db(max(gain, 1e-6)), held, total, position


class Drive(Node):
    """Adds distortion (overdrive, saturation, fuzz): ``y = gain · curve(10^(drive / 20) x + bias)``, within ±1.

    soft: ``tanh x``; hard: clipped; fold: reflected at ±1 (wavefolder); sine: ``sin(πx/2)``. ``bias`` shifts the
    curve, which adds even harmonics. The waveshaper is not band-limited: harmonics above half the sample rate alias.
    """

    aliases = ("distortion", "overdrive", "saturation", "fuzz", "waveshaper", "tanh")

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
