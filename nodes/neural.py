"""The autoencoder as an instrument: magnitudes to a code of few units, faders on them, and back.

Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (Proc. ICMC, 2014); Colonel, Curro & Keene,
Improving neural net auto encoders for music synthesis (AES Convention 143, 2017). Models are files written by
``nodegraph train autoencoder``; their layers are calculated here, on the weights as they are in the file.
"""

from __future__ import annotations

from dataclasses import replace

from nodegraph.frame_types import FrameType
from nodegraph.maths import clip, exp, read_double, smoothstep
from nodegraph.models.feature_kernels import (
    SOUNDS,
    bins_per_bin,
    feature_table,
    normalisation_table,
    to_features,
    to_magnitudes,
)
from nodegraph.models.tables import (
    BLOCK,
    LAYER_WORDS,
    layer_table,
    max_layer_width,
    model_of,
    model_problem,
    weight_table,
)
from nodegraph.node import Choice, FrameIn, FrameOut, In, Node, Option, Out, Scratch, State, Table

SIGMOID, RELU, LEAKY = 0, 1, 2
FAINT = 1e-4  # a code whose units all lie below fades to silence


def encoder_layers(settings):
    model = model_of(settings)
    return model.encoder if model else ()


def decoder_layers(settings):
    model = model_of(settings)
    return model.decoder if model else ()


def features(settings, sr):
    return feature_table(model_of(settings), settings["bins"], settings["size"], sr)


def normalisation(settings, sr):
    return normalisation_table(model_of(settings), settings["bins"])


def dense(source, inputs, weights, at, target, outputs):
    """A layer before its activation: ``target = bias + W source``; returns where the next layer's weights begin.

    Inputs come in fours, each of which adds its columns of W to all outputs: outputs lie side by side, so this is
    SIMD, and the order of every sum is fixed. Where all four are 0, as behind a rectifier, there is nothing to add.
    """
    for i in range(inputs, inputs + BLOCK):
        source[i] = 0.0  # the last four may not be whole
    for j in range(outputs):
        target[j] = weights[at + j]
    row = at + outputs
    for i in range(0, inputs, BLOCK):
        a, b, c, d = source[i], source[i + 1], source[i + 2], source[i + 3]
        if a != 0.0 or b != 0.0 or c != 0.0 or d != 0.0:
            second, third, fourth = row + outputs, row + 2 * outputs, row + 3 * outputs
            for j in range(outputs):
                target[j] += (
                    a * weights[row + j] + b * weights[second + j] + c * weights[third + j] + d * weights[fourth + j]
                )
        row += BLOCK * outputs
    return row


def activate(values, count, activation, slope):
    """Sigmoid ``1 / (1 + e^-x)``, relu ``max(x, 0)``, leaky ``max(x, slope x)``, or linear: nothing."""
    if activation == SIGMOID:
        for j in range(count):
            values[j] = 1.0 / (1.0 + exp(-read_double(values, j)))
    elif activation == RELU or activation == LEAKY:
        least = slope if activation == LEAKY else 0.0
        for j in range(count):
            x = read_double(values, j)
            values[j] = x if x > 0.0 else least * x


def propagate(layers, weights, source, target):
    """All layers, one after the other, from one array into the other by turns; returns that of the result."""
    at = 0
    for layer in range(int(layers[0])):
        word = 1 + LAYER_WORDS * layer
        inputs, outputs = int(layers[word]), int(layers[word + 1])
        at = dense(source, inputs, weights, at, target, outputs)
        activate(target, outputs, int(layers[word + 2]), read_double(layers, word + 3))
        source, target = target, source
    return source


