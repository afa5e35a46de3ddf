"""Patches inside patches: a subpatch, the inlets and outlets that give it ports, and what makes voices of it."""

import numpy as np

from nodegraph.maths import clip, cos_turn, exp2, read_double, sin_turn
from nodegraph.node import Choice, In, Node, Option, Out, Table
from nodegraph.patch.voices import MAX_UNISON, MAX_VOICES, MIXES

MAX_WIDTH = 1e9
ANYTHING = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="what passes")


class Subpatch(Node):
    """A patch in a block: drawn inside it, or kept in a file. Its inlets and outlets are its ports.

    With several ``voices`` one is drawn and so many are heard, each with its own state and its own lane of
    every signal that comes in with as many lanes. ``unison`` makes several of each voice, ``1 / √unison`` as loud.
    """

    container = True
    file = Option("", kind="file", doc="a saved patch in this patch's folder, instead of one drawn here")
    voices = Option(1, min=1, max=MAX_VOICES, doc="voices heard of the one drawn")
    unison = Option(1, min=1, max=MAX_UNISON, doc="copies of each voice, apart by the inlets' spread")
    mix = Choice(*MIXES, doc="voices are added up, spread from left to right, or leave side by side as lanes")
    width = Option(1.0, unit="ratio", min=0.0, max=1.0, doc="how far voices are spread in stereo")


class Inlet(Node):
    """A port of the subpatch that it stands in, named like this block: ``out = value``.

    What is not set here (0 or empty) is as at the port that it leads to. ``spread`` and ``random`` tell the voices
    apart, in the unit of the port or, where its taper is "log", in semitones: evenly from -spread to spread, and by
    a chance of their own that ``seed`` throws.
    """

    value = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="what it gives while nothing is wired to the port")
    min = Option(0.0, doc="lower end of the port's slider; equal to max: as where it leads")
    max = Option(0.0, doc="upper end of the port's slider")
    unit = Option("", doc="unit of the port")
    taper = Choice("as it leads", "linear", "log", doc="how the slider travels")
    spread = Option(0.0, doc="voices lie evenly from -spread to spread around the value")
    random = Option(0.0, doc="each voice is off by a chance value in ±random")
    seed = Option(0, min=0, doc="throws the chance values anew")
    doc = Option("", doc="what the port is for")
    out = Out(doc="what comes in")

    def tick(value):
        return value


class Outlet(Node):
    """An output of the subpatch that it stands in, named like this block."""

    container = True
    audio = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="what leaves")


def voice_positions(settings):
    """Where each voice stands from -1 to 1: the copies of a voice side by side, or the voices themselves."""
    count = settings["voices"] * settings["unison"]
    every = settings["unison"] if settings["unison"] > 1 else count
    return np.zeros(count) if every < 2 else np.tile(np.linspace(-1.0, 1.0, every), count // every)


class VoiceIn(Node, hidden=True):
    """What comes into voices: a lane for each, or the same for all, each off by its spread and its chance.

    ``out = value + spread p + random r``, or ``value 2^((spread p + random r) / 12)``, p and r from -1 to 1.
    """

    value = ANYTHING
    spread = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="from the middle to the outermost voices")
    random = In(0.0, min=-MAX_WIDTH, max=MAX_WIDTH, doc="largest chance value")
    voices = Option(1, min=1, max=MAX_VOICES, doc="voices in all")
    unison = Option(1, min=1, max=MAX_UNISON, doc="copies of each")
    first = Option(0, min=0, doc="the first copy that leaves here")
    count = Option(1, min=1, doc="how many leave here")
    seed = Option(0, min=0, doc="of the chance values")
    law = Choice("linear", "ratio", doc="added, or as an interval in semitones")
    out = Out(doc="a lane for each copy of each voice")
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
    """What leaves voices: their sum, or each at its place from left to right with equal power, times ``gain``.

    A voice that is stereo itself is shifted as a whole: one of its sides is turned down.
    """

    value = ANYTHING
    width = In(1.0, min=0.0, max=1.0, doc="how far from the middle the outermost voices are")
    voices = Option(1, min=1, max=MAX_VOICES, doc="voices in all")
    unison = Option(1, min=1, max=MAX_UNISON, doc="copies of each")
    first = Option(0, min=0, doc="the first copy that comes in here")
    whole = Option(True, doc="all copies come in here, a lane each; else one of them with all its lanes")
    gain = Option(1.0, doc="factor")
    mix = Choice("sum", "stereo", doc="how they are added up")
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
    """A voice among others: its lanes at their place in a signal that holds all of them, silence elsewhere."""

    value = ANYTHING
    index = Option(0, min=0, doc="which voice")
    count = Option(1, min=1, doc="voices in all")
    out = Out(doc="the lanes of all voices")

    def lanes(inputs, settings):
        return {"out": settings["count"] * inputs.get("value", 1)}

    def block(value, index, out):
        lanes = value.shape[1]
        for i in range(out.shape[0]):
            for lane in range(out.shape[1]):
                k = lane - index * lanes
                out[i, lane] = read_double(value, (i, k)) if 0 <= k < lanes else 0.0
