"""Estimation of the parameters of a patch from a sound, while it plays."""

from __future__ import annotations

from nodegraph.blocks.estimator_worker import (
    ANSWER,
    DELAY,
    DUE,
    END,
    ESTIMATE,
    IS_RUNNING,
    LATE_COUNT,
    NEXT_END,
    OUTPUT,
    POSITION,
    REQUEST,
    WINDOW,
    EstimatorWorker,
    estimator_problem,
    lane_count,
)
from nodegraph.maths import nearest, read_double, rising_edge
from nodegraph.node import Choice, Example, Helper, In, Node, Option, Out, State

from .mixing import mean_of_lanes

AFTER = 1


class CnnEstimator(Node):
    """Estimates the parameters of a patch from its input with a convolutional network (CNN): each value is a lane.

    At a trigger, and at each interval, a worker hears the seconds of sound before (or after) that sample. The
    estimate is output ``delay`` after the end of that sound; a late one is output when it is there, and counted in a
    message. The next one is requested when it is output. Before the first estimate values are in the middle of their
    ranges, with confidence 0. Silence has no estimate: the values stay. Models are written by ``nodegraph train
    estimator``. After Barkan & Tsiris, Deep synthesizer parameter estimation (ICASSP, 2019).
    """

    words = (
        "estimator, inverse synthesis, InverSynth, sound matching, match a sound, parameter estimation, neural "
        "estimator, deep learning, machine learning, AI, CNN, preset from sound, guess"
    )
    example = Example(silent="It needs a trained model as its file; the demo `sound_to_knobs` has one.")

    audio = In(0.0, min=-1.0, max=1.0, doc="sound to estimate; the mean of its lanes is heard")
    trigger = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge requests an estimate")
    interval = In(1.0, unit="s", min=0.0, max=60.0, smooth=False, doc="time between estimates; 0: only at triggers")
    file = Option("", kind="file", doc="model file (.safetensors), in the patch's folder")
    parameters = Option("", doc="names of the parameters to output, with commas; empty: all, in the model's order")
    listens = Choice("before", "after", doc="sound that a trigger selects: the seconds before it or after it")
    delay = Option(
        0.25, unit="s", min=0.0, max=10.0, doc="time that the model has for an estimate; at least 1024 samples"
    )
    noise = Option(0.0, min=0.0, max=1.0, doc="noise in the sound: 0 none, 0.3 a good recording, 1 much")
    values = Out(doc="one lane per parameter, in the unit of the input that it belongs to")
    confidence = Out(unit="ratio", doc="probability of each value to lie within one class of the truth")
    done = Out(unit="gate", doc="1 for one sample when an estimate is output")
    before = State(0.0)
    worker = Helper(EstimatorWorker)

    def block(audio, trigger, interval, listens, values, confidence, done, before, ring, answer, output, marks, sr):
        count = values.shape[1]
        for i in range(values.shape[0]):
            now = record_sample(audio, i, ring, marks)
            done[i, 0] = output_answer(now, answer, output, marks)
            is_idle = marks[REQUEST] == marks[OUTPUT] and marks[NEXT_END] == 0
            period = nearest(read_double(interval, (i, 0)) * sr)
            if rising_edge(trigger[i, 0], before[0]):
                marks[NEXT_END] = now - 1 + marks[WINDOW] if listens == AFTER else now
            elif is_idle and 0.0 < period <= now - marks[END]:
                marks[NEXT_END] = now
            before[0] = trigger[i, 0]
            request(now, marks)
            for lane in range(count):
                values[i, lane], confidence[i, lane] = output[lane], output[count + lane]

    def lanes(inputs, settings):
        count = lane_count(settings)
        return {"values": count, "confidence": count, "done": 1}

    def check(settings):
        return estimator_problem(settings)


def record_sample(audio, i, ring, marks):
    """Write the mean of the lanes of sample ``i`` to the ring; return the number of samples so far."""
    ring[marks[POSITION] % ring.shape[0]] = mean_of_lanes(audio, i)
    marks[POSITION] = marks[POSITION] + 1
    return marks[POSITION]


def output_answer(now, answer, output, marks):
    """Output an answer that is due; return 1 if it is an estimate, else 0."""
    if marks[REQUEST] == marks[OUTPUT] or now < marks[DUE]:
        return 0.0
    if marks[ANSWER] != marks[REQUEST]:
        marks[LATE_COUNT] += 1 if now == marks[DUE] else 0
        return 0.0
    for k in range(output.shape[0]):
        output[k] = answer[k]
    marks[OUTPUT] = marks[REQUEST]
    return 1.0 if marks[ESTIMATE] == marks[REQUEST] else 0.0


def request(now, marks):
    """Request an estimate of the next sound if that is complete and no answer is pending."""
    if marks[IS_RUNNING] == 0:
        marks[NEXT_END] = 0
    if 0 < marks[NEXT_END] <= now and marks[REQUEST] == marks[OUTPUT]:
        marks[END] = marks[NEXT_END]
        marks[DUE] = now + marks[DELAY]
        marks[NEXT_END] = 0
        marks[REQUEST] = marks[REQUEST] + 1
