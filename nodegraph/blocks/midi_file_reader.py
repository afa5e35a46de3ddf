"""The helper of the block ``midi_file``: a MIDI file as arrays for its ``block``."""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np

from nodegraph.midi.files import MidiFileError, MidiScore, read_midi_file

from .helper import HelperContext

# Marks: length in samples, channels as bits, and a checksum that identifies the piece.
LENGTH, CHANNELS, PIECE = range(3)


class MidiFileReader:
    """A MIDI file as arrays: the sample of each message, and the messages as words (first byte lowest)."""

    array_types = {"times": "i8", "messages": "i8", "marks": "i8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = ""
        self.times = self.messages = np.zeros(0, np.int64)
        self.marks = np.zeros(3, np.int64)
        path = context.settings["file"]
        if path:
            try:
                self._set_score(read_midi_file(Path(path)), context.rate)
            except MidiFileError as error:  # removed or damaged since ``midi_file_problem`` read it
                self.problem = str(error).rstrip(".")
        self.arrays = {"times": self.times, "messages": self.messages, "marks": self.marks}

    def _set_score(self, score: MidiScore, rate: float) -> None:
        timed = [(sample, bytes(message.bytes())) for sample, message in score.at_rate(rate)]
        played = [(sample, message) for sample, message in timed if message[0] < 0xF0]
        self.times = np.array([sample for sample, _ in played], np.int64)
        self.messages = np.array([int.from_bytes(message, "little") for _, message in played], np.int64)
        self.marks[LENGTH] = max(round(score.seconds * rate), 1)
        for _, message in played:
            self.marks[CHANNELS] |= 1 << (message[0] & 0x0F)
        self.marks[PIECE] = zlib.crc32(self.times.tobytes() + self.messages.tobytes())
        self.problem = " ".join(score.problems).rstrip(".")

    def service(self) -> None:
        """Do nothing: the piece is in memory."""

    def close(self) -> None:
        """Do nothing: the file is closed."""


def midi_file_problem(path: str) -> str:
    """Return why a file cannot be played, or "" if it can or does not exist."""
    if not path or not Path(path).is_file():
        return ""
    return _problem(path, Path(path).stat().st_mtime)


@lru_cache(maxsize=256)
def _problem(path: str, changed: float) -> str:
    try:
        read_midi_file(Path(path))
    except MidiFileError as error:
        return str(error)
    return ""
