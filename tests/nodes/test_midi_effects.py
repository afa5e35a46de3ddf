"""Note effects: transposition, filters, chords, arpeggios; each note that starts also ends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.nodes.sending import sent, sent_by
from tests.rendering import Offline, engine_of, patch_of

ON, OFF = "90 3c 64", "80 3c 40"


def through(type, output="out", **params):
    return patch_of("midi.out effect.events", f"effect.{output} out.events",
                    midi="midi_in", effect=(type, params), out="midi_out")  # fmt: skip


def messages(found):
    return [message for _, message in found]


def hanging(found):
    """Return the notes that have started and not ended."""
    down = set()
    for _, message in found:
        status, key, velocity = (int(part, 16) for part in (*message.split(), "0", "0")[:3])
        if status & 0xF0 == 0x90 and velocity:
            down.add((status & 15, key))
        elif status & 0xF0 in (0x80, 0x90):
            down.discard((status & 15, key))
    return down


def test_transposition_moves_notes():
    patch = through("transpose_notes", semitones=-12.0)
    assert sent(patch, [(5, ON), (9, "b0 07 7f"), (20, OFF)]) == [(5, "90 30 64"), (9, "b0 07 7f"), (20, "80 30 40")]


def test_transposed_note_ends_on_the_key_it_started_on():
    found = sent(through("transpose_notes"), [(0, ON), (200, OFF)], turns=[(100, "effect.semitones", 7.0)])
    assert messages(found) == [ON, OFF]


def test_transposition_keeps_fractions_of_semitones():
    patch = patch_of(
        "midi.out effect.events",
        "effect.out notes.events",
        "notes.pitch out.audio",
        midi="midi_in",
        effect=("transpose_notes", {"semitones": 0.25}),
        notes=("notes", {"voices": 1}),
        out="audio_out",
    )
    engine = Offline(patch.document)
    engine.send(bytes.fromhex(ON))
    assert engine.run_samples(64)[-1, 0] == 60.25


@pytest.mark.parametrize(("params", "inside"), [
    ({"low_key": 60}, True), ({"low_key": 61}, False), ({"high_key": 60}, True), ({"high_key": 59}, False),
    ({"low_velocity": 100}, True), ({"low_velocity": 101}, False), ({"high_velocity": 99}, False),
])  # fmt: skip
def test_notes_are_filtered_by_key_and_velocity(params, inside):
    played = [(0, ON), (1, "b0 40 7f"), (9, OFF)]
    both = [sent(through("note_filter", output, **params), played) for output in ("out", "rest")]
    notes, other = both if inside else reversed(both)
    assert notes == played and other == [(1, "b0 40 7f")]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([20, 100, 0]), max_size=12))
def test_note_filter_ends_all_notes_that_it_passes(velocities):
    """One key at any velocities, inside and outside the range; as many ends as notes leave nothing sounding."""
    played = [(k, f"90 3c {velocity:02x}") for k, velocity in enumerate(velocities)]
    played += [(100 + k, OFF) for k in range(sum(velocity > 0 for velocity in velocities))]
    for output in ("out", "rest"):
        assert not hanging(sent(through("note_filter", output, low_velocity=64), played))
        patch = patch_of("midi.out effect.events", f"effect.{output} chord.events", "chord.out out.events",
                         midi="midi_in", effect=("note_filter", {"low_velocity": 64}), chord="chord",
                         out="midi_out")  # fmt: skip
        assert not hanging(sent(patch, played))


def test_chord_has_its_intervals():
    found = sent(through("chord", intervals=(0.0, 4.0, 7.0)), [(0, ON), (9, OFF)])
    assert found == [(0, f"90 {key:02x} 64") for key in (60, 64, 67)] + [
        (9, f"80 {key:02x} 40") for key in (60, 64, 67)
    ]


def test_shared_key_of_two_chords_sounds_until_both_end():
    found = sent(through("chord", intervals=(0.0, 4.0)), [(0, ON), (1, "90 40 64"), (2, OFF), (3, "80 40 40")])
    ends = [entry for entry in found if entry[1].startswith("80")]
    assert ends == [(2, "80 3c 40"), (3, "80 40 40"), (3, "80 44 40")]


def test_chord_ends_its_notes_after_its_intervals_change():
    patch = through("chord", intervals=(0.0, 4.0))
    engine = engine_of(patch)
    engine.send(bytes.fromhex(ON))
    engine.run_samples(128)
    patch.set("effect.intervals", [0.0, 3.0])
    engine.run_samples(128)
    engine.send(bytes.fromhex(OFF))
    engine.run_samples(128)
    assert not hanging(sent_by(engine))


def test_note_ends_on_its_channel_after_the_channel_changes():
    patch = patch_of("notes.out out.events", notes="note_out", out="midi_out")
    engine = engine_of(patch)
    engine.set_parameter("notes", "gate", 1.0)
    engine.run_samples(128)
    patch.set("notes.channel", 5)
    engine.set_parameter("notes", "gate", 0.0)
    engine.run_samples(128)
    assert messages(sent_by(engine)) == ["90 3c 66", "80 3c 40"]


# -- arpeggios -----------------------------------------------------------------------------------------------


def arpeggio(keys, order, steps=8, octaves=1, release=None, **more):
    """Return the keys that an arpeggiator plays for chord ``keys``: a step every 256 samples from sample 256 on."""
    patch = through("arpeggiator", order=order, octaves=octaves, **more)
    chord = [(0, f"90 {key:02x} 64") for key in keys]
    ends = [(release, f"80 {key:02x} 40") for key in keys] if release else []
    turns = [(256 * step + half, "effect.clock", 1.0 - half / 128) for step in range(1, steps + 1) for half in (0, 128)]
    return sent(patch, [*chord, *ends], 256 * (steps + 2), turns)


def keys_of(found):
    return [int(message.split()[1], 16) for _, message in found if message.startswith("90")]


@pytest.mark.parametrize(("order", "octaves", "expected"), [
    ("up", 1, [60, 64, 67, 60, 64, 67, 60, 64]),
    ("down", 1, [67, 64, 60, 67, 64, 60, 67, 64]),
    ("up_down", 1, [60, 64, 67, 64, 60, 64, 67, 64]),
    ("as_played", 1, [64, 60, 67, 64, 60, 67, 64, 60]),
    ("up", 2, [60, 64, 67, 72, 76, 79, 60, 64]),
    ("down", 2, [79, 76, 72, 67, 64, 60, 79, 76]),
])  # fmt: skip
def test_arpeggio_orders(order, octaves, expected):
    found = arpeggio([64, 60, 67], order, octaves=octaves)
    assert keys_of(found) == expected
    assert [at for at, message in found if message.startswith("90")] == [256 * step for step in range(1, 9)]
    assert [at for at, message in found if message.startswith("80")] == [256 * step + 128 for step in range(1, 9)]


def test_random_arpeggio_plays_all_keys_and_no_others():
    keys = keys_of(arpeggio([60, 64, 67], "random", steps=60))
    assert set(keys) == {60, 64, 67} and len(keys) == 60
    assert min(np.bincount(keys)[[60, 64, 67]]) > 8


def test_order_all_plays_a_chord_per_step():
    assert keys_of(arpeggio([60, 64, 67], "all", steps=2)) == [60, 64, 67, 60, 64, 67]


def test_arpeggio_ends_with_its_keys_unless_hold_is_on():
    assert len(keys_of(arpeggio([60, 64], "up", steps=8, release=1100))) == 4
    held = arpeggio([60, 64], "up", steps=8, release=1100, hold=1.0)
    assert len(keys_of(held)) == 8 and not hanging(held)


def test_new_chord_replaces_the_held_chord():
    patch = through("arpeggiator", hold=1.0)
    played = [(0, "90 3c 64"), (300, "80 3c 40"), (600, "90 40 64")]
    turns = [(at, "effect.clock", value) for at, value in ((256, 1), (400, 0), (512, 1), (560, 0), (768, 1), (800, 0))]
    assert keys_of(sent(patch, played, turns=turns)) == [60, 60, 64]


def test_all_notes_off_during_a_step_leaves_no_hanging_note():
    patch = through("arpeggiator")
    found = sent(patch, [(0, "90 3c 64"), (300, "b0 7b 00")], turns=[(256, "effect.clock", 1.0)])
    assert messages(found) == ["90 3c 64", "80 3c 40", "b0 7b 00"]


@pytest.mark.parametrize("type", ["transpose_notes", "chord", "arpeggiator"])
def test_note_effect_leaves_no_hanging_note(type):
    rng = np.random.default_rng(7)
    down, played, turns = set(), [], []
    for at in range(0, 40_000, 40):
        key = int(rng.integers(30, 90))
        if rng.random() < 0.5 and key not in down:
            played.append((at, f"90 {key:02x} 64"))
            down.add(key)
        elif down:
            key = down.pop()
            played.append((at, f"80 {key:02x} 40"))
        if type == "arpeggiator":
            turns.append((at, "effect.clock", float(at // 40 % 2)))
        elif type == "transpose_notes":
            turns.append((at, "effect.semitones", float(rng.integers(-12, 13))))
    played += [(40_000, f"80 {key:02x} 40") for key in down]
    turns.append((40_000, "effect.clock", 0.0))
    assert not hanging(sent(through(type), played, 41_000, turns if type != "chord" else ()))
