"""Opening of sound files, also of WAV files that a crash left without their length, or whose chunks are not padded."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

if TYPE_CHECKING:
    import soundfile
    from _typeshed import WriteableBuffer

CHUNKS = {b"fmt ", b"data", b"LIST", b"fact", b"bext", b"smpl", b"cue ", b"iXML", b"id3 ", b"ID3 ", b"JUNK", b"PEAK"}
MAX_FORMAT_BYTES = 1 << 10
MAX_CHUNKS = 1000
MAX_LENGTH = 0xFFFFFFFF


def open_sound(path: Path) -> soundfile.SoundFile:
    """Open a sound file for reading. Raises OSError or RuntimeError (libsndfile's)."""
    import soundfile

    try:
        file = soundfile.SoundFile(path)
    except RuntimeError:
        if (found := _samples_of(path)) is None:
            raise
        return soundfile.SoundFile(_Repaired(path, found))
    if file.frames > 0 or file.format != "WAV" or (found := _samples_of(path)) is None:
        return file
    file.close()
    return soundfile.SoundFile(_Repaired(path, found))


class _Samples(NamedTuple):
    """The content of the format chunk of a WAV file, and where its samples lie."""

    format: bytes
    start: int
    size: int


def _samples_of(path: Path) -> _Samples | None:
    """Return where the samples of a WAV file lie whatever its lengths say, or None if there are none."""
    with open(path, "rb") as file:
        length = os.fstat(file.fileno()).st_size
        start = file.read(12)
        if start[:4] != b"RIFF" or start[8:] != b"WAVE":
            return None
        format, at = b"", 12
        for _ in range(MAX_CHUNKS):
            name, size = _chunk(file, at)
            if name == b"data":
                rest = length - (at + 8)
                if size == 0 and _chunk(file, at + 8)[0] in CHUNKS:
                    rest = 0  # there really are no samples
                size = min(size or rest, rest, MAX_LENGTH)
                return _Samples(format, at + 8, size) if format and size else None
            if name == b"fmt " and size <= MAX_FORMAT_BYTES:
                file.seek(at + 8)
                format = file.read(size)
            at += 8 + size
            if size % 2 and not (_chunk(file, at)[0] in CHUNKS and _chunk(file, at + 1)[0] not in CHUNKS):
                at += 1
    return None


def _chunk(file: BinaryIO, at: int) -> tuple[bytes, int]:
    """Return the name and the length of the chunk at an offset."""
    file.seek(at)
    header = file.read(8)
    return header[:4], int.from_bytes(header[4:], "little")


class _Repaired(io.RawIOBase):
    """The samples of a WAV file after a header that is right."""

    def __init__(self, path: Path, samples: _Samples) -> None:
        super().__init__()
        self._file = open(path, "rb")
        self._samples = samples
        format = samples.format + b"\0" * (len(samples.format) % 2)
        parts = [b"WAVEfmt ", _length(len(samples.format)), format, b"data", _length(samples.size)]
        body = b"".join(parts)
        self._header = b"RIFF" + _length(min(len(body) + samples.size, MAX_LENGTH)) + body
        self._length = len(self._header) + samples.size
        self._at = 0

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        found = self._header[self._at : self._at + len(view)]
        if len(found) < len(view):
            inside = self._at + len(found) - len(self._header)
            self._file.seek(self._samples.start + inside)
            found += self._file.read(min(len(view) - len(found), self._samples.size - inside))
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._length}[whence]
        self._at = max(origin + offset, 0)
        return self._at

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()
        super().close()


def _length(size: int) -> bytes:
    return size.to_bytes(4, "little")
