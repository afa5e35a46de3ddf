"""Sound files in a patch: sample-accurate playback from memory or disk, and complete recordings."""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest
import soundfile

from nodegraph.api import Patch, play, render
from nodegraph.blocks import sound_streaming as streaming
from tests.rendering import engine_of, patch_of, sound_of

RATE = 44100


def noise(frames, channels=1, seed=1):
    return (0.5 * np.random.default_rng(seed).uniform(-1, 1, (frames, channels))).astype(np.float32)


def player(folder, values=None, rate=RATE, subtype="FLOAT", name="sound.wav", **params):
    """Return a patch that plays a file in its folder."""
    if values is not None:
        soundfile.write(folder / name, values, rate, subtype=subtype)
    patch = patch_of("p.out out.audio", p=("file_player", {"file": name, **params}), out="audio_out")
    patch.path = folder / "patch.json"
    return patch


@pytest.fixture(params=["in memory", "from disk"])
def source(request, monkeypatch):
    """Files are read into memory, or streamed even if they are short."""
    if request.param == "from disk":
        monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 0)
    return request.param


# -- playing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_player_outputs_the_samples_of_a_file(source, tmp_path, channels):
    values = noise(30000, channels)
    found = sound_of(player(tmp_path, values, loop=False), 40000)
    assert found.shape[1] == channels
    assert np.array_equal(found[:30000], values) and not found[30000:].any()


def test_player_loops_without_a_gap(source, tmp_path):
    values = noise(1000)
    found = sound_of(player(tmp_path, values), 4500)
    assert np.array_equal(found[:, 0], np.resize(values[:, 0], 4500))


def test_done_rises_at_the_end(source, tmp_path):
    patch = player(tmp_path, noise(1000), loop=False)
    patch.disconnect("p.out", "out.audio")
    patch.connect("p.done", "out.audio")
    assert np.array_equal(sound_of(patch, 2000)[:, 0], np.arange(2000) >= 1000)


def test_player_pauses_while_play_is_off(source, tmp_path):
    values = noise(3000)
    engine = engine_of(player(tmp_path, values, loop=False, play=0.0))
    assert not engine.run_samples(640).any()
    engine.set_parameter("p", "play", 1.0, at=700)
    assert np.array_equal(engine.run_samples(1280)[60:], values[: 1280 - 60])


@pytest.mark.parametrize("position", [0.0, 0.01, 0.25])
def test_seek_keeps_time_from_the_target_sample_on(source, tmp_path, position):
    values = noise(20000)
    engine = engine_of(player(tmp_path, values, loop=False, position=position))
    engine.run_samples(1024)
    engine.set_parameter("p", "restart", 1.0, at=1100)
    found = np.vstack([engine.run_samples(1024) for _ in range(4)])[1100 - 1024 :]
    first = int(position * RATE)
    begins = 0 if source == "in memory" else int(np.flatnonzero(np.abs(found[:, 0]) > 0)[0])
    assert begins <= 1024  # offline the helper runs every 16 quanta
    assert np.array_equal(found[begins:2900], values[first + begins : first + 2900])
    assert not found[:begins].any()


def test_speed_and_pause_count_while_a_seek_waits(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 0)
    values = noise(20000)
    engine = engine_of(player(tmp_path, values, loop=False, speed=2.0))
    engine.run_samples(1024)
    engine.set_parameter("p", "restart", 1.0, at=1100)
    engine.set_parameter("p", "play", 0.0, at=1200)
    engine.set_parameter("p", "play", 1.0, at=1300)
    found = engine.run_samples(4096)[1100 - 1024 :, 0]
    begins = int(np.flatnonzero(np.abs(found) > 0)[0])
    assert 200 < begins <= 1024
    assert np.array_equal(found[begins:2900], values[2 * (begins - 100) : 2 * 2800 : 2, 0])


