"""Displays of a signal: level meter, oscilloscope and spectrum. They do not change the sound."""

from __future__ import annotations

import numpy as np

from nodegraph.maths import exp, sqrt
from nodegraph.node import Choice, Example, Helper, In, Node, Option, Out, State


class Meter(Node):
    """Measures and shows the level of a signal: its RMS over ``window`` and its peak, which falls slowly.

    ``m[n] = m[n-1] + (x² - m[n-1])(1 - e^(-dt / window))``, ``rms = √m``. Zölzer, DAFX, ch. 4.
    """

    words = (
        "VU, level meter, VU meter, level, peak meter, PPM, RMS, volume meter, dB meter, loudness meter, LED, show "
        "level, print, Pegel, Pegelanzeige, Aussteuerung, vumètre, niveau, number~, monitor, Poll, peak level"
    )

    display = "meter"
    example = Example(inputs={"audio": "plucks"}, heard="source")
    audio = In(0.0, min=-1.0, max=1.0, doc="signal to measure")
    window = In(0.3, unit="s", min=0.001, max=10.0, taper="log", doc="time constant of the RMS")
    fall = In(1.0, unit="s", min=0.01, max=30.0, taper="log", doc="time constant of the peak's fall")
    rms = Out(doc="RMS level, 1 for a full-scale square wave")
    peak = Out(doc="peak level, 1 for full scale")
    mean, highest = State(), State()

    def tick(audio, window, fall, mean, highest, dt):
        mean = mean + (audio * audio - mean) * (1.0 - exp(-dt / max(window, 0.001)))
        highest = max(abs(audio), highest * exp(-dt / max(fall, 0.01)))
        return sqrt(mean), highest, mean, highest


class TapBuffer:
    """Ring buffer of the latest samples of a tap, read by displays."""

    array_types = {"samples": "f4", "marks": "i8"}
    frames = 1 << 15

    def __init__(self, context):
        self.problem = ""
        self.lanes, self.rate = context.lanes, context.rate
        self.samples = np.empty(self.frames * self.lanes, np.float32)
        self.samples.fill(0.0)
        self.marks = np.zeros(2, np.int64)
        self.arrays = {"samples": self.samples, "marks": self.marks}

    def latest(self, count):
        """Return the last ``count`` samples as float32 (count, lanes), at most ``frames``, with leading zeros."""
        count, end = min(count, self.frames), int(self.marks[0])
        ring, start = self.samples.reshape(self.frames, self.lanes), (end - count) % self.frames
        values = np.concatenate([ring[start : start + count], ring[: max(start + count - self.frames, 0)]])
        values[: max(count - end, 0)] = 0.0
        return values

    @property
    def written(self):
        """Number of samples written since the start."""
        return int(self.marks[0])

    def read_from(self, place):
        """Return the samples from ``place`` on, float32 (count, lanes), and the number of samples lost before them."""
        end = self.written
        lost = max(end - self.frames // 2 - place, 0)
        ring = self.samples.reshape(self.frames, self.lanes)
        return ring[np.arange(place + lost, end) % self.frames], lost

    def triggered(self, count, level=0.0):
        """Return ``count`` samples of lane 0 from the latest rise through ``level``, for a steady waveform display."""
        values = self.latest(2 * count)[:, 0]
        rises = np.flatnonzero((values[:count] < level) & (values[1 : count + 1] >= level))
        start = int(rises[-1]) + 1 if len(rises) else 0
        return values[start : start + count]

    def spectrum(self, size=2048):
        """Return frequencies in Hz and levels in dB of a full-scale sine, each (size // 2 + 1,), with a Hann window."""
        window = np.hanning(size + 1)[:size]
        values = np.abs(np.fft.rfft(self.latest(size)[:, 0] * window)) * 2.0 / window.sum()
        return np.fft.rfftfreq(size, 1.0 / self.rate), 20.0 * np.log10(np.maximum(values, 1e-10))

    def service(self):
        pass

    def close(self):
        pass


def write_tap(audio, samples, marks):
    """Write a quantum of samples to the ring of a tap."""
    lanes = audio.shape[1]
    frames = samples.shape[0] // lanes
    end = marks[0]
    for i in range(audio.shape[0]):
        for lane in range(lanes):
            samples[((end + i) % frames) * lanes + lane] = audio[i, lane]
    marks[0] = end + audio.shape[0]


class ScopeTap(Node):
    """Shows the waveform of a signal, as an oscilloscope: it begins where the first lane passes ``level``."""

    words = (
        "scope, oscilloscope, waveform, wave display, view waveform, plot, show signal, look, visualizer, visualiser, "
        "display, Stethoscope, graph, draw, Oszilloskop, oscilloscope cathodique, debug, print, trace, number~, Viz, "
        "onde, waveform viewer"
    )

    display = "scope"
    audio = In(0.0, min=-1.0, max=1.0, doc="signal to display")
    time = Option(0.025, unit="s", min=0.001, max=0.5, doc="time across the display, ten divisions")
    trigger = Choice("rise", "fall", "free", doc="the display begins where the signal rises or falls, or anywhere")
    level = Option(0.0, min=-100.0, max=100.0, doc="value at which the display begins")
    ring = Helper(TapBuffer)

    def block(audio, samples, marks, time, trigger, level):
        write_tap(audio, samples, marks)


class SpectrumTap(Node):
    """Shows the spectrum of a signal, as an analyser: an FFT of ``size`` samples under a Hann window."""

    words = (
        "spectrum, analyser, analyzer, spectrum analyser, spectrum analyzer, spectroscope~, FreqScope, frequency "
        "analyser, show spectrum, FFT display, visualizer, Spektrum, Spektralanalyse, spectre, analyseur, frequency "
        "display, RTA, view spectrum"
    )

    display = "spectrum"
    audio = In(0.0, min=-1.0, max=1.0, doc="signal to display")
    size = Option(2048, unit="samples", min=64, max=16384, doc="window length")
    ring = Helper(TapBuffer)

    def block(audio, samples, marks):
        write_tap(audio, samples, marks)
