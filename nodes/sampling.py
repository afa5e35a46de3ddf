"""Samplers: recorded sounds played by notes."""

from nodegraph.blocks.band_limited import MAX_TAPS, cutoff_for, sinc_table, weighted_sum, write_weights
from nodegraph.blocks.sample_bank import (
    ATTACK,
    BASE,
    CENTRE,
    CHANNELS,
    DECAY,
    DELAY,
    END,
    FIRST,
    HIGH_KEY,
    HIGH_VELOCITY,
    HOLD,
    LEFT_GAIN,
    LOOP_CONTINUOUS,
    LOOP_END,
    LOOP_START,
    LOOP_SUSTAIN,
    LOW_KEY,
    LOW_VELOCITY,
    MODE,
    ONE_SHOT,
    RATE,
    RELEASE,
    RIGHT_GAIN,
    SUSTAIN,
    TARGET,
    ZONE_SIZE,
    SampleBank,
    instrument_problem,
)
from nodegraph.maths import (
    LN_1000,
    clip,
    decay_factor,
    finite_or_zero,
    floor,
    read_double,
    rising_edge,
    semitones_to_ratio,
)
from nodegraph.node import Example, Helper, In, Memory, Node, Option, Out, State, Table

from .mixing import lane_of

FADE_SECONDS = 0.004  # of what a new note or the end of a sample cuts off, and the shortest release
SILENCE = 1e-4
OFF, ATTACKS, HOLDS, RELEASES = range(4)


class Sampler(Node):
    """Plays an SFZ or SoundFont instrument, or one sound at any pitch, by notes; each voice is a lane.

    Wire ``pitch``, ``gate`` and ``velocity`` of a ``notes`` block. A rising gate plays the first zone that contains the
    key and the velocity, at ``2**((pitch - centre) / 12)`` times its speed, by band-limited interpolation; the pitch
    may change during the note. The envelope of a zone rises linearly, and falls by 60 dB in its decay and release
    times. Without a file a plucked string sounds.

    SFZ opcodes: sample, lokey, hikey, key, pitch_keycenter, lovel, hivel, loop_mode, loop_start, loop_end, offset, end,
    volume, pan, tune, transpose, ampeg_delay, ampeg_attack, ampeg_hold, ampeg_decay, ampeg_sustain, ampeg_release.

    SoundFont 2 (.sf2): one preset with its samples, loops, tuning, level, pan and volume envelope. Filters, modulators,
    vibrato, sends and quieter layers of the same keys are ignored, which is reported.
    """

    words = (
        "SFZ, SF2, soundfont, multisample, instrument, rompler, simpler, Kontakt, keymap, sampled instrument, sample "
        "instrument, sampled piano, drum kit, drum machine, MPC, Akai, Mellotron, play samples by keys, fluidsynth, "
        "fluid~, general MIDI, GM, sound bank, drum sampler, orchestra, sample by note, polysampler, guitar, grand "
        "piano, bass guitar, one shot, échantillonneur, library, gigasampler, electric piano, trumpet, choir sample, "
        "piano, Drum Rack"
    )
    example = Example(inputs={"gate": "gate"}, vary="pitch")

    pitch = In(60.0, unit="semitones", min=0.0, max=127.0, doc="key and bend; 60 is middle C")
    gate = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge starts the note, a fall releases it")
    velocity = In(1.0, unit="ratio", min=0.0, max=1.0, smooth=False, doc="selects the zone and scales the sound")
    start = In(0.0, unit="s", min=0.0, max=600.0, smooth=False, doc="added to the first position of the sound")
    reverse = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays notes backwards while above 0.5")
    file = Option("", kind="file", doc="SFZ or SoundFont (.sf2) instrument or sound file, in the patch's folder")
    preset = Option("", doc="SoundFont preset: program (0-127), bank:program or name; empty for the first")
    root = Option(60, unit="semitones", min=0, max=127, doc="key that plays a sound file at its original pitch")
    left = Out(doc="left channel of each voice; the only one of mono sounds")
    right = Out(doc="right channel of each voice")
    zone, stage, place, part, backward, wrapped = State(-1), State(OFF), State(0), State(), State(0), State(0)
    envelope, wait, gain, last_gate = State(), State(), State(), State()
    last_left, last_right, offset_left, offset_right, fade_left = State(), State(), State(), State(), State(0)
    weights = Memory(lambda settings: MAX_TAPS)
    table = Table(sinc_table)
    bank = Helper(SampleBank)

    def block(
        pitch, gate, velocity, start, reverse, left, right, zone, stage, place, part, backward, wrapped, envelope, wait,
        gain, last_gate, last_left, last_right, offset_left, offset_right, fade_left, weights, table, samples, zones,
        sr, dt,
    ):  # fmt: skip
        fade = int(FADE_SECONDS * sr)
        for v in range(left.shape[1]):
            for i in range(left.shape[0]):
                now = lane_of(gate, i, v)
                begins, cut = rising_edge(now, last_gate[v]), False
                last_gate[v] = now
                if stage[v] != OFF and (zone[v] + 1) * ZONE_SIZE > zones.shape[0]:
                    stage[v] = OFF  # another instrument with fewer zones
                key = finite_or_zero(lane_of(pitch, i, v))
                if begins:
                    cut = True
                    force = clip(lane_of(velocity, i, v), 0.0, 1.0)
                    zone[v] = find_zone(zones, floor(key + 0.5), floor(127.0 * force + 0.5))
                    stage[v] = OFF if zone[v] < 0 else ATTACKS
                    at = ZONE_SIZE * zone[v]
                    if zone[v] >= 0:
                        backward[v] = 1 if lane_of(reverse, i, v) > 0.5 else 0
                        ahead = int(clip(finite_or_zero(lane_of(start, i, v)), 0.0, 1e4) * zones[at + RATE])
                        first, end = int(zones[at + FIRST]), int(zones[at + END])
                        place[v] = max(end - 1 - ahead, first) if backward[v] == 1 else min(first + ahead, end - 1)
                        part[v], envelope[v], wait[v], gain[v] = 0.0, 0.0, zones[at + DELAY], force
                        wrapped[v] = 0
                at = ZONE_SIZE * max(zone[v], 0)
                if stage[v] in (ATTACKS, HOLDS) and now <= 0.5 and zones[at + MODE] != ONE_SHOT:
                    stage[v] = RELEASES
                y_left = y_right = 0.0
                if stage[v] != OFF:
                    mode = int(zones[at + MODE])
                    loops = mode == LOOP_CONTINUOUS or (mode == LOOP_SUSTAIN and stage[v] != RELEASES)
                    low, high = int(zones[at + LOOP_START]), int(zones[at + LOOP_END])
                    if loops and (place[v] >= high if backward[v] == 0 else place[v] < low):
                        place[v], wrapped[v] = low + (place[v] - low) % (high - low), 1
                    if place[v] >= int(zones[at + END]) or place[v] < int(zones[at + FIRST]):
                        stage[v], cut = OFF, True
                if stage[v] != OFF:
                    envelope[v], stage[v], wait[v] = follow(envelope[v], stage[v], wait[v], zones, at, dt)
                    ratio = semitones_to_ratio(clip(key - zones[at + CENTRE], -120.0, 120.0))
                    step = clip(ratio * zones[at + RATE] * dt, 0.0, 1e4)
                    cutoff = cutoff_for(step)
                    n = 0
                    if part[v] != 0.0 or (cutoff != 1.0 and step != 1.0):
                        n = write_weights(weights, table, part[v], cutoff)
                    loud = envelope[v] * gain[v]
                    channels = int(zones[at + CHANNELS])
                    for channel in range(channels):
                        y = loud * zone_value(samples, zones, at, channel, place[v], loops, wrapped[v], weights, n)
                        y_left = y * zones[at + LEFT_GAIN] if channel == 0 else y_left
                        y_right = y * zones[at + RIGHT_GAIN]
                    moved = part[v] + (step if backward[v] == 0 else -step)
                    place[v] += int(floor(moved))
                    part[v] = moved - floor(moved)
                if cut:
                    offset_left[v], offset_right[v], fade_left[v] = last_left[v] - y_left, last_right[v] - y_right, fade
                falling = fade_left[v] / (fade + 1.0)
                last_left[v] = y_left + offset_left[v] * falling
                last_right[v] = y_right + offset_right[v] * falling
                fade_left[v] = max(fade_left[v] - 1, 0)
                left[i, v], right[i, v] = last_left[v], last_right[v]

    def check(settings):
        return instrument_problem(settings["file"], settings["preset"])


