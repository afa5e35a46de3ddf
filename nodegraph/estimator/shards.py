"""Shards of a data set: one safetensors file with features and labels, and a folder of sounds if requested.

The bytes of a shard are a function of the settings and its number. A shard file is complete or absent: it is written
atomically, after its sounds.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nodegraph.files.atomic import create_folder
from nodegraph.files.safetensors import TensorFileError, map_arrays, write_arrays

from .dataset_settings import DatasetError, DatasetSettings
from .examples import examples
from .features import log_mel, stft_magnitudes
from .parameters import to_classes
from .rendering import BatchRenderer

BATCH = 512  # examples rendered and analysed together
HINT = "Free some disk space or choose another folder, and run the command again; complete shards are kept."


def make_rows(settings: DatasetSettings, renderer: BatchRenderer, rows: Sequence[int]) -> dict[str, np.ndarray]:
    """Return examples by row, without storing anything.

    ``"features"``: float16, log-mel (N, frames, 64) in dB or STFT magnitudes (N, frames, 257), or for the audio forms
    ``"sounds"``: float32 (N, samples). ``"values"``: float64 (N, P) in the units of the ports. ``"classes"``: uint8
    (N, P), int64 if a parameter has more than 256. Raises SilentPatchError.
    """
    sounds, values = examples(renderer, settings.parameters, settings.seed, rows, settings.only_classes)
    largest = max(len(parameter.classes()) for parameter in settings.parameters)
    classes = to_classes(settings.parameters, values).astype(np.uint8 if largest <= 256 else np.int64)
    if settings.is_audio:
        return {"sounds": sounds, "values": values, "classes": classes}
    found = log_mel(sounds, settings.rate) if settings.form == "log-mel" else stft_magnitudes(sounds)
    return {"features": _as_float16(found), "values": values, "classes": classes}


def _as_float16(features: np.ndarray) -> np.ndarray:
    """Convert float32 features, which are overwritten.

    NumPy takes ten times as long for numbers that are inexact and subnormal as float16, so these are rounded before.
    """
    features *= np.float32(2.0**24)
    np.rint(features, out=features)
    features *= np.float32(2.0**-24)
    return features.astype(np.float16)


def shard_path(folder: Path, shard: int) -> Path:
    """Return the path of a shard file."""
    return folder / f"shard-{shard:05d}.safetensors"


def sound_folder(folder: Path, shard: int) -> Path:
    """Return the folder of the sounds of a shard."""
    return folder / f"audio-{shard:05d}"


def sound_path(settings: DatasetSettings, folder: Path, row: int) -> Path:
    """Return the path of the sound of a row."""
    return sound_folder(folder, row // settings.shard_rows) / f"{row:08d}.{settings.form.removeprefix('audio-')}"


def make_shard(
    settings: DatasetSettings,
    folder: Path,
    shard: int,
    renderer: BatchRenderer | None = None,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Render and write a shard. ``progress`` is called with the number of new examples.

    Raises DatasetError if it cannot be written; nothing of it is then left. Raises SilentPatchError.
    """
    if renderer is None:
        with settings.renderer() as own:
            return make_shard(settings, folder, shard, own, progress)
    rows = settings.rows(shard)
    arrays: dict[str, np.ndarray] = {}
    sounds: _SoundFolder | None = None
    path = shard_path(folder, shard)
    try:
        if settings.is_audio:
            sounds = _SoundFolder(settings, folder, shard)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            part = make_rows(settings, renderer, batch)
            if sounds is not None:
                part |= sounds.write(batch, part.pop("sounds"))
            for name, values in part.items():
                if name not in arrays:
                    arrays[name] = np.empty((len(rows), *values.shape[1:]), values.dtype)
                arrays[name][start : start + len(batch)] = values
            if progress is not None:
                progress(len(batch))
        if sounds is not None:
            sounds.complete()
        write_arrays(path, arrays, _label(settings, rows))
    except OSError as error:
        raise DatasetError(f"{path}: could not be written ({error.strerror}). {HINT}") from None
    finally:
        if sounds is not None:
            sounds.discard()
    return None


def is_valid(settings: DatasetSettings, folder: Path, shard: int) -> bool:
    """Return whether a shard is complete and belongs to these settings. The content is not read."""
    path = shard_path(folder, shard)
    try:
        arrays, label = map_arrays(path)
    except (OSError, TensorFileError):
        return False
    rows = settings.rows(shard)
    if label != _label(settings, rows):
        return False
    if not settings.is_audio:
        return True
    try:
        sizes = {entry.name: entry.stat().st_size for entry in os.scandir(sound_folder(folder, shard))}
    except OSError:
        return False
    expected = zip(rows, arrays["sizes"], strict=True)
    return all(sizes.get(sound_path(settings, folder, row).name) == size for row, size in expected)


def _label(settings: DatasetSettings, rows: range) -> str:
    return f"{settings.fingerprint} {rows.start}-{rows.stop}"


def encode_sound(sound: np.ndarray, rate: float, form: str) -> bytes:
    """Return a sound (samples,) as a file: WAV of 32-bit floats, or FLAC of 24 bits, clipped at full scale."""
    if form == "audio-wav":
        return _float_wav(sound, round(rate))
    import soundfile

    data = io.BytesIO()
    soundfile.write(data, sound, round(rate), "PCM_24", format="FLAC", compression_level=0.0)
    return data.getvalue()


def _float_wav(sound: np.ndarray, rate: int) -> bytes:
    """Return a WAV file. Not by libsndfile, which writes the time of day into files of floats."""
    samples = np.asarray(sound, "<f4").tobytes()
    content = struct.pack("<4s4sIHHIIHHH", b"WAVE", b"fmt ", 18, 3, 1, rate, 4 * rate, 4, 32, 0)
    content += struct.pack("<4sII4sI", b"fact", 4, len(sound), b"data", len(samples)) + samples
    return struct.pack("<4sI", b"RIFF", len(content)) + content


class _SoundFolder:
    """The sounds of a shard: written to a temporary folder, which is renamed when all are complete."""

    def __init__(self, settings: DatasetSettings, folder: Path, shard: int) -> None:
        self._settings, self._folder = settings, folder
        self._target = sound_folder(folder, shard)
        self._temporary, self._descriptor = create_folder(folder)

    def write(self, rows: Sequence[int], sounds: np.ndarray) -> dict[str, np.ndarray]:
        """Write sounds; return their sizes in bytes and SHA-256 digests. Raises OSError."""
        sizes, digests = [], []
        for row, sound in zip(rows, sounds, strict=True):
            data = encode_sound(sound, self._settings.rate, self._settings.form)
            (self._temporary / sound_path(self._settings, self._folder, row).name).write_bytes(data)
            sizes.append(len(data))
            digests.append(np.frombuffer(hashlib.sha256(data).digest(), np.uint8))
        return {"sizes": np.array(sizes, np.int64), "digests": np.array(digests)}

    def complete(self) -> None:
        """Replace the folder of the sounds. Raises OSError."""
        shutil.rmtree(self._target, ignore_errors=True)
        self._temporary.rename(self._target)

    def discard(self) -> None:
        """Delete the temporary folder, if it is left."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
