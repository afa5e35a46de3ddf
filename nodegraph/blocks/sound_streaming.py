"""Sound files outside the audio thread: reading them ahead in pages, and writing from a ring to disk.

Reader and writer are block helpers (see ``helper``). They share arrays with the kernel: float32 samples
(sample frames × channels) and the marks, a few integers.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nodegraph.files.depths import AUTO
from nodegraph.files.recording import RecordingFile
from nodegraph.files.sound_file import SoundFileError, finite_samples, rate_problem, read_samples
from nodegraph.files.sound_format import format_of
from nodegraph.files.sound_opening import open_sound
from nodegraph.patch import PatchError, resolve_file

from .helper import HelperContext
from .loop_seam import seam_of

RING_FRAMES = 1 << 18  # sample frames, 5.9 s at 44.1 kHz
MAX_RESIDENT_FRAMES = 1 << 23  # samples of the largest file that is held in memory
MAX_FRAMES = 1 << 34  # sample frames of the longest file, a day at 192 kHz

PAGE_BITS = 14
PAGE = 1 << PAGE_BITS  # sample frames
SLOTS = 44  # pages of a streamed file in memory
AHEAD = 16  # pages read ahead of the position
SPARE = 12  # slots kept free for the next pages

# Marks of a reader, in frames of the file: its length, whether it is streamed, first frame of the loop and the frame
# after its last, channels, position, direction of play, position of the next restart, samples that came too late.
END, STREAMED, LOOP_START, LOOP_END, CHANNELS, AT, DIRECTION, NEXT_START, UNDERRUNS = range(9)
# Marks of a writer: frames written by the kernel, frames read by the helper, whether it records, frames lost.
PUT, TAKEN, RECORDING, LOST = range(4)
MARKS = 16

MISSING = -1  # slot of a page that is not in memory


class SoundReader:
    """A reader of sound files at their own rate, in pages; long files are read around the position of the kernel.

    ``pages`` holds the slot of each page in ``samples``, or MISSING; ``rates`` the rate of the file, in frames per
    engine sample and in Hz.
    """

    array_types = {"samples": "f4", "marks": "i8", "pages": "i8", "rates": "f8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = ""
        self.loop = bool(context.settings["loop"])
        self._settings = context.settings
        self.channels = 1
        self._file: Any = None
        self._seam_start, self._seam = 0, np.zeros((0, 1), np.float32)
        self.marks = np.zeros(MARKS, np.int64)
        self.marks[CHANNELS] = 1
        self.samples = np.zeros(1, np.float32)
        self.pages = np.full(1, MISSING, np.int64)
        self.rates = np.array([1.0, context.rate])
        path = context.settings["file"]
        if path:
            try:
                self._open(Path(path), context.rate)
            except (OSError, RuntimeError, SoundFileError) as error:  # removed or damaged since read_header()
                self.problem = str(error).rstrip(".")
        self.arrays = {"samples": self.samples, "marks": self.marks, "pages": self.pages, "rates": self.rates}

    def _open(self, path: Path, rate: float) -> None:
        file = open_sound(path)
        self.channels, frames, file_rate = file.channels, min(file.frames, MAX_FRAMES), float(file.samplerate)
        resident = frames * self.channels <= MAX_RESIDENT_FRAMES
        if resident:
            file.close()
            values, file_rate = read_samples(path)
            values = finite_samples(values)
            frames = len(values)
        count = -(-frames // PAGE)
        self.pages = np.full(count, MISSING, np.int64)
        self.rates = np.array([file_rate / rate, file_rate])
        self.marks[CHANNELS], self.marks[STREAMED] = self.channels, not resident
        start, end = loop_points(self._settings, frames, file_rate)
        self.marks[LOOP_START], self.marks[LOOP_END] = start, end
        fade = round(self._settings["crossfade"] * file_rate)
        if resident:
            self._prepare_seam(lambda first, length: values[first : first + length], start, end, fade)
            self.samples = np.zeros(count * PAGE * self.channels, np.float32)
            self.samples[: values.size] = values.ravel()
            self._write_seam(self.samples.reshape(-1, self.channels), 0)
            self.pages[:] = np.arange(count)
            self.marks[END] = frames
            return
        self._file = file
        self._at = 0  # frame that the file is read from next
        self.samples = np.empty(SLOTS * PAGE * self.channels, np.float32)
        self.samples.fill(0.0)
        self._slots = np.full(SLOTS, MISSING, np.int64)  # page in each slot
        self._wanted_at = np.zeros(SLOTS, np.int64)  # service at which the page of a slot was wanted last
        self._free, self._services = list(range(SLOTS)), 0
        self.marks[END] = frames
        self.marks[DIRECTION] = 1
        self._prepare_seam(self._read, start, end, fade)
        self.service()

    def _prepare_seam(self, read: Any, start: int, end: int, fade: int) -> None:
        if self.loop:
            self._seam = seam_of(read, start, end, fade, self._settings["blend"])
            self._seam_start = end - len(self._seam)

    def _write_seam(self, frames: np.ndarray, first: int) -> None:
        """Replace the frames of the seam in ``frames``, which begin at frame ``first`` of the file."""
        low = max(self._seam_start, first)
        high = min(self._seam_start + len(self._seam), first + len(frames))
        if low < high:
            frames[low - first : high - first] = self._seam[low - self._seam_start : high - self._seam_start]

    def service(self) -> None:
        """Read the pages that the kernel needs next, nearest first; free others for the next call.

        A freed slot is not written before the next call: until then the kernel may still read it.
        """
        if self._file is None:
            return
        self._services += 1
        free, self._free = self._free, []
        for page in self._wanted_pages():
            slot = int(self.pages[page])
            if slot == MISSING:
                if not free:
                    break
                slot = free.pop(0)
                target = self.samples.reshape(SLOTS, PAGE, self.channels)[slot]
                first = page << PAGE_BITS
                target[:] = self._read(first, PAGE)
                self._write_seam(target, first)
                self._slots[slot] = page
                self.pages[page] = slot
            self._wanted_at[slot] = self._services
        used = [
            slot for slot in range(SLOTS) if self._slots[slot] != MISSING and self._wanted_at[slot] < self._services
        ]
        used.sort(key=lambda slot: self._wanted_at[slot])
        freed = used[: max(SPARE - len(free), 0)]
        for slot in freed:
            self.pages[self._slots[slot]] = MISSING
            self._slots[slot] = MISSING
        self._free = free + freed

    def _wanted_pages(self) -> list[int]:
        """Return pages in the order in which they may be needed."""
        at, end = int(self.marks[AT]), int(self.marks[END])
        forward = self.marks[DIRECTION] >= 0
        low, high = (int(self.marks[LOOP_START]), int(self.marks[LOOP_END])) if self.loop else (0, end)
        last = (end - 1) >> PAGE_BITS
        page = min(max(at, 0) >> PAGE_BITS, last)
        found = [page]
        start = min(max(int(self.marks[NEXT_START]), 0) >> PAGE_BITS, last)
        pinned = [0, low >> PAGE_BITS, start, min(start + 1, last), (high - 1) >> PAGE_BITS, last]
        for _ in range(AHEAD):
            page += 1 if forward else -1
            if self.loop and forward and page > (high - 1) >> PAGE_BITS:
                page = low >> PAGE_BITS
            elif self.loop and not forward and page < low >> PAGE_BITS:
                page = (high - 1) >> PAGE_BITS
            if not 0 <= page <= last:
                break
            found.append(page)
        behind = [min(max(found[0] + (-k if forward else k), 0), last) for k in (1, 2)]
        return list(dict.fromkeys([*found[:2], *pinned, *behind, *found[2:]]))

    def _read(self, first: int, length: int) -> np.ndarray:
        """Return frames of the streamed file, zeros where there are none."""
        values = np.zeros((length, self.channels), np.float32)
        try:
            if self._at != first:
                self._file.seek(min(max(first, 0), self._file.frames))
            block = self._file.read(length, dtype="float32", always_2d=True)
            self._at = first + len(block)
            values[: len(block)] = finite_samples(block)
            if len(block) < min(length, int(self.marks[END]) - first):
                self.problem = self.problem or "the file ends before the length that its header states"
        except RuntimeError as error:
            self._at = -1
            self.problem = f"reading the file failed: {error}".rstrip(".")
        return values

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def loop_points(settings: Any, frames: int, rate: float) -> tuple[int, int]:
    """Return the first frame of a loop and the frame after its last, from seconds; ``loop_end`` 0 is the end."""
    start = min(round(settings["loop_start"] * rate), frames - 1)
    end = min(round(settings["loop_end"] * rate) or frames, frames)
    return (start, end) if start < end else (0, frames)


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


class SoundHeader(NamedTuple):
    """The format of a sound file, and the problem with it or ""."""

    channels: int
    frames: int = 0
    rate: float = 0.0
    problem: str = ""


@lru_cache(maxsize=256)
def _header(path: str, changed: float) -> SoundHeader:
    try:
        with open_sound(Path(path)) as file:
            rate, frames, channels = file.samplerate, file.frames, file.channels
    except (OSError, RuntimeError):
        return SoundHeader(0, problem=f"'{Path(path).name}' is not a readable sound file. Convert it to WAV or FLAC.")
    if problem := rate_problem(rate):
        return SoundHeader(0, problem=f"'{Path(path).name}': {problem}")
    if frames == 0:
        return SoundHeader(0, problem=f"'{Path(path).name}' is empty.")
    return SoundHeader(channels, frames, float(rate))


def sound_header(path: str) -> SoundHeader:
    """Return the format of the sound file at ``path``; one channel and no frames if there is no file."""
    if not path or not Path(path).is_file():
        return SoundHeader(1)
    return _header(path, Path(path).stat().st_mtime)


def read_header(path: str) -> tuple[int, str]:
    """Return the channels of the sound file at ``path``, and the problem with it or ""."""
    header = sound_header(path)
    return header.channels, header.problem


def loop_problem(settings: Any) -> str:
    """Return why the loop of a block's settings does not fit its file, or ""."""
    header = sound_header(settings["file"])
    if header.problem or not header.frames:
        return header.problem
    seconds, start, end = header.frames / header.rate, settings["loop_start"], settings["loop_end"]
    if start >= seconds:
        return f"loop_start must lie before the end of the file, {seconds:.6g} s, got {start:.6g} s. Set it lower."
    if 0.0 < end <= start or (end and round(end * header.rate) <= round(start * header.rate)):
        return f"loop_end must lie after loop_start, {start:.6g} s, got {end:.6g} s. Set it higher, or 0 for the end."
    return ""


def depth_problem(file: str, depth: str) -> str:
    """Return why a recording of a file name cannot have a depth, or ""."""
    if depth == AUTO:
        return ""
    try:
        format_of(Path(file or "recording.wav"), depth)
    except SoundFileError as error:
        return str(error)
    return ""
