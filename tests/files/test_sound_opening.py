"""WAV files whose lengths are wrong."""

import numpy as np
import pytest
import soundfile

from nodegraph.blocks.sound_streaming import read_header
from nodegraph.files.sound_file import SoundFileError, read_samples
from nodegraph.files.sound_opening import open_sound
from nodegraph.learn.sources import read_mono


@pytest.fixture
def sound(tmp_path):
    """The path of a WAV file, its samples, and where its samples start."""
    samples = np.round(20000 * np.sin(np.arange(3000).reshape(-1, 2) / 20.0)).astype(np.int16)
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 48000)
    return path, samples / np.float32(32768), path.read_bytes().index(b"data") + 8


def chunk(name, content, padding=b"\0"):
    return name + len(content).to_bytes(4, "little") + content + padding * (len(content) % 2)


def changed(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def crashed(data, start):
    """Lengths are written when a recording ends."""
    return changed(changed(data, start - 4, bytes(4)), 4, bytes(4))


def crashed_in_a_sample(data, start):
    return crashed(data, start) + b"\1"


def unpadded(data, start):
    return data[: start - 8] + chunk(b"LIST", b"INFOx", b"") + data[start - 8 :]


def padded(data, start):
    return data[: start - 8] + chunk(b"LIST", b"INFOx") + data[start - 8 :]


@pytest.mark.parametrize("damage", [crashed, crashed_in_a_sample, unpadded, padded])
def test_samples_are_read_whatever_the_lengths_say(sound, damage):
    path, samples, start = sound
    path.write_bytes(damage(path.read_bytes(), start))
    found, rate = read_samples(path)
    assert rate == 48000 and np.array_equal(found, samples)
    assert read_header(str(path)) == (2, "")
    np.testing.assert_allclose(read_mono(path, 48000), samples.mean(axis=1), atol=1e-6)
    with open_sound(path) as file:
        file.seek(1000)
        assert np.array_equal(file.read(dtype="float32"), samples[1000:])


def test_sound_without_samples_is_empty_even_if_chunks_follow(sound):
    path, _, start = sound
    data = crashed(path.read_bytes(), start)[:start]
    for end in (b"", chunk(b"LIST", b"INFO" + bytes(100))):
        path.write_bytes(data + end)
        with pytest.raises(SoundFileError, match="the sound file is empty"):
            read_samples(path)


def test_file_without_format_is_not_a_sound(sound):
    path, _, start = sound
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + path.read_bytes()[start - 8 :])
    with pytest.raises(SoundFileError, match="not a sound file"):
        read_samples(path)
