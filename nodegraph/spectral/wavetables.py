"""Wavetables: cycles of a wave, each at many levels with fewer and fewer harmonics.

A table is an array of numbers: cycles, levels per octave, then the rows by cycle and level. A row is one cycle, which
ends with its first sample repeated. Level k keeps the harmonics up to ``HARMONICS 2^(-k / levels per octave)``. With
one level per octave, harmonics of the highest octave come and go as the pitch moves, so that small tables have eight.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from nodegraph.files.sound_file import SoundFileError, read_samples
from nodegraph.files.sound_opening import open_sound

LENGTH = 2048  # samples of a row, without the repeated one
HARMONICS = 512
OCTAVES = 9  # of levels: the last has one harmonic
HEADER = 2
MAX_CYCLES = 256
MAX_LEVELS = 160  # of all cycles together in each octave: 13 MB


def levels_per_octave(cycles: int) -> int:
    """Return the levels per octave of a table: 8 for up to 20 cycles, 1 for more than 80."""
    return int(2 ** np.clip(np.floor(np.log2(MAX_LEVELS / cycles)), 0, 3))


def wavetable(bins: np.ndarray) -> np.ndarray:
    """Return the table, float32, of cycles with these harmonics, complex (cycles, up to HARMONICS), from the first on.

    A harmonic of 1 is a cosine of amplitude 1. A single cycle is stored twice.
    """
    bins = np.concatenate([bins, bins]) if len(bins) == 1 else bins
    per_octave = levels_per_octave(len(bins))
    numbers = np.arange(1, bins.shape[1] + 1)
    table = np.zeros((len(bins), OCTAVES * per_octave + 1, LENGTH + 1), np.float32)
    for level in range(table.shape[1]):
        spectrum = np.zeros((len(bins), LENGTH // 2 + 1), complex)
        kept = numbers * 2.0 ** (level / per_octave) <= HARMONICS * (1 + 1e-9)
        spectrum[:, 1 : len(numbers) + 1] = np.where(kept, bins, 0.0) * (LENGTH / 2)
        table[:, level, :LENGTH] = np.fft.irfft(spectrum, axis=1)
    table[:, :, LENGTH] = table[:, :, 0]
    return np.concatenate([np.array([len(bins), per_octave], np.float32), table.ravel()])


@lru_cache(maxsize=8)
def _read(path: Path, cycle: int, changed: Any) -> np.ndarray:
    """Return the harmonics of a file; it is opened again only when it has ``changed``, or could not be read."""
    try:
        with open_sound(path) as file:
            cycles = max(file.frames // cycle, 1)
    except (OSError, RuntimeError):
        cycles = 1  # the error is reported when it is read
    if cycles > MAX_CYCLES:
        rule = f"a wavetable has at most {MAX_CYCLES} cycles, this file has {cycles} of {cycle} samples"
        raise SoundFileError(f"{path.name}: {rule}. Set cycle, or cut the file.")
    sound, _ = read_samples(path)
    mono = sound.mean(axis=1, dtype=np.float64)
    length = min(cycle, len(mono))
    waves = mono[: len(mono) // length * length].reshape(-1, length)
    bins = np.fft.rfft(waves, axis=1)[:, 1 : HARMONICS + 1] * (2 / length)
    if length % 2 == 0 and bins.shape[1] == length // 2:
        bins = bins[:, :-1]  # half the sample rate has no phase
    largest = np.abs(waves - waves.mean(axis=1, keepdims=True)).max()
    return bins / largest if largest > 0 else bins


def harmonics_of_file(settings: Mapping[str, Any]) -> np.ndarray:
    """Return the harmonics, complex (cycles, harmonics), of a block's ``file`` with cycles of ``cycle`` samples.

    Their largest sample is 1, without DC. A file shorter than that is one cycle; an incomplete last cycle is left out.
    Raises SoundFileError.
    """
    return _read(Path(settings["file"]), int(settings["cycle"]), settings.get("file_changed"))


def file_problem(settings: Mapping[str, Any]) -> str:
    """Return why a block's ``file`` is not a wavetable, or ""."""
    if not settings["file"]:
        return ""
    try:
        harmonics_of_file(settings)
    except SoundFileError as error:
        return str(error)
    return ""
