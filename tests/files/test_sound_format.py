"""Formats and depths of written sound files: one rule for recordings and for files that are written at once."""

import itertools

import numpy as np
import pytest
import soundfile

from nodegraph.files.depths import DEPTHS
from nodegraph.files.recording import RecordingFile
from nodegraph.files.sound_file import SoundFileError
from nodegraph.files.sound_format import create_sound_file, format_of
from nodegraph.files.sound_output import SoundOutput, write_sound

RATE = 44100
STEPS = {"PCM_16": 2.0**-15, "PCM_24": 2.0**-23, "FLOAT": 0.0, "VORBIS": 0.2}
UNSUPPORTED = [("flac", "float"), ("ogg", "16"), ("ogg", "24"), ("ogg", "float")]
SUPPORTED = [
    pair for pair in itertools.product(("wav", "aiff", "flac", "ogg", "caf", "w64"), DEPTHS) if pair not in UNSUPPORTED
]
BEST = {"flac": "PCM_24", "ogg": "VORBIS"}
SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}


@pytest.mark.parametrize(("ending", "depth"), SUPPORTED)
def test_recording_and_written_file_have_the_chosen_depth(tmp_path, ending, depth):
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (9000, 2)).astype(np.float32)
    write_sound(tmp_path / f"a.{ending}", sound, RATE, depth)
    file = RecordingFile(tmp_path / f"b.{ending}", RATE, 2, depth)
    for block in np.array_split(sound, 4):
        file.write(block)
    file.close()
    assert file.problem == ""
    subtype = SUBTYPES.get(depth) or BEST.get(ending, "FLOAT")
    for name in "ab":
        path = tmp_path / f"{name}.{ending}"
        assert soundfile.info(path).subtype == subtype and soundfile.info(path).frames == len(sound)
        if subtype != "VORBIS":
            assert np.abs(soundfile.read(path)[0] - sound).max() <= 0.51 * STEPS[subtype]


@pytest.mark.parametrize(("ending", "depth"), UNSUPPORTED)
def test_depth_that_a_format_has_not_is_refused_in_one_line(tmp_path, ending, depth):
    message = rf"an? {ending.upper()} file has no depth '{depth}'. Use depth auto.*, or .wav.$"
    with pytest.raises(SoundFileError, match=message):
        write_sound(tmp_path / f"a.{ending}", np.zeros(100), RATE, depth)
    file = RecordingFile(tmp_path / f"a.{ending}", RATE, 1, depth)
    file.write(np.zeros((100, 1)))
    assert f"has no depth '{depth}'" in file.problem and not list(tmp_path.iterdir())


@pytest.mark.parametrize("depth", ["16", "24", "float"])
def test_clipped_samples_are_remarked_also_if_the_file_keeps_them(tmp_path, depth):
    loud = np.array([0.1, -2.0, 2.0], np.float32)[:, None]
    remark = "clipped at +6.0 dBFS; reduce the level, or use a .wav file of depth float"
    kept = "peaks at +6.0 dBFS, which the file keeps and players clip; reduce the level"
    files = SoundOutput(tmp_path / "a.wav", RATE, 1, None, depth), RecordingFile(tmp_path / "b.wav", RATE, 1, depth)
    for file in files:
        file.write(loud)
        assert file.clipping == (kept if depth == "float" else remark)
        file.close()
    for name in "ab":
        found = soundfile.read(tmp_path / f"{name}.wav")[0]
        assert found == pytest.approx(loud[:, 0] if depth == "float" else np.clip(loud[:, 0], -1.0, 1.0), abs=2.0**-14)


@pytest.mark.parametrize("depth", ["16", "24", "float"])
def test_wav_of_unknown_length_above_four_gigabytes_has_all_frames(tmp_path, depth):
    path = tmp_path / "long.wav"
    tail = np.linspace(-0.5, 0.5, 1000, dtype=np.float32)[:, None]
    with create_sound_file(path, format_of(path, depth), RATE, 1, None) as file:
        file.write(tail)
        file.flush()
        assert path.read_bytes()[:4] == b"RIFF"
        file.seek(2_400_000_000)  # the space before is a hole that takes no room on the disk
        file.write(tail)
    with soundfile.SoundFile(path) as found:
        assert found.format == "RF64" and found.frames == 2_400_001_000
        found.seek(2_400_000_000)
        assert np.abs(found.read(1000) - tail[:, 0]).max() < 2.0**-15
