"""Pure Data in batch mode, with patches generated as text."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from math import pi
from pathlib import Path

from .. import workloads as w
from ..checks import low_pass
from .base import BUILD, Job, Peer


class Canvas:
    """A Pd patch or subpatch, as the lines of its file."""

    def __init__(self) -> None:
        self._boxes: list[str] = []
        self._wires: list[str] = []

    def add(self, text: str, *sources: int) -> int:
        """Add an object with ``sources`` connected to its inlets, from the left; return its number."""
        return self._box(f"#X obj 0 0 {text};", sources)

    def message(self, text: str, *sources: int) -> int:
        return self._box(f"#X msg 0 0 {text};", sources)

    def sub(self, canvas: Canvas, *sources: int) -> int:
        body = "\n".join(["#N canvas 0 0 400 300 sub 0;", *canvas._boxes, *canvas._wires])
        return self._box(f"{body}\n#X restore 0 0 pd sub;", sources)

    def wire(self, source: int, target: int, inlet: int = 0, outlet: int = 0) -> None:
        self._wires.append(f"#X connect {source} {outlet} {target} {inlet};")

    def file(self) -> str:
        return "\n".join(["#N canvas 0 0 400 300 12;", *self._boxes, *self._wires, ""])

    def _box(self, text: str, sources: tuple[int, ...]) -> int:
        self._boxes.append(text)
        number = len(self._boxes) - 1
        for inlet, source in enumerate(sources):
            self.wire(source, number, inlet)
        return number


class PureData(Peer):
    name = "Pd"

    def unavailable_reason(self) -> str | None:
        return None if shutil.which("pd") else "not installed: apt-get install puredata-core"

    def unsupported_reason(self, workload: str) -> str | None:
        if workload == "W6":
            return "has no dense layers"
        return None if workload in WORKS else "has no lanes within an object"

    def job(self, workload: str, seconds: float, output: Path | None) -> Job:
        canvas = Canvas()
        loaded = canvas.add("loadbang")
        end = canvas.add(f"delay {seconds * 1000:g}", loaded)
        sound = canvas.add("tabwrite~ sound" if output else "dac~ 1")
        if output:  # through a table: writesf~ is asynchronous and loses the end of the file when Pd quits
            canvas.add(f"table sound {int(seconds * w.RATE)}")
            canvas.wire(canvas.message("bang", loaded), sound)
            canvas.add("soundfiler", canvas.message(f"write -wave -bytes 4 {output} sound", end))
        canvas.message("\\; pd quit", end)
        WORKS[workload](canvas, sound)
        canvas.message("\\; pd dsp 1", loaded)
        path = BUILD / f"{workload}-{seconds:g}{'-file' if output else ''}.pd"
        path.write_text(canvas.file())
        argv = ["pd", "-batch", "-nogui", "-noprefs", "-nomidi", "-noadc", "-r", str(w.RATE)]
        return Job([*argv, "-blocksize", str(w.BLOCK), str(path)])


def sines(c: Canvas, sound: int) -> None:
    for frequency in w.SINE_FREQUENCIES:
        c.wire(c.add(f"*~ {w.SINE_AMPLITUDE}", c.add(f"osc~ {frequency:.6f}")), sound)


def synth(c: Canvas, sound: int) -> None:
    # Level, milliseconds and delay of each segment of the envelope.
    attack, decay, release, note = (1000 * x for x in (w.ATTACK, w.DECAY, w.RELEASE, w.NOTE))
    segments = f"1 {attack:g} \\, {w.SUSTAIN} {decay:g} {attack:g} \\, 0 {release:g} {note:g}"
    on = c.message(segments, c.add(f"metro {1000 * w.PERIOD:g}", c.message("1", c.add("loadbang"))))
    # phasor~ has no phase argument, so the phase of each shape is sent as a message.
    phases = [c.message(str(p), c.add("loadbang")) for p in (0.75, 0.0, 0.0, 0.25)]
    for voice in range(w.VOICES):
        mix = c.add("*~", c.add("+~"), c.add("vline~", on))
        for k, shape in enumerate(w.SHAPES):
            ramp = c.add(f"phasor~ {w.FREQUENCIES[k, voice]:.6f}")
            c.wire(phases[k], ramp, 1)
            modulator = c.add(f"osc~ {w.FM_FREQUENCIES[k, voice]:.6f}")
            modulation = c.add(f"*~ {w.FM_DEPTHS[k, voice] / (2 * pi):.8f}", modulator)
            wave = SHAPERS[shape](c, c.add("+~", ramp, modulation))
            c.wire(c.add(f"*~ {w.AMPLITUDES[k, voice]}", wave), mix)
        b, a = low_pass(w.CUTOFFS[voice])
        filtered = c.add("biquad~ " + " ".join(f"{x:.9f}" for x in (-a[1], -a[2], *b)), mix)
        low = c.add("-~ 0.5", c.add(f"phasor~ {w.GATE_FREQUENCIES[voice]}"))
        gate = c.add("clip~ 0 1", c.add("*~ -1e+09", low))
        c.wire(c.add("*~", filtered, gate), sound)


# With the phases above, each shape is a simple function of the ramp.
SHAPERS: dict[str, Callable[[Canvas, int], int]] = {
    "sine": lambda c, p: c.add("cos~", p),
    "saw": lambda c, p: c.add("-~ 1", c.add("*~ 2", c.add("wrap~", p))),
    "square": lambda c, p: c.add("clip~ -1 1", c.add("*~ -1e+09", c.add("-~ 0.5", c.add("wrap~", p)))),
    "triangle": lambda c, p: c.add("+~ 1", c.add("*~ -4", c.add("abs~", c.add("-~ 0.5", c.add("wrap~", p))))),
}


def chain(c: Canvas, sound: int) -> None:
    x = c.add(f"*~ {w.CHAIN_AMPLITUDE}", c.add(f"osc~ {w.CHAIN_FREQUENCY}"))
    for _ in range(w.CHAIN // 2):
        x = c.add(f"+~ {w.CHAIN_TERM}", c.add(f"*~ {w.CHAIN_FACTOR}", x))
    c.wire(x, sound)


def stft(c: Canvas, sound: int) -> None:
    """Add a subpatch with overlapping blocks of the size of the window."""
    c.add(f"table hann {w.STFT_SIZE}")
    c.message(f"\\; hann cosinesum {w.STFT_SIZE} 0.5 -0.5", c.add("loadbang"))
    x = c.add(f"*~ {w.STFT_AMPLITUDE}", c.add(f"osc~ {w.STFT_FREQUENCY}"))
    framed = Canvas()
    framed.add(f"block~ {w.STFT_SIZE} {w.STFT_SIZE // w.STFT_HOP}")
    hann = framed.add("tabreceive~ hann")
    spectrum = framed.add("rfft~", framed.add("*~", framed.add("inlet~"), hann))
    inverse = framed.add("rifft~")
    for part in (0, 1):
        gain = framed.add(f"*~ {w.STFT_GAIN}")
        framed.wire(spectrum, gain, outlet=part)
        framed.wire(gain, inverse, part)
    windowed = framed.add("*~", inverse, hann)
    framed.add("outlet~", framed.add(f"*~ {1 / (w.STFT_OVERLAP * w.STFT_SIZE):.9f}", windowed))
    c.wire(c.sub(framed, x), sound)


def feedback_fm(c: Canvas, sound: int) -> None:
    """Add a subpatch with blocks of one sample, because feedback is delayed by a block."""
    fast = Canvas()
    fast.add("block~ 1")
    out = fast.add("outlet~")
    phase = fast.message("0.75", fast.add("loadbang"))  # cos~ as a sine
    for i, frequency in enumerate(w.OPERATOR_FREQUENCIES):
        delayed = fast.add(f"delread~ feedback{i} {1000 / w.RATE:.9f}")
        modulation = fast.add(f"*~ {w.OPERATOR_FEEDBACK / (2 * pi):.8f}", delayed)
        ramp = fast.add(f"phasor~ {frequency:.6f}")
        fast.wire(phase, ramp, 1)
        y = fast.add("cos~", fast.add("+~", ramp, modulation))
        fast.add(f"delwrite~ feedback{i} 10", y)
        fast.wire(fast.add(f"*~ {w.OPERATOR_AMPLITUDE}", y), out)
    c.wire(c.sub(fast), sound)


def comb(c: Canvas, sound: int) -> None:
    peak = c.add(f"*~ {w.COMB_PEAK_AMPLITUDE}", c.add(f"osc~ {w.COMB_PEAK}"))
    valley = c.add(f"*~ {w.COMB_VALLEY_AMPLITUDE}", c.add(f"osc~ {w.COMB_VALLEY}"))
    fast = Canvas()
    fast.add("block~ 1")
    delayed = fast.add(f"delread~ comb {1000 * w.COMB_DELAY / w.RATE:.9f}")
    y = fast.add("+~", fast.add("inlet~"), fast.add(f"*~ {w.COMB_FEEDBACK}", delayed))
    fast.add("delwrite~ comb 10", y)
    fast.add("outlet~", y)
    c.wire(c.sub(fast, c.add("+~", peak, valley)), sound)


WORKS: dict[str, Callable[[Canvas, int], None]] = {
    "W1a": sines,
    "W2": synth,
    "W3": chain,
    "W4": stft,
    "W5a": feedback_fm,
    "W5b": comb,
}
