"""What is typed into a knob, in its unit."""

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
def test_units_notes_and_arithmetic(text, unit, value):
    assert parse_quantity(text, unit) == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "value"), [("*2", 200.0), ("/4", 25.0), ("+=10", 110.0), ("-=10", 90.0), ("*-1", -100.0)]
)
def test_a_leading_operator_goes_on_from_the_present_value(text, value):
    assert parse_quantity(text, "Hz", now=100.0) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a number"),
        ("loud", "is an unknown name"),
        ("3dB", "in Hz; dB does not fit"),
        ("3 parsec", "not a unit"),
        ("0s", "0 s cannot"),
        ("__import__('os')", "cannot be called"),
        ("1..2", "is invalid"),
    ],
)
def test_what_means_no_number_is_said_in_one_line(text, said):
    with pytest.raises(QuantityError) as error:
        parse_quantity(text, "Hz")
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_list_is_one_number_a_lane():
    assert parse_lanes("220, 275, 330", "Hz") == [220.0, 275.0, 330.0]
    assert parse_lanes("[A4]", "Hz") == [440.0]
    assert parse_lanes("max(1, 2)") == 2.0


@given(st.integers(-11, 127))
def test_names_of_notes_are_their_numbers(number):
    assert note_number(note_name(number)) == number


@given(st.floats(-1e6, 1e6), st.sampled_from(["Hz", "s", "dB", "", "gain", "note", "semitones", "bpm", "samples"]))
def test_what_is_written_on_a_slider_means_its_value(value, unit):
    text = format_quantity(value, unit)
    if unit == "note":
        text = text.partition(" (")[0]
    assert parse_quantity(text, unit) == pytest.approx(value, rel=6e-3, abs=6e-3)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_field_begins_with_the_whole_number(value):
    assert parse_quantity(exact_text(value)) == value


@given(st.text(max_size=30))
def test_nothing_that_is_typed_ends_the_editor(text):
    try:
        assert math.isfinite(parse_quantity(text, "Hz", 440.0))
    except QuantityError as error:
        assert str(error)
