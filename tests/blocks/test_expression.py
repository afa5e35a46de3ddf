"""Formulas: values, and messages for invalid ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.blocks.expression import ExpressionError, compile_expression

NAMES = ("a", "b", "c", "d", "t", "sr")
VALUES = {"a": 2.0, "b": -3.0, "c": 0.5, "d": 0.0, "t": 1.25, "sr": 44100.0}


def value(text):
    with np.errstate(all="ignore"):
        return float(compile_expression(text, NAMES)(**{n: np.float64(v) for n, v in VALUES.items()}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * c", 0.5), ("-(a - 1)", -1.0), ("+a", 2.0), ("a / 4", 0.5), ("a / d", 0.0), ("b % a", 1.0),
        ("a ** 3", 8.0), ("b ** 2", 9.0), ("a ** -1", 0.5), ("a < b", 0.0), ("b < 0 < a", 1.0),
        ("a > 1 and not d", 1.0), ("d or b", 1.0), ("a if b < 0 else c", 2.0), ("c if d else a", 2.0),
        ("sin(pi / 2)", 1.0), ("sin_turn(c / 2)", 1.0), ("max(a, b, 7)", 7.0), ("min(a, b)", -3.0),
        ("abs(b)", 3.0), ("clip(a, 0, 1)", 1.0), ("note_to_hz(69)", 440.0), ("tau / pi", 2.0),
        ("exp(1) - e", 0.0), ("(a > 1) * 5 + (a > 9)", 5.0), ("a == 2", 1.0), ("a != 2", 0.0),
        ("exp(1000) * exp(1000)", 0.0), ("t * sr", 55125.0),
    ],
)  # fmt: skip
def test_values(text, expected):
    assert value(text) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a +", "is invalid"),
        ("a; b", "is invalid"),
        ("x + 1", "'x' at character 1 is an unknown name"),
        ("a + sin", "is a function"),
        ("__import__('os')", "cannot be called"),
        ("a.__class__", "is not part of a formula"),
        ("(1).__class__", "is not part of a formula"),
        ("[1, 2][0]", "is not part of a formula"),
        ("a[0]", "is not part of a formula"),
        ("'text'", "is not a number"),
        ("f'{a}'", "is not part of a formula"),
        ("True", "is not a number"),
        ("None", "is not a number"),
        ("1j", "is not a number"),
        ("1e400", "too large"),
        ("10 ** 10 ** 10 if 1e99 else 0", "too large"),
        ("lambda: 1", "is not part of a formula"),
        ("(a := 1)", "is not part of a formula"),
        ("[x for x in a]", "is not part of a formula"),
        ("sin(a, b)", "has 2 arguments; sin takes 1"),
        ("min(a)", "at least 2"),
        ("sin(x=1)", "plain arguments"),
        ("sin(*a)", "plain arguments"),
        ("a @ b", "operator"),
        ("a << 2", "operator"),
        ("a // 2", "operator"),
        ("~a", "is not part of a formula"),
        ("a is b", "comparison"),
        ("a in b", "comparison"),
        ("exec('1')", "cannot be called"),
        ("sin.__call__(1)", "cannot be called"),
        ("a\n+ b", "one line"),
        ("a + " * 300 + "a", "characters"),
        ("+".join("a" * 150), "nested"),
        ("-" * 100 + "a", "nested"),
        ("(" * 220 + "a" + ")" * 220, "is invalid"),
        ("min(" + ",".join("a" * 220) + ")", "too long"),
    ],
)
def test_invalid_formula_raises_one_line(text, words):
    with pytest.raises(ExpressionError) as error:
        compile_expression(text, NAMES)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_huge_powers_are_fast_and_finite():
    assert abs(value("9 ** 9 ** 9 ** 9")) <= 1e30
    assert abs(value("(a + b) ** 1000")) <= 1e30


@given(st.text(max_size=60))
def test_any_text_returns_a_finite_value_or_one_line(text):
    try:
        result = value(text)
    except ExpressionError as error:
        assert "\n" not in str(error)
    else:
        assert np.isfinite(result)


ATOMS = st.sampled_from(["a", "b", "c", "d", "t", "pi", "0", "1", "2.5", "1e15"])
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "**", "<", ">=", "and", "or"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(st.sampled_from(["sin", "exp", "log", "sqrt", "abs", "floor", "tanh"]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
    ),
    max_leaves=12,
)


@given(TREES)
def test_any_formula_is_finite(text):
    assert abs(value(text)) <= 1e30
