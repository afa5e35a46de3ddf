"""Playback and recording of sound files."""

from __future__ import annotations

from nodegraph.blocks.band_limited import CROSSINGS, MAX_TAPS, cutoff_for, sinc_table, weighted_sum, write_weights
from nodegraph.blocks.sound_streaming import (
    AT,
    CHANNELS,
    DIRECTION,
    END,
    LOOP_END,
    LOOP_START,
    LOST,
    MISSING,
    NEXT_START,
    PAGE,
    PAGE_BITS,
    PUT,
    RECORDING,
    STREAMED,
    TAKEN,
    UNDERRUNS,
    SoundReader,
    SoundWriter,
    depth_problem,
    loop_problem,
    read_header,
)
from nodegraph.files.depths import DEPTHS
from nodegraph.maths import clip, finite_or_zero, floor, read_double, rising_edge
from nodegraph.node import Choice, Example, Helper, In, Memory, Node, Option, Out, State, Table

BEGINNING = 128  # frames in which a sound shows how far it moves from sample to sample

# Fields of a position, in the memory of a player: frame, fraction of a frame, whether it has passed the seam of the
# loop, samples left of its fade. The tail is the sound before a jump or stop, while it fades out.
FRAME, PART, WRAPPED, LEFT = range(4)
MAIN, TAIL = 0, 4
# Further numbers: whether the first sample has been played, the last value of restart, whether the position sounds,
# the level at which the tail began, samples left of the fade of older tails.
BEGUN, LAST_RESTART, SOUNDING, GAIN, REST_LEFT, MEMORY = range(8, 14)


