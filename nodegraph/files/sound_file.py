"""Reading of sound files at the engine's sample rate."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from .sound_opening import open_sound

LOW_DISK_BYTES = 1 << 20  # bytes
LOWEST_RATE, HIGHEST_RATE = 1000, 1_000_000  # Hz; a wrong header must not make gigabytes of a small file

MAX_SAMPLE = 1e6  # +120 dBFS; a damaged file of floats may contain 1e38, which overflows in filters
MAX_BYTES = 2 << 30  # of the samples of a file that is read as a whole
BLOCK = 1 << 18  # samples of all channels read at a time
LOOP_MARGIN = 4096  # samples that a loop is continued by before it is resampled, far more than the filter has


class SoundFileError(Exception):
    """A sound file that cannot be read or written; the message is one line."""


def read_sound(path: Path, rate: float, loop: bool = False) -> np.ndarray:
    """Return a complete file as float32 (samples, channels), resampled to ``rate`` Hz. Raises SoundFileError.

    Samples are as from :func:`finite_samples`. ``loop``: see :func:`resampled_loop`.
    """
    values, file_rate = read_samples(path)
    if values.nbytes * rate / file_rate > MAX_BYTES:
        raise SoundFileError(
            f"{path}: at {rate:.12g} Hz the samples take more than {MAX_BYTES >> 30} GB. Use a shorter file."
        )
    values = finite_samples(values)
    return resampled_loop(values, file_rate, rate) if loop else resampled(values, file_rate, rate)


def finite_samples(values: np.ndarray) -> np.ndarray:
    """Return samples of which NaN became 0, infinity full scale, and larger ones than MAX_SAMPLE that."""
    return np.clip(np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0), -MAX_SAMPLE, MAX_SAMPLE)


def resampled(sound: np.ndarray, rate: float, new_rate: float) -> np.ndarray:
    """Return a sound, (samples,) or (samples, channels) at ``rate`` Hz, at another rate; itself if they are equal."""
    if rate == new_rate:
        return sound
    import soxr

    values: np.ndarray = soxr.resample(sound, rate, new_rate, quality="HQ")
    return values


def resampled_loop(sound: np.ndarray, rate: float, new_rate: float) -> np.ndarray:
    """Return a loop, (samples, channels) at ``rate`` Hz, at another rate; its end continues at its start.

    A filter that does not know the other side of the seam rings there. The length is rounded to whole samples, and the
    loop is shifted by less than a hundredth of a sample.
    """
    if rate == new_rate:
        return sound
    length = max(round(len(sound) * new_rate / rate), 1)
    ratio = length / len(sound)
    margins = LOOP_MARGIN + np.arange(LOOP_MARGIN)
    margin = int(margins[np.abs(margins * ratio - np.round(margins * ratio)).argmin()])
    padded = np.take(sound, np.arange(-margin, len(sound) + margin), axis=0, mode="wrap")
    start = round(margin * ratio)
    return np.ascontiguousarray(resampled(padded, 1.0, ratio)[start : start + length])


def read_samples(path: Path) -> tuple[np.ndarray, float]:
    """Return a complete file as float32 (samples, channels), unchanged, and its rate in Hz. Raises SoundFileError.

    A file of more than 2 GB of samples is refused.
    """
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "not a regular file" if path.exists() else "file not found"
        raise SoundFileError(f"{path}: {problem}. Name a sound file.")
    try:
        with open_sound(path) as file:
            file_rate = float(file.samplerate)
            values = _read_blocks(path, file)
    except (OSError, RuntimeError) as error:
        raise SoundFileError(f"{path}: not a sound file, or unsupported ({reason_of(error)}).") from None
    if len(values) == 0:
        raise SoundFileError(f"{path}: the sound file is empty.")
    if problem := rate_problem(file_rate):
        raise SoundFileError(f"{path}: {problem}")
    return values, file_rate


def _read_blocks(path: Path, file: Any) -> np.ndarray:
    """Return the samples of an open file. A wrong length in its header takes no memory."""
    blocks, size = [], 0
    while True:
        block = file.read(BLOCK // file.channels + 1, dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        blocks.append(block)
        size += block.nbytes
        if size > MAX_BYTES:
            raise SoundFileError(f"{path}: the samples take more than {MAX_BYTES >> 30} GB. Use a shorter file.")
    return np.concatenate(blocks) if blocks else np.zeros((0, file.channels), np.float32)


def rate_problem(rate: float) -> str:
    """Return why a file of this sample rate in Hz is not read, or ""."""
    if LOWEST_RATE <= rate <= HIGHEST_RATE:
        return ""
    rates = f"{LOWEST_RATE}–{HIGHEST_RATE} Hz, got {rate:g}"
    return f"the sample rate must lie in {rates}. Convert the file, or correct its header."


def reason_of(error: Exception, folder: Path | None = None) -> str:
    """Return why a file could not be read or written.

    libsndfile does not report a full disk, so the free space in ``folder`` is checked.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error).strip().rstrip(".").splitlines()[-1] if str(error).strip() else type(error).__name__
    text = text.rpartition(": ")[2] if "Error opening" in text else text
    if "System error" in text and folder is not None and not folder.is_dir():
        return f"folder {folder} not found"
    if "System error" in text and folder is not None and shutil.disk_usage(folder).free < LOW_DISK_BYTES:
        return "the disk is full"
    return text
