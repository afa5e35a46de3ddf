"""Programs in C: a reference for the speed of the machine without an editable graph."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np

from .. import workloads as w
from ..checks import low_pass
from .base import BUILD, Job, Peer, is_outdated, write_if_changed

SOURCES = Path(__file__).parent
PROGRAMS = {"W1b": "sines", "W2": "synth", "W3": "chain", "W4": "stft", "W5a": "feedback_fm", "W5b": "comb"}
PROGRAMS["W6"] = "coder"
WITH_FFTW = ("W4", "W6")


class C(Peer):
    name = "C"

    def unavailable_reason(self) -> str | None:
        return None if shutil.which("gcc") else "no compiler: apt-get install gcc libc6-dev"

    def unsupported_reason(self, workload: str) -> str | None:
        if workload in WITH_FFTW and not _has_fftw():
            return "no FFTW: apt-get install libfftw3-dev"
        return None if workload in PROGRAMS else "has no nodes; see W1b"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        program = PROGRAMS[workload]
        binary = BUILD / program
        source, parameters = SOURCES / f"{program}.c", BUILD / "workloads.h"
        write_if_changed(parameters, header())
        if is_outdated(binary, source, parameters, SOURCES / "render.h", SOURCES / "wav.h", Path(__file__)):
            flags = ["-O3", "-march=native", "-ffast-math", "-fopenmp-simd", "-mprefer-vector-width=512"]
            command = ["gcc", *flags, f"-I{BUILD}", "-o", str(binary), str(source)]
            command += ["-lfftw3f", "-lm"] if workload in WITH_FFTW else ["-lm"]
            subprocess.run(command, check=True)
        return Job([str(binary), str(seconds)] + ([str(output)] if output else []), prints_cpu=True)


def _has_fftw() -> bool:
    test = ["gcc", "-E", "-include", "fftw3.h", "-x", "c", "/dev/null"]
    return subprocess.run(test, capture_output=True).returncode == 0


def header() -> str:
    """Return the parameters of the workloads as a C header."""
    b, a = np.array([low_pass(cutoff) for cutoff in w.CUTOFFS]).transpose(1, 2, 0)
    arrays = {
        "SINE_FREQUENCIES": w.SINE_FREQUENCIES,
        "FREQUENCIES": w.FREQUENCIES,
        "AMPLITUDES": w.AMPLITUDES,
        "FM_FREQUENCIES": w.FM_FREQUENCIES,
        "FM_DEPTHS": w.FM_DEPTHS,
        "GATE_FREQUENCIES": w.GATE_FREQUENCIES,
        "OPERATOR_FREQUENCIES": w.OPERATOR_FREQUENCIES,
        "FILTER_B": b,
        "FILTER_A": a,
        "CODER_WIDTHS": np.array(w.CODER_WIDTHS),
        "CODER_SIGMOIDS": np.array(w.CODER_SIGMOIDS),
    }
    lines = ["// Written by bench/peers/c.py."]
    for name, value in vars(w).items():
        if name.isupper() and isinstance(value, int | float):
            lines.append(f"#define {name} {value!r}{'f' if isinstance(value, float) else ''}")
    for name, array in arrays.items():
        shape = "".join(f"[{n}]" for n in array.shape)
        numbers = ", ".join(f"{x:.9e}f" for x in array.ravel())
        lines.append(f"static const float {name}{shape} = {{{numbers}}};")
    return "\n".join([*lines, ""])
