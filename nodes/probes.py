"""Probes that the editor adds to a wire to display its signal. They are hidden in the palette and pass nothing on."""

from __future__ import annotations

from nodegraph.frame_types import EITHER
from nodegraph.maths import read_double, sqrt
from nodegraph.node import FrameIn, Helper, In, Node, Option

from .mel_and_views import SpectrogramBuffer, frame_kept, keep_frame, row_of_frame
from .meters import TapBuffer, write_tap


class SignalProbe(Node, hidden=True):
    """Stores the latest samples of a signal for display."""

    audio = In(0.0, min=-1.0, max=1.0, doc="signal to display")
    ring = Helper(TapBuffer)

    def block(audio, samples, marks):
        write_tap(audio, samples, marks)


class FrameProbe(Node, hidden=True):
    """Stores the latest magnitude or latent frames for display."""

    values = FrameIn(EITHER, doc="frames to display")
    seconds = Option(3.0, unit="s", min=0.1, max=60.0, doc="duration that is stored")
    ring = Helper(SpectrogramBuffer)

    def frame(values, bins, lane, samples, marks):
        keep_frame(values, bins, lane, samples, marks)


class PhaseProbe(Node, hidden=True):
    """Stores the latest phase frames for display, in turns."""

    values = FrameIn("phase", doc="frames to display")
    seconds = Option(3.0, unit="s", min=0.1, max=60.0, doc="duration that is stored")
    ring = Helper(SpectrogramBuffer)

    def frame(values, bins, lane, samples, marks):
        keep_frame(values, bins, lane, samples, marks)


class SpectrumProbe(Node, hidden=True):
    """Stores the magnitudes of the latest spectra for display: ``|X| = √(re² + im²)``."""

    values = FrameIn("spectrum", doc="spectra to display")
    seconds = Option(3.0, unit="s", min=0.1, max=60.0, doc="duration that is stored")
    ring = Helper(SpectrogramBuffer)

    def frame(values_re, values_im, bins, lane, samples, marks):
        row = row_of_frame(bins, lane, marks)
        for k in range(bins):
            re, im = read_double(values_re, k), read_double(values_im, k)
            samples[row + k] = min(sqrt(re * re + im * im), 1e30)
        frame_kept(lane, marks)
