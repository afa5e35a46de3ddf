"""A sound file written while it is rendered: hours of sound never lie in memory."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .sound_file import SoundFileError

if TYPE_CHECKING:
    import numpy as np

MAX_WAV_BYTES = 4e9  # bytes, above which a WAV needs the RF64 header
SUBTYPES = {
    "WAV": "FLOAT",
    "RF64": "FLOAT",
    "W64": "FLOAT",
    "CAF": "FLOAT",
    "AIFF": "FLOAT",
    "FLAC": "PCM_24",
}
ENDINGS = {"WAVE": "WAV", "AIF": "AIFF", "OGA": "OGG"}
HINT = "Make room, or choose another place."


class SoundOutput:
    """A sound file at ``path``, written beside it and given its name by :meth:`close`.

    Until then a file that is there already stays as it is; :meth:`discard` leaves it so. Raises
    SoundFileError where the file cannot be written, as early as that can be known.
    """

    def __init__(self, path: Path, rate: float, channels: int, seconds: float = 0.0) -> None:
        import soundfile

        self.path = path
        self.samples = 0
        kind = kind_of(path)
        target = _resolve_target(path)
        size = 4.0 * channels * rate * seconds if SUBTYPES.get(kind) == "FLOAT" else 0.0
        _check_free_space(path, target, size)
        if kind == "WAV" and size > MAX_WAV_BYTES:
            kind = "RF64"
        self._target = target
        # a device such as /dev/null has no name to give away: it is written to directly
        device = target.exists() and not target.is_file()
        self._beside = target if device else target.with_name(f".{target.name}.{os.getpid()}.part")
        self._descriptor = self._open()
        subtype = SUBTYPES.get(kind)
        self.is_float = subtype == "FLOAT"
        try:
            self._file: Any = soundfile.SoundFile(
                self._descriptor, "w", round(rate), channels, subtype, format=kind, closefd=False
            )
        except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
            self._file = None
            full, reason = self._system_error(), str(error).rpartition(": ")[2].rstrip(".")
            self.discard()
            if full:
                raise SoundFileError(f"{path}: could not be written ({full}). {HINT}") from None
            what = f"{channels} channel{'' if channels == 1 else 's'} at {rate:g} Hz"
            raise SoundFileError(f"{path}: a {kind} file cannot hold {what} ({reason}). Use .wav.") from None

    def __enter__(self) -> SoundOutput:
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Close it, or where something went wrong discard it."""
        if failure is not None:
            self.discard()
            return
        try:
            self.close()
        except BaseException:
            self.discard()
            raise

    def write(self, block: np.ndarray) -> None:
        """Append (samples, channels). On failure nothing is left but the file that was there before."""
        try:
            self._file.write(block)
        except (RuntimeError, AssertionError, OSError) as error:
            raise self._raise_write_error(error) from None
        self.samples += len(block)

    def close(self) -> None:
        """Finish the file and give it its name."""
        try:
            self._file.close()
            self._file = None
            if self._beside != self._target:
                os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            if self._beside != self._target:
                self._beside.replace(self._target)
        except (RuntimeError, OSError) as error:
            raise self._raise_write_error(error) from None

    def discard(self) -> None:
        """Leave no trace."""
        if self._file is not None:
            with suppress(Exception):
                self._file.close()
            self._file = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._beside != self._target:
            self._beside.unlink(missing_ok=True)

    def _open(self) -> int:
        try:
            make = os.O_TRUNC if self._beside == self._target else os.O_CREAT | os.O_EXCL
            return os.open(self._beside, os.O_RDWR | make, 0o666)
        except OSError as error:
            raise SoundFileError(f"{self.path}: cannot be written ({error.strerror}).") from None

    def _raise_write_error(self, error: Exception) -> SoundFileError:
        reason = self._system_error() or str(error).rstrip(".") or type(error).__name__
        self.discard()
        return SoundFileError(f"{self.path}: could not be written ({reason}). {HINT}")

    def _system_error(self) -> str:
        """What the system says to one more write, where libsndfile knows no more than "System error"."""
        try:
            os.lseek(self._descriptor, 0, os.SEEK_END)
            os.write(self._descriptor, bytes(1 << 16))
        except OSError as cause:
            return str(cause.strerror)
        return ""


def kind_of(path: Path) -> str:
    """The kind of file that a name asks for. Raises SoundFileError."""
    import soundfile

    ending = path.suffix.lstrip(".").upper()
    kind = ENDINGS.get(ending, ending) or "WAV"
    if kind not in soundfile.available_formats() or kind == "RAW":
        raise SoundFileError(f"{path}: files ending in '{path.suffix}' cannot be written. Use .wav, .flac or .ogg.")
    return kind


def _resolve_target(path: Path) -> Path:
    """Where the file will lie: behind a link, what the link names."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise SoundFileError(f"{path}: is a folder. Name a file in it, such as {path / 'out.wav'}.")
    if not target.parent.is_dir():
        raise SoundFileError(f"{path}: there is no folder {target.parent}. Make it first: mkdir -p {target.parent}")
    if target.exists() and not os.access(target, os.W_OK):
        raise SoundFileError(f"{path}: is read-only. Choose another name.")
    if not os.access(target.parent, os.W_OK):
        raise SoundFileError(f"{path}: the folder {target.parent} is read-only. Choose another.")
    return target


def _check_free_space(path: Path, target: Path, size: float) -> None:
    free = shutil.disk_usage(target.parent).free
    if size > free and (target.is_file() or not target.exists()):
        raise SoundFileError(
            f"{path}: about {_megabytes(size)} are needed and {_megabytes(free)} are free. "
            "Make room, choose another disk, or render less."
        )


def _megabytes(count: float) -> str:
    return f"{count / 1e6:,.0f} MB" if count < 1e15 else "far too many MB"


def write_sound(path: Path, values: np.ndarray, rate: float) -> None:
    """Write float32 (samples, channels), whole or not at all. Raises SoundFileError."""
    values = values[:, None] if values.ndim == 1 else values
    with SoundOutput(path, rate, values.shape[1], len(values) / rate) as file:
        file.write(values)
