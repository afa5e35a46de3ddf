"""Audio input and output of a patch."""

from __future__ import annotations

from nodegraph.node import In, Node, Option, Out


class AudioOut(Node):
    """Sends a signal to the speakers: the output of the sound card (DAC), or the rendered file.

    A single lane goes to all channels; of several lanes, lane k goes to channel k. Several audio_out blocks add up.
    """

    aliases = ("out", "output", "speaker", "dac", "ezdac")

    device = "output"
    audio = In(0.0, unit="", min=-1.0, max=1.0, doc="signal to play, ±1 is full scale")


class AudioIn(Node):
    """Receives the sound card input (ADC), such as a microphone or line, or a sound file when rendering."""

    aliases = ("mic", "microphone", "in", "input", "adc", "ezadc", "soundin")

    device = "input"
    channels = Option(1, min=1, max=16, doc="number of input channels, one lane each")
    out = Out(doc="input signal, ±1 is full scale")

    def block(out, device, column, channels):
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                out[i, lane] = device[i, column + lane] if column + lane < device.shape[1] else 0.0

    def lanes(inputs, settings):
        return {"out": settings["channels"]}
