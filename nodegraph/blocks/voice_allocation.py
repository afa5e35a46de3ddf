"""Voice allocation of the block ``notes``: which voice plays which note, and stealing voices without clicks.

The state is one array of doubles, ``m``: numbers for each voice, numbers for each MIDI channel, and the keys that are
down, in the order of their note-ons. The functions update it for a message (:func:`receive`) or for one sample
(:func:`advance_sample`).

A sounding voice fades out before it is reused: its level falls to 0 in ``FADE_SECONDS`` and rises again. During the
fade its gate is low and its velocity moves to the new value, so that an envelope restarts and the output has no step
even if the level is not wired.
"""

from __future__ import annotations

from nodegraph.events import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    BEND,
    CONTROL,
    KEY_PRESSURE,
    NOTE_OFF,
    NOTE_ON,
    PEDAL,
    PRESSURE,
    RESET_CONTROLLERS,
    message_kind,
)

MAX_VOICES = 64
MAX_KEYS = 128
FADE_SECONDS = 0.003  # duration of the fade-out of a stolen voice, and of the fade-in
SMOOTHING_SECONDS = 0.005  # time constant of the smoothing of bend, pressure and timbre

# Values of the block's choices: play mode, voice to steal, MPE zone.
POLY, MONO, LEGATO = range(3)
OLDEST, QUIETEST = range(2)
NO_ZONE, LOWER, UPPER = range(3)

# Fields of a voice: key and channel, key state (up, sustained by the pedal, down), number of its note (0: none yet),
# samples since the release, gate, fade-out (none, before the next note, to silence), level;
KEY, CHANNEL, KEY_STATE, NOTE, SINCE_RELEASE, GATE, FADE_OUT, LEVEL = range(8)
# pitch, target pitch, remaining samples of the glide, velocities, key pressure;
PITCH, TARGET_PITCH, GLIDE_SAMPLES, VELOCITY, RELEASE_VELOCITY, POLY_PRESSURE = range(8, 14)
# pressure, timbre and bend after smoothing;
SMOOTH_PRESSURE, SMOOTH_TIMBRE, SMOOTH_BEND = range(14, 17)
# before the next note: its velocity, samples of the fade-out so far, samples for which its gate will be high;
NEXT_VELOCITY, FADED_SAMPLES, GATE_SAMPLES = range(17, 20)
GATE_IS_NEW = 20  # whether the gate rose after the last computed sample.
VOICE_SIZE = 21
UP, SUSTAINED, DOWN = range(3)
NO_FADE, FADE_TO_NEXT, FADE_TO_END = range(3)

# Fields of a channel. Bend range, timbre, parameter numbers and members are stored plus 1: 0 means not set.
PEDAL_STATE, CHANNEL_BEND, CHANNEL_PRESSURE, CHANNEL_TIMBRE = range(4)
BEND_RANGE, PARAMETER_MSB, PARAMETER_LSB, MEMBER_COUNT = range(4, 8)
CHANNEL_SIZE = 8
CHANNELS = VOICE_SIZE * MAX_VOICES

# Number of notes so far; previous settings; number of keys down (mono only); key, channel, velocity, pitch of each key.
NOTE_COUNT = CHANNELS + 16 * CHANNEL_SIZE
PLAY_CONFIG, CHANNEL_CONFIG = NOTE_COUNT + 1, NOTE_COUNT + 2
KEYS = NOTE_COUNT + 3
KEY_SIZE = 4
SIZE = KEYS + 1 + KEY_SIZE * MAX_KEYS

TIMBRE_CONTROL, DATA, DATA_FINE, INCREMENT, DECREMENT, MONO_ON = 74, 6, 38, 96, 97, 124
NUMBER_LSB, NUMBER_MSB, NON_REGISTERED_LSB, NON_REGISTERED_MSB = 100, 101, 98, 99
BEND_RANGE_NUMBER, ZONE_NUMBER = 0, 6  # registered parameters
NOTE_BEND_RANGE = 48.0  # semitones, of the channels of an MPE zone