class Encoder(Node):
    """Magnitudes to the code of an autoencoder: ``h = f(W h + b)``, layer after layer, from its features on.

    Features are made as in training, ``y = (x - offset) scale`` with ``x = |X|^power`` or its logarithm, of frames
    divided by their maximum where the model wants that. At another rate the stft's size is that of as long a
    window: a model of 2048 samples at 22050 Hz takes 4096 at 44100 Hz, and hears what it knows: the lower half.
    Without a model each bin is a unit.
    """

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the model's window")
    file = Option("", kind="file", doc="model (.safetensors), beside the patch")
    code = FrameOut("latent", doc="units of the innermost layer")
    level = FrameOut("latent", doc="the frame's maximum, 1 for a full-scale sine; 1 if the model keeps levels itself")
    scratch_a = Scratch(lambda settings, sr: max_layer_width(encoder_layers(settings), settings["bins"]))
    scratch_b = Scratch(lambda settings, sr: max_layer_width(encoder_layers(settings), settings["bins"]))
    layers = Table(lambda settings, sr: layer_table(encoder_layers(settings)))
    weights = Table(lambda settings, sr: weight_table(encoder_layers(settings)))
    features, normalisation = Table(features), Table(normalisation)

    def frame(magnitude, scratch_a, scratch_b, layers, weights, features, normalisation, bins, code, code_bins, level):
        level[0] = to_features(magnitude, bins, features, normalisation, scratch_a)
        h = propagate(layers, weights, scratch_a, scratch_b)
        for k in range(code_bins):
            code[k] = h[k]

    def check(settings):
        return model_problem(settings)

    def frames(inputs, settings):
        model, found = model_of(settings), inputs["magnitude"]
        if found.bins != found.size // 2 + 1:
            raise ValueError("needs one bin for each of the spectrum's; put encoder before mel or log_frequency.")
        if model:
            bins_per_bin(model, found.size, settings["sr"])
        code = replace(found, kind="latent", bins=model.code_size if model else found.bins)
        return {"code": code, "level": replace(code, bins=1)}


class Decoder(Node):
    """The code of an autoencoder to magnitudes: ``h = f(W h + b)``, layer after layer, and its features undone.

    A block that finds phases, or ``from_polar`` with the phases of the input, makes them heard. Bins above those
    of the model are 0. ``level`` is what the encoder gives there, or 1. Without a model each unit is a bin.
    """

    code = FrameIn("latent", doc="units of the innermost layer")
    level = FrameIn("latent", optional=True, doc="volume of each frame, from the encoder; 1 where nothing is wired")
    file = Option("", kind="file", doc="model (.safetensors), beside the patch")
    empty = Choice("silent", "as_trained", doc="what a code of zeros gives: nothing, or what is left in the model")
    magnitude = FrameOut("magnitude", doc="magnitudes of a spectrum")
    scratch_a = Scratch(lambda settings, sr: max_layer_width(decoder_layers(settings), settings["bins"]))
    scratch_b = Scratch(lambda settings, sr: max_layer_width(decoder_layers(settings), settings["bins"]))
    layers = Table(lambda settings, sr: layer_table(decoder_layers(settings)))
    weights = Table(lambda settings, sr: weight_table(decoder_layers(settings)))
    features, normalisation = Table(features), Table(normalisation)

    def frame(
        code, level, level_bins, empty, scratch_a, scratch_b, layers, weights, features, normalisation, bins, size,
        magnitude,
        magnitude_bins,
    ):  # fmt: skip
        strongest = 0.0
        for k in range(bins):
            scratch_a[k] = clip(code[k], -1e30, 1e30)
            strongest = max(strongest, abs(read_double(scratch_a, k)))
        h = propagate(layers, weights, scratch_a, scratch_b)
        gain = clip(level[0], 0.0, 1e30) if level_bins > 0 else 1.0
        if empty == 0 and features[SOUNDS] > 0.0:
            gain *= smoothstep(strongest / FAINT)
        to_magnitudes(h, gain, size, features, normalisation, magnitude, magnitude_bins)

    def check(settings):
        return model_problem(settings)

    def frames(inputs, settings):
        model, found = model_of(settings), inputs["code"]
        bins = found.size // 2 + 1
        if model:
            bins_per_bin(model, found.size, settings["sr"])
        if found.bins != (model.code_size if model else bins):
            has = f"its model has a code of {model.code_size} units" if model else "it has no model"
            raise ValueError(f"{has}, but {found.bins} arrive at 'code'. Give it the model of the encoder.")
        if inputs.get("level", found).bins != 1 and "level" in inputs:
            raise ValueError("'level' takes one number for each frame: wire the level of the encoder to it.")
        return {"magnitude": replace(found, kind="magnitude", bins=bins)}


