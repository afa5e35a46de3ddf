"""The block midi_file: exact times, loops, jumps, and no hanging notes."""

from __future__ import annotations

import pytest

from nodegraph.graph import build_graph
from tests.midi.midi_files import write_piece
from tests.nodes.sending import sent, sent_by
from tests.rendering import Offline, Stepper, patch_of

SR = 44100
HALF = SR // 4  # half a beat


@pytest.fixture
def playing(tmp_path):
    """Return a factory of patches that play two notes in two beats to a midi_out, with the given options."""

    def make(**params):
        write_piece(tmp_path / "piece.mid", [(0.0, 0.5, 60), (1.0, 1.0, 64)], beats=2)
        patch = patch_of("file.out out.events", file=("midi_file", {"file": "piece.mid"} | params), out="midi_out")
        patch.save(tmp_path / "patch.json")
        return patch

    return make


ROUND = [(0, "90 3c 64"), (HALF, "80 3c 40"), (2 * HALF, "90 40 64"), (4 * HALF, "80 40 40")]
HUSH = ["b0 40 00", "b0 7b 00"]


def test_file_plays_at_its_samples(playing):
    assert sent(playing(loop=False), samples=6 * HALF) == ROUND


def test_stepper_sends_the_same_messages(playing):
    assert sent(playing(), samples=6 * HALF) == sent(playing(), samples=6 * HALF, driver=Stepper)


def test_file_loops(playing):
    found = sent(playing(), samples=8 * HALF + 100)
    again = [(at + 4 * HALF, message) for at, message in ROUND]
    assert found[:4] == ROUND and found[4:6] == [(4 * HALF, message) for message in HUSH]  # then it jumps
    assert [entry for entry in found[6:] if entry[1] not in HUSH] == [*again, (8 * HALF, ROUND[0][1])]


def test_half_speed_takes_twice_the_time(playing):
    assert sent(playing(loop=False, speed=0.5), samples=10 * HALF) == [(2 * at, message) for at, message in ROUND]


def test_pause_ends_sounding_notes_and_resumes_at_its_position(playing):
    turns = [(1000, "file.play", 0.0), (5000, "file.play", 1.0)]
    found = sent(playing(loop=False), samples=6 * HALF, turns=turns)
    assert found[:3] == [ROUND[0], (1000, HUSH[0]), (1000, HUSH[1])]
    assert found[3:] == [(at + 4000, message) for at, message in ROUND[1:]]


def test_restart_jumps_to_a_position(playing):
    turns = [(0, "file.position", 0.5), (1000, "file.restart", 1.0)]
    found = sent(playing(loop=False), samples=6 * HALF, turns=turns)
    assert found[:4] == [ROUND[0], (1000, HUSH[0]), (1000, HUSH[1]), (1000, "90 40 64")]
    assert found[4:] == [(1000 + 2 * HALF, "80 40 40")]


def test_done_is_high_after_the_end(playing):
    patch = playing(loop=False)
    patch.add("audio_out", id="heard")
    patch.connect("file.done", "heard.audio")
    done = Offline(patch.document, path=patch.path).run_samples(6 * HALF)[:, 0]
    assert not done[: 4 * HALF].any() and done[4 * HALF :].all()


def test_unrelated_edit_does_not_stop_the_file(playing):
    patch = playing(loop=False)
    engine = Offline(patch.document, path=patch.path)
    engine.follow(patch)
    engine.run_samples(HALF // 2 * 2)
    patch.add("sine")
    engine.run_samples(6 * HALF)
    assert sent_by(engine) == ROUND


def test_new_file_replaces_the_playing_file(playing, tmp_path):
    patch = playing(loop=False)
    write_piece(tmp_path / "other.mid", [(0.0, 0.25, 70), (0.25, 1.0, 71)], beats=2, channel=4)
    engine = Offline(patch.document, path=patch.path)
    engine.follow(patch)
    engine.run_samples(1280)
    patch.set("file.file", "other.mid")
    engine.run_samples(6 * HALF)
    expected = [ROUND[0], (1280, HUSH[0]), (1280, HUSH[1]), (HALF // 2, "84 46 40"), (HALF // 2, "94 47 64")]
    found = sent_by(engine)
    assert found[:3] == expected[:3]
    assert [message for _, message in found][3:] == ["84 46 40", "94 47 64", "84 47 40"]


def test_transport_starts_and_rewinds_the_file(playing):
    patch = playing(loop=False)
    patch.add("transport", id="time")
    for output, input in (("run", "play"), ("jump", "restart"), ("seconds", "position")):
        patch.connect(f"time.{output}", f"file.{input}")
    turns = [(1000, "time.position", 1.0), (2000, "time.rewind", 1.0)]
    found = [entry for entry in sent(patch, samples=6 * HALF, turns=turns) if entry[1] not in HUSH]
    assert found == [ROUND[0], (2000, "90 40 64"), (2000 + 2 * HALF, "80 40 40")]


def test_invalid_midi_file_makes_a_silent_placeholder(playing, tmp_path):
    patch = playing()
    (tmp_path / "piece.mid").write_bytes(b"this is no MIDI file")
    problem = build_graph(patch.document, SR, patch.path).placeholders["file"]
    assert "'piece.mid' is not a standard MIDI file" in problem


def test_truncated_file_plays_and_is_reported(playing, tmp_path):
    patch = playing(loop=False)
    whole = (tmp_path / "piece.mid").read_bytes()
    (tmp_path / "piece.mid").write_bytes(whole[:-6])
    engine = Offline(patch.document, path=patch.path)
    engine.run_samples(6 * HALF)
    assert sent_by(engine)[:3] == ROUND[:3]
    assert engine.problems() == ["file: 'piece.mid' is truncated in track 1; its complete events are played."]
