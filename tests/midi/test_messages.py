"""MIDI messages: splitting any byte stream, reports of incomplete messages, and conversion to bytes."""

from __future__ import annotations

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodegraph.midi.messages import MessageStream, bytes_of, length_of

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
    """Return the bytes of messages in running status."""
    out, status = bytearray(), 0
    for message in sent:
        out += message[1:] if message[0] == status and message[0] < 0xF0 else message
        status = message[0]
    return bytes(out)


@given(messages, st.lists(st.tuples(st.integers(0, 300), realtime), max_size=10), st.integers(1, 9))
def test_stream_returns_all_messages_and_clocks(sent, clocks, chunk):
    stream = bytearray(running(sent))
    for at, byte in clocks:
        stream.insert(min(at, len(stream)), byte)
    parser = MessageStream()
    found = [message for k in range(0, len(stream), chunk) for message in parser.feed(stream[k : k + chunk])]
    assert [m for m in found if m[0] < 0xF8] == sent
    assert sorted(m[0] for m in found if m[0] >= 0xF8) == sorted(byte for _, byte in clocks)
    parser.finish()
    assert not parser.problems


@given(messages)
def test_complete_messages_are_split_as_by_mido(sent):
    reference = mido.Parser()
    reference.feed(b"".join(sent))
    assert MessageStream().feed(b"".join(sent)) == [bytes(message.bytes()) for message in reference]


@given(st.binary(max_size=300))
def test_random_bytes_give_complete_messages_and_problems(stream):
    parser = MessageStream()
    for message in parser.feed(stream):
        assert length_of(message[0]) in (0, len(message))
    parser.finish()
    assert all(problem.endswith(".") for problem in parser.problems)


@given(st.binary(max_size=60), messages)
def test_complete_messages_after_random_bytes_are_returned(garbage, sent):
    found = MessageStream().feed(garbage + running(sent))
    assert found[len(found) - len(sent) :] == sent


@pytest.mark.parametrize(("stream", "problem"), [
    ("90 3c 80 3c 40", "the MIDI message 90 3c was interrupted by 80; it is ignored."),
    ("90 3c", "the MIDI message 90 3c was interrupted by the end; it is ignored."),
    ("f0 01 02 90 3c 40", "a system exclusive message was interrupted by 90; it is ignored."),
    ("3c 40", "MIDI data bytes without a status byte; they are ignored."),
    ("f2 01 02 03", "MIDI data bytes without a status byte; they are ignored."),
    ("f4", "MIDI status byte f4 is undefined; it is ignored."),
    ("f9", "MIDI status byte f9 is undefined; it is ignored."),
])  # fmt: skip
def test_incomplete_message_is_reported(stream, problem):
    parser = MessageStream()
    parser.feed(bytes.fromhex(stream))
    parser.finish()
    assert list(parser.problems) == [problem]


def test_notes_after_a_sysex_above_the_limit_are_returned():
    note = bytes((0x90, 60, 100))
    flood = bytes((0xF0, *[1] * 1000, 0xF7))
    parser = MessageStream()
    found = parser.feed((flood + note) * 200)
    assert found.count(note) == found.count(flood) == 200 and not parser.problems
    endless = parser.feed(bytes((0xF0,)) + bytes(1_000_000) + bytes((0xF7,)) + note)
    assert endless == [note]
    assert list(parser.problems) == ["a system exclusive message is longer than 64 KiB; it is ignored."]


@given(messages)
def test_bytes_of_accepts_mido_messages_and_bytes(sent):
    assert [bytes_of(mido.Message.from_bytes(message)) for message in sent] == [bytes_of(message) for message in sent]


@pytest.mark.parametrize(("message", "problem"), [
    (b"", "'' is not a complete MIDI message."),
    (b"\x90\x3c", "'90 3c' is not a complete MIDI message."),
    (b"\x90\xc8\x64", "'90 c8 64' is not a complete MIDI message."),
    (b"\x3c\x40", "'3c 40' is not a complete MIDI message."),
    (b"\xf0\x01", "'f0 01' is not a complete MIDI message."),
    (mido.MetaMessage("set_tempo"), "'set_tempo' is a meta message of MIDI files and cannot be sent."),
    ("note_on", "a MIDI message is a mido.Message or bytes, not str."),
])  # fmt: skip
def test_bytes_of_rejects_incomplete_messages(message, problem):
    with pytest.raises(ValueError) as raised:
        bytes_of(message)
    assert str(raised.value) == problem
