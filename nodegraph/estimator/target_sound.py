"""The sound to be matched: read from a file, or given as samples, and brought to the length and rate of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nodegraph.files.sound_file import read_samples, resampled
from nodegraph.measures.level import level_of
from nodegraph.measures.mono import mono_of

FULL_SCALE = 0.999, 1.0001  # peaks of sounds that may be clipped
CLIPPED_RUN = 3  # adjacent samples at full scale that count as clipping
STEP = 0.01  # seconds between possible starts of a section
RISE = 0.03  # seconds before and after a start whose levels are compared
LARGEST_RISE = 20.0  # dB; an onset counts as much as this difference in level


@dataclass(frozen=True)
class TargetSound:
    """Samples, float32 (samples,) at the requested rate, and notes for the user on how they were obtained."""

    samples: np.ndarray
    notes: tuple[str, ...] = ()


def read_target(path: Path, seconds: float, rate: float) -> TargetSound:
    """Return ``seconds`` of a sound file at ``rate`` Hz. Raises UnusableSoundError or SoundFileError."""
    values, file_rate = read_samples(path)
    return target_of(values, file_rate, seconds, rate, path.name)


def target_of(
    sound: np.ndarray, sound_rate: float, seconds: float, rate: float, name: str = "the sound"
) -> TargetSound:
    """Return a section of a sound, (samples,) or (samples, channels) at ``sound_rate`` Hz: ``seconds`` at ``rate`` Hz.

    Channels are averaged. A shorter sound is continued with silence; of a longer one, the section is that which starts
    with a loud onset. Raises UnusableSoundError as ``mono_of`` does.
    """
    sound = np.asarray(sound, np.float32)
    whole = mono_of(sound, sound_rate, name)
    channels = np.atleast_2d(sound.T)
    notes = []
    if is_clipped(channels):
        notes.append(f"{name} is clipped; the match will contain its distortion")
    if len(channels) > 1:
        notes.append(f"{name} has {len(channels)} channels; their mean is used")
    mono = resampled(whole.samples, sound_rate, rate)
    samples = round(seconds * rate)
    if len(mono) < samples:
        notes.append(f"{name} lasts {len(mono) / rate:.3g} s; it is followed by silence up to {seconds:g} s")
        mono = np.pad(mono, (0, samples - len(mono)))
    elif len(mono) > samples + round(STEP * rate):
        start = _section(mono, samples, rate)
        notes.append(f"{name} lasts {len(mono) / rate:.4g} s; {seconds:g} s from {start / rate:.2f} s on are used")
        mono = mono[start:]
    return TargetSound(np.ascontiguousarray(mono[:samples], np.float32), tuple(notes))


def at_level_within(target: TargetSound, lowest: float, highest: float) -> TargetSound:
    """Return a target whose RMS lies in ``lowest``–``highest`` dBFS: the same one, or one with a gain and a note."""
    level = float(level_of(target.samples[None])[0])
    gain = min(max(level, lowest), highest) - level
    if gain == 0.0:
        return target
    note = f"the patch cannot be so {'quiet' if gain > 0.0 else 'loud'}; the sound is compared at {gain:+.1f} dB"
    return TargetSound(target.samples * np.float32(10.0 ** (gain / 20.0)), (*target.notes, note))


def is_clipped(channels: np.ndarray) -> bool:
    """Return whether several adjacent samples of a channel (channels, samples) are at full scale."""
    levels = np.abs(channels)
    peak = levels.max()
    if not FULL_SCALE[0] <= peak <= FULL_SCALE[1]:
        return False
    at_limit = levels >= FULL_SCALE[0] * peak
    runs = at_limit[:, : at_limit.shape[1] - CLIPPED_RUN + 1].copy()
    for shift in range(1, CLIPPED_RUN):
        runs &= at_limit[:, shift : shift + runs.shape[1]]
    return bool(runs.any())


def _section(mono: np.ndarray, samples: int, rate: float) -> int:
    """Return the first sample of the section that is loudest and starts with the steepest rise in level."""
    step = max(round(STEP * rate), 1)
    whole = len(mono) // step
    energy = np.concatenate(
        [[0.0], np.cumsum((mono[: whole * step].reshape(whole, step).astype(np.float64) ** 2).sum(1))]
    )
    near = max(round(RISE / STEP), 1)
    starts = np.arange(whole - samples // step + 1)
    loud = _decibels(energy[starts + samples // step] - energy[starts])
    after = _decibels(energy[np.minimum(starts + near, whole)] - energy[starts])
    before = _decibels(energy[starts] - energy[np.maximum(starts - near, 0)])
    return int(np.argmax(loud + np.clip(after - before, 0.0, LARGEST_RISE))) * step


def _decibels(energy: np.ndarray) -> np.ndarray:
    decibels: np.ndarray = 10.0 * np.log10(np.maximum(energy, 1e-7))
    return decibels
