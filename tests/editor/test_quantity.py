"""Typed values of parameters, with units."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.editor.quantity import (
    QuantityError,
    exact_text,
    format_quantity,
    note_name,
    note_number,
    parse_lanes,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("440*2", "Hz", 880.0),
        ("1/16", "", 0.0625),
        ("A4", "Hz", 440.0),
        ("c#3", "note", 49.0),
        ("Bb3", "note", 58.0),
        ("-6dB", "gain", 10 ** (-6 / 20)),
        ("-6 dB", "dB", -6.0),
        ("200ms", "s", 0.2),
        ("200ms", "Hz", 5.0),
        ("1k", "Hz", 1000.0),
        ("2.5 kHz", "Hz", 2500.0),
        ("120bpm", "Hz", 2.0),
        ("120 bpm", "s", 0.5),
        ("7st", "ratio", 2 ** (7 / 12)),
        ("50%", "", 0.5),
        ("441 samples", "s", 0.01),
        ("(2+3)^2", "", 25.0),
        ("sqrt(2)", "", math.sqrt(2)),
        ("2 - 0.5", "", 1.5),
        ("-3", "", -3.0),
        ("1e3", "", 1000.0),
        ("12 dB/oct", "dB/oct", 12.0),
    ],
)
def test_quantity_accepts_units_notes_and_arithmetic(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "value"), [("*2", 200.0), ("/4", 25.0), ("+=10", 110.0), ("-=10", 90.0), ("*-1", -100.0)]
)
def test_leading_operator_applies_to_the_current_value(text, value):
    assert parse_quantity(text, "Hz", now=100.0) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Type a number"),
        ("loud", "is an unknown name"),
        ("3dB", "in Hz; dB cannot be converted"),
        ("3 parsec", "unknown unit 'parsec'"),
        ("0s", "0 s cannot"),
        ("__import__('os')", "cannot be called"),
        ("1..2", "is invalid"),
    ],
)
def test_invalid_quantity_raises_a_one_line_message(text, message):
    with pytest.raises(QuantityError) as error:
        parse_quantity(text, "Hz")
    assert message in str(error.value) and "\n" not in str(error.value)


def test_list_has_one_number_per_lane():
    assert parse_lanes("220, 275, 330", "Hz") == [220.0, 275.0, 330.0]
    assert parse_lanes("[A4]", "Hz") == [440.0]
    assert parse_lanes("max(1, 2)") == 2.0


@given(st.integers(-11, 127))
def test_note_names_round_trip(number):
    assert note_number(note_name(number)) == number


@given(st.floats(-1e6, 1e6), st.sampled_from(["Hz", "s", "dB", "", "gain", "note", "semitones", "bpm", "samples"]))
def test_formatted_quantity_parses_to_its_value(value, unit):
    text = format_quantity(value, unit)
    if unit == "note":
        text = text.partition(" (")[0]
    assert parse_quantity(text, unit) == pytest.approx(value, rel=6e-3, abs=6e-3)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_exact_text_parses_to_the_same_value(value):
    assert parse_quantity(exact_text(value)) == value


@given(st.text(max_size=30))
def test_any_text_parses_or_raises_quantity_error(text):
    try:
        assert math.isfinite(parse_quantity(text, "Hz", 440.0))
    except QuantityError as error:
        assert str(error)