# -- messages ----------------------------------------------------------------------------------------------


def receive(m, voices, play, steal, zone, tail, glide, bend_range, status, data1, data2, value):
    """Process a message of an enabled channel. ``tail`` and ``glide`` are in samples."""
    kind, channel = message_kind(status), status & 0x0F
    if kind == NOTE_ON and data2 > 0:
        key_down(m, voices, play, steal, zone, tail, glide, bend_range, data1, channel, data2 / 127.0, value)
    elif kind == NOTE_ON or kind == NOTE_OFF:
        velocity = data2 / 127.0 if kind == NOTE_OFF else 64.0 / 127.0
        if play == POLY:
            for v in range(voices):
                if voice_plays_key(m, v, data1, channel):
                    release_key(m, v, zone, velocity)
        else:
            key_up_mono(m, play, zone, tail, glide, bend_range, data1, channel, velocity)
    elif kind == KEY_PRESSURE:
        for v in range(voices):
            if m[VOICE_SIZE * v + KEY] == data1 and m[VOICE_SIZE * v + CHANNEL] == channel:
                m[VOICE_SIZE * v + POLY_PRESSURE] = value
    elif kind == PRESSURE:
        m[CHANNELS + CHANNEL_SIZE * channel + CHANNEL_PRESSURE] = value
    elif kind == BEND:
        m[CHANNELS + CHANNEL_SIZE * channel + CHANNEL_BEND] = value
    elif kind == CONTROL:
        control(m, voices, zone, bend_range, channel, data1, data2)


def end_orphaned_notes(m, voices, play, channel, zone, members):
    """End the notes that would never receive their note-off after a change of settings."""
    play_config, channel_config = 1.0 + 3 * voices + play, 1.0 + channel + 17 * (members + 16 * zone)
    if m[PLAY_CONFIG] != play_config or m[CHANNEL_CONFIG] != channel_config:
        for v in range(voices if m[CHANNEL_CONFIG] == channel_config else 0, MAX_VOICES):
            if m[VOICE_SIZE * v + KEY_STATE] != UP:
                release(m, v)
        m[KEYS], m[PLAY_CONFIG], m[CHANNEL_CONFIG] = 0.0, play_config, channel_config


def in_zone(m, zone, members, channel):
    """Return whether a channel is in an MPE zone, as its master channel or as a member."""
    stored = m[CHANNELS + CHANNEL_SIZE * master_channel(zone) + MEMBER_COUNT]
    size = int(stored) - 1 if stored > 0.0 else members
    return channel <= size if zone == LOWER else channel >= 15 - size


def master_channel(zone):
    """Return the master channel of an MPE zone, whose messages apply to all notes of the zone."""
    return 0 if zone == LOWER else 15


def is_for_voice(m, v, zone, channel):
    """Return whether a message of a channel applies to a voice."""
    return m[VOICE_SIZE * v + CHANNEL] == channel or (zone != NO_ZONE and channel == master_channel(zone))


