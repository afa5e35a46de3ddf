"""Effects on MIDI notes: transpose, filter, chord and arpeggiator."""

from nodegraph.events import (
    ALL_NOTES_OFF,
    ALL_SOUND_OFF,
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    count,
    event,
    message_kind,
    next_event_offset,
    send,
)
from nodegraph.maths import clip, nearest, next_random, read_double, rising_edge, uniform
from nodegraph.node import Choice, EventIn, EventOut, Example, In, Memory, Node, Option, State, Table

EVENTS = EventIn(doc="MIDI messages")
KEYS = 2048  # keys of all channels


def key_of(status, data1):
    """Return the index of a key of a channel."""
    return 128 * (status & 0x0F) + data1


def is_note(status):
    """Return whether a message starts or ends a note."""
    return message_kind(status) == NOTE_ON or message_kind(status) == NOTE_OFF


def is_note_on(status, data2):
    """Return whether a message starts a note; a velocity of 0 ends it."""
    return message_kind(status) == NOTE_ON and data2 > 0


def is_all_notes_off(status, data1):
    """Return whether a message ends all notes of its channel."""
    return message_kind(status) == CONTROL and (data1 == ALL_SOUND_OFF or data1 >= ALL_NOTES_OFF)


def send_note(out, offset, status, pitch, velocity):
    """Start a note of any pitch on the nearest key of the keyboard; return the key."""
    key = int(clip(nearest(pitch), 0.0, 127.0))
    send(out, offset, NOTE_ON | (status & 0x0F), key, velocity, pitch)
    return key


class TransposeNotes(Node):
    """Transposes notes by a number of semitones, with fractions. Sounding notes keep their pitch until they end."""

    words = (
        "transpose, octave, octave up, octave down, semitones, shift notes, key change, transposer, note shift, pitch "
        "midi, capo, transponieren, transposer notes, octaver, microtuning"
    )

    events = EVENTS
    semitones = In(0.0, unit="semitones", min=-60.0, max=60.0, smooth=False, doc="added to each new note")
    out = EventOut(doc="transposed notes; other messages unchanged")
    played = Memory(lambda settings: KEYS)  # key that was sent for each input key
    times = Memory(lambda settings: KEYS)  # how often a key is down: several wires may carry the same key

    def block(events, semitones, out, played, times):
        for k in range(count(events)):
            offset, status, data1, data2, value = event(events, k)
            at = key_of(status, data1)
            if is_all_notes_off(status, data1):
                for key in range(128):
                    times[key_of(status, key)] = 0.0
            if is_note_on(status, data2):
                pitch = value + read_double(semitones, (offset, 0))
                key = int(clip(nearest(pitch), 0.0, 127.0))
                if times[at] > 0.0 and played[at] != key:
                    send(out, offset, NOTE_OFF | (status & 0x0F), int(played[at]), 64, played[at])
                    times[at] = 0.0
                send_note(out, offset, status, pitch, data2)
                played[at] = key
                times[at] += 1.0
            elif is_note(status):
                key = int(played[at]) if times[at] > 0.0 else data1
                send(out, offset, status, key, data2, float(key))
                times[at] = max(times[at] - 1.0, 0.0)
            else:
                send(out, offset, status, data1, data2, value)


