"""What the editor puts on a wire to see what it carries. They change nothing, and are offered to nobody."""

from __future__ import annotations

from nodegraph.frame_types import EITHER
from nodegraph.maths import read_double, sqrt
from nodegraph.node import FrameIn, Helper, In, Node, Option

from .mel_and_views import SpectrogramBuffer, frame_kept, keep_frame, row_of_frame
from .meters import TapBuffer, write_tap


class SignalProbe(Node, hidden=True):
    """Keeps the latest samples of a signal."""

    audio = In(0.0, min=-1.0, max=1.0, doc="signal to look at")
    ring = Helper(TapBuffer)

    def block(audio, samples, marks):
        write_tap(audio, samples, marks)


class FrameProbe(Node, hidden=True):
    """Keeps the latest frames of magnitudes or of a code."""

    values = FrameIn(EITHER, doc="frames to look at")
    seconds = Option(3.0, unit="s", min=0.1, max=60.0, doc="how far back it sees")
    ring = Helper(SpectrogramBuffer)

    def frame(values, bins, lane, samples, marks):
        keep_frame(values, bins, lane, samples, marks)


class PhaseProbe(Node, hidden=True):
    """Keeps the latest frames of phases, in turns."""

    values = FrameIn("phase", doc="frames to look at")
    seconds = Option(3.0, unit="s", min=0.1, max=60.0, doc="how far back it sees")
    ring = Helper(SpectrogramBuffer)

    def frame(values, bins, lane, samples, marks):
        keep_frame(values, bins, lane, samples, marks)


class SpectrumProbe(Node, hidden=True):
    """Keeps the magnitudes of the latest spectra: ``|X| = √(re² + im²)``."""

    values = FrameIn("spectrum", doc="spectra to look at")
    seconds = Option(3.0, unit="s", min=0.1, max=60.0, doc="how far back it sees")
    ring = Helper(SpectrogramBuffer)

    def frame(values_re, values_im, bins, lane, samples, marks):
        row = row_of_frame(bins, lane, marks)
        for k in range(bins):
            re, im = read_double(values_re, k), read_double(values_im, k)
            samples[row + k] = min(sqrt(re * re + im * im), 1e30)
        frame_kept(lane, marks)
