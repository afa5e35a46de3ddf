"""Conversion of chosen values of frames to signals, and of signals to frames."""

from __future__ import annotations

from nodegraph.frame_types import EITHER, FrameType, check_transform_size
from nodegraph.maths import clip, lerp, read_double
from nodegraph.node import Choice, Example, FrameIn, FrameOut, In, Line, Node, Option, Out, State, Table
from nodegraph.quantum import QUANTUM
from nodegraph.spectral.ring import play_ring

HOLD = 0
LIMIT = 1e30


def chosen_indices(settings):
    """Return the indices of the chosen values: the list, or ``count`` indices from ``first`` on."""
    first = settings["first"]
    return settings["indices"] or tuple(range(first, first + settings["count"]))


class FrameToSignal(Node):
    """Converts chosen values of frames to signals, one lane each: units of a code (latent) or bands modulate any knob.

    From the end of frame m on, sample n is ``y = x[m]`` (hold), or on a ramp ``y = x[m-1] + (x[m] - x[m-1]) n / hop``
    (linear), which is one hop late; parallel paths are delayed to match. If the frames have several lanes, the values
    of the first lane precede those of the second, and so on.
    """

    words = (
        "Unpack1FFT, UnpackFFT, pfft to signal, bin to signal, unit to signal, frame to audio, latent to signal, "
        "pvsbin, spectral modulation, fftout~, data to control"
    )
    example = Example(values={"first": 5}, heard="source")

    values = FrameIn(EITHER, doc="magnitudes, or units of a code")
    first = Option(0, min=0, max=65535, doc="index of the first value, from 0")
    count = Option(1, min=1, max=1024, doc="number of values")
    indices = Option((), doc="list of indices, in any order, instead of first and count")
    interpolation = Choice("hold", "linear", doc="signal from frame to frame: steps or ramps")
    out = Out(doc="one lane per chosen value")
    chosen = Table(lambda settings, sr: chosen_indices(settings))
    before = State(0.0)
    ring, read = Line(lambda settings, sr: settings["hop"] + 2 * QUANTUM), State(0)

    def frame(values, interpolation, chosen, chosen_size, before, ring, ring_size, read, lane, hop, age):
        x = clip(read_double(values, int(chosen[lane % chosen_size])), -LIMIT, LIMIT)
        end = read[0] + QUANTUM - 1 - age
        for n in range(hop):
            ring[(end + n) % ring_size] = x if interpolation == HOLD else lerp(before[0], x, n / hop)
        before[0] = x

    def block(out, ring, read):
        play_ring(out, ring, read)

    def lanes(inputs, settings):
        return {"out": inputs["values"] * len(chosen_indices(settings))}

    def latency(settings, sr):
        return 0 if settings["interpolation"] == "hold" else settings["hop"]

    def check(settings):
        wrong = [index for index in settings["indices"] if index < 0 or index != int(index)]
        return f"indices must be whole numbers from 0, got {wrong[0]:g}" if wrong else ""

    def frames(inputs, settings):
        last, bins = max(chosen_indices(settings)), inputs["values"].bins
        if last >= bins:
            raise ValueError(
                f"indices must be below {bins}, the number of values in a frame, got {last:g}. Choose others."
            )
        return {}


class SignalToFrame(Node):
    """Converts signals to the code of a frame, one unit per lane, read at the end of each hop: ``x[m, k] = yₖ[m hop]``.

    The inverse of ``frame_to_signal``, and a code to play a decoder from any signals. As knobs, a list has one value
    per unit. A wire of one lane sets all units.
    """

    words = "PackFFT, signals to code, latent from signals, latent control, signal to latent, control to frame, fftin~"
    example = Example(silent="It makes a code for the blocks that follow, such as `decoder`.")

    values = In(0.0, min=-1e6, max=1e6, bank="units", doc="one lane or value per unit")
    units = Option(16, min=1, max=1024, doc="number of units")
    size = Option(2048, unit="samples", min=8, max=65536, doc="transform size of the following blocks, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="distance between frames")
    code = FrameOut("latent", doc="values at the end of each hop")

    def frame(values, code, code_bins):
        for k in range(code_bins):
            code[k] = values[k]

    def frames(inputs, settings):
        size = settings["size"]
        check_transform_size(size)
        return {"code": FrameType("latent", settings["units"], size, settings["hop"])}