@pytest.mark.parametrize("kind", ["file_player", "stretch_player"])
@pytest.mark.parametrize(("file_rate", "rate"), [(48000, 44100), (22050, 44100), (44100, 48000), (32000, 44100)])
def test_loop_of_whole_cycles_has_no_seam_at_any_rate(tmp_path, kind, file_rate, rate):
    loop = 0.5 * np.cos(2 * np.pi * 100 * np.arange(file_rate) / file_rate)
    patch = player(tmp_path, loop, rate=file_rate)
    if kind == "stretch_player":
        patch = patch_of(
            "p.spectrum i.spectrum",
            "i.out out.audio",
            p=(kind, {"file": "sound.wav"}),
            i="inverse_stft",
            out="audio_out",
        )
        patch.path = tmp_path / "patch.json"
    found = render(patch, seconds=2.5, rate=rate)[rate // 2 :, 0]
    assert np.abs(np.diff(found)).max() < 1.02 * np.pi * 100 / rate


def test_slow_loop_is_interpolated_across_its_seam(tmp_path):
    loop = 0.5 * np.cos(2 * np.pi * 4 * np.arange(400) / 400)
    found = sound_of(player(tmp_path, loop, speed=0.5), 3000)[:, 0]
    assert np.abs(found - 0.5 * np.cos(2 * np.pi * 4 * np.arange(3000) / 800)).max() < 2e-4


def test_seek_beyond_the_end_is_silent(source, tmp_path):
    engine = engine_of(player(tmp_path, noise(2000), loop=False, position=3600.0))
    engine.run_samples(640)
    engine.set_parameter("p", "restart", 1.0)
    assert not engine.run_samples(4096)[2048:].any()


@pytest.mark.parametrize("speed", [0.5, 1.7, 3.0])
def test_speed_changes_pitch(source, tmp_path, speed):
    t = np.arange(60000) / RATE
    values = 0.5 * np.sin(2 * np.pi * 300 * t).astype(np.float32)
    found = sound_of(player(tmp_path, values, loop=False, speed=speed), 15000)[:, 0]
    expected = 0.5 * np.sin(2 * np.pi * 300 * speed * np.arange(15000) / RATE)
    assert np.abs(found - expected)[2:].max() < 2e-4


def test_long_file_is_equal_from_disk_and_from_memory(tmp_path, monkeypatch):
    """The file is longer than the ring, has another sample rate and is stereo."""
    values = noise(int(1.5 * streaming.RING_FRAMES), 2)
    patch = player(tmp_path, values, rate=48000, subtype="PCM_16", loop=False)
    samples = int(len(values) * RATE / 48000) + 2000
    resident = sound_of(patch, samples)
    monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 0)
    streamed = sound_of(patch, samples)
    assert np.abs(resident[:-1900]).max() > 0.1
    assert np.abs(resident - streamed).max() < 1e-4


def test_short_file_loops_many_times_from_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 0)
    values = noise(777)
    samples = 2 * streaming.RING_FRAMES
    assert np.array_equal(sound_of(player(tmp_path, values), samples)[:, 0], np.resize(values[:, 0], samples))


FORMATS = {
    "24 bits": (RATE, "PCM_24", "sound.wav", 2**-23),
    "8 bits": (RATE, "PCM_U8", "sound.wav", 2**-6),
    "double": (RATE, "DOUBLE", "sound.wav", 1e-7),
    "flac": (RATE, "PCM_16", "sound.flac", 2**-14),
}


@pytest.mark.parametrize("case", FORMATS)
def test_player_reads_format(source, tmp_path, case):
    rate, subtype, name, error = FORMATS[case]
    values = noise(5000, 2)
    found = sound_of(player(tmp_path, values, rate, subtype, name, loop=False), 5000)
    assert np.abs(found - values).max() <= error


@pytest.mark.parametrize("rate", [8000, 22050, 96000, 192000])
def test_file_of_another_sample_rate_keeps_pitch_and_length(source, tmp_path, rate):
    t = np.arange(rate) / rate
    values = 0.5 * np.sin(2 * np.pi * 440 * t)
    found = sound_of(player(tmp_path, values, rate, loop=False), RATE + 100)[:, 0]
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.abs(found[2000:42000] - expected[2000:42000]).max() < 1e-3
    assert not found[RATE + 2 :].any()


def test_nan_and_infinite_samples_are_silent(source, tmp_path):
    values = noise(2000)
    values[100], values[200] = np.nan, np.inf
    found = sound_of(player(tmp_path, values, loop=False), 2000)
    assert np.isfinite(found).all() and found[100] == 0.0
    keep = np.ones(2000, bool)
    keep[[100, 200]] = False
    assert np.array_equal(found[keep], values[keep])