class FilePlayer(Node):
    """Plays a sound file (wav, flac, ogg) as a sampler or loop; each channel is a lane. Long files stream from disk.

    The file is read at its own sample rate by band-limited interpolation (see ``nodegraph/blocks/band_limited.py``),
    low-passed at the Nyquist frequency of the output when it is read fast; at speed 1 and equal rates the output is the
    file, sample by sample. Negative speeds play backwards, from the end if the position is 0.

    A rising edge of ``restart`` jumps to ``position``. In a long file a position far from the last ones is silent until
    the disk has been read, and then where it would have come to. The old sound fades out within ``crossfade`` seconds,
    and the new one fades in, unless it begins there by itself. In a loop the end fades into the start.
    """

    words = (
        "sample, wav, play file, sound file, audio file, loop, sample player, PlayBuf, DiskIn, groove~, readsf~, "
        "sfplay~, tabplay~, play~, player, wave player, wav player, flac, mp3, ogg, aiff, one shot, break, breakbeat, "
        "backing track, track, song, music, varispeed, load, import, drop, reverse, tape, VDiskIn, soundfiler, "
        "playlist~, simpler, Datei, fichier, Wiedergabe, Abspieler, lecteur, kick, snare, hi-hat, drum sample, vinyl, "
        "turntable, audio clip, sfz loop"
    )
    example = Example(silent="It plays a sound file, which you choose.")

    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays while above 0.5")
    speed = In(1.0, unit="ratio", min=-8.0, max=8.0, doc="1 is the original pitch, -1 backwards")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="s", min=0.0, max=36000.0, smooth=False, doc="position that restart jumps to")
    file = Option("", kind="file", doc="sound file, in the patch's folder")
    loop = Option(True, doc="repeat from loop_start at loop_end")
    loop_start = Option(0.0, unit="s", min=0.0, max=36000.0, doc="first sample of the loop")
    loop_end = Option(0.0, unit="s", min=0.0, max=36000.0, doc="end of the loop; 0 is the end of the file")
    crossfade = Option(0.005, unit="s", min=0.0, max=1.0, doc="fade at jumps, stops and the seam of the loop")
    blend = Option(False, doc="always crossfade the end of the loop; else only if it does not fit its start")
    out = Out(doc="channels of the file, ±1 is full scale")
    done = Out(unit="gate", doc="1 after the end, if loop is off")
    m = Memory(lambda settings: MEMORY)
    tail, rest = State(0.0), State(0.0)
    weights = Memory(lambda settings: MAX_TAPS)
    table = Table(sinc_table)
    reader = Helper(SoundReader)

    def block(
        play, speed, restart, position, loop, crossfade, out, done, m, tail, rest, weights, table,
        samples, marks, pages, rates, sr,
    ):  # fmt: skip
        length = marks[END]
        fade = int(crossfade * sr + 0.5)
        for i in range(out.shape[0]):
            step = clip(finite_or_zero(read_double(speed, (i, 0))), -64.0, 64.0) * rates[0]
            jumps = rising_edge(restart[i, 0], m[LAST_RESTART])
            m[LAST_RESTART] = restart[i, 0]
            start = int(clip(finite_or_zero(read_double(position, (i, 0))), 0.0, 1e6) * rates[1] + 0.5)
            marks[NEXT_START], marks[DIRECTION] = start, 1 if step >= 0.0 else -1
            if jumps and m[SOUNDING] > 0.0:
                leave(m, tail, rest, fade)
            if jumps or m[BEGUN] == 0.0:
                start = min(start, length) if jumps else 0
                m[FRAME] = length if start == 0 and step < 0.0 and not loop else start
                m[PART], m[BEGUN] = 0.0, 1.0
                m[WRAPPED] = 1.0 if marks[LOOP_START] == 0 else 0.0
            for lane in range(out.shape[1]):
                out[i, lane] = 0.0
            for v in (MAIN, TAIL):
                settle(m, v, marks, loop, step)
                ended = m[v + FRAME] < 0.0 or m[v + FRAME] >= length
                loaded = not ended and is_loaded(m, v, marks, pages, loop, step)
                if v == MAIN:
                    done[i, 0] = 1.0 if ended else 0.0
                    plays = play[i, 0] > 0.5 and not ended
                    if plays and not loaded:
                        marks[UNDERRUNS] += 1
                    if plays and loaded and m[SOUNDING] == 0.0:
                        at_edge = m[FRAME] == (0.0 if step >= 0.0 else length - 1.0) and m[TAIL + LEFT] == 0.0
                        m[LEFT] = 0.0 if at_edge or begins_here(m, samples, marks, pages, loop) else fade
                        m[SOUNDING] = 1.0
                    elif not plays and loaded and m[SOUNDING] > 0.0:
                        leave(m, tail, rest, fade)
                    elif not plays or not loaded:
                        m[SOUNDING] = 0.0
                else:
                    plays = m[TAIL + LEFT] > 0.0
                    if not loaded:
                        m[TAIL + LEFT] = 0.0
                if plays and loaded:
                    level = 1.0 - m[LEFT] / (fade + 1.0) if v == MAIN else m[GAIN] * m[TAIL + LEFT] / (fade + 1.0)
                    m[v + LEFT] = max(m[v + LEFT] - 1.0, 0.0)
                    n = prepare_weights(weights, table, m[v + PART], step)
                    for lane in range(out.shape[1]):
                        value = level * read_sound_at(samples, marks, pages, lane, m, v, loop, weights, n)
                        out[i, lane] += value
                        if v == TAIL:
                            tail[lane] = value
                if plays:
                    advance(m, v, step)
            if m[REST_LEFT] > 0.0:
                for lane in range(out.shape[1]):
                    out[i, lane] += rest[lane] * m[REST_LEFT] / (fade + 1.0)
                m[REST_LEFT] -= 1.0
        marks[AT] = int(m[FRAME])

    def lanes(inputs, settings):
        return {"out": max(read_header(settings["file"])[0], 1), "done": 1}

    def check(settings):
        return loop_problem(settings)


def advance(m, v, step):
    """Move a position, a frame and a fraction of it, by ``step`` frames; the frames are counted exactly."""
    moved = m[v + PART] + step
    whole = floor(moved)
    m[v + FRAME] += whole
    m[v + PART] = moved - whole


def settle(m, v, marks, loop, step):
    """Move a position that has left the loop back into it by whole lengths, or one at an end to where it moves away."""
    frame, start, end, last = m[v + FRAME], marks[LOOP_START], marks[LOOP_END], marks[END] - 1
    if loop and end > start:
        if frame >= end or (frame < start and step < 0.0):
            m[v + FRAME] = start + (int(frame) - start) % (end - start)
            m[v + WRAPPED] = 1.0
    elif (frame < 0.0 and step > 0.0) or (frame > last and step < 0.0):
        m[v + FRAME], m[v + PART] = 0.0 if step > 0.0 else last, 0.0


def leave(m, tail, rest, fade):
    """Let the sound at the position fade out as the tail; a tail that still sounds becomes a fading constant."""
    m[SOUNDING] = 0.0
    if fade == 0:
        return
    for lane in range(rest.shape[0]):
        left = rest[lane] * m[REST_LEFT] / (fade + 1.0)
        rest[lane] = left + (tail[lane] if m[TAIL + LEFT] > 0.0 else 0.0)
    m[REST_LEFT] = fade if m[REST_LEFT] > 0.0 or m[TAIL + LEFT] > 0.0 else 0.0
    m[GAIN] = 1.0 - m[LEFT] / (fade + 1.0)
    m[TAIL + FRAME], m[TAIL + PART], m[TAIL + WRAPPED], m[TAIL + LEFT] = m[FRAME], m[PART], m[WRAPPED], fade


