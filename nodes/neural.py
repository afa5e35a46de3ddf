"""The autoencoder as an instrument: magnitudes to a code of a few units, a fader per unit, and back to magnitudes.

Sarroff & Casey, Musical audio synthesis using autoencoding neural nets (Proc. ICMC, 2014); Colonel, Curro & Keene,
Improving neural net auto encoders for music synthesis (AES Convention 143, 2017). Models are files written by
``nodegraph train autoencoder``; their layers are computed here from the weights in the file.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nodegraph.frame_types import FrameType, check_transform_size
from nodegraph.maths import clip, exp, read_double, smoothstep, sqrt
from nodegraph.models.autoencoder import MAX_LAYERS
from nodegraph.models.axes import unit_names, unit_ranges
from nodegraph.models.code_map import map_table
from nodegraph.models.feature_kernels import (
    BANDED,
    BINS,
    SOUNDS,
    WIDTH,
    bins_per_bin,
    feature_table,
    from_features,
    normalisation_table,
    read_bins,
    to_features,
    write_bins,
)
from nodegraph.models.tables import (
    LAYER_WORDS,
    band_table,
    layer_table,
    max_layer_width,
    model_of,
    model_problem,
    weight_table,
)
from nodegraph.node import Choice, Example, FrameIn, FrameOut, In, Node, Option, Out, Scratch, State, Table
from nodegraph.patch import node_migration

SIGMOID, RELU, LEAKY = 0, 1, 2
FAINT = 1e-4  # a code whose units are all below this fades to silence


LAYER = Option(
    0, min=0, max=2 * MAX_LAYERS - 1, doc="hidden layer that is the code, from 1 at the input; 0: the innermost"
)


def encoder_layers(settings):
    """Return the layers up to the one that is played."""
    model = model_of(settings)
    return (*model.encoder, *model.decoder)[: played_layer(model, settings)] if model else ()


def decoder_layers(settings):
    """Return the layers after the one that is played."""
    model = model_of(settings)
    return (*model.encoder, *model.decoder)[played_layer(model, settings) :] if model else ()


def played_layer(model, settings):
    return settings["layer"] or len(model.encoder)


def units_of(model, settings):
    """Return the number of units of the layer that is played."""
    return (*model.encoder, *model.decoder)[played_layer(model, settings) - 1].outputs


def layer_problem(settings):
    """Return the problem with the model of a block or with its layer, or ""."""
    problem, model = model_problem(settings), None if model_problem(settings) else model_of(settings)
    hidden = len(model.encoder) + len(model.decoder) - 1 if model else 0
    if model and settings["layer"] > hidden:
        return f"layer must be at most {hidden}, the number of hidden layers of its model, got {settings['layer']}"
    return problem


def scratch_size(layers, settings):
    """Return the numbers of a scratch array: those of the widest layer, or of the bins of the model or the patch."""
    model = model_of(settings)
    return max_layer_width(layers, max(settings["bins"], model.bins if model else 0))


def features(settings, sr):
    return feature_table(model_of(settings), settings["bins"], settings["size"], sr, decoder_layers(settings))


def normalisation(settings, sr):
    return normalisation_table(model_of(settings), settings["bins"])


def dense(source, inputs, weights, at, target, outputs):
    """Compute a layer before activation, ``target = bias + W source``; return the index of the next layer's weights.

    Four inputs at a time add their columns of W to all outputs. Outputs are adjacent, so this is SIMD, and the order
    of every sum is fixed. Zeros, as after a rectifier, are skipped: columns that are not read make large layers faster.
    """
    for j in range(outputs):
        target[j] = weights[at + j]
    row = at + outputs
    a = b = c = np.float32(0.0)
    first = second = third = row
    waiting = 0
    for i in range(inputs):
        x = source[i]
        if x != 0.0:
            if waiting == 0:
                a, first = x, row
            elif waiting == 1:
                b, second = x, row
            elif waiting == 2:
                c, third = x, row
            else:
                add_columns(target, outputs, weights, a, first, b, second, c, third, x, row)
            waiting = (waiting + 1) % 4
        row += outputs
    if waiting > 0:
        b = b if waiting > 1 else np.float32(0.0)
        c = c if waiting > 2 else np.float32(0.0)
        add_columns(target, outputs, weights, a, first, b, second, c, third, np.float32(0.0), first)
    return row


def add_columns(target, outputs, weights, a, first, b, second, c, third, d, fourth):
    """Add four columns of weights, that start at an index each, times a number each."""
    for j in range(outputs):
        target[j] += a * weights[first + j] + b * weights[second + j] + c * weights[third + j] + d * weights[fourth + j]


def activate(values, count, activation, slope):
    """Apply sigmoid ``1 / (1 + e^-x)``, relu ``max(x, 0)``, leaky ``max(x, slope x)``, or nothing (linear)."""
    if activation == SIGMOID:
        for j in range(count):
            values[j] = 1.0 / (1.0 + exp(-read_double(values, j)))
    elif activation == RELU or activation == LEAKY:
        least = slope if activation == LEAKY else 0.0
        for j in range(count):
            x = read_double(values, j)
            values[j] = x if x > 0.0 else least * x


def propagate(layers, weights, source, target):
    """Compute all layers, alternating between two arrays; return the array with the result."""
    at = 0
    for layer in range(int(layers[0])):
        word = 1 + LAYER_WORDS * layer
        inputs, outputs = int(layers[word]), int(layers[word + 1])
        at = dense(source, inputs, weights, at, target, outputs)
        activate(target, outputs, int(layers[word + 2]), read_double(layers, word + 3))
        source, target = target, source
    return source


class Encoder(Node, version=2):
    """Encodes magnitudes to the code of a neural autoencoder: ``h = f(W h + b)`` per layer, starting from features.

    Features are computed as in training: ``y = (x - offset) scale`` with ``x = |X|^power`` or its logarithm, of frames
    divided by their maximum if the model requires it. At another sample rate, set the stft to the same duration: a
    model of 2048 samples at 22050 Hz needs 4096 samples at 44100 Hz and reads the lower half of the bins. ``layer``
    plays another hidden layer than the innermost one, in the encoder or the decoder of the model. Without a model each
    bin is a unit.
    """

    words = (
        "autoencoder, neural encoder, neural, neural network, VAE, latent, latent space, RAVE, deep learning, AI, "
        "machine learning, features, network, ML, KI, compress code, embedding, analysis network, neuronales Netz, "
        "model"
    )
    example = Example(silent="It needs a trained model as its file; the demo `autoencoder_effect` has one.")

    magnitude = FrameIn("magnitude", doc="magnitudes of an stft with the model's window")
    file = Option("", kind="file", doc="model file (.safetensors), in the patch's folder")
    layer = LAYER
    code = FrameOut("latent", doc="units of the layer")
    level = FrameOut("latent", doc="level of the frame, that of a sine with the same energy; 1 is full scale")
    peak = FrameOut("latent", doc="what the model divided the frame by, 1 for a full-scale sine; 1 if it did not")
    scratch_a = Scratch(lambda settings, sr: scratch_size(encoder_layers(settings), settings))
    scratch_b = Scratch(lambda settings, sr: scratch_size(encoder_layers(settings), settings))
    layers = Table(lambda settings, sr: layer_table(encoder_layers(settings)))
    weights = Table(lambda settings, sr: weight_table(encoder_layers(settings)))
    features, normalisation = Table(features), Table(normalisation)
    bands = Table(lambda settings, sr: band_table(model_of(settings), False))

    def frame(
        magnitude, scratch_a, scratch_b, layers, weights, features, normalisation, bands, bins, code, code_bins,
        level, peak,
    ):  # fmt: skip
        x, other = scratch_a, scratch_b
        level[0] = read_bins(magnitude, bins, features, x)
        if features[BANDED] > 0.0:
            dense(x, int(features[BINS]), bands, 0, other, int(features[WIDTH]))
            x, other = other, x
        peak[0] = to_features(x, features, normalisation)
        h = propagate(layers, weights, x, other)
        for k in range(code_bins):
            code[k] = h[k]

    def check(settings):
        return layer_problem(settings)

    def frames(inputs, settings):
        model, found = model_of(settings), inputs["magnitude"]
        if found.bins != found.size // 2 + 1:
            raise ValueError("needs all bins of a spectrum. Put encoder before mel or log_frequency.")
        if model:
            bins_per_bin(model, found.size, settings["sr"])
        code = replace(found, kind="latent", bins=units_of(model, settings) if model else found.bins)
        return {"code": code, "level": replace(code, bins=1), "peak": replace(code, bins=1)}


node_migration("encoder", 1, outputs={"level": "peak"})


class Decoder(Node, version=2):
    """Decodes the code of a neural autoencoder to magnitudes: ``h = f(W h + b)`` per layer, then features inverted.

    To hear it, add a block that reconstructs phase, or ``from_polar`` with the phases of the input. Bins above those
    of the model are 0. Wire the ``level`` of the encoder, through that of a gain_bank, to ``level``: the model then
    gives each frame its shape, and the level its energy, so that no setting of the units is louder than the sound.
    For the levels of the model itself, wire the encoder's ``peak`` and select ``scaling`` "model". Without a model each
    unit is a bin.
    """

    words = (
        "autoencoder, neural decoder, neural, neural network, neural synthesis, VAE, generator, deep learning, AI, "
        "artificial intelligence, machine learning, DDSP, RAVE, latent, network, ML, generative, KI, réseau de "
        "neurones, neuronales Netz, net, model, generative model, latent space, timbre model"
    )
    example = Example(silent="It needs a trained model as its file; the demo `autoencoder_effect` has one.")

    code = FrameIn("latent", doc="units of the layer")
    level = FrameIn("latent", optional=True, doc="level of each frame; if not wired, the model's own")
    file = Option("", kind="file", doc="model file (.safetensors), in the patch's folder")
    layer = LAYER
    scaling = Choice("level", "model", doc="whether a wired level replaces the level of the model, or multiplies it")
    empty = Choice("silent", "as_trained", doc="output for a code of zeros: silence, or the output of the model")
    magnitude = FrameOut("magnitude", doc="magnitudes of a spectrum")
    scratch_a = Scratch(lambda settings, sr: scratch_size(decoder_layers(settings), settings))
    scratch_b = Scratch(lambda settings, sr: scratch_size(decoder_layers(settings), settings))
    layers = Table(lambda settings, sr: layer_table(decoder_layers(settings)))
    weights = Table(lambda settings, sr: weight_table(decoder_layers(settings)))
    features, normalisation = Table(features), Table(normalisation)
    bands = Table(lambda settings, sr: band_table(model_of(settings), True))

    def frame(
        code, level, level_bins, scaling, empty, scratch_a, scratch_b, layers, weights, features, normalisation,
        bands, bins, size, magnitude, magnitude_bins,
    ):  # fmt: skip
        strongest = 0.0
        for k in range(bins):
            scratch_a[k] = clip(code[k], -1e30, 1e30)
            strongest = max(strongest, abs(read_double(scratch_a, k)))
        h = propagate(layers, weights, scratch_a, scratch_b)
        gain = clip(level[0], 0.0, 1e30) if level_bins > 0 else 1.0
        if empty == 0 and features[SOUNDS] > 0.0:
            gain *= smoothstep(strongest / FAINT)
        is_level = scaling == 0 and level_bins > 0
        from_features(h, features, normalisation)
        if features[BANDED] > 0.0:
            other = scratch_b if int(layers[0]) % 2 == 0 else scratch_a  # the one that does not hold h
            dense(h, int(features[WIDTH]), bands, 0, other, int(features[BINS]))
            h = other
        write_bins(h, gain, is_level, size, features, magnitude, magnitude_bins)

    def check(settings):
        return layer_problem(settings)

    def frames(inputs, settings):
        model, found = model_of(settings), inputs["code"]
        bins = found.size // 2 + 1
        if model:
            bins_per_bin(model, found.size, settings["sr"])
        if found.bins != (units_of(model, settings) if model else bins):
            has = f"its model has a code of {units_of(model, settings)} units" if model else "it has no model"
            raise ValueError(f"{has}, but 'code' has {found.bins} units. Select the model file of the encoder.")
        if inputs.get("level", found).bins != 1 and "level" in inputs:
            raise ValueError("'level' must have one number per frame. Wire the level of the encoder to it.")
        return {"magnitude": replace(found, kind="magnitude", bins=bins)}


node_migration("decoder", 1, params=lambda old: {**old, "scaling": "model"})


GAIN = In(1.0, unit="gain", min=0.0, max=1.0, bank="code", doc="gain fader of each unit")
UNIT_SCALE = In(1.0, unit="gain", min=0.0, max=2.0, bank="code", doc="scale knob of each unit")
MUTE = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, bank="code", doc="mutes the unit while above 0.5")
MODEL = Option("", kind="file", doc="model of the decoder: names of its units, and their ranges (0 to 1 without)")


def adjusted_value(gain, scale, mute):
    """Return the factor or value of a unit: ``gain × scale``, or 0 if it is muted."""
    return 0.0 if mute > 0.5 else gain * scale


def value_in_range(factor, ranges, k, units):
    """Return the value of unit k in its range: low for 0, the median for a half, high for 1, and linear between."""
    low, middle, high = read_double(ranges, k), read_double(ranges, units + k), read_double(ranges, 2 * units + k)
    return low + 2.0 * factor * (middle - low) if factor < 0.5 else middle + (2.0 * factor - 1.0) * (high - middle)


def names_of_units(settings):
    return unit_names(model_of(settings))


class GainBank(Node):
    """Scales each unit of a code by a fader, a knob and a mute: ``y[k] = a[k] x[k]``, ``a[k] = gain scale (1 - mute)``.

    The controls of Sarroff & Casey (2014). A unit whose ``own`` is above 0.5 does not follow the sound: a sets its
    value in its range in the model, from the 5 % quantile (0) through the median (½) to the 95 % quantile (1).
    The ``level`` of each frame is multiplied by the length of the adjusted code over that of the code, so it falls with
    every fader. Values are lists with one number per unit, or one number for all.
    """

    words = (
        "fader bank, faders, multislider, latent faders, eight faders, unit gains, neuron faders, slider bank, "
        "sliders, nanokontrol, latent mixer, band gains, graphic EQ, fader box"
    )

    display = "bars"
    example = Example(silent="It needs the code of an encoder with a model; the demo `autoencoder_faders` has one.")
    code = FrameIn("latent", doc="code of an encoder")
    level = FrameIn("latent", optional=True, doc="level of each frame, from the encoder; 1 if not wired")
    gain, scale, mute = GAIN, UNIT_SCALE, MUTE
    own = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, bank="code", doc="above 0.5 the controls set the value")
    file = MODEL
    adjusted = FrameOut("latent", doc="scaled units")
    adjusted_level = FrameOut("latent", doc="scaled level, for the level of the decoder")
    ranges = Table(lambda settings, sr: unit_ranges(model_of(settings), settings["bins"]))

    def frame(code, level, level_bins, gain, scale, mute, own, ranges, bins, adjusted, adjusted_level):
        kept = total = 0.0
        for k in range(bins):
            factor = adjusted_value(read_double(gain, k), read_double(scale, k), read_double(mute, k))
            value = clip(read_double(code, k), -1e30, 1e30)
            if read_double(own, k) > 0.5:
                adjusted[k] = value_in_range(factor, ranges, k, bins)
                value = max(abs(read_double(ranges, k)), abs(read_double(ranges, 2 * bins + k)))
            else:
                adjusted[k] = factor * value
            total += value * value
            kept += factor * factor * value * value
        share = sqrt(kept / total) if total > 0.0 else 0.0
        adjusted_level[0] = share * (level[0] if level_bins > 0 else 1.0)

    def check(settings):
        return model_problem(settings)

    def frames(inputs, settings):
        model, code = model_of(settings), inputs["code"]
        if model and model.code_size != code.bins:
            raise ValueError(
                f"its model has {model.code_size} units, but 'code' has {code.bins}. Select the model of the encoder."
            )
        if "level" in inputs and inputs["level"].bins != 1:
            raise ValueError("'level' must have one number per frame. Wire the level of the encoder to it.")
        return {"adjusted": code, "adjusted_level": replace(code, bins=1)}

    member_names = names_of_units


class LatentSource(Node, version=2):
    """Generates a code from faders, to play a decoder without input: ``y[k] = gain[k] scale[k]``, in the unit's range.

    The mode without input of Sarroff & Casey (2014), who use the phases of ``channel_vocoder``. With a model in
    ``file``, a fader goes from the 5 % quantile of its unit through the median to the 95 % quantile; without one it is
    the value itself, as in the paper. A muted unit is as with its fader at 0.
    The level of a frame is ``volume`` times the highest fader: it falls to silence with all of them; or ``volume``.
    """

    words = (
        "latent faders, latent generator, decoder input, code from faders, latent vector, no input, generate latent, "
        "neuron source"
    )
    example = Example(silent="It needs a trained model as its file; the demo `autoencoder_no_input` has one.")

    gain, scale, mute = replace(GAIN, default=0.0), UNIT_SCALE, MUTE
    volume = In(0.1, unit="gain", min=0.0, max=1.0, doc="level of each frame; 1 is that of a full-scale sine")
    file = MODEL
    fade = Choice("faders", "none", doc="whether the level is the volume times the highest fader, or the volume")
    units = Option(16, min=1, max=4096, doc="number of units without a model in file")
    size = Option(2048, unit="samples", min=8, max=65536, doc="transform size of the following blocks, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="distance between frames")
    code = FrameOut("latent", doc="code from the faders")
    level = FrameOut("latent", doc="volume times the highest fader, for the level of the decoder")
    ranges = Table(lambda settings, sr: unit_ranges(model_of(settings), settings["bins"]))

    def frame(gain, scale, mute, volume, fade, ranges, code, code_bins, level):
        highest = 0.0
        for k in range(code_bins):
            factor = adjusted_value(read_double(gain, k), read_double(scale, k), read_double(mute, k))
            code[k] = value_in_range(factor, ranges, k, code_bins)
            highest = max(highest, factor)
        level[0] = volume * highest if fade == 0 else volume

    def check(settings):
        return model_problem(settings)

    def frames(inputs, settings):
        size, model = settings["size"], model_of(settings)
        check_transform_size(size)
        code = FrameType("latent", model.code_size if model else settings["units"], size, settings["hop"])
        return {"code": code, "level": replace(code, bins=1)}

    member_names = names_of_units


node_migration("latent_source", 1, params=lambda old: {**old, "fade": "none"})


class CodeMap(Node):
    """Plays a decoder by two numbers: a place in a square where codes of the model's training frames lie.

    The code is the mean of those within ``reach``, weighted by ``(1 - distance / reach)²``, or the nearest one. The
    axes are the first two of the model, each as ranks: sounds that resemble each other are neighbours.
    """

    words = (
        "XY pad, xy, latent map, latent space, map, t-SNE, corpus, timbre space, explore, 2D pad, kaoss pad, nodes, "
        "pad, latent explorer, joystick, vector synthesis"
    )
    example = Example(silent="It needs a trained model as its file; the demo `autoencoder_map` has one.")

    x = In(0.5, min=0.0, max=1.0, doc="place along the first axis of the model")
    y = In(0.5, min=0.0, max=1.0, doc="place along the second axis of the model")
    reach = In(0.1, min=0.0, max=1.0, doc="distance within which codes are mixed; 0: only the nearest one")
    volume = In(0.1, unit="gain", min=0.0, max=1.0, doc="level of each frame; 1 is that of a full-scale sine")
    file = Option("", kind="file", doc="model of the decoder, in the patch's folder")
    size = Option(2048, unit="samples", min=8, max=65536, doc="transform size of the following blocks, a power of two")
    hop = Option(512, unit="samples", min=1, max=65536, doc="distance between frames")
    code = FrameOut("latent", doc="code at the place")
    level = FrameOut("latent", doc="volume, for the level of the decoder")
    places = Table(lambda settings, sr: map_table(map_of(settings)))

    def frame(x, y, reach, volume, places, code, code_bins, level):
        count, width = int(places[0]), 2 + code_bins
        nearest, least, total = 0, 1e9, 0.0
        for k in range(code_bins):
            code[k] = 0.0
        for i in range(count):
            across, up = read_double(places, 1 + i * width) - x, read_double(places, 2 + i * width) - y
            distance = sqrt(across * across + up * up)
            if distance < least:
                nearest, least = i, distance
            if distance < reach:
                weight = (1.0 - distance / reach) * (1.0 - distance / reach)
                total += weight
                for k in range(code_bins):
                    code[k] += weight * read_double(places, 3 + i * width + k)
        for k in range(code_bins):
            if total > 0.0:
                code[k] = read_double(code, k) / total
            elif count > 0:
                code[k] = places[3 + nearest * width + k]
        level[0] = volume

    def check(settings):
        problem = model_problem(settings)
        if problem or not settings["file"] or map_of(settings):
            return problem
        return "its model has no map. Train it again with this version"

    def frames(inputs, settings):
        size, model = settings["size"], model_of(settings)
        check_transform_size(size)
        code = FrameType("latent", model.code_size if model else 1, size, settings["hop"])
        return {"code": code, "level": replace(code, bins=1)}


def map_of(settings):
    model = model_of(settings)
    return model.code_map if model else None


class ResynthesisSwitch(Node):
    """Crossfades between a sound and its resynthesis, aligned in time: ``a + (b - a) t``.

    The original is delayed to match the latency of the resynthesised sound.
    """

    words = "dry wet, A/B, original or resynthesis, bypass, wet dry switch, latency compensated crossfade"

    original = In(0.0, min=-1.0, max=1.0, doc="original signal")
    resynthesised = In(0.0, min=-1.0, max=1.0, doc="resynthesised signal")
    resynthesis = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="above 0.5 selects the resynthesised signal")
    fade = In(0.02, unit="s", min=0.001, max=10.0, taper="log", doc="duration of the crossfade")
    out = Out(doc="selected signal")
    position = State(-1.0)

    def tick(original, resynthesised, resynthesis, fade, position, dt):
        target = 1.0 if resynthesis > 0.5 else 0.0
        step = dt / max(fade, 0.001)
        position = target if position < 0.0 else position + clip(target - position, -step, step)
        return original + (resynthesised - original) * smoothstep(position), position
