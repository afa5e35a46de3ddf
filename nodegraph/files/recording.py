"""A take: a sound file that is being recorded. Whatever ends it, what was written is playable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .sound_file import reason_of


class RecordingFile:
    """A recording at ``path``, or at ``take-2.wav`` … where that exists: it never overwrites another.

    The file appears with the first samples. A full disk ends the take and sets ``problem``; it never raises.
    """

    def __init__(self, path: Path, rate: float, channels: int) -> None:
        self.path: Path | None = None
        self.problem = ""
        self._wanted, self._rate, self._channels = path, rate, channels
        self._file: Any = None

    def write(self, block: np.ndarray) -> None:
        """Append (samples, channels)."""
        if self.problem or len(block) == 0:
            return
        import soundfile

        try:
            if self._file is None:
                path = unused_path(self._wanted)
                subtype = "FLOAT" if path.suffix.lower() == ".wav" else None
                self._file = soundfile.SoundFile(path, "w", round(self._rate), self._channels, subtype=subtype)
                self.path = path
            self._file.write(block)
            self._file.flush()
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            reason = reason_of(error, self._wanted.parent)
            kept = "; what was written before is playable" if self.path else ""
            self.problem = f"the recording has ended ({reason}){kept}"
            self.close()

    def close(self) -> None:
        """Finish the file, so that it is whole."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except RuntimeError as error:
                self.problem = self.problem or str(error)


def unused_path(path: Path) -> Path:
    """``take.wav``, or ``take-2.wav`` … where that exists."""
    number, free = 2, path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
