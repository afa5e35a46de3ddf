"""Recording to a sound file that is playable up to the last write, however the recording ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .sound_file import SoundFileError, reason_of
from .sound_output import SUBTYPES, kind_of, write_chunks


class RecordingFile:
    """A recording at ``path``, or at ``take-2.wav`` … if that exists; no file is overwritten.

    The file is created with the first samples. A full disk ends the recording and sets ``problem``; no method raises.
    """

    def __init__(self, path: Path, rate: float, channels: int) -> None:
        self.path: Path | None = None
        self.problem = ""
        self._requested_path, self._rate, self._channels = path, rate, channels
        self._file: Any = None

    def write(self, block: np.ndarray) -> None:
        """Append samples of shape (samples, channels)."""
        if self.problem or len(block) == 0:
            return
        import soundfile

        try:
            if self._file is None:
                path = unused_path(self._requested_path)
                kind = kind_of(path, self._rate)
                subtype = SUBTYPES.get(kind)
                self._file = soundfile.SoundFile(path, "w", round(self._rate), self._channels, subtype, format=kind)
                self.path = path
            write_chunks(self._file, block)
            self._file.flush()
        except SoundFileError as error:
            self.problem = f"nothing is recorded: {error}".rstrip(".")
        except (OSError, RuntimeError, ValueError, TypeError) as error:
            reason = reason_of(error, self._requested_path.parent)
            playable = "; the samples written before are playable" if self.path else ""
            self.problem = f"the recording has ended ({reason}){playable}"
            self.close()

    def close(self) -> None:
        """Finish the file."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except RuntimeError as error:
                self.problem = self.problem or str(error)


def unused_path(path: Path) -> Path:
    """Return ``take.wav``, or the first of ``take-2.wav`` … that does not exist."""
    number, unused = 2, path
    while unused.exists():
        unused = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return unused