def control(m, voices, zone, bend_range, channel, number, value):
    """Process a control change or a channel mode message."""
    c = CHANNELS + CHANNEL_SIZE * channel
    if number == PEDAL:
        m[c + PEDAL_STATE] = 1.0 if value >= 64 else 0.0
        if value < 64:
            pedal_up(m, voices, zone, channel)
    elif number == TIMBRE_CONTROL:
        m[c + CHANNEL_TIMBRE] = 1.0 + value / 127.0
    elif number == NUMBER_MSB:
        m[c + PARAMETER_MSB] = 1.0 + value
    elif number == NUMBER_LSB:
        m[c + PARAMETER_LSB] = 1.0 + value
    elif number == NON_REGISTERED_LSB or number == NON_REGISTERED_MSB:
        m[c + PARAMETER_MSB] = m[c + PARAMETER_LSB] = 0.0  # the next data entry sets an unsupported parameter
    elif (number == DATA or number == DATA_FINE) and m[c + PARAMETER_MSB] == 1.0:
        set_registered_parameter(m, zone, channel, int(m[c + PARAMETER_LSB]) - 1, number == DATA_FINE, value)
    elif (number == INCREMENT or number == DECREMENT) and m[c + PARAMETER_MSB] == 1.0 and m[c + PARAMETER_LSB] == 1.0:
        usual = bend_range if zone == NO_ZONE or channel == master_channel(zone) else NOTE_BEND_RANGE
        current = range_of_channel(m, channel, usual)
        step = 1.0 if number == INCREMENT else -1.0
        set_registered_parameter(m, zone, channel, BEND_RANGE_NUMBER, False, min(max(current + step, 0.0), 127.0))
    elif number == RESET_CONTROLLERS:
        for k in range(PARAMETER_LSB + 1):
            if k != BEND_RANGE:
                m[c + k] = 0.0
        for v in range(voices):
            if is_for_voice(m, v, zone, channel):
                m[VOICE_SIZE * v + POLY_PRESSURE] = 0.0
        pedal_up(m, voices, zone, channel)
    elif number == ALL_SOUND_OFF:
        m[KEYS] = 0.0
        for v in range(voices):
            if is_for_voice(m, v, zone, channel):
                release(m, v)
                m[VOICE_SIZE * v + FADE_OUT] = FADE_TO_END
    elif number == ALL_NOTES_OFF or number >= MONO_ON:
        m[KEYS] = 0.0
        for v in range(voices):
            at = VOICE_SIZE * v
            if is_for_voice(m, v, zone, channel) and m[at + KEY_STATE] == DOWN and m[at + GATE_SAMPLES] == 0.0:
                release_key(m, v, zone, 64.0 / 127.0)


def set_registered_parameter(m, zone, channel, number, fine, value):
    """Set a registered parameter: the bend range (one for all members of an MPE zone) or the size of a zone."""
    if number == BEND_RANGE_NUMBER:
        for other in range(16):
            same_kind = zone != NO_ZONE and other != master_channel(zone) and channel != master_channel(zone)
            if other == channel or same_kind:
                at = CHANNELS + CHANNEL_SIZE * other + BEND_RANGE
                m[at] = float(int(max(m[at], 1.0))) + value / 100.0 if fine else 1.0 + value
    elif number == ZONE_NUMBER and zone != NO_ZONE and channel == master_channel(zone) and not fine:
        m[CHANNELS + CHANNEL_SIZE * channel + MEMBER_COUNT] = 1.0 + min(value, 15)


# -- keys --------------------------------------------------------------------------------------------------


def key_down(m, voices, play, steal, zone, tail, glide, bend_range, key, channel, velocity, pitch):
    """Process a note-on: start a note on a voice, or continue legato."""
    m[NOTE_COUNT] += 1.0
    if play == POLY:
        v = pick_voice(m, voices, steal, key, channel)
        assign_voice(m, v, zone, tail, glide, bend_range, key, channel, velocity, pitch)
        return
    remove_key(m, key, channel)
    n = int(m[KEYS])
    if n < MAX_KEYS:
        at = KEYS + 1 + KEY_SIZE * n
        m[at], m[at + 1], m[at + 2], m[at + 3] = key, channel, velocity, pitch
        m[KEYS] = n + 1.0
    if play == LEGATO and m[KEY_STATE] != UP:
        play_legato(m, 0, glide, key, channel, pitch)
    else:
        assign_voice(m, 0, zone, tail, glide, bend_range, key, channel, velocity, pitch)


