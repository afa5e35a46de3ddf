"""Convolution: sounds in recorded rooms."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.blocks.sound_streaming import read_header
from nodegraph.files.sound_file import SoundFileError, finite_samples, read_samples, resampled
from nodegraph.maths import clip, cos_turn, finite_or_zero, read_double, sin_turn, smoothstep
from nodegraph.node import Example, Helper, In, Node, Option, Out, State, Transform
from nodegraph.quantum import QUANTUM
from nodegraph.spectral.partitioned_convolution import (
    HEAD,
    PLAYED,
    SIDES,
    TAIL,
    convolution_arrays,
    convolve,
    take_input,
)

from .mixing import side_of

CHANNELS = (1, 2, 4)
MAX_SECONDS = 30.0  # of a response
LOUDEST = 1e9  # of the input: products of louder spectra might overflow
FADE_SECONDS = 0.03  # in which a response that replaces another gets the input


def read_response(path, rate):
    """Return a sound file as an impulse response, (samples, channels), at a rate in Hz, and whether it was too long.

    A sample at a higher rate stands for less time and is scaled down. Raises SoundFileError.
    """
    values, file_rate = read_samples(path)
    longest = round(MAX_SECONDS * file_rate)
    response = resampled(finite_samples(values[:longest]), file_rate, rate) * (file_rate / rate)
    return response, len(values) > longest


def normalised(response):
    """Return a response scaled so that white noise comes out as loud as it goes in, on average of both sides."""
    outputs = min(response.shape[1], SIDES)
    energy = float(np.square(response, dtype=np.float64).sum()) / outputs
    return response / np.sqrt(energy) if energy > 0.0 else response


class ImpulseResponse:
    """A response as spectra of its partitions, and what the convolution remembers of its input."""

    array_types = {"marks": "i8"} | dict.fromkeys(
        ("heads", "tails", "recent", "near", "gathered", "complete", "far", "sums", "played", "spectrum", "samples",
         "wet"), "f4",
    )  # fmt: skip

    def __init__(self, context):
        self.problem = ""
        response, too_long = np.zeros((0, 1)), False
        if context.settings["file"]:
            try:
                response, too_long = read_response(Path(context.settings["file"]), context.rate)
            except SoundFileError as error:  # removed or damaged since read_header()
                self.problem = str(error).rstrip(".")
        if too_long:
            self.problem = f"the response is longer than {MAX_SECONDS:g} s; its end is left out. Shorten it"
        if context.settings["normalise"]:
            response = normalised(response)
        if len(response) > 0:
            response = np.pad(response, ((round(context.settings["pre_delay"] * context.rate), 0), (0, 0)))
        self.arrays = convolution_arrays(response)

    def service(self):
        pass

    def close(self):
        pass


class Convolver(Node):
    """Puts a sound into a recorded room: convolves it with the impulse response in a sound file, without latency.

    ``y[n] = Σ h[k] x[n - k]``, in partitions of two lengths whose work is spread evenly over time: Gardner, Efficient
    convolution without input-output delay (J. Audio Eng. Soc., 1995). A response of one channel is the same for all
    sides; two channels are the response on the left and on the right, four those from left to left, left to right,
    right to left and right to right. Responses of other sample rates are converted; they may last 30 s.
    """

    words = (
        "convolution, impulse response, IR, convolution reverb, cabinet, cab sim, amp sim, convolve, BConvolve, "
        "FFTConvolve, PartConv, multiconvolve~, StereoConvolution2L, Convolution2, buffir~, Altiverb, Faltung, "
        "speaker simulation"
    )
    example = Example(inputs={"audio": "plucks"})

    audio = In(0.0, doc="dry signal; even lanes enter on the left, odd ones on the right, a single one on both")
    gain = In(1.0, unit="ratio", min=0.0, max=4.0, doc="gain of the response; 1 is unchanged")
    mix = In(0.3, unit="ratio", min=0.0, max=1.0, doc="0 is dry, 1 is the response only")
    file = Option("", kind="file", doc="sound file of the response with 1, 2 or 4 channels, in the patch's folder")
    normalise = Option(True, doc="scale the response so that white noise keeps its level")
    pre_delay = Option(0.0, unit="s", min=0.0, max=1.0, doc="silence before the response")
    out = Out(doc="one lane if the signal and the response have one, else two, left and right")
    head_fft, tail_fft = Transform(lambda settings: 2 * HEAD), Transform(lambda settings: 2 * TAIL)
    reader = Helper(ImpulseResponse)
    started, fade_in = State(0), State(1.0)

    def block(
        audio, gain, mix, out, head_fft, tail_fft, marks, heads, tails, recent, near, gathered, complete, far, sums,
        played, spectrum, samples, wet, started, fade_in, dt,
    ):  # fmt: skip
        sides = min(out.shape[1], SIDES)
        if marks[PLAYED] == 0 and started[0] != 0:
            fade_in[0] = 0.0
        marks[PLAYED] = started[0] = 1
        for i in range(QUANTUM):
            fade_in[0] = min(fade_in[0] + dt / FADE_SECONDS, 1.0)
            for side in range(sides):
                x = clip(finite_or_zero(side_of(audio, i, side)), -LOUDEST, LOUDEST)
                take_input(side, i, x * smoothstep(fade_in[0]), recent, gathered, marks)
        convolve(
            sides, head_fft, tail_fft, marks, heads, tails, recent, near, gathered, complete, far, sums, played,
            spectrum, samples, wet,
        )  # fmt: skip
        for i in range(QUANTUM):
            theta = 0.25 * clip(read_double(mix, (i, 0)), 0.0, 1.0)
            dry, loud = cos_turn(theta), sin_turn(theta) * read_double(gain, (i, 0))
            for side in range(sides):
                out[i, side] = dry * side_of(audio, i, side) + loud * read_double(wet, HEAD * side + i)

    def lanes(inputs, settings):
        return {"out": 1 if read_header(settings["file"])[0] == 1 and inputs["audio"] == 1 else 2}

    def check(settings):
        channels, problem = read_header(settings["file"])
        if problem or channels in CHANNELS:
            return problem
        return f"'{Path(settings['file']).name}' has {channels} channels; a response has 1, 2 or 4. Convert it."
