"""Real-time safety of the compiled code of every kernel."""

from __future__ import annotations

import re

import pytest

from nodegraph.blocks.registry import node_types
from nodegraph.cli.kernels import kernels_of_engine
from nodegraph.kernel import NativeFunction, kernel_of
from nodegraph.native import build
from nodegraph.native.target import host

BLOCKS = {
    name: cls for name, cls in node_types().items() if cls.device != "output" and (cls.tick or cls.block or cls.formula)
}  # fmt: skip
NATIVE = {kernel.name: kernel for kernel in kernels_of_engine(live=True) if isinstance(kernel, NativeFunction)}
# Functions that a kernel may call, listed independently of the code: none allocates, locks or waits.
PURE = re.compile(
    r"llvm\..*|memcpy|memset|memmove|clock_gettime|(a?(sin|cos|tan)h?|atan2|exp2?|expm1|log(2|10|1p)?|pow|sqrt|cbrt|hypot|"
    r"fmod|floor|ceil|trunc|rint|round|nearbyint|fma|fabs|fmin|fmax|copysign|ldexp)f?"
)


def default_settings(cls):
    return {name: member.default for name, member in {**cls.spec.choices, **cls.spec.options}.items()}


def transforms(name):
    """Return whether a function calls others by their address: the engine its kernels, a block its transforms."""
    return name in NATIVE or bool(BLOCKS[name].spec.transforms)


@pytest.fixture(scope="module")
def ir_of():
    """Symbol and optimised IR by name."""
    made = {}

    def get(name):
        if name not in made:
            kernel = NATIVE.get(name) or kernel_of(BLOCKS[name], default_settings(BLOCKS[name]))
            kernel.address  # noqa: B018 - compiles the kernel for all tests
            made[name] = build.optimised_ir(kernel.name, kernel.key, kernel.modules, calls_kernels=transforms(name))
        return made[name]

    return get


@pytest.mark.parametrize("name", [*NATIVE, *BLOCKS])
def test_kernel_calls_only_pure_functions(name, ir_of):
    symbol, ir = ir_of(name)
    defined = set(re.findall(r"^define [^@]*@([-\w.$]+)\(", ir, re.MULTILINE))
    declared = set(re.findall(r"^declare [^@]*@([-\w.$]+)\(", ir, re.MULTILINE))
    assert symbol in defined
    assert not {symbol for symbol in declared if not PURE.fullmatch(symbol)}
    by_address = [
        line for line in ir.splitlines() if re.search(r"\bcall\b", line) and not re.search(r" @[-\w.$]+\(", line)
    ]
    assert not by_address or transforms(name)  # kernels and transforms are called by their addresses


@pytest.mark.parametrize("name", [name for name, cls in BLOCKS.items() if not cls.block and not cls.spec.lines])
def test_ticks_are_vectorised_over_lanes(name, ir_of):
    widths = [int(width) for width in re.findall(r"<(\d+) x (?:double|i64|float)>", ir_of(name)[1])]
    assert max(widths, default=1) >= (8 if "+avx512f" in host().features else 2)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_choice_of_a_block_compiles(name):
    cls = BLOCKS[name]
    settings = default_settings(cls)
    for setting, choice in cls.spec.choices.items():
        for value in choice.values:
            assert kernel_of(cls, settings | {setting: value}).address