def key_up_mono(m, play, zone, tail, glide, bend_range, key, channel, velocity):
    """Process a note-off in mono mode: the previous key sounds again if it is still down."""
    remove_key(m, key, channel)
    if not voice_plays_key(m, 0, key, channel):
        return
    n = int(m[KEYS])
    if n == 0:
        release_key(m, 0, zone, velocity)
        return
    at = KEYS + 1 + KEY_SIZE * (n - 1)
    if play == LEGATO:
        play_legato(m, 0, glide, m[at], m[at + 1], m[at + 3])
    else:
        m[NOTE_COUNT] += 1.0
        assign_voice(m, 0, zone, tail, glide, bend_range, m[at], m[at + 1], m[at + 2], m[at + 3])


def remove_key(m, key, channel):
    """Remove a key from the list of keys that are down."""
    kept = 0
    for k in range(int(m[KEYS])):
        at, to = KEYS + 1 + KEY_SIZE * k, KEYS + 1 + KEY_SIZE * kept
        if m[at] != key or m[at + 1] != channel:
            for j in range(KEY_SIZE):
                m[to + j] = m[at + j]
            kept += 1
    m[KEYS] = float(kept)


def voice_plays_key(m, v, key, channel):
    """Return whether a voice plays a key that is down."""
    at = VOICE_SIZE * v
    is_down = m[at + KEY_STATE] == DOWN and m[at + GATE_SAMPLES] == 0.0
    return is_down and m[at + KEY] == key and m[at + CHANNEL] == channel


def pick_voice(m, voices, steal, key, channel):
    """Return the voice for a key: one that plays it, else an unused one, a released one, or a stolen one."""
    best, highest = 0, -1.0
    for v in range(voices):
        at = VOICE_SIZE * v
        if m[at + KEY_STATE] != UP and m[at + KEY] == key and m[at + CHANNEL] == channel:
            return v
        if m[at + NOTE] == 0.0:
            rank = 4e15 - v
        elif m[at + KEY_STATE] == UP:
            rank = 3e15 + m[at + SINCE_RELEASE]
        else:
            rank = (2e15 if m[at + KEY_STATE] == SUSTAINED else 1e15) - m[at + NOTE]
            rank -= 1e9 * m[at + NEXT_VELOCITY] if steal == QUIETEST else 0.0
        if rank > highest:
            best, highest = v, rank
    return best


def assign_voice(m, v, zone, tail, glide, bend_range, key, channel, velocity, pitch):
    """Assign a voice to a key: at the next sample if the voice is silent, else after a fade-out."""
    at = VOICE_SIZE * v
    silent = m[at + NOTE] == 0.0 or m[at + LEVEL] == 0.0
    ended = m[at + KEY_STATE] == UP and m[at + FADE_OUT] == NO_FADE and m[at + SINCE_RELEASE] >= tail
    fresh = m[at + NOTE] == 0.0 or ended
    m[at + KEY], m[at + CHANNEL], m[at + KEY_STATE], m[at + NOTE] = key, channel, DOWN, m[NOTE_COUNT]
    m[at + TARGET_PITCH], m[at + NEXT_VELOCITY] = pitch, velocity
    m[at + POLY_PRESSURE] = m[at + FADED_SAMPLES] = m[at + GATE_SAMPLES] = 0.0
    if fresh:
        m[at + LEVEL] = 1.0
    if fresh or silent:
        m[at + SMOOTH_PRESSURE], m[at + SMOOTH_TIMBRE] = pressure_of(m, v, zone), timbre_of(m, v, zone)
        start_note(m, v, zone, glide, bend_range)
    else:
        m[at + FADE_OUT], m[at + GATE] = FADE_TO_NEXT, 0.0


def start_note(m, v, zone, glide, bend_range):
    """Start the note of a voice."""
    at = VOICE_SIZE * v
    m[at + FADE_OUT], m[at + GATE], m[at + VELOCITY] = NO_FADE, 1.0, m[at + NEXT_VELOCITY]
    m[at + GATE_IS_NEW] = 1.0
    glide_to(m, v, glide)
    m[at + SMOOTH_BEND] = bend_of(m, v, zone, bend_range)


