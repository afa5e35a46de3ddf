"""A helper that holds a whole sound file in memory, at its own rate."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import SoundFileError, finite_samples, read_samples

from .helper import HelperContext

MAX_LENGTH = 1 << 26  # samples of all channels: 12 minutes of stereo

# Marks: frames and channels; no frames if there is no file.
FRAMES, CHANNELS = range(2)


def shortened(values: np.ndarray) -> tuple[np.ndarray, str]:
    """Return the start of a sound (frames, channels) that may be held in memory, and the problem if it is not all."""
    if values.size <= MAX_LENGTH:
        return values, ""
    return values[: MAX_LENGTH // values.shape[1]], "the file is too long; its end is left out. Shorten it"


class FileInMemory:
    """The samples of the file of a block, interleaved, and ``rates``: frames of the file per engine sample."""

    array_types = {"samples": "f4", "marks": "i8", "rates": "f8"}

    def __init__(self, context: HelperContext) -> None:
        self.problem = ""
        values, rate = np.zeros((0, 1), np.float32), context.rate
        path = context.settings["file"]
        if path:
            try:
                values, rate = read_samples(Path(path))
            except SoundFileError as error:  # removed or damaged since it was checked
                self.problem = str(error).rstrip(".")
        values, too_long = shortened(values)
        self.problem = self.problem or too_long
        samples = finite_samples(values).ravel() if values.size else np.zeros(1, np.float32)
        self.arrays = {
            "samples": np.ascontiguousarray(samples, np.float32),
            "marks": np.array(values.shape, np.int64),
            "rates": np.array([rate / context.rate]),
        }

    def service(self) -> None:
        """Do nothing: the sound is in memory."""

    def close(self) -> None:
        """Do nothing: the file is closed."""
