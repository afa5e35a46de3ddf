"""Processors that code is compiled for: that of this machine, and common ones for prebuilt kernels."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import llvmlite.binding as llvm

# What the levels of the x86-64 psABI add to each other, in the names of LLVM.
_V2 = frozenset("cx16 sahf popcnt sse3 sse4.1 sse4.2 ssse3".split())
_V3 = _V2 | frozenset("avx avx2 bmi bmi2 f16c fma lzcnt movbe xsave".split())
_V4 = _V3 | frozenset("avx512f avx512bw avx512cd avx512dq avx512vl".split())


class Target(NamedTuple):
    """A kind of processor. ``needed`` are the features, by LLVM's names, without which its code must not run."""

    name: str
    triple: str
    cpu: str
    features: str = ""
    needed: frozenset[str] = frozenset()


# The best first. Without the preference of LLVM for 256 bits, v4 code is as fast as that for the exact processor.
TARGETS = (
    Target("x86-64-v4", "x86_64-unknown-linux-gnu", "x86-64-v4", "-prefer-256-bit", _V4),
    Target("x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3", "", _V3),
    Target("arm64", "aarch64-unknown-linux-gnu", "generic", "+neon"),  # every arm64 processor has NEON
)


@cache
def host() -> Target:
    """Return the target of exactly this processor."""
    features = llvm.get_host_cpu_features().flatten()
    return Target("host", llvm.get_default_triple(), llvm.get_host_cpu_name(), features)


@cache
def fitting_targets() -> tuple[Target, ...]:
    """Return the common targets whose code this machine runs, the best first."""
    has = {name for name, present in llvm.get_host_cpu_features().items() if present}
    triple = llvm.get_default_triple()
    return tuple(target for target in TARGETS if target.triple == triple and target.needed <= has)


@cache
def machine(target: Target) -> llvm.TargetMachine:
    """Return LLVM's machine that compiles for a target."""
    # The default limit of overlap checks prevents the vectorisation of loops over several arrays.
    llvm.set_option("nodegraph", "-runtime-memory-check-threshold=64")
    if target is host():
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc="default", codemodel="jitdefault"
    )
