"""Time stretching: the file at speed 1, channels, and strokes at half speed, beside Rubber Band R3."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from tests.rendering import patch_of

from ..peers.base import ROOT
from . import peers
from .measure import Array, render, rise_times

TITLE = "stretch_player"
HEADINGS = ["measure", "file", "nodegraph", "Rubber Band R3"]
LATE = 4096 // 2 + 512  # samples by which the middle of the first window is later than the start


def stretched(sound: Array, rate: float, speed: float) -> Array:
    with TemporaryDirectory() as folder:
        soundfile.write(Path(folder) / "sound.wav", sound, round(rate), subtype="FLOAT")
        patch = patch_of(inverse="inverse_stft", out="audio_out")
        patch.save(Path(folder) / "patch.json")
        patch.add("stretch_player", id="player", file="sound.wav", loop=False, speed=speed)
        patch.connect("player.spectrum", "inverse.spectrum")
        patch.connect("inverse.out", "out.audio")
        return render(patch, len(sound) / rate / speed + 0.1, rate=rate, aligned=False)[LATE:]


def rows() -> list[list[str]]:
    found = []
    for path in sorted((ROOT / "patches" / "audio").glob("*.flac")):
        sound, rate = soundfile.read(path, always_2d=True)
        same = stretched(sound, rate, 1.0)
        middle = slice(4096, min(len(same), len(sound)) - 8192)
        error = same[middle] - sound[middle]
        snr = 10 * np.log10((sound[middle] ** 2).sum() / max((error**2).sum(), 1e-30))
        found.append([f"{path.stem}: signal to error at speed 1, dB", "", f"{snr:.0f}", ""])
        before = rise_times(sound, rate)
        if len(before) >= 4:
            other = peers.rubberband(sound, rate, 2.0)
            cells = [f"{path.stem}: rise of strokes at half speed, ms", f"{np.median(before):.1f}"]
            cells.append(f"{np.median(rise_times(stretched(sound, rate, 0.5), rate)):.1f}")
            found.append([*cells, "" if other is None else f"{np.median(rise_times(other, rate)):.1f}"])
    mono = sound.mean(axis=1)
    noisy = np.column_stack([mono, mono + 1e-5 * np.random.default_rng(0).normal(size=len(mono))])
    other = peers.rubberband(noisy, rate, 2.0)
    ours = stretched(noisy, rate, 0.5)[rate // 5 :]
    label = "correlation of two equal channels, one with noise at -100 dB, at half speed"
    theirs = "" if other is None else f"{np.corrcoef(other[rate // 5 :].T)[0, 1]:.5f}"
    found.append([label, f"{np.corrcoef(noisy.T)[0, 1]:.5f}", f"{np.corrcoef(ours.T)[0, 1]:.5f}", theirs])
    return found
