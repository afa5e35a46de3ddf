"""Where sound comes in and goes out."""

from __future__ import annotations

from nodegraph.node import In, Node, Option, Out


class AudioOut(Node):
    """What is heard: the signal goes to the sound card or into the rendered file.

    One lane goes to all channels, lane k of several to channel k. Several of these blocks add up.
    """

    device = "output"
    audio = In(0.0, unit="", min=-1.0, max=1.0, doc="signal to be heard, ±1 is full scale")


class AudioIn(Node):
    """The sound card's input, or the file given for this node when rendering."""

    device = "input"
    channels = Option(1, min=1, max=16, doc="how many channels it takes, each a lane")
    out = Out(doc="input signal, ±1 is full scale")

    def block(out, device, column, channels):
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                out[i, lane] = device[i, column + lane] if column + lane < device.shape[1] else 0.0

    def lanes(inputs, settings):
        return {"out": settings["channels"]}
