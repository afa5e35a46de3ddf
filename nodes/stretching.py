"""Time stretching: a sound file read as spectra, at any speed and the original pitch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.blocks.sound_streaming import read_header
from nodegraph.files.sound_file import read_sound
from nodegraph.frame_types import FrameType, check_transform_size
from nodegraph.maths import clip, floor, read_double, sqrt
from nodegraph.node import Choice, FrameOut, Helper, In, Line, Node, Option, Scratch, State, Table, Transform
from nodegraph.spectral.transform import rfft
from nodegraph.spectral.windows import WINDOWS, analysis_window

MAX_LENGTH = 1 << 26  # samples of all channels held in memory: 12 minutes of stereo


class LoadedSound:
    """A sound file in memory, at the engine's rate."""

    array_types = {"samples": "f4", "marks": "i8"}

    def __init__(self, context):
        self.problem = ""
        values = np.zeros((1, max(context.lanes, 1)), np.float32)
        if context.settings["file"]:
            values = read_sound(Path(context.settings["file"]), context.rate, bool(context.settings["loop"]))
        if values.size > MAX_LENGTH:
            values = values[: MAX_LENGTH // values.shape[1]]
            self.problem = "the file is too long; its end is left out. Shorten it"
        self.samples = np.ascontiguousarray(values, np.float32).ravel()
        self.marks = np.array(values.shape, np.int64)
        self.arrays = {"samples": self.samples, "marks": self.marks}

    def service(self):
        pass

    def close(self):
        pass


def bin_line():
    return Line(lambda settings, sr: settings["bins"])


def windowed(samples, marks, lane, start, loop, weights, windowed_frame, size):
    """Write ``size`` windowed samples of a channel from ``start`` on; ``loop`` continues past the end at the start."""
    frames, channels = marks[0], marks[1]
    channel = min(lane, channels - 1)
    for n in range(size):
        at = start + n
        if loop:
            at = at - frames * int(floor(at / frames))
        inside = (at >= 0) & (at < frames)
        at = min(max(at, 0), frames - 1)
        windowed_frame[n] = read_double(samples, at * channels + channel) * read_double(weights, n) if inside else 0.0


class StretchPlayer(Node):
    """Plays a sound file as spectra with a time stretch: ``speed`` changes the tempo but not the pitch.

    A phase vocoder. Each hop analyses the file at the current position and one hop earlier, and each bin advances
    by the phase difference: ``arg Y[m] = arg Y[m-1] + arg X(t) - arg X(t - hop)``. To lock the bins of a peak,
    ``Y[k] - Y[k-1] - Y[k+1]`` replaces ``Y[k]`` (Puckette, Phase-locked vocoder, WASPAA 1995). Each channel is a
    lane. Speed 0 freezes the sound; negative speeds play backwards.
    """

    speed = In(0.5, unit="ratio", min=-4.0, max=4.0, doc="1 is the original speed, 0.5 half, -1 backwards")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="s", min=0.0, max=36000.0, smooth=False, doc="position that restart jumps to")
    file = Option("", kind="file", doc="sound file, in the patch's folder")
    size = Option(4096, unit="samples", min=64, max=65536, doc="window and transform size, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="distance between frames")
    window = Choice(*WINDOWS, doc="window shape")
    phases = Choice("locked", "free", doc="locked: the bins of a peak together; free: each bin separately")
    loop = Option(True, doc="repeat from the start at the end")
    spectrum = FrameOut("spectrum", doc="spectra of the file; for inverse_stft with the same window")
    last_re, last_im = bin_line(), bin_line()
    windowed_frame = Scratch(lambda settings, sr: settings["size"])
    before_re, before_im = (Scratch(lambda settings, sr: settings["bins"]) for _ in range(2))
    weights = Table(analysis_window)
    at, gate = State(), State()
    fft = Transform()
    reader = Helper(LoadedSound)

    def frame(
        speed, restart, position, phases, loop, windowed_frame, before_re, before_im, last_re, last_im, weights, at,
        gate, fft, samples, marks, lane, bins, size, hop, sr, spectrum_re, spectrum_im,
    ):  # fmt: skip
        if restart > 0.5 and gate[0] <= 0.5:
            at[0] = clip(position, 0.0, 1e6) * sr
        gate[0] = restart
        here = int(floor(at[0])) - size // 2
        windowed(samples, marks, lane, here - hop, loop, weights, windowed_frame, size)
        rfft(fft, windowed_frame, before_re, before_im)
        windowed(samples, marks, lane, here, loop, weights, windowed_frame, size)
        rfft(fft, windowed_frame, spectrum_re, spectrum_im)
        for k in range(bins):
            below, above = max(k - 1, 0), min(k + 1, bins - 1)
            zr, zi = read_double(last_re, k), read_double(last_im, k)
            if phases == 0:
                zr -= read_double(last_re, below) + read_double(last_re, above)
                zi -= read_double(last_im, below) + read_double(last_im, above)
            xr, xi = read_double(spectrum_re, k), read_double(spectrum_im, k)
            br, bi = read_double(before_re, k), read_double(before_im, k)
            ur, ui = xr * br + xi * bi, xi * br - xr * bi
            wr, wi = ur * zr - ui * zi, ur * zi + ui * zr
            turn = sqrt(wr * wr + wi * wi)
            gain = sqrt(xr * xr + xi * xi) / max(turn, 1e-30)
            known = turn > 1e-24
            spectrum_re[k] = wr * gain if known else xr
            spectrum_im[k] = wi * gain if known else xi
        for k in range(bins):
            last_re[k] = spectrum_re[k]
            last_im[k] = spectrum_im[k]
        length = marks[0]
        following = at[0] + clip(speed, -16.0, 16.0) * hop
        if loop:
            following -= length * floor(following / length)
        at[0] = clip(following, -1.0 * size, length + 1.0 * size)

    def frames(inputs, settings):
        size = settings["size"]
        check_transform_size(size)
        return {"spectrum": FrameType("spectrum", size // 2 + 1, size, settings["hop"], window=settings["window"])}

    def lanes(inputs, settings):
        return {"spectrum": max(read_header(settings["file"])[0], 1)}

    def check(settings):
        return read_header(settings["file"])[1]