def find_zone(zones, key, velocity):
    """Return the number of the first zone that contains a key and a velocity, or -1."""
    for k in range(zones.shape[0] // ZONE_SIZE):
        at = ZONE_SIZE * k
        if zones[at + LOW_KEY] <= key <= zones[at + HIGH_KEY]:
            if zones[at + LOW_VELOCITY] <= velocity <= zones[at + HIGH_VELOCITY]:
                return k
    return -1


def follow(level, stage, wait, zones, at, dt):
    """Return the next level and stage of the envelope of a zone, and the rest of its delay or hold in s."""
    if stage == RELEASES:
        level *= decay_factor(max(zones[at + RELEASE], FADE_SECONDS) / LN_1000, dt)
        return level, RELEASES if level > SILENCE else OFF, 0.0
    if wait > 0.5 * dt:
        return level, stage, wait - dt
    if stage == ATTACKS:
        level += dt / max(zones[at + ATTACK], dt)
        if level < 1.0 - 1e-9:
            return level, ATTACKS, 0.0
        return 1.0, HOLDS, zones[at + HOLD]
    target = zones[at + TARGET]
    level = target + (level - target) * decay_factor(zones[at + DECAY] / LN_1000, dt)
    return max(level, zones[at + SUSTAIN]), HOLDS, 0.0


def zone_value(samples, zones, at, channel, frame, loops, wrapped, weights, n):
    """Return a channel of a zone's sound at the position after ``frame`` that the weights are for; 0 outside of it."""
    base, channels, frames = int(zones[at + BASE]), int(zones[at + CHANNELS]), int(zones[at + END])
    if n == 0:
        return read_double(samples, base + frame * channels + channel)
    low = int(zones[at + LOOP_START])
    high = int(zones[at + LOOP_END]) if loops else frames
    first = frame - n + 1
    begin = low if loops and wrapped == 1 else 0  # a sound that has wrapped comes from the end of the loop
    if first >= begin and frame + n < high:
        return weighted_sum(samples, base + first * channels + channel, channels, weights, 2 * n)
    total = 0.0
    for j in range(2 * n):
        k = first + j
        if loops and (k >= high or (wrapped == 1 and k < low)):
            k = low + (k - low) % (high - low)
        if 0 <= k < frames:
            total += weights[j] * read_double(samples, base + k * channels + channel)
    return total
