"""Writing of sound files in chunks, so that long renders need little memory."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import create_file, is_device, remove_leftovers, rename_and_close
from .depths import AUTO
from .folders import folder_problem
from .sound_file import SoundFileError
from .sound_format import clipping, create_sound_file, format_of, stored_samples

CHUNK = 1 << 16  # sample frames in one call: libvorbis crashes if there are millions
HINT = "Free some disk space, or choose another folder."


class SoundOutput:
    """A sound file, written to a temporary file and renamed to ``path`` by :meth:`close`.

    An existing file is unchanged until then, and after :meth:`discard`. Raises SoundFileError if the file cannot be
    written, as early as possible: the folder, its permissions and the space for ``seconds`` are checked first.
    ``depth`` is one of ``DEPTHS``.
    """

    def __init__(self, path: Path, rate: float, channels: int, seconds: float | None = None, depth: str = AUTO) -> None:
        self.path = path
        self.samples = 0
        format = format_of(path, depth, rate)
        target = _resolve_target(path)
        _check_free_space(path, target, format.sample_bytes * channels * rate * (seconds or 0.0))
        self._target = target
        remove_leftovers(target.parent)
        self._part, self._descriptor = self._open()
        self._format, self._peak = format, 0.0
        try:
            self._file: Any = create_sound_file(self._descriptor, format, rate, channels, seconds, False)
        except (RuntimeError, TypeError, ValueError) as error:
            self._file = None
            full, reason = self._system_error(), str(error).rpartition(": ")[2].rstrip(".")
            self.discard()
            if full:
                raise SoundFileError(f"{path}: could not be written ({full}). {HINT}") from None
            content = f"{channels} channel{'' if channels == 1 else 's'} at {rate:g} Hz ({reason})"
            raise SoundFileError(f"{path}: a {format.kind} file cannot contain {content}. Use .wav.") from None

    def __enter__(self) -> SoundOutput:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Close the file, or discard it after an exception."""
        if failure is not None:
            self.discard()
            return
        try:
            self.close()
        except BaseException:
            self.discard()
            raise

    def write(self, block: np.ndarray) -> None:
        """Append samples of shape (samples, channels). Raises SoundFileError; the file is then discarded."""
        try:
            write_chunks(self._file, block)
        except (RuntimeError, AssertionError, OSError) as error:
            raise self._raise_write_error(error) from None
        self.samples += len(block)
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))

    @property
    def clipping(self) -> str:
        """Remark if the sound so far is clipped, in the file or when it is played, or ""."""
        return clipping(self._format, self._peak)

    def close(self) -> None:
        """Finish the file and rename it to its path. Raises SoundFileError; the file is then discarded."""
        try:
            self._file.close()
            self._file = None
            if self._part != self._target:
                os.fsync(self._descriptor)
            descriptor, self._descriptor = self._descriptor, -1
            if self._part != self._target:
                rename_and_close(self._part, descriptor, self._target)
            else:
                os.close(descriptor)
        except (RuntimeError, OSError) as error:
            raise self._raise_write_error(error) from None

    def discard(self) -> None:
        """Close and delete the temporary file."""
        if self._file is not None:
            with suppress(Exception):
                self._file.close()
            self._file = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._part != self._target:
            self._part.unlink(missing_ok=True)

    def _open(self) -> tuple[Path, int]:
        try:
            if is_device(self._target):
                return self._target, os.open(self._target, os.O_RDWR | os.O_TRUNC)
            return create_file(self._target.parent)
        except OSError as error:
            raise SoundFileError(f"{self.path}: cannot be written ({error.strerror}).") from None

    def _raise_write_error(self, error: Exception) -> SoundFileError:
        reason = (
            getattr(error, "strerror", None) or self._system_error() or str(error).rstrip(".") or type(error).__name__
        )
        self.discard()
        return SoundFileError(f"{self.path}: could not be written ({reason}). {HINT}")

    def _system_error(self) -> str:
        """Return the system's error for another write, as libsndfile reports only "System error"; "" if it works."""
        try:
            os.lseek(self._descriptor, 0, os.SEEK_END)
            os.write(self._descriptor, bytes(1 << 16))
        except OSError as cause:
            return str(cause.strerror)
        return ""


def write_chunks(file: Any, block: np.ndarray) -> None:
    """Append samples of shape (samples, channels) to an open file of libsndfile."""
    for start in range(0, len(block), CHUNK):
        file.write(stored_samples(block[start : start + CHUNK], file.subtype))


def _resolve_target(path: Path) -> Path:
    """Return the real path of the file, following links. Raises SoundFileError if it is not writable."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise SoundFileError(f"{path}: is a folder. Name a file in it, such as {path / 'out.wav'}.")
    if problem := folder_problem(target):
        raise SoundFileError(f"{path}: {problem}")
    if target.exists() and not os.access(target, os.W_OK):
        raise SoundFileError(f"{path}: is read-only. Choose another name.")
    if not os.access(target.parent, os.W_OK):
        raise SoundFileError(f"{path}: the folder {target.parent} is read-only. Choose another folder.")
    return target


def _check_free_space(path: Path, target: Path, size: float) -> None:
    free = shutil.disk_usage(target.parent).free
    if size > free and (target.is_file() or not target.exists()):
        raise SoundFileError(
            f"{path}: about {_megabytes(size)} are needed and {_megabytes(free)} are free. "
            "Free some space, choose another disk, or render less."
        )


def _megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f} MB" if count < 1e15 else "far too many MB"


def write_sound(path: Path, values: np.ndarray, rate: float, depth: str = AUTO) -> None:
    """Write float32 of shape (samples, channels) or (samples,) atomically. Raises SoundFileError."""
    values = values[:, None] if values.ndim == 1 else values
    with SoundOutput(path, rate, values.shape[1], len(values) / rate, depth) as file:
        file.write(values)
