"""Subpatches: the block, its inlets and outlets, and the hidden blocks that distribute and mix voices."""

import numpy as np

from nodegraph.maths import clip, cos_turn, exp2, read_double, sin_turn
from nodegraph.node import OVERSAMPLING_CHOICE, Choice, In, Node, Option, Out, Table
from nodegraph.patch.voices import MAX_UNISON, MAX_VOICES, MIXES

MAX_WIDTH = 1e9
ANYTHING = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="signal to pass")


class Subpatch(Node):
    """Contains a patch, drawn inside the block or stored in a file. Its inlets and outlets are its ports.

    With several ``voices`` the patch is drawn once and runs once per voice (poly), each with separate state and with
    one lane of every input that has as many lanes. ``unison`` runs detuned copies of each voice at ``1 / √unison``.
    """

    words = (
        "subpatcher, patcher, bpatcher, pd, abstraction, module, group, encapsulate, macro, SynthDef, poly~, clone, "
        "voice, container, function, rack, effect rack, instrument rack, gen~, nested patch, component, macro block, "
        "Gruppe, sous-patch, custom block, polyphony, reaktor macro, core cell"
    )

    container = True
    file = Option("", kind="file", doc="patch file in the patch's folder, instead of a patch drawn inside")
    voices = Option(1, min=1, max=MAX_VOICES, doc="number of voices")
    unison = Option(1, min=1, max=MAX_UNISON, doc="copies of each voice, set apart by the spread of the inlets")
    mix = Choice(*MIXES, doc="voices are summed, spread from left to right, or output as lanes")
    width = Option(1.0, unit="ratio", min=0.0, max=1.0, doc="stereo width of the voices")
    oversampling = Choice(*OVERSAMPLING_CHOICE.values, doc="at least that of the blocks inside, to reduce aliasing")


class Inlet(Node):
    """Adds an input port with the name of this block to the subpatch that contains it: ``out = value``.

    Options left at 0 or empty are taken from the port that the inlet is wired to. ``spread`` and ``random`` detune the
    voices, in the unit of the port or, if its taper is "log", in semitones: ``spread`` evenly from -spread to spread,
    ``random`` by a random amount per voice, drawn from ``seed``.
    """

    words = "input port, in port, subpatch input, port, module input, Eingangsport, argument"

    value = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="value while no wire is connected to the port")
    min = Option(0.0, doc="lowest value of the port; if equal to max, taken from the wired port")
    max = Option(0.0, doc="highest value of the port")
    unit = Option("", doc="unit of the port")
    taper = Choice("as it leads", "linear", "log", doc="taper of the slider")
    spread = Option(0.0, doc="voices are spaced evenly from -spread to spread around the value")
    random = Option(0.0, doc="each voice deviates by a random amount in ±random")
    seed = Option(0, min=0, doc="seed of the random amounts")
    doc = Option("", doc="description of the port")
    out = Out(doc="signal at the port")

    def tick(value):
        return value


class Outlet(Node):
    """Adds an output port with the name of this block to the subpatch that contains it."""

    words = "output port, out port, subpatch output, module output, return value"

    container = True
    audio = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="signal to output")


class Send(Node):
    """Sends a signal to all ``receive`` blocks of the same name, without a wire, also in and out of subpatches.

    Several sends to one name are added; the voices of a subpatch are mixed as at an outlet. A loop needs a feedback
    wire, as any other. Names hold in the whole patch; buses become wires, and take no time.
    """

    words = (
        "s~, throw~, bus, aux, aux send, Out.ar, effect send, fx send, wireless, LocalOut, broadcast, senden, "
        "teleport, sidechain send, SendTrig, Drum Buss"
    )

    container = True
    value = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="signal to send")
    name = Option("bus", kind="text", doc="name of the bus")


class Receive(Node):
    """Receives the sum of all signals that ``send`` blocks send to a name, from anywhere in the patch."""

    words = (
        "r~, catch~, In.ar, return, bus in, wireless, aux return, remote, LocalIn, InFeedback, bus, empfangen, "
        "teleport, jump"
    )

    container = True
    name = Option("bus", kind="text", doc="name of the bus")
    out = Out(doc="sum of the sent signals")


