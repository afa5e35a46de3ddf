"""Playback and recording of sound files."""

from __future__ import annotations

import numpy as np

from nodegraph.blocks.sound_streaming import (
    BEGIN,
    END,
    LOST,
    NOT_ENDED,
    PUT,
    READ,
    RECORDING,
    SEEK_DONE,
    SEEK_REQUEST,
    STREAMED,
    TAKEN,
    TARGET,
    UNDERRUNS,
    WRITTEN,
    SoundReader,
    SoundWriter,
    depth_problem,
    read_header,
)
from nodegraph.files.depths import DEPTHS
from nodegraph.maths import read_double
from nodegraph.node import Choice, Helper, In, Node, Option, Out, State


class FilePlayer(Node):
    """Plays a sound file (wav, flac, ogg) as a sampler or loop; each channel is a lane. Long files stream from disk.

    The file is converted to the engine's sample rate and read ``speed`` samples ahead per sample, with cubic
    Catmull-Rom interpolation. A rising edge of ``restart`` jumps to ``position``: immediately in files of up to a
    minute or two; longer files are silent until the disk has been read, and then where they would have come to.
    """

    aliases = ("sampler", "sample", "wav", "loop", "playbuf", "groove", "readsf", "sfplay", "tabplay")

    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays while above 0.5")
    speed = In(1.0, unit="ratio", min=0.0, max=8.0, doc="1 is the original pitch")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="s", min=0.0, max=36000.0, smooth=False, doc="position that restart jumps to")
    file = Option("", kind="file", doc="sound file, in the patch's folder")
    loop = Option(True, doc="repeat from the start at the end")
    out = Out(doc="channels of the file, ±1 is full scale")
    done = Out(unit="gate", doc="1 after the end, if loop is off")
    at, last_restart, seeks, missed = State(0.0), State(0.0), State(0), State(0.0)
    reader = Helper(SoundReader)

    def block(play, speed, restart, position, loop, out, done, at, last_restart, seeks, missed, samples, marks, sr):
        channels = out.shape[1]
        frames = samples.shape[0] // channels
        here, before, seen = at[0], last_restart[0], seeks[0]
        behind = missed[0]  # sample frames that would have been read since a jump
        resident = marks[STREAMED] == 0
        for i in range(out.shape[0]):
            edge = np.float64(restart[i, 0])
            if edge > 0.5 and before <= 0.5:
                frame = int(np.float64(position[i, 0]) * sr + 0.5)
                if resident:
                    here = float(min(frame, marks[END]))
                else:
                    marks[TARGET] = frame
                    marks[SEEK_REQUEST] += 1
                    behind = 0.0
            before = edge
            ready = marks[SEEK_DONE] == marks[SEEK_REQUEST]
            if ready and seen != marks[SEEK_DONE]:
                seen = marks[SEEK_DONE]
                here = marks[BEGIN] + behind
            if resident and loop and marks[END] > 0 and here >= marks[END]:
                here -= marks[END] * float(int(here / marks[END]))
            whole = int(here)
            ended = marks[END] != NOT_ENDED and whole >= marks[END]
            there = ready and play[i, 0] > 0.5 and whole < marks[WRITTEN]
            done[i, 0] = 1.0 if ended else 0.0
            if ready and play[i, 0] > 0.5 and not there and not ended:
                marks[UNDERRUNS] += 1
            t = here - whole
            for lane in range(channels):
                value = 0.0
                if there:
                    y1 = read_double(samples, (whole % frames) * channels + lane)
                    if t == 0.0:
                        value = y1
                    else:
                        last = marks[WRITTEN] - 1
                        before_first = last if resident and loop else 0
                        y0 = read_double(
                            samples, ((whole - 1 if whole > 0 else before_first) % frames) * channels + lane
                        )
                        if resident and loop and whole + 2 > last:
                            y2 = read_double(samples, ((whole + 1) % marks[END]) * channels + lane)
                            y3 = read_double(samples, ((whole + 2) % marks[END]) * channels + lane)
                        else:
                            y2 = read_double(samples, (min(whole + 1, last) % frames) * channels + lane)
                            y3 = read_double(samples, (min(whole + 2, last) % frames) * channels + lane)
                        slope = 0.5 * (y2 - y0)
                        bend = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3
                        twist = 0.5 * (y3 - y0) + 1.5 * (y1 - y2)
                        value = y1 + t * (slope + t * (bend + t * twist))
                out[i, lane] = value
            step = max(np.float64(speed[i, 0]), 0.0)
            if there:
                here += step
            elif play[i, 0] > 0.5 and not ready:
                behind += step
        if not resident:
            marks[READ] = int(here) - 1
        at[0], last_restart[0], seeks[0], missed[0] = here, before, seen, behind

    def lanes(inputs, settings):
        return {"out": max(read_header(settings["file"])[0], 1), "done": 1}

    def check(settings):
        return read_header(settings["file"])[1]


class Recorder(Node):
    """Records a signal to a new sound file while ``record`` is above 0.5; each lane is a channel.

    The file is created in the patch's folder and never overwrites another: ``take.wav``, then ``take-2.wav``.
    If the disk is full, the recording ends with a message and the file stays playable.
    """

    aliases = ("writesf", "sfrecord", "diskout")

    audio = In(0.0, min=-1.0, max=1.0, doc="signal to record")
    record = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="records while above 0.5")
    file = Option("recording.wav", doc="file name, ending in .wav, .flac or .ogg")
    depth = Choice(*DEPTHS, doc="samples of the file: 16 or 24 bits, or 32-bit float; auto: the best of the format")
    writer = Helper(SoundWriter)

    def block(audio, record, samples, marks):
        channels = audio.shape[1]
        frames = samples.shape[0] // channels
        put = marks[PUT]
        for i in range(audio.shape[0]):
            if record[i, 0] > 0.5:
                if put - marks[TAKEN] < frames:
                    for lane in range(channels):
                        samples[(put % frames) * channels + lane] = audio[i, lane]
                    put += 1
                else:
                    marks[LOST] += 1
        marks[RECORDING] = 1 if record[audio.shape[0] - 1, 0] > 0.5 else 0
        marks[PUT] = put

    def check(settings):
        return depth_problem(settings["file"], settings["depth"])
