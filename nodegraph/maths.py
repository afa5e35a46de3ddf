"""The arithmetic functions for equations.

Compiled loops must become SIMD code, and a compiled block must give the same bits as the same function
in plain Python. The ``sin`` and ``exp`` of the C library allow neither, so everything here consists of
``+ - * /``, ``floor`` and the bits of a double; no function branches, loops or calls the C library.

Polynomials are minimax fits (Remez exchange in extended precision); each docstring gives the error
bound, which ``tests/test_maths.py`` checks. Arguments are finite floats. Angles are in *turns*
(1 turn = 360° = 2π rad) if the name contains *turn*: the unit of a phase from 0 to 1.
"""

from __future__ import annotations

import numpy as np

PI = 3.141592653589793
TAU = 6.283185307179586
E = 2.718281828459045
LOG2_E = 1.4426950408889634
LN_2 = 0.6931471805599453
LN_1000 = 6.907755278982137  # time constants in a fall by 60 dB
TURNS_PER_RADIAN = 0.15915494309189535

# Private names: the compiler resolves globals by name, and functions here have the public names.
_floor = np.floor
_sqrt = np.sqrt
_copysign = np.copysign

REFERENCE_RATE = 44100.0  # Hz; a pulse that excites something lasts one sample at this rate

# adding it leaves the nearest integer in the low bits of the sum
_TO_INTEGER_BITS = 6755399441055744.0
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD

TURN_MASK, _ONE_BITS = 0xFFFFFFFFFFFFF, 0x3FF0000000000000  # fraction and exponent of a double from 1 to 2
_TO_TURNS = 1572864.0  # adding it leaves the fraction in the low 32 bits of the sum, and the turns above
_PER_TURN = np.float32(2.0**-32)

_HALF = np.float32(0.5)
_S1, _S2 = np.float32(12.566344135526563), np.float32(50.26958161606584)
_S3, _S4 = np.float32(71.19332929447307), np.float32(56.144810182088804)


# --- ranges ---------------------------------------------------------------------------------------


def clip(x, low, high):
    """Return ``x`` clamped to ``low``–``high``."""
    return min(max(x, low), high)


def floor(x):
    """Return the greatest integer not above ``x``. Exact."""
    return _floor(x)


def nearest(x):
    """Return the nearest integer; halves round up. Exact for ``|x| < 2**51``."""
    return _floor(x + 0.5)


def wrap(x):
    """Return ``x - floor(x)``, the phase of ``x``, from 0 up to 1 (1 itself only for ``-1e-17 < x < 0``)."""
    return x - _floor(x)


