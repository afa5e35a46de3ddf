"""Audio input and output of a patch."""

from __future__ import annotations

from nodegraph.node import Choice, In, Node, Option, Out
from nodegraph.patch.voices import MIXES


class AudioOut(Node):
    """Sends a signal to the speakers: the output of the sound card (DAC), or the rendered file.

    A single lane goes to all channels. Several lanes are summed, spread evenly from left to right with equal power, or
    lane k goes to channel k: ``mix``. Several audio_out blocks add up.
    """

    words = (
        "out, output, speaker, speakers, DAC, ezdac~, headphones, headphone, sound card, main out, master, monitor, "
        "monitors, play, line out, Ausgang, Lautsprecher, Kopfhörer, sortie, haut-parleur, casque, loudspeaker, sound "
        "out, audio output, listen, stereo out, mains, audio interface, salida"
    )

    device = "output"
    display = "master"
    audio = In(0.0, unit="", min=-1.0, max=1.0, doc="signal to play, ±1 is full scale")
    mix = Choice("auto", *MIXES, doc="lanes are summed, spread in stereo or one channel each; auto sums voices only")


class AudioIn(Node):
    """Receives the sound card input (ADC), such as a microphone or line, or a sound file when rendering."""

    words = (
        "mic, microphone, in, input, ADC, ezadc~, SoundIn, line in, guitar in, live input, record input, sound input, "
        "external, Mikrofon, Eingang, micro, entrée, instrument, inlet audio, audio input, sound card input, vocal "
        "input, headset, entrada, microfono"
    )

    device = "input"
    channels = Option(1, min=1, max=16, doc="number of input channels, one lane each")
    out = Out(doc="input signal, ±1 is full scale")

    def block(out, device, column, channels):
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                out[i, lane] = device[i, column + lane] if column + lane < device.shape[1] else 0.0

    def lanes(inputs, settings):
        return {"out": settings["channels"]}
