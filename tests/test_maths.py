"""Accuracy of the arithmetic compared with NumPy, and equality of compiled and plain Python."""

import inspect
import re

import numba
import numpy as np
import pytest

from nodegraph import maths

RANDOM = np.random.default_rng(1)


def compiled(function):
    """Compile a function and its helpers with the options of blocks: strict IEEE."""
    namespace = dict(function.__globals__)
    for name in function.__code__.co_names:
        if inspect.isfunction(namespace.get(name)):
            namespace[name] = compiled(namespace[name])
    clone = type(function)(function.__code__, namespace, function.__name__, function.__defaults__)
    return numba.njit(error_model="numpy")(clone)


def over(function, x):
    return np.array([function(v) for v in x])


def dense(low, high, count=4000):
    return np.concatenate([np.linspace(low, high, count), RANDOM.uniform(low, high, count)])


def single_sine(x):
    return maths.sin_turn_single(maths.turn_bits(0.625 * x), 0.375 * x)


@pytest.mark.parametrize(
    ("function", "exact", "x", "bound", "relative"),
    [
        (maths.sin_turn, lambda x: np.sin(2 * np.pi * (x - np.round(x))), dense(-1e4, 1e4), 2e-11, False),
        (maths.cos_turn, lambda x: np.cos(2 * np.pi * (x - np.round(x))), dense(-1e4, 1e4), 2e-11, False),
        (maths.sin_turn, lambda x: np.sin(2 * np.pi * x), dense(-1, 1), 2e-11, False),
        (maths.sin, np.sin, dense(-100, 100), 3e-11, False),
        (maths.cos, np.cos, dense(-100, 100), 3e-11, False),
        (maths.tan_turn, lambda x: np.tan(2 * np.pi * x), dense(-0.2475, 0.2475), 5e-11, True),
        (maths.tan, np.tan, dense(-1.5, 1.5), 1e-9, True),
        (maths.arctan_turn, lambda x: np.arctan(x) / (2 * np.pi), dense(-3, 3), 3e-11, False),
        (maths.arctan_turn, lambda x: np.arctan(x) / (2 * np.pi), dense(-1e6, 1e6), 3e-11, False),
        (maths.tanh, np.tanh, dense(-12, 12), 1e-10, False),
        (maths.tanh, np.tanh, dense(-1e-4, 1e-4), 1e-9, True),
        (maths.exp2, np.exp2, dense(-900, 900), 1e-10, True),
        (maths.exp, np.exp, dense(-100, 100), 1e-10, True),
        (maths.log2, np.log2, np.exp(dense(-600, 600)), 2e-12, False),
        (maths.log2, np.log2, dense(0.5, 2), 1.2e-12, False),
        (maths.log, np.log, dense(1e-6, 50), 2e-12, False),
        (maths.log10, np.log10, dense(1e-6, 50), 1e-12, False),
        (maths.sqrt, np.sqrt, dense(0, 1e4), 1e-15, True),
        (maths.db_to_gain, lambda x: 10 ** (x / 20), dense(-200, 200), 1e-10, True),
        (maths.gain_to_db, lambda x: 20 * np.log10(abs(x)), dense(1e-6, 50), 1e-11, False),
        (maths.note_to_hz, lambda x: 440 * 2 ** ((x - 69) / 12), dense(-20, 140), 1e-10, True),
        (maths.hz_to_note, lambda x: 69 + 12 * np.log2(x / 440), dense(1, 20000), 2e-11, False),
        (single_sine, lambda x: np.sin(2 * np.pi * (x - np.round(x))), dense(-1e4, 1e4), 2.5e-7, False),
        (single_sine, lambda x: np.sin(2 * np.pi * x), dense(-1, 1), 2.5e-7, False),
        (lambda x: maths.turns(maths.turn_bits(x)), lambda x: x - np.floor(x), dense(-1e4, 1e4), 2e-16, False),
    ],
)
def test_error_is_below_the_stated_bound(function, exact, x, bound, relative):
    with np.errstate(all="ignore"):
        error = np.abs(over(function, x) - exact(x)) / (np.abs(exact(x)) if relative else 1)
    assert np.nanmax(error) < bound


def test_arctan2_turn_in_all_directions():
    angles = dense(-0.5, 0.5)
    for radius in (1e-30, 1.0, 1e30):
        points = radius * np.exp(2j * np.pi * angles)
        found = np.array([maths.arctan2_turn(p.imag, p.real) for p in points])
        error = found - np.angle(points) / (2 * np.pi)
        assert np.abs(error - np.round(error)).max() < 3e-11


