"""Mel bands, bands of equal intervals, and the spectrogram display."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nodegraph.frame_types import EITHER
from nodegraph.maths import read_double
from nodegraph.node import Choice, Example, FrameIn, FrameOut, Helper, Node, Option, Table
from nodegraph.spectral.bands import bounds, log_matrix, mel_matrix

from .magnitude import whole_spectrum


def mel_weights(settings, sr):
    low, high = settings["low"], settings["high"]
    high = min(high, sr / 2.0) if high > low else sr / 2.0
    return mel_matrix(
        settings["bands"],
        settings["size"],
        sr,
        min(low, 0.9 * high),
        high,
        settings["scale"],
        settings["norm"],
    )


def log_weights(settings, sr):
    return log_matrix(settings["octaves"], settings["per_octave"], settings["low"], settings["size"], sr)


def weigh(magnitude, weights, limits, bins, out, bands, squared):
    """Write ``weights · x`` to ``out``, using only the bins within the limits of each row."""
    for band in range(bands):
        total = 0.0
        for k in range(int(limits[2 * band]), int(limits[2 * band + 1])):
            x = read_double(magnitude, k)
            total += read_double(weights, band * bins + k) * (x * x if squared else x)
        out[band] = total


class Mel(Node):
    """Sums magnitudes into mel bands, triangles evenly spaced in perceived pitch: ``y[b] = Σ W[b, k] x[k]``.

    The mel scale is that of Slaney (Auditory Toolbox, 1998), as in librosa, or of HTK. "power" sums squares, as
    most mel spectrograms do.
    """

    words = "mel bands, mel spectrum, mel spectrogram, bark bands, filter bank, perceptual bands, critical bands"
    example = Example(heard="source")

    magnitude = FrameIn("magnitude", doc="magnitudes of a spectrum")
    bands = Option(40, min=1, max=512, doc="number of bands")
    low = Option(0.0, unit="Hz", min=0.0, max=20000.0, doc="lower edge of the lowest band")
    high = Option(0.0, unit="Hz", min=0.0, max=200000.0, doc="upper edge of the highest band; 0: sr / 2")
    of = Choice("magnitude", "power", doc="quantity to sum: x or x²")
    scale = Choice("slaney", "htk", doc="mel scale")
    norm = Choice("area", "peak", doc="triangles of equal area or of height 1")
    out = FrameOut("magnitude", doc="one magnitude per band")
    weights = Table(mel_weights)
    limits = Table(lambda settings, sr: bounds(mel_weights(settings, sr)))

    def frame(magnitude, of, weights, limits, bins, out, out_bins):
        weigh(magnitude, weights, limits, bins, out, out_bins, of == 1)

    def frames(inputs, settings):
        return {"out": replace(whole_spectrum(inputs["magnitude"], "mel"), bins=settings["bands"])}


class LogFrequency(Node):
    """Maps magnitudes to bands of equal musical intervals, each the weighted mean of the bins around it.

    The centre of band b is ``low · 2^(b / per_octave)`` Hz. Bands that are closer than bins are interpolated.
    """

    words = "constant Q, CQT, octave bands, log spectrum, semitone bands, third octave, musical bands, filter bank"
    example = Example(heard="source")

    magnitude = FrameIn("magnitude", doc="magnitudes of a spectrum")
    low = Option(32.703, unit="Hz", min=1.0, max=20000.0, doc="frequency of band 0; 32.7 is C1")
    octaves = Option(8, min=1, max=12, doc="range in octaves")
    per_octave = Option(12, min=1, max=96, doc="bands per octave")
    out = FrameOut("magnitude", doc="one magnitude per band")
    weights = Table(log_weights)
    limits = Table(lambda settings, sr: bounds(log_weights(settings, sr)))

    def frame(magnitude, weights, limits, bins, out, out_bins):
        weigh(magnitude, weights, limits, bins, out, out_bins, False)

    def frames(inputs, settings):
        bands = settings["octaves"] * settings["per_octave"]
        return {"out": replace(whole_spectrum(inputs["magnitude"], "log_frequency"), bins=bands)}


class SpectrogramBuffer:
    """Ring buffer of the latest frames of a tap, read by displays."""

    array_types = {"samples": "f4", "marks": "i8"}

    def __init__(self, context):
        settings = context.settings
        self.problem = ""
        self.lanes, self.rate = context.lanes, context.rate
        self.bins, self.size, self.hop = (settings.get(name, 1) for name in ("bins", "size", "hop"))
        frame_count = int(settings["seconds"] * self.rate / self.hop) + 1
        self.frames = max(2, min(frame_count, (1 << 24) // (self.bins * self.lanes)))
        self.samples = np.empty(self.frames * self.lanes * self.bins, np.float32)
        self.samples.fill(0.0)
        self.marks = np.array([0, self.frames, self.lanes], np.int64)
        self.arrays = {"samples": self.samples, "marks": self.marks}

    def latest(self, count=None, lane=0):
        """Return the last ``count`` frames (None: all) as float32 (frames, bins), with leading zeros."""
        count = self.frames if count is None else min(count, self.frames)
        end = int(self.marks[0])
        rows = np.arange(end - count, end)
        values = self.samples.reshape(self.frames, self.lanes, self.bins)[rows % self.frames, lane]
        values[rows < 0] = 0.0
        return values

    def decibels(self, count=None, lane=0, least=-120.0):
        """Return the last frames in dB, (bins, frames), lowest bin first; 0 dB is a full-scale sine (Hann window)."""
        levels = self.latest(count, lane).T * (4.0 / self.size)
        return np.maximum(20.0 * np.log10(np.maximum(levels, 1e-15)), least)

    def service(self):
        pass

    def close(self):
        pass


def keep_frame(values, bins, lane, samples, marks):
    """Write the frame of one lane to the ring of a tap; the last lane completes the frame."""
    row = row_of_frame(bins, lane, marks)
    for k in range(bins):
        samples[row + k] = values[k]
    frame_kept(lane, marks)


def row_of_frame(bins, lane, marks):
    """Return the index in the ring at which the frame of a lane starts."""
    frames, lanes = marks[1], marks[2]
    return ((marks[0] % frames) * lanes + lane) * bins


def frame_kept(lane, marks):
    """Count the frame as written if ``lane`` is the last lane."""
    if lane == marks[2] - 1:
        marks[0] = marks[0] + 1


class SpectrogramTap(Node):
    """Shows magnitudes or codes as a spectrogram: time from left to right, frequency upwards."""

    words = (
        "spectrogram, sonogram, waterfall, sonograph, heat map, spectroscope~, show spectrum over time, jit.pwindow, "
        "Sonogramm, sonagramme, spectrogramme, view spectrogram, time frequency"
    )

    display = "spectrogram"
    example = Example(inputs={"values": "glide", "magnitude": "glide"})
    magnitude = FrameIn(EITHER, doc="magnitudes, mel bands or units of a code to display")
    seconds = Option(5.0, unit="s", min=0.1, max=60.0, doc="duration that is shown")
    ring = Helper(SpectrogramBuffer)

    def frame(magnitude, bins, lane, samples, marks):
        keep_frame(magnitude, bins, lane, samples, marks)
