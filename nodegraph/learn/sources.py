"""Where sound comes from: audio files, folders of them, and patches that are rendered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import SoundFileError, reason_of

from .errors import LearnError

ENDINGS = frozenset(
    f".{ending}" for ending in "wav flac ogg oga opus mp3 aif aiff aifc au snd caf w64 rf64 voc".split()
)
PATCH_SECONDS = 60.0
BLOCK = 1 << 20  # samples of a file that are read at once


@dataclass(frozen=True)
class AudioSource:
    """A sound that frames are taken from; frames of one source all go to the same side of the split.

    ``seconds`` is its length, ``read(rate)`` gives it as float32 (samples,) in one channel. ``read`` may raise
    SoundFileError, PatchError or GraphError: the source is then skipped with its line.
    """

    name: str
    seconds: float
    read: Callable[[float], np.ndarray]


def sources_of(
    paths: Iterable[str | os.PathLike[str]], seconds: float = PATCH_SECONDS, seed: int = 0
) -> tuple[list[AudioSource], list[str]]:
    """A source for every audio file (those in folders too) and every patch (.json, rendered for ``seconds``).

    With it a line for each file that is skipped because it cannot be read. Raises LearnError where a path is
    nothing at all, or where nothing is found.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
            if not found:
                raise LearnError(f"{path}: no sound files in this folder. Put .wav, .flac, .ogg or .mp3 files there.")
            files += found
        elif path.is_file():
            files.append(path)
        else:
            raise LearnError(f"{path}: there is no such file or folder. Name sound files, folders or patches.")
    if not files:
        raise LearnError("nothing to train on. Name sound files, folders or patches.")
    sources, skipped, seen = [], [], set()
    for file in files:
        if (real := file.resolve()) in seen:
            continue  # the same recording on both sides of the split would flatter the result
        seen.add(real)
        try:
            sources.append(_patch(file, seconds, seed) if file.suffix.lower() == ".json" else _recording(file))
        except SoundFileError as error:
            skipped.append(str(error))
    return sources, skipped


def _recording(path: Path) -> AudioSource:
    import soundfile

    try:
        info = soundfile.info(path)
    except (OSError, RuntimeError) as error:
        raise SoundFileError(f"{path}: not a sound file that can be read ({reason_of(error)}).") from None
    return AudioSource(str(path), info.frames / max(info.samplerate, 1), lambda rate: read_mono(path, rate))


def _patch(path: Path, seconds: float, seed: int) -> AudioSource:
    def read(rate: float) -> np.ndarray:
        from nodegraph.api import render

        return np.asarray(render(path, seconds, rate, seed=seed)).mean(axis=1)

    return AudioSource(str(path), seconds, read)


def read_mono(path: Path, rate: float) -> np.ndarray:
    """A whole file, its channels' mean, resampled to ``rate``: float32 (samples,). Raises SoundFileError.

    It is read in pieces, so that a concert in eight channels needs no more memory than its one channel.
    """
    import soundfile
    import soxr

    parts = []
    try:
        with soundfile.SoundFile(path) as file:
            resample = soxr.ResampleStream(file.samplerate, rate, 1, "float32", "HQ")
            while True:
                block = file.read(BLOCK, dtype="float32", always_2d=True)
                mono = np.nan_to_num(block.mean(axis=1), nan=0.0, posinf=1.0, neginf=-1.0)
                last = len(block) < BLOCK
                parts.append(resample.resample_chunk(mono, last) if file.samplerate != rate else mono)
                if last:
                    break
    except (OSError, RuntimeError, ValueError) as error:
        raise SoundFileError(f"{path}: not a sound file that can be read ({reason_of(error)}).") from None
    return np.concatenate(parts)
