"""Frame types: the kind, size and clock of the vectors on a frame wire."""

from __future__ import annotations

from dataclasses import dataclass

EITHER = "magnitude or latent"  # kind of ports for any real numbers; outputs have the kind of the input


@dataclass(frozen=True)
class FrameType:
    """The type of a frame wire: vectors of ``bins`` numbers (complex for a spectrum) every ``hop`` samples.

    ``size`` is the size of the transform in samples. ``reference`` is the position in the window that a frame
    describes, in samples from its end: 0 for the last sample, size / 2 for the centre. ``window`` is the window of the
    analysis, "" if it is unknown.
    """

    kind: str
    bins: int
    size: int
    hop: int
    reference: int = 0
    window: str = ""

    def __str__(self) -> str:
        return f"{self.kind} frames of {self.bins} bins every {self.hop} samples"


def kinds_fit(gives: str, takes: str) -> bool:
    """Return whether frames of kind ``gives`` may be wired to a port of kind ``takes``."""
    return gives == takes or {gives, takes} in ({EITHER, "magnitude"}, {EITHER, "latent"})


def check_transform_size(size: int) -> None:
    """Raise ValueError if a transform size is not a power of two."""
    if size & (size - 1):
        raise ValueError(f"size must be a power of two, got {size}. Set it to {1 << (size.bit_length() - 1)}.")


def check_window(frames: FrameType, window: str) -> None:
    """Raise ValueError if ``window`` is not that of the analysis of ``frames``."""
    if frames.window and frames.window != window:
        raise ValueError(f"window must be that of its frames, {frames.window}, got {window}. Set both to the same.")