def voice_positions(settings):
    """Return the position of each voice from -1 to 1: of the copies within a voice, or of the voices without unison."""
    count = settings["voices"] * settings["unison"]
    every = settings["unison"] if settings["unison"] > 1 else count
    return np.zeros(count) if every < 2 else np.tile(np.linspace(-1.0, 1.0, every), count // every)


class VoiceIn(Node, hidden=True):
    """Distributes an input to voices: one lane per voice, or one for all, offset by its spread and random amount.

    ``out = value + spread p + random r``, or ``value 2^((spread p + random r) / 12)``, p and r from -1 to 1.
    """

    value = ANYTHING
    spread = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="offset of the outermost voices")
    random = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="largest random amount")
    voices = Option(1, min=1, max=MAX_VOICES, doc="total number of voices")
    unison = Option(1, min=1, max=MAX_UNISON, doc="copies of each voice")
    first = Option(0, min=0, doc="index of the first copy in the output")
    count = Option(1, min=1, doc="number of copies in the output")
    seed = Option(0, min=0, doc="seed of the random amounts")
    law = Choice("linear", "ratio", doc="added, or an interval in semitones")
    out = Out(doc="one lane per copy of each voice")
    place = Table(lambda settings, sr: voice_positions(settings))
    chance = Table(
        lambda settings, sr: np.random.default_rng(settings["seed"]).uniform(
            -1.0, 1.0, settings["voices"] * settings["unison"]
        )
    )

    def lanes(inputs, settings):
        return {"out": settings["count"]}

    def block(value, spread, random, unison, first, law, place, chance, out):
        for i in range(out.shape[0]):
            wide, wild = read_double(spread, (i, 0)), read_double(random, (i, 0))
            for lane in range(out.shape[1]):
                voice = first + lane
                source = voice // unison
                x = read_double(value, (i, source if source < value.shape[1] else 0))
                off = wide * read_double(place, voice) + wild * read_double(chance, voice)
                out[i, lane] = x + off if law == 0 else x * exp2(clip(off * 0.08333333333333333, -60.0, 60.0))


class VoiceOut(Node, hidden=True):
    """Mixes the outputs of voices, times ``gain``: summed, or panned from left to right with equal power.

    A stereo voice is balanced instead: one of its sides is attenuated.
    """

    value = ANYTHING
    width = In(1.0, min=0.0, max=1.0, doc="distance of the outermost voices from the centre")
    voices = Option(1, min=1, max=MAX_VOICES, doc="total number of voices")
    unison = Option(1, min=1, max=MAX_UNISON, doc="copies of each voice")
    first = Option(0, min=0, doc="index of the first copy in the input")
    whole = Option(True, doc="the input has one lane per copy; otherwise all lanes of one copy")
    gain = Option(1.0, doc="factor")
    mix = Choice("sum", "stereo", doc="how voices are mixed")
    out = Out(doc="one lane, or left and right")
    place = Table(lambda settings, sr: voice_positions(settings))

    def lanes(inputs, settings):
        if settings["mix"] == "stereo":
            return {"out": 2}
        return {"out": 1 if settings["whole"] else inputs.get("value", 1)}

    def block(value, width, first, whole, gain, mix, place, place_size, out):
        lanes = value.shape[1]
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                out[i, lane] = 0.0
            spread = read_double(width, (i, 0))
            for k in range(place_size if whole > 0.5 else lanes):
                x = gain * read_double(value, (i, k if k < lanes else 0))
                if mix == 0:
                    out[i, k if out.shape[1] > 1 else 0] += x
                else:
                    p = clip(spread * read_double(place, first + (k if whole > 0.5 else 0)), -1.0, 1.0)
                    if whole > 0.5 or lanes == 1:
                        out[i, 0] += x * cos_turn(0.125 + 0.125 * p)
                        out[i, 1] += x * sin_turn(0.125 + 0.125 * p)
                    elif k % 2 == 0:
                        out[i, 0] += x * clip(1.0 - p, 0.0, 1.0)
                    else:
                        out[i, 1] += x * clip(1.0 + p, 0.0, 1.0)


class VoiceLane(Node, hidden=True):
    """Places the lanes of one voice in a signal with the lanes of all voices; the other lanes are silent."""

    value = ANYTHING
    index = Option(0, min=0, doc="index of the voice")
    count = Option(1, min=1, doc="total number of voices")
    out = Out(doc="lanes of all voices")

    def lanes(inputs, settings):
        return {"out": settings["count"] * inputs.get("value", 1)}

    def block(value, index, out):
        lanes = value.shape[1]
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                k = lane - index * lanes
                out[i, lane] = read_double(value, (i, k)) if 0 <= k < lanes else 0.0
