"""Saws: aliases and treble, and aliases of hard sync."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.rendering import patch_of

from ..peers.synthdef import SynthDef
from . import peers
from .measure import RATE, Array, level_near, render, signal_to_alias

TITLE = "Saw: signal to alias below 20 kHz in dB (A-weighted), and level at 15 kHz in dB of the Fourier series"
HEADINGS = ["program", "441.7 Hz", "1234.1 Hz", "2500.3 Hz", "5001 Hz", "15 kHz"]
FREQUENCIES = (441.7, 1234.1, 2500.3, 5001.0)
SECONDS = 2.0


def ours(frequency: float, **params: str) -> Array:
    saw = ("saw", {"frequency": frequency, **params})
    return render(patch_of("saw.out out.audio", saw=saw, out="audio_out"), SECONDS)[:, 0]


def of_scsynth(frequency: float) -> Array | None:
    d = SynthDef("saw")
    d.sink("Out", 0.0, d.ar("Saw", frequency))
    return peers.scsynth(d, SECONDS + 0.1)


def of_csound(frequency: float) -> Array | None:
    return peers.csound(f"aout vco2 0.5, {frequency}", SECONDS + 0.1)


def of_faust(form: str) -> Callable[[float], Array | None]:
    """Return the program of an oscillator of Faust's library."""
    return lambda frequency: peers.faust(f"os.{form}({frequency})", SECONDS + 0.1)


PROGRAMS = {
    "nodegraph": ours,
    "nodegraph, oversampling 2": lambda frequency: ours(frequency, oversampling="2"),
    "nodegraph, naive": lambda frequency: ours(frequency, quality="naive"),
    "scsynth Saw": of_scsynth,
    "Csound vco2": of_csound,
    "Faust os.sawtooth": of_faust("sawtooth"),
    "Faust os.saw4": of_faust("saw4"),
    "Faust os.saw2f4": of_faust("saw2f4"),
}


def rows() -> list[list[str]]:
    found = []
    for name, program in PROGRAMS.items():
        cells = [name]
        for frequency in FREQUENCIES:
            sound = program(frequency)
            if sound is None:
                break
            sound = sound[2048 : 2048 + round(RATE)]
            cells.append(f"{signal_to_alias(sound, frequency):.1f} ({signal_to_alias(sound, frequency, True):.1f})")
        else:
            sound = program(300.0)
            assert sound is not None
            sound = sound[2048 : 2048 + round(RATE)]
            cells.append(f"{20 * np.log10(level_near(sound, 15000.0) / level_near(sound, 300.0) * 50):.1f}")
            found.append(cells)
    return found
