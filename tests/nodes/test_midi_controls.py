"""Controllers, bend, pressure and programs as signals, and signals as MIDI."""

from __future__ import annotations

import numpy as np
import pytest

from tests.nodes.sending import sent
from tests.rendering import Offline, largest_step, patch_of


def output_of(type, messages, samples=4096, **params):
    """Return the output of a block that receives these messages (sample, hex)."""
    patch = patch_of("midi.out block.events", "block.out out.audio",
                     midi="midi_in", block=(type, params), out="audio_out")  # fmt: skip
    engine = Offline(patch.document)
    for at, message in messages:
        engine.send(bytes.fromhex(message), at)
    return engine.run_samples(samples)[:, 0]


@pytest.mark.parametrize(("type", "message", "value"), [
    ("control_change", "b0 01 7f", 1.0), ("control_change", "b0 01 20", 32 / 127), ("control_change", "b0 02 7f", 0.0),
    ("pitch_bend", "e0 7f 7f", 2.0), ("pitch_bend", "e0 00 00", -2.0), ("pitch_bend", "e0 00 40", 0.0),
    ("channel_pressure", "d0 7f", 1.0), ("program_change", "c0 05", 5.0),
])  # fmt: skip
def test_message_sets_the_value_from_its_sample_on(type, message, value):
    knobs = {} if type == "program_change" else {"smooth": 0.0}
    found = output_of(type, [(100, message)], **knobs)
    assert np.allclose(found[:100], 0.0) and np.allclose(found[100:], value, rtol=1e-6)


@pytest.mark.parametrize("type", ["control_change", "pitch_bend", "channel_pressure", "program_change"])
def test_other_channels_are_ignored(type):
    message = {"control_change": "b1 01 7f", "pitch_bend": "e1 7f 7f", "channel_pressure": "d1 7f"}.get(type, "c1 05")
    assert output_of(type, [(0, message)], channel=2)[-1] > 0.9
    assert output_of(type, [(0, message)], channel=1)[-1] == 0.0


def test_controller_has_a_value_before_it_is_moved():
    found = output_of("control_change", [(100, "b0 01 00")], start=0.75, smooth=0.0)
    assert (found[:100] == 0.75).all() and (found[100:] == 0.0).all()


def test_fine_controller_has_fourteen_bits():
    found = output_of("control_change", [(10, "b0 07 40"), (20, "b0 27 01")], number=7, fine=True, smooth=0.0)
    assert found[15] == np.float32(64 * 128 / 16383) and found[-1] == np.float32((64 * 128 + 1) / 16383)


def test_controller_is_smoothed():
    found = output_of("control_change", [(100, "b0 01 7f")], smooth=0.01, samples=22050)
    n = np.arange(2000)
    assert np.allclose(found[100:2100], 1 - np.exp(-(n + 1) / (0.01 * 44100)), atol=1e-5)
    assert largest_step(found[:, None]) < 1 / 400 and found[-1] == 1.0


def test_controller_reset_centres_the_wheel():
    assert output_of("pitch_bend", [(0, "e0 7f 7f"), (100, "b0 79 00")], smooth=0.0)[-1] == 0.0


# -- sent ------------------------------------------------------------------------------------------


def test_gate_is_sent_as_a_note():
    patch = patch_of("notes.out out.events", notes=("note_out", {"pitch": 61.0, "velocity": 1.0}), out="midi_out")
    found = sent(patch, turns=[(100, "notes.gate", 1.0), (900, "notes.pitch", 80.0), (1000, "notes.gate", 0.0)])
    assert found == [(100, "90 3d 7f"), (1000, "80 3d 40")]


def test_each_lane_is_sent_as_a_note():
    patch = patch_of("notes.out out.events", out="midi_out",
                     notes=("note_out", {"gate": [0.0, 0.0], "pitch": [60.0, 64.0], "channel": 3}))  # fmt: skip
    found = sent(patch, turns=[(100, "notes.gate", 1.0), (1000, "notes.gate", 0.0)])
    assert found == [(100, "92 3c 66"), (100, "92 40 66"), (1000, "82 3c 40"), (1000, "82 40 40")]


def test_notes_survive_a_round_trip():
    patch = patch_of(
        "midi.out notes.events",
        "notes.gate back.gate",
        "notes.pitch back.pitch",
        "notes.velocity back.velocity",
        "back.out out.events",
        midi="midi_in",
        notes=("notes", {"voices": 4, "tail": 0.0}),
        back="note_out",
        out="midi_out",
    )
    played = [(10, "90 3c 64"), (20, "90 40 01"), (600, "80 3c 40"), (700, "80 40 40")]
    assert sent(patch, played) == played


def test_signal_is_sent_as_a_controller_when_it_changes():
    patch = patch_of("control.out out.events", control=("control_out", {"number": 7, "channel": 2}), out="midi_out")
    found = sent(patch, turns=[(500, "control.value", 1.0)], samples=44100)
    values = [int(message.split()[2], 16) for _, message in found]
    assert values[0] == 0 and values[-1] == 127 and values == sorted(set(values))
    assert all(message.startswith("b1 07") for _, message in found)
    assert min(np.diff([at for at, _ in found])) >= 44100 / 200 - 1