def test_special_values_are_exact():
    assert maths.arctan2_turn(0.0, 0.0) == 0.0
    assert [maths.arctan2_turn(y, x) for x, y in ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))] == [
        0.0, 0.25, 0.5, -0.25,
    ]  # fmt: skip
    assert maths.sin_turn(0.0) == 0.0
    assert maths.sin_turn(0.5) == 0.0
    assert maths.tan_turn(0.0) == 0.0
    assert maths.tanh(0.0) == 0.0
    assert [maths.exp2(float(n)) for n in range(-40, 41)] == [2.0**n for n in range(-40, 41)]
    assert [maths.log2(2.0**n) for n in range(-40, 41)] == list(range(-40, 41))
    assert maths.note_to_hz(69.0) == 440.0


def test_values_and_shapes_of_functions():
    x = dense(-20, 20)
    assert (np.diff(over(maths.tanh, np.sort(x))) >= 0).all()
    assert np.abs(over(maths.tanh, x * 1e6)).max() == 1.0
    assert ((over(maths.wrap, x) >= 0) & (over(maths.wrap, x) <= 1)).all()
    assert (over(maths.nearest, np.array([-1.5, -0.5, 0.49, 0.5, 2.0])) == [-1, 0, 0, 1, 2]).all()
    assert maths.divide(1.0, 0.0) == 0.0
    assert maths.modulo(-1.0, 3.0) == 2.0
    assert maths.modulo(5.0, 0.0) == 0.0
    assert maths.power(2.0, 10.0) == 1024.0
    assert maths.power(-2.0, 2.0) == 0.0
    assert maths.power(0.0, 0.0) == 1.0
    assert maths.smoothstep(0.5) == 0.5
    assert maths.lerp(2.0, 4.0, 0.25) == 2.5
    assert maths.sign(-3.0) == -1.0
    assert maths.finite_or_zero(np.float64("nan")) == 0.0
    assert maths.finite_or_zero(np.float64("-inf")) == 0.0


def test_random_numbers_are_uniform():
    state, numbers = 12345, []
    for _ in range(20000):
        state = maths.next_random(state)
        numbers.append(maths.uniform(state))
    numbers = np.array(numbers)
    assert abs(numbers.mean() - 0.5) < 0.01
    assert abs(numbers.var() - 1 / 12) < 0.003
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.03
    assert 0 <= numbers.min() and numbers.max() < 1


EXTREMES = [0.0, -0.0, 1e-300, -1e-300, 0.25, 0.5, 1.0, -1.0, 1e3, -1e3, 1e15, -1e15, 1e38, -1e38]
NOT_OF_FLOATS = {"next_random", "scramble", "uniform", "read_double"}
FUNCTIONS = [f for n, f in vars(maths).items() if inspect.isfunction(f) and n not in NOT_OF_FLOATS]


def argument(name, x):
    return maths.turn_bits(np.float64(x)) if name == "bits" else np.float64(x)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled_function_equals_plain_python_bit_for_bit(function):
    native = compiled(function)
    names = list(inspect.signature(function).parameters)
    count = len(names)
    rows = [RANDOM.uniform(-10, 10, count) for _ in range(300)]
    rows += [np.full(count, x) for x in EXTREMES]
    rows += [np.roll([x, *[1.0] * (count - 1)], i) for x in EXTREMES for i in range(count)]
    with np.errstate(all="ignore"):
        for row in rows:
            arguments = [argument(*pair) for pair in zip(names, row, strict=True)]
            python = np.float64(function(*arguments))
            assert python.tobytes() == np.float64(native(*arguments)).tobytes(), arguments
            assert np.isfinite(python) or max(np.abs(row)) > 1e30, arguments


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_compiled_function_has_no_calls_and_is_vectorised(function):
    native = compiled(function)
    names = list(inspect.signature(function).parameters)
    source = f"def loop({', '.join(names)}, out):\n for i in range(out.shape[0]):\n"
    source += f"  out[i] = f({', '.join(f'{n}[i]' for n in names)})\n"
    namespace = {"f": native}
    exec(source, namespace)
    loop = numba.njit(error_model="numpy")(namespace["loop"])
    loop(*[np.full(8, argument(name, 1.0)) for name in names], np.ones(8))
    text = loop.inspect_llvm(loop.signatures[0])
    body = text.split("define", 2)[1]
    called = set(re.findall(r"call[^\n]*@([\w.$]+)", body))
    allowed = re.compile(r"llvm\.|NRT_(incref|decref|MemInfo_call_dtor)|sqrt$")
    assert {name for name in called if not allowed.match(name)} == set()
    assert re.search(r"<\d+ x double>", body)
