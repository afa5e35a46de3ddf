"""Mixtures: one sound's content in another's style, made beside the sound and played."""

from __future__ import annotations

from nodegraph.blocks.mixture_worker import (
    CAPACITY,
    CONTENT,
    FADE,
    FULL,
    LENGTH,
    MIXTURE,
    NOTHING,
    PREVIEW,
    RECORDED,
    REQUEST,
    STYLE,
    MixtureWorker,
    mixture_problem,
)
from nodegraph.blocks.sound_streaming import read_header
from nodegraph.maths import finite_or_zero, read_double, rising_edge
from nodegraph.node import Choice, Example, Helper, In, Node, Option, Out, State


class Mixture(Node):
    """Plays a loop of one sound's content in another's style: the melody of one with the texture of the other.

    Each of the two sounds is a file, or what its input was while ``record`` was above 0.5. When they change, another
    process mixes them; if they are longer than 5 s, a preview is heard first. Until then the block is silent.
    A render waits for the mixture. Its lanes are the channels of the content. See ``nodegraph mix``.
    After Herbert-Voss, Audio style transfer (thesis, 2016).
    """

    words = (
        "style transfer, hybrid, neural style, texture transfer, hybrid sound, content and style, audio style "
        "transfer, mashup, sound transfer, texture, AI mix, deep dream"
    )

    display = "spectrogram"
    example = Example(
        inputs={"record": "", "style": "noise"}, silent="It plays a mixture of two sounds, which you choose or record."
    )

    content = In(0.0, min=-1.0, max=1.0, doc="sound to record if content_file is empty")
    style = In(0.0, min=-1.0, max=1.0, doc="sound to record if style_file is empty")
    record = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="records while above 0.5, then mixes")
    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays while above 0.5")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to the start")
    listen = In(0.0, min=0.0, max=2.0, smooth=False, doc="what is heard: 0 the mixture, 1 the content, 2 the style")
    content_file = Option("", kind="file", doc="sound file of the content, in the patch's folder")
    style_file = Option("", kind="file", doc="sound file of the style, in the patch's folder")
    seconds = Option(5.0, unit="s", min=0.25, max=60.0, doc="length of both sounds, at most")
    style_weight = Option(1.0, unit="ratio", min=0.01, max=100.0, doc="factor of the weight of the style")
    quality = Choice(FULL, PREVIEW, doc="full, or a preview only: faster and rougher")
    out = Out(doc="the sound, ±1 is full scale")
    progress = Out(unit="ratio", doc="part of the mixture that is finished, 0–1")
    before, before_restart = State(0.0), State(0.0)
    sound, at, last_sound, last_at, fade = State(NOTHING), State(0), State(NOTHING), State(0), State(0)
    worker = Helper(MixtureWorker)

    def block(
        content, style, record, play, restart, listen, out, progress,
        before, before_restart, sound, at, last_sound, last_at, fade, heard, sounds, done, marks,
    ):  # fmt: skip
        for i in range(out.shape[0]):
            record_sample(content, style, i, record[i, 0], out.shape[1], before, heard, marks)
            chosen = chosen_sound(listen[i, 0], marks)
            jumps = rising_edge(restart[i, 0], before_restart[0])
            ends = chosen != NOTHING and at[0] >= marks[LENGTH + chosen] - marks[FADE]
            if chosen != sound[0] or jumps or ends:
                last_sound[0], last_at[0], fade[0] = sound[0], at[0], marks[FADE]
                sound[0] = chosen
                if jumps or ends:
                    at[0] = 0
            before[0], before_restart[0] = record[i, 0], restart[i, 0]
            share = fade[0] / max(marks[FADE], 1)
            for lane in range(out.shape[1]):
                value = 0.0
                if play[i, 0] > 0.5:
                    value = (1.0 - share) * sample_of(sound[0], at[0], lane, out.shape[1], sounds, marks)
                    value += share * sample_of(last_sound[0], last_at[0], lane, out.shape[1], sounds, marks)
                out[i, lane] = value
            if play[i, 0] > 0.5:
                at[0] += 1
                last_at[0] += 1
                fade[0] = max(fade[0] - 1, 0)
            progress[i, 0] = done[0]

    def lanes(inputs, settings):
        return {"out": max(read_header(settings["content_file"])[0], *inputs.values()), "progress": 1}

    def check(settings):
        return mixture_problem(settings)


def record_sample(content, style, i, gate, lanes, before, heard, marks):
    """Record sample ``i`` of both inputs as (2, lanes, capacity); request a mixture when the gate falls."""
    capacity = marks[CAPACITY]
    if rising_edge(gate, before[0]):
        marks[RECORDED] = 0
    if gate > 0.5 and marks[RECORDED] < capacity:
        for lane in range(lanes):
            at = lane * capacity + marks[RECORDED]
            heard[at] = finite_or_zero(read_double(content, (i, lane % content.shape[1])))
            heard[lanes * capacity + at] = finite_or_zero(read_double(style, (i, lane % style.shape[1])))
        marks[RECORDED] = marks[RECORDED] + 1
        marks[REQUEST] += 1 if marks[RECORDED] == capacity else 0
    elif gate <= 0.5 and before[0] > 0.5 and marks[RECORDED] < capacity:
        marks[REQUEST] += 1


def chosen_sound(listen, marks):
    """Return the sound that is heard, or NOTHING if there is none."""
    chosen = marks[MIXTURE]
    if listen > 1.5:
        chosen = STYLE
    elif listen > 0.5:
        chosen = CONTENT
    if chosen != NOTHING and marks[LENGTH + chosen] == 0:
        chosen = NOTHING
    return chosen


def sample_of(sound, at, lane, lanes, sounds, marks):
    """Return a sample of a lane of a sound; 0 after its end."""
    if sound == NOTHING or at >= marks[LENGTH + sound]:
        return 0.0
    return read_double(sounds, (sound * lanes + lane) * marks[CAPACITY] + at)
