"""Sound files in a patch: sample-accurate playback from memory or disk, and complete recordings."""

from __future__ import annotations

import os
import subprocess
from fractions import Fraction

import numba
import numpy as np
import pytest
import soundfile

from nodegraph.api import Patch, play, render
from nodegraph.blocks import sound_streaming as streaming
from nodes import files
from tests.nodes.stepping import compiled
from tests.rendering import engine_of, largest_step, patch_of, sound_of

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
def test_restart_plays_from_the_target_sample_while_the_old_sound_fades(source, tmp_path, position):
    values = noise(20000)
    engine = engine_of(player(tmp_path, values, loop=False, position=position))
    engine.run_samples(1024)
    engine.set_parameter("p", "restart", 1.0, at=1100)
    found = engine.run_samples(4096)[1100 - 1024 :]
    first, fade = round(position * RATE), 221
    old = values[1100 : 1100 + fade] * (np.arange(fade, 0, -1) / (fade + 1))[:, None]
    assert np.abs(found[:fade] - values[first : first + fade] - old).max() < 1e-6
    assert np.array_equal(found[fade:], values[first + fade : first + len(found)])


def test_restart_far_from_the_last_positions_keeps_time(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 0)
    values = noise(42 * streaming.PAGE)
    engine = engine_of(player(tmp_path, values, loop=False))
    engine.run_samples(1024)
    target = 40 * streaming.PAGE
    engine.set_parameter("p", "position", target / RATE, at=1100)
    engine.set_parameter("p", "restart", 1.0, at=1100)
    engine.set_parameter("p", "play", 0.0, at=1400)
    engine.set_parameter("p", "play", 1.0, at=1500)
    found = engine.run_samples(4096)[1100 - 1024 :, 0]
    begins = int(np.flatnonzero(found[230:])[0]) + 230
    assert 500 < begins <= 1024  # offline the disk is read every 16 quanta
    assert np.array_equal(found[begins + 221 :], values[target + begins + 121 : target + len(found) - 100, 0])


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


@pytest.mark.parametrize("speed", [-1.0, 1.0])
def test_speed_minus_one_plays_the_file_backwards_from_its_end(source, tmp_path, speed):
    values = noise(3 * streaming.PAGE)
    found = sound_of(player(tmp_path, values, loop=False, speed=speed), len(values) + 100)[:, 0]
    assert np.array_equal(found, np.append(values[:: int(speed), 0], np.zeros(100, np.float32)))


