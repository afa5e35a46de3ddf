"""Figures of Herbert-Voss, Style transfer for audio on spectrograms (thesis, 2016)."""

from __future__ import annotations

SOURCE = "Herbert-Voss, Style transfer for audio on spectrograms (thesis, 2016)"
# Form → mean and standard deviation of the cross-correlation with the content, over seven mixtures.
CORRELATION = {"fold": (54.97, 0.19), "replicate": (53.39, 0.23), "split": (44.49, 9.83)}
# Seconds of each form.
SECONDS = {"fold": 5.0, "replicate": 2.5, "split": 2.5}
ORDER = ("fold", "replicate", "split")
