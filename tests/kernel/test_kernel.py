"""Kernels: rejected equations and their messages, and equality of Python and native results."""

from __future__ import annotations

import ctypes
import os

import numpy as np
import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.kernel import Kernel, KernelError
from nodegraph.node import In, Line, Node, Option, Out, State, Transform
from nodegraph.spectral.transform import irfft, rfft
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


def calls_the_system(a):
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


def has_an_undeclared_parameter(a, cutoff):
    return a * cutoff


_sources = {}
exec(
    "def asserts(a):\n    assert a < 1.0\n    return a\n", _sources
)  # from a string: pytest rewrites assert statements in test files
asserts = _sources["asserts"]

REFUSED = {
    allocates: "may allocate",
    makes_an_array: "never raises|may allocate",
    raises: "never raises",
    asserts: "never raises",
    prints: "may allocate or wait",
    opens: "open",
    calls_the_system: "compile|getpid",
    sleeps: "by its address",
    draws: "may allocate or wait|never raises",
    misspells: "amplitud",
    returns_two: r"must return \(out\)",
    returns_text: "string",
    has_an_undeclared_parameter: "undeclared parameters: cutoff",
}


@pytest.mark.parametrize("tick", REFUSED, ids=lambda tick: tick.__name__)
def test_equation_unsafe_for_the_audio_thread_is_rejected_with_one_line(tick):
    with pytest.raises(KernelError, match=REFUSED[tick]) as caught:
        Kernel(block_of(tick), {}).address  # noqa: B018
    assert "probe" in str(caught.value) and "\n" not in str(caught.value)


def test_block_without_equation_is_rejected():
    with pytest.raises(KernelError, match="neither tick nor block"):
        Kernel(Base, {})


@pytest.fixture
def run_both(monkeypatch):
    """Run a block natively and in Python, check that the results are equal, and return them."""

    def run(cls, values, **settings):
        monkeypatch.setitem(node_types(), "probe", cls)
        patch = patch_of("x.out p.a", "p.out out.audio", x="audio_in", p=("probe", settings), out="audio_out")
        inputs = {"x": np.array(values, np.float32)}
        native = sound_of(patch, len(values), inputs=inputs)[:, 0].tolist()
        assert native == sound_of(patch, len(values), Stepper, inputs=inputs)[:, 0].tolist()
        return native

    return run


def test_guarded_integer_division_compiles(run_both):
    def divides(a):
        divisor = int(a)
        return float(7 // divisor) + float(7 % divisor) if divisor != 0 else -1.0

    assert run_both(block_of(divides), [0.0, 2.0, 7.0]) == [-1.0, 4.0, 1.0]


def test_each_setting_of_a_formula_has_its_own_kernel(run_both):
    def formula(settings):
        factor = settings["factor"]

        def tick(a):
            return a * factor

        return tick

    cls = block_of(formula=formula, factor=Option(1.0, doc="factor"))
    assert run_both(cls, [1.0], factor=2.0) == [2.0]
    assert run_both(cls, [1.0], factor=3.0) == [3.0]


def test_declarations_are_inherited_and_named():
    cls = block_of(lambda a, line, line_size, s: (a, s), line=Line(lambda settings, sr: 4), s=State(0))
    assert list(cls.spec.inputs) == ["a"] and cls.spec.lines["line"].name == "line"
    assert cls.type == "probe"


class LowBins(Base):
    """Keeps the bins below an eighth of the sample rate, in a short and in a long transform."""

    bins = Option(4)
    short, long = Transform(lambda settings: 8 * settings["bins"]), Transform(lambda settings: 64)
    samples, re, im = (Line(lambda settings, sr: 64) for _ in range(3))

    def block(a, out, bins, short, long, samples, re, im):
        for i in range(out.shape[0]):
            samples[0, i] = a[i, 0]
        rfft(short, samples[0], re[0], im[0])
        for k in range(bins, 4 * bins + 1):
            re[0, k] = im[0, k] = 0.0
        irfft(short, re[0], im[0], samples[0])
        rfft(long, samples[0], re[0], im[0])
        for k in range(8, 33):
            re[0, k] = im[0, k] = 0.0
        irfft(long, re[0], im[0], samples[0])
        for i in range(out.shape[0]):
            out[i, 0] = samples[0, i]


def test_block_without_frames_has_transforms_of_several_lengths(run_both):
    noise = np.random.default_rng(4).normal(0.0, 0.3, 64).astype(np.float32)
    start = np.fft.rfft(noise[:32])
    start[4:] = 0.0
    whole = np.fft.rfft(np.concatenate([np.fft.irfft(start), noise[32:]]))
    whole[8:] = 0.0
    np.testing.assert_allclose(run_both(LowBins, noise.tolist()), np.fft.irfft(whole), atol=1e-6)
