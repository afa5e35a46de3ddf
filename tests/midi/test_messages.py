"""Whole messages out of any stream of bytes, and a sentence for what is not whole."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.midi.messages import MessageStream, length_of

data = st.integers(0, 127)
of_channel = st.builds(
    lambda kind, channel, a, b: bytes((kind | channel, a, b))[: length_of(kind)],
    st.sampled_from([0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0]), st.integers(0, 15), data, data,
)  # fmt: skip
of_system = st.builds(
    lambda kind, a, b: bytes((kind, a, b))[: length_of(kind)], st.sampled_from([0xF1, 0xF2, 0xF3]), data, data
)
exclusive = st.lists(data, max_size=20).map(lambda body: bytes((0xF0, *body, 0xF7)))
messages = st.lists(st.one_of(of_channel, of_channel, of_system, exclusive, st.just(b"\xf6")), max_size=20)
realtime = st.sampled_from([0xF8, 0xFA, 0xFB, 0xFC, 0xFE, 0xFF])


def running(sent):
    """The bytes of messages, status bytes left out where they may be."""
    out, status = bytearray(), 0
    for message in sent:
        out += message[1:] if message[0] == status and message[0] < 0xF0 else message
        status = message[0]
    return bytes(out)


@given(messages, st.lists(st.tuples(st.integers(0, 300), realtime), max_size=10), st.integers(1, 9))
def test_messages_come_out_as_they_went_in(sent, clocks, piece):
    stream = bytearray(running(sent))
    for at, byte in clocks:
        stream.insert(min(at, len(stream)), byte)
    parser = MessageStream()
    found = [message for k in range(0, len(stream), piece) for message in parser.feed(stream[k : k + piece])]
    assert [m for m in found if m[0] < 0xF8] == sent
    assert sorted(m[0] for m in found if m[0] >= 0xF8) == sorted(byte for _, byte in clocks)
    parser.end()
    assert not parser.problems


@given(messages)
def test_mido_hears_the_same(sent):
    theirs = mido.Parser()
    theirs.feed(b"".join(sent))
    assert MessageStream().feed(b"".join(sent)) == [bytes(message.bytes()) for message in theirs]


@given(st.binary(max_size=300))
def test_any_bytes_give_whole_messages_and_sentences(stream):
    parser = MessageStream()
    for message in parser.feed(stream):
        assert length_of(message[0]) in (0, len(message))
    parser.end()
    assert all(sentence.endswith(".") for sentence in parser.problems)


@given(st.binary(max_size=60), messages)
def test_nothing_whole_is_lost_behind_rubbish(rubbish, sent):
    found = MessageStream().feed(rubbish + running(sent))
    assert found[len(found) - len(sent) :] == sent


@pytest.mark.parametrize(("stream", "sentence"), [
    ("90 3c 80 3c 40", "the MIDI message 90 3c was cut off by 80; it is left out."),
    ("90 3c", "the MIDI message 90 3c was cut off by the end; it is left out."),
    ("f0 01 02 90 3c 40", "a system exclusive message was cut off by 90; it is left out."),
    ("3c 40", "MIDI data came without the status byte that says what they are; they are left out."),
    ("f2 01 02 03", "MIDI data came without the status byte that says what they are; they are left out."),
    ("f4", "there is no MIDI message f4; it is left out."),
    ("f9", "there is no MIDI message f9; it is left out."),
])  # fmt: skip
def test_what_is_not_whole_is_said(stream, sentence):
    parser = MessageStream()
    parser.feed(bytes.fromhex(stream))
    parser.end()
    assert list(parser.problems) == [sentence]


def test_a_flood_of_exclusive_messages_hides_no_note():
    note = bytes((0x90, 60, 100))
    flood = bytes((0xF0, *[1] * 1000, 0xF7))
    parser = MessageStream()
    found = parser.feed((flood + note) * 200)
    assert found.count(note) == found.count(flood) == 200 and not parser.problems
    endless = parser.feed(bytes((0xF0,)) + bytes(1_000_000) + bytes((0xF7,)) + note)
    assert endless == [note]
    assert list(parser.problems) == ["a system exclusive message is longer than 64 KiB; it is left out."]
