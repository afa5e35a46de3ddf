"""Csound: generated orchestras, rendered to a file without a device."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from math import pi
from pathlib import Path

from .. import workloads as w
from .base import BUILD, Job, Peer

DOCUMENT = """<CsoundSynthesizer>
<CsInstruments>
sr = {rate}
ksmps = {block}
nchnls = 1
0dbfs = 1
giSine ftgen 1, 0, 16384, 10, 1
{instruments}
</CsInstruments>
<CsScore>
{score}
</CsScore>
</CsoundSynthesizer>
"""
Work = tuple[str, list[str], int]  # instruments, parameters of the notes, samples in a block


class Csound(Peer):
    name = "Csound"

    def unavailable_reason(self) -> str | None:
        return None if shutil.which("csound") else "not installed: apt-get install csound"

    def unsupported_reason(self, workload: str) -> str | None:
        return None if workload in WORKS else "is not written for it"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        instruments, notes, block = WORKS[workload]()
        score = "\n".join(f"i 1 0 {seconds!r} {note}" for note in notes)
        path = BUILD / f"{workload}-{seconds:g}.csd"
        path.write_text(DOCUMENT.format(rate=w.RATE, block=block, instruments=instruments, score=score))
        argv = ["csound", "-d", "-m0", "--format=wav:float", "-o", str(output or "/dev/null"), str(path)]
        return Job(argv)


def sines() -> Work:
    instrument = f"instr 1\n out poscil:a({w.SINE_AMPLITUDE}, p4, giSine)\nendin"
    return instrument, [repr(frequency) for frequency in w.SINE_FREQUENCIES.tolist()], w.BLOCK


def chain() -> Work:
    lines = ["instr 1", f" a0 = poscil:a({w.CHAIN_AMPLITUDE}, {w.CHAIN_FREQUENCY}, giSine)"]
    for k in range(0, w.CHAIN, 2):
        lines += [f" a{k + 1} = a{k} * {w.CHAIN_FACTOR}", f" a{k + 2} = a{k + 1} + {w.CHAIN_TERM}"]
    return "\n".join([*lines, f" out a{w.CHAIN}", "endin"]), [""], w.BLOCK


def stft() -> Work:
    lines = [
        "instr 1",
        f" a1 = poscil:a({w.STFT_AMPLITUDE}, {w.STFT_FREQUENCY}, giSine)",
        f" f1 pvsanal a1, {w.STFT_SIZE}, {w.STFT_HOP}, {w.STFT_SIZE}, 1",
        f" f2 pvsgain f1, {w.STFT_GAIN}",
        " out pvsynth(f2)",
        "endin",
    ]
    return "\n".join(lines), [""], w.BLOCK


def feedback_fm() -> Work:
    """Return operators of which each sample is a block of its own: opcodes feed back over a block."""
    lines = [
        "instr 1",
        " setksmps 1",
        " k0 init 0",
        " k1 init 0",
        f" k0 = sin(2 * {pi} * k1 + {w.OPERATOR_FEEDBACK} * k0)",
        " k1 = frac(k1 + p4 / sr)",
        f" out a(k0) * {w.OPERATOR_AMPLITUDE}",
        "endin",
    ]
    return "\n".join(lines), [repr(frequency) for frequency in w.OPERATOR_FREQUENCIES.tolist()], w.BLOCK


def comb() -> Work:
    lines = [
        "instr 1",
        f" a1 = poscil:a({w.COMB_PEAK_AMPLITUDE}, {w.COMB_PEAK}, giSine)",
        f" a2 = poscil:a({w.COMB_VALLEY_AMPLITUDE}, {w.COMB_VALLEY}, giSine)",
        " a3 init 0",
        f" a4 delayr {w.COMB_DELAY} / sr",
        f" a3 = a1 + a2 + {w.COMB_FEEDBACK} * a4",
        " delayw a3",
        " out a3",
        "endin",
    ]
    return "\n".join(lines), [""], 1  # a delay line of opcodes is at least a block long


WORKS: dict[str, Callable[[], Work]] = {"W1a": sines, "W3": chain, "W4": stft, "W5a": feedback_fm, "W5b": comb}
