"""Playback of spectrogram files as frames."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from nodegraph.frame_types import FrameType
from nodegraph.maths import clip, lerp, read_double
from nodegraph.node import Choice, Example, FrameOut, Helper, In, Node, Option, State
from nodegraph.spectral.spectrogram_file import SCALES, SpectrogramError, SpectrogramHints, read_spectrogram

AS_FILE = "as_file"


@lru_cache(maxsize=4)
def _read(file, changed, size, hop, scale, range):
    return read_spectrogram(
        Path(file), SpectrogramHints(size or None, hop or None, None, None if scale == AS_FILE else scale, None, range)
    )


def spectrogram_of(settings, size, hop):
    """Return the spectrogram of a player, or None if it has no file."""
    file = settings["file"]
    if not file:
        return None
    changed = Path(file).stat().st_mtime_ns if Path(file).exists() else 0
    return _read(file, changed, size, hop, settings["scale"], settings["range"])


class SpectrogramFrames:
    """The frames of a spectrogram, in memory shared with the player block."""

    array_types = {"samples": "f4", "marks": "i8"}

    def __init__(self, context):
        self.problem = ""
        settings = context.settings
        found = spectrogram_of(settings, settings["size"], settings["hop"])
        frames = found.magnitudes.T if found else np.zeros((1, settings["bins"]), np.float32)
        self.samples = np.ascontiguousarray(frames.ravel())
        self.marks = np.array([len(frames)], np.int64)
        self.arrays = {"samples": self.samples, "marks": self.marks}

    def service(self):
        pass

    def close(self):
        pass


class SpectrogramPlayer(Node):
    """Plays a spectrogram: a NumPy array (.npy, .npz) or an image, low frequencies at the bottom.

    Each hop advances by ``speed`` frames of the file: below 1 is a time stretch, 0 holds a frame. Between frames
    ``x = (1-t) x[i] + t x[i+1]``. White is a full-scale sine. To hear it, add a block that reconstructs phase.
    """

    words = (
        "play image, image to sound, image, picture, spectrogram, MetaSynth, sonify, sonification, draw sound, photo, "
        "ANS, UPIC, Bild, image synth, numpy, npy, paint"
    )
    example = Example(silent="It plays a picture of a spectrum, which you choose.")

    speed = In(1.0, unit="ratio", min=0.0, max=16.0, doc="frames of the file per hop; 1 is the original speed")
    file = Option("", kind="file", doc="spectrogram, in the patch's folder")
    size = Option(0, unit="samples", min=0, max=65536, doc="transform size; 0 takes it from the file")
    hop = Option(0, unit="samples", min=0, max=65536, doc="distance between frames; 0: from the file, or size / 4")
    range = Option(80.0, unit="dB", min=1.0, max=300.0, doc="level range from black to white in an image")
    scale = Choice(AS_FILE, *SCALES, doc="scale of the values: |X|, dB, ln |X| or |X|²")
    loop = Option(True, doc="repeat from the start at the end")
    magnitude = FrameOut("magnitude", doc="magnitudes of the file")
    at = State()
    reader = Helper(SpectrogramFrames)

    def frame(speed, loop, at, magnitude, bins, samples, marks):
        frames = marks[0]
        here = at[0]
        ended = 0.0
        if here >= frames:
            if loop:
                here -= frames * float(int(here / frames))
            else:
                ended = 1.0
        whole = min(int(here), frames - 1)
        after = whole + 1
        if after >= frames:
            after = 0 if loop else frames - 1
        t = min(here - whole, 1.0)
        gain = 1.0 - ended
        for k in range(bins):
            magnitude[k] = gain * lerp(
                read_double(samples, whole * bins + k), read_double(samples, after * bins + k), t
            )
        at[0] = min(here + clip(speed, 0.0, 1e6), 1e15)

    def frames(inputs, settings):
        size, hop = settings["size"], settings["hop"]
        if size & (size - 1) or 0 < size < 8:
            raise ValueError(f"size must be 0 or a power of two of at least 8, got {size}.")
        found = None
        try:
            found = spectrogram_of(settings, size, hop)
        except SpectrogramError:
            pass  # ``check`` reports the error
        size = found.size if found else size or 2048
        hop = found.hop if found else hop or size // 4
        return {"magnitude": FrameType("magnitude", size // 2 + 1, size, hop)}

    def check(settings):
        try:
            spectrogram_of(settings, settings["size"], settings["hop"])
        except (SpectrogramError, OSError) as error:
            return str(error).rstrip(".")
        return ""
