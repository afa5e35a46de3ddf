"""Sources of training sound: sound files, folders of them, and rendered patches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import SoundFileError, rate_problem, reason_of
from nodegraph.files.sound_opening import open_sound

from .errors import LearnError

ENDINGS = frozenset(
    f".{ending}" for ending in "wav flac ogg oga opus mp3 aif aiff aifc au snd caf w64 rf64 voc".split()
)
PATCH_SECONDS = 60.0
BLOCK = 1 << 20  # sample frames per read
CANCELLED = 1e-3  # level of the sum of all channels, relative to the loudest, below which they are in antiphase


@dataclass(frozen=True)
class AudioSource:
    """A sound that frames are taken from.

    ``seconds`` is its length; ``read(rate)`` returns one channel, float32 (samples,). If ``read`` raises
    SoundFileError, PatchError or GraphError, the source is skipped and the message is reported.
    """

    name: str
    seconds: float
    read: Callable[[float], np.ndarray]


def sources_of(
    paths: Iterable[str | os.PathLike[str]], seconds: float = PATCH_SECONDS, seed: int = 0
) -> tuple[list[AudioSource], list[str]]:
    """Return a source for every sound file (also in folders) and every patch (.json, rendered for ``seconds``).

    The second value has a line for each unreadable file, which is skipped. Raises LearnError if a path does not exist,
    or if no file is found.
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
            raise LearnError(f"{path}: file or folder not found. Name sound files, folders or patches.")
    if not files:
        raise LearnError("nothing to train on. Name sound files, folders or patches.")
    sources, skipped, seen = [], [], set()
    for file in files:
        if (real := file.resolve()) in seen:
            continue  # the same recording in two parts of the split would make the errors too small
        seen.add(real)
        try:
            sources.append(_patch(file, seconds, seed) if file.suffix.lower() == ".json" else _recording(file))
        except SoundFileError as error:
            skipped.append(str(error))
    return sources, skipped


def _recording(path: Path) -> AudioSource:
    try:
        with open_sound(path) as file:
            frames, file_rate = file.frames, file.samplerate
    except (OSError, RuntimeError) as error:
        raise SoundFileError(f"{path}: unreadable sound file ({reason_of(error)}).") from None
    if problem := rate_problem(file_rate):
        raise SoundFileError(f"{path}: {problem}")
    return AudioSource(str(path), frames / max(file_rate, 1), lambda rate: read_mono(path, rate))


def _patch(path: Path, seconds: float, seed: int) -> AudioSource:
    def read(rate: float) -> np.ndarray:
        from nodegraph.api import render

        return np.asarray(render(path, seconds, rate, seed=seed)).mean(axis=1)

    return AudioSource(str(path), seconds, read)


def read_mono(path: Path, rate: float) -> np.ndarray:
    """Read a file, averaged over its channels and resampled to ``rate``: float32 (samples,).

    It is read in chunks, so that many channels need no more memory than one. Raises SoundFileError.
    """
    import soxr

    parts, loudest, left = [], 0.0, 0.0
    try:
        with open_sound(path) as file:
            resample = soxr.ResampleStream(file.samplerate, rate, 1, "float32", "HQ")
            while True:
                block = file.read(BLOCK, dtype="float32", always_2d=True)
                block = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
                mono = block.mean(axis=1)
                loudest = max(loudest, float(np.abs(block).max(initial=0.0)))
                left = max(left, float(np.abs(mono).max(initial=0.0)))
                last = len(block) < BLOCK
                parts.append(resample.resample_chunk(mono, last) if file.samplerate != rate else mono)
                if last:
                    break
    except (OSError, RuntimeError, ValueError) as error:
        raise SoundFileError(f"{path}: unreadable sound file ({reason_of(error)}).") from None
    if left < CANCELLED * loudest:
        raise SoundFileError(f"{path}: its channels cancel each other out (antiphase). Invert one of them.")
    return np.concatenate(parts)