class NoteFilter(Node):
    """Splits notes by key and velocity: notes within both ranges go to ``out``, all others to ``rest``.

    For keyboard splits and velocity layers. Messages other than notes go to both outputs.
    """

    words = (
        "key split, keyboard split, split keyboard, zone, velocity split, range, note range, layer, key zone, "
        "velocity switch, keyrange, velocity, split point, note gate, route notes"
    )

    events = EVENTS
    low_key = Option(0, min=0, max=127, doc="lowest key of the range; 60 is middle C")
    high_key = Option(127, min=0, max=127, doc="highest key of the range")
    low_velocity = Option(1, min=1, max=127, doc="softest velocity of the range")
    high_velocity = Option(127, min=1, max=127, doc="loudest velocity of the range")
    out = EventOut(doc="notes within the ranges")
    rest = EventOut(doc="all other notes")
    # number of sounding notes per key and output
    in_out, in_rest = Memory(lambda settings: KEYS), Memory(lambda settings: KEYS)

    def block(events, low_key, high_key, low_velocity, high_velocity, out, rest, in_out, in_rest):
        for k in range(count(events)):
            offset, status, data1, data2, value = event(events, k)
            to_out = to_rest = True
            at = key_of(status, data1)
            if is_note_on(status, data2):
                to_out = low_key <= data1 <= high_key and low_velocity <= data2 <= high_velocity
                to_rest = not to_out
                in_out[at] += 1.0 if to_out else 0.0
                in_rest[at] += 1.0 if to_rest else 0.0
            elif is_note(status):  # a key that was played twice may sound at both outputs
                to_out = in_out[at] > 0.0
                to_rest = in_rest[at] > 0.0 or not to_out
                in_out[at] = max(in_out[at] - 1.0, 0.0)
                in_rest[at] = max(in_rest[at] - 1.0, 0.0)
            elif is_all_notes_off(status, data1):
                for key in range(128):
                    in_out[key_of(status, key)] = in_rest[key_of(status, key)] = 0.0
            if to_out:
                send(out, offset, status, data1, data2, value)
            if to_rest:
                send(rest, offset, status, data1, data2, value)


class Chord(Node):
    """Plays a chord for each note: the note transposed by each of the ``intervals``."""

    words = (
        "chords, triad, harmonizer, harmonise, harmonize, power chord, add notes, major, minor, chord memory, Akkord, "
        "Akkorde, accord, accords, seventh, harmony, intervals, fifths"
    )

    events = EVENTS
    intervals = Option((0.0, 4.0, 7.0), unit="semitones", doc="distances from the input note, up to 16")
    out = EventOut(doc="notes of all chords")
    table = Table(lambda settings, sr: [float(x) for x in settings["intervals"]][:16] or [0.0])
    sounding = Memory(lambda settings: KEYS)  # number of held chord notes per key
    known = State()

    def block(events, out, table, table_size, sounding, known):
        shape = 0.0
        for j in range(table_size):
            shape = 3.0 * shape + read_double(table, j) + 1.0
        if shape != known[0]:  # with new intervals the note-offs would not match the sounding notes
            end_notes(out, 0, sounding)
            known[0] = shape
        for k in range(count(events)):
            offset, status, data1, data2, value = event(events, k)
            if is_all_notes_off(status, data1):
                for key in range(128):
                    sounding[key_of(status, key)] = 0.0
            if not is_note(status):
                send(out, offset, status, data1, data2, value)
                continue
            for j in range(table_size):
                if is_note_on(status, data2):
                    key = send_note(out, offset, status, value + read_double(table, j), data2)
                    sounding[key_of(status, key)] += 1.0
                else:
                    key = int(clip(nearest(value + read_double(table, j)), 0.0, 127.0))
                    left = max(sounding[key_of(status, key)] - 1.0, 0.0)
                    sounding[key_of(status, key)] = left
                    if left == 0.0:
                        send(out, offset, status, key, data2, float(key))


UP, DOWN, UP_DOWN, AS_PLAYED, RANDOM, ALL = range(6)
MAX_HELD = 32


