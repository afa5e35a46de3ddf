"""Recording to a sound file that is playable up to the last write, however the recording ends.

libsndfile writes the length of a FLAC or AIFF file when it is closed. Here it is written after each block, as a program
that is killed closes nothing.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import create_file, remove_leftovers
from .depths import AUTO
from .sound_file import SoundFileError, reason_of
from .sound_format import MAX_WAV_BYTES, SoundFormat, clipping, create_sound_file, format_of
from .sound_output import write_chunks

UPDATE_HEADER_NOW = 0x1060  # a command of libsndfile, which soundfile has no function for
FLAC_BLOCK = 4096  # samples that libFLAC encodes together; it needs one sample more
FLAC_LENGTH = 21  # position of the 36 bits of the length in a FLAC file, in bytes; the first 4 bits belong to the depth


class RecordingFile:
    """A recording at ``path``, or at ``take-2.wav`` … if that exists; no file is overwritten.

    The file has a hidden name until it is playable; then ``path`` is set. A recording that exceeds the 4 GB of AIFF
    continues in the next file; ``path`` is the latest. A WAV file becomes an RF64 file there. A full disk ends the
    recording and sets ``problem``; no method raises. ``depth`` is one of ``DEPTHS``.
    """

    def __init__(self, path: Path, rate: float, channels: int, depth: str = AUTO) -> None:
        self.path: Path | None = None
        self.problem = ""
        self._requested_path, self._rate, self._channels, self._depth = path, rate, channels, depth
        self._file: Any = None
        self._format = SoundFormat("", None)
        self._peak = 0.0
        self._part: Path | None = None  # the hidden file; None when the recording has its name

    def write(self, block: np.ndarray) -> None:
        """Append samples of shape (samples, channels)."""
        if self.problem or len(block) == 0:
            return
        try:
            if self._file is not None and self._is_full(len(block)):
                self.close()
            if self._file is None:
                self._open()
            write_chunks(self._file, block)
            self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
            self._file.flush()
            self._write_length(self._part or self.path)
            if self._part is not None and is_playable(self._part):
                self._set_name()
        except SoundFileError as error:
            self.problem = f"nothing is recorded: {error}".rstrip(".")
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            reason = reason_of(error, self._requested_path.parent)
            playable = "; the samples written before are playable" if self.path else ""
            self.problem = f"the recording has ended ({reason}){playable}"
            self.close()

    @property
    def clipping(self) -> str:
        """Remark if the recording so far is clipped, or ""."""
        return clipping(self._format, self._peak)

    def _open(self) -> None:
        self._format = format_of(self._requested_path, self._depth, self._rate)
        target: Path | int
        if os.name == "nt":  # which does not rename open files
            self.path = target = unused_path(self._requested_path)
        else:
            remove_leftovers(self._requested_path.parent)
            self._part, target = create_file(self._requested_path.parent)
        self._file = create_sound_file(target, self._format, self._rate, self._channels, None)

    def _set_name(self) -> None:
        assert self._part is not None
        path = unused_path(self._requested_path)
        self._part.rename(path)
        self._part, self.path = None, path

    def _is_full(self, more: int) -> bool:
        size = self._format.sample_bytes * self._channels * (self._file.frames + more)
        return self._format.kind == "AIFF" and size > MAX_WAV_BYTES

    def _write_length(self, path: Path | None) -> None:
        """Write the length so far into the header."""
        if self._format.kind == "FLAC" and path is not None:
            _write_flac_length(path, max(self._file.frames - 1, 0) // FLAC_BLOCK * FLAC_BLOCK)
        elif self._format.kind != "OGG":
            import soundfile

            with suppress(AttributeError):  # another version of soundfile
                soundfile._snd.sf_command(self._file._file, UPDATE_HEADER_NOW, soundfile._ffi.NULL, 0)

    def close(self) -> None:
        """Finish the file."""
        file, self._file = self._file, None
        try:
            frames = 0
            if file is not None:
                frames = file.frames
                file.close()
            if self._part is not None and frames:
                self._set_name()
        except (RuntimeError, OSError) as error:
            self.problem = self.problem or str(error)
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None


def is_playable(path: Path) -> bool:
    """Return whether another program can open the file and play it to its end."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            file.seek(file.frames - 1)
            return len(file.read(1)) == 1
    except RuntimeError:
        return False


def _write_flac_length(path: Path, samples: int) -> None:
    """Write the number of samples into the header of a FLAC file, as in its format (RFC 9639, section 8.2)."""
    with path.open("r+b", buffering=0) as file:
        file.seek(FLAC_LENGTH)
        depth = file.read(1)[0] & 0xF0
        file.seek(FLAC_LENGTH)
        file.write((depth << 32 | samples).to_bytes(5, "big"))


def unused_path(path: Path) -> Path:
    """Return ``take.wav``, or the first of ``take-2.wav`` … that does not exist."""
    number, unused = 2, path
    while unused.exists():
        unused = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return unused
