"""The computer keyboard as a piano."""

from hypothesis import given
from hypothesis import strategies as st

from nodegraph.midi.keyboard import KEYS, LOWER, UPPER, KeyboardState, press, release, release_all

keys = st.sampled_from([*KEYS, "z", "A", "PageUp", "PageDown", "F1"])
moves = st.lists(st.tuples(st.sampled_from([press, release]), keys), max_size=60)


def sounding(messages):
    """Return the notes that are on after a list of messages."""
    found = []
    for status, note, velocity in messages:
        if status & 0xF0 == 0x90 and velocity:
            found.append(note)
        else:
            found = [other for other in found if other != note]
    return set(found)


@given(moves)
def test_sounding_notes_are_those_of_the_pressed_keys(steps):
    piano, sent = KeyboardState(), []
    for step, key in steps:
        piano, messages = step(piano, key)
        sent += messages
        assert sounding(sent) == set(piano.held.values())
        assert all(0 <= byte <= 127 for _, *data in messages for byte in data)
    piano, messages = release_all(piano)
    assert sounding(sent + messages) == set() and piano.held == {}


def test_rows_of_keys_have_the_layout_of_a_piano():
    _, [message] = press(KeyboardState(), "z")
    assert message == bytes((0x90, 60, 100))
    _, [message] = press(KeyboardState(octave=3, velocity=7, channel=2), "Q")
    assert message == bytes((0x91, 60, 7))
    black = {1, 3, 6, 8, 10}
    assert {KEYS[key] % 12 for key in "SDGHJ"} == {KEYS[key] % 12 for key in "23567"} == black
    assert KEYS[LOWER[12]] == KEYS[UPPER[0]] == 12


def test_key_repeat_is_ignored_and_note_off_keeps_the_octave():
    piano, first = press(KeyboardState(), "X")
    piano, again = press(piano, "X")
    piano, none = press(piano, "PageUp")
    piano, last = release(piano, "X")
    assert (first, again, none, last) == ([b"\x90\x3e\x64"], [], [], [b"\x80\x3e\x00"])
    _, higher = press(piano, "X")
    assert higher == [b"\x90\x4a\x64"]


def test_octaves_are_limited_to_midi_range():
    piano = KeyboardState()
    for _ in range(20):
        piano, _ = press(piano, "PageUp")
    _, messages = press(piano, "]")
    assert piano.octave == 9 and messages == []
