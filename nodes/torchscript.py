"""User models in TorchScript, run in a worker outside the audio thread.

A TorchScript file is a program. It runs only if the user trusts it: ``nodegraph trust FILE``, or ``--trust FILE`` for
one command. As any file of a patch, it is loaded from the patch's folder only (or from elsewhere with
``--allow-outside``).
"""

from __future__ import annotations

from dataclasses import replace

from nodegraph.blocks.torch_worker import (
    DELAY,
    LANES,
    LATE,
    MODEL,
    PUT,
    READY,
    SLOTS,
    FrameWorker,
    SignalWorker,
    delay_of,
    torchscript_problem,
)
from nodegraph.frame_types import EITHER
from nodegraph.maths import clip, lerp, read_double
from nodegraph.node import Choice, Example, FrameIn, FrameOut, Helper, In, Line, Node, Option, Out, State

FADE = 0.01  # seconds of the fade between the model's output and the dry signal
FRAMES_OF_FADE = 4
NO_ANSWER = -1.0  # ``wet`` before the first answer is due
FILE = Option("", kind="file", is_program=True, doc="TorchScript model (.pt) in the patch's folder, if it is trusted")


def has_answer(due, marks, answered):
    """Return whether the model has answered vector number ``due``."""
    return due >= 0 and marks[MODEL] == READY and answered[due % marks[SLOTS]] == due


class TorchscriptFrames(Node):
    """Runs a neural model in TorchScript on frames: (frames, bins) to (frames, units), in a worker.

    The output is ``delay`` hops late (at least 1024 samples); parallel paths are delayed to match. If the model is
    late, the last answer is held, or the output fades to the input frame; late answers are counted in a message.
    Without a model, frames pass unchanged.
    """

    words = "torch frames, neural frames, PyTorch frames, VAE, frame model, spectral network"
    example = Example(silent="It runs a TorchScript model, which you choose and trust.")

    a = FrameIn(EITHER, doc="frames for the model")
    file = FILE
    units = Option(0, min=0, max=65536, doc="numbers per output frame; 0: as many as in the input")
    gives = Choice("same", "magnitude", "latent", doc="kind of the output frames: as the input, magnitudes or codes")
    delay = Option(4, unit="frames", min=1, max=64, doc="time that the model has for a frame")
    late = Choice("hold", "dry", doc="if an answer is late: hold the last one, or fade to the input")
    out = FrameOut(EITHER, doc="output of the model")
    held = Line(lambda settings, sr: settings["units"] or settings["bins"])
    wet = State(NO_ANSWER)
    worker = Helper(FrameWorker)

    def frame(a, late, held, wet, lane, asked, answers, answered, marks, bins, out, out_bins):
        number, lanes = marks[PUT], marks[LANES]
        row = (number % marks[SLOTS]) * lanes + lane
        for k in range(bins):
            asked[row * bins + k] = clip(a[k], -1e30, 1e30)
        due = number - marks[DELAY]
        row = (due % marks[SLOTS]) * lanes + lane
        there = has_answer(due, marks, answered)
        if there:
            for k in range(out_bins):
                held[k] = answers[row * out_bins + k]
        running = marks[MODEL] == READY and due >= 0
        if running and not there and lane == 0:
            marks[LATE] += 1
        if due >= 0:
            target = 1.0 if there or (running and late == 0) else 0.0
            step = 1.0 / FRAMES_OF_FADE
            wet[0] = target if wet[0] == NO_ANSWER else wet[0] + clip(target - wet[0], -step, step)
        passes = due >= 0 and bins == out_bins
        for k in range(out_bins):
            dry = read_double(asked, row * bins + k) if passes else 0.0
            out[k] = lerp(dry, read_double(held, k), max(wet[0], 0.0))
        if lane == lanes - 1:
            marks[PUT] = number + 1

    def frames(inputs, settings):
        found = inputs["a"]
        kind = found.kind if settings["gives"] == "same" else settings["gives"]
        return {"out": replace(found, kind=kind, bins=settings["units"] or found.bins)}

    def latency(settings, sr):
        return delay_of(settings, settings["hop"]) * settings["hop"]

    def check(settings):
        return torchscript_problem(settings)


class Torchscript(Node):
    """Runs a neural model in TorchScript, such as RAVE, on sound: (lanes, 1, size) to the same shape, in a worker.

    Blocks of ``size`` samples are output ``1 + delay`` blocks later (at least one block and 1024 samples); parallel
    paths are delayed to match. If the model is late, its output fades to the dry signal or to silence and back; late
    blocks are counted in a message. Without a model, the signal passes unchanged.
    """

    words = (
        "RAVE, nn~, neural effect, PyTorch, torch, model, AI effect, pt file, neural, neural network, deep learning, "
        "AI, machine learning, timbre transfer, own model, script model"
    )
    example = Example(silent="It runs a TorchScript model, which you choose and trust.")

    audio = In(0.0, min=-1.0, max=1.0, doc="signal for the model")
    file = FILE
    size = Option(2048, unit="samples", min=16, max=65536, doc="samples per block for the model")
    delay = Option(1, unit="blocks", min=1, max=64, doc="time that the model has for a block")
    late = Choice("dry", "silence", doc="output while a block is late")
    out = Out(doc="output of the model")
    filled, wet, held = State(0), State(NO_ANSWER), State()
    worker = Helper(SignalWorker)

    def block(audio, size, late, out, filled, wet, held, asked, answers, answered, marks, dt):
        lanes, slots = out.shape[1], marks[SLOTS]
        step = dt / FADE
        at = filled[0]
        for i in range(out.shape[0]):
            number = marks[PUT]
            due = number - 1 - marks[DELAY]
            there = has_answer(due, marks, answered)
            if at == 0 and due >= 0 and marks[MODEL] == READY and not there:
                marks[LATE] += 1
            target = 1.0 if there else 0.0
            for lane in range(lanes):
                source = min(lane, audio.shape[1] - 1)
                asked[((number % slots) * lanes + lane) * size + at] = clip(audio[i, source], -1e30, 1e30)
                dry, place = 0.0, ((due % slots) * lanes + lane) * size + at
                if due >= 0:
                    wet[lane] = target if wet[lane] == NO_ANSWER else wet[lane] + clip(target - wet[lane], -step, step)
                    dry = read_double(asked, place) if late == 0 or marks[MODEL] != READY else 0.0
                if there:
                    held[lane] = read_double(answers, place)
                out[i, lane] = lerp(dry, held[lane], max(wet[lane], 0.0))
            at += 1
            if at >= size:
                at = 0
                marks[PUT] = number + 1
        filled[0] = at

    def latency(settings, sr):
        return (1 + delay_of(settings, settings["size"])) * settings["size"]

    def check(settings):
        return torchscript_problem(settings)