def prepare_weights(weights, table, part, step):
    """Write the weights at a position; return how many lie on each side, or 0 where the sample itself is played."""
    cutoff = cutoff_for(step)
    if part == 0.0 and (cutoff == 1.0 or abs(step) == 1.0):
        return 0
    return write_weights(weights, table, part, cutoff)


def read_sound_at(samples, marks, pages, channel, m, v, loop, weights, n):
    """Return a channel at the position that the weights are for."""
    frame, wrapped, channels = int(m[v + FRAME]), m[v + WRAPPED], marks[CHANNELS]
    channel = min(channel, channels - 1)
    first, last = frame - n + 1, frame + n
    if n == 0:
        first = last = frame
    low = marks[LOOP_START] if loop and wrapped > 0.0 else 0
    high = marks[LOOP_END] if loop else marks[END]
    near = marks[STREAMED] == 0 or first >> PAGE_BITS == last >> PAGE_BITS
    if first >= low and last < high and near:
        start = index_of(pages, channels, channel, first)
        return read_double(samples, start) if n == 0 else weighted_sum(samples, start, channels, weights, 2 * n)
    total = 0.0
    for j in range(max(2 * n, 1)):
        at = in_loop(first + j, wrapped, marks, loop)
        edge = min(max(at, 0), marks[END] - 1)
        mirrored = min(max(2 * edge - at, 0), marks[END] - 1)
        value = frame_value(samples, pages, channels, channel, mirrored)
        if at != edge:
            value = 2.0 * frame_value(samples, pages, channels, channel, edge) - value
        total += value * weights[j] if n > 0 else value
    return total


def in_loop(frame, wrapped, marks, loop):
    """Return the frame that is played at an unlimited position: in a loop, one of the loop."""
    start, end = marks[LOOP_START], marks[LOOP_END]
    if loop and (frame >= end or (frame < start and wrapped > 0.0)):
        return start + (frame - start) % (end - start)
    return frame


def index_of(pages, channels, channel, frame):
    """Return the index of a loaded sample."""
    slot = max(pages[frame >> PAGE_BITS], 0)  # the reader may remove the page at any time
    return ((slot << PAGE_BITS) + (frame & (PAGE - 1))) * channels + channel


def frame_value(samples, pages, channels, channel, frame):
    """Return a sample of the file, 0 if its page is not loaded."""
    if pages[frame >> PAGE_BITS] == MISSING:
        return 0.0
    return read_double(samples, index_of(pages, channels, channel, frame))


def is_loaded(m, v, marks, pages, loop, step):
    """Return whether the pages around a position are in memory."""
    if marks[STREAMED] == 0:
        return True
    n = int(CROSSINGS / cutoff_for(step)) + 2
    for k in range(3):
        at = in_loop(int(m[v + FRAME]) + (k - 1) * n, m[v + WRAPPED], marks, loop)
        if pages[min(max(at, 0), marks[END] - 1) >> PAGE_BITS] == MISSING:
            return False
    return True


def begins_here(m, samples, marks, pages, loop):
    """Return whether the sound at the position is no further from silence than it moves from sample to sample."""
    for channel in range(marks[CHANNELS]):
        height, own, before = 0.0, 0.0, 0.0
        for k in range(BEGINNING):
            at = min(in_loop(int(m[FRAME]) + k, 0.0, marks, loop), marks[END] - 1)
            value = frame_value(samples, pages, marks[CHANNELS], channel, at)
            if k == 0:
                height = abs(value)
            else:
                own = max(own, abs(value - before))
            before = value
        if height > own:
            return False
    return True


class Recorder(Node):
    """Records a signal to a new sound file while ``record`` is above 0.5; each lane is a channel.

    The file is created in the patch's folder and never overwrites another: ``take.wav``, then ``take-2.wav``.
    If the disk is full, the recording ends with a message and the file stays playable.
    """

    words = (
        "record, writesf~, sfrecord~, DiskOut, save, bounce, write file, export, capture, render to file, tape "
        "recorder, Aufnahme, aufnehmen, enregistreur, enregistrer, recording, REC, save wav"
    )
    example = Example(inputs={"record": ""}, values={"record": 0.0}, heard="source")

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