class Arpeggiator(Node):
    """Plays the held keys one after another, one step per rising edge of the clock.

    Each note sounds while the clock is high. With several ``octaves`` the pattern repeats an octave higher each time.
    ``hold`` continues the last chord after its keys are released, until a new chord starts.
    """

    words = (
        "arp, arpeggio, arpeggios, arpeggiate, arpeggiated, broken chord, up down, note pattern, Pattern, hold chord, "
        "latch arp, arpège, arpégiateur, Pseq"
    )
    example = Example(inputs={"events": "chords"})

    events = EVENTS
    clock = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="each rising edge plays a step")
    hold = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="above 0.5 released keys keep playing")
    order = Choice("up", "down", "up_down", "as_played", "random", "all", doc="order of the keys; all plays a chord")
    octaves = Option(1, min=1, max=6, doc="number of octaves in the pattern")
    out = EventOut(doc="arpeggiated notes; other messages unchanged")
    # The held keys in playing order, five numbers each: key, pitch, velocity, channel, 1 if the key is down.
    held = Memory(lambda settings: 5 * MAX_HELD)
    playing = Memory(lambda settings: KEYS)  # keys that are sounding
    number, last_clock, last_hold = State(0), State(), State()
    place = State(0)
    seed = State(1, seeded=True)

    def block(events, clock, hold, order, octaves, out, held, playing, number, last_clock, last_hold, place, seed):
        begin = 0
        for k in range(count(events) + 1):
            end = next_event_offset(events, k, clock.shape[0])
            for i in range(begin, end):
                if last_hold[0] > 0.5 and hold[i, 0] <= 0.5:
                    remove_released_keys(held, number)
                if last_clock[0] > 0.5 and clock[i, 0] <= 0.5:
                    end_notes(out, i, playing)
                if rising_edge(clock[i, 0], last_clock[0]) and number[0] > 0:
                    end_notes(out, i, playing)
                    steps = number[0] * octaves
                    if order == ALL:
                        for step in range(steps):
                            play_step(out, i, held, playing, number[0], step, order)
                    else:
                        round_trip = max(2 * steps - 2, 1) if order == UP_DOWN else steps
                        place[0] = place[0] if place[0] < round_trip else 0
                        seed[0] = next_random(seed[0])
                        at = int(uniform(seed[0]) * steps) if order == RANDOM else place[0]
                        at = steps - 1 - at if order == DOWN else min(at, round_trip - at if order == UP_DOWN else at)
                        play_step(out, i, held, playing, number[0], at, order)
                        place[0] += 1
                last_clock[0], last_hold[0] = clock[i, 0], hold[i, 0]
            begin = end
            if k == count(events):
                break
            offset, status, data1, data2, value = event(events, k)
            if is_note_on(status, data2):
                if not any_key_down(held, number[0]):
                    number[0] = place[0] = 0  # a new chord
                add_key(held, number, data1, value, data2, status & 0x0F)
            elif is_note(status):
                for j in range(number[0]):
                    if held[5 * j] == data1 and held[5 * j + 3] == status & 0x0F:
                        held[5 * j + 4] = 0.0
                if hold[min(end, clock.shape[0] - 1), 0] <= 0.5:
                    remove_released_keys(held, number)
            else:
                if is_all_notes_off(status, data1):
                    number[0] = 0
                    end_notes(out, offset, playing)
                send(out, offset, status, data1, data2, value)


def any_key_down(held, number):
    """Return whether a key of the chord is down."""
    for j in range(number):
        if held[5 * j + 4] > 0.0:
            return True
    return False


def remove_released_keys(held, number):
    """Remove the released keys from the chord."""
    kept = 0
    for j in range(number[0]):
        if held[5 * j + 4] > 0.0:
            for f in range(5):
                held[5 * kept + f] = held[5 * j + f]
            kept += 1
    number[0] = kept


def add_key(held, number, key, pitch, velocity, channel):
    """Add a key to the chord, once."""
    for j in range(number[0]):
        if held[5 * j] == key and held[5 * j + 3] == channel:
            held[5 * j + 2], held[5 * j + 4] = velocity, 1.0
            return
    if number[0] < MAX_HELD:
        j = number[0]
        held[5 * j], held[5 * j + 1], held[5 * j + 2] = key, pitch, velocity
        held[5 * j + 3], held[5 * j + 4] = channel, 1.0
        number[0] = j + 1


def play_step(out, offset, held, playing, number, step, order):
    """Start the note of a step: the keys in order, then again an octave higher, and so on."""
    octave = step // number if number > 0 else 0
    rank = step - octave * number
    best = rank
    if order != AS_PLAYED:
        for j in range(number):  # find the key with ``rank`` keys below it
            below = 0
            for other in range(number):
                lower = held[5 * other + 1] < held[5 * j + 1]
                below += 1 if lower or (held[5 * other + 1] == held[5 * j + 1] and other < j) else 0
            best = j if below == rank else best
    pitch, velocity, channel = held[5 * best + 1] + 12.0 * octave, int(held[5 * best + 2]), int(held[5 * best + 3])
    key = send_note(out, offset, channel, pitch, velocity)
    playing[key_of(channel, key)] = 1.0


def end_notes(out, offset, playing):
    """End all sounding notes."""
    for k in range(KEYS):
        if playing[k] > 0.0:
            playing[k] = 0.0
            key = k & 127
            send(out, offset, NOTE_OFF | k >> 7, key, 64, float(key))