def broken_flac(path):
    soundfile.write(path, noise(40000), RATE)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)


BROKEN = {
    "empty file": lambda path: path.touch(),
    "no samples": lambda path: soundfile.write(path, np.zeros((0, 1)), RATE),
    "text": lambda path: path.write_text("RIFF, not"),
    "header only": lambda path: path.write_bytes(b"RIFF\x24\0\0\0WAVEfmt "),
    "a folder": lambda path: path.mkdir(),
    "broken in the middle": broken_flac,
    "cut off": lambda path: (broken_flac(path), path.write_bytes(path.read_bytes()[:10000])),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_file_is_silent_and_reported_while_other_nodes_play(source, tmp_path, case):
    BROKEN[case](tmp_path / "sound.flac")
    patch = player(tmp_path, name="sound.flac", loop=False)
    patch.add("constant", id="k", value=0.25)
    patch.connect("k.out", "out.audio")
    engine = engine_of(patch)
    found = np.vstack([engine.run_samples(4096) for _ in range(12)])
    assert np.isfinite(found).all() and (found[-2000:] == 0.25).all()
    problems = [*engine.plan.graph.placeholders.values(), *engine.problems()]
    assert len(problems) == 1 and problems[0].strip() and "\n" not in problems[0]


def test_file_removed_after_the_check_is_reported(tmp_path, monkeypatch):
    patch = player(tmp_path, noise(100))
    monkeypatch.setattr(streaming, "read_sound", lambda path, rate, loop: (_ for _ in ()).throw(OSError("gone")))
    engine = engine_of(patch)
    assert not engine.run_samples(640).any()
    assert engine.problems() == ["p: gone."]


# -- recording -----------------------------------------------------------------------------------------------


def recorder(folder, lanes=1, **params):
    patch = patch_of(
        "x.out r.audio", x=("audio_in", {"channels": lanes}), r=("recorder", {"file": "take.wav", **params})
    )
    patch.path = folder / "patch.json"
    return patch


@pytest.mark.parametrize("lanes", [1, 2])
def test_recording_equals_the_signal(tmp_path, lanes):
    values = noise(50000, lanes)
    render(recorder(tmp_path, lanes), 50000 / RATE, inputs={"x": values})
    found, rate = soundfile.read(tmp_path / "take.wav", dtype="float32", always_2d=True)
    assert rate == RATE and np.array_equal(found[:50000], values) and not found[50000:].any()


def test_recorder_records_while_record_is_on(tmp_path):
    values = noise(6400)
    engine = engine_of(recorder(tmp_path, record=0.0), inputs={"x": values})
    engine.set_parameter("r", "record", 1.0, at=1000)
    engine.set_parameter("r", "record", 0.0, at=3000)
    engine.run_samples(6400)
    engine.close()
    assert np.array_equal(soundfile.read(tmp_path / "take.wav", dtype="float32")[0], values[1000:3000, 0])


def test_recorder_without_samples_creates_no_file(tmp_path):
    render(recorder(tmp_path, record=0.0), 0.1)
    assert list(tmp_path.iterdir()) == []


def test_recording_never_overwrites_a_file(tmp_path):
    (tmp_path / "take.wav").write_text("precious")
    for _ in range(3):
        render(recorder(tmp_path), 0.01, inputs={"x": noise(441)})
    assert (tmp_path / "take.wav").read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "take-2.wav",
        "take-3.wav",
        "take-4.wav",
        "take.wav",
    ]


@pytest.mark.parametrize("name, subtype", [("take.flac", "PCM_24"), ("take.ogg", "VORBIS"), ("take.aiff", "FLOAT")])
def test_recorder_writes_format_of_the_file_name(tmp_path, name, subtype):
    render(recorder(tmp_path, file=name), 0.5, inputs={"x": noise(22050)})
    info = soundfile.info(tmp_path / name)
    assert info.frames >= 22050 and info.subtype == subtype


