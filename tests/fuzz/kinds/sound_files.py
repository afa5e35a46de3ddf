"""Sound files: short ones of each format, with changed headers and data, read whole and streamed."""

from __future__ import annotations

import io
import random
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from nodegraph.blocks.sound_streaming import read_header
from nodegraph.files.sound_file import SoundFileError, read_sound

from .. import mutate

WEIGHT = 10
ERRORS = (SoundFileError,)
LINES = False
FORMATS = (
    ("WAV", "PCM_16"),
    ("WAV", "FLOAT"),
    ("RF64", "FLOAT"),
    ("AIFF", "PCM_24"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
)


@cache
def sound(kind: str, subtype: str) -> bytes:
    data = io.BytesIO()
    wave = 0.5 * np.sin(np.arange(3000)[:, None] * [0.05, 0.07])
    soundfile.write(data, wave, 22050, subtype, format=kind)
    return data.getvalue()


def attempt(rng: random.Random, folder: Path) -> None:
    source = sound(*rng.choice(FORMATS))
    head = rng.choice((64, 200, len(source)))
    data = mutate.bytes_of(source[:head], rng, [b"data", b"fmt ", b"LIST", b"ds64", b"SSND", b"OggS"]) + source[head:]
    path = folder / "a.wav"
    path.write_bytes(data)
    channels, problem = read_header(str(path))
    values = read_sound(path, rng.choice((22050.0, 44100.0)), loop=rng.random() < 0.5)
    assert np.isfinite(values).all() and (problem or values.shape[1] == channels)
