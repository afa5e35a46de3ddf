"""Mixtures beside the audio thread: two sounds, recorded or read from files, and what ``nodegraph mix`` makes of them.

The command runs in a process of its own with a low priority, so that it cannot disturb the sound. Finished mixtures are
stored in the user's cache: the same sounds and settings are mixed once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from nodegraph.files.atomic import PREFIX, SUFFIX, remove_leftovers
from nodegraph.files.folders import cache_folder
from nodegraph.files.sound_file import SoundFileError, read_sound
from nodegraph.files.sound_output import write_sound
from nodegraph.models.torch_import import torch_problem
from nodegraph.processes.python_child import python_command, python_environment
from nodegraph.version import __version__

from .background_worker import BackgroundWorker
from .helper import HelperContext
from .sound_streaming import read_header

PREVIEW, FULL = "preview", "full"
NICE = 10  # priority of the command below that of the program
SETTLING = 0.3  # seconds before the command starts: a slider that is dragged makes a new worker at each step
POLL = 0.05  # seconds between two checks of a running command
FADE_SECONDS = 0.01
KEPT = 64  # mixtures in the cache

CONTENT, STYLE, FIRST, SECOND = range(4)  # sounds: a new mixture replaces the one that is not heard
NOTHING = -1
# Marks, written by the kernel
RECORDED = 0  # samples recorded so far
REQUEST = 1  # recordings completed
# Marks, written by the worker
MIXTURE = 2  # the mixture to play: FIRST, SECOND or NOTHING
LENGTH = 3  # of the four sounds, in samples
# Constants
CAPACITY = 7  # samples of a sound
FADE = 8  # samples of a crossfade
MARKS = 9

SOUND_FILES = ("content_file", "style_file")
COMMAND = python_command("-m", "nodegraph", "mix", "content.wav", "style.wav", "-o", "mixture.wav", "--progress")
CHECKPOINT = "mixture.wav.checkpoint"  # of the command, to continue a mixture whose process was killed
MAX_STARTS = 5  # of a command that is killed again and again
PREVIEW_OPTIONS = ["--preview"]
PREVIEW_SECONDS = 5.0  # of sound: a mixture of as many is made about as fast


def mixture_problem(settings: Mapping[str, Any]) -> str:
    """Return why a mixture cannot be made, or ""."""
    for name in SOUND_FILES:
        if problem := read_header(settings[name])[1]:
            return problem.rstrip(".")
    return torch_problem()


class MixtureWorker(BackgroundWorker):
    """A worker that mixes the two sounds of its block: long ones first as a preview, then as the settings say."""

    array_types = {"heard": "f4", "sounds": "f4", "done": "f8", "marks": "i8"}
    kind, frames, size = "magnitude", 256, 512  # of the picture of the mixture

    def __init__(self, context: HelperContext) -> None:
        self._settings, self._rate, self._realtime = context.settings, context.rate, context.realtime
        capacity = round(self._settings["seconds"] * self._rate)
        self._heard, self._sounds = (np.empty((count, context.lanes, capacity), np.float32) for count in (2, 4))
        for array in (self._heard, self._sounds):
            array.fill(0.0)  # page faults must not happen in the audio thread
        self.done, self.marks = np.zeros(1), np.zeros(MARKS, np.int64)
        self.marks[MIXTURE], self.marks[CAPACITY] = NOTHING, capacity
        self.marks[FADE] = min(round(FADE_SECONDS * self._rate), capacity // 4)
        self.arrays = {
            "heard": self._heard.ravel(),
            "sounds": self._sounds.ravel(),
            "done": self.done,
            "marks": self.marks,
        }
        self.problem = ""
        self.hop = max(capacity // self.frames, 1)
        self._pictured: tuple[int, int] = (NOTHING, 0)
        self._picture = np.zeros((self.frames, self.size // 2 + 1), np.float32)
        self._answered = 0
        self.start(f"mixture-{context.node}", context)

    def load(self) -> bool:
        """Read the files and mix them, if there are two."""
        for sound, name in enumerate(SOUND_FILES):
            if self._settings[name]:
                try:
                    self._place(sound, read_sound(Path(self._settings[name]), self._rate))
                except SoundFileError as error:
                    self.problem = str(error).rstrip(".")
                    return False
        if not (self._realtime and self._stop.wait(SETTLING)):
            self._mix()
        return True

    def process_pending(self) -> bool:
        """Mix what was recorded since the last call."""
        request = int(self.marks[REQUEST])
        if request == self._answered:
            return True
        self._answered = request
        for sound, name in enumerate(SOUND_FILES):
            if not self._settings[name]:
                self._place(sound, self._heard[sound, :, : self.marks[RECORDED]].T)
        self._mix()
        return True

    def latest(self, count: int) -> np.ndarray:
        """Return the spectrogram of the mixture, of the content until there is one: float32 (count, size / 2 + 1)."""
        sound = int(self.marks[MIXTURE]) if self.marks[MIXTURE] != NOTHING else CONTENT
        if (sound, self.marks[LENGTH + sound]) != self._pictured:
            self._pictured = (sound, int(self.marks[LENGTH + sound]))
            samples = np.zeros(self.frames * self.hop + self.size, np.float32)
            samples[: self._pictured[1]] = self._sounds[sound, :, : self._pictured[1]].mean(axis=0)
            frames = np.lib.stride_tricks.sliding_window_view(samples, self.size)[:: self.hop][: self.frames]
            self._picture = np.abs(np.fft.rfft(frames * np.hanning(self.size), axis=1)).astype(np.float32)
        return self._picture[-count:]

    def _place(self, sound: int, samples: np.ndarray) -> None:
        """Make ``samples`` (samples, channels) one of the sounds that can be heard, cut to the capacity.

        Unless there are as many channels as lanes, each lane gets their mean.
        """
        length = min(len(samples), int(self.marks[CAPACITY]))
        lanes = self._sounds.shape[1]
        channels = samples[:length].T
        self._sounds[sound, :, :length] = channels if len(channels) == lanes else channels.mean(axis=0)
        self.marks[LENGTH + sound] = length

    def _mix(self) -> None:
        """Mix the two sounds, and make the result the one that is heard."""
        content, style = (self._sounds[sound, :, : self.marks[LENGTH + sound]].T for sound in (CONTENT, STYLE))
        if not content.size or not style.size:
            return
        self.problem, self.done[0] = "", 0.0
        qualities = [self._settings["quality"]]
        is_long = len(content) > PREVIEW_SECONDS * self._rate
        if self._realtime and qualities == [FULL] and is_long and not self._cached(content, style, FULL).is_file():
            qualities = [PREVIEW, FULL]
        for quality in qualities:
            path = self._cached(content, style, quality)
            try:
                if not path.is_file() and not self._run(content, style, quality, path):
                    return
                found = read_sound(path, self._rate)
            except (OSError, SoundFileError) as error:
                self.problem = f"the mixture failed ({str(error).rstrip('.')})"
                return
            free = SECOND if self.marks[MIXTURE] == FIRST else FIRST
            self._place(free, found)
            self.marks[MIXTURE] = free
            self.done[0] = 1.0

    def _options(self, quality: str) -> list[str]:
        """Return the options of ``nodegraph mix`` for the settings of the block."""
        seconds, weight = (repr(float(self._settings[name])) for name in ("seconds", "style_weight"))
        options = ["--seconds", seconds, "--style-weight", weight]
        return options + PREVIEW_OPTIONS if quality == PREVIEW else options

    def _cached(self, content: np.ndarray, style: np.ndarray, quality: str) -> Path:
        """Return the path of a mixture in the cache."""
        found = hashlib.sha256(repr((self._options(quality), self._rate, content.shape, __version__)).encode())
        for sound in (content, style):
            found.update(sound.tobytes())
        return cache_folder("mixtures") / f"{found.hexdigest()[:32]}.wav"

    def _run(self, content: np.ndarray, style: np.ndarray, quality: str, path: Path) -> bool:
        """Write the mixture to a file. Return False if it failed, with a problem, or was stopped."""
        cache = path.parent
        cache.mkdir(parents=True, exist_ok=True)
        remove_leftovers(cache)
        with tempfile.TemporaryDirectory(SUFFIX, PREFIX, cache) as name:
            folder = Path(name)
            for file, sound in (("content.wav", content), ("style.wav", style)):
                write_sound(folder / file, sound, self._rate)
            with (folder / "progress").open("w+") as progress, (folder / "errors").open("w+") as errors:
                for _ in range(MAX_STARTS):
                    resume = ["--resume"] if (folder / CHECKPOINT).is_file() else []
                    command = [*COMMAND, *self._options(quality), *resume]
                    status = self._run_command(command, folder, progress, errors)
                    if status is None:
                        return False
                    if status >= 0:  # else it was killed
                        break
                reason = _last_line(errors)
            if status:
                reason = reason.removeprefix("error: ") or f"exit status {status}"
                self.problem = f"the mixture failed ({reason.rstrip('.')})"
                return False
            os.replace(folder / "mixture.wav", path)
        for old in sorted(cache.glob("*.wav"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
        return True

    def _run_command(self, command: list[str], folder: Path, progress: TextIO, errors: TextIO) -> int | None:
        """Return the exit status of a command, negative if it was killed, or None if it was stopped here."""
        process = subprocess.Popen(
            command, cwd=folder, env=python_environment(), stdin=subprocess.DEVNULL, stdout=progress, stderr=errors
        )
        try:
            finished = self._follow(process, progress)
        finally:
            process.kill()  # after Ctrl-C; one that has ended is left alone
            process.wait()
        return process.returncode if finished else None

    def _follow(self, process: subprocess.Popen[bytes], progress: TextIO) -> bool:
        """Show the progress of a process until it ends. Return False if it was stopped before."""
        with suppress(AttributeError, OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        while process.poll() is None:
            if self._stop.wait(POLL) or self.marks[REQUEST] != self._answered:
                return False
            if (percentage := _last_line(progress).removesuffix("%")).isdecimal():
                self.done[0] = int(percentage) / 100.0
        return True


def _last_line(file: TextIO) -> str:
    """Return the last complete line of a file that another process appends to, or ""."""
    file.seek(0)
    lines = file.read().rpartition("\n")[0].splitlines()
    return lines[-1] if lines else ""
