"""Stereo: middle and sides, width, correlation, balance."""

from nodegraph.maths import clip, decay_factor, log10, sqrt
from nodegraph.node import Choice, Example, In, Node, Out, State

from .mixing import lane_of, side_of

SILENCE = 1e-10  # power relative to a full-scale constant
LARGEST_BALANCE = 100.0  # dB


class MidSide(Node):
    """Converts left and right to middle and side, ``M = (L + R) / 2``, ``S = (L - R) / 2``, or back, ``L, R = M ± S``.

    Effects between an encoder and a decoder act on the middle or on the sides alone.
    """

    words = (
        "MS, M/S, mid/side, middle side, mid-side processing, sum and difference, stereo, matrix, sides, ms decode, "
        "ms encode, mono stereo, Mitte Seite"
    )
    example = Example(inputs={"audio": "wide"})

    audio = In(0.0, doc="two lanes: left and right, or middle and side")
    mode = Choice("encode", "decode", doc="encode: to middle and side; decode: to left and right")
    out = Out(doc="two lanes: middle and side, or left and right")

    def lanes(inputs, settings):
        return {"out": 2}

    def block(audio, mode, out):
        factor = 0.5 if mode == 0 else 1.0
        for i in range(out.shape[0]):
            a, b = side_of(audio, i, 0), side_of(audio, i, 1)
            b = b if audio.shape[1] > 1 or mode == 0 else 0.0  # a single lane has no side
            out[i, 0] = factor * (a + b)
            out[i, 1] = factor * (a - b)


class Width(Node):
    """Makes a stereo sound narrower or wider: ``L, R = M ± width S`` with ``M, S = (L ± R) / 2``; 0 is mono.

    The sum of left and right stays the same, so that a wide sound is complete in mono.
    """

    words = (
        "widener, stereo width, stereo widener, imager, stereo imager, wide, wider, stereo, stereo enhancer, narrow, "
        "widen, mono maker, haas, StereoSpread, Breite, Stereobreite, largeur, élargir, stereo field, spread2, "
        "Utility"
    )
    example = Example(inputs={"audio": "wide"})

    audio = In(0.0, doc="two lanes, left and right")
    width = In(1.0, unit="ratio", min=0.0, max=2.0, doc="factor of the difference of left and right; 1 is unchanged")
    out = Out(doc="two lanes, left and right")

    def lanes(inputs, settings):
        return {"out": 2}

    def block(audio, width, out):
        for i in range(out.shape[0]):
            left, right = side_of(audio, i, 0), side_of(audio, i, 1)
            side = 0.5 * (left - right) * lane_of(width, i, 0)
            middle = 0.5 * (left + right)
            out[i, 0] = middle + side
            out[i, 1] = middle - side


class StereoCorrelation(Node):
    """Measures how alike left and right are: ``⟨LR⟩ / √(⟨L²⟩⟨R²⟩)``; 1 is mono, 0 unrelated, -1 cancels in mono.

    The means are exponential, with the time constant ``time``. Silence, on either side, gives 0.
    """

    words = (
        "phase meter, goniometer, correlation, correlation meter, mono compatibility, vectorscope, lissajous, phase "
        "correlation, stereo meter, mono check"
    )
    example = Example(inputs={"audio": "wide"}, heard="source")

    audio = In(0.0, doc="two lanes, left and right")
    time = In(0.3, unit="s", min=0.001, max=10.0, taper="log", doc="time constant of the means")
    out = Out(unit="ratio", doc="correlation, -1 to 1")
    both, left, right = State(), State(), State()

    def lanes(inputs, settings):
        return {"out": 1}

    def block(audio, time, out, both, left, right, dt):
        for i in range(out.shape[0]):
            a, b = side_of(audio, i, 0), side_of(audio, i, 1)
            keep = decay_factor(lane_of(time, i, 0), dt)
            both[0] = a * b + (both[0] - a * b) * keep
            left[0] = a * a + (left[0] - a * a) * keep
            right[0] = b * b + (right[0] - b * b) * keep
            power = left[0] * right[0]
            out[i, 0] = both[0] / sqrt(power) if power > SILENCE * SILENCE else 0.0


class StereoBalance(Node):
    """Measures how much louder the right side is than the left: ``10 log10(⟨R²⟩ / ⟨L²⟩)`` dB; 0 in the middle or mono.

    The means are exponential, with the time constant ``time``. It is clamped to ±100 dB, and 0 in silence.
    """

    words = "balance meter, pan meter, panorama"
    example = Example(vary="", inputs={"audio": "wide"}, heard="source")

    audio = In(0.0, doc="two lanes, left and right")
    time = In(0.3, unit="s", min=0.001, max=10.0, taper="log", doc="time constant of the means")
    out = Out(unit="dB", doc="level of the right side minus that of the left")
    left, right = State(), State()

    def lanes(inputs, settings):
        return {"out": 1}

    def block(audio, time, out, left, right, dt):
        for i in range(out.shape[0]):
            a, b = side_of(audio, i, 0), side_of(audio, i, 1)
            keep = decay_factor(lane_of(time, i, 0), dt)
            left[0] = a * a + (left[0] - a * a) * keep
            right[0] = b * b + (right[0] - b * b) * keep
            heard = max(left[0], right[0]) > SILENCE
            ratio = max(right[0], 1e-30) / max(left[0], 1e-30) if heard else 1.0
            out[i, 0] = clip(10.0 * log10(ratio), -LARGEST_BALANCE, LARGEST_BALANCE)