def sign(x):
    """Return 1 for ``x > 0``, -1 for ``x < 0``, 0 for 0."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0)


def divide(x, y):
    """Return ``x / y``, or 0 if ``y`` is 0."""
    safe = 1.0 if y == 0.0 else y
    return 0.0 if y == 0.0 else x / safe


def modulo(x, y):
    """Return ``x - y floor(x / y)``, the remainder with the sign of ``y``, or 0 if ``y`` is 0."""
    return x - y * _floor(divide(x, y)) if y != 0.0 else 0.0


def finite_or_zero(x):
    """Return ``x`` if ``|x| <= 1e30``, else 0; the last step of a calculation that may overflow."""
    return x if abs(x) <= 1e30 else 0.0


def lerp(a, b, amount):
    """Return the linear interpolation ``a + (b - a) amount``: ``a`` at 0, ``b`` at 1."""
    return a + (b - a) * amount


def smoothstep(x):
    """Return ``3x² - 2x³`` for ``x`` clamped to 0–1: a step with a flat start and end."""
    x = clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


# --- circular and hyperbolic functions ------------------------------------------------------------


def cos_turn(x):
    """Return ``cos(2πx)``. Error below 2e-11 for ``|x| < 1e4``."""
    q = 0.25 - abs(x - _floor(x + 0.5))  # fold: cos(2πx) = sin(2πq) with |q| <= 1/4
    u = q * q
    p = -14.337024678775101
    p = p * u + 41.99998982530939
    p = p * u - 76.70366782753067
    p = p * u + 81.60520943107642
    p = p * u - 41.341701929772675
    p = p * u + 6.283185306487505
    return p * q


def sin_turn(x):
    """Return ``sin(2πx)``. Error below 2e-11 for ``|x| < 1e4``; exactly 0 at 0."""
    return cos_turn(x - 0.25)


def turn_bits(x):
    """Return the fraction of ``x`` turns as an integer of 52 bits, in units of 2**-52 turns.

    Phases of this form add up without rounding, and faster: ``(a + b) & TURN_MASK`` is the phase of the sum.
    """
    return np.float64(1.0 + (x - _floor(x))).view(np.int64) & TURN_MASK


def turns(bits):
    """Return the phase of ``turn_bits`` in turns, from 0 up to 1. Exact."""
    return np.int64(bits | _ONE_BITS).view(np.float64) - 1.0


def centred_turns(bits, offset):
    """Return ``x + offset`` turns less the nearest integer, from -1/2 to 1/2, of a phase as ``turn_bits``.

    In single precision: error below 3.1e-8 turns for ``|offset| < 1e5``.
    """
    shift = np.float64(offset + _TO_TURNS).view(np.int64)  # in its low 32 bits, the fraction of the offset
    return np.float32(np.int32(np.int64(bits >> 20) + shift)) * _PER_TURN


def sin_turn_single(bits, offset):
    """Return ``sin(2π(x + offset))`` of a phase as ``turn_bits``, in single precision: half the cost of ``sin_turn``.

    Error below 2.5e-7 (-132 dB) for ``|offset| < 1e5``; exactly 0 at 0. For sounds, not for phases and coefficients of
    filters.
    """
    t = centred_turns(bits, offset)
    a = abs(t)
    s = a * (_HALF - a)  # the sine of a half wave is a smooth function of this parabola
    p = (_S1 + _S2 * s) + (_S3 + _S4 * s) * (s * s)
    return np.float64(_copysign(p * s, t))


def tan_turn(x):
    """Return ``tan(2πx)`` for ``x`` clamped to ±0.2475 turns. Relative error below 5e-11."""
    y = clip(2.0 * x, -0.495, 0.495)
    u = y * y
    p = -0.006533533328924024
    p = p * u - 0.00908335549055747
    p = p * u - 0.022653143294922174
    p = p * u - 0.05262413610787144
    p = p * u - 0.13476992984870143
    p = p * u - 0.557736255159465
    p = p * u + 0.7853981633755429
    return p * y / (0.25 - u)  # the polynomial is tan(πy) without its pole at y = 1/2


def sin(x):
    """Return ``sin(x)``, ``x`` in radians. Error below 3e-11 for ``|x| < 1e4``."""
    return sin_turn(x * TURNS_PER_RADIAN)


def cos(x):
    """Return ``cos(x)``, ``x`` in radians. Error below 3e-11 for ``|x| < 1e4``."""
    return cos_turn(x * TURNS_PER_RADIAN)


def tan(x):
    """Return ``tan(x)``, ``x`` in radians, clamped to ±64 next to its poles. Relative error below 1e-9."""
    turns = x * TURNS_PER_RADIAN
    return tan_turn(turns - 0.5 * _floor(2.0 * turns + 0.5))


def tanh(x):
    """Return the hyperbolic tangent. Error below 1e-10; odd, monotone, within ±1."""
    t = exp2(-2.0 * LOG2_E * abs(x))
    y = (1.0 - t) / (1.0 + t)
    return y if x >= 0.0 else -y


def arctan2_turn(y, x):
    """Return the angle of the point (x, y) in turns, from -1/2 to 1/2; 0 at the origin. Error below 3e-11 turns."""
    wide, high = abs(x), abs(y)
    small, large = min(wide, high), max(wide, high)
    above = small > 0.41421356237309503 * large  # beyond 1/16 turn: measured from 1/8 turn
    over = small - large if above else small
    under = small + large if above else large
    t = over / (1.0 if under == 0.0 else under)
    u = t * t
    p = -0.009291126378357696
    p = p * u + 0.01668038368818663
    p = p * u - 0.022638454495861417
    p = p * u + 0.03182625076577435
    p = p * u - 0.05305154865864689
    p = p * u + 0.15915494249833198
    angle = p * t + (0.125 if above else 0.0)
    angle = 0.25 - angle if high > wide else angle
    angle = 0.5 - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


def arctan_turn(x):
    """Return the angle whose tangent is ``x``, in turns, from -1/4 to 1/4. Error below 3e-11 turns."""
    return arctan2_turn(x, 1.0)


# --- exponentials and logarithms ------------------------------------------------------------------


def exp2(x):
    """Return ``2**x`` for ``x`` clamped to ±1000. Relative error below 1e-10; exact for integers."""
    x = clip(x, -1000.0, 1000.0)
    shifted = x + _TO_INTEGER_BITS
    r = x - (shifted - _TO_INTEGER_BITS)
    p = 1.5196477789578617e-05
    p = p * r + 0.00015466739680008586
    p = p * r + 0.0013333933423235397
    p = p * r + 0.009618038193377918
    p = p * r + 0.05550410368509156
    p = p * r + 0.24022651066038944
    p = p * r + 0.6931471807034343
    p = p * r + 1.0
    exponent = np.float64(shifted).view(np.int64) << 52
    return np.int64(np.float64(p).view(np.int64) + exponent).view(np.float64)


def exp(x):
    """Return ``e**x`` for ``x`` clamped to ±693. Relative error below 1e-10 for ``|x| < 100``."""
    return exp2(x * LOG2_E)


def log2(x):
    """Return the logarithm to base 2 of ``max(x, 1e-300)``. Error below 1e-12 + 2e-16 ``|log2 x|``."""
    bits = np.float64(max(x, 1e-300)).view(np.int64)
    exponent = (bits - _SQRT_HALF_BITS) >> 52
    mantissa = np.int64(bits - (exponent << 52)).view(np.float64)
    s = (mantissa - 1.0) / (mantissa + 1.0)  # |s| <= 0.172 as √½ <= mantissa < √2
    u = s * s
    p = 0.34279124051852516
    p = p * u + 0.4115362871963754
    p = p * u + 0.57708659372732
    p = p * u + 0.9617966487936087
    p = p * u + 2.885390081843986
    return p * s + exponent


def log(x):
    """Return the natural logarithm of ``max(x, 1e-300)``. Error below 1e-12 + 2e-16 ``|log x|``."""
    return log2(x) * LN_2


def log10(x):
    """Return the logarithm to base 10 of ``max(x, 1e-300)``. Error below 1e-12."""
    return log2(x) * 0.30102999566398120


def power(x, y):
    """Return ``x**y``, clamped to 2**-1000–2**1000; 1 if ``y`` is 0. A negative ``x`` counts as 0."""
    return (exp2(y * log2(x)) if x > 0.0 else 0.0) if y != 0.0 else 1.0


def sqrt(x):
    """Return the square root of ``max(x, 0)``. Exactly rounded."""
    return _sqrt(max(x, 0.0))


# --- units ----------------------------------------------------------------------------------------


def db_to_gain(decibels):
    """Return ``10**(dB/20)``: 0 dB is 1, -6.02 dB is 0.5."""
    return exp2(decibels * 0.16609640474436813)


def gain_to_db(gain):
    """Return ``20 log10|gain|``; silence counts as 1e-300 (-6000 dB)."""
    return log2(abs(gain)) * 6.020599913279624


def note_to_hz(note):
    """Return the frequency in Hz of a MIDI note number: ``440 * 2**((note - 69) / 12)``; fractions are microtones."""
    return 440.0 * exp2((note - 69.0) * 0.08333333333333333)


def hz_to_note(frequency):
    """Return the MIDI note number of a frequency in Hz: ``69 + 12 log2(f / 440)``."""
    return 69.0 + 12.0 * log2(frequency * 0.0022727272727272726)


def semitones_to_ratio(semitones):
    """Return the frequency ratio of an interval: ``2**(semitones / 12)``."""
    return exp2(semitones * 0.08333333333333333)


# --- filters, gates, random numbers ---------------------------------------------------------------


def read_double(array, index):
    """Return ``array[index]`` of a line or table as a double; plain Python would compute in float32."""
    return np.float64(array[index])


def rising_edge(now, before):
    """Return whether a gate changes from low (at most 0.5) to high in this sample."""
    return (now > 0.5) & (before <= 0.5)


def pulse_samples(sr):
    """Return the length in samples of a pulse with the same sound at all rates: one sample at 44.1 kHz, or below."""
    return max(sr * (1.0 / REFERENCE_RATE), 1.0)


def prewarp(frequency, dt):
    """Return ``tan(π f / sr)``, the gain of a trapezoidal integrator tuned to ``f``, at most 0.49 ``sr``.

    Zavalishin, The Art of VA Filter Design, ch. 3.
    """
    return tan_turn(0.5 * clip(frequency * dt, 1e-6, 0.49))


def decay_factor(time, dt):
    """Return ``exp(-dt / time)``, the factor per sample of an exponential decay with time constant ``time``.

    The factor is 0 if ``time`` is not positive.
    """
    return exp2(-LOG2_E * dt / max(time, 1e-9))


def next_random(state):
    """Return the next state of a 32-bit linear congruential generator (Knuth, TAOCP vol. 2, 3.3.4)."""
    return (state * 1664525 + 1013904223) & 0xFFFFFFFF


def scramble(state):
    """Return the 32 random bits of a state: O'Neill's PCG output function RXS-M-XS (2014)."""
    word = (((state >> ((state >> 28) + 4)) ^ state) * 277803737) & 0xFFFFFFFF
    return (word >> 22) ^ word


def uniform(state):
    """Return the random number of a state, uniform over 0 <= x < 1 in steps of 2**-32."""
    return scramble(state) * 2.3283064365386963e-10
