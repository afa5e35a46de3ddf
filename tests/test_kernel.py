"""From a class to its kernel: what is refused in which words, and that Python and native agree."""

from __future__ import annotations

import ctypes
import os

import numpy as np
import pytest

from nodegraph.kernel import Kernel, KernelError
from nodegraph.node import In, Line, Node, Option, Out, State


class Base(Node):
    a = In()
    out = Out()


def block_of(tick=None, **members):
    namespace = {"__module__": __name__, **members}
    if tick is not None:
        namespace["tick"] = tick
    return type("Probe", (Base,), namespace)


def allocates(a):
    values = [1.0]
    values.append(a)
    return values[1]


def makes_an_array(a):
    return np.zeros(int(a))[0]


def raises(a):
    if a > 1.0:
        raise ValueError("too loud")
    return a


def asserts(a):
    assert a < 1.0
    return a


def prints(a):
    print(a)
    return a


def opens(a):
    return float(len(open("/etc/hosts").read()))


def asks_the_system(a):
    return float(os.getpid())


_usleep = ctypes.CDLL(None).usleep
_usleep.argtypes, _usleep.restype = [ctypes.c_uint], ctypes.c_int


def sleeps(a):
    return a + _usleep(1)


def draws(a):
    return np.random.random()


def misspells(a):
    return a * amplitud  # noqa: F821


def returns_two(a):
    return a, a


def returns_text(a):
    return "loud"


def asks_for_more(a, cutoff):
    return a * cutoff


REFUSED = {
    allocates: "may allocate",
    makes_an_array: "never raises|may allocate",
    raises: "never raises",
    asserts: "never raises",
    prints: "may allocate or wait",
    opens: "open",
    asks_the_system: "compile|getpid",
    sleeps: "by its address",
    draws: "may allocate or wait|never raises",
    misspells: "amplitud",
    returns_two: r"must return \(out\)",
    returns_text: r"must return \(out\)",
    asks_for_more: "asks for cutoff, which it does not declare",
}


@pytest.mark.parametrize("tick", REFUSED, ids=lambda tick: tick.__name__)
def test_what_may_not_run_in_the_audio_thread_is_refused_in_one_line(tick):
    with pytest.raises(KernelError, match=REFUSED[tick]) as caught:
        Kernel(block_of(tick), {}).address  # noqa: B018
    assert "probe" in str(caught.value) and "\n" not in str(caught.value)


def test_a_block_that_computes_nothing_is_refused():
    with pytest.raises(KernelError, match="neither tick nor block"):
        Kernel(Base, {})


def test_a_division_of_whole_numbers_cannot_fail():
    """Numba's way with NumPy's rules: x // 0 is 0, and nothing is raised."""

    def divides(a):
        return float(7 // int(a)) + float(7 % int(a))

    assert run(Kernel(block_of(divides), {}), [0.0, 2.0]) == [0.0, 4.0]


def run(kernel, values, python=False):
    """Call a kernel of one input and one output by hand, with one lane."""
    x, y = np.array(values, np.float32), np.zeros(len(values), np.float32)
    words = np.zeros(kernel.words, np.int64)
    words[0] = 1
    words[1:3].view(np.float64)[:] = 44100.0, 1 / 44100
    stride = np.ones(1, np.int64)
    words[kernel.places["a"].word] = x.ctypes.data
    words[kernel.places["a"].word + 1] = stride.ctypes.data
    words[kernel.places["out"].word] = y.ctypes.data
    if python:
        kernel.run_in_python(words.ctypes.data, 0, len(values))
    else:
        call = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(kernel.address)
        call(words.ctypes.data, 0, len(values))
    return y.tolist()


def test_two_settings_of_a_formula_are_two_kernels():
    def formula(settings):
        factor = settings["factor"]

        def tick(a):
            return a * factor

        return tick

    cls = block_of(formula=formula, factor=Option(1.0))
    assert run(Kernel(cls, {"factor": 2.0}), [1.0]) == [2.0]
    assert run(Kernel(cls, {"factor": 3.0}), [1.0]) == [3.0]


def test_declarations_are_inherited_and_named():
    cls = block_of(lambda a, line, line_size, s: (a, s), line=Line(lambda settings, sr: 4), s=State(0))
    assert list(cls.spec.inputs) == ["a"] and cls.spec.lines["line"].name == "line"
    assert cls.type == "probe"
