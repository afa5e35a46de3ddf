"""What a patch sends to the outside, and messages to send to it."""

from __future__ import annotations

from nodegraph.blocks.midi_sender import MidiSender
from nodegraph.midi.messages import length_of
from tests.rendering import Offline


def sent(patch, messages=(), samples=4096, turns=(), driver=Offline):
    """What the patch's one ``midi_out`` sends: (sample, message as hex). ``turns`` are (sample, knob, value)."""
    engine = driver(patch.document, path=patch.path)
    for at, message in messages:
        engine.send_midi(bytes.fromhex(message), at)
    for at, knob, value in turns:
        engine.turn(*knob.split("."), value, at)
    engine.run_samples(samples)
    return out_of(engine)


def out_of(engine):
    """What an engine has put into the ring of its ``midi_out``."""
    (sender,) = (helper for helper in engine.hosts if isinstance(helper, MidiSender))
    return list(in_ring(sender))


def in_ring(sender):
    ring, marks = sender.ring.tolist(), sender.marks.tolist()
    for k in range(marks[0]):
        word = ring[2 * k + 1].to_bytes(3, "little")
        yield ring[2 * k], word[: length_of(word[0])].hex(" ")