@pytest.mark.parametrize("speed", [2.0, 3.7, 4.0, -2.0])
@pytest.mark.parametrize("frequency", [15000.0, 21500.0])
def test_tones_above_the_nyquist_frequency_do_not_alias(tmp_path, speed, frequency):
    sine = 0.5 * np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE)
    found = sound_of(player(tmp_path, sine, loop=False, speed=speed), RATE // 4)[:, 0]
    assert np.abs(found[200:-200]).max() < 0.5e-4  # 80 dB below the tone


@pytest.mark.parametrize("speed", [0.3, 0.9, 1.1, 2.0])
def test_tones_below_the_nyquist_frequency_keep_their_level_and_have_no_image(tmp_path, speed):
    n, f = np.arange(3 * RATE), 19000.0 / max(speed, 1.0)
    found = sound_of(player(tmp_path, 0.5 * np.sin(2 * np.pi * f * n / RATE), loop=False, speed=speed), RATE)[:, 0]
    expected = 0.5 * np.sin(2 * np.pi * f * speed * np.arange(RATE) / RATE)
    assert np.abs(found - expected)[500:-500].max() < 0.02 * 0.5  # no more ripple than 0.2 dB
    window = np.blackman(RATE - 1000)
    levels = np.abs(np.fft.rfft(found[500:-500] * window)) / window.sum() * 4
    lines = np.fft.rfftfreq(RATE - 1000, 1 / RATE)
    assert levels[np.abs(lines - f * speed) > 20].max() < 1e-4


def test_loop_is_exact_after_an_hour():
    """The position after n samples is n steps, modulo the length of the loop, in exact arithmetic."""
    rate, file_rate, frames = 44100, 48000, 12345
    samples, marks, m = 3600 * rate, np.zeros(streaming.MARKS, np.int64), np.zeros(files.MEMORY)
    marks[streaming.END] = marks[streaming.LOOP_END] = frames
    advance, settle = compiled(files.advance), compiled(files.settle)

    @numba.njit
    def play(m, marks, step, samples):
        for _ in range(samples):
            settle(m, files.MAIN, marks, True, step)
            advance(m, files.MAIN, step)

    play(m, marks, file_rate / rate, samples)
    expected = Fraction(file_rate, rate) * samples % frames
    assert abs(m[files.FRAME] + m[files.PART] - float(expected)) % frames < 1e-6 * file_rate / rate


@pytest.mark.parametrize("file_rate", [44100, 48000, 96000])
@pytest.mark.parametrize("speed", [1.0, -1.0, 0.77])
def test_loop_that_does_not_fit_has_no_step_at_its_seam(source, tmp_path, file_rate, speed):
    tone = 0.5 * np.cos(2 * np.pi * 500.25 * np.arange(file_rate // 2) / file_rate)
    found = sound_of(player(tmp_path, tone, rate=file_rate, speed=speed), 2 * RATE)
    assert largest_step(found[200:]) < 1.05 * 0.5 * 2 * np.pi * 500.25 * abs(speed) / RATE


def test_loop_points_repeat_exact_frames_in_both_directions(source, tmp_path):
    values = noise(2 * streaming.PAGE)
    start, end = 3000, streaming.PAGE + 77
    points = dict(loop_start=start / RATE, loop_end=end / RATE)
    found = sound_of(player(tmp_path, values, **points), 60000)[:, 0]
    n = np.arange(60000)
    assert np.array_equal(found, values[np.where(n < end, n, start + (n - start) % (end - start)), 0])
    found = sound_of(player(tmp_path, values, speed=-1.0, **points), 40000)[:, 0]
    assert np.array_equal(found, values[start + (-n[:40000] - start) % (end - start), 0])


def test_blend_fades_the_end_of_a_loop_into_what_precedes_it(source, tmp_path):
    values = noise(4000)
    start, end, fade = 1000, 3000, 441
    patch = player(tmp_path, values, loop_start=start / RATE, loop_end=end / RATE, crossfade=fade / RATE, blend=True)
    x = (np.arange(fade) + 0.5) / fade
    weight = x * x * (3 - 2 * x)
    expected = values[end - fade : end, 0] * (1 - weight) + values[start - fade : start, 0] * weight
    found = sound_of(patch, 5000)[:, 0]
    assert np.abs(found[end - fade : end] - expected).max() < 1e-6
    assert np.array_equal(found[end:4500], values[start : start + 1500, 0])


def test_restarts_stops_and_changes_of_speed_have_no_step(source, tmp_path):
    frequency, slope = 500.0, 0.5 * 2 * np.pi * 500.0 / RATE
    tone = 0.5 * np.cos(2 * np.pi * frequency * np.arange(3 * RATE) / RATE)
    engine = engine_of(player(tmp_path, tone, loop=False, position=0.5))
    rng = np.random.default_rng(3)
    found = [engine.run_samples(1000)]
    for k in range(60):
        at = 1000 * (k + 1) + int(rng.integers(900))
        engine.set_parameter("p", "restart", 1.0, at=at)
        engine.set_parameter("p", "restart", 0.0, at=at + 20)
        engine.set_parameter("p", "restart", 1.0, at=at + int(rng.integers(40, 90)))
        engine.set_parameter("p", "restart", 0.0, at=at + 99)
        engine.set_parameter("p", "play", k % 3 > 0, at=at + int(rng.integers(99)))
        engine.set_parameter("p", "speed", float(rng.choice([1.0, -1.0])), at=at)
        found.append(engine.run_samples(1000))
    assert largest_step(np.vstack(found)[1:]) < 2 * slope + 3 * 0.5 / 221


def test_file_from_disk_is_equal_to_one_in_memory_at_any_speed(tmp_path, monkeypatch):
    values = noise(3 * streaming.PAGE + 5, 2)
    rng = np.random.default_rng(4)
    cases = [(loop, float(rng.uniform(-4, 4)), rate) for loop in (True, False) for rate in (44100, 22050, 48000)]
    for loop, speed, rate in cases:
        patch = player(tmp_path, values, rate=rate, loop=loop, speed=speed, loop_start=0.2, loop_end=0.9)
        monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 1 << 23)
        resident = sound_of(patch, 20000)
        monkeypatch.setattr(streaming, "MAX_RESIDENT_FRAMES", 0)
        assert np.array_equal(resident, sound_of(patch, 20000)), (loop, speed, rate)


def test_loop_points_that_do_not_fit_are_reported(tmp_path):
    for points, expected in {
        (0.5, 0.4): "loop_end must lie after loop_start, 0.5 s, got 0.4 s. Set it higher, or 0 for the end.",
        (2.5, 0.0): "loop_start must lie before the end of the file, 1 s, got 2.5 s. Set it lower.",
    }.items():
        patch = player(tmp_path, noise(RATE), loop_start=points[0], loop_end=points[1])
        (problem,) = engine_of(patch).plan.graph.placeholders.values()
        assert expected in problem


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
    monkeypatch.setattr(streaming, "read_samples", lambda path: (_ for _ in ()).throw(OSError("gone")))
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
