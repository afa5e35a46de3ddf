"""Flight logs of unknown origin: checked when they are opened, with bounded memory and time."""

from __future__ import annotations

import json
import resource
import zipfile

import numpy as np
import pytest

from nodegraph.patch import encode_patch
from nodegraph.recording import flight_log
from nodegraph.recording.flight import FILES, FORMAT, INPUT, LOG
from nodegraph.recording.flight_log import MAX_GAP, FlightError, opened
from nodegraph.recording.replay import replay
from tests.rendering import patch_of

RATE = 44100
HEADER = {"flight": FORMAT, "nodegraph": "1", "rate": RATE, "inputs": 0, "outputs": 1, "limiter": False}


def log_of(path, *records, header=HEADER, members=()):
    """Write a log with these records and archive members."""
    lines = [json.dumps(record) if isinstance(record, dict) else record for record in (header, *records)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(LOG, "\n".join(lines) + "\n")
        for name, data in members:
            with archive.open(name, "w", force_zip64=True) as file:
                for part in [data] if isinstance(data, bytes) else data:
                    file.write(part)
    return path


def sine():
    return {"document": encode_patch(patch_of("osc.out out.audio", osc="sine", out="audio_out").document).decode()}


@pytest.mark.parametrize(
    "record",
    [
        {"turn": ["osc", "frequency"], "at": 0},
        {"turn": ["osc", 3, 0, 1.0], "at": 0},
        {"turn": ["osc", "frequency", 1 << 40, 1.0], "at": 0},
        {"midi": "90ff", "at": 0},
        {"midi": "not hex", "at": 0},
        {"midi": [144], "at": 0},
        {"midi": "904040", "port": 3, "at": 0},
        {"plan": "first", "at": 0},
        {"plan": 0, "probes": "osc.out", "at": 0},
        {"plan": 0, "renamed": [1], "at": 0},
        {"clock": -1},
        {"clock": 10**30},
        {"clock": None, "left_out": {}},
        {"document": 3},
        [],
        3,
    ],
)
def test_damaged_record_is_named_by_its_line(tmp_path, record):
    path = log_of(tmp_path / "a.flight", sine(), json.dumps(record), {"clock": 640})
    with pytest.raises(FlightError, match="line 3 is damaged") as caught:
        replay(path, lambda block: None)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("changed", [{"rate": 0}, {"rate": 1e30}, {"outputs": 0}, {"outputs": 10**8}, {"inputs": -1}])
def test_engine_that_cannot_exist_is_refused(tmp_path, changed):
    path = log_of(tmp_path / "a.flight", {"clock": 640}, header=HEADER | changed)
    with pytest.raises(FlightError, match=next(iter(changed))):
        replay(path, lambda block: None)


def test_time_that_jumps_is_refused_instead_of_replayed_for_years(tmp_path):
    last = int(MAX_GAP * RATE)
    with opened(log_of(tmp_path / "a.flight", {"clock": last}, {"clock": 2 * last})) as flight:
        assert flight.seconds == 2 * MAX_GAP
    with (
        pytest.raises(FlightError, match="the time jumps from 600 s to 1201 s"),
        opened(log_of(tmp_path / "b.flight", {"clock": last}, {"clock": 2 * last + RATE})),
    ):
        pass


def test_edit_that_is_no_action_is_noted_and_the_replay_continues(tmp_path):
    blocks = []
    path = log_of(
        tmp_path / "a.flight", sine(), {"edit": {"do": "explode"}}, {"edit": [1]}, {"plan": 2, "at": 0}, {"clock": 640}
    )
    engine = replay(path, lambda block: blocks.append(block.copy()))
    assert len(engine.notes) == 2 and all("step" in note for note in engine.notes)
    assert np.abs(np.concatenate(blocks)).max() > 0.01


def test_log_damaged_in_its_middle_is_replayed_up_to_there_with_a_note(tmp_path):
    path = log_of(tmp_path / "a.flight", sine(), {"clock": 640}, '{"clo', {"clock": 6400})
    with opened(path) as flight:
        assert flight.samples == 640
        assert flight.notes == ["the log is damaged at line 4 and ends there"]


def test_sound_input_is_read_from_the_archive_and_not_unpacked(tmp_path):
    patch = patch_of("in.out out.audio", **{"in": "audio_in", "out": "audio_out"})
    sound = np.linspace(-0.5, 0.5, 6400, dtype=np.float32)
    silence = (bytes(1 << 22) for _ in range(64))

    def parts():
        yield sound.tobytes()
        yield from silence

    path = log_of(
        tmp_path / "a.flight",
        {"document": encode_patch(patch.document).decode()},
        {"plan": 0, "at": 0},
        {"clock": 64000},
        header=HEADER | {"inputs": 1},
        members=[(INPUT, parts())],
    )
    assert path.stat().st_size < 1e6
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    blocks = []
    with opened(path) as flight:
        assert not list(flight.folder.iterdir())
    replay(path, lambda block: blocks.append(block.copy()))
    found = np.concatenate(blocks)[:, 0]
    np.testing.assert_array_equal(found[:6400], sound)
    assert not found[6400:].any()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # kB


def test_damaged_sound_input_continues_as_silence_with_a_note(tmp_path):
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, 64000).astype(np.float32)
    path = log_of(
        tmp_path / "a.flight", {"clock": 64000}, header=HEADER | {"inputs": 1}, members=[(INPUT, sound.tobytes())]
    )
    data = bytearray(path.read_bytes())
    at = len(data) // 2
    data[at : at + 2000] = bytes(2000)
    path.write_bytes(data)
    engine = replay(path, lambda block: None)
    assert len(engine.notes) == 1 and "sound input is damaged" in engine.notes[0]


def test_files_that_unpack_to_more_than_a_recorder_writes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(flight_log, "MAX_FILE_BYTES", 2 << 20)
    members = [(f"{FILES}/{name}.wav", bytes(1 << 20)) for name in ("a", "b")]
    with opened(log_of(tmp_path / "a.flight", {"clock": 640}, members=members)) as flight:
        assert len(list((flight.folder / FILES).iterdir())) == 2
    path = log_of(tmp_path / "b.flight", {"clock": 640}, members=[*members, (f"{FILES}/c.wav", b"1")])
    with pytest.raises(FlightError, match="unpack to more than 2 MB"), opened(path):
        pass


@pytest.mark.parametrize("records", [[], [{"document": "{}"}, {"plan": 0, "at": 0}]], ids=["missing", "unreadable"])
def test_log_without_a_plan_replays_as_silence(tmp_path, records):
    blocks = []
    engine = replay(log_of(tmp_path / "a.flight", *records, {"clock": 6400}), lambda block: blocks.append(block.copy()))
    assert sum(map(len, blocks)) == 6400 and not np.concatenate(blocks).any()
    assert len(engine.notes) == len(records) // 2
