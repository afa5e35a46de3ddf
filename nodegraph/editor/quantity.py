"""Typed values of parameters: ``440*2``, ``1/16``, ``A4``, ``-6dB``, ``200ms``, ``1k``, ``120bpm``, ``*2``.

A quantity with a unit is converted to the unit of the parameter; the rest is arithmetic as in formulas
(:mod:`nodegraph.blocks.expression`). A leading ``*``, ``/``, ``+=`` or ``-=`` applies to the current value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from nodegraph.blocks.expression import ExpressionError, compile_expression
from nodegraph.patch.errors import quote

NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
TOKEN = re.compile(
    rf"(?P<quantity>(?P<number>{NUMBER})\s*(?P<suffix>%|[µμ]s|[a-zA-Z]+)?)"
    r"|(?P<note>\b[A-Ga-g](?:#|♯|b|♭)?-?\d\b)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<other>\s+|.)"
)
SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

# suffix → (base unit, factor); plain numbers and prefixes have no base unit
SUFFIXES = {
    "k": ("", 1e3), "K": ("", 1e3), "M": ("", 1e6), "m": ("", 1e-3), "%": ("", 0.01), "x": ("", 1.0),
    "hz": ("Hz", 1.0), "khz": ("Hz", 1e3), "s": ("s", 1.0), "sec": ("s", 1.0), "ms": ("s", 1e-3), "us": ("s", 1e-6),
    "µs": ("s", 1e-6), "μs": ("s", 1e-6), "min": ("s", 60.0), "db": ("dB", 1.0), "bpm": ("bpm", 1.0),
    "st": ("semitones", 1.0), "semitones": ("semitones", 1.0), "ct": ("semitones", 0.01), "cents": ("semitones", 0.01),
    "samples": ("samples", 1.0), "oct": ("semitones", 12.0), "note": ("note", 1.0),
}  # fmt: skip
HIGHEST_NOTE = 131  # B9, the highest note with an octave of one digit
AMPLITUDES = ("", "gain", "ratio")


class QuantityError(ValueError):
    """The typed text is not a number in this unit; the message is one line."""


def parse_quantity(text: str, unit: str = "", now: float = 0.0, rate: float = 44100.0) -> float:
    """Return ``text`` as a number in ``unit``, for a parameter with the value ``now``. Raises QuantityError."""
    text = text.strip()
    if not text:
        raise QuantityError("Type a number, such as 440, 1/16, A4, -6dB, 200ms or 1k.")
    relative = re.match(r"^(\*|/|\+=|-=)", text)
    if relative:
        text = f"({now!r}) {relative[0].removesuffix('=')} ({text[relative.end() :]})"
    elif text.endswith(unit) and unit and unit.lower() not in SUFFIXES:
        text = text.removesuffix(unit)
    plain = "".join(_pieces(text, unit, rate))
    try:
        value = float(compile_expression(plain, ())())
    except ExpressionError as error:
        raise QuantityError(f"{quote(text)} is not a number: {error}") from None
    except (ArithmeticError, ValueError) as error:
        raise QuantityError(f"{quote(text)} cannot be computed: {error}.") from None
    if not math.isfinite(value):
        raise QuantityError(f"{quote(text)} is not finite.")
    return value


def parse_lanes(text: str, unit: str = "", now: float = 0.0, rate: float = 44100.0) -> float | list[float]:
    """Return one number, or with commas or brackets a list with one number per lane: ``220, 275, 330``."""
    inner = text.strip()
    listed = inner.startswith("[") and inner.endswith("]")
    inner = inner[1:-1] if listed else inner
    parts = _split(inner)
    if len(parts) == 1 and not listed:
        return parse_quantity(inner, unit, now, rate)
    return [parse_quantity(part, unit, now, rate) for part in parts if part.strip()] or [now]


def _split(text: str) -> list[str]:
    """Split a text at the commas outside brackets."""
    parts, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    return [*parts, text[start:]]


def _pieces(text: str, unit: str, rate: float) -> list[str]:
    pieces: list[str] = []
    for match in TOKEN.finditer(text):
        if match["quantity"] and match["suffix"]:
            negative = _unary_minus(pieces)
            value = float(match["number"]) * (-1.0 if negative else 1.0)
            if negative:
                pieces.pop()
            pieces.append(f"({_in_unit(value, match['suffix'], unit, rate)!r})")
        elif match["note"]:
            pieces.append(f"({_in_unit(note_number(match['note']), 'note', unit, rate)!r})")
        elif match["other"] in ("−", "–"):
            pieces.append("-")
        elif match["other"] == "×":
            pieces.append("*")
        else:
            pieces.append("**" if match[0] == "^" else match[0])
    return pieces


def _unary_minus(pieces: list[str]) -> bool:
    """Return whether the last piece is a minus sign of the next number."""
    if not pieces or pieces[-1] != "-":
        return False
    before = "".join(pieces[:-1]).rstrip()
    return not before or before[-1] in "+-*/(,%"


def note_number(name: str) -> float:
    """Return the MIDI note number of ``A4`` (69), ``C#3``, ``Bb-1``; middle C is C4."""
    letter, rest = name[0].lower(), name[1:]
    sharp = {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(rest[:1], 0)
    octave = int(rest[1:] if sharp else rest)
    return float(SEMITONES[letter] + sharp + 12 * (octave + 1))


def note_name(number: float) -> str:
    """Return the name of the nearest key: 69 → ``A4``."""
    key = round(number)
    return f"{NAMES[key % 12]}{key // 12 - 1}"


def _in_unit(value: float, suffix: str, unit: str, rate: float) -> float:
    measures, size = SUFFIXES.get(suffix) or SUFFIXES.get(suffix.lower()) or ("?", 1.0)
    if measures == "?":
        known = "Hz, kHz, s, ms, dB, st, ct, bpm, %, k"
        raise QuantityError(f"unknown unit '{suffix}'. Use one of {known}.")
    value *= size
    if measures in ("", unit):
        return value
    convert = CONVERSIONS.get((measures, "amplitude" if unit in AMPLITUDES else unit))
    if convert is None:
        where = unit or "plain numbers"
        raise QuantityError(f"this value is in {where}; {suffix} cannot be converted. Type it in {where}.")
    try:
        return convert(value, rate)
    except ZeroDivisionError:
        raise QuantityError(f"0 {suffix} cannot be converted to {unit}.") from None


def _hz_of_note(note: float) -> float:
    return float(440.0 * 2.0 ** ((note - 69.0) / 12.0))


# (typed unit, unit of the parameter) → conversion of (value, sample rate in Hz)
CONVERSIONS: dict[tuple[str, str], Callable[[float, float], float]] = {
    ("note", "Hz"): lambda v, rate: _hz_of_note(v),
    ("note", "note"): lambda v, rate: v,
    ("note", "semitones"): lambda v, rate: v - 69.0,
    ("note", "amplitude"): lambda v, rate: v,
    ("Hz", "note"): lambda v, rate: 69.0 + 12.0 * math.log2(v / 440.0) if v > 0 else 0.0,
    ("Hz", "s"): lambda v, rate: 1.0 / v,
    ("Hz", "bpm"): lambda v, rate: 60.0 * v,
    ("Hz", "amplitude"): lambda v, rate: v,
    ("Hz", "samples"): lambda v, rate: rate / v,
    ("s", "Hz"): lambda v, rate: 1.0 / v,
    ("s", "bpm"): lambda v, rate: 60.0 / v,
    ("s", "samples"): lambda v, rate: v * rate,
    ("s", "amplitude"): lambda v, rate: v,
    ("samples", "s"): lambda v, rate: v / rate,
    ("bpm", "Hz"): lambda v, rate: v / 60.0,
    ("bpm", "s"): lambda v, rate: 60.0 / v,
    ("bpm", "amplitude"): lambda v, rate: v,
    ("dB", "amplitude"): lambda v, rate: 10.0 ** (v / 20.0),
    ("semitones", "amplitude"): lambda v, rate: 2.0 ** (v / 12.0),
    ("semitones", "note"): lambda v, rate: v,
}


def format_quantity(value: float, unit: str = "") -> str:
    """Return a number with its unit, in four digits: ``440 Hz``, ``1.25 kHz``, ``200 ms``, ``-6 dB``."""
    if not math.isfinite(value):
        return str(value)
    size = abs(value)
    if unit == "Hz" and size >= 1000.0:
        return f"{_short(value / 1000.0)} kHz"
    if unit == "s" and 0.0 < size < 0.0005:
        return f"{_short(value * 1e6)} µs"
    if unit == "s" and 0.0 < size < 1.0:
        return f"{_short(value * 1e3)} ms"
    if unit == "note" and 0 <= round(value) <= HIGHEST_NOTE:
        exact = abs(value - round(value)) < 0.005
        return note_name(value) if exact else f"{_short(value)} ({note_name(value)})"
    if unit == "note":
        return _short(value)
    shown = "" if unit in (*AMPLITUDES, "gate") else f" {unit}"
    return f"{_short(value)}{shown}"


def _short(value: float) -> str:
    if value == int(value) and abs(value) < 1e5:
        return str(int(value))
    text = f"{value:.4g}"
    return text if "e" not in text or abs(value) >= 1e6 or abs(value) < 1e-3 else f"{value:.0f}"


def exact_text(value: object) -> str:
    """Return the initial text of a value field: not rounded, lists with commas."""
    if isinstance(value, list | tuple):
        return ", ".join(exact_text(item) for item in value)
    if isinstance(value, float) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return str(value)
