"""Faust programs, compiled to C++ and by g++: one loop for the whole graph, without an editable graph."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from math import pi
from pathlib import Path

from .. import workloads as w
from .base import BUILD, Job, Peer, is_outdated, write_if_changed

ARCHITECTURE = Path(__file__).parent / "faust.cpp"
SCALAR = ("W5a",)  # loops of one sample, which are slower with -vec
CPP_FLAGS = ["-O3", "-march=native", "-ffast-math", "-mprefer-vector-width=512"]
HEAD = """
rate = {rate};
wrap(x) = x - floor(x);
phase(f) = (+(f / rate) : wrap) ~ _;
sine(f) = sin(2.0 * {pi} * phase(f));
"""


class Faust(Peer):
    name = "Faust"

    def unavailable_reason(self) -> str | None:
        missing = [name for name in ("faust", "g++") if not shutil.which(name)]
        return f"not installed: apt-get install {' '.join(missing)}" if missing else None

    def unsupported_reason(self, workload: str) -> str | None:
        return None if workload in WORKS else "is not written for it"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        binary, source = BUILD / f"faust-{workload}", BUILD / f"{workload}.dsp"
        write_if_changed(source, program(workload))
        if is_outdated(binary, source, ARCHITECTURE, ARCHITECTURE.with_name("wav.h"), Path(__file__)):
            cpp = binary.with_suffix(".cpp")
            command = ["faust", "-lang", "cpp", *flags(workload), "-a", str(ARCHITECTURE), "-o", str(cpp), str(source)]
            subprocess.run(command, check=True)
            sizes = [f"-DRATE={w.RATE}", f"-DBLOCK={w.BLOCK}", f"-I{ARCHITECTURE.parent}"]
            subprocess.run(["g++", *CPP_FLAGS, *sizes, "-o", str(binary), str(cpp)], check=True)
        return Job([str(binary), str(seconds)] + ([str(output)] if output else []), prints_cpu=True)


def program(workload: str) -> str:
    """Return the program of a workload."""
    return HEAD.format(rate=float(w.RATE), pi=pi) + WORKS[workload]()


def flags(workload: str) -> list[str]:
    """Return the options of Faust's compiler for a workload."""
    return [] if workload in SCALAR else ["-vec", "-vs", str(w.BLOCK)]


def sines() -> str:
    voices = ", ".join(f"sine({frequency!r})" for frequency in w.SINE_FREQUENCIES.tolist())
    return f"process = ({voices}) :> *({w.SINE_AMPLITUDE});\n"


def chain() -> str:
    pair = f"*({w.CHAIN_FACTOR}) : +({w.CHAIN_TERM})"
    return f"process = sine({w.CHAIN_FREQUENCY}) * {w.CHAIN_AMPLITUDE} : seq(k, {w.CHAIN // 2}, ({pair}));\n"


def feedback_fm() -> str:
    operator = f"operator(f) = (*({w.OPERATOR_FEEDBACK}) : +(2.0 * {pi} * phase(f)) : sin) ~ _;\n"
    voices = ", ".join(f"operator({frequency!r})" for frequency in w.OPERATOR_FREQUENCIES.tolist())
    return f"{operator}process = ({voices}) :> *({w.OPERATOR_AMPLITUDE});\n"


def comb() -> str:
    tones = f"sine({w.COMB_PEAK}) * {w.COMB_PEAK_AMPLITUDE} + sine({w.COMB_VALLEY}) * {w.COMB_VALLEY_AMPLITUDE}"
    return f"process = {tones} : + ~ (@({w.COMB_DELAY - 1}) : *({w.COMB_FEEDBACK}));\n"


WORKS: dict[str, Callable[[], str]] = {"W1a": sines, "W3": chain, "W5a": feedback_fm, "W5b": comb}