def test_recorder_writes_the_chosen_depth(tmp_path):
    render(recorder(tmp_path, file="take.flac", depth="16"), 0.1, inputs={"x": noise(4410)})
    assert soundfile.info(tmp_path / "take.flac").subtype == "PCM_16"
    problems = recorder(tmp_path, file="take.ogg", depth="24").graph().placeholders
    assert "an OGG file has no depth '24'. Use depth auto, or .wav." in problems["r"]


@pytest.mark.parametrize(
    "name", ["../out.wav", "/tmp/nodegraph-out.wav", "a/../../b.wav", "take.xyz", "missing/take.wav"]
)
def test_invalid_recording_name_is_reported_and_creates_no_file(tmp_path, name):
    folder = tmp_path / "inside"
    folder.mkdir()
    engine = engine_of(recorder(folder, file=name), inputs={"x": noise(4410)})
    engine.run_samples(4410)
    (problem,) = engine.problems()
    engine.close()
    assert problem.startswith("r: ") and "\n" not in problem
    assert list(folder.iterdir()) == [] and list(tmp_path.iterdir()) == [folder]


def test_removing_a_recorder_finishes_its_file(tmp_path):
    patch = recorder(tmp_path)
    values = noise(6400)
    engine = engine_of(patch, inputs={"x": values})
    engine.run_samples(3200)
    patch.remove("r")
    engine.run_samples(640)
    assert soundfile.info(tmp_path / "take.wav").frames == 3200
    patch.undo()
    engine.run_samples(640)
    engine.close()
    assert soundfile.info(tmp_path / "take-2.wav").frames == 640


def test_recording_continues_during_edits(tmp_path):
    patch = recorder(tmp_path)
    values = noise(6400)
    engine = engine_of(patch, inputs={"x": values})
    for _ in range(10):
        engine.run_samples(640)
        patch.add("sine")
    engine.close()
    assert np.array_equal(soundfile.read(tmp_path / "take.wav", dtype="float32")[0], values[:, 0])


@pytest.fixture
def small_disk(tmp_path):
    """Mount a file system of 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)], capture_output=True
    ).returncode  # fmt: skip
    if not mounted:
        pytest.skip("only root can mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_full_disk_ends_the_recording_with_a_message_and_a_playable_file(small_disk):
    patch = recorder(small_disk)
    patch.add("audio_out", id="out")
    patch.connect("x.out", "out.audio")
    values = noise(3 * RATE)
    engine = engine_of(patch, inputs={"x": values})
    output = engine.run_samples(3 * RATE)
    (problem,) = engine.problems()
    engine.close()
    assert np.array_equal(output, values)
    assert "recording has ended" in problem and "playable" in problem
    found, _ = soundfile.read(small_disk / "take.wav", dtype="float32")
    assert len(found) > 50000 and np.array_equal(found, values[: len(found), 0])


def test_failed_write_ends_the_recording_but_not_the_sound(tmp_path, monkeypatch):
    """The third write fails."""
    writes = []

    class Failing(soundfile.SoundFile):
        def write(self, data):
            writes.append(len(data))
            if len(writes) == 3:
                raise OSError(28, "No space left on device")
            super().write(data)

    monkeypatch.setattr(soundfile, "SoundFile", Failing)
    patch = recorder(tmp_path)
    engine = engine_of(patch, inputs={"x": noise(8192)})
    engine.run_samples(8192)
    (problem,) = engine.problems()
    engine.close()
    assert "No space left" in problem and len(writes) == 3
    assert soundfile.info(tmp_path / "take.wav").frames == sum(writes[:2])


def test_recorder_records_the_live_output(tmp_path):
    patch = Patch()
    patch.path = tmp_path / "patch.json"
    patch.add("sine", id="osc")
    patch.add("recorder", id="r", file="take.wav")
    patch.add("audio_out", id="out")
    patch.connect("osc.out", "r.audio")
    patch.connect("osc.out", "out.audio")
    with play(patch, null=True, capture=1.0, limiter=False) as live:
        while len(live.captured()) < 10000:
            pass
    output, (found, _) = live.captured()[:, 0], soundfile.read(tmp_path / "take.wav", dtype="float32")
    assert len(found) >= 10000 and np.array_equal(found[:10000], output[:10000])
