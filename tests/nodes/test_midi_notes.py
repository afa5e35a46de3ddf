"""Notes: voice allocation, no hanging notes, no steps in the output."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.rendering import Offline, largest_step, patch_of

SR = 44100
FADE = round(0.003 * SR)


def on(key, velocity=100, channel=1):
    return bytes((0x90 | channel - 1, key, velocity))


def off(key, velocity=64, channel=1):
    return bytes((0x80 | channel - 1, key, velocity))


def control(number, value, channel=1):
    return bytes((0xB0 | channel - 1, number, value))


def bend(value, channel=1):
    """Return a pitch bend message; ``value`` is −8192 to 8191."""
    wide = value + 8192
    return bytes((0xE0 | channel - 1, wide & 127, wide >> 7))


def pressure(value, channel=1):
    return bytes((0xD0 | channel - 1, value))


def voices(messages, samples=2000, port="gate", **params):
    """Return an output (samples, voices) of a notes block that receives (sample, message) pairs."""
    knobs = {"tail": 0.0} | params
    patch = patch_of("midi.out notes.events", f"notes.{port} out.audio",
                     midi="midi_in", notes=("notes", knobs), out=("audio_out", {"mix": "lanes"}))  # fmt: skip
    engine = Offline(patch.document)
    for at, message in messages:
        engine.send(message, at)
    return engine.run_samples(samples)


def synth(tone="sine", **params):
    """Return a simple voice patch: oscillator, envelope and velocity, with all voices summed."""
    patch = patch_of(
        "midi.out notes.events", "notes.frequency osc.frequency", "notes.gate env.gate", "osc.out amp.audio",
        "env.out amp.gain", "amp.out touch.audio", "notes.velocity touch.gain", "touch.out sum.audio",
        "sum.out out.audio",
        midi="midi_in", notes=("notes", params), osc=tone, env=("adsr", {"attack": 0.005, "release": 0.5}),
        amp="vca", touch="vca", sum="sum_lanes", out="audio_out",
    )  # fmt: skip
    return patch


# -- one note ------------------------------------------------------------------------------------------------


def test_note_starts_and_ends_at_its_samples():
    gate = voices([(100, on(69)), (1000, off(69))], voices=1)[:, 0]
    assert np.array_equal(np.flatnonzero(gate), np.arange(100, 1000))


@pytest.mark.parametrize(("port", "expected"), [
    ("frequency", 440.0), ("pitch", 69.0), ("velocity", 100 / 127), ("level", 1.0), ("timbre", 64 / 127),
])  # fmt: skip
def test_outputs_of_a_note(port, expected):
    values = voices([(0, on(69, 100))], port=port, voices=1)[:, 0]
    assert np.allclose(values, expected, rtol=1e-6)


def test_note_off_sets_the_release_velocity():
    values = voices([(0, on(69)), (500, off(69, 32))], port="release", voices=1)[:, 0]
    assert values[499] == 0.0 and np.allclose(values[500:], 32 / 127)


def test_note_on_with_velocity_0_ends_the_note():
    assert np.flatnonzero(voices([(0, on(69)), (500, on(69, 0))], voices=1)[:, 0])[-1] == 499


def test_transposition_moves_sounding_notes():
    patch = patch_of("midi.out notes.events", "notes.pitch out.audio", midi="midi_in",
                     notes=("notes", {"voices": 1}), out="audio_out")  # fmt: skip
    engine = Offline(patch.document)
    engine.send(on(60))
    engine.set_parameter("notes", "transpose", 12.0, at=500)
    pitch = engine.run_samples(2000)[:, 0]
    assert pitch[499] == 60.0 and pitch[-1] == 72.0
    assert largest_step(pitch[:, None]) < 0.05


@pytest.mark.parametrize(("params", "plays"), [
    ({"low_key": 61}, False), ({"high_key": 59}, False), ({"low_key": 60, "high_key": 60}, True),
    ({"channel": 2}, False), ({"channel": 1}, True),
])  # fmt: skip
def test_notes_outside_key_range_or_channel_are_ignored(params, plays):
    assert voices([(0, on(60))], voices=1, **params).any() == plays


def test_transpose_has_a_lane_per_voice():
    messages = [(0, on(60)), (0, on(60, channel=2)), (0, on(60, channel=3))]
    assert voices(messages, port="pitch", voices=3, transpose=[0.0, 0.5])[-1].tolist() == [60.0, 60.5, 60.5]


# -- several -------------------------------------------------------------------------------------------------


def test_each_key_takes_a_voice_and_frees_it():
    messages = [(0, on(60)), (100, on(64)), (200, on(67)), (300, off(64)), (400, on(72))]
    pitch, gate = (voices(messages, port=port, voices=3) for port in ("pitch", "gate"))
    assert pitch[-1].tolist() == [60, 72, 67] and gate[350].tolist() == [1, 0, 1] and gate[-1].tolist() == [1, 1, 1]


def test_voice_that_is_free_for_longest_is_taken():
    messages = [(0, on(60)), (1, on(61)), (2, on(62)), (100, off(61)), (101, off(60)), (200, on(70))]
    assert voices(messages, port="pitch", voices=3)[-1].tolist() == [60, 70, 62]


def test_oldest_voice_is_stolen():
    messages = [(0, on(60, 10)), (10, on(61, 90)), (20, on(62))]
    assert voices(messages, port="pitch", voices=2, steal="oldest")[-1].tolist() == [62, 61]


def test_quietest_voice_is_stolen():
    messages = [(0, on(60, 90)), (10, on(61, 10)), (20, on(62))]
    assert voices(messages, port="pitch", voices=2, steal="quietest")[-1].tolist() == [60, 62]


def test_voice_held_by_the_pedal_only_is_stolen_first():
    messages = [(0, on(60)), (10, on(61)), (11, control(64, 127)), (12, off(61)), (20, on(62))]
    assert voices(messages, port="pitch", voices=2)[-1].tolist() == [60, 62]


def test_note_off_of_a_stolen_note_ends_no_other_note():
    gate = voices([(0, on(60)), (10, on(61)), (800, off(60))], voices=1)[:, 0]
    assert gate[-1] == 1.0


def test_repeated_key_keeps_its_voice():
    messages = [(0, on(60)), (1, control(64, 127)), (2, off(60)), (100, on(60))]
    gate = voices(messages, samples=1000, voices=4)
    assert gate[-1].tolist() == [1, 0, 0, 0]
    assert not gate[100 : 100 + FADE].any()


# -- stealing ------------------------------------------------------------------------------------------------


def test_stolen_voice_is_silent_before_its_new_note():
    """The level falls to 0 in 3 ms, the pitch changes, and the level rises again."""
    messages = [(0, on(60, 127)), (1000, on(72, 20))]
    level, pitch, gate, velocity = (
        voices(messages, port=port, voices=1)[:, 0] for port in ("level", "pitch", "gate", "velocity")
    )
    change = int(np.flatnonzero(np.diff(pitch))[0]) + 1
    assert change in (1000 + FADE, 1000 + FADE - 1) and level[change] == 0.0
    assert not gate[1000:change].any() and gate[change:].all()
    assert np.abs(np.diff(level)).max() <= 1 / (0.003 * SR) + 1e-6 and level[-1] == 1.0
    assert np.abs(np.diff(velocity[1000:])).max() < 1.01 * (107 / 127) / (FADE - 1)
    assert velocity[change] == np.float32(20 / 127)


def test_note_that_ends_during_the_fade_keeps_its_length():
    gate = voices([(0, on(60)), (1000, on(72)), (1050, off(72))], voices=1)[:, 0]
    held = np.flatnonzero(gate[1000:]) + 1000
    assert 50 <= len(held) <= 51 and held[0] in (1000 + FADE, 1000 + FADE - 1)


@pytest.mark.parametrize("play", ["poly", "mono", "legato"])
@pytest.mark.parametrize("at", [0, 63, 64, 100])
def test_note_of_zero_length_raises_the_gate_for_one_sample(play, at):
    messages = [(at, on(60)), (at, off(60)), (at + 500, on(60)), (at + 600, off(60))]
    gate = voices(messages, play=play, voices=1)[:, 0]
    assert np.flatnonzero(gate).tolist() == [at, *range(at + 500, at + 600)]


def test_stealing_never_steps_the_output():
    """The bound. Between two samples a sine of amplitude a ≤ 1 moves by at most 2π f a / sr; the envelope by at most
    1.2 / 221 (its attack of 5 ms, an RC circuit that aims at 1.2 with a time constant of 5 ms / ln 6); the velocity
    by at most 1 / 131 (its glide of 3 ms). A voice that was stolen with a step would jump by up to 2."""
    rng = np.random.default_rng(3)
    highest = 440 * 2 ** ((84 - 69) / 12)
    bound = 2 * np.pi * highest / SR + 1.2 / (0.005 * SR / np.log(6)) + 1 / (FADE - 1)
    for params in ({}, {"steal": "quietest"}, {"tail": 0.5}, {"play": "mono"}, {"play": "legato"}):
        engine = Offline(synth(voices=1, **params).document)
        at = 0
        for _ in range(200):
            key = int(rng.integers(36, 85))
            engine.send(on(key, int(rng.integers(1, 128))), at)
            if rng.random() < 0.7:
                engine.send(off(key), at + int(rng.integers(1, 6000)))
            at += int(rng.integers(1, 5000))
        sound = engine.run_samples(at)
        assert np.abs(sound).max() > 0.5
        assert largest_step(sound) <= bound, params


def test_rapid_stealing_on_sixteen_voices_never_steps_the_output():
    rng = np.random.default_rng(4)
    engine = Offline(synth(voices=16).document)
    at = 0
    for _ in range(2000):
        engine.send(on(int(rng.integers(36, 73)), int(rng.integers(1, 128))), at)
        at += int(rng.integers(1, 200))
    sound = engine.run_samples(at)
    one = 2 * np.pi * 440 * 2 ** ((72 - 69) / 12) / SR + 1.2 / (0.005 * SR / np.log(6)) + 1 / (FADE - 1)
    assert largest_step(sound) <= 16 * one
    # voices never all move together, so the measured step is far lower, and a single step would be visible
    assert largest_step(sound) < 0.5


# -- no hanging notes -------------------------------------------------------------------------------------------


def random_playing(rng, count, channels=1):
    """Return random notes and pedals; at the end all keys and pedals are released."""
    down, messages, at = set(), [], 0
    for _ in range(count):
        at += int(rng.integers(0, 60))
        channel, key = int(rng.integers(1, channels + 1)), int(rng.integers(0, 128))
        chance = rng.random()
        if chance < 0.1:
            messages.append((at, control(64, int(rng.integers(0, 128)), channel)))
        if chance < 0.6:
            messages.append((at, on(key, int(rng.integers(1, 128)), channel)))
            down.add((key, channel))
        elif down:
            key, channel = sorted(down)[int(rng.integers(0, len(down)))]
            messages.append((at, off(key, 64, channel)))
            down.discard((key, channel))
    messages += [(at, off(key, 64, channel)) for key, channel in sorted(down)]
    messages += [(at, control(64, 0, channel)) for channel in range(1, channels + 1)]
    return messages, at


@pytest.mark.parametrize("params", [
    {"voices": 16}, {"voices": 5, "steal": "quietest", "tail": 0.2}, {"play": "mono"}, {"play": "legato"},
    {"voices": 8, "mpe": "lower"},
])  # fmt: skip
def test_no_note_hangs_after_ten_thousand(params):
    messages, end = random_playing(np.random.default_rng(5), 20_000, channels=3)
    assert sum(message[0] & 0xF0 == 0x90 for _, message in messages) >= 10_000
    gate = voices(messages, samples=end + 1000, **params)
    assert gate[: end // 2].any()
    assert not gate[-1].any()


@settings(max_examples=40, deadline=None)
@example(2977, "poly", 1)  # a key that goes down and up within one sample
@example(2632, "poly", 3)  # a note that waits for its voice sounds together with notes that begin after its key went up
@given(st.integers(0, 2**32 - 1), st.sampled_from(["poly", "mono", "legato"]), st.integers(1, 5))
def test_gate_is_high_only_while_a_key_or_the_pedal_is_down(seed, play, count):
    messages, end = random_playing(np.random.default_rng(seed), 60)
    gate = voices(messages, samples=end + 200, play=play, voices=count)
    sounding = np.zeros((128, len(gate)), bool)  # keys that may have a high gate
    since: dict[int, int] = {}
    sustained: set[int] = set()
    pedal = False

    def end_notes(keys, at):
        for key in keys & since.keys():
            # a note that waits for the fade-out of its voice ends later by the same time
            sounding[key, since.pop(key) : at + FADE + 2] = True

    for at, message in messages:
        if message[0] == 0xB0:
            pedal = message[2] >= 64
            if not pedal:
                end_notes(sustained, at)
                sustained.clear()
        elif message[0] == 0x90:
            since.setdefault(message[1], at)
            sustained.discard(message[1])
        elif pedal:
            sustained.add(message[1])
        else:
            end_notes({message[1]}, at)
    assert not since
    assert (gate.sum(1) <= sounding.sum(0)).all()
    assert not gate[-1].any()


@pytest.mark.parametrize("number", [123, 124, 125, 126, 127])
def test_all_notes_off_ends_all_notes(number):
    gate = voices([(0, on(60)), (0, on(64, channel=2)), (500, control(number, 0))], voices=4)
    assert gate[499].sum() == 2 and gate[501].sum() == 1


def test_pedal_holds_notes_after_all_notes_off():
    gate = voices([(0, on(60)), (1, control(64, 127)), (500, control(123, 0)), (900, control(64, 0))], voices=1)
    assert gate[899, 0] == 1.0 and gate[901, 0] == 0.0


def test_all_sound_off_mutes_within_3_ms_until_the_next_note():
    messages = [(0, on(60)), (1, control(64, 127)), (500, control(120, 0)), (501, control(64, 0)), (1000, on(62))]
    gate, level = (voices(messages, port=port, voices=1, tail=9.0)[:, 0] for port in ("gate", "level"))
    assert gate[499] == 1.0 and not gate[500:1000].any() and gate[1000:].all()
    assert not level[500 + FADE + 1 : 1000].any() and level[-1] == 1.0
    assert np.abs(np.diff(level)).max() < 1.01 / (FADE - 1)


def test_controller_reset_restores_defaults():
    messages = [(0, on(60)), (0, bend(8191)), (0, pressure(127)), (500, control(121, 0))]
    assert voices(messages, port="pitch", voices=1, samples=6000)[-1, 0] == 60.0
    assert voices(messages, port="pressure", voices=1, samples=6000)[-1, 0] == 0.0


# -- the pedal, one voice, gliding ---------------------------------------------------------------------------


def test_pedal_holds_notes_until_it_is_released():
    gate = voices([(0, on(60)), (100, control(64, 64)), (200, off(60)), (900, control(64, 63))], voices=1)[:, 0]
    assert np.array_equal(np.flatnonzero(gate), np.arange(900))


def test_mono_returns_to_a_key_that_is_still_down():
    messages = [(0, on(60)), (500, on(64)), (1000, on(67)), (1500, off(64)), (2000, off(67)), (2500, off(60))]
    pitch, gate = (voices(messages, samples=3000, port=port, play="mono")[:, 0] for port in ("pitch", "gate"))
    assert [pitch[t] for t in (400, 900, 1400, 1900, 2400)] == [60, 64, 67, 67, 60]
    assert not gate[2500:].any()
    falls = np.flatnonzero(np.diff(gate) < 0) + 1
    assert falls.tolist() == [500, 1000, 2000, 2500]  # each note has a new attack


def test_legato_ties_notes():
    messages = [(0, on(60, 127)), (500, on(64, 1)), (1000, off(64)), (1500, off(60)), (1700, on(70, 1))]
    pitch, gate, velocity = (voices(messages, port=port, play="legato")[:, 0] for port in ("pitch", "gate", "velocity"))
    assert [pitch[t] for t in (499, 500, 999, 1000)] == [60, 64, 64, 60]
    assert gate[:1500].all() and not gate[1500:1700].any() and gate[1701:].all()
    assert (velocity[:1500] == 1.0).all() and velocity[-1] == np.float32(1 / 127)


def test_glide_is_linear_and_has_its_duration():
    messages = [(0, on(60)), (1000, on(72))]
    pitch = voices(messages, port="pitch", play="legato", glide=0.01, samples=2000)[:, 0]
    length = 441
    assert np.allclose(pitch[1000 : 1000 + length], 60 + 12 * (1 + np.arange(length)) / length, atol=1e-4)
    assert (pitch[1000 + length :] == 72).all()


# -- bend, pressure, timbre, MPE -----------------------------------------------------------------------------


def settled(messages, port="pitch", **params):
    """Return the outputs in the steady state."""
    return voices(messages, samples=8000, port=port, **params)[-1]


@pytest.mark.parametrize(("value", "reach", "expected"), [(8191, 2, 62), (-8192, 2, 58), (0, 2, 60), (-8192, 24, 36)])
def test_bend_wheel_reaches_its_range(value, reach, expected):
    found = settled([(0, on(60)), (10, bend(value))], voices=1, bend_range=float(reach))
    assert found[0] == pytest.approx(expected, abs=1e-4)


def test_bend_range_is_set_by_midi():
    sent = [(0, control(101, 0)), (0, control(100, 0)), (0, control(6, 12)), (0, control(38, 50)), (0, on(60))]
    assert settled([*sent, (10, bend(8191))], voices=1)[0] == pytest.approx(72.5, abs=1e-4)


RANGE_OF_2 = [control(101, 0), control(100, 0), control(6, 2)]


@pytest.mark.parametrize(("sent", "expected"), [
    ([control(96, 0)], 63.0),  # increment
    ([control(97, 0)], 61.0),  # decrement
    (5 * [control(97, 0)], 60.0),
    ([control(99, 1), control(98, 8), control(6, 64)], 62.0),  # a non-registered parameter is ignored
    ([control(99, 1), control(98, 8), control(96, 0)], 62.0),
    ([control(101, 127), control(100, 127), control(6, 12)], 62.0),  # no parameter is selected
])  # fmt: skip
def test_data_entry_sets_the_selected_parameter(sent, expected):
    messages = [(0, message) for message in [*RANGE_OF_2, *sent, on(60)]]
    assert settled([*messages, (10, bend(8191))], voices=1)[0] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("mpe", "channel", "expected"), [("off", 1, 66.0), ("lower", 2, 109.0)])
def test_an_increment_starts_from_the_range_of_the_settings(mpe, channel, expected):
    sent = [control(101, 0, channel), control(100, 0, channel), control(96, 0, channel), on(60, channel=channel)]
    messages = [*((0, message) for message in sent), (10, bend(8191, channel))]
    assert settled(messages, voices=1, mpe=mpe, bend_range=5.0)[0] == pytest.approx(expected, abs=1e-3)


def test_bend_is_smoothed():
    pitch = voices([(0, on(60)), (500, bend(8191))], port="pitch", voices=1, samples=4000)
    assert largest_step(pitch) < 0.02 and pitch[-1, 0] == 62


def test_pressure_of_a_channel_and_of_a_key():
    messages = [(0, on(60)), (0, on(64)), (9, pressure(64)), (9, bytes((0xA0, 64, 127)))]
    assert settled(messages, port="pressure", voices=2).tolist() == pytest.approx([64 / 127, 1.0])


def test_mpe_notes_have_separate_bend_pressure_and_timbre():
    messages = [
        (0, on(60, channel=2)), (0, on(60, channel=3)), (10, bend(4096, channel=2)), (10, bend(8191, channel=1)),
        (10, pressure(127, channel=3)), (10, control(74, 127, channel=2)),
    ]  # fmt: skip
    whole = {port: settled(messages, port=port, voices=2, mpe="lower") for port in ("pitch", "pressure", "timbre")}
    assert whole["pitch"].tolist() == pytest.approx([60 + 48 * 4096 / 8191 + 2, 62], abs=1e-3)
    assert whole["pressure"].tolist() == pytest.approx([0, 1]) and whole["timbre"].tolist() == pytest.approx(
        [1, 64 / 127]
    )


def test_mpe_note_starts_with_earlier_controller_values():
    messages = [(0, bend(8191, channel=2)), (0, control(74, 0, channel=2)), (0, pressure(90, channel=2)),
                (0, on(60, channel=2))]  # fmt: skip
    assert voices(messages, port="pitch", voices=1, mpe="lower")[0, 0] == pytest.approx(108, abs=1e-3)
    assert voices(messages, port="timbre", voices=1, mpe="lower")[0, 0] == 0.0
    assert voices(messages, port="pressure", voices=1, mpe="lower")[0, 0] == np.float32(90 / 127)


def test_ended_mpe_note_ignores_later_messages():
    messages = [(0, on(60, channel=2)), (5000, off(60, channel=2)), (5010, bend(8191, channel=2))]
    assert settled(messages, voices=1, mpe="lower")[0] == 60.0


@pytest.mark.parametrize(("mpe", "members", "channels"), [
    ("lower", 3, [1, 2, 3, 4]), ("upper", 2, [14, 15, 16]), ("lower", 15, list(range(1, 17))),
])  # fmt: skip
def test_mpe_zone_has_its_channels(mpe, members, channels):
    messages = [(channel, on(40 + channel, channel=channel)) for channel in range(1, 17)]
    pitch = settled(messages, voices=16, mpe=mpe, members=members)
    gate = settled(messages, port="gate", voices=16, mpe=mpe, members=members)
    assert sorted(pitch[gate > 0] - 40) == channels


def test_mpe_zone_size_is_set_by_midi():
    sent = [(0, control(101, 0)), (0, control(100, 6)), (0, control(6, 2))]
    messages = [*sent, *((channel, on(40 + channel, channel=channel)) for channel in range(1, 17))]
    assert settled(messages, port="gate", voices=16, mpe="lower").sum() == 3


def test_pedal_on_the_master_channel_holds_the_mpe_zone():
    messages = [(0, control(64, 127)), (1, on(60, channel=5)), (9, off(60, channel=5))]
    assert settled(messages, port="gate", voices=1, mpe="lower")[0] == 1.0
    assert settled([*messages, (50, control(64, 0))], port="gate", voices=1, mpe="lower")[0] == 0.0


# -- while it plays ------------------------------------------------------------------------------------------


def test_notes_continue_through_an_edit():
    patch = patch_of("midi.out notes.events", "notes.gate out.audio", midi="midi_in", notes="notes", out="audio_out")
    engine = Offline(patch.document)
    engine.follow(patch)
    for key in (60, 64, 67):
        engine.send(on(key))
    engine.run_samples(128)
    patch.add("sine")
    assert engine.run_samples(64)[-1].sum() == 3
    engine.send(off(64))
    assert engine.run_samples(64)[-1].sum() == 2


@pytest.mark.parametrize("change", [("voices", 1), ("play", "mono"), ("channel", 2), ("mpe", "upper")])
def test_no_note_hangs_after_settings_change_under_held_keys(change):
    patch = patch_of("midi.out notes.events", "notes.gate sum.audio", "sum.out out.audio", midi="midi_in",
                     notes=("notes", {"voices": 4, "tail": 0.0}), sum="sum_lanes", out="audio_out")  # fmt: skip
    engine = Offline(patch.document)
    engine.follow(patch)
    for key in (60, 64, 67):
        engine.send(on(key))
    assert engine.run_samples(64)[-1, 0] == 3
    patch.set(f"notes.{change[0]}", change[1])
    engine.run_samples(64)
    for key in (60, 64, 67):
        engine.send(off(key))
    engine.run_samples(64)
    patch.undo()
    assert engine.run_samples(640)[-1, 0] == 0
    engine.send(on(72))
    assert engine.run_samples(640)[-1, 0] == 1
