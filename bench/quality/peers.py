"""Sounds of other programs, rendered to arrays; None if a program is not installed."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from ..peers.synthdef import SynthDef, message, score
from .measure import RATE, Array


def csound(instrument: str, seconds: float) -> Array | None:
    """Return the sound of Csound's instrument code, which sets ``aout``."""
    if not shutil.which("csound"):
        return None
    with TemporaryDirectory() as folder:
        file, out = Path(folder) / "one.csd", Path(folder) / "out.wav"
        header = f"sr = {RATE:.0f}\nksmps = 64\nnchnls = 1\n0dbfs = 1\n"
        file.write_text(
            "<CsoundSynthesizer>\n<CsInstruments>\n"
            f"{header}instr 1\n{instrument}\nout aout\nendin\n</CsInstruments>\n"
            f"<CsScore>\ni 1 0 {seconds}\n</CsScore>\n</CsoundSynthesizer>\n"
        )
        subprocess.run(["csound", "-d", "-W", "-f", "-o", str(out), str(file)], check=True, capture_output=True)
        return soundfile.read(out)[0]


FAUST_MAIN = """
#include <cstdio>
#include <faust/dsp/dsp.h>
#include <faust/gui/UI.h>
#include <faust/gui/meta.h>
#include "one.cpp"
int main() {
    static mydsp one;
    one.init(RATE);
    for (int n = 0; n < BLOCKS; n++) {
        double samples[64];
        double *outputs[] = {samples};
        one.compute(64, nullptr, outputs);
        fwrite(samples, sizeof(double), 64, stdout);
    }
}
"""


def faust(process: str, seconds: float) -> Array | None:
    """Return the sound of a Faust expression, in double precision."""
    if not (shutil.which("faust") and shutil.which("g++")):
        return None
    with TemporaryDirectory() as folder:
        (Path(folder) / "one.dsp").write_text(f'import("stdfaust.lib");\nprocess = {process};\n')
        (Path(folder) / "main.cpp").write_text(FAUST_MAIN)
        blocks = math.ceil(seconds * RATE / 64)
        for command in (
            ["faust", "-double", "-o", "one.cpp", "one.dsp"],
            ["g++", "-O2", "-DFAUSTFLOAT=double", f"-DRATE={RATE:.0f}", f"-DBLOCKS={blocks}", "-o", "one", "main.cpp"],
        ):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
        made = subprocess.run([f"{folder}/one"], check=True, capture_output=True)
        return np.frombuffer(made.stdout)


def scsynth(definition: SynthDef, seconds: float) -> Array | None:
    """Return the sound of a definition that writes to bus 0."""
    if not shutil.which("scsynth"):
        return None
    with TemporaryDirectory() as folder:
        file, name, out = (Path(folder) / name for name in ("one.scsyndef", "one.osc", "out.wav"))
        file.write_bytes(definition.binary_file())
        load, start = message("/d_load", str(file)), message("/s_new", definition.name, 1000, 0, 0)
        name.write_bytes(score((0.0, [load]), (0.0, [start]), (seconds, [message("/c_set", 0, 0.0)])))
        command = ["scsynth", "-o", "1", "-i", "0", "-D", "0", "-N", str(name), "_", str(out), f"{RATE:.0f}"]
        subprocess.run([*command, "WAV", "float"], check=True, capture_output=True)
        return soundfile.read(out)[0]


def rubberband(sound: Array, rate: float, ratio: float = 1.0, pitch: float = 0.0) -> Array | None:
    """Return a sound (samples, channels) stretched and transposed (semitones) by Rubber Band's finer engine, R3."""
    if not shutil.which("rubberband"):
        return None
    with TemporaryDirectory() as folder:
        source, out = Path(folder) / "in.wav", Path(folder) / "out.wav"
        soundfile.write(source, sound, round(rate), subtype="FLOAT")
        command = ["rubberband", "-q", "-3", "-t", f"{ratio}", "-p", f"{pitch}", str(source), str(out)]
        subprocess.run(command, check=True, capture_output=True)
        return soundfile.read(out, always_2d=True)[0]
