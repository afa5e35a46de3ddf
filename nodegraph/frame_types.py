"""Frame types: what a frame wire carries."""

from __future__ import annotations

from dataclasses import dataclass

EITHER = "magnitude or latent"  # what ports take that work on any real numbers; their outputs are what came in


@dataclass(frozen=True)
class FrameType:
    """Vectors of ``bins`` numbers (complex ones for a spectrum) every ``hop`` samples.

    ``size`` is the transform they come from, ``reference`` the sample of its window, counted from the end,
    that a frame stands for: 0 if it is as late as its last sample, size / 2 if it is centred.
    """

    kind: str
    bins: int
    size: int
    hop: int
    reference: int = 0

    def __str__(self) -> str:
        return f"{self.kind} frames of {self.bins} bins every {self.hop} samples"


def kinds_fit(gives: str, takes: str) -> bool:
    """Whether frames of one kind may go where others are taken, as far as the ports themselves say it."""
    return gives == takes or {gives, takes} in ({EITHER, "magnitude"}, {EITHER, "latent"})
