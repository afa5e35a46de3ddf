"""Sound files: reading them whole or in pieces at the engine's rate, and writing them safely."""

from __future__ import annotations

from pathlib import Path

import numpy as np


class SoundFileError(Exception):
    """A sound file that cannot be read or written; one line says why."""


def read_sound(path: Path, rate: float) -> np.ndarray:
    """A whole file as float32 (samples, channels), resampled to ``rate`` Hz. Raises SoundFileError."""
    import soundfile

    if not path.is_file():
        what = "is a folder" if path.is_dir() else "is no file" if path.exists() else "there is no such file"
        raise SoundFileError(f"{path}: {what}. Name a sound file.")
    try:
        values, own_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise SoundFileError(f"{path}: not a sound file that can be read ({_reason(error)}).") from None
    if len(values) == 0:
        raise SoundFileError(f"{path}: the sound file is empty.")
    values = np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0)
    if own_rate != rate:
        import soxr

        values = soxr.resample(values, own_rate, rate, quality="HQ")
    return values


def write_sound(path: Path, values: np.ndarray, rate: float) -> None:
    """Write float32 (samples, channels), whole or not at all. Raises SoundFileError."""
    import soundfile

    kind = path.suffix.lower().lstrip(".").upper() or "WAV"
    if kind not in soundfile.available_formats():
        raise SoundFileError(f"{path}: files of kind '{path.suffix}' cannot be written. Use .wav or .flac.")
    beside = path.with_name(f".{path.name}.part")
    subtype = "FLOAT" if kind == "WAV" else None
    try:
        soundfile.write(beside, values, round(rate), subtype=subtype, format=kind)
        beside.replace(path)
    except (OSError, RuntimeError) as error:
        beside.unlink(missing_ok=True)
        raise SoundFileError(f"{path}: could not be written ({_reason(error)}).") from None


def _reason(error: Exception) -> str:
    text = str(error).strip().rstrip(".").splitlines()[0] if str(error).strip() else type(error).__name__
    return text.rpartition(": ")[2] if "Error opening" in text else text