def play_legato(m, v, glide, key, channel, pitch):
    """Change the key of a voice without restarting its note."""
    at = VOICE_SIZE * v
    m[at + KEY], m[at + CHANNEL], m[at + KEY_STATE] = key, channel, DOWN
    m[at + TARGET_PITCH], m[at + GATE_SAMPLES] = pitch, 0.0
    if m[at + FADE_OUT] == NO_FADE:
        glide_to(m, v, glide)


def glide_to(m, v, glide):
    """Glide to the pitch of the note in ``glide`` samples; jump if the voice has no pitch yet."""
    at = VOICE_SIZE * v
    if glide >= 0.5 and m[at + PITCH] != 0.0:
        m[at + GLIDE_SAMPLES] = float(int(glide + 0.5))
    else:
        m[at + PITCH], m[at + GLIDE_SAMPLES] = m[at + TARGET_PITCH], 0.0


def release_key(m, v, zone, velocity):
    """Release the key of a voice, unless the pedal sustains it; a note that has not begun keeps its duration."""
    at = VOICE_SIZE * v
    m[at + RELEASE_VELOCITY] = velocity
    if pedal_down(m, v, zone):
        m[at + KEY_STATE] = SUSTAINED
    elif m[at + FADE_OUT] == FADE_TO_NEXT:
        m[at + GATE_SAMPLES] = max(m[at + FADED_SAMPLES], 1.0)
    elif m[at + GATE_IS_NEW] > 0.0:
        m[at + GATE_SAMPLES] = 2.0  # on and off at the same sample: a gate of one sample starts the envelopes
    else:
        release(m, v)


def release(m, v):
    """End the note of a voice."""
    at = VOICE_SIZE * v
    m[at + KEY_STATE], m[at + GATE], m[at + SINCE_RELEASE], m[at + GATE_SAMPLES] = UP, 0.0, 0.0, 0.0


def pedal_down(m, v, zone):
    """Return whether the pedal of a voice's channel, or of the master channel of its zone, is down."""
    here = m[CHANNELS + CHANNEL_SIZE * int(m[VOICE_SIZE * v + CHANNEL]) + PEDAL_STATE] > 0.0
    return here or (zone != NO_ZONE and m[CHANNELS + CHANNEL_SIZE * master_channel(zone) + PEDAL_STATE] > 0.0)


def pedal_up(m, voices, zone, channel):
    """Release the notes of a channel that only the pedal sustains."""
    for v in range(voices):
        if m[VOICE_SIZE * v + KEY_STATE] == SUSTAINED and is_for_voice(m, v, zone, channel):
            release_key(m, v, zone, m[VOICE_SIZE * v + RELEASE_VELOCITY])


# -- samples -----------------------------------------------------------------------------------------------


def bend_of(m, v, zone, bend_range):
    """Return the bend of a voice in semitones. With MPE, released notes keep their bend."""
    channel, first = int(m[VOICE_SIZE * v + CHANNEL]), master_channel(zone)
    if zone == NO_ZONE or channel == first:
        return bend_of_channel(m, channel, bend_range)
    if m[VOICE_SIZE * v + KEY_STATE] == UP:
        return m[VOICE_SIZE * v + SMOOTH_BEND]
    return bend_of_channel(m, channel, NOTE_BEND_RANGE) + bend_of_channel(m, first, bend_range)


def bend_of_channel(m, channel, usual_range):
    return m[CHANNELS + CHANNEL_SIZE * channel + CHANNEL_BEND] * range_of_channel(m, channel, usual_range)


def range_of_channel(m, channel, usual_range):
    """Return the bend range of a channel in semitones: ``usual_range`` until a message sets it."""
    stored = m[CHANNELS + CHANNEL_SIZE * channel + BEND_RANGE]
    return stored - 1.0 if stored > 0.0 else usual_range


