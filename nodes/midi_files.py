"""Playback of MIDI files."""

from nodegraph.blocks.midi_file_reader import CHANNELS, LENGTH, PIECE, MidiFileReader, midi_file_problem
from nodegraph.events import ALL_NOTES_OFF, CONTROL, PEDAL, send
from nodegraph.maths import read_double, rising_edge
from nodegraph.node import EventOut, Example, Helper, In, Node, Option, Out, State

from .midi import message_value

MAX_AT_ONCE = 128  # messages in one sample; further ones follow in the next sample


class MidiFile(Node):
    """Plays a standard MIDI file; each message is sent at the sample nearest to its exact time.

    A rising edge of ``restart`` jumps to ``position``. Sounding notes end and pedals are released at a stop, jump or
    loop. Standard MIDI Files 1.0 (MIDI Manufacturers Association, 1996).
    """

    words = (
        "mid, SMF, standard MIDI file, song, play MIDI, score, MIDI player, seq~, SimpleMIDIFile, import MIDI, "
        "sequence file, piece, karaoke, Partitur, partition, .mid"
    )
    example = Example(vary="", output="out", silent="It plays a MIDI file, which you choose.")

    play = In(1.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="plays while above 0.5")
    speed = In(1.0, unit="ratio", min=0.0, max=8.0, doc="1 is the tempo of the file")
    restart = In(0.0, unit="gate", min=0.0, max=1.0, smooth=False, doc="a rising edge jumps to position")
    position = In(0.0, unit="s", min=0.0, max=36000.0, smooth=False, doc="position that restart jumps to")
    file = Option("", kind="file", doc="MIDI file, in the patch's folder")
    loop = Option(True, doc="repeat from the start at the end")
    out = EventOut(doc="MIDI messages of the file")
    done = Out(unit="gate", doc="1 after the end, if loop is off")
    at, next, last_play, last_restart = State(), State(0), State(), State()
    piece, channels = State(0), State(0)
    reader = Helper(MidiFileReader)

    def block(
        play, speed, restart, position, loop, out, done, at, next, last_play, last_restart, piece, channels,
        times, messages, marks, sr,
    ):  # fmt: skip
        here, following = at[0], next[0]
        another = piece[0] != marks[PIECE]
        for i in range(done.shape[0]):
            jumps = rising_edge(restart[i, 0], last_restart[0])
            stops = last_play[0] > 0.5 and play[i, 0] <= 0.5
            ends = loop and here >= marks[LENGTH] and marks[LENGTH] > 0
            if ends:
                following = send_due(out, i, times, messages, following, here)
            if jumps or stops or ends or another:
                end_all_notes(out, i, channels[0])
                piece[0], channels[0] = marks[PIECE], marks[CHANNELS]
            if jumps:
                here = float(int(read_double(position, (i, 0)) * sr + 0.5))
            elif ends:
                here -= marks[LENGTH]
            if jumps or ends or another:
                following, another = 0, False
                while following < times.shape[0] and times[following] < here:
                    following += 1
            last_play[0], last_restart[0] = play[i, 0], restart[i, 0]
            done[i, 0] = 1.0 if here >= marks[LENGTH] else 0.0
            if play[i, 0] > 0.5:
                following = send_due(out, i, times, messages, following, here)
                here += max(read_double(speed, (i, 0)), 0.0)
        at[0], next[0] = here, following

    def lanes(inputs, settings):
        return {"done": 1}

    def check(settings):
        return midi_file_problem(settings["file"])


def send_due(out, offset, times, messages, following, position):
    """Send the messages due by sample ``position`` of the piece; return the index of the next message."""
    for _ in range(MAX_AT_ONCE):
        if following >= times.shape[0] or times[following] > position:
            break
        word = messages[following]
        status, data1, data2 = word & 0xFF, word >> 8 & 0x7F, word >> 16 & 0x7F
        send(out, offset, status, data1, data2, message_value(status, data1, data2))
        following += 1
    return following


def end_all_notes(out, offset, channels):
    """End all notes and release the pedals on the channels of a piece."""
    for channel in range(16):
        if channels >> channel & 1 == 1:
            send(out, offset, CONTROL | channel, PEDAL, 0, 0.0)
            send(out, offset, CONTROL | channel, ALL_NOTES_OFF, 0, 0.0)
