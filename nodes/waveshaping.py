"""Waveshaping: harmonics made by a curve that the user draws, or added to the treble."""

import math

import numpy as np

from nodegraph.maths import clip, db_to_gain, prewarp, read_double, tanh
from nodegraph.node import Choice, DrawnCurve, Example, In, Node, Option, Out, State, Table

from .dynamics import AUDIO

MAX_POINTS = 256
CELLS = 1024  # of the table, from -1 to 1
COLUMNS = 3  # of the table: the curve; its integral in two float32 numbers that store a double
NEAR = 1e-5  # difference of two samples below which the curve in the middle is its mean


def parse_curve(text):
    """Return the points of a list such as ``-1:-1, 0:0.2, 1:1`` as (x, y), sorted by x. Raises ValueError."""
    points = []
    for word in text.replace(",", " ").split():
        try:
            x, y = map(float, word.split(":"))
            is_point = math.isfinite(x) and math.isfinite(y)
        except ValueError:
            is_point = False
        if not is_point:
            raise ValueError(f"curve must be a list of x:y, got '{word[:40]}'.")
        if max(abs(x), abs(y)) > 1.0:
            raise ValueError(f"points of curve must lie in ±1, got {x:g}:{y:g}.")
        points.append((x, y))
    if not 2 <= len(points) <= MAX_POINTS:
        raise ValueError(f"curve must have 2 to {MAX_POINTS} points, got {len(points)}.")
    points.sort()
    for (before, _), (after, _) in zip(points, points[1:]):
        if after - before < 1e-6:
            raise ValueError(f"two points of curve are at x = {before:g}. Remove one of them.")
    return points


def curve_through_points(settings, places):
    """Return the curve at places from -1 to 1."""
    from scipy.interpolate import PchipInterpolator

    x, y = np.array(parse_curve(settings["curve"])).T
    inside = np.clip(places, x[0], x[-1])
    return PchipInterpolator(x, y)(inside) if settings["interpolation"] == "cubic" else np.interp(inside, x, y)


def curve_table(settings, sr):
    """Return the curve at CELLS + 1 places and its integral from -1 on: rows of COLUMNS numbers in one array."""
    values = curve_through_points(settings, np.linspace(-1.0, 1.0, CELLS + 1))
    values = values.astype(np.float32).astype(np.float64)
    integral = np.concatenate([[0.0], np.cumsum(values[1:] + values[:-1]) / CELLS])
    high = integral.astype(np.float32)
    return np.stack([values, high, integral - high], axis=1).astype(np.float32).ravel()


def cell_of(x):
    """Return the cell of the table at ``x``, clamped to ±1, and the place in it, from 0 to 1."""
    place = (clip(x, -1.0, 1.0) + 1.0) * (0.5 * CELLS)
    cell = int(min(place, CELLS - 1.0))
    return cell, place - cell


def table_at(table, x):
    """Return the curve at ``x``; beyond ±1 it is constant."""
    cell, t = cell_of(x)
    low = read_double(table, COLUMNS * cell)
    return low + (read_double(table, COLUMNS * cell + COLUMNS) - low) * t


def integral_at(table, x):
    """Return the integral of :func:`table_at` from -1 to ``x``."""
    cell, t = cell_of(x)
    at = COLUMNS * cell
    low, high = read_double(table, at), read_double(table, at + COLUMNS)
    inside = (
        read_double(table, at + 1) + read_double(table, at + 2) + (low + 0.5 * (high - low) * t) * t * (2.0 / CELLS)
    )
    return inside + (x - clip(x, -1.0, 1.0)) * (low + (high - low) * t)