def pressure_of(m, v, zone):
    """Return the pressure of a voice: the maximum of key pressure and channel pressure."""
    if zone != NO_ZONE and m[VOICE_SIZE * v + KEY_STATE] == UP:
        return m[VOICE_SIZE * v + SMOOTH_PRESSURE]
    of_channel = m[CHANNELS + CHANNEL_SIZE * int(m[VOICE_SIZE * v + CHANNEL]) + CHANNEL_PRESSURE]
    return max(of_channel, m[VOICE_SIZE * v + POLY_PRESSURE])


def timbre_of(m, v, zone):
    """Return CC 74 of a voice's channel (0–1), 64/127 until a message sets it."""
    if zone != NO_ZONE and m[VOICE_SIZE * v + KEY_STATE] == UP:
        return m[VOICE_SIZE * v + SMOOTH_TIMBRE]
    stored = m[CHANNELS + CHANNEL_SIZE * int(m[VOICE_SIZE * v + CHANNEL]) + CHANNEL_TIMBRE]
    return stored - 1.0 if stored > 0.0 else 64.0 / 127.0


def is_changing(m, v, zone, bend_range):
    """Return whether any output of a voice changes from sample to sample."""
    at = VOICE_SIZE * v
    fades = m[at + LEVEL] > 0.0 if m[at + FADE_OUT] != NO_FADE else m[at + LEVEL] < 1.0 and m[at + NOTE] > 0.0
    if fades or m[at + FADE_OUT] == FADE_TO_NEXT or m[at + GLIDE_SAMPLES] > 0.0 or m[at + GATE_SAMPLES] > 0.0:
        return True
    bent = m[at + SMOOTH_BEND] != bend_of(m, v, zone, bend_range)
    return bent or m[at + SMOOTH_PRESSURE] != pressure_of(m, v, zone) or m[at + SMOOTH_TIMBRE] != timbre_of(m, v, zone)


def advance_sample(m, v, zone, glide, bend_range, fade, smooth):
    """Advance a voice by one sample. ``fade`` is the level step, ``smooth`` the coefficient of the smoothing."""
    at = VOICE_SIZE * v
    if m[at + FADE_OUT] == FADE_TO_NEXT:
        m[at + FADED_SAMPLES] += 1.0
        if m[at + LEVEL] <= fade:
            m[at + LEVEL] = 0.0
            start_note(m, v, zone, glide, bend_range)
        else:
            m[at + VELOCITY] += (m[at + NEXT_VELOCITY] - m[at + VELOCITY]) * fade / m[at + LEVEL]
            m[at + LEVEL] -= fade
    elif m[at + FADE_OUT] == FADE_TO_END:
        m[at + LEVEL] = max(m[at + LEVEL] - fade, 0.0)
    else:
        m[at + LEVEL] = min(m[at + LEVEL] + fade, 1.0)
        m[at + SMOOTH_BEND] = smooth_towards(m[at + SMOOTH_BEND], bend_of(m, v, zone, bend_range), smooth)
        if m[at + GATE_SAMPLES] > 0.0:
            m[at + GATE_SAMPLES] -= 1.0
            if m[at + GATE_SAMPLES] == 0.0:
                release(m, v)
    if m[at + GLIDE_SAMPLES] > 0.0:
        m[at + PITCH] += (m[at + TARGET_PITCH] - m[at + PITCH]) / m[at + GLIDE_SAMPLES]
        m[at + GLIDE_SAMPLES] -= 1.0
    m[at + SMOOTH_PRESSURE] = smooth_towards(m[at + SMOOTH_PRESSURE], pressure_of(m, v, zone), smooth)
    m[at + SMOOTH_TIMBRE] = smooth_towards(m[at + SMOOTH_TIMBRE], timbre_of(m, v, zone), smooth)


def smooth_towards(level, target, remains):
    """Return the next sample of a one-pole low-pass that reaches its target exactly."""
    level = target + (level - target) * remains
    return level if abs(level - target) > 1e-6 else target
