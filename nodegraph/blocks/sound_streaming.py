"""Sound files outside the audio thread: reading ahead into a ring, and writing from a ring to disk.

Reader and writer are block helpers (see ``helper``). They share two arrays with the kernel: a ring of
float32 samples (sample frames × channels) and the marks, a few integers.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.depths import AUTO
from nodegraph.files.recording import RecordingFile
from nodegraph.files.sound_file import SoundFileError, finite_samples, rate_problem, read_sound
from nodegraph.files.sound_format import format_of
from nodegraph.files.sound_opening import open_sound
from nodegraph.patch import PatchError, resolve_file

from .helper import HelperContext

RING_FRAMES = 1 << 18  # sample frames, 5.9 s at 44.1 kHz
MAX_RESIDENT_FRAMES = 1 << 23  # samples of the largest file that is held in memory
CHUNK = 1 << 14  # sample frames

# Marks of a reader, in sample frames: frames written so far, whether the ring is refilled, index of the end of the
# file (-1: unknown), seeks requested and done, target frame of the seek, index of that frame in the ring, last frame
# read, number of underruns.
WRITTEN, STREAMED, END, SEEK_REQUEST, SEEK_DONE, TARGET, BEGIN, READ, UNDERRUNS = range(9)
# Marks of a writer: frames written by the kernel, frames read by the helper, whether it records, frames lost.
PUT, TAKEN, RECORDING, LOST = range(4)
MARKS = 16

NOT_ENDED = -1


class SoundReader:
    """A reader of sound files at the engine's sample rate; long files are streamed through a ring."""

    array_types = {"samples": "f4", "marks": "i8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = ""
        self.loop = bool(context.settings["loop"])
        self.rate = context.rate
        self.channels = 1
        self._file: Any = None
        self.marks = np.zeros(MARKS, np.int64)
        self.samples = np.zeros(1, np.float32)
        self.marks[END] = 0
        path = context.settings["file"]
        if path:
            try:
                self._open(Path(path))
            except (OSError, RuntimeError, SoundFileError) as error:  # removed or damaged since read_header()
                self.problem = str(error).rstrip(".")
        self.arrays = {"samples": self.samples, "marks": self.marks}

    def _open(self, path: Path) -> None:
        self._file = open_sound(path)
        self.channels = self._file.channels
        length = round(self._file.frames * self.rate / self._file.samplerate)
        if length * self.channels <= MAX_RESIDENT_FRAMES:
            self._file.close()
            self._file = None
            entire_file = read_sound(path, self.rate, self.loop)
            self.samples = np.ascontiguousarray(entire_file.ravel())
            self.marks[WRITTEN] = self.marks[END] = len(entire_file)
            return
        self.samples = np.empty(RING_FRAMES * self.channels, np.float32)
        self.samples.fill(0.0)
        self.marks[STREAMED], self.marks[END] = 1, NOT_ENDED
        self._start_at(0)
        self.service()

    def service(self) -> None:
        """Do a requested seek, then fill the ring."""
        if self._file is None:
            return
        request = int(self.marks[SEEK_REQUEST])
        if request != self.marks[SEEK_DONE]:
            self._start_at(round(self.marks[TARGET] * self._file.samplerate / self.rate))
            self.marks[BEGIN] = self.marks[WRITTEN]
            self.marks[READ] = self.marks[WRITTEN]
            self.marks[END] = NOT_ENDED
            self._fill(RING_FRAMES // 2)
            self.marks[SEEK_DONE] = request
        self._fill(RING_FRAMES - CHUNK)

    def _start_at(self, frame: int) -> None:
        import soxr

        self._file.seek(min(max(frame, 0), self._file.frames))
        self._resampler = None
        if self._file.samplerate != self.rate:
            self._resampler = soxr.ResampleStream(
                self._file.samplerate, self.rate, self.channels, dtype="float32", quality="HQ"
            )

    def _fill(self, ahead: int) -> None:
        while self.marks[END] == NOT_ENDED and self.marks[WRITTEN] - self.marks[READ] < ahead:
            try:
                block = finite_samples(self._file.read(CHUNK // 4, dtype="float32", always_2d=True))
            except RuntimeError as error:
                self.problem = f"reading the file failed: {error}"
                block = np.zeros((0, self.channels), np.float32)
            ended = len(block) == 0
            if ended and self.loop and self._file.tell() > 0 and not self.problem:
                self._file.seek(0)
                continue
            if self._resampler is not None:
                block = self._resampler.resample_chunk(block, last=ended)
            self._append_to_ring(block)
            if ended:
                self.marks[END] = self.marks[WRITTEN]

    def _append_to_ring(self, block: np.ndarray) -> None:
        ring = self.samples.reshape(RING_FRAMES, self.channels)
        start = int(self.marks[WRITTEN]) % RING_FRAMES
        first = min(len(block), RING_FRAMES - start)
        ring[start : start + first] = block[:first]
        ring[: len(block) - first] = block[first:]
        self.marks[WRITTEN] += len(block)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class SoundWriter:
    """A writer of a block's recording to a new sound file. A full disk ends the recording, but not the sound."""

    array_types = {"samples": "f4", "marks": "i8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = ""
        self.channels = context.lanes
        self._take: RecordingFile | None = None
        self._rate, self._file_name = context.rate, context.settings["file"] or "recording.wav"
        self._folder, self._depth = context.folder, context.settings["depth"]
        self.samples = np.empty(RING_FRAMES * self.channels, np.float32)
        self.samples.fill(0.0)
        self.marks = np.zeros(MARKS, np.int64)
        self.arrays = {"samples": self.samples, "marks": self.marks}

    def service(self) -> None:
        """Write the new samples in the ring to the file."""
        count = int(self.marks[PUT] - self.marks[TAKEN])
        if count and not self.problem:
            start = int(self.marks[TAKEN]) % RING_FRAMES
            ring = self.samples.reshape(RING_FRAMES, self.channels)
            first = min(count, RING_FRAMES - start)
            self._write(ring[start : start + first])
            self._write(ring[: count - first])
        self.marks[TAKEN] += count
        if self.marks[LOST] and not self.problem:
            self.problem = f"the disk is too slow: {self.marks[LOST]} samples of the recording are missing"

    def _write(self, block: np.ndarray) -> None:
        if self.problem or len(block) == 0:
            return
        if self._take is None:
            try:
                path = resolve_file((self._folder or Path.cwd()) / "patch.json", self._file_name)
            except PatchError as error:
                self.problem = f"nothing is recorded: {error}".rstrip(".")
                return
            self._take = RecordingFile(path, self._rate, self.channels, self._depth)
        self._take.write(block)
        self.problem = self._take.problem

    @property
    def path(self) -> Path | None:
        """The recorded file, or None before the first sample."""
        return self._take.path if self._take is not None else None

    def close(self) -> None:
        """Write the remaining samples and finish the file."""
        if not self.problem:
            self.service()
        if self._take is not None:
            self._take.close()
            self.problem = self.problem or self._take.problem


@lru_cache(maxsize=256)
def _header(path: str, changed: float) -> tuple[int, str]:
    """Return the channels of a sound file and "", or 0 and the problem with the file."""
    try:
        with open_sound(Path(path)) as file:
            rate, frames, channels = file.samplerate, file.frames, file.channels
    except (OSError, RuntimeError):
        return 0, f"'{Path(path).name}' is not a readable sound file. Convert it to WAV or FLAC."
    if problem := rate_problem(rate):
        return 0, f"'{Path(path).name}': {problem}"
    if frames == 0:
        return 0, f"'{Path(path).name}' is empty."
    return channels, ""


def read_header(path: str) -> tuple[int, str]:
    """Return the channels of the sound file at ``path``, and the problem with it or ""."""
    if not path or not Path(path).is_file():
        return 1, ""
    return _header(path, Path(path).stat().st_mtime)


def depth_problem(file: str, depth: str) -> str:
    """Return why a recording of a file name cannot have a depth, or ""."""
    if depth == AUTO:
        return ""
    try:
        format_of(Path(file or "recording.wav"), depth)
    except SoundFileError as error:
        return str(error)
    return ""
