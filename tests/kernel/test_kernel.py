"""From a class to its kernel: what is refused in which words, and that Python and native agree."""

from __future__ import annotations

import ctypes
import os

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.kernel import Kernel, KernelError
from nodegraph.node import In, Line, Node, Option, Out, State
from tests.rendering import Stepper, patch_of, sound_of


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


_sources = {}
exec("def asserts(a):\n    assert a < 1.0\n    return a\n", _sources)  # as text: pytest rewrites its own asserts
asserts = _sources["asserts"]

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
    returns_text: "string",
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


@pytest.fixture
def heard(monkeypatch):
    """What a block gives for some samples, the same stepped in Python."""

    def run(cls, values, **settings):
        monkeypatch.setitem(node_types(), "probe", cls)
        patch = patch_of("x.out p.a", "p.out out.audio", x="audio_in", p=("probe", settings), out="audio_out")
        inputs = {"x": np.array(values, np.float32)}
        native = sound_of(patch, len(values), inputs=inputs)[:, 0].tolist()
        assert native == sound_of(patch, len(values), Stepper, inputs=inputs)[:, 0].tolist()
        return native

    return run


def test_a_division_of_whole_numbers_is_checked(heard):
    def divides(a):
        whole = int(a)
        return float(7 // whole) + float(7 % whole) if whole != 0 else -1.0

    assert heard(block_of(divides), [0.0, 2.0, 7.0]) == [-1.0, 4.0, 1.0]


def test_two_settings_of_a_formula_are_two_kernels(heard):
    def formula(settings):
        factor = settings["factor"]

        def tick(a):
            return a * factor

        return tick

    cls = block_of(formula=formula, factor=Option(1.0, doc="factor"))
    assert heard(cls, [1.0], factor=2.0) == [2.0]
    assert heard(cls, [1.0], factor=3.0) == [3.0]


def test_declarations_are_inherited_and_named():
    cls = block_of(lambda a, line, line_size, s: (a, s), line=Line(lambda settings, sr: 4), s=State(0))
    assert list(cls.spec.inputs) == ["a"] and cls.spec.lines["line"].name == "line"
    assert cls.type == "probe"