GAIN = In(1.0, unit="gain", min=0.0, max=1.0, bank="code", doc="fader of each unit")
UNIT_SCALE = In(1.0, unit="gain", min=0.0, max=2.0, bank="code", doc="knob of each unit")
MUTE = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, bank="code", doc="above 0.5 the unit is silent")


def adjusted_value(gain, scale, mute):
    """What a unit is multiplied with, or is: ``gain × scale``, or 0 if it is mute."""
    return 0.0 if mute > 0.5 else gain * scale


class GainBank(Node):
    """A fader, a knob and a mute for each unit of a code: ``y[k] = gain[k] scale[k] (mute[k] ? 0 : 1) x[k]``.

    The controls of Sarroff & Casey (2014). Values are lists, one for each unit; one alone serves all.
    """

    display = "bars"
    code = FrameIn("latent", doc="units of an encoder")
    gain, scale, mute = GAIN, UNIT_SCALE, MUTE
    adjusted = FrameOut("latent", doc="the units, weighted")

    def frame(code, gain, scale, mute, bins, adjusted):
        for k in range(bins):
            adjusted[k] = adjusted_value(
                read_double(gain, k), read_double(scale, k), read_double(mute, k)
            ) * read_double(code, k)


class LatentSource(Node):
    """A code without a sound: ``y[k] = gain[k] scale[k] (mute[k] ? 0 : 1)``. The faders play the decoder.

    The mode without input of Sarroff & Casey (2014), with phases of ``channel_vocoder`` in theirs.
    """

    gain, scale, mute = replace(GAIN, default=0.0), UNIT_SCALE, MUTE
    volume = In(0.1, unit="gain", min=0.0, max=1.0, doc="of each frame; 1 is a maximum as of a full-scale sine")
    units = Option(16, min=1, max=4096, doc="units of the code: those of the decoder's model")
    size = Option(2048, unit="samples", min=8, max=65536, doc="transform of what follows, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="from one frame to the next")
    code = FrameOut("latent", doc="the adjusted values")
    level = FrameOut("latent", doc="the volume, for the decoder")

    def frame(gain, scale, mute, volume, code, code_bins, level):
        for k in range(code_bins):
            code[k] = adjusted_value(read_double(gain, k), read_double(scale, k), read_double(mute, k))
        level[0] = volume

    def frames(inputs, settings):
        size = settings["size"]
        if size & (size - 1):
            raise ValueError(f"size must be a power of two, got {size}. Take {1 << (size.bit_length() - 1)}.")
        code = FrameType("latent", settings["units"], size, settings["hop"])
        return {"code": code, "level": replace(code, bins=1)}


class ResynthesisSwitch(Node):
    """Between a sound and what a model made of it, in time with each other, by a fade: ``a + (b - a) t``.

    The original waits for the resynthesised sound, however late that is.
    """

    original = In(0.0, min=-1.0, max=1.0, doc="the sound as it came")
    resynthesised = In(0.0, min=-1.0, max=1.0, doc="the sound that was made of it")
    resynthesis = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="above 0.5 the resynthesised is heard")
    fade = In(0.02, unit="s", min=0.001, max=10.0, taper="log", doc="time from one to the other")
    out = Out(doc="one of the two")
    position = State(-1.0)

    def tick(original, resynthesised, resynthesis, fade, position, dt):
        wanted = 1.0 if resynthesis > 0.5 else 0.0
        step = dt / max(fade, 0.001)
        position = wanted if position < 0.0 else position + clip(wanted - position, -step, step)
        return original + (resynthesised - original) * smoothstep(position), position
