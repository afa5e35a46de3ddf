"""Keys and pedals that are down, and their release."""

from hypothesis import given
from hypothesis import strategies as st

from nodegraph.midi.held import HeldKeys

keys = st.tuples(st.sampled_from([0x80, 0x90, 0x91]), st.sampled_from([60, 61]), st.sampled_from([0, 100]))
pedals = st.tuples(st.just(0xB0), st.just(64), st.sampled_from([0, 127]))


def down(messages):
    """Return the keys and the pedal that are down after a list of messages."""
    found = set()
    for status, number, value in messages:
        one = (status & 15, number, status & 0xF0 == 0xB0)
        (found.add if value and status & 0xF0 != 0x80 else found.discard)(one)
    return found


@given(st.lists(keys | pedals))
def test_release_all_releases_all_keys_and_pedals_of_a_port(messages):
    held = HeldKeys()
    for message in messages:
        held.on_message("a", bytes(message), 0)
        held.on_message("b", bytes(message), 0)
    released = held.release_all("a")
    assert len(released) == len(down(messages))
    assert down([*messages, *map(tuple, released)]) == set()


def test_note_off_is_delayed_to_the_minimum_duration():
    held = HeldKeys()
    assert held.on_message("a", bytes((0x90, 60, 100)), 1000, 88) == 1000
    assert held.on_message("a", bytes((0x80, 60, 0)), 1000, 88) == 1088
    assert held.on_message("a", bytes((0x90, 60, 100)), 2000, 88) == 2000
    assert held.on_message("a", bytes((0x90, 60, 0)), 3000, 88) == 3000
    assert held.on_message("a", bytes((0x80, 61, 0)), 3001, 88) == 3001
    assert held.on_message("a", bytes((0xF8,)), 3002, 88) == 3002
