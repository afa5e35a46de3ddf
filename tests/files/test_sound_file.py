"""Sound files: reading without invalid samples, and atomic writing."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nodegraph.blocks.sound_streaming import read_header
from nodegraph.files.recording import RecordingFile
from nodegraph.files.sound_file import SoundFileError, read_samples, read_sound
from nodegraph.files.sound_output import SoundOutput, write_sound


def tone(rate=44100, seconds=0.2, channels=1):
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_common_sample_formats_are_read(tmp_path, subtype):
    soundfile.write(tmp_path / "a.wav", tone(), 44100, subtype=subtype)
    assert np.abs(read_sound(tmp_path / "a.wav", 44100) - tone()).max() < (0.02 if subtype == "ULAW" else 1e-4)


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 192000])
def test_resampled_file_preserves_pitch_and_duration(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(rate, channels=2), rate)
    found = read_sound(tmp_path / "a.wav", 44100)
    assert found.shape == (8820, 2) and found.dtype == np.float32
    middle = slice(1000, -1000)
    assert np.abs(found[middle] - tone(channels=2)[middle]).max() < 2e-3


def test_nan_and_infinity_are_replaced_by_finite_samples(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.array([np.nan, np.inf, -np.inf, 0.5], np.float32), 44100, subtype="FLOAT")
    assert read_sound(tmp_path / "a.wav", 44100)[:, 0].tolist() == [0.0, 1.0, -1.0, 0.5]
    samples, rate = read_samples(tmp_path / "a.wav")
    assert rate == 44100.0 and str(samples[:, 0].tolist()) == "[nan, inf, -inf, 0.5]"


def test_huge_samples_are_limited_and_stay_finite_at_another_rate(tmp_path):
    values = np.random.default_rng(0).choice([-3e38, 3e38], 3000).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", values, 22050, subtype="FLOAT")
    found = read_sound(tmp_path / "a.wav", 44100)
    assert np.isfinite(found).all() and 1e5 < np.abs(found).max() < 1e7


def test_wrong_length_in_a_header_takes_no_memory(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), 44100, subtype="PCM_16", format="RF64")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    at = data.index(b"ds64") + 16  # the length of the samples in bytes
    data[at : at + 8] = (1 << 38).to_bytes(8, "little")
    (tmp_path / "a.wav").write_bytes(data)
    assert len(read_sound(tmp_path / "a.wav", 44100)) == len(tone())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.wav", None, "file not found"),
        ("text.wav", b"hello", "not a sound file"),
        ("nothing.wav", b"", "not a sound file"),
        ("truncated.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "truncated.wav"),
    ],
)
def test_unreadable_sound_file_raises_one_line(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SoundFileError, match=message) as caught:
        read_sound(tmp_path / name, 44100)
    assert "\n" not in str(caught.value) and name in str(caught.value)


def test_folder_and_empty_sound_file_are_refused(tmp_path):
    with pytest.raises(SoundFileError, match="is a folder"):
        read_sound(tmp_path, 44100)
    soundfile.write(tmp_path / "a.wav", np.zeros((0, 1)), 44100)
    with pytest.raises(SoundFileError, match="is empty"):
        read_sound(tmp_path / "a.wav", 44100)


@pytest.mark.parametrize("rate", [1, 999, 2_000_000])
def test_sample_rate_of_a_wrong_header_is_refused_before_the_file_grows(tmp_path, rate):
    soundfile.write(tmp_path / "wrong.wav", np.zeros(100), rate)
    with pytest.raises(SoundFileError) as caught:
        read_sound(tmp_path / "wrong.wav", 44100.0)
    assert str(caught.value).endswith(
        f"the sample rate must lie in 1000–1000000 Hz, got {rate:g}. Convert the file, or correct its header."
    )
    assert read_header(str(tmp_path / "wrong.wav"))[1].startswith("'wrong.wav': the sample rate must lie in 1000")


def test_wav_round_trip_is_exact_above_full_scale(tmp_path):
    values = 4.0 * tone(channels=2)
    write_sound(tmp_path / "a.wav", values, 44100)
    assert read_sound(tmp_path / "a.wav", 44100).tobytes() == values.tobytes()
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "aiff", "aif", "caf", "mp3", "W64"])
def test_suffix_selects_the_format(tmp_path, ending):
    write_sound(tmp_path / f"a.{ending}", tone(), 44100)
    assert soundfile.info(tmp_path / f"a.{ending}").samplerate == 44100


def test_one_dimensional_array_is_one_channel(tmp_path):
    write_sound(tmp_path / "a.wav", tone()[:, 0], 44100)
    assert soundfile.info(tmp_path / "a.wav").channels == 1


@pytest.mark.parametrize("stem", ["x" * 251, "音" * 83])
def test_longest_names_of_the_system_are_written(tmp_path, stem):
    write_sound(tmp_path / f"{stem}.wav", tone(), 44100)
    assert os.listdir(tmp_path) == [f"{stem}.wav"]


def test_long_ogg_files_are_written(tmp_path):
    write_sound(tmp_path / "a.ogg", np.zeros((4_300_000, 2), np.float32), 44100)
    assert soundfile.info(tmp_path / "a.ogg").frames == 4_300_000


def test_ogg_files_at_rates_that_their_encoder_cannot_take_are_refused(tmp_path):
    recording = RecordingFile(tmp_path / "a.ogg", 384000.0, 1)
    with pytest.raises(SoundFileError, match=r"an OGG file has at most 200000 Hz, got 384000. Use .wav or .flac."):
        write_sound(tmp_path / "a.ogg", tone(), 384000.0)
    recording.write(tone())
    recording.close()
    assert "an OGG file has at most 200000 Hz" in recording.problem and os.listdir(tmp_path) == []


@pytest.mark.parametrize(("ending", "subtype"), [("wav", "FLOAT"), ("flac", "PCM_24"), ("aiff", "FLOAT")])
def test_recordings_have_the_precision_of_rendered_files(tmp_path, ending, subtype):
    recording = RecordingFile(tmp_path / f"a.{ending}", 44100.0, 1)
    recording.write(tone())
    recording.close()
    write_sound(tmp_path / f"b.{ending}", tone(), 44100)
    assert [soundfile.info(tmp_path / f"{name}.{ending}").subtype for name in "ab"] == [subtype, subtype]


def test_next_file_in_a_folder_deletes_what_killed_renders_left(tmp_path):
    left = tmp_path / ".nodegraph-0.tmp"
    left.write_bytes(b"part")
    os.utime(left, (time.time() - 3700.0,) * 2)
    write_sound(tmp_path / "a.wav", tone(), 44100)
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.xyz", "the format '.xyz' is unsupported"),
        ("none/a.wav", "not found. Create it"),
        ("folder", "is a folder"),
        ("/dev/full", "No space"),
    ],
)
def test_write_errors_are_one_line_and_leave_no_files(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    with pytest.raises(SoundFileError, match=message) as caught:
        write_sound(tmp_path / name, tone(), 44100)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == ["folder"]


def test_device_file_is_written_and_not_replaced():
    write_sound(Path("/dev/null"), tone(), 44100)
    assert not os.path.isfile("/dev/null")


def test_write_follows_a_symbolic_link(tmp_path):
    (tmp_path / "real.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    write_sound(tmp_path / "link.wav", tone(), 44100)
    assert (tmp_path / "link.wav").is_symlink() and soundfile.info(tmp_path / "real.wav").frames == len(tone())


def test_old_file_is_unchanged_until_close(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    file = SoundOutput(path, 44100, 1)
    file.write(tone())
    assert path.read_bytes() == b"old"
    file.discard()
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["a.wav"]
    file = SoundOutput(path, 44100, 1)
    file.write(tone())
    file.write(tone())
    file.close()
    file.discard()
    assert soundfile.info(path).frames == 2 * len(tone())


def test_wav_above_four_gigabytes_has_an_rf64_header(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: type("Usage", (), {"free": 10**13})())
    file = SoundOutput(tmp_path / "a.wav", 44100, 2, seconds=20_000)
    file.write(tone(channels=2))
    file.close()
    assert soundfile.info(tmp_path / "a.wav").format == "RF64"