class Waveshaper(Node):
    """Distorts a sound by a curve of your own: ``y = gain · curve(10^(drive / 20) x + bias)``.

    ``curve`` is a list of points ``x:y`` in ±1, joined by straight lines or by a monotone cubic, which never goes
    beyond its points (Fritsch & Carlson, SIAM J. Numer. Anal., 1980); outside of them it is constant. For a formula
    instead of points, use ``expression``; ``drive`` has the usual curves.

    Harmonics above half the sample rate alias, unless ``oversampling`` is set, or less with ``antialiasing``: the mean
    of the curve between two samples, ``y = (F(x) - F(x₁)) / (x - x₁)``, ``F = ∫ curve``, half a sample late and with
    less treble (-2.5 dB at 10 kHz). Parker, Zavalishin & Le Bivic, Reducing the aliasing of nonlinear waveshaping using
    continuous-time convolution (DAFx, 2016).
    """

    words = (
        "shaper, waveshaping, transfer function, lookup, Chebyshev, distortion, curve, drawn distortion, saturation, "
        "shape, Transfer, nonlinear, custom distortion, west coast, Wellenformer, wavefolder, harmonics generator, "
        "polynomial, tabread"
    )

    display = "curve"
    drawn = DrawnCurve("curve", x=(-1.0, 1.0), y=(-1.0, 1.0), min_points=2, gap=0.001)

    audio = AUDIO
    drive = In(0.0, unit="dB", min=-40.0, max=60.0, doc="gain before the curve")
    bias = In(0.0, unit="ratio", min=-1.0, max=1.0, doc="offset before the curve")
    gain = In(1.0, unit="ratio", min=0.0, max=1.0, doc="gain after the curve")
    curve = Option("-1:-0.8, -0.3:-0.6, 0.3:0.6, 1:0.8", kind="text", doc="list of points x:y in ±1")
    interpolation = Choice("cubic", "linear", doc="shape between the points: smooth, or straight lines")
    antialiasing = Choice("off", "on", doc="on: the mean of the curve between two samples, with less aliasing")
    out = Out(doc="distorted signal, within ±1")
    table = Table(curve_table)
    last = State()

    def tick(audio, drive, bias, gain, antialiasing, table, last):
        x = audio * db_to_gain(drive) + bias
        if antialiasing == 0:
            y = table_at(table, x)
        else:
            step = x - last
            is_near = abs(step) < NEAR
            mean = (integral_at(table, x) - integral_at(table, last)) / (1.0 if is_near else step)
            y = table_at(table, 0.5 * (x + last)) if is_near else clip(mean, -1.0, 1.0)
        return gain * y, x

    curve_at = curve_through_points

    def check(settings):
        try:
            parse_curve(settings["curve"])
        except ValueError as error:
            return str(error)
        return ""


def high_passed(x, s1, s2, g):
    """Return a sample above a frequency by a Butterworth filter of two poles, and the new states. TPT."""
    k = 1.4142135623730951
    high = (x - (g + k) * s1 - s2) / (1.0 + g * (g + k))
    band = g * high + s1
    return high, g * high + band, 2.0 * g * band + s2


class Exciter(Node):
    """Adds harmonics of the treble, an enhancer: ``y = x + amount · H[tanh(g H x + even) - tanh(even)] / g``.

    ``H`` is a high-pass of two poles at ``frequency``, ``g = 10^(drive / 20)``. ``even`` shifts the curve, which adds
    even harmonics; the second filter removes what the curve makes below the frequency. The side chain of Knoppel,
    Signal distortion circuit and method of use (US patent 4150253, 1979). With ``oversampling``, the new harmonics do
    not alias.
    """

    words = (
        "enhancer, aural exciter, presence, air, harmonics, sparkle, brilliance, sheen, brighten, brighter, treble "
        "enhancer, harmonic exciter, crispy, clarity, shine, Aphex, vitalizer, treble, maximizer, aural"
    )
    example = Example(plot="spectrum")

    audio = AUDIO
    frequency = In(
        3000.0, unit="Hz", min=100.0, max=15000.0, taper="log", doc="frequency above which harmonics are made"
    )
    drive = In(12.0, unit="dB", min=0.0, max=40.0, doc="gain before the curve: the strength of the harmonics")
    even = In(0.3, unit="ratio", min=0.0, max=1.0, doc="part of even harmonics; 0 makes odd ones only")
    amount = In(0.5, unit="ratio", min=0.0, max=2.0, doc="level of the harmonics in the mix")
    out = Out(doc="sound with the harmonics")
    a1, a2, b1, b2 = State(), State(), State(), State()

    def tick(audio, frequency, drive, even, amount, a1, a2, b1, b2, dt):
        g = prewarp(frequency, dt)
        loud = db_to_gain(clip(drive, 0.0, 60.0))
        treble, a1, a2 = high_passed(audio, a1, a2, g)
        shaped = (tanh(loud * treble + even) - tanh(even)) / loud
        harmonics, b1, b2 = high_passed(shaped, b1, b2, g)
        return audio + amount * harmonics, a1, a2, b1, b2
